"""What can be proposed to stewards: each function returns an unsigned change.

All raise ChangeRefused where it makes no sense, and TrustNotSet without a repository.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from securesystemslib.signer import Key
from tuf.api.metadata import Metadata, Root, Targets

from federation.errors import BadSignature, ChangeRefused, FederationError
from federation.wire import canonical, dsse

from .changes import Change, target_files
from .descriptors import read_descriptor
from .repository import Repository, expiry
from .rolekeys import OFFLINE
from .targets import (
    FEDERATION,
    active_members,
    member_from_descriptor,
    read_rules,
    read_target,
    rotated,
    rules_document,
    target_path,
)


def propose_start(
    keys: Mapping[str, Iterable[Key]], thresholds: Mapping[str, int], hub: bytes
) -> Change:
    """Propose version 1 of root and targets. `keys` by role, `hub`: the hub's own descriptor."""
    root = Root(version=1, expires=expiry("root"), consistent_snapshot=True)
    for role, given in keys.items():
        for key in given:
            root.add_key(key, role)
        root.roles[role].threshold = thresholds.get(role, 1)
    path = target_path(read_descriptor(hub).node_id)
    contents = {
        path: canonical.dumps(member_from_descriptor(hub)),
        FEDERATION: rules_document([], {}),
    }
    targets = Targets(version=1, expires=expiry("targets"), targets=target_files(contents))
    change = Change(Metadata(root), Metadata(targets), contents)
    change.require_sound()
    return change


def propose_member(repository: Repository, descriptor: bytes) -> Change:
    """Propose a new member from the descriptor that it signed."""
    node_id = read_descriptor(descriptor).node_id
    path = target_path(node_id)
    if repository.target(path) is not None:
        raise ChangeRefused(f"{node_id} is a member already.", item=node_id)
    return _of_targets(repository, {path: canonical.dumps(member_from_descriptor(descriptor))})


def propose_status(
    repository: Repository,
    node_id: str,
    status: str,
    last_trusted: tuple[int, str] | None = None,
) -> Change:
    """Propose that a node is active, suspended or revoked. `last_trusted`: entries, root in hex.

    Revoked without it means that nothing the node ever said is trusted.
    """

    def change(value: dict[str, Any]) -> dict[str, Any]:
        value = {**value, "status": status}
        if last_trusted is not None:
            value["last_trusted"] = {"size": last_trusted[0], "root": last_trusted[1]}
        elif status == "active":
            value.pop("last_trusted", None)
        return value

    return _of_member(repository, node_id, change)


def propose_rotation(
    repository: Repository,
    descriptor: bytes,
    start: int,
    *,
    without_old_identity: bool = False,
) -> Change:
    """Propose the keys of a new descriptor for a member, in force from log entry `start` on.

    The old identity key must have signed it too, unless it is lost: then every node makes drafts
    of what this one says until a person there confirms the new key.
    """
    new = read_descriptor(descriptor)
    path = target_path(new.node_id)
    held = repository.target(path)
    if held is None:
        raise ChangeRefused(f"{new.node_id} is not a member.", item=new.node_id)
    old = read_target(held)
    if new.log_origin != old.log_origin:
        raise ChangeRefused(
            f"{new.node_id} names another log, {new.log_origin}. A log that ended has no second "
            f"one: enrol a new node under another id.",
            item=new.node_id,
        )
    try:
        dsse.Envelope.from_json(descriptor).verify(old.identity_key)
    except BadSignature as error:
        if not without_old_identity:
            raise ChangeRefused(
                f"The old identity key of {new.node_id} did not sign the new keys.",
                item=new.node_id,
            ) from error
    return _of_member(repository, new.node_id, lambda value: rotated(value, descriptor, start))


def propose_scope(
    repository: Repository,
    node_id: str,
    *,
    languages: list[str] | None = None,
    types: list[str] | None = None,
    caps: dict[str, int] | None = None,
) -> Change:
    """Propose what a node may say: languages, types (empty: any) and caps of its log."""
    given = {"languages": languages, "types": types, "caps": caps}
    told = {name: value for name, value in given.items() if value is not None}
    return _of_member(repository, node_id, lambda value: {**value, **told})


def propose_rules(
    repository: Repository, witnesses: list[str], quorum: dict[str, int], *, hub: str | None = None
) -> Change:
    """Propose the witnesses and how many must cosign a log, by kind: "node" and "hub".

    Nobody is its own witness. `hub` names the node whose log is of the other kind: with it, each
    active member's log is held to have enough witnesses besides itself.
    """
    witnesses = sorted(witnesses)
    data = rules_document(witnesses, quorum)
    read_rules(data)
    change = _of_targets(repository, {FEDERATION: data})
    for node_id in active_members(change.contents) if hub is not None else ():
        needed = quorum.get("hub" if node_id == hub else "node", 0)
        others = [name for name in witnesses if name != node_id]
        if len(others) < needed:
            raise ChangeRefused(
                f"{needed} must cosign the log of {node_id}, and it has {len(others)} witnesses "
                "besides itself: nothing of it would be published any more.",
                item=node_id,
            )
    return change


def propose_renewal(repository: Repository, role: str) -> Change:
    """Propose the same root or targets again, with the expiry moved on."""
    if role == "targets":
        return _of_targets(repository, {}, renewal=True)
    return _of_root(repository, lambda root: None)


def propose_role(repository: Repository, role: str, keys: Iterable[Key], threshold: int) -> Change:
    """Propose other keys and another threshold for one role. New targets keys sign targets anew."""

    def change(root: Root) -> None:
        for keyid in list(root.roles[role].keyids):
            root.revoke_key(keyid, role)
        for key in keys:
            root.add_key(key, role)
        root.roles[role].threshold = threshold

    made = _of_root(repository, change)
    if role == OFFLINE[1]:
        again = _of_targets(repository, {}, renewal=True)
        made.targets, made.contents = again.targets, again.contents
    made.require_sound()
    return made


def _of_root(repository: Repository, change: Callable[[Root], None]) -> Change:
    before = repository.newest("root", Root)
    root = repository.newest("root", Root).signed
    change(root)
    root.version, root.expires = root.version + 1, expiry("root")
    made = Change(
        Metadata(root), None, {},
        before_root=before, before_targets=repository.newest("targets", Targets),
    )  # fmt: skip
    made.require_sound()
    return made


def _of_member(
    repository: Repository, node_id: str, change: Callable[[dict[str, Any]], dict[str, Any]]
) -> Change:
    path = target_path(node_id)
    held = repository.target(path)
    if held is None:
        raise ChangeRefused(f"{node_id} is not a member.", item=node_id)
    return _of_targets(repository, {path: canonical.dumps(change(canonical.loads(held)))})


def _of_targets(repository: Repository, told: dict[str, bytes], *, renewal: bool = False) -> Change:
    held = repository.contents()
    new = {path: data for path, data in told.items() if held.get(path) != data}
    if not new and not renewal:
        raise ChangeRefused("That is how it stands already.")
    before = repository.newest("targets", Targets)
    contents = {**held, **new}
    targets = Targets(
        version=before.signed.version + 1,
        expires=expiry("targets"),
        targets=target_files(contents),
    )
    change = Change(
        None,
        Metadata(targets),
        contents,
        before_root=repository.newest("root", Root),
        before_targets=before,
        before_contents={path: held[path] for path in new if path in held},
    )
    try:
        change.require_sound()
    except FederationError as error:
        raise ChangeRefused(str(error)) from error
    return change
