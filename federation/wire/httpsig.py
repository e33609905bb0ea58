"""RFC 9421 without a policy: messages in, signatures and their parameters out.

What `http-message-signatures` does well (structured fields, the signature base) is left to it. The
clock, the allowed skew and Ed25519 itself are ours. The policy stands in `requests`.
"""

from __future__ import annotations

import base64
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from http_message_signatures import (
    ContentDigest,
    HTTPMessageSignaturesException,
    HTTPMessageSigner,
    HTTPMessageVerifier,
    HTTPSignatureAlgorithm,
    HTTPSignatureKeyResolver,
    InvalidSignature,
)
from http_sf.compat import InnerList

from federation.errors import BadRequestSignature, BadSignature, DigestMismatch, Stale
from federation.wire.keys import PublicKey, SigningKey

SKEW: Final = timedelta(seconds=300)


@dataclass(frozen=True, slots=True)
class Message:
    """A request, or with a `status` a response. `url` is absolute; `body` as it is on the wire.

    Where a server cannot know by which of its addresses it was called, `url` may be path and query
    alone: then each of the node's own addresses is tried. `digest` stands for a body that is too
    large for memory: its Content-Digest, as `content_digest` writes it.
    """

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None = None
    status: int | None = None
    digest: str | None = None

    def header(self, name: str) -> str | None:
        """A header's value by its lower-case name."""
        for key, value in self.headers.items():
            if key.lower() == name:
                return value
        return None


class Signed(NamedTuple):
    """What a signature says it covers (as serialized component ids) and its parameters."""

    components: list[str]
    parameters: dict[str, Any]


class Ed25519(HTTPSignatureAlgorithm):
    """RFC 9421 section 3.3.6, judged by libsodium; the keys are ours."""

    algorithm_id = "ed25519"

    def __init__(
        self, public_key: PublicKey | None = None, private_key: SigningKey | None = None
    ) -> None:
        self.public_key = public_key
        self.private_key = private_key

    def sign(self, message: bytes) -> bytes:
        """The signature of a signature base."""
        if self.private_key is None:
            raise HTTPMessageSignaturesException("there is no key to sign with")
        return self.private_key.sign(message)

    def verify(self, signature: bytes, message: bytes) -> None:
        """Raises InvalidSignature unless the signature fits the signature base."""
        if self.public_key is None:
            raise InvalidSignature("there is no key to verify with")
        try:
            self.public_key.verify(signature, message)
        except BadSignature as error:
            raise InvalidSignature(error.detail) from error


class Verifier(HTTPMessageVerifier):
    """The library's verifier with our clock, our skew of 300 s, and libsodium."""

    max_clock_skew = SKEW

    def __init__(self, key: PublicKey | None, now: datetime) -> None:
        super().__init__(signature_algorithm=Ed25519, key_resolver=OneKey(public=key))
        self._now = now

    def validate_created_and_expires(
        self, sig_input: Any, max_age: timedelta | None = None
    ) -> None:
        """Raises Stale unless the signature was made, and is not over, within the skew of now."""
        check_age(sig_input.params, self._now, max_age)

    def signatures(self, signature_input: str, signature: str) -> list[Signed]:
        """What the two header fields hold, parsed only; raises BadRequestSignature."""
        # Protected calls, of a pinned version: the library has no other way to see what a
        # signature covers before it is verified, and its own parser must be the one that we ask.
        parse = self._parse_dict_header
        try:
            inputs = parse("Signature-Input", {"Signature-Input": signature_input})  # type: ignore[no-untyped-call]
            values = parse("Signature", {"Signature": signature})  # type: ignore[no-untyped-call]
            if inputs.keys() != values.keys():
                raise BadRequestSignature("Signature-Input and Signature have different labels")
            return [self._signed(node) for node in inputs.values()]
        except HTTPMessageSignaturesException as error:
            raise BadRequestSignature(str(error)) from error

    def _signed(self, node: Any) -> Signed:
        if not isinstance(node, InnerList):
            raise BadRequestSignature("a member of Signature-Input is not an inner list")
        self._validate_signature_param_types(node.params)  # type: ignore[no-untyped-call]
        return Signed([str(component) for component in node], dict(node.params))


