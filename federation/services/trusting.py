"""Take in what the stewards signed, publish it at the hub, and let the database follow it.

Files are verified and replaced as a whole in `federation.trust`; what follows here is repeated
safely, so that a crash between the two costs nothing (docs/protocol.md, "Receiving").
"""

from pathlib import Path
from typing import Final

from django.db import transaction

from federation.client import Feed, TrustFetcher
from federation.conf import Conf, get_conf
from federation.errors import ChangeRefused, FingerprintMismatch, TrustRolledBack, UnknownMember
from federation.models import Peer, PeerStatus
from federation.trust import (
    Change,
    DescriptorDirectory,
    Repository,
    TrustStore,
    is_vouched_for,
    read_target,
    refresh,
    refresh_from_folder,
    require_publishable,
)
from federation.trust.proposals import propose_start
from federation.trust.rolekeys import OFFLINE, ONLINE, create_role_key, load_signer, public_keys_in

from . import compromise, freshness, rotating

STEWARDS: Final = "stewards"  # under the keys folder: only in a demo or at a start


def store_of(conf: Conf) -> TrustStore:
    return TrustStore(conf.trust_dir)


def repository_of(conf: Conf) -> Repository:
    return Repository(conf.trust_dir / "repository", conf.keys_dir)


def stewards_dir(conf: Conf) -> Path:
    """Where the hub looks for stewards' keys that stay on it."""
    return conf.keys_dir / STEWARDS


# --- Taking in ----------------------------------------------------------------------------------


def wants_refresh(digest: str, peer: Peer, conf: Conf) -> bool:
    """Does a peer say that it knows other trust metadata than this node has looked at?"""
    store = store_of(conf)
    if not digest or store.pin is None:
        return False
    if store.followed_members() is not None:
        return True
    return digest not in (store.digest(), peer.directory_digest)


def refresh_from(feed: Feed, peer: Peer, digest: str, conf: Conf) -> bool:
    """Fetch newer trust metadata from a peer and let the database follow.

    Returns whether a known node's standing changed, so that heads are to be read from the first.
    An ordinary node that lags behind is none that lies: its older metadata is passed over. Raises
    what `trust.refresh` raises.
    """
    starts_over = follow_current(conf)
    try:
        refresh(store_of(conf), TrustFetcher(feed.fetcher), f"{feed.base}/trust")
    except TrustRolledBack:
        if peer.is_hub:
            raise
    starts_over = follow_current(conf) or starts_over
    peer.directory_digest = digest
    return starts_over


def follow_current(conf: Conf) -> bool:
    """Let the database follow what is in force, if it has not yet; as `follow_members`.

    What it follows stands in its own rows: one that was restored from a backup has not followed
    what came after, whatever the files say.
    """
    store = store_of(conf)
    if not store.is_set:
        return False
    rows = Peer.objects.values_list("node_id", "followed")
    before = {node_id: bytes(followed) for node_id, followed in rows if followed}
    after = {name: data for name, data in store.members().items() if name != conf.NODE_ID}
    starts_over = before != after and follow_members(before, conf)
    rotating.say(conf)
    if store.followed_members() is not None:
        store.mark_followed()
    return starts_over


@transaction.atomic
def follow_members(before: dict[str, bytes], conf: Conf) -> bool:
    """Let peers and what was accepted follow the verified members; safe to repeat.

    `before`: the members' files as they were. Returns whether one of them has another standing
    now: then all heads are looked at again, those too that were passed over. A node whose keys
    changed without the word of its old identity key is marked: its items become drafts at most.
    """
    after = store_of(conf).members()
    for node_id, data in after.items():
        if node_id == conf.NODE_ID:
            continue
        peer, _created = Peer.objects.get_or_create(
            node_id=node_id, defaults={"status": PeerStatus.ACTIVE}
        )
        if peer.status == PeerStatus.PENDING:
            peer.status = PeerStatus.ACTIVE
        known = before.get(node_id)
        if known is not None and known != data and not is_vouched_for(known, data):
            peer.unconfirmed_key = read_target(data).identity_key.fingerprint
        peer.followed = data
        peer.save(update_fields=["status", "unconfirmed_key", "followed"])
    starts_over = any(
        node_id in after and _standing(data) != _standing(after[node_id])
        for node_id, data in before.items()
    )
    if starts_over:
        Peer.objects.update(counter=0)
    compromise.quarantine_untrusted(conf)
    return starts_over


def _standing(data: bytes) -> tuple[str, int | None]:
    member = read_target(data)
    return member.status, member.trusted_size


@transaction.atomic
def confirm_keys(node_id: str, fingerprint: str) -> None:
    """A person here has compared a node's new fingerprint: it counts as before.

    Raises UnknownMember where no new key waits, FingerprintMismatch.
    """
    peer = Peer.objects.select_for_update().filter(node_id=node_id).first()
    if peer is None or not peer.unconfirmed_key:
        raise UnknownMember(f"No new key of {node_id} waits to be confirmed.", item=node_id)
    if "".join(fingerprint.split()).lower() != peer.unconfirmed_key:
        raise FingerprintMismatch(f"That is not the fingerprint of the new key of {node_id}.")
    peer.unconfirmed_key = ""
    peer.save(update_fields=["unconfirmed_key"])


