// Signs and verifies HTTP messages (RFC 9421) for the tests: one JSON task a line in, one answer out.
//
// {"do": "sign", "request", "fields", "keyid", "seed", "parameters"} -> {"headers"}
// {"do": "verify", "request", "response"?, "keyid", "public"} -> {"verified": true, false or null}
import { createPrivateKey, createPublicKey } from "node:crypto";
import { createInterface } from "node:readline";
import { createSigner, createVerifier, httpbis } from "http-message-signatures";

// DER around a raw Ed25519 key: RFC 8410 sections 4 and 7.
const PKCS8 = "302e020100300506032b657004220420";
const SPKI = "302a300506032b6570032100";

async function sign({ request, fields, keyid, seed, parameters }) {
  const der = Buffer.from(PKCS8 + seed, "hex");
  const key = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
  const { created, expires, nonce, tag } = parameters;
  const signed = await httpbis.signMessage(
    {
      key: createSigner(key, "ed25519", keyid),
      name: "spb",
      fields,
      params: ["created", "expires", "nonce", "keyid", "tag"],
      paramValues: { created: new Date(created * 1000), expires: new Date(expires * 1000), nonce, tag },
    },
    request,
  );
  return { headers: signed.headers };
}

async function verify({ request, response, keyid, public: raw }) {
  const der = Buffer.from(SPKI + raw, "hex");
  const key = createPublicKey({ key: der, format: "der", type: "spki" });
  const keyLookup = async (parameters) =>
    parameters.keyid === keyid
      ? { id: keyid, algs: ["ed25519"], verify: createVerifier(key, "ed25519") }
      : null;
  const config = { keyLookup };
  const verified = response
    ? await httpbis.verifyMessage(config, response, request)
    : await httpbis.verifyMessage(config, request);
  return { verified };
}

const tasks = { sign, verify };
for await (const line of createInterface({ input: process.stdin })) {
  const task = JSON.parse(line);
  let answer;
  try {
    answer = await tasks[task.do](task);
  } catch (error) {
    answer = { error: `${error.name}: ${error.message}` };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
