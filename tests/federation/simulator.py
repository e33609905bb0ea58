"""A peer in memory that serves the feed, and one method for each lie that a peer can tell.

It implements the fetch interface, as python-tuf's repository simulator does: attacks need no
network and no mocks, and every cap and check of the real client stands between it and the node.
"""

import gzip
import hashlib
import re
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from federation.client.fetcher import Answer, Fetcher
from federation.errors import FederationError, PeerTimeout, PeerUnreachable
from federation.wire import bundles, canonical, checkpoint, dsse, notes, requests, tiles
from federation.wire.keys import PublicKey, SigningKey
from federation.wire.notes import Note, NoteSignature

from .simulated_node import Said, SimulatedNode, key_for

JSON = "application/json"
OCTETS = "application/octet-stream"
STRANGER = key_for("stranger", "any")


@dataclass(frozen=True)
class Reply:
    """What goes out: the body as it is on the wire, in one piece or as chunks."""

    body: bytes = b""
    kind: str = OCTETS
    status: int = 200
    encoding: str | None = None
    chunks: Callable[[], Iterator[bytes]] | None = None
    signed: bool = False

    @property
    def headers(self) -> dict[str, str]:
        encoding = {"content-encoding": self.encoding} if self.encoding else {}
        return {"content-type": self.kind, **encoding}


Change = Callable[[Reply], Reply]


def packed(data: bytes) -> Reply:
    return Reply(gzip.compress(data, 6, mtime=0), encoding="gzip")


def not_found() -> Reply:
    body = canonical.dumps({"type": "feed.not-found", "status": 404})
    return Reply(body, "application/problem+json", 404)


