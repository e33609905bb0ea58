"""Become members of one federation: invite, join, confirm, and follow the hub's directory.

No trust on first use: the invite carries the fingerprint of the hub's identity key, and the hub
takes a node in only when a person confirms the fingerprint of that node, read out over another
channel (docs/protocol.md, "Enrolment").
"""

import base64
import binascii
import hashlib
import secrets
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction

from federation.client import Feed, Fetcher, HttpFetcher, TrustFetcher, fetch_root
from federation.conf import Conf, get_conf
from federation.errors import (
    AddressRefused,
    AlreadyEnrolled,
    FederationError,
    FingerprintMismatch,
    InvalidRecord,
    InviteInvalid,
    WrongRoot,
)
from federation.models import Invite, Log, Peer, PeerStatus, Policy, Subscription
from federation.trust import (
    DescriptorDirectory,
    Member,
    TrustStore,
    create_keys,
    load_keys,
    read_descriptor,
    refresh,
    sign_descriptor,
)
from federation.trust.proposals import propose_member
from federation.wire import canonical, records

from . import heads, trusting
from .endpoints import is_onion
from .publishing import today
from .roles import grant_roles

_PREFIX = "spb1."
_SHARED_TYPES = (
    "play/1", "case/1", "term/1", "endorse/1", "review/1", "retract/1", "recall/1", "lift/1",
    "ack/1",
)  # fmt: skip


@dataclass(frozen=True)
class InviteText:
    """What an invite says. `fingerprint` is the SHA-256, in hex, of the hub's identity key;
    `root_version` and `root_sha256` name the root.json from which the new node starts to trust."""

    hub: str
    url: str
    fingerprint: str
    node: str
    token: str
    root_version: int
    root_sha256: str

    def encode(self) -> str:
        """Return the invite as one word that can be pasted or drawn as a QR code."""
        data = canonical.dumps({"v": 1, **asdict(self)})
        return _PREFIX + base64.urlsafe_b64encode(data).decode("ascii").rstrip("=")

    @classmethod
    def decode(cls, text: str) -> "InviteText":
        """Read an invite; raise InviteInvalid for anything else."""
        try:
            if not text.startswith(_PREFIX):
                raise ValueError("it does not start as invites do")
            body = text.strip().removeprefix(_PREFIX)
            value = canonical.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
            if value.pop("v") != 1:
                raise ValueError("it is of another version")
            return cls(**value)
        except (ValueError, TypeError, KeyError, binascii.Error, FederationError) as error:
            raise InviteInvalid(f"This is not an invite: {error}") from error


def initialise_node(conf: Conf) -> Member:
    """Make keys, log and own descriptor where they are missing; return this node as a member.

    Run again it renews the descriptor (its address may have changed) and nothing else. Raises
    IdChanged when the database is that of another node id; then nothing is written.
    """
    own, _made = Log.objects.get_or_create(
        own=True, defaults={"node_id": conf.NODE_ID, "origin": conf.log_origin}
    )
    heads.require_own_id(own, conf)
    create_keys(conf.keys_dir)
    Subscription.objects.get_or_create(
        origin="*", schema="*", lang="*", defaults={"policy": Policy.STAGE}
    )
    grant_roles()
    return DescriptorDirectory(conf.trust_dir).keep_own(_own_descriptor(conf))


def _own_descriptor(conf: Conf) -> bytes:
    keys = load_keys(conf.keys_dir)
    payload = records.build(
        "descriptor/1",
        {
            "origin": conf.NODE_ID,
            "audience": "network",
            "salt": records.new_salt(),
            "node": conf.NODE_ID,
            "endpoints": [
                {"url": conf.PUBLIC_URL, "kind": "clearnet", "private": conf.PRIVATE_ENDPOINT},
                *(
                    {"url": url, "kind": "onion" if is_onion(url) else "mirror", "private": False}
                    for url in conf.MIRRORS
                ),
            ],
            "keys": {
                purpose: getattr(keys, purpose).public.hex
                for purpose in ("identity", "log", "witness", "record", "request")
            },
            "log_origin": conf.log_origin,
            "languages": [],
            "types": list(_SHARED_TYPES),
            "day": today().isoformat(),
        },
    )
    return sign_descriptor(payload, keys).to_json()


def create_invite(node_id: str, conf: Conf | None = None) -> str:
    """Return a single-use invite for the node that will have this id; only its hash is kept.

    Raises AlreadyEnrolled, and TrustNotSet where stewards have not started a repository.
    """
    conf = conf or get_conf()
    root = trusting.repository_of(conf).root_pin()
    if Peer.objects.filter(node_id=node_id, status=PeerStatus.ACTIVE).exists():
        raise AlreadyEnrolled(f"{node_id} is enrolled already.", item=node_id)
    token = secrets.token_hex(16)
    Invite.objects.create(
        token_hash=_hash(token),
        node_id=node_id,
        expires_at=datetime.now(UTC) + timedelta(days=conf.INVITE_DAYS),
    )
    identity = load_keys(conf.keys_dir).identity.public
    return InviteText(
        hub=conf.NODE_ID,
        url=conf.PUBLIC_URL,
        fingerprint=identity.fingerprint,
        node=node_id,
        token=token,
        root_version=root.version,
        root_sha256=root.sha256,
    ).encode()


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8")).hexdigest()


