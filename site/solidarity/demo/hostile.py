"""An enrolled node gone bad: it relays the hub's feed with a changed word, and lies in its own log.

It is a real HTTP server in this process with real keys; only what it says is false.
"""

import threading
import urllib.error
import urllib.request
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from federation.client import Feed, HttpFetcher, fetch_descriptor
from federation.conf import Conf
from federation.services.enrolment import InviteText
from federation.trust import NodeKeys, create_keys, read_descriptor, sign_descriptor
from federation.wire import bundles, canonical, checkpoint, dsse, merkle, records, requests, tiles
from federation.wire.leaf import Leaf
from solidarity.demo.plan import FEDERATION_DOMAIN, Node

NODE_ID = "stray"


class HostileRelay:
    """Serves the hub's feed on its own port. What it does to it is set by its attributes."""

    def __init__(self, hub: Node, port: int, folder: Path) -> None:
        self.hub, self.port = hub, port
        self.url = f"http://127.0.0.1:{port}"
        self.keys: NodeKeys = create_keys(folder / NODE_ID / "keys")
        self.tamper: set[str] = set()
        self.log_path = folder / NODE_ID / "log.json"
        self.entries: list[bytes] = []
        self._load()
        handler = type("Handler", (_Handler,), {"relay": self})
        self.server = ThreadingHTTPServer(("127.0.0.1", port), handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    @property
    def fingerprint(self) -> str:
        return self.keys.identity.public.fingerprint

    def enrol(self, invite_text: str) -> None:
        """Answer the hub's invite as an honest node would."""
        invite = InviteText.decode(invite_text)
        conf = self._conf()
        fetcher = HttpFetcher(conf, private=True)
        hub = read_descriptor(fetch_descriptor(fetcher, invite.url, invite.hub))
        body = canonical.dumps(
            {"token": invite.token, "descriptor": canonical.loads(self._descriptor())}
        )
        Feed(fetcher, hub, conf, self.keys.request).enrol(body)
        fetcher.close()

    def _conf(self) -> Conf:
        return Conf(
            NODE_ID=NODE_ID,
            DOMAIN=FEDERATION_DOMAIN,
            DATA_DIR=self.log_path.parent,
            PUBLIC_URL=self.url,
            PRIVATE_ENDPOINT=True,
        )

    def _descriptor(self) -> bytes:
        keys = {
            purpose: getattr(self.keys, purpose).public.hex
            for purpose in ("identity", "log", "witness", "record", "request")
        }
        payload = records.build(
            "descriptor/1",
            {
                "origin": NODE_ID,
                "audience": "network",
                "salt": "0" * 32,
                "node": NODE_ID,
                "endpoints": [{"url": self.url, "kind": "clearnet", "private": True}],
                "keys": keys,
                "log_origin": f"{FEDERATION_DOMAIN}/{NODE_ID}",
                "languages": [],
                "types": [],
                "day": "2026-01-01",
            },
        )
        return sign_descriptor(payload, self.keys).to_json()

    # --- Its own log, with a forged endorsement in it ------------------------------------------

    def forge_endorsement(self, target: dict[str, Any]) -> str:
        """Say in the hub's name that a version is endorsed, signed with our key; its address."""
        payload = records.build(
            "endorse/1",
            {
                "origin": self.hub.id,
                "audience": "public",
                "salt": records.new_salt(),
                "target": target,
                "day": datetime.now(UTC).date().isoformat(),
            },
        )
        self.entries.append(payload)
        self.log_path.write_bytes(
            canonical.dumps([payload.decode("utf-8") for payload in self.entries])
        )
        return dsse.address(payload)

    def _load(self) -> None:
        if self.log_path.exists():
            stored = canonical.loads(self.log_path.read_bytes())
            self.entries = [payload.encode("utf-8") for payload in stored]

    def leaves(self) -> list[Leaf]:
        return [Leaf("endorse", dsse.address(payload)) for payload in self.entries]

    def head(self) -> bytes:
        root = merkle.root([leaf.hash for leaf in self.leaves()])
        origin = f"{FEDERATION_DOMAIN}/{NODE_ID}"
        return checkpoint.sign(
            checkpoint.Checkpoint(origin, len(self.entries), root), self.keys.log
        )

    # --- What it answers -----------------------------------------------------------------------

    def answer(self, path: str) -> tuple[int, str, bytes]:
        """Return status, type and body for a GET of `path` under the feed."""
        own = f"log/{NODE_ID}/"
        if path.startswith("heads"):
            return 200, "application/json", self._heads()
        if path.startswith(own):
            return 200, "application/octet-stream", self._own_tile(path.removeprefix(own))
        if path.startswith("record/"):
            address = path.removeprefix("record/")
            for payload in self.entries:
                if dsse.address(payload) == address:
                    envelope = dsse.Envelope.signed(payload, self.keys.record)
                    return 200, "application/json", envelope.to_json()
        status, kind, body = self._from_hub(path)
        if path.removeprefix("record/") in self.tamper:
            body = _changed(body)
        return status, kind, body

    def _heads(self) -> bytes:
        _status, _kind, body = self._from_hub("heads?since=0")
        value = canonical.loads(body)
        value["counter"] += len(self.entries)
        value["directory"] = ""
        if self.entries:
            value["heads"].append({"node": NODE_ID, "checkpoint": self.head().decode("utf-8")})
        return canonical.dumps(value)

    def _own_tile(self, path: str) -> bytes:
        asked = tiles.parse_tile_path(path)
        if asked.level == "entries":
            return tiles.encode_entries([leaf.data for leaf in self.leaves()])
        rows = []
        for index, payload in enumerate(self.entries):
            envelope = dsse.Envelope.signed(payload, self.keys.record)
            rows.append(
                bundles.BundleRow(index, envelope.address, "present", envelope.signatures, payload)
            )
        return bundles.encode_records(rows)

    def _from_hub(self, path: str) -> tuple[int, str, bytes]:
        try:
            with urllib.request.urlopen(f"{self.hub.url}/federation/v1/{path}") as response:
                return response.status, response.headers["content-type"], response.read()
        except urllib.error.HTTPError as error:
            return error.code, error.headers["content-type"], error.read()


def _changed(envelope: bytes) -> bytes:
    """Return a record's envelope with its title changed and the signature kept."""
    whole = dsse.Envelope.from_json(envelope)
    record = canonical.loads(whole.payload)
    record["content"]["title"] = f"{record['content']['title']} (changed on the way)"
    return dsse.Envelope(canonical.dumps(record), whole.signatures).to_json()


def replay(hub: Node, keys: NodeKeys) -> tuple[int, int, str]:
    """Send one signed request twice, byte for byte; return both statuses and the problem type."""
    url = f"{hub.url}/federation/v1/trust/nodes"
    headers = requests.sign_request(
        requests.Message("GET", url, {}, None),
        keys.request,
        keys.request.public.keyid,
        now=datetime.now(UTC),
    )
    first, _body = _send(url, headers)
    second, body = _send(url, headers)
    return first, second, str(canonical.loads(body).get("type", "")) if second >= 400 else ""


def _send(url: str, headers: dict[str, str]) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers)) as response:
            return response.status, response.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


class _Handler(BaseHTTPRequestHandler):
    relay: HostileRelay

    def do_GET(self) -> None:
        path = self.path.removeprefix("/federation/v1/")
        status, kind, body = self.relay.answer(path)
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: the story is told elsewhere."""