class FeedSimulator(Fetcher):
    """Serves `peer`'s feed, with the logs of `others` as a relay would.

    `trust` is the folder of a TUF repository that it serves. `callers` are the request keys of
    members who may ask for what is signed. `asked` lists every path that was fetched, in order.
    """

    def __init__(
        self, peer: SimulatedNode, *others: SimulatedNode, transfer_seconds: float = 300
    ) -> None:
        super().__init__(transfer_seconds)
        self.peer = peer
        self.logs = {node.node_id: node for node in (peer, *others)}
        self.trust: Path | None = None
        self.callers: dict[str, tuple[str, PublicKey]] = {}
        self.asked: list[str] = []
        self._nonces: set[tuple[str, str]] = set()
        self._counter = 0
        self._seen: dict[str, tuple[bytes, int]] = {}
        self.stop_lying()

    def stop_lying(self) -> None:
        """Serve the honest bytes from now on."""
        self._lies: list[tuple[re.Pattern[str], Change]] = []
        self._rows: dict[str, bundles.BundleRow | None] = {}
        self._heads: dict[str, bytes] = {}
        self._twins: dict[str, SimulatedNode] = {}
        self._unpacked: list[tuple[re.Pattern[str], Callable[[bytes], bytes]]] = []
        self._answer_key: SigningKey | None = self.peer.keys.request

    def admit(self, node_id: str, key: PublicKey) -> None:
        """Let a member make signed requests."""
        self.callers[key.keyid] = (node_id, key)

    # --- The feed, honestly ---------------------------------------------------------------------

    @contextmanager
    def open(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None
    ) -> Iterator[Answer]:
        parts = urlsplit(url)
        if f"{parts.scheme}://{parts.netloc}" != self.peer.url:
            raise PeerUnreachable(f"Nobody answers at {url}.")
        path = parts.path.removeprefix("/federation/v1/")
        self.asked.append(path)
        sent = requests.Message(method, url, headers, body)
        reply = self._reply(sent, path, parse_qs(parts.query))
        for pattern, change in self._lies:
            if pattern.fullmatch(path):
                reply = change(reply)
        given = dict(reply.headers)
        if reply.signed and self._answer_key is not None:
            answer = requests.Message(method, url, given, reply.body, reply.status)
            key = self._answer_key
            added = requests.sign_response(
                answer, sent, key, self.peer.keys.request.public.keyid, now=datetime.now(UTC)
            )
            given |= {name.lower(): value for name, value in added.items()}
        yield Answer(reply.status, given, reply.chunks() if reply.chunks else _cut(reply.body))

    def _reply(self, sent: requests.Message, path: str, query: dict[str, list[str]]) -> Reply:
        first, _slash, rest = path.partition("/")
        if path == "heads":
            return self._reply_heads(int(query.get("since", ["0"])[0]))
        if first == "trust":
            return self._reply_trust(rest)
        if first == "log":
            return self._reply_log(sent, *rest.split("/", 1))
        if first == "record":
            return self._reply_record(rest)
        if first == "blob":
            return self._reply_blob(rest)
        return not_found()

    def _log(self, node_id: str) -> SimulatedNode | None:
        return self._twins.get(node_id) or self.logs.get(node_id)

    def _reply_heads(self, since: int) -> Reply:
        for node_id in self.logs:
            node = self._log(node_id)
            note = self._heads.get(node_id) or (node.head() if node.size else b"")
            if note and self._seen.get(node_id, (b"", 0))[0] != note:
                self._counter += 1
                self._seen[node_id] = (note, self._counter)
        if since > self._counter:
            since = 0
        heads = [
            {"node": node_id, "checkpoint": note.decode()}
            for node_id, (note, counter) in sorted(self._seen.items(), key=lambda kv: kv[1][1])
            if counter > since
        ]
        value = {"counter": self._counter, "directory": self.directory_digest, "heads": heads}
        return Reply(canonical.dumps(value), JSON)

    def _reply_log(self, sent: requests.Message, node_id: str, path: str) -> Reply:
        node = self._log(node_id)
        if node is None:
            return not_found()
        if path == "checkpoint":
            return Reply(node.head(), "text/plain; charset=utf-8")
        asked = tiles.parse_tile_path(path)
        if asked.level == "sealed":
            return self._reply_sealed(sent, node, asked)
        if isinstance(asked.level, int):
            data = node.hash_tile(asked.level, asked.n, asked.width)
            return Reply(data) if data else not_found()
        if asked.level == "entries":
            data = node.entries(asked.n, asked.width)
        else:
            rows = [self._rows.get(row.address, row) for row in node.rows(asked.n, asked.width)]
            data = encode_rows([row for row in rows if row is not None])
        for pattern, change in self._unpacked:
            if pattern.fullmatch(path):
                data = change(data)
        return packed(data) if data else not_found()

    def _reply_sealed(
        self, sent: requests.Message, node: SimulatedNode, asked: tiles.TilePath
    ) -> Reply:
        caller = self._caller(sent)
        if caller is None:
            return _refused(401, "request.unknown-key")
        start = asked.n * tiles.TILE_WIDTH
        rows = [
            bundles.BundleRow(
                said.index, said.address, "present", said.envelope.signatures, said.envelope.payload
            )
            for said in node.said[start : start + (asked.width or tiles.TILE_WIDTH)]
            if said.leaf.type == "sealed" and caller in said.raw["audience"]
        ]
        return Reply(bundles.encode_records(rows), signed=True)

    def _reply_record(self, address: str) -> Reply:
        for node_id in self.logs:
            for said in self._log(node_id).said:
                if said.address == address and said.leaf.type != "sealed":
                    row = self._rows.get(address, False)
                    if row is None or (row and row.payload is None):
                        return not_found()
                    envelope = row.envelope if row else said.envelope
                    return Reply(envelope.to_json(), JSON)
        return not_found()

    def _reply_blob(self, sha256: str) -> Reply:
        for node in self.logs.values():
            if sha256 in node.blobs:
                return Reply(node.blobs[sha256], "image/jpeg")
        return not_found()

    def _reply_trust(self, path: str) -> Reply:
        found = self.trust / path if self.trust else None
        if found is None or not found.is_file():
            return not_found()
        return Reply(found.read_bytes(), JSON)

    @property
    def directory_digest(self) -> str:
        """The digest of the timestamp that this peer serves."""
        stamp = self.trust / "metadata" / "timestamp.json" if self.trust else None
        if stamp is None or not stamp.exists():
            return ""
        return hashlib.sha256(stamp.read_bytes()).hexdigest()

    def _caller(self, sent: requests.Message) -> str | None:
        try:
            keyid = requests.verify_request(
                sent,
                resolve_key=lambda keyid: self.callers[keyid][1],
                own_targets=[self.peer.url],
                now=datetime.now(UTC),
                consume_nonce=lambda *used: (
                    used[:2] not in self._nonces and not self._nonces.add(used[:2])
                ),
            )
        except FederationError:
            return None
        return self.callers[keyid][0]

    # --- Lies about a body ----------------------------------------------------------------------

    def lie(self, where: str, change: Change) -> None:
        """Change the answers whose path matches."""
        self._lies.append((re.compile(where), change))

    def _swap_body(self, said: Said, payload: bytes, address: str) -> None:
        self._rows[said.address] = bundles.BundleRow(
            said.index, address, "present", said.envelope.signatures, payload
        )

    def tamper(self, said: Said) -> None:
        """Change a word of a record on the way; address and signature stay."""
        self._swap_body(said, _other_title(said), said.address)

    def tamper_and_readdress(self, said: Said) -> None:
        """Change a word, and the address beside it, so that the two fit each other."""
        payload = _other_title(said)
        self._swap_body(said, payload, dsse.address(payload))

    def strip_signature(self, said: Said) -> None:
        """Put a stranger's signature in the place of the author's."""
        forged = dsse.Envelope.signed(said.envelope.payload, STRANGER)
        self._rows[said.address] = bundles.BundleRow(
            said.index, said.address, "present", forged.signatures, forged.payload
        )

    def withhold(self, said: Said) -> None:
        """Say that a body which nothing excuses is gone."""
        self._rows[said.address] = bundles.BundleRow(said.index, said.address, "erased")

    def drop_row(self, said: Said) -> None:
        """Leave a record out of its bundle, as if it had never been."""
        self._rows[said.address] = None

    # --- Lies about a log -----------------------------------------------------------------------

    def roll_back(self, node: SimulatedNode, size: int) -> None:
        """Show the log as it was when it had `size` entries."""
        self._twins[node.node_id] = node.twin(size)
        self._heads[node.node_id] = node.head(size)

    def fork(self, node: SimulatedNode, at: int) -> SimulatedNode:
        """Show another history from entry `at` on; return the one to speak in it."""
        twin = self._twins[node.node_id] = node.twin(at)
        return twin

    def show_head(self, node: SimulatedNode, note: bytes) -> None:
        """Show this head instead of the log's own."""
        self._heads[node.node_id] = note

    # --- Witnesses, and lies about them ---------------------------------------------------------

    def vouch(
        self, node: SimulatedNode, *witnesses: SimulatedNode, at: float | None = None
    ) -> bytes:
        """Show the newest head as these witnesses cosigned it; return the note."""
        note = node.cosigned(*witnesses, at=at)
        self.show_head(node, note)
        return note

    def forge_cosignature(self, node: SimulatedNode, witness: SimulatedNode) -> None:
        """Add a line that names a witness and its key, and is signed by a stranger."""
        note = Note.decode(self._shown(node))
        name = witness.member.witness_name
        forged = checkpoint.cosignature(note.text, name, STRANGER, int(time.time()))
        hint = notes.key_hash(name, notes.COSIGNATURE, witness.keys.witness.public)
        line = NoteSignature(name, hint, forged.signature)
        self.show_head(node, Note(note.text, (*note.signatures, line)).encode())

    def move_cosignature(self, node: SimulatedNode, witness: SimulatedNode, size: int) -> None:
        """Put a witness's cosignature over the head of another size under the newest one."""
        note, other = Note.decode(self._shown(node)), Note.decode(node.cosigned(witness, size=size))
        self.show_head(node, Note(note.text, (*note.signatures, other.signatures[-1])).encode())

    def add_cosignature(self, node: SimulatedNode, by: SimulatedNode, **how: Any) -> None:
        """Add a cosignature by anybody; `how` as in `SimulatedNode.cosign`."""
        self.show_head(node, by.cosign(self._shown(node), **{"at": time.time(), **how}))

    def add_lines(self, node: SimulatedNode, number: int) -> None:
        """Add lines that name nobody, as far as a note may have them."""
        note = Note.decode(self._shown(node))
        lines = (NoteSignature(f"nobody/{at}", bytes(4), bytes(72)) for at in range(number))
        self.show_head(node, Note(note.text, (*note.signatures, *lines)).encode())

    def _shown(self, node: SimulatedNode) -> bytes:
        return self._heads.get(node.node_id) or node.head()

    def change_entries(self, change: Callable[[list[bytes]], list[bytes]]) -> None:
        """Serve other entries than those that were signed: left out, swapped, made up."""

        def changed(data: bytes) -> bytes:
            entries = []
            while data:
                size = int.from_bytes(data[:2], "big")
                entries.append(data[2 : 2 + size])
                data = data[2 + size :]
            return tiles.encode_entries(change(entries))

        self._unpacked.append((re.compile(r"tile/entries/.*"), changed))

    def change_records(self, change: Callable[[bytes], bytes]) -> None:
        """Change the unpacked bytes of every records bundle."""
        self._unpacked.append((re.compile(r"records/.*"), change))

    # --- Lies about files -----------------------------------------------------------------------

    def wrong_file(self, sha256: str, data: bytes) -> None:
        self.lie(f"blob/{sha256}", lambda reply: replace(reply, body=data))

    # --- Lies of transport ----------------------------------------------------------------------

    def hang(self, where: str) -> None:
        def never(reply: Reply) -> Reply:
            raise PeerTimeout("It did not answer in time.")

        self.lie(where, never)

    def answer_html(self, where: str) -> None:
        page = Reply(b"<!doctype html><title>Log in</title>", "text/html; charset=utf-8")
        self.lie(where, lambda reply: page)

    def answer_status(self, where: str, status: int, body: bytes = b"") -> None:
        self.lie(where, lambda reply: Reply(body, "application/problem+json", status))

    def drip(self, where: str, wait: Callable[[], None]) -> None:
        """Send one byte at a time; `wait` is called before each."""

        def change(reply: Reply) -> Reply:
            def chunks() -> Iterator[bytes]:
                for byte in reply.body:
                    wait()
                    yield bytes([byte])

            return replace(reply, chunks=chunks)

        self.lie(where, change)

    def gzip_bomb(self, where: str, size: int = 2**31) -> None:
        """Answer with gzip that unpacks to `size` zeros; a reader that stops makes it stop."""
        self.lie(
            where,
            lambda reply: replace(reply, encoding="gzip", chunks=lambda: _bomb(size)),
        )

    def not_gzip(self, where: str) -> None:
        self.lie(where, lambda reply: replace(reply, body=b"plain words", encoding="gzip"))

    def encode_as(self, where: str, encoding: str) -> None:
        self.lie(where, lambda reply: replace(reply, encoding=encoding))

    def cut_off(self, where: str, at: int) -> None:
        """End the answer after `at` bytes on the wire."""
        self.lie(where, lambda reply: replace(reply, body=reply.body[:at]))

    def answer_bytes(self, where: str, body: bytes) -> None:
        self.lie(where, lambda reply: replace(reply, body=body, encoding=None))

    # --- Lies of who answers --------------------------------------------------------------------

    def leave_answers_unsigned(self) -> None:
        self._answer_key = None

    def sign_answers_with(self, key: SigningKey) -> None:
        self._answer_key = key


