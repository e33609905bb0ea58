"""Signed HTTP messages: RFC 9421 with RFC 9530 digests, under the one policy of the federation.

`http-message-signatures` reads the structured fields and builds the signature base. By itself it
accepts a signature over the method alone, a swapped body, an old request and a replay; everything
that makes a signature mean something is required here, and Ed25519 itself is libsodium's.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from http_message_signatures import HTTPMessageSignaturesException

from federation.errors import (
    BadRequestSignature,
    MissingComponent,
    Replayed,
    UnknownKey,
    UnsignedRequest,
    WrongTag,
    WrongTarget,
)
from federation.wire.httpsig import (
    SKEW,
    Message,
    RequestView,
    ResponseView,
    Signed,
    Verifier,
    as_request,
    as_response,
    check_age,
    check_digest,
    content_digest,
    digest_field,
    sign,
)
from federation.wire.keys import PublicKey, SigningKey

__all__ = [
    "LIFETIME",
    "SKEW",
    "TAG",
    "ConsumeNonce",
    "Message",
    "ResolveKey",
    "Verified",
    "content_digest",
    "digest_field",
    "sign_request",
    "sign_response",
    "verify_request",
    "verify_request_at",
    "verify_response",
]

TAG: Final = "spb-fed-1"
LABEL: Final = "spb"
LIFETIME: Final = timedelta(seconds=300)
NONCE_BYTES: Final = 16
MIN_NONCE: Final = 22  # 128 bits in base64 without padding
MAX_NONCE: Final = 64
MAX_KEYID: Final = 256
MAX_FIELD: Final = 16_384

_REQUEST: Final = ("@method", "@authority", "@target-uri")
_RESPONSE: Final = (
    "@status",
    "content-digest",
    '"signature";req',
    '"@method";req',
    '"@target-uri";req',
)
_PARAMETERS: Final = ("created", "expires", "keyid", "nonce")

ResolveKey = Callable[[str], PublicKey]
"""Finds an enrolled key by its keyid; raises UnknownKey."""
ConsumeNonce = Callable[[str, str, datetime], bool]
"""Remembers (keyid, nonce) until a time (UTC); false if it was there already."""


def sign_request(
    message: Message, key: SigningKey, keyid: str, *, now: datetime, nonce: str | None = None
) -> dict[str, str]:
    """The headers to add to a request: Signature-Input, Signature and, with a body, its digest.

    Raises MissingComponent for a body without a Content-Type, BadRequestSignature for a message
    that cannot be signed (a relative URL, a method in lower case).
    """
    added: dict[str, str] = {}
    if message.digest is not None:
        added["Content-Digest"] = message.digest
    elif message.body:
        added["Content-Digest"] = content_digest(message.body)
    request = as_request(message, message.url, added)
    covered = _required(message)
    for name in covered:
        if not name.startswith("@") and name not in request.headers:
            raise MissingComponent(f"a request with a body has a {name} header")
    nonce = secrets.token_urlsafe(NONCE_BYTES) if nonce is None else nonce
    return added | _sign(request, covered, key, keyid, now, nonce)


class Verified(NamedTuple):
    """Who signed a request, and the absolute URL that they signed (for signing the response)."""

    keyid: str
    url: str


def verify_request(
    message: Message,
    *,
    resolve_key: ResolveKey,
    own_targets: Collection[str],
    now: datetime,
    consume_nonce: ConsumeNonce,
) -> str:
    """The keyid that signed a request to this node, once all of our policy holds.

    `own_targets` are the node's own enrolled addresses, as `scheme://authority`. Checked, and
    raised, in this order: UnsignedRequest and BadRequestSignature (shape), MissingComponent,
    WrongTag, Stale, UnknownKey, WrongTarget, BadRequestSignature, DigestMismatch, Replayed. The
    nonce is consumed last, so that nobody without a key can fill its table.
    """
    return verify_request_at(
        message,
        resolve_key=resolve_key,
        own_targets=own_targets,
        now=now,
        consume_nonce=consume_nonce,
    ).keyid


def verify_request_at(
    message: Message,
    *,
    resolve_key: ResolveKey,
    own_targets: Collection[str],
    now: datetime,
    consume_nonce: ConsumeNonce,
) -> Verified:
    """As `verify_request`, and says under which of the node's addresses it was signed."""
    signed = _shape(message, now)
    _require_covered(signed, _required(message))
    _require_parameters(signed, _PARAMETERS)
    _require_tag(signed)
    check_age(signed.parameters, now, LIFETIME)
    keyid, key = _resolve(signed, resolve_key)
    url = _verify_at_own(message, own_targets, key, now)
    check_digest(message)
    nonce = signed.parameters["nonce"]
    expires = datetime.fromtimestamp(signed.parameters["expires"], tz=UTC)
    if not consume_nonce(keyid, nonce, expires + SKEW):
        raise Replayed(f"the nonce {nonce} was used before", item=keyid)
    return Verified(keyid, url)


def sign_response(
    response: Message, request: Message, key: SigningKey, keyid: str, *, now: datetime
) -> dict[str, str]:
    """The headers to add to the response to a signed request: its digest and its signature.

    The signature covers the request's own, so that an answer fits one question only. The request's
    `url` must be absolute: the one that `verify_request_at` found.
    """
    added = {"Content-Digest": content_digest(response.body or b"")}
    reply = as_response(response, request, added)
    return added | _sign(reply, _RESPONSE, key, keyid, now, None)


