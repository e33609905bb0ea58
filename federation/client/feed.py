"""The endpoints of one node's feed, as values (docs/protocol.md, "Endpoints").

Nothing here trusts what comes back: it is checked by `wire` and `services.ingest`.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, BinaryIO

from federation.conf import Conf
from federation.errors import (
    BadBundle,
    InvalidJson,
    MissingComponent,
    NoCosignature,
    OtherSize,
    PeerRefused,
)
from federation.trust import Endpoint, Member
from federation.trust.descriptors import NODE_ID
from federation.wire import (
    bundles,
    canonical,
    checkpoint,
    dsse,
    requests,
    tiles,
    witnessing,
)
from federation.wire.keys import SigningKey
from federation.wire.notes import Note
from federation.wire.witnessing import Submission

from .fetcher import Fetched, Fetcher

JSON = "application/json"
OCTETS = "application/octet-stream"
ZIP = "application/zip"
_DIGEST = re.compile(r"(?:[0-9a-f]{64})?")
_HEADS_CAP = 1024 * 1024
_KEPT_BUNDLES = 64
_ENVELOPE_FACTOR = 2  # base64 and JSON around a payload of the largest size


@dataclass(frozen=True)
class Head:
    """One log as a peer carries it: whose, and the newest checkpoint (a signed note)."""

    node_id: str
    checkpoint: bytes


@dataclass(frozen=True)
class Heads:
    """What changed since a counter. `directory` is the digest of the peer's trust metadata."""

    counter: int
    directory: str
    heads: tuple[Head, ...]


@dataclass(frozen=True)
class Upload:
    """A body that is sent from a file, and its Content-Digest."""

    file: BinaryIO
    digest: str


