"""Trust metadata through our own fetcher: python-tuf gets no transport of its own, and our caps."""

from collections.abc import Iterator
from typing import Final

from tuf.api.exceptions import DownloadError, DownloadHTTPError
from tuf.ngclient import FetcherInterface

from federation.errors import FederationError, NotInBundle, PeerRefused

from .fetcher import Fetcher

JSON: Final = "application/json"
_CAP: Final = 8 * 1024 * 1024


class TrustFetcher(FetcherInterface):
    """A `Fetcher` as python-tuf asks for one. Our own error stands behind each of its errors."""

    def __init__(self, fetcher: Fetcher, *, accept: str = JSON) -> None:
        self.fetcher, self.accept = fetcher, accept

    def _fetch(self, url: str) -> Iterator[bytes]:
        try:
            return iter([self.fetcher.fetch("GET", url, cap=_CAP, accept=self.accept).body])
        except PeerRefused as error:
            raise DownloadHTTPError(str(error), error.status or 400) from error
        except NotInBundle as error:
            raise DownloadHTTPError(str(error), 404) from error
        except FederationError as error:
            raise DownloadError(str(error)) from error


def fetch_root(fetcher: Fetcher, url: str, version: int) -> bytes:
    """Return one version of root.json as a node serves it; its hash is the caller's to compare."""
    address = f"{url.rstrip('/')}/federation/v1/trust/metadata/{version}.root.json"
    return fetcher.fetch("GET", address, cap=_CAP, accept=JSON).body
