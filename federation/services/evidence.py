"""The checks behind one item, run again on what is stored, for people who want to see them.

Each names what it proves in one sentence; the first that fails says why (docs/protocol.md).
"""

from collections.abc import Callable
from dataclasses import dataclass

from federation.conf import get_conf
from federation.errors import FederationError, MediaMissing, RecordWithheld
from federation.models import BlobUse, Endorsement, Entry, Item, Log, Record
from federation.trust import DescriptorDirectory
from federation.wire import checkpoint, dsse, merkle, records

from .heads import leaf_hashes, signatures_of
from .media import blob_path, read_blob
from .policy import endorsed_by


@dataclass(frozen=True)
class Check:
    """One check: a stable name, what it shows, and the error where it failed."""

    name: str
    shows: str
    error: FederationError | None = None

    @property
    def ok(self) -> bool:
        return self.error is None


def item_checks(item: Item) -> list[Check]:
    """Run every check on an item's present version again and return them in order."""
    conf = get_conf()
    directory = DescriptorDirectory(conf.trust_dir)
    record = Record.objects.filter(address=item.address, payload__isnull=False).first()
    if record is None or record.payload is None:
        missing = RecordWithheld(f"The body of “{item.title}” is not here.")
        return [Check("body", "The signed text is here", missing)]
    envelope = dsse.Envelope(bytes(record.payload), signatures_of(record))
    checks = [
        _run("address", "The text is the one its address was made from",
             lambda: _same(envelope.address, item.address)),
        _run("signature", f"{item.origin} signed it with its record key",
             lambda: envelope.verify(directory.member(item.origin).record_key(item.index))),
        _run("schema", f"It is a well-formed {item.schema}",
             lambda: records.parse(envelope.payload)),
        _run("head", f"{item.origin} signed the head of its log", lambda: _head(item, directory)),
        _run("inclusion", f"It is entry {item.index} of that log", lambda: _included(item)),
    ]  # fmt: skip
    for sha256 in BlobUse.objects.filter(address=item.address).values_list("sha256", flat=True):
        checks.append(_run("media", f"File {sha256[:12]}… is unchanged", _file_check(sha256)))
    for endorsement in _standing_endorsements(item):
        checks.append(_endorsement_check(endorsement, item, directory))
    return checks


def _run(name: str, shows: str, check: Callable[[], object]) -> Check:
    try:
        check()
    except FederationError as error:
        return Check(name, shows, error)
    return Check(name, shows)


def _same(found: str, expected: str) -> None:
    if found != expected:
        raise RecordWithheld(f"Its address is {found}, not {expected}.")


def _head(item: Item, directory: DescriptorDirectory) -> None:
    member = directory.member(item.origin)
    log = Log.objects.get(node_id=item.origin)
    checkpoint.open_checkpoint(bytes(log.checkpoint), member.log_origin, member.log_key)


def _included(item: Item) -> None:
    """Prove inclusion under the verified head (RFC 9162 section 2.1.3)."""
    log = Log.objects.get(node_id=item.origin)
    hashes = leaf_hashes(log, 0, log.head_size)
    proof = merkle.inclusion_proof(item.index, log.head_size, merkle.node_of(hashes))
    entry = Entry.objects.get(log=log, index=item.index)
    _same(entry.address, item.address)
    merkle.verify_inclusion(entry.leaf.hash, item.index, log.head_size, proof, log.root)


def _file_check(sha256: str) -> Callable[[], object]:
    def check() -> None:
        if not blob_path(sha256).exists():
            raise MediaMissing(f"The file {sha256[:12]}… is not here.")
        read_blob(sha256)

    return check


def _standing_endorsements(item: Item) -> list[Endorsement]:
    return list(
        Endorsement.objects.filter(
            target_origin=item.origin, target_address=item.address, withdrawn=False
        )
    )


def _endorsement_check(
    endorsement: Endorsement, item: Item, directory: DescriptorDirectory
) -> Check:
    def check() -> None:
        record = Record.objects.filter(
            address=endorsement.address, payload__isnull=False
        ).first()
        if record is None or record.payload is None:
            raise RecordWithheld("The body of the endorsement is not here.")
        place = Entry.objects.get(log__node_id=endorsement.endorser, address=endorsement.address)
        envelope = dsse.Envelope(bytes(record.payload), signatures_of(record))
        envelope.verify(directory.member(endorsement.endorser).record_key(place.index))
        if not endorsed_by(item, {endorsement.endorser}):
            raise RecordWithheld("It names another version.")

    shows = f"{endorsement.endorser} endorses exactly this version"
    return _run("endorsement", shows, check)
