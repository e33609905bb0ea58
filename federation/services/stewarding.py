"""What stewards do at a command line: propose a change, look at one before signing, see what holds.

Looking at a change needs no database: a steward signs on a machine that has never seen it
(docs/operating.md, "Stewards").
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tuf.api.metadata import Root

from federation.conf import Conf
from federation.errors import ChangeRefused, TrustNotSet
from federation.models import Log
from federation.trust import (
    Change,
    DescriptorDirectory,
    Member,
    proposals,
    read_target,
)
from federation.trust.changes import MAX_BYTES
from federation.trust.keyfiles import load_key
from federation.trust.rolekeys import OFFLINE, create_role_key, public_keys_in
from federation.trust.targets import FEDERATION, read_rules, rules_document
from federation.wire import dsse

from . import heads, rotating
from .trusting import repository_of, store_of

__all__ = ["Change", "describe", "make_key", "propose", "read_change", "show", "signatures"]


def make_key(path: Path) -> str:
    """Make a steward's key and return its public half as hex; FileExistsError where it exists."""
    return str(create_role_key(path).keyval["public"])


def read_change(path: Path) -> Change:
    """Read a change that fits together; raises ChangeRefused."""
    if path.stat().st_size > MAX_BYTES:
        raise ChangeRefused(f"{path} is too large to be a change.")
    return Change.from_bytes(path.read_bytes())


def propose(conf: Conf, options: Mapping[str, Any]) -> Change:
    """Return the change that a `propose` command line asks for; errors as in `proposals`."""
    repository, what = repository_of(conf), options["what"]
    if what == "add":
        return proposals.propose_member(repository, options["descriptor"].read_bytes())
    if what == "rotate":
        return proposals.propose_rotation(
            repository,
            options["descriptor"].read_bytes(),
            options["from_entry"],
            without_old_identity=options["without_old_identity"],
        )
    if what in _STATUS:
        last = _last_trusted(options["node_id"], options.get("last_trusted"))
        return proposals.propose_status(repository, options["node_id"], _STATUS[what], last)
    if what == "scope":
        caps = {name: options[name] for name in ("entries", "entries_per_day") if options[name]}
        return proposals.propose_scope(
            repository,
            options["node_id"],
            languages=options["languages"],
            types=options["types"],
            caps=caps or None,
        )
    if what == "witnesses":
        quorum = {"node": options["node_quorum"], "hub": options["hub_quorum"]}
        return proposals.propose_rules(repository, options["nodes"], quorum, hub=conf.NODE_ID)
    if what == "role":
        return _propose_role(conf, options)
    return proposals.propose_renewal(repository, options["role"])


_STATUS = {
    "suspend": "suspended",
    "activate": "active",
    "revoke": "revoked",
    "last-trusted": "active",
}


def _last_trusted(node_id: str, text: str | None) -> tuple[int, str] | None:
    """Read SIZE:ROOT, the root in hex; of SIZE alone the root is that of the log held here."""
    if not text:
        return None
    size, _colon, root = text.partition(":")
    if not (size.isascii() and size.isdigit() and len(size) < 16):
        raise ChangeRefused("Give the last trusted head as SIZE or SIZE:ROOT, such as 40:ab12…")
    return int(size), root.lower() or _root_at(node_id, int(size))


def _root_at(node_id: str, size: int) -> str:
    log = Log.objects.filter(node_id=node_id, head_size__gte=size).first()
    if log is None:
        raise ChangeRefused(f"{size} entries of {node_id} are not held here: give SIZE:ROOT.")
    return log.range_at(heads.leaf_hashes(log, 0, size)).root.hex()


def _propose_role(conf: Conf, options: Mapping[str, Any]) -> Change:
    """Other keys for a role. For snapshot and timestamp the hub makes the next key itself."""
    repository, role = repository_of(conf), options["role"]
    if role in OFFLINE:
        if options["keys"] is None:
            raise ChangeRefused(f"Name the folder with the new {role} keys: --keys DIR.")
        keys = public_keys_in(options["keys"], role)
        return proposals.propose_role(repository, role, keys, options["threshold"])
    coming = repository.online_key(role).with_name(f"trust-{role}.next.pem")
    coming.unlink(missing_ok=True)
    coming.with_suffix(".pub").unlink(missing_ok=True)
    return proposals.propose_role(repository, role, [create_role_key(coming)], 1)


# --- Looking --------------------------------------------------------------------------------------


def describe(change: Change) -> list[str]:
    """Return in words what a change does, and what it still needs. Read it before signing."""
    lines = []
    if change.root is not None:
        lines.append(f"root.json becomes version {change.root.signed.version}:")
        lines += _roles_of(change.root.signed)
    if change.targets is not None:
        version = change.targets.signed.version
        lines.append(f"targets.json becomes version {version}, {_until(change.targets.signed)}:")
        lines += [f"  {line}" for path in change.changed() for line in _difference(change, path)]
        same = len(change.contents) - len(change.changed())
        lines.append(f"  {same} others stay as they are.")
    return lines + signatures(change)


