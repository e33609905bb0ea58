"""The checks behind an item, run again from the stored bytes each time somebody looks.

Nothing here is taken from a verdict that was written down: the same functions that judged the
bytes when they came judge them once more.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from federation.conf import Conf
from federation.errors import (
    AddressMismatch,
    FederationError,
    InvalidRecord,
    MediaMissing,
    RecordWithheld,
    RootMismatch,
    WrongOrigin,
)
from federation.models import GONE, Endorsement, Entry, Item, Log, Provenance, Record
from federation.trust import DescriptorDirectory, Member
from federation.wire import dsse, records

from . import policy
from .heads import leaf_hashes
from .media import read_blob
from .record_bundles import signatures_of


@dataclass(frozen=True)
class Check:
    """One thing that was checked just now, whether it holds, and what was found.

    `name` is for machines and stays; `what` says it to a person, in their language.
    """

    name: str
    what: str
    holds: bool
    detail: str = ""
    code: str = ""


@dataclass(frozen=True)
class Named:
    """One version of an item by what was signed: no row here need be about it."""

    origin: str
    item_id: str
    lang: str
    version: int
    address: str
    index: int


Version = Item | Provenance | Named


@dataclass(frozen=True)
class Vouch:
    """One endorsement. `exact`: it names this version; `counts`: its author is followed here."""

    endorser: str
    day: Any
    withdrawn: bool
    exact: bool
    counts: bool
    checks: tuple[Check, ...]

    @property
    def holds(self) -> bool:
        return not self.withdrawn and self.exact and all(check.holds for check in self.checks)


class Evidence:
    """What the database and the directory hold about some items, in a fixed number of queries."""

    def __init__(self, items: Sequence[Version], conf: Conf, also: Iterable[str] = ()) -> None:
        addresses = {item.address for item in items} | set(also)
        self.conf = conf
        self.endorsements = list(
            Endorsement.objects.filter(target_address__in=addresses).order_by("pk")
        )
        addresses |= {endorsement.address for endorsement in self.endorsements}
        rows = Record.objects.filter(address__in=addresses)
        self.records = {record.address: record for record in rows}
        entries = Entry.objects.filter(address__in=addresses).select_related("log")
        self.entries: dict[tuple[str, str], list[Entry]] = {}
        for entry in entries.defer("log__peaks", "log__checkpoint", "log__evidence"):
            self.entries.setdefault((entry.log.node_id, entry.address), []).append(entry)
        self.followed = policy.endorser_ids(conf)
        self.directory = DescriptorDirectory(conf.trust_dir)
        self._members: dict[str, Member] = {}

    def member(self, node_id: str) -> Member:
        """Return a member, read once; raises UnknownMember."""
        if node_id not in self._members:
            self._members[node_id] = self.directory.member(node_id)
        return self._members[node_id]

    def checks_of(self, item: Version) -> list[Check]:
        """Check one item's bytes, signature, content and place. Asks the database nothing more."""
        return [
            run_check(
                "address", _("The address is the SHA-256 of the bytes"),
                self.same_address, item.address,
            ),
            run_check(
                "signature",
                _("The signature is by the key of %(node)s in force at that entry")
                % {"node": item.origin},
                self.signature, item.origin, item.address, item.index,
            ),
            run_check(
                "identity", _("The signed text names the same item and version"), self._same, item
            ),
            run_check(
                "log-entry",
                _("It stands in the log of %(node)s as entry %(index)d, below the verified head")
                % {"node": item.origin, "index": item.index},
                self.place, item.origin, item.address, item.index, "publish",
            ),
        ]  # fmt: skip

    def vouches_of(self, item: Version, also: Iterable[str] = ()) -> list[Vouch]:
        """Check every endorsement of this version, and of those whose addresses are `also`."""
        wanted = {item.address, *also}
        return [
            self._vouch(endorsement, item)
            for endorsement in self.endorsements
            if endorsement.target_address in wanted
        ]

    def _vouch(self, endorsement: Endorsement, item: Version) -> Vouch:
        endorser = endorsement.endorser
        entries = self.entries.get((endorser, endorsement.address), [])
        index = entries[0].index if entries else -1
        checks = (
            run_check("signature", _("Signed by %(node)s") % {"node": endorser},
                   self.signature, endorser, endorsement.address, index),
            run_check("log-entry", _("It stands in the log of %(node)s") % {"node": endorser},
                   self.place, endorser, endorsement.address, index, "endorse"),
        )  # fmt: skip
        return Vouch(
            endorser,
            endorsement.day,
            endorsement.withdrawn,
            self._names(endorsement, item),
            endorser in self.followed,
            checks,
        )

    def _names(self, endorsement: Endorsement, item: Version) -> bool:
        """Does the signed endorsement, not only our row of it, name exactly this version?"""
        try:
            record = records.parse(self.payload(endorsement.address))
        except FederationError:
            return False
        return isinstance(record, records.Endorse) and record.target == records.Target(
            item.origin, str(item.item_id), item.lang, item.version, item.address,
            self._published_at(item),
        )  # fmt: skip

    def _published_at(self, item: Version) -> int:
        """Return the entry that published it: a row of ours names the retraction once one came."""
        entries = self.entries.get((item.origin, item.address), [])
        return next((entry.index for entry in entries if entry.type == "publish"), item.index)

    def payload(self, address: str) -> bytes:
        record = self.records.get(address)
        if record is None or record.payload is None:
            raise RecordWithheld(_("The body is not here."))
        return bytes(record.payload)

    def same_address(self, address: str) -> str:
        found = dsse.address(self.payload(address))
        if found != address:
            raise AddressMismatch(_("The bytes have the address %(found)s.") % {"found": found})
        return address

    def signature(self, node_id: str, address: str, index: int) -> str:
        """Return the key in groups that signed these bytes, in force at that entry of the log."""
        payload = self.payload(address)
        key = self.member(node_id).record_key(index)
        dsse.Envelope(payload, signatures_of(self.records[address])).verify(key)
        return key.fingerprint_groups

    def _same(self, item: Version) -> str:
        record = records.parse(self.payload(item.address), max_bytes=self.conf.MAX_RECORD)
        if not isinstance(record, records.Item):
            raise InvalidRecord(_("It is not an item."))
        said = (record.origin, record.id, record.lang, record.version)
        if said != (item.origin, str(item.item_id), item.lang, item.version):
            raise WrongOrigin(_("It names %(said)s.") % {"said": " ".join(map(str, said))})
        return ""

    def place(self, node_id: str, address: str, index: int, kind: str) -> str:
        """Say how the entry stands to the head; raises RecordWithheld where there is none."""
        for entry in self.entries.get((node_id, address), []):
            if entry.index == index and entry.type == kind:
                return self._below_head(entry)
        raise RecordWithheld(_("No entry of that log names it there."))

    def _below_head(self, entry: Entry) -> str:
        size = entry.log.head_size
        if entry.index < size:
            return _("%(size)d entries are under the head.") % {"size": size}
        if entry.log.own:
            return _("This node's next head will cover it.")
        raise RootMismatch(_("It stands above the head that was verified."))


