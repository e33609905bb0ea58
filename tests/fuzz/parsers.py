"""Every parser of the wire, as a function of bytes, with a sound example to begin from.

A parser gives a value or raises a FederationError; anything else that comes out is a fault.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import NamedTuple

from federation.wire import (
    archive,
    bundles,
    canonical,
    checkpoint,
    merkle,
    notes,
    records,
    requests,
    tiles,
    witnessing,
)  # fmt: skip
from federation.wire.checkpoint import Checkpoint
from federation.wire.dsse import Envelope
from federation.wire.keys import PublicKey
from federation.wire.leaf import Leaf
from federation.wire.requests import Message
from tests.federation.wire.material import KEY, payload_of

_NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
_HUB = "https://hub.example"
_ORIGIN = "solidarity.example/cedar"
_RECORD = payload_of("play/1")
_ENVELOPE = Envelope.signed(_RECORD, KEY)
_LEAVES = [merkle.leaf_hash(bytes([number])) for number in range(5)]
_ROOT = merkle.root(_LEAVES)
_NOTE = checkpoint.sign(Checkpoint(_ORIGIN, 5, _ROOT), KEY)
_COSIGNED = checkpoint.cosign(_NOTE, f"{_ORIGIN}/witness", KEY, 1_800_000_000)
_SUBMITTED = witnessing.Submission(
    3, tuple(merkle.consistency_proof(3, 5, merkle.node_of(_LEAVES))), _NOTE
)
_ASKED = Message("GET", f"{_HUB}/federation/v1/heads?since=4", {})
_SIGNED = requests.sign_request(_ASKED, KEY, KEY.public.keyid, now=_NOW)
_ROW = bundles.BundleRow(0, _ENVELOPE.address, "present", _ENVELOPE.signatures, _RECORD)


class Parser(NamedTuple):
    """`read` takes any bytes; `example` are bytes that it reads without an error."""

    read: Callable[[bytes], object]
    example: bytes


def _bundle(data: bytes) -> object:
    rows = list(bundles.iter_records(data, start=0, count=3, max_record=1 << 20))
    assert len(rows) == 3
    return rows


def _zip(data: bytes) -> object:
    return archive.read_members(lambda at, n: data[at : at + n], len(data), archive.Limits())


def _written() -> bytes:
    writer = archive.Writer(archive.Limits())
    return writer.add("log/cedar/checkpoint", _NOTE) + writer.close()


def _signature(data: bytes) -> object:
    text = data.decode("latin-1")
    fields, _, value = text.partition("\n")
    headers = {"Signature-Input": fields, "Signature": value}
    return requests.verify_request(
        Message("GET", _ASKED.url, headers),
        resolve_key={KEY.public.keyid: KEY.public}.__getitem__,
        own_targets=[_HUB],
        now=_NOW,
        consume_nonce=lambda *_: True,
    )


def _inclusion(data: bytes) -> None:
    proof = [data[at : at + 32] for at in range(0, len(data), 32)]
    merkle.verify_inclusion(_LEAVES[2], 2, 5, proof, _ROOT)


def _consistency(data: bytes) -> None:
    proof = [data[at : at + 32] for at in range(0, len(data), 32)]
    merkle.verify_consistency(3, merkle.root(_LEAVES[:3]), 5, _ROOT, proof)


def _text(read: Callable[[str], object]) -> Callable[[bytes], object]:
    return lambda data: read(data.decode("utf-8", errors="replace"))


PARSERS = {
    "json": Parser(canonical.loads, b'{"a":[1,2.5,"\xd8\xb9",null]}'),
    "canonical json": Parser(canonical.loads_canonical, b'{"a":[1,2.5,true]}'),
    "record": Parser(records.parse, _RECORD),
    "case": Parser(records.parse, payload_of("case/1")),
    "retraction": Parser(records.parse, payload_of("retract/1")),
    "descriptor": Parser(records.parse, payload_of("descriptor/1")),
    "envelope": Parser(Envelope.from_json, _ENVELOPE.to_json()),
    "records bundle": Parser(_bundle, bundles.encode_records([_ROW])),
    "bundle": Parser(_zip, _written()),
    "note": Parser(notes.Note.decode, _NOTE),
    "checkpoint": Parser(lambda data: checkpoint.open_checkpoint(data, _ORIGIN, KEY.public), _NOTE),
    "cosignature": Parser(
        lambda data: checkpoint.cosignature_verify(data, f"{_ORIGIN}/witness", KEY.public),
        _COSIGNED,
    ),
    "submission": Parser(witnessing.Submission.decode, _SUBMITTED.encode()),
    "witness's size": Parser(witnessing.decode_size, witnessing.encode_size(5)),
    "witness's answer": Parser(
        lambda data: witnessing.decode_cosignatures(data, _NOTE),
        checkpoint.cosignature(
            Checkpoint(_ORIGIN, 5, _ROOT).to_note_text(), f"{_ORIGIN}/witness", KEY, 1_800_000_000
        )
        .line()
        .encode(),
    ),
    "leaf": Parser(Leaf.parse, Leaf("publish", "ab" * 32).data),
    "entries tile": Parser(
        lambda data: tiles.decode_entries(data, 2), tiles.encode_entries([b"one", b"two"])
    ),
    "hash tile": Parser(lambda data: tiles.parse_hash_tile(data, 5), tiles.hash_tile(_LEAVES)),
    "tile path": Parser(_text(tiles.parse_tile_path), b"tile/0/x001/x234/067.p/12"),
    "peaks": Parser(
        lambda data: merkle.CompactRange.from_bytes(5, data),
        merkle.CompactRange(0, ()).append(_LEAVES).to_bytes(),
    ),
    "inclusion proof": Parser(
        _inclusion, b"".join(merkle.inclusion_proof(2, 5, merkle.node_of(_LEAVES)))
    ),
    "consistency proof": Parser(
        _consistency, b"".join(merkle.consistency_proof(3, 5, merkle.node_of(_LEAVES)))
    ),
    "public key": Parser(_text(PublicKey.from_hex), KEY.public.hex.encode()),
    "request signature": Parser(
        _signature, f"{_SIGNED['Signature-Input']}\n{_SIGNED['Signature']}".encode("latin-1")
    ),
}
