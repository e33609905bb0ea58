"""One request and its answer, with every cap in one place so that no transport can forget one.

A transport implements `open` alone. Sizes, time, encoding, redirects and content types are
checked here, and every failure becomes one of our errors.
"""

import json
import time
import zlib
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import BinaryIO

from federation.errors import (
    BadEncoding,
    PeerAnsweredHtml,
    PeerRedirected,
    PeerRefused,
    PeerServerError,
    PeerTimeout,
    PeerUnreachable,
    ResponseTooLarge,
)

Body = bytes | BinaryIO | None
_CHUNK = 64 * 1024
_PROBLEM_CAP = 8 * 1024


@dataclass(frozen=True)
class Answer:
    """What came back: status, lower-case header names, the encoded body in chunks."""

    status: int
    headers: Mapping[str, str]
    chunks: Iterator[bytes]


@dataclass
class Traffic:
    """How much a fetcher has moved: requests, encoded bytes, and how many requests broke off."""

    requests: int = 0
    received: int = 0
    broken: int = 0


@dataclass(frozen=True)
class Fetched:
    """A whole answer: headers, the decoded body, and the bytes as they were on the wire."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    encoded: bytes = field(repr=False)


class Fetcher(ABC):
    """Fetches with caps. `transfer_seconds` bounds one whole answer, however slowly it drips."""

    def __init__(self, transfer_seconds: float = 300) -> None:
        self.transfer_seconds = transfer_seconds
        self.traffic = Traffic()

    @abstractmethod
    def open(
        self, method: str, url: str, headers: Mapping[str, str], body: Body
    ) -> AbstractContextManager[Answer]:
        """Send one request, a file from where it stands.

        Raises PeerTimeout, PeerUnreachable or AddressRefused.
        """

    def fetch(
        self,
        method: str,
        url: str,
        *,
        cap: int,
        accept: str,
        headers: Mapping[str, str] | None = None,
        body: Body = None,
    ) -> Fetched:
        """Return a whole answer of at most `cap` decoded bytes and of the type `accept`.

        Raises PeerError's kinds: redirected, refused (4xx), server error (5xx), another content
        type, an encoding that is not gzip or does not decode, too large, too slow.
        """
        with self._checked(method, url, accept, headers, body) as answer:
            encoded: list[bytes] = []
            chunks = self._timed(answer.chunks, cap, encoded)
            decoded = b"".join(_decoded(chunks, answer.headers, cap))
            return Fetched(answer.status, answer.headers, decoded, b"".join(encoded))

    @contextmanager
    def stream(self, url: str, *, cap: int, accept: str) -> Iterator[Iterator[bytes]]:
        """Yield the decoded body of a GET in chunks, under the same caps as `fetch`."""
        with self._checked("GET", url, accept, None, None) as answer:
            yield _decoded(self._timed(answer.chunks, cap, None), answer.headers, cap)

    @contextmanager
    def _checked(
        self,
        method: str,
        url: str,
        accept: str,
        headers: Mapping[str, str] | None,
        body: Body,
    ) -> Iterator[Answer]:
        self.traffic.requests += 1
        sent = {"accept": accept, "accept-encoding": "gzip", **(headers or {})}
        with self._counted(), self.open(method, url, sent, body) as answer:
            if 300 <= answer.status < 400:
                raise PeerRedirected(f"{url} answered {answer.status} and points elsewhere.")
            if answer.status >= 500:
                raise PeerServerError(f"{url} answered {answer.status}.")
            if answer.status >= 400:
                raise _refusal(url, answer)
            kind = answer.headers.get("content-type", "").split(";")[0].strip().lower()
            if accept not in (kind, "*/*"):
                raise PeerAnsweredHtml(
                    f"{url} answered {_quotable(kind) or 'no type'} instead of {accept}."
                )
            yield answer

    @contextmanager
    def _counted(self) -> Iterator[None]:
        try:
            yield
        except (PeerTimeout, PeerUnreachable):
            self.traffic.broken += 1
            raise

    def _timed(
        self, chunks: Iterator[bytes], cap: int, kept: list[bytes] | None
    ) -> Iterator[bytes]:
        deadline = time.monotonic() + self.transfer_seconds
        received = 0
        for chunk in chunks:
            received += len(chunk)
            self.traffic.received += len(chunk)
            if received > cap:
                raise ResponseTooLarge(f"The answer is larger than {cap} bytes.")
            if time.monotonic() > deadline:
                raise PeerTimeout(f"The answer took longer than {self.transfer_seconds} seconds.")
            if kept is not None:
                kept.append(chunk)
            yield chunk


def _decoded(chunks: Iterator[bytes], headers: Mapping[str, str], cap: int) -> Iterator[bytes]:
    """Decode gzip through a bound, so that a bomb stops at the cap and not after it."""
    encoding = headers.get("content-encoding", "identity").strip().lower()
    if encoding in ("", "identity"):
        yield from chunks
        return
    if encoding != "gzip":
        raise BadEncoding(f"The answer is encoded as {_quotable(encoding)!r}.")
    decoder = zlib.decompressobj(wbits=31)
    given = 0
    try:
        for chunk in chunks:
            pending = chunk
            while pending and not decoder.eof:
                part = decoder.decompress(pending, _CHUNK)
                pending = decoder.unconsumed_tail
                given += len(part)
                if given > cap:
                    raise ResponseTooLarge(f"The answer decodes to more than {cap} bytes.")
                if part:
                    yield part
        rest = decoder.flush(_CHUNK)
    except zlib.error as error:
        raise BadEncoding(f"The answer is not gzip: {error}") from error
    if not decoder.eof:
        raise BadEncoding("The answer ends in the middle of its gzip stream.")
    if rest:
        yield rest


def _quotable(text: str) -> str:
    """Return a peer's own words as far as they can be stored and shown: short, printable ASCII."""
    return "".join(letter for letter in text[:100] if " " <= letter <= "~")


def _refusal(url: str, answer: Answer) -> PeerRefused:
    """Return the error for a 4xx, with the problem type that RFC 9457 lets the peer name."""
    body = b""
    for chunk in answer.chunks:
        body += chunk
        if len(body) > _PROBLEM_CAP:
            break
    try:
        said = json.loads(body[:_PROBLEM_CAP])
        problem = _quotable(str(said.get("type", ""))) if isinstance(said, dict) else ""
    except ValueError:
        problem = ""
    return PeerRefused(
        f"{url} answered {answer.status} {problem}".rstrip(),
        status=answer.status,
        problem=problem or None,
        body=body[:_PROBLEM_CAP],
    )