def signatures(change: Change) -> list[str]:
    """Return how many have signed, and how many must."""
    return [
        f"Signatures that count ({standing.by}): {standing.signed} of {standing.needed}"
        for standing in change.standings()
    ]


def _difference(change: Change, path: str) -> list[str]:
    data = change.contents[path]
    if path == FEDERATION:
        return [f"{path}: {line}" for line in _rules(data)]
    after = read_target(data)
    if path not in change.before_contents:
        return [f"{path}: NEW MEMBER", *_facts(after)]
    before = _facts(read_target(change.before_contents[path]))
    return [
        f"{path}:",
        *(f"- {fact}" for fact in before if fact not in _facts(after)),
        *(f"+ {fact}" for fact in _facts(after) if fact not in before),
    ]


def _rules(data: bytes) -> list[str]:
    rules = read_rules(data)
    return [
        f"witnesses: {', '.join(rules.witnesses) or 'none'}",
        f"must cosign a node's log: {rules.needed('node')}, the hub's: {rules.needed('hub')}",
    ]


def _facts(member: Member) -> list[str]:
    facts = [
        f"status: {member.status}",
        f"identity fingerprint: {member.identity_key.fingerprint_groups}",
        f"request key: {member.request_key.hex}",
        f"witness key: {member.witness_key.hex}",
        f"languages: {', '.join(member.languages) or 'any'}",
        f"types: {', '.join(member.types) or 'any'}",
        f"caps: {member.max_entries or 'the usual'} entries, "
        f"{member.max_entries_per_day or 'the usual'} a day",
    ]
    facts += [f"address: {point.url} ({point.kind})" for point in member.endpoints]
    for name, periods in (("record", member.record_keys), ("log", member.log_keys)):
        facts += [
            f"{name} key from entry {period.start} to {period.end or 'now'}: {period.key.hex}"
            for period in periods
        ]
    if member.last_trusted:
        facts.append(
            f"last trusted: {member.last_trusted.size} entries, root {member.last_trusted.root}"
        )
    return facts


def show(conf: Conf) -> list[str]:
    """Return in words who can do what here, and when it runs out. Raises TrustNotSet."""
    store = store_of(conf)
    pin = store.pin
    if pin is None or not store.is_set:
        raise TrustNotSet("Nothing is trusted here yet.")
    lines = [f"Trust started from root version {pin.version}, SHA-256 {pin.sha256}"]
    lines += _roles_of(store.root())
    for state in store.roles():
        lines.append(f"{state.role}.json: version {state.version}, {_until(state)}")
    expired = store.expired()
    if expired:
        lines.append(f"DEGRADED: {', '.join(expired)} ran out. New items only wait in the inbox.")
    lines += _rules(store.rules() or rules_document([], {}))
    for member in DescriptorDirectory(conf.trust_dir).members():
        lines.append(f"{member.node_id}: {member.status}, {member.identity_key.fingerprint_groups}")
        if member.trusted_size is not None:
            lines.append(f"  trusted up to entry {member.trusted_size}, nothing after it")
    return lines


_CAN = {
    "root": "change who may do any of this",
    "targets": "take in, suspend and revoke nodes, change their keys",
    "snapshot": "say which targets belong together (the hub, by itself)",
    "timestamp": "say what is newest (the hub, by itself)",
}


def _roles_of(root: Root) -> list[str]:
    lines = []
    for name, can in _CAN.items():
        role = root.roles[name]
        lines.append(f"  {name}: {role.threshold} of {len(role.keyids)} keys can {can}")
        lines += [f"    {root.keys[keyid].keyval['public']}" for keyid in role.keyids]
    return [*lines, f"  root.json {_until(root)}"]


def _until(what: Any) -> str:
    left = (what.expires - datetime.now(UTC)).days
    return f"good until {what.expires:%Y-%m-%d %H:%M} UTC ({left} days)"


def write_descriptor(conf: Conf, out: Path, old_identity: Path | None = None) -> None:
    """Write this node's descriptor for the stewards; with its old identity key's signature after
    new keys were made. Raises KeyFileError's kinds, UnknownMember before `federation_init`.

    Where the stewards know this node by other keys, its word on the change is signed as well, and
    waits for their decision (`services.rotating`).
    """
    envelope = dsse.Envelope.from_json(DescriptorDirectory(conf.trust_dir).envelope(conf.NODE_ID))
    if old_identity is not None:
        added = dsse.Envelope.signed(envelope.payload, load_key(old_identity)).signatures
        envelope = dsse.Envelope(envelope.payload, (*envelope.signatures, *added))
    rotating.prepare(conf, load_key(old_identity) if old_identity else None)
    out.write_bytes(envelope.to_json())
