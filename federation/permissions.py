"""Who is asking? The one place where a request becomes a member, or is refused by name."""

from datetime import UTC, datetime

from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse

from federation.conf import get_conf
from federation.errors import FederationError, MemberSuspended
from federation.models import Nonce, Peer, PeerStatus
from federation.trust import DescriptorDirectory, Member, load_keys
from federation.wire import requests
from federation.wire.keys import PublicKey


def message_of(request: HttpRequest) -> requests.Message:
    """Return a request as it was signed. Its address is the path alone: the host is ours to say."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    return requests.Message(
        request.method or "GET", request.get_full_path(), headers, request.body or None
    )


def signed_member(request: HttpRequest) -> Member:
    """Return the active member that signed the request; raises RequestError's kinds."""
    conf = get_conf()
    directory = DescriptorDirectory(conf.trust_dir)

    def resolve(keyid: str) -> PublicKey:
        return directory.by_request_key(keyid).request_key

    member = directory.by_request_key(_verified_keyid(request, resolve))
    if Peer.objects.filter(node_id=member.node_id, status=PeerStatus.FROZEN).exists():
        raise MemberSuspended(f"{member.node_id} is frozen here.", item=member.node_id)
    return member


def signed_by(request: HttpRequest, key: PublicKey) -> None:
    """Require the signature of one key, for a node that is not enrolled yet."""
    _verified_keyid(request, {key.keyid: key}.__getitem__)


def _verified_keyid(request: HttpRequest, resolve: requests.ResolveKey) -> str:
    return requests.verify_request(
        message_of(request),
        resolve_key=resolve,
        own_targets=[get_conf().PUBLIC_URL],
        now=datetime.now(UTC),
        consume_nonce=_consume_nonce,
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
    asked = message_of(request)
    asked = requests.Message(
        asked.method, conf.PUBLIC_URL + request.get_full_path(), asked.headers, asked.body
    )
    answered = requests.Message(
        asked.method, asked.url, dict(response.items()), response.content, response.status_code
    )
    added = requests.sign_response(answered, asked, key, key.public.keyid, now=datetime.now(UTC))
    for name, value in added.items():
        response[name] = value
    return response


def _consume_nonce(keyid: str, nonce: str, expires: datetime) -> bool:
    try:
        with transaction.atomic():
            Nonce.objects.create(keyid=keyid, nonce=nonce, expires_at=expires)
    except IntegrityError:
        return False
    return True