def run_check(name: str, what: str, run: Callable[..., str], *values: Any) -> Check:
    """Run one check: `run` returns what it found, or raises a FederationError."""
    try:
        return Check(name, what, True, run(*values))
    except FederationError as error:
        return Check(name, what, False, str(error), error.code)


def vouches_for(row: Version, conf: Conf) -> list[Vouch]:
    """Return the endorsements of one version."""
    return Evidence([row], conf).vouches_of(row)


def holds(item: Item, checks: Sequence[Check]) -> bool:
    """Do all checks hold? What its author withdrew has no bytes left to check."""
    return item.state in GONE or all(check.holds for check in checks)


def deep_checks(item: Version, evidence: Evidence) -> list[Check]:
    """Check what takes longer, for one item: the head over all entries, and the files."""
    return [
        run_check(
            "log-head", _("All entries of the log of %(node)s add up to the root that it signed")
            % {"node": item.origin},
            _head, item, evidence,
        ),
        *_files(item, evidence),
    ]  # fmt: skip


def _head(item: Version, evidence: Evidence) -> str:
    log = Log.objects.filter(node_id=item.origin).first()
    if log is None:
        raise RecordWithheld(_("Its log is not followed here."))
    member = evidence.member(item.origin)
    head = member.open_head(bytes(log.checkpoint))
    root = log.range_at(leaf_hashes(log, 0, log.head_size)).root
    if (head.size, head.root) != (log.head_size, root):
        raise RootMismatch(_("The entries held here are not those of the signed head."))
    return root.hex()


def _files(item: Version, evidence: Evidence) -> list[Check]:
    try:
        record = records.parse(evidence.payload(item.address))
    except FederationError:
        return []
    media = record.media if isinstance(record, records.Item) else ()
    return [
        run_check("media", _("The file is here and is the one that was signed"), _file, file.sha256)
        for file in media
    ]


def _file(sha256: str) -> str:
    try:
        read_blob(sha256)
    except OSError as error:
        raise MediaMissing(_("It has not arrived.")) from error
    return sha256
