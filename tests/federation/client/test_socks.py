"""Onion addresses go through the proxy alone: a real SOCKS server, a real HTTP server behind it."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from federation.client import HttpFetcher
from federation.client.socks import proxy_address
from federation.conf import get_conf
from federation.errors import NoProxy, PeerTimeout, PeerUnreachable

ONION = "http://abcdefghijklmnop.onion"


class _Hello(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = self.headers["Host"].encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def behind() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Hello)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


@contextmanager
def proxy(target: int, *, says: int = 0, greets: bytes = b"\x05\x00") -> Iterator[tuple]:
    """Run a SOCKS server that leads everything to one port; yields its address and the names."""
    names: list[tuple[str, int]] = []
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                client, _address = listening.accept()
            except OSError:
                return
            with client:
                client.recv(3)
                client.sendall(greets)
                if greets != b"\x05\x00":
                    continue
                asked = client.recv(512)
                name = asked[5 : 5 + asked[4]].decode()
                names.append((name, int.from_bytes(asked[-2:], "big")))
                client.sendall(bytes([5, says, 0, 1]) + bytes(6))
                if says:
                    continue
                with socket.create_connection(("127.0.0.1", target)) as server:
                    server.sendall(client.recv(65536))
                    while data := server.recv(65536):
                        client.sendall(data)

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield f"127.0.0.1:{listening.getsockname()[1]}", names
    finally:
        listening.close()


def fetch(setting: str, url: str = f"{ONION}/x", **how) -> bytes:
    fetcher = HttpFetcher(replace(get_conf(), SOCKS_PROXY=setting, **how), onion=True)
    try:
        headers = {"connection": "close"}
        return fetcher.fetch("GET", url, cap=1000, accept="text/plain", headers=headers).body
    finally:
        fetcher.close()


@pytest.mark.parametrize("scheme", ["", "socks5h://"])
def test_the_proxy_is_given_the_name_and_nothing_is_looked_up(behind, monkeypatch, scheme):
    def never(host, *args, **how):
        assert host == "127.0.0.1", f"{host} was looked up"
        return real(host, *args, **how)

    real = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", never)
    with proxy(behind) as (address, names):
        assert fetch(scheme + address) == b"abcdefghijklmnop.onion"
    assert names == [("abcdefghijklmnop.onion", 80)]


def test_a_proxy_that_cannot_connect_is_named(behind):
    with proxy(behind, says=4) as (address, _names), pytest.raises(PeerUnreachable, match="host"):
        fetch(address)


def test_something_that_is_no_proxy_is_named(behind):
    with proxy(behind, greets=b"no") as (address, _names), pytest.raises(PeerUnreachable):
        fetch(address)


def test_a_proxy_that_is_not_there_is_named():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(PeerUnreachable):
        fetch(f"127.0.0.1:{port}")


def test_a_proxy_that_does_not_answer_is_given_up():
    with socket.create_server(("127.0.0.1", 0)) as mute, pytest.raises(PeerTimeout):
        fetch(f"127.0.0.1:{mute.getsockname()[1]}", CONNECT_SECONDS=0.2, READ_SECONDS=0.2)


@pytest.mark.parametrize("setting", ["", "localhost", "http://127.0.0.1:9050", "x:port", "[::1"])
def test_without_a_proxy_there_is_no_transport(setting: str):
    with pytest.raises(NoProxy):
        HttpFetcher(replace(get_conf(), SOCKS_PROXY=setting), onion=True)


def test_the_address_of_a_proxy_is_host_and_port():
    assert proxy_address("socks5://tor:9050") == ("tor", 9050)