def is_degraded(conf: Conf) -> bool:
    """Has any role's metadata run out? Then members stay, and new items only wait in the inbox.

    A clock that was set back does not bring back what had run out when witnesses last signed.
    """
    return bool(store_of(conf).expired(freshness.now()))


def unconfirmed_nodes() -> set[str]:
    """Return the nodes whose new keys nobody here has confirmed."""
    return set(Peer.objects.exclude(unconfirmed_key="").values_list("node_id", flat=True))


def adopt_root(data: bytes, version: int, sha256: str, conf: Conf | None = None) -> None:
    """Start trust anew from a root that was compared over another channel, quorum or not.

    Items and logs are untouched; members stay those of before until its targets are fetched.
    Raises WrongRoot, BadTrustMetadata.
    """
    store_of(conf or get_conf()).pin_root(data, version, sha256)
    Peer.objects.update(directory_digest="")


# --- The hub ------------------------------------------------------------------------------------


def start_trust(
    conf: Conf, keys: Path | None = None, *, root_threshold: int = 1, targets_threshold: int = 1
) -> Change:
    """Propose the repository's first version; publish it where the keys for it lie in `keys`.

    `keys` holds `root-<name>` and `targets-<name>`, as `.pub` (a steward keeps the rest) or
    `.pem`. Where it has none for a role with a threshold of one, a key is made there. Raises
    ChangeRefused where there is a repository already or too few keys.
    """
    repository = repository_of(conf)
    if repository.exists:
        raise ChangeRefused("There is a repository of members here already.")
    folder = keys or stewards_dir(conf)
    thresholds = {"root": root_threshold, "targets": targets_threshold}
    for role in OFFLINE:
        if thresholds[role] == 1 and not any(folder.glob(f"{role}-*")):
            create_role_key(folder / f"{role}-1.pem")
    repository.create_online_keys()
    given = {role: public_keys_in(folder, role) for role in OFFLINE}
    for role in ONLINE:
        given[role] = [load_signer(repository.online_key(role)).public_key]
    own = DescriptorDirectory(conf.trust_dir).envelope(conf.NODE_ID)
    change = propose_start(given, thresholds, own)
    sign_here(change, folder)
    if change.complete:
        publish_change(change, conf)
    return change


def sign_here(change: Change, folder: Path) -> None:
    """Sign with every steward's key that lies in a folder and has a say in the change."""
    for path in sorted(folder.glob("*.pem")):
        try:
            change.sign(path)
        except ChangeRefused:
            continue


def settle(change: Change, conf: Conf) -> Path | None:
    """Publish a change at once where the stewards' keys are here; else write it for them.

    Returns where it was written, None when it was published.
    """
    sign_here(change, stewards_dir(conf))
    if change.complete:
        publish_change(change, conf)
        return None
    return write_change(change, conf.trust_dir / "changes" / _name_of(change))


def _name_of(change: Change) -> str:
    what = "-".join(Path(path).stem for path in change.changed()) or "renewal"
    version = change.targets or change.root
    return f"{version.signed.version if version else 0}-{what[:100]}.change"


def write_change(change: Change, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(change.to_bytes())
    return path


def publish_change(change: Change, conf: Conf | None = None) -> None:
    """Put a change that enough have signed in place, and take it in here as any node does.

    Raises ChangeRefused, and what `trust.refresh` raises.
    """
    conf = conf or get_conf()
    repository, store = repository_of(conf), store_of(conf)
    with repository.lock():
        require_publishable(change, repository)
        _put_next_online_keys(change, repository)
        repository.publish(change.root, change.targets, change.contents)
    if store.pin is None:
        pin = repository.root_pin()
        store.pin_root(repository.root_bytes(), pin.version, pin.sha256)
    _take_in_own(conf)


def _take_in_own(conf: Conf) -> None:
    follow_current(conf)
    refresh_from_folder(store_of(conf), repository_of(conf).folder)
    follow_current(conf)


def _put_next_online_keys(change: Change, repository: Repository) -> None:
    """A new root may name the next snapshot or timestamp key: from now on it is the one."""
    for role in ONLINE:
        key = repository.online_key(role)
        coming = key.with_name(f"trust-{role}.next.pem")
        if change.root is None or not coming.exists():
            continue
        keyid = load_signer(coming).public_key.keyid
        if keyid in change.root.signed.roles[role].keyids:
            coming.replace(key)
            coming.with_suffix(".pub").replace(key.with_suffix(".pub"))


def renew_trust(conf: Conf | None = None) -> bool:
    """Let the database follow the members; at the hub, sign snapshot and timestamp when it is time.

    Returns whether they were signed.
    """
    conf = conf or get_conf()
    follow_current(conf)
    repository = repository_of(conf)
    if not repository.exists:
        return False
    with repository.lock():
        renewed = repository.renew()
    if renewed:
        _take_in_own(conf)
    return renewed
