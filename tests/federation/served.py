"""This node's own API behind the real client: every cap and check, no socket."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import urlsplit

from django.test import Client

from federation.client import Answer, Feed, Fetcher
from federation.client.fetcher import Body
from federation.conf import Conf, get_conf
from federation.trust import DescriptorDirectory
from federation.wire.keys import SigningKey


class ServedHere(Fetcher):
    """Fetches from this node through Django's test client."""

    def __init__(self) -> None:
        super().__init__()
        self.browser = Client(raise_request_exception=False)

    @contextmanager
    def open(
        self, method: str, url: str, headers: Mapping[str, str], body: Body
    ) -> Iterator[Answer]:
        parts = urlsplit(url)
        target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        kind = headers.get("content-type", "")
        response = self.browser.generic(
            method, target, _bytes(body), content_type=kind, headers=dict(headers)
        )
        content = response.streaming_content if response.streaming else iter([response.content])
        lower = {name.lower(): value for name, value in response.items()}
        yield Answer(response.status_code, lower, iter(content))


def _bytes(body: Body) -> bytes:
    return body or b"" if isinstance(body, bytes | None) else body.read()


def feed_of_this_node(key: SigningKey, conf: Conf | None = None) -> Feed:
    """Return this node's feed as a member that signs with `key` sees it."""
    conf = conf or get_conf()
    member = DescriptorDirectory(conf.trust_dir).member(conf.NODE_ID)
    return Feed(ServedHere(), member, conf, key)