def encode_rows(rows: list[bundles.BundleRow]) -> bytes:
    """Return a records bundle, also of payloads that no honest node would write."""
    lines = []
    for row in rows:
        signatures = [signature.to_dict() for signature in row.signatures]
        lines.append(
            canonical.dumps(
                {
                    "address": row.address,
                    "index": row.index,
                    "signatures": signatures,
                    "state": row.state,
                }
            )
        )
        if row.payload is not None:
            lines.append(row.payload)
    return b"".join(line + b"\n" for line in lines)


def _other_title(said: Said) -> bytes:
    raw = said.raw
    raw["content"]["title"] += " (changed on the way)"
    return canonical.dumps(raw)


def _refused(status: int, problem: str) -> Reply:
    body = canonical.dumps({"type": problem, "status": status})
    return Reply(body, "application/problem+json", status)


def _cut(body: bytes) -> Iterator[bytes]:
    for at in range(0, len(body), 64 * 1024):
        yield body[at : at + 64 * 1024]


def _bomb(size: int) -> Iterator[bytes]:
    squeeze = zlib.compressobj(9, zlib.DEFLATED, 31)
    zeros = bytes(1024 * 1024)
    for _ in range(size // len(zeros)):
        part = squeeze.compress(zeros)
        if part:
            yield part
    yield squeeze.flush()
