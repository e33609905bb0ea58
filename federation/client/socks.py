"""Onion addresses through a SOCKS 5 proxy (RFC 1928), which alone resolves their names.

The least of it: no authentication, CONNECT, a name as the address. No name is ever looked up here,
and nothing is sent past the proxy.
"""

import socket
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from federation.errors import NoProxy

_VERSION, _NO_AUTH, _CONNECT, _NAME = 5, 0, 1, 3
_ADDRESS_BYTES = {1: 4, 4: 16}
_SAID = {
    1: "the proxy failed", 2: "the proxy does not allow it", 3: "the network cannot be reached",
    4: "the host cannot be reached", 5: "the connection was refused", 6: "it took too long",
}  # fmt: skip


def proxy_address(setting: str) -> tuple[str, int]:
    """Return host and port of `host:port` or `socks5h://host:port`; NoProxy for anything else."""
    try:
        parts = urlsplit(setting if "://" in setting else f"socks5h://{setting}")
        scheme, host, port = parts.scheme, parts.hostname, parts.port
    except ValueError:
        scheme, host, port = "", None, None
    if scheme not in ("socks5", "socks5h") or not host or not port:
        raise NoProxy("An onion address needs a SOCKS proxy, as host:port.")
    return host, port


def connect(proxy: tuple[str, int], host: str, port: int, timeout: Any) -> socket.socket:
    """Return a socket to `host` through the proxy. Raises OSError's kinds."""
    sock = socket.create_connection(proxy, timeout if isinstance(timeout, int | float) else None)
    try:
        sock.sendall(bytes([_VERSION, 1, _NO_AUTH]))
        if _receive(sock, 2) != bytes([_VERSION, _NO_AUTH]):
            raise OSError("the proxy wants a password or is none")
        name = host.encode("idna")
        asked = bytes([_VERSION, _CONNECT, 0, _NAME, len(name)]) + name
        sock.sendall(asked + port.to_bytes(2, "big"))
        version, said, _reserved, kind = _receive(sock, 4)
        if version != _VERSION or said:
            raise OSError(_SAID.get(said, f"the proxy answered {said}"))
        length = _ADDRESS_BYTES[kind] if kind in _ADDRESS_BYTES else _receive(sock, 1)[0]
        _receive(sock, length + 2)
    except BaseException:
        sock.close()
        raise
    return sock


def _receive(sock: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        part = sock.recv(count - len(data))
        if not part:
            raise OSError("the proxy hung up")
        data += part
    return data


class _Through:
    """What both kinds of connection do instead of looking a name up."""

    host: str
    port: int
    timeout: Any

    def __init__(self, *args: Any, _socks_options: dict[str, Any], **kwargs: Any) -> None:
        self._proxy = (_socks_options["host"], _socks_options["port"])
        super().__init__(*args, **kwargs)

    def _new_conn(self) -> socket.socket:
        try:
            return connect(self._proxy, self.host, self.port, self.timeout)
        except TimeoutError as error:
            raise ConnectTimeoutError(self, "the proxy did not answer in time") from error
        except OSError as error:
            raise NewConnectionError(self, str(error)) from error  # type: ignore[arg-type]


class _Connection(_Through, HTTPConnection):
    pass


class _SecureConnection(_Through, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


class _Adapter(HTTPAdapter):
    def __init__(self, proxy: tuple[str, int]) -> None:
        self._options = {"host": proxy[0], "port": proxy[1]}
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs, _socks_options=self._options)
        manager: PoolManager = self.poolmanager
        manager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}


def onion_session(setting: str) -> requests.Session:
    """Return a session all of whose connections go through the proxy. Raises NoProxy."""
    session = requests.Session()
    session.trust_env = False
    for scheme in ("http://", "https://"):
        session.mount(scheme, _Adapter(proxy_address(setting)))
    return session