def verify_response(
    response: Message, request: Message, *, resolve_key: ResolveKey, now: datetime
) -> str:
    """The keyid that signed the response to this request (which has its Signature header).

    Raises as `verify_request` does, without target and nonce: the request is known to be ours.
    """
    signed = _shape(response, now)
    _require_covered(signed, _RESPONSE)
    _require_parameters(signed, ("created", "keyid"))
    _require_tag(signed)
    check_age(signed.parameters, now, LIFETIME)
    keyid, key = _resolve(signed, resolve_key)
    _verify_signature(as_response(response, request), key, now)
    check_digest(response)
    return keyid


def _required(message: Message) -> tuple[str, ...]:
    """What a request's signature has to cover. A body makes its type, digest and coding count."""
    extra: list[str] = []
    has_body = bool(message.body) or message.digest is not None
    if has_body:
        extra.append("content-type")
    if has_body or message.header("content-digest") is not None:
        extra.append("content-digest")
    if message.header("content-encoding") is not None:
        extra.append("content-encoding")
    return (*_REQUEST, *extra)


def _sign(
    message: RequestView | ResponseView,
    covered: Collection[str],
    key: SigningKey,
    keyid: str,
    now: datetime,
    nonce: str | None,
) -> dict[str, str]:
    return sign(
        message,
        covered,
        key,
        key_id=keyid,
        created=now,
        expires=now + LIFETIME,
        nonce=nonce,
        label=LABEL,
        tag=TAG,
    )


def _shape(message: Message, now: datetime) -> Signed:
    """The one signature that is meant for us; raises UnsignedRequest or BadRequestSignature.

    Others may have signed as well (a proxy, for instance): of several, ours is the one with our
    tag. Of one alone the tag is checked in its turn.
    """
    inputs, values = (message.header(name) for name in ("signature-input", "signature"))
    if inputs is None or values is None:
        raise UnsignedRequest("there is no Signature-Input with a Signature")
    if max(len(inputs), len(values)) > MAX_FIELD:
        raise BadRequestSignature(f"a signature field is longer than {MAX_FIELD} characters")
    all_signed = Verifier(None, now).signatures(inputs, values)
    ours = [signed for signed in all_signed if signed.parameters.get("tag") == TAG]
    chosen = all_signed if len(all_signed) == 1 else ours
    if len(chosen) != 1:
        raise BadRequestSignature(f"{len(chosen)} signatures are made for us, not one")
    return chosen[0]


def _require_covered(signed: Signed, names: Collection[str]) -> None:
    for name in names:
        component = name if name.startswith('"') else f'"{name}"'
        if component not in signed.components:
            raise MissingComponent(f"the signature does not cover {component}")


def _require_parameters(signed: Signed, names: Collection[str]) -> None:
    for name in names:
        if name not in signed.parameters:
            raise MissingComponent(f"the signature has no {name}")
    nonce = signed.parameters.get("nonce", "")
    if "nonce" in names and not MIN_NONCE <= len(nonce) <= MAX_NONCE:
        raise MissingComponent(f"a nonce has {MIN_NONCE} to {MAX_NONCE} characters")


def _require_tag(signed: Signed) -> None:
    tag = signed.parameters.get("tag")
    if tag != TAG:
        raise WrongTag(f"the signature is tagged {tag!r}, not {TAG!r}")


def _resolve(signed: Signed, resolve_key: ResolveKey) -> tuple[str, PublicKey]:
    keyid = signed.parameters["keyid"]
    if len(keyid) > MAX_KEYID:
        raise UnknownKey("the keyid is too long to be one of ours")
    try:
        key = resolve_key(keyid)
    except LookupError as error:
        raise UnknownKey(f"no enrolled key is called {keyid!r}", item=keyid) from error
    return keyid, key


def _verify_at_own(
    message: Message, own_targets: Collection[str], key: PublicKey, now: datetime
) -> str:
    """The URL of this node for which the signature is valid; raises WrongTarget if it is none."""
    candidates = [message.url]
    if message.url.startswith("/"):
        candidates = [target + message.url for target in own_targets]
    elif _target(message.url) not in {target.lower() for target in own_targets}:
        raise WrongTarget(f"{_target(message.url)} is not an address of this node")
    failure = BadRequestSignature("this node has no address that the request could be for")
    for url in candidates:
        try:
            _verify_signature(as_request(message, url), key, now)
        except BadRequestSignature as error:
            failure = error
        else:
            return url
    raise failure


def _target(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise WrongTarget(f"{url[:200]!r} is not an address") from error
    return f"{parts.scheme}://{parts.netloc}".lower()


def _verify_signature(message: RequestView | ResponseView, key: PublicKey, now: datetime) -> None:
    verifier = Verifier(key, now)
    try:
        verifier.verify(message, max_age=LIFETIME, expect_tag=TAG)
    except (HTTPMessageSignaturesException, ValueError, TypeError) as error:
        raise BadRequestSignature(f"the signature does not fit the message: {error}") from error
