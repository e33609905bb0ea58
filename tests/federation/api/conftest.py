"""A hub with something in its log, and a member that signs its requests."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from federation.conf import Conf
from federation.models import Blob, Entry
from federation.services import heads, publishing
from federation.trust import DescriptorDirectory
from federation.wire import requests
from federation.wire.keys import SigningKey
from tests import factories
from tests.federation.simulated_node import SimulatedNode

FEED = "/federation/v1"


@dataclass(frozen=True)
class Shared:
    """What the hub has said: two plays, one with a picture."""

    first: Entry
    pictured: Entry
    sha256: str


@pytest.fixture
def shared(hub_here, shareable) -> Shared:
    picture = factories.picture()
    first = publishing.share_page(shareable())
    pictured = publishing.share_page(shareable(picture=picture, picture_alt="A door"))
    heads.sign_head()
    return Shared(first, pictured, Blob.objects.get().sha256)


@pytest.fixture
def member(hub_here) -> SimulatedNode:
    node = SimulatedNode("cedar")
    DescriptorDirectory(hub_here.trust_dir).add(node.descriptor)
    return node


class Signer:
    """Sends signed requests, rightly unless told otherwise."""

    def __init__(self, client, conf: Conf, key: SigningKey) -> None:
        self.client, self.conf, self.key = client, conf, key

    def headers(
        self,
        path: str,
        *,
        method: str = "GET",
        body: bytes | None = None,
        url: str | None = None,
        age: timedelta = timedelta(),
        nonce: str | None = None,
    ) -> dict[str, str]:
        sent = {"content-type": "application/json"} if body else {}
        message = requests.Message(method, url or self.conf.PUBLIC_URL + path, sent, body)
        now = datetime.now(UTC) - age
        return requests.sign_request(message, self.key, self.key.public.keyid, now=now, nonce=nonce)

    def get(self, path: str, **how):
        return self.client.get(path, headers=self.headers(path, **how))

    def post(self, path: str, body: bytes, *, sent: bytes | None = None, **how):
        headers = self.headers(path, method="POST", body=body, **how)
        return self.client.post(
            path, sent or body, content_type="application/json", headers=headers
        )


@pytest.fixture
def signer(client, hub_here, member) -> Signer:
    return Signer(client, hub_here, member.keys.request)