class OneKey(HTTPSignatureKeyResolver):
    """The key is looked up, and refused, before the library is asked."""

    def __init__(self, public: PublicKey | None = None, private: SigningKey | None = None) -> None:
        self._public, self._private = public, private

    def resolve_public_key(self, key_id: str) -> PublicKey | None:
        """The key to verify with, whatever the id."""
        return self._public

    def resolve_private_key(self, key_id: str) -> SigningKey | None:
        """The key to sign with, whatever the id."""
        return self._private


@dataclass(slots=True)
class RequestView:
    """A message in the shape that the library reads."""

    method: str
    url: str
    headers: dict[str, str]


@dataclass(slots=True)
class ResponseView:
    """A response in the shape that the library reads."""

    status_code: int
    headers: dict[str, str]
    request: RequestView


def as_request(message: Message, url: str, added: Mapping[str, str] | None = None) -> RequestView:
    """The message under this URL, with headers added."""
    return RequestView(message.method, url, merged_headers(message, added))


def as_response(
    response: Message, request: Message, added: Mapping[str, str] | None = None
) -> ResponseView:
    """The response with the request it answers; raises BadRequestSignature without a status."""
    if response.status is None:
        raise BadRequestSignature("a response has a status")
    return ResponseView(
        response.status, merged_headers(response, added), as_request(request, request.url)
    )


def merged_headers(message: Message, added: Mapping[str, str] | None) -> dict[str, str]:
    """Lower-case names; a header that came twice is one list, as RFC 9110 section 5.3 says."""
    merged: dict[str, str] = {}
    for name, value in message.headers.items():
        low = name.lower()
        merged[low] = f"{merged[low]}, {value}" if low in merged else value
    return merged | {name.lower(): value for name, value in (added or {}).items()}


def check_age(parameters: Mapping[str, Any], now: datetime, lifetime: timedelta | None) -> None:
    """Raises Stale. `created` and `expires` are POSIX seconds, checked as far as they are there."""
    seconds, skew = now.timestamp(), SKEW.total_seconds()
    created, expires = parameters.get("created"), parameters.get("expires")
    if created is not None and created > seconds + skew:
        raise Stale("the signature was made in the future")
    if expires is not None and expires < seconds - skew:
        raise Stale("the signature has expired")
    if lifetime is None:
        return
    if created is not None and created + lifetime.total_seconds() < seconds - skew:
        raise Stale(f"the signature is older than {lifetime}")
    if created is not None and expires is not None:
        life = expires - created
        if not 0 <= life <= lifetime.total_seconds():
            raise Stale(f"the signature lives {life} s, not {lifetime.total_seconds():.0f} at most")


def sign(
    message: RequestView | ResponseView,
    covered: Collection[str],
    key: SigningKey,
    **parameters: Any,
) -> dict[str, str]:
    """The two signature headers of a message; raises BadRequestSignature if it has no valid base.

    `parameters` are the library's: key_id, created, expires, nonce, label, tag.
    """
    for name in ("signature", "signature-input"):
        message.headers.pop(name, None)
    signer = HTTPMessageSigner(signature_algorithm=Ed25519, key_resolver=OneKey(private=key))
    try:
        signer.sign(
            message,
            covered_component_ids=tuple(covered),
            use_existing_digest="content-digest" in covered,
            **parameters,
        )
    except (HTTPMessageSignaturesException, ValueError, TypeError) as error:
        raise BadRequestSignature(f"the message cannot be signed: {error}") from error
    headers = message.headers
    return {"Signature-Input": headers["Signature-Input"], "Signature": headers["Signature"]}


def content_digest(body: bytes) -> str:
    """The Content-Digest of a body as it is sent, that is, after encoding (RFC 9530, SHA-256)."""
    return str(ContentDigest.create(body))


def digest_field(sha256: bytes) -> str:
    """The Content-Digest of a body of this SHA-256, in the one form that `content_digest` has."""
    return f"sha-256=:{base64.b64encode(sha256).decode('ascii')}:"


def check_digest(message: Message) -> None:
    """Raises DigestMismatch unless the body is the one that was signed (before any decoding)."""
    field = message.header("content-digest")
    if field is None:
        return
    if message.digest is not None:
        if field != message.digest:
            raise DigestMismatch("the body that came is not the one that was signed")
        return
    try:
        ContentDigest.verify(field, message.body or b"")
    except HTTPMessageSignaturesException as error:
        raise DigestMismatch(str(error)) from error
