"""The text pack: every text with its hash, signed by the node, with its log."""

import base64
import hashlib
import json

import pytest

from federation.conf import get_conf
from federation.errors import BadSignature
from federation.models import Tile
from federation.services import heads, publishing
from federation.services.enrolment import initialise_node
from federation.services.packs import MANIFEST_TYPE, SIGNATURE
from federation.trust import load_keys
from federation.trust.descriptors import read_descriptor
from federation.wire import checkpoint, dsse
from playbook.models import RedactionCheck
from playbook.redaction import QUESTIONS
from tests import factories

from .taking import address, members, taken

pytestmark = pytest.mark.django_db


@pytest.fixture
def here(settings, tmp_path, site):
    settings.FEDERATION = {**settings.FEDERATION, "DATA_DIR": tmp_path / "federation"}
    initialise_node(get_conf())
    return get_conf()


def test_a_pack_lists_each_text_with_its_hash(site, client, settings):
    page = factories.live(factories.play(title="Heron", local_legal_note="<p>Article 7.</p>"))
    found = members(taken(client, "/en/take-along/all.zip"))
    manifest = json.loads(found["manifest.json"])
    assert manifest["language"] == "en"
    (listed,) = manifest["texts"]
    text = found[listed["path"]]
    assert listed["sha256"] == hashlib.sha256(text).hexdigest()
    assert listed["size"] == len(text)
    assert listed["address"] == f"{settings.PUBLIC_URL}{page.url}"
    assert text == taken(client, address(page, "txt"))
    assert b"Article 7." not in text


def test_a_node_without_a_key_says_that_its_pack_is_not_signed(site, client):
    factories.live(factories.play())
    assert "the list is not signed" in factories.read(client, "/en/take-along/").get_text()
    assert SIGNATURE not in members(taken(client, "/en/take-along/all.zip"))


def test_a_pack_is_signed_with_the_key_of_the_node_and_holds_its_log(here, client):
    page = factories.live(factories.play(title="Heron"))
    RedactionCheck.record(page.live_revision, dict.fromkeys(QUESTIONS, True))
    entry = publishing.share_page(factories.fresh(page))
    heads.sign_head()
    assert "this node's signature" in factories.read(client, "/en/take-along/").get_text()
    found = members(taken(client, "/en/take-along/all.zip"))
    member = read_descriptor(found[f"trust/nodes/{here.NODE_ID}"])
    envelope = json.loads(found[SIGNATURE])
    assert envelope["payloadType"] == MANIFEST_TYPE
    payload = base64.b64decode(envelope["payload"])
    assert payload == found["manifest.json"]
    signature = base64.b64decode(envelope["signatures"][0]["sig"])
    key = member.record_key(0)
    key.verify(signature, dsse.pae(payload, MANIFEST_TYPE))
    with pytest.raises(BadSignature):
        key.verify(signature, dsse.pae(payload + b" ", MANIFEST_TYPE))
    with pytest.raises(BadSignature):  # nor can it be passed off as a record
        key.verify(signature, dsse.pae(payload))
    log = f"log/{here.NODE_ID}/"
    head = checkpoint.open_checkpoint(
        found[f"{log}checkpoint"], here.log_origin, load_keys(here.keys_dir).log.public
    )
    assert head.size == 1
    served = {name for name in found if name.startswith(log) and name != f"{log}checkpoint"}
    assert len(served) == Tile.objects.filter(log__own=True).count() == 3
    for name in served:
        answer = client.get(f"/federation/v1/{name}")
        assert answer.status_code == 200
        assert answer.content == found[name]
    assert entry.address.encode() in b"".join(found[name] for name in served)


def test_a_new_head_makes_a_new_pack(here, client):
    page = factories.live(factories.play())
    before = taken(client, "/en/take-along/all.zip")
    assert before == taken(client, "/en/take-along/all.zip")
    RedactionCheck.record(page.live_revision, dict.fromkeys(QUESTIONS, True))
    publishing.share_page(factories.fresh(page))
    heads.sign_head()
    assert taken(client, "/en/take-along/all.zip") != before
