"""The real transport against a real socket: what it refuses to call, follow or wait for."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from federation.client import HttpFetcher
from federation.conf import Conf
from federation.errors import (
    AddressRefused,
    PeerRedirected,
    PeerTimeout,
    PeerUnreachable,
    ResponseTooLarge,
)

pytestmark = pytest.mark.process
JSON = "application/json"


@contextmanager
def serving(answer: Callable[[BaseHTTPRequestHandler], None]) -> Iterator[str]:
    """Run a server on loopback that answers every request so; yield its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer(self)

        def do_POST(self) -> None:
            answer(self)

        def log_message(self, *arguments: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def conf(tmp_path) -> Conf:
    return Conf(
        NODE_ID="here", DOMAIN="solidarity.example", DATA_DIR=tmp_path,
        PUBLIC_URL="http://127.0.0.1:1", PRIVATE_ENDPOINT=True,
        CONNECT_SECONDS=0.5, READ_SECONDS=0.5, TRANSFER_SECONDS=0.6,
    )  # fmt: skip


@contextmanager
def fetching(conf: Conf, *, private: bool = True) -> Iterator[Callable[..., bytes]]:
    fetcher = HttpFetcher(conf, private=private)
    try:
        yield lambda url, cap=1000: fetcher.fetch("GET", url, cap=cap, accept=JSON).body
    finally:
        fetcher.close()


def start(handler: BaseHTTPRequestHandler, length: int | None = None, **headers: str) -> None:
    handler.send_response(200)
    handler.send_header("content-type", JSON)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    if length is not None:
        handler.send_header("content-length", str(length))
    handler.end_headers()


def whole(handler: BaseHTTPRequestHandler) -> None:
    start(handler, 2)
    handler.wfile.write(b"{}")


def test_an_enrolled_private_address_is_called(conf):
    with serving(whole) as url, fetching(conf) as fetch:
        assert fetch(url) == b"{}"


@pytest.mark.parametrize("private", [True, False])
@pytest.mark.parametrize("own", [True, False])
def test_a_private_address_is_called_only_if_both_sides_are_private(conf, private, own):
    """A public node fetches nothing from its own network, whatever a member says of its address."""
    conf = replace(conf, PRIVATE_ENDPOINT=own)
    with serving(whole) as url, fetching(conf, private=private) as fetch:
        if private and own:
            assert fetch(url) == b"{}"
        else:
            with pytest.raises(AddressRefused):
                fetch(url)


def test_a_redirect_is_named_and_not_followed(conf):
    asked = []

    def redirect(handler: BaseHTTPRequestHandler) -> None:
        asked.append(handler.path)
        handler.send_response(302)
        handler.send_header("location", "/elsewhere")
        handler.end_headers()

    with serving(redirect) as url, fetching(conf) as fetch, pytest.raises(PeerRedirected):
        fetch(f"{url}/first")
    assert asked == ["/first"]


def hang(handler: BaseHTTPRequestHandler) -> None:
    time.sleep(1.2)


def drip(handler: BaseHTTPRequestHandler) -> None:
    """A byte at a time, each well within the read timeout."""
    start(handler, 100)
    try:
        for _ in range(100):
            handler.wfile.write(b" ")
            handler.wfile.flush()
            time.sleep(0.1)
    except OSError:
        return


def drip_chunked(handler: BaseHTTPRequestHandler) -> None:
    handler.protocol_version = "HTTP/1.1"
    start(handler, transfer_encoding="chunked")
    try:
        for _ in range(100):
            handler.wfile.write(b"1\r\n \r\n")
            handler.wfile.flush()
            time.sleep(0.1)
    except OSError:
        return


@pytest.mark.parametrize("answer", [hang, drip, drip_chunked], ids=lambda answer: answer.__name__)
def test_a_peer_that_keeps_us_waiting_is_left_in_time(conf, answer):
    with serving(answer) as url, fetching(conf) as fetch:
        started = time.monotonic()
        with pytest.raises(PeerTimeout):
            fetch(url)
        assert time.monotonic() - started < 3, "a hundred bytes would have taken ten seconds"


def cut_off(handler: BaseHTTPRequestHandler) -> None:
    start(handler, 100)
    handler.wfile.write(b"{")


def test_an_answer_that_ends_early_is_no_answer(conf):
    with serving(cut_off) as url, fetching(conf) as fetch, pytest.raises(PeerUnreachable):
        fetch(url)


def test_what_is_larger_than_the_cap_is_not_read_to_its_end(conf):
    sent = []

    def flood(handler: BaseHTTPRequestHandler) -> None:
        start(handler)
        try:
            for _ in range(2000):
                handler.wfile.write(bytes(64 * 1024))
                sent.append(64 * 1024)
        except OSError:
            return

    with serving(flood) as url, fetching(conf) as fetch, pytest.raises(ResponseTooLarge):
        fetch(url, 1000)
    assert sum(sent) < 50 * 2**20


def test_nobody_at_home_is_named(conf):
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{held.getsockname()[1]}"
        with fetching(conf) as fetch, pytest.raises(PeerUnreachable):
            fetch(url)


@pytest.mark.parametrize("url", ["http://nobody.invalid", "http://[::ffff:127.0.0.1]:1"])
def test_a_name_that_leads_nowhere_or_home_is_named(conf, url: str):
    public = replace(conf, PRIVATE_ENDPOINT=False)
    refused = pytest.raises((PeerUnreachable, AddressRefused))
    with fetching(public, private=False) as fetch, refused:
        fetch(url)


def test_noise_instead_of_http_is_named(conf):
    def noise(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"\x00\x01 not http\r\n\r\n")

    with serving(noise) as url, fetching(conf) as fetch, pytest.raises(PeerUnreachable):
        fetch(url)


def test_a_large_body_is_sent_from_its_file_with_its_length(conf, tmp_path):
    path = tmp_path / "body"
    path.write_bytes(bytes(range(256)) * 20_000)
    came = []

    def answer(handler: BaseHTTPRequestHandler) -> None:
        length = int(handler.headers["Content-Length"])
        came.append((length, handler.rfile.read(length), handler.headers["Transfer-Encoding"]))
        whole(handler)

    fetcher = HttpFetcher(conf, private=True)
    with serving(answer) as url, path.open("rb") as file:
        headers = {"content-type": "application/zip"}
        fetcher.fetch("POST", url, cap=1000, accept=JSON, headers=headers, body=file)
    fetcher.close()
    ((length, body, encoding),) = came
    assert (length, body, encoding) == (5_120_000, path.read_bytes(), None)