class Feed:
    """One peer's feed at one of its endpoints, the first if none is given.

    `key` signs the requests that need to be.
    """

    live = True  # what it says of a log is news of that log's node

    def __init__(
        self,
        fetcher: Fetcher,
        member: Member,
        conf: Conf,
        key: SigningKey,
        endpoint: Endpoint | None = None,
    ) -> None:
        self.fetcher = fetcher
        self.member = member
        self.conf = conf
        self.key = key
        self.base = f"{(endpoint or member.endpoints[0]).url}/federation/v1"
        self._entries: dict[str, list[bytes]] = {}

    @property
    def node_id(self) -> str:
        """Who answers; empty where nobody does."""
        return self.member.node_id

    def hands_out_sealed(self, node_id: str) -> bool:
        """Can sealed records of this log be had here? Only their author hands them out."""
        return self.member.node_id == node_id

    def may_have_blob(self, sha256: str) -> bool:
        """Is it worth asking here for a file? Only a bundle knows beforehand."""
        return True

    def heads(self, since: int) -> Heads:
        """Return the heads that changed after counter `since`; one small request when none."""
        body = self._get(f"heads?since={since}", _HEADS_CAP, JSON)
        return _read_heads(canonical.loads(body, max_bytes=_HEADS_CAP))

    def entries(self, node_id: str, n: int, width: int | None) -> list[bytes]:
        """Return the leaf data of one entries bundle: 256, or `width` of them.

        The newest are kept for the run: recalls are looked for in them before they are verified.
        """
        path = f"log/{node_id}/{tiles.entries_path(n, width)}"
        expected = width or tiles.TILE_WIDTH
        if path in self._entries:
            return self._entries[path]
        found = tiles.decode_entries(self._get(path, tiles.entries_cap(width), OCTETS), expected)
        if len(self._entries) >= _KEPT_BUNDLES:
            self._entries.clear()
        self._entries[path] = found
        return found

    def records(self, node_id: str, n: int, width: int | None) -> Iterator[bundles.Row]:
        """Yield the rows of one records bundle, a bad one as `BadRow`."""
        expected = width or tiles.TILE_WIDTH
        body = self._get(
            f"log/{node_id}/{tiles.records_path(n, width)}",
            bundles.records_cap(expected, self.conf.MAX_RECORD),
            OCTETS,
        )
        yield from bundles.iter_records(
            body, start=n * tiles.TILE_WIDTH, count=expected, max_record=self.conf.MAX_RECORD
        )

    def sealed(self, node_id: str, n: int, width: int | None) -> Iterator[bundles.Row]:
        """Yield the rows of one bundle that are addressed to this node alone (signed request).

        What is not there was said to others: a row that is missing is no error here.
        """
        expected = width or tiles.TILE_WIDTH
        body = self._signed(
            "GET",
            f"log/{node_id}/{tiles.sealed_path(n, width)}",
            cap=bundles.records_cap(expected, self.conf.MAX_RECORD),
            accept=OCTETS,
        ).body
        rows = bundles.iter_records(
            body,
            start=n * tiles.TILE_WIDTH,
            count=expected,
            max_record=self.conf.MAX_RECORD,
        )
        for row in rows:
            if not (isinstance(row, bundles.BadRow) and isinstance(row.error, BadBundle)):
                yield row

    def record(self, address: str) -> dsse.Envelope:
        """Return one record's envelope."""
        cap = self.conf.MAX_RECORD * _ENVELOPE_FACTOR
        return dsse.Envelope.from_json(self._get(f"record/{address}", cap, JSON))

    def record_for_me(self, address: str) -> dsse.Envelope:
        """Return one record's envelope by a signed request: also one that is sealed for us."""
        cap = self.conf.MAX_RECORD * _ENVELOPE_FACTOR
        answer = self._signed("GET", f"record/{address}", cap=cap, accept=JSON)
        return dsse.Envelope.from_json(answer.body)

    @contextmanager
    def blob(self, sha256: str, size: int) -> Iterator[Iterator[bytes]]:
        """Yield one file in chunks, never more than `size` bytes of it."""
        with self.fetcher.stream(f"{self.base}/blob/{sha256}", cap=size, accept="*/*") as chunks:
            yield chunks

    def checkpoint(self, node_id: str) -> bytes | None:
        """Return the head of one log as the peer carries it; None where it carries none."""
        try:
            return self._get(f"log/{node_id}/checkpoint", _HEADS_CAP, "text/plain")
        except PeerRefused as error:
            if error.status == 404:
                return None
            raise

    def push(self, bundle: BinaryIO, sha256: str) -> str:
        """Send a bundle to the peer's inbox; return the id under which it is kept there."""
        digest = requests.digest_field(bytes.fromhex(sha256))
        answer = self._signed(
            "POST", "inbox", cap=_HEADS_CAP, accept=JSON, upload=Upload(bundle, digest)
        )
        value = canonical.loads(answer.body, max_bytes=_HEADS_CAP)
        if not isinstance(value, dict) or not isinstance(value.get("id"), str):
            raise InvalidJson("The answer to a push has no id.")
        return str(value["id"])[:64]

    def add_checkpoint(self, submission: Submission) -> bytes:
        """Submit a head to this witness; return the note with the cosignature it answered.

        Raises OtherSize where it knows another size, NoCosignature where no line of the answer is
        valid by its enrolled key, MalformedSubmission.
        """
        try:
            answer = self.fetcher.fetch(
                "POST",
                f"{self.base}/add-checkpoint",
                cap=witnessing.MAX_BYTES,
                accept="*/*",
                headers={"content-type": "text/plain; charset=utf-8"},
                body=submission.encode(),
            )
        except PeerRefused as error:
            if error.status != 409:
                raise
            size = witnessing.decode_size(error.body)
            raise OtherSize(
                f"{self.member.node_id} knows {size} entries of the log.", size=size
            ) from error
        lines = witnessing.decode_cosignatures(answer.body, submission.note)
        text = Note.decode(submission.note).text
        cosigned = Note(text, (*Note.decode(submission.note).signatures, *lines))
        name, key = self.member.witness_name, self.member.witness_key
        if not checkpoint.cosignatures(cosigned, name, key):
            raise NoCosignature(f"{self.member.node_id} answered without one.", item=name)
        return cosigned.encode()

    def enrol(self, body: bytes) -> bytes:
        """Offer this node's descriptor with an invite token; return the peer's answer."""
        return self._signed("POST", "enrol", cap=_HEADS_CAP, accept=JSON, body=body).body

    def _get(self, path: str, cap: int, accept: str) -> bytes:
        return self.fetcher.fetch("GET", f"{self.base}/{path}", cap=cap, accept=accept).body

    def _signed(
        self,
        method: str,
        path: str,
        *,
        cap: int,
        accept: str,
        body: bytes | None = None,
        upload: Upload | None = None,
    ) -> Fetched:
        url = f"{self.base}/{path}"
        kind = ZIP if upload else JSON
        headers = {"content-type": kind} if upload or body is not None else {}
        digest = upload.digest if upload else None
        now = datetime.now(UTC)
        sent = requests.Message(method, url, headers, body, digest=digest)
        headers |= requests.sign_request(sent, self.key, self.key.public.keyid, now=now)
        answer = self.fetcher.fetch(
            method,
            url,
            cap=cap,
            accept=accept,
            headers=headers,
            body=upload.file if upload else body,
        )
        if "signature" not in answer.headers:
            raise MissingComponent(f"{self.member.node_id} answered without signing.")
        requests.verify_response(
            requests.Message(method, url, answer.headers, answer.encoded, answer.status),
            requests.Message(method, url, headers, body),
            resolve_key={self.member.request_key.keyid: self.member.request_key}.__getitem__,
            now=datetime.now(UTC),
        )
        return answer


def _read_heads(value: Any) -> Heads:
    """Return the answer to `heads`, every value of which is about to be stored somewhere."""
    try:
        counter, directory, heads = value["counter"], value["directory"], value["heads"]
        if type(counter) is not int or counter < 0:
            raise ValueError("the counter is not a whole number")
        if not _DIGEST.fullmatch(directory):
            raise ValueError("the directory's digest is not SHA-256 in hex")
        return Heads(counter, directory, tuple(_read_head(head) for head in heads))
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidJson(f"The answer to `heads` has another shape: {error!r}") from error


def _read_head(head: Any) -> Head:
    if not NODE_ID.match(head["node"]):
        raise ValueError("a head is not that of a node")
    return Head(head["node"], str(head["checkpoint"]).encode("utf-8"))


def fetch_descriptor(fetcher: Fetcher, url: str, node_id: str) -> bytes:
    """Return the descriptor that a node gives of itself; nothing vouches for it but its caller."""
    address = f"{url.rstrip('/')}/federation/v1/trust/nodes/{node_id}"
    return fetcher.fetch("GET", address, cap=_HEADS_CAP, accept=JSON).body
