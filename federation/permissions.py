"""Who is asking? The one place where a request becomes a member, or is refused by name."""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import BinaryIO
from urllib.parse import urlsplit

from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse

from federation.conf import Conf, get_conf
from federation.errors import BundleCutOff, BundleTooLarge, FederationError, MemberSuspended
from federation.models import Nonce, Peer, PeerStatus
from federation.trust import DescriptorDirectory, Member, load_keys
from federation.wire import requests
from federation.wire.keys import PublicKey

_CHUNK = 256 * 1024


def message_of(request: HttpRequest) -> requests.Message:
    """Return a request as it was signed. Its address is the path alone: the host is ours to say."""
    return replace(_head_of(request), body=request.body or None)


def _head_of(request: HttpRequest) -> requests.Message:
    headers = {name.lower(): value for name, value in request.headers.items()}
    return requests.Message(request.method or "GET", request.get_full_path(), headers)


def signed_member(request: HttpRequest) -> Member:
    """Return the active member that signed the request; raises RequestError's kinds."""
    return _member(message_of(request), _consume_nonce)


def signed_upload(
    request: HttpRequest, target: BinaryIO, room_for: Callable[[Member], int]
) -> tuple[Member, str]:
    """Write a signed request's body to `target`; return who signed, and its SHA-256 in hex.

    Signature and age are checked before a byte of the body is read, so that nobody fills the disk
    without a key; `room_for` says how many bytes a member may send, or raises. A member that is
    frozen or suspended may call too: recalls pass. Raises RequestError's kinds, BundleTooLarge for
    more than there is room, BundleCutOff where the body ends too soon.
    """
    head = _head_of(request)
    said = head.header("content-digest") or "none"
    limit = room_for(_member(replace(head, digest=said), _is_fresh, held_back_too=True))
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not length.isdigit() or int(length) > limit:
        raise BundleTooLarge(f"{length} bytes were announced; {limit} are the most.")
    digest, left = hashlib.sha256(), int(length)
    while left:
        try:
            chunk = request.read(min(left, _CHUNK))
        except OSError as error:
            raise BundleCutOff("The connection ended before the body did.") from error
        if not chunk:
            raise BundleCutOff(f"{left} bytes of the body did not come.")
        digest.update(chunk)
        target.write(chunk)
        left -= len(chunk)
    came = requests.digest_field(digest.digest())
    member = _member(replace(head, digest=came), _consume_nonce, held_back_too=True)
    return member, digest.hexdigest()


def _member(
    message: requests.Message, consume_nonce: requests.ConsumeNonce, *, held_back_too: bool = False
) -> Member:
    directory = DescriptorDirectory(get_conf().trust_dir)
    found = partial(directory.by_request_key, suspended_too=held_back_too)

    def resolve(keyid: str) -> PublicKey:
        return found(keyid).request_key

    member = found(_verified_keyid(message, resolve, consume_nonce))
    if held_back_too:
        return member
    if Peer.objects.filter(node_id=member.node_id, status=PeerStatus.FROZEN).exists():
        raise MemberSuspended(f"{member.node_id} is frozen here.", item=member.node_id)
    return member


def signed_by(request: HttpRequest, key: PublicKey) -> None:
    """Require the signature of one key, for a node that is not enrolled yet."""
    _verified_keyid(message_of(request), {key.keyid: key}.__getitem__, _consume_nonce)


def _verified_keyid(
    message: requests.Message, resolve: requests.ResolveKey, consume: requests.ConsumeNonce
) -> str:
    return requests.verify_request(
        message,
        resolve_key=resolve,
        own_targets=get_conf().own_addresses,
        now=datetime.now(UTC),
        consume_nonce=consume,
    )


def caller(request: HttpRequest) -> Member | None:
    """Return who signed, or None for an unsigned request; a bad signature is still an error."""
    return signed_member(request) if "signature" in request.headers else None


def caller_or_nobody(request: HttpRequest) -> str | None:
    """Return the caller's node id where that can be told, for answers that are 404 otherwise."""
    try:
        member = caller(request)
    except FederationError:
        return None
    return member.node_id if member else None


def sign_answer(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Sign the response to a signed request, over the request's own signature."""
    conf = get_conf()
    key = load_keys(conf.keys_dir).request
    asked = _head_of(request)  # what is signed of it is in its head
    asked = replace(asked, url=_called_at(asked, conf) + request.get_full_path())
    answered = requests.Message(
        asked.method, asked.url, dict(response.items()), response.content, response.status_code
    )
    added = requests.sign_response(answered, asked, key, key.public.keyid, now=datetime.now(UTC))
    for name, value in added.items():
        response[name] = value
    return response


def _called_at(asked: requests.Message, conf: Conf) -> str:
    """Return the own address that a verified request was for: one of ours, by its Host header."""
    host = (asked.header("host") or "").lower()
    found = (url for url in conf.own_addresses if urlsplit(url).netloc.lower() == host)
    return next(found, conf.PUBLIC_URL)


def _is_fresh(keyid: str, nonce: str, expires: datetime) -> bool:
    """Was this nonce not used? A look only: it is used up once the body has come."""
    return not Nonce.objects.filter(keyid=keyid, nonce=nonce).exists()


def _consume_nonce(keyid: str, nonce: str, expires: datetime) -> bool:
    try:
        with transaction.atomic():
            Nonce.objects.create(keyid=keyid, nonce=nonce, expires_at=expires)
    except IntegrityError:
        return False
    return True
