// Follows a TUF repository as a stock client would. Reads one JSON task: {metadata, targets, folder,
// wanted}. `folder` holds the trusted root.json. Writes {versions, target} or {error}, one line.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Updater } from "tuf-js";

const task = JSON.parse(readFileSync(0, "utf8"));
let answer;
try {
  const updater = new Updater({
    metadataDir: task.folder,
    metadataBaseUrl: task.metadata,
    targetDir: task.folder,
    targetBaseUrl: task.targets,
    config: { fetchRetries: 0 },
  });
  await updater.refresh();
  const versions = {};
  for (const role of ["root", "timestamp", "snapshot", "targets"]) {
    versions[role] = JSON.parse(readFileSync(join(task.folder, `${role}.json`), "utf8")).signed.version;
  }
  const info = await updater.getTargetInfo(task.wanted);
  const path = await updater.downloadTarget(info, join(task.folder, "wanted"));
  answer = { versions, target: readFileSync(path, "utf8") };
} catch (error) {
  answer = { error: `${error.message} ${error.cause?.message ?? ""}` };
}
process.stdout.write(`${JSON.stringify(answer)}\n`);
