"""Bundles at the admin screen: look first, then import; and make one to carry elsewhere."""

import io
import zipfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from federation.conf import get_conf
from federation.errors import StateChanged
from federation.models import BundleState, IncomingBundle, Item
from federation.services import heads, inbox, publishing
from federation.trust import DescriptorDirectory
from tests.federation.carried import bundle_of
from tests.federation.simulated_node import SimulatedNode, key_for
from tests.federation.snapshot import snapshot


@pytest.fixture
def operator(login, node):
    return login("admin")


@pytest.fixture
def cedar(node):
    cedar = SimulatedNode("cedar")
    DescriptorDirectory(node.trust_dir).add(cedar.descriptor)
    return cedar


def upload(client, data: bytes):
    return client.post(
        reverse("federation_admin:bundles"),
        {"file": SimpleUploadedFile("carried.zip", data, "application/zip")},
        follow=True,
    )


def act(client, name: str, bundle: IncomingBundle):
    return client.post(reverse(f"federation_admin:{name}", args=[bundle.pk]), follow=True)


def files() -> list[str]:
    folder = get_conf().bundles_dir
    return sorted(path.name for path in folder.glob("*")) if folder.exists() else []


def test_a_bundle_is_looked_into_confirmed_imported_and_deleted(operator, cedar, tmp_path, tasks):
    cedar.publish("Carried <b>by hand</b>")
    before = snapshot(ignore=("IncomingBundle",))
    page = upload(operator, bundle_of(tmp_path, cedar).read_bytes())
    assert snapshot(ignore=("IncomingBundle",)) == before, "looking changes nothing"
    shown = page.content.decode()
    assert "Carried &lt;b&gt;by hand&lt;/b&gt;" in shown
    assert "2026-11-20" in shown
    bundle = IncomingBundle.objects.get()
    assert files() == [f"{bundle.pk}.zip"]
    assert len(tasks) == 0

    act(operator, "bundle_import", bundle)
    assert [result.args for result in tasks] == [[str(bundle.pk)]]
    assert inbox.import_incoming(bundle.pk)
    assert Item.objects.get().title == "Carried <b>by hand</b>"
    assert files() == []
    listed = operator.get(reverse("federation_admin:bundles")).content.decode()
    assert "1 new entry" in listed
    again = operator.get(reverse("federation_admin:bundle", args=[bundle.pk]), follow=True)
    assert again.status_code == 404


def test_what_does_not_hold_is_shown_with_its_remedy(operator, cedar, tmp_path):
    cedar.publish("Good")
    cedar.publish("Theirs", key=key_for("stranger", "any"))
    shown = upload(operator, bundle_of(tmp_path, cedar).read_bytes()).content.decode()
    assert "signature.bad" in shown
    assert "Good" in shown
    assert not Item.objects.exists()


@pytest.mark.parametrize(
    ("data", "code"),
    [(b"%PDF-1.7 no bundle", "bundle.not-a-zip"), (b"PK\x03\x04 half of one", "bundle.cut-off")],
)
def test_an_upload_that_is_no_bundle_is_refused_and_not_kept(operator, node, data, code):
    assert code in upload(operator, data).content.decode()
    assert not IncomingBundle.objects.exists()
    assert files() == []


def test_an_upload_above_the_limit_is_refused(operator, cedar, tmp_path, settings):
    cedar.publish("A play")
    settings.FEDERATION = {**settings.FEDERATION, "MAX_BUNDLE": 100}
    shown = upload(operator, bundle_of(tmp_path, cedar).read_bytes()).content.decode()
    assert "bundle.too-large" in shown
    assert files() == []


def test_a_bundle_that_is_not_wanted_is_deleted(operator, cedar, tmp_path, tasks):
    cedar.publish("Not wanted")
    upload(operator, bundle_of(tmp_path, cedar).read_bytes())
    act(operator, "bundle_discard", IncomingBundle.objects.get())
    assert not IncomingBundle.objects.exists()
    assert files() == []
    assert not Item.objects.exists()
    assert len(tasks) == 0


def test_a_bundle_is_confirmed_once(operator, cedar, tmp_path, tasks):
    cedar.publish("Once")
    upload(operator, bundle_of(tmp_path, cedar).read_bytes())
    bundle = IncomingBundle.objects.get()
    act(operator, "bundle_import", bundle)
    assert act(operator, "bundle_import", bundle).status_code == 404
    bundle.refresh_from_db()
    assert bundle.state == BundleState.WAITING
    assert len(tasks) == 1


def test_a_bundle_that_was_confirmed_meanwhile_keeps_its_file(operator, cedar, tmp_path):
    cedar.publish("Wanted after all")
    upload(operator, bundle_of(tmp_path, cedar).read_bytes())
    bundle = IncomingBundle.objects.get()
    inbox.confirm_upload(bundle)
    with pytest.raises(StateChanged):
        inbox.discard_upload(bundle)
    assert len(files()) == 1


def test_an_export_is_downloaded(operator, shareable):
    publishing.share_page(shareable(title="Carry me"))
    heads.sign_head()
    answer = operator.post(reverse("federation_admin:bundle_export"), {"nodes": ["here"]})
    assert answer["Content-Disposition"] == 'attachment; filename="here.zip"'
    assert "no-store" in answer["Cache-Control"]
    with zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))) as opened:
        assert b"Carry me" in opened.read("log/here/records/000.p/1")


def test_an_export_of_what_is_not_here_is_refused(operator, node):
    answer = operator.post(reverse("federation_admin:bundle_export"), {"nodes": ["elsewhere"]})
    assert answer.status_code == 302