def join(text: str, conf: Conf | None = None, fetcher: Fetcher | None = None) -> Member:
    """Enrol this node by an invite; return the hub, whose fingerprint the caller shows.

    Raises InviteInvalid, WrongRoot when whoever answers has another root.json than the invite
    names, FingerprintMismatch when the members name another hub, what `trust.refresh` raises, and
    what the client raises. Safe to repeat until the hub has taken the node in.
    """
    conf = conf or get_conf()
    invite = InviteText.decode(text)
    if invite.node != conf.NODE_ID:
        raise InviteInvalid(f"This invite is for {invite.node}; this node is {conf.NODE_ID}.")
    fetcher = fetcher or HttpFetcher(conf, private=conf.PRIVATE_ENDPOINT)
    hub = _trusted_hub(invite, fetcher, conf)
    body = canonical.dumps(
        {"token": invite.token, "descriptor": canonical.loads(_own_envelope(conf))}
    )
    Feed(fetcher, hub, conf, load_keys(conf.keys_dir).request).enrol(body)
    Peer.objects.update_or_create(
        node_id=hub.node_id,
        defaults={"status": PeerStatus.ACTIVE, "is_hub": True, "pull": True},
    )
    trusting.follow_current(conf)
    return hub


def _trusted_hub(invite: InviteText, fetcher: Fetcher, conf: Conf) -> Member:
    """Pin the root that the invite names, fetch the members behind it and return the hub."""
    store = TrustStore(conf.trust_dir)
    is_new = store.pin is None
    if is_new:
        root = fetch_root(fetcher, invite.url, invite.root_version)
        store.pin_root(root, invite.root_version, invite.root_sha256)
    elif not store.has_root(invite.root_version, invite.root_sha256):
        raise WrongRoot("This node follows another root than the one of the invite.")
    try:
        refresh(store, TrustFetcher(fetcher), f"{invite.url.rstrip('/')}/federation/v1/trust")
        hub = DescriptorDirectory(conf.trust_dir).member(invite.hub)
        if hub.identity_key.fingerprint != invite.fingerprint:
            raise FingerprintMismatch(
                f"The members that {invite.url} serves name a hub with the fingerprint "
                f"{hub.identity_key.fingerprint_groups}, not with that of the invite."
            )
    except FederationError:
        if is_new:
            store.forget()
        raise
    return hub


def _own_envelope(conf: Conf) -> bytes:
    return DescriptorDirectory(conf.trust_dir).envelope(conf.NODE_ID)


def read_enrolment(body: bytes) -> tuple[str, bytes, Member]:
    """Return token, descriptor bytes and the node that an enrolment request speaks of.

    Raises JsonError's kinds, InvalidRecord, and what `read_descriptor` raises.
    """
    value: Any = canonical.loads(body)
    if not isinstance(value, dict) or not isinstance(value.get("token"), str):
        raise InvalidRecord("An enrolment holds a token and a descriptor.")
    data = canonical.dumps(value.get("descriptor"))
    return value["token"], data, read_descriptor(data)


@transaction.atomic
def accept_enrolment(token: str, descriptor: bytes, conf: Conf) -> Peer:
    """Use up an invite and hold the node's descriptor until a person confirms its fingerprint.

    Raises InviteInvalid, AlreadyEnrolled, AddressRefused for a private endpoint at a public hub.
    """
    member = read_descriptor(descriptor)
    invite = (
        Invite.objects.select_for_update()
        .filter(token_hash=_hash(token), node_id=member.node_id, used_at=None)
        .first()
    )
    if invite is None or invite.expires_at < datetime.now(UTC):
        raise InviteInvalid("The invite is unknown, used, expired or for another node.")
    if Peer.objects.filter(node_id=member.node_id, status=PeerStatus.ACTIVE).exists():
        raise AlreadyEnrolled(f"{member.node_id} is enrolled already.", item=member.node_id)
    if not conf.PRIVATE_ENDPOINT and any(point.private for point in member.endpoints):
        raise AddressRefused(f"{member.node_id} gives an address on a private network.")
    invite.used_at = datetime.now(UTC)
    invite.save(update_fields=["used_at"])
    peer, _created = Peer.objects.update_or_create(
        node_id=member.node_id,
        defaults={"status": PeerStatus.PENDING, "descriptor": descriptor, "pull": True},
    )
    return peer


def confirm_peer(peer: Peer, fingerprint: str, conf: Conf | None = None) -> Member:
    """Take a pending node in, or propose it to the stewards, once people compared its fingerprint.

    `fingerprint` is what was read out, with or without spaces. Where the stewards' keys are on
    this hub (a demo, a start) the node is a member at once; else it stays pending and the change
    lies under `trust/changes/`. Raises FingerprintMismatch, TrustNotSet, ChangeRefused.
    """
    conf = conf or get_conf()
    member = read_descriptor(bytes(peer.descriptor))
    given = "".join(fingerprint.split()).lower()
    if given != member.identity_key.fingerprint:
        raise FingerprintMismatch(
            f"That is not the fingerprint of the node that asked to be {peer.node_id}."
        )
    trusting.settle(propose_member(trusting.repository_of(conf), bytes(peer.descriptor)), conf)
    peer.refresh_from_db(fields=["status"])
    return member


def own_fingerprint(conf: Conf | None = None) -> str:
    """Return this node's fingerprint in groups, to be read aloud."""
    keys = load_keys((conf or get_conf()).keys_dir)
    return keys.identity.public.fingerprint_groups
