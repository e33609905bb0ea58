"""What a node's process can be asked to do, as its worker, its web server or a person would.

Every act takes and returns plain values. `go_on` is what a worker does once it is started again.
"""

import base64
import hashlib
import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.utils.text import slugify
from wagtail.models import Page

from federation.client import Answer, Fetcher
from federation.conf import get_conf
from federation.errors import PeerUnreachable
from federation.models import (
    Acknowledgement,
    Endorsement,
    Entry,
    IncomingBundle,
    Item,
    Log,
    Nonce,
    Peer,
    PeerStatus,
    Policy,
    Provenance,
    Recall,
    Record,
    SharingChoice,
    SharingMode,
    Subscription,
)
from federation.services import (
    adoption,
    bundle_export,
    bundle_import,
    heads,
    hiding,
    inbox,
    publishing,
    purging,
    pushing,
    recalling,
    review,
    sync,
)
from federation.services.enrolment import initialise_node
from federation.services.verify import verify_everything
from federation.trust import DescriptorDirectory
from playbook.models import RedactionCheck
from playbook.redaction import QUESTIONS
from playbook.setup import prepare_site
from playbook.workflows import publish_trusted
from tests import factories
from tests.federation.other_node import noise

# --- Before a test --------------------------------------------------------------------------------


def found() -> str:
    """Lay out the site and make the node; return its descriptor."""
    prepare_site(["en"])
    conf = get_conf()
    initialise_node(conf)
    return DescriptorDirectory(conf.trust_dir).envelope(conf.NODE_ID).decode()


def enrol(descriptor: str, hub: bool) -> None:
    member = DescriptorDirectory(get_conf().trust_dir).add(descriptor.encode())
    Peer.objects.create(node_id=member.node_id, status=PeerStatus.ACTIVE, is_hub=hub, pull=True)
    Subscription.objects.update(policy=Policy.PUBLISH if hub else Policy.STAGE)


def write(title: str) -> None:
    """Write a pictured play that goes to the federation as soon as it is published."""
    picture = factories.picture(noise(sum(title.encode()), 40))
    page = factories.play(title=title, slug=slugify(title), picture=picture, picture_alt="Noise")
    SharingChoice.objects.create(page=page, mode=SharingMode.AFTER_APPROVAL)
    RedactionCheck.record(page.latest_revision, dict.fromkeys(QUESTIONS, True))


# --- What is interrupted --------------------------------------------------------------------------


def publish(title: str) -> None:
    """Publish a page, which shares it, and sign the head."""
    publish_trusted(Page.objects.get(title=title).latest_revision, reason="a test")
    heads.sign_head()


def publish_and_die(title: str) -> None:
    """Publish a page and do nothing that follows from it."""
    chosen = SharingChoice.objects.filter(page__title=title)
    chosen.update(mode=SharingMode.ASK)
    publish_trusted(Page.objects.get(title=title).latest_revision, reason="a test")
    chosen.update(mode=SharingMode.AFTER_APPROVAL)


def share_missed() -> int:
    return publishing.share_missed()


def pull(peer: str) -> list[str]:
    """Pull from a peer; return the codes of the errors met."""
    report = sync.sync_peer(Peer.objects.get(node_id=peer))
    return [error.code for _about, error in report.errors]


def accept(title: str) -> None:
    """Endorse what another node offers, and make a draft of it."""
    review.endorse_item(Item.objects.get(title=title))
    adoption.adopt_item(Item.objects.get(title=title), publish=False)
    heads.sign_head()


def recall(title: str) -> None:
    recalling.recall_page(Page.objects.get(title=title), "It endangers people.")
    heads.sign_head()


def import_waiting(key: str) -> bool:
    return inbox.import_incoming(key)


def import_file(path: str) -> list[str]:
    report = bundle_import.import_bundle(Path(path))
    return [error.code for _about, error in report.errors]


# --- What goes on ---------------------------------------------------------------------------------


def go_on(peer: str) -> None:
    """Do what the worker does when the scheduler wakes it: all of it, once."""
    publishing.share_missed()
    recalling.acknowledge()
    hiding.enforce()
    purging.purge_due()
    heads.sign_head()
    Peer.objects.update(claimed_until=None)  # ten minutes are over
    IncomingBundle.objects.update(claimed_until=None)
    for bundle in IncomingBundle.objects.waiting():
        inbox.import_incoming(bundle.pk)
    pull(peer)
    recalling.acknowledge()
    heads.sign_head()


def sign() -> None:
    heads.sign_head()


def export(path: str) -> None:
    bundle_export.export_to(Path(path), nodes=[get_conf().NODE_ID])


def push_request(peer: str) -> dict[str, Any]:
    """Return the signed request that a push would send, and send nothing."""
    kept = _Kept()
    report = pushing.push_to(Peer.objects.get(node_id=peer), fetcher=kept)
    assert report.error is not None
    assert kept.request is not None
    return kept.request


class _Kept(Fetcher):
    """Writes down the one upload, and says that nobody is there."""

    def __init__(self) -> None:
        super().__init__()
        self.request: dict[str, Any] | None = None

    @contextmanager
    def open(
        self, method: str, url: str, headers: Mapping[str, str], body: Any
    ) -> Iterator[Answer]:
        if method == "GET":
            yield Answer(404, {"content-type": "application/problem+json"}, iter([b"{}"]))
            return
        data = body.read() if isinstance(body, io.IOBase) or hasattr(body, "read") else body
        self.request = {
            "url": url, "headers": dict(headers), "body": base64.b64encode(data).decode(),
        }  # fmt: skip
        raise PeerUnreachable("It was only written down.")


# --- What is looked at ----------------------------------------------------------------------------


def state() -> dict[str, Any]:
    """Return all that a test asks about a node: it must be told the same by both."""
    conf = get_conf()
    return {
        "findings": [f"{f.about}: {f.error.code}" for f in verify_everything().findings],
        "roots": {
            log.node_id: [log.head_size, log.root.hex()]
            for log in Log.objects.order_by("node_id") if log.checkpoint
        },
        "applied": all(log.own or log.applied == log.size for log in Log.objects.all()),
        "own": [entry.type for entry in Entry.objects.filter(log__own=True).order_by("index")],
        "items": {item.title: item.state for item in Item.objects.order_by("pk")},
        "shared": Provenance.objects.filter(origin=conf.NODE_ID).count(),
        "provenance": Provenance.objects.count(),
        "bodies": Record.objects.filter(payload__isnull=False, schema="play/1").count(),
        "endorsements": Endorsement.objects.count(),
        "recalls": Recall.objects.count(),
        "acknowledged": Acknowledgement.objects.count(),
        "live": sorted(Page.objects.filter(depth__gt=3, live=True).values_list("title", flat=True)),
        "bundles": [bundle.state for bundle in IncomingBundle.objects.all()],
        "waiting": [str(bundle.pk) for bundle in IncomingBundle.objects.waiting()],
        "nonces": Nonce.objects.count(),
        "files": _files(conf.blobs_dir),
    }  # fmt: skip


def _files(folder: Path) -> list[str]:
    found = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    wrong = [path.name for path in found if _hash(path) != path.name.partition(".")[0]]
    assert wrong == [], "a file is not what its name says"
    return [path.name for path in found]


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
