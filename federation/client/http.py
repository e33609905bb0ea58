"""The real transport: requests, hardened: the resolved address is pinned, no redirect followed."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import requests
import urllib3
from requests_hardened import Config, Manager
from requests_hardened.ip_filter import InvalidIPAddress

from federation.conf import Conf
from federation.errors import AddressRefused, PeerTimeout, PeerUnreachable

from .fetcher import Answer, Body, Fetcher
from .socks import onion_session

_CHUNK = 64 * 1024
_USER_AGENT = "solidarity-playbook"


class HttpFetcher(Fetcher):
    """Fetches over HTTP. `private`: this endpoint was enrolled on loopback or a private network.

    One connection pool an instance; use it for one peer and close it. `onion`: through the SOCKS
    proxy alone, and never past it; NoProxy where none is set.
    """

    def __init__(self, conf: Conf, *, private: bool = False, onion: bool = False) -> None:
        super().__init__(conf.TRANSFER_SECONDS)
        self.timeout = (conf.CONNECT_SECONDS, conf.READ_SECONDS)
        if onion:
            self.session = onion_session(conf.SOCKS_PROXY)
            return
        self.session = Manager(
            Config(
                # A node that is itself public never fetches from a private address, whatever a
                # member claims of its own endpoint.
                ip_filter_enable=not (private and conf.PRIVATE_ENDPOINT),
                ip_filter_allow_loopback_ips=False,
                never_redirect=True,
                default_timeout=self.timeout,
                user_agent_override=_USER_AGENT,
            )
        ).get_session()
        self.session.trust_env = False

    def close(self) -> None:
        self.session.close()

    @contextmanager
    def open(
        self, method: str, url: str, headers: Mapping[str, str], body: Body
    ) -> Iterator[Answer]:
        try:
            # Prepared without the session's merging of cookies, netrc and its own headers: none
            # of that is wanted, and it is a quarter of the work for a small file.
            prepared = requests.PreparedRequest()
            sent = {"user-agent": _USER_AGENT, **headers}
            prepared.prepare(method=method, url=url, headers=sent, data=body)
            with self.session.send(
                prepared, stream=True, timeout=self.timeout, allow_redirects=False
            ) as response:
                lower = {name.lower(): value for name, value in response.headers.items()}
                yield Answer(response.status_code, lower, _arriving(response.raw))
        except InvalidIPAddress as error:
            raise AddressRefused(f"{url} leads to a private address.") from error
        except (requests.Timeout, urllib3.exceptions.TimeoutError) as error:
            raise PeerTimeout(f"{url} did not answer in time.") from error
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            raise PeerUnreachable(f"{url}: {error}") from error


def _arriving(raw: Any) -> Iterator[bytes]:
    """Yield bytes as they come. `stream` would wait for a whole chunk, however slowly it drips."""
    while chunk := raw.read1(_CHUNK, decode_content=False):
        yield chunk
