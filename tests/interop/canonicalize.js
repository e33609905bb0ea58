// Reads JSON documents, one a line; writes the RFC 8785 form of each, one a line.
import { createInterface } from "node:readline";
import canonicalize from "canonicalize";

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${canonicalize(JSON.parse(line))}\n`);
}
