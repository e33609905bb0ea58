"""All texts of a language as one e-book."""

import io
import json
import shutil
import subprocess
import xml.etree.ElementTree as ET
import zipfile
from pathlib import Path

import pytest
from django.core.management import call_command

from playbook import public
from playbook.addresses import short_id
from playbook.documents import offers
from playbook.models import CasePage
from playbook.workflows import publish_trusted
from tests import factories

from .taking import address, contents, members, strategy, taken

pytestmark = pytest.mark.django_db
EPUBCHECK = Path(
    "/usr/share/java/epubcheck.jar"
)  # Debian's command is this file, to be started by Java


@pytest.mark.parametrize("language", ["en", "ar"])
def test_an_e_book_holds_all_public_texts_and_turns_its_pages_the_right_way(site, client, language):
    play = factories.live(factories.play(language, title="Heron"))
    factories.live(factories.case(language, title="One voice"))
    data = taken(client, f"/{language}/take-along/all.epub")
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        first = book.infolist()[0]
        assert first.filename == "mimetype"
        assert first.compress_type == zipfile.ZIP_STORED
        package = ET.fromstring(book.read("book/package.opf"))  # noqa: S314 our own
        spine = package.find("{http://www.idpf.org/2007/opf}spine")
        assert spine.get("page-progression-direction") == {"en": "ltr", "ar": "rtl"}[language]
        assert f"book/{short_id(play)}.xhtml" in book.namelist()
    assert "One voice" in contents(data)


@pytest.mark.long
@pytest.mark.skipif(
    not (EPUBCHECK.exists() and shutil.which("java")), reason="needs Debian's epubcheck"
)
@pytest.mark.parametrize("language", ["en", "ar"])
def test_an_e_book_passes_epubcheck(site, client, tmp_path, language):
    image = factories.picture(factories.picture_bytes(size=(300, 200)))
    rich = (
        "<h3>A &amp; B</h3><p>One<br/>two <i>three</i></p><ul><li>x</li></ul>"
        '<blockquote>y</blockquote><p><a href="https://a.example/?a=1&amp;b=2">z</a></p>'
    )
    play = factories.play(
        language, title="Heron & <reed>", picture=image, picture_alt='A "pond"', worse=rich
    )
    case = factories.live(factories.case(language, trigger=rich, composite=True))
    factories.evidence(play, case)
    play = factories.live(factories.fresh(play))
    strategy(play, language=language)
    for name, where in {
        "all": f"/{language}/take-along/all.epub", "one": address(play, "epub"),
    }.items():  # fmt: skip
        (tmp_path / f"{name}.epub").write_bytes(taken(client, where))
        done = subprocess.run(
            ["java", "-jar", EPUBCHECK, tmp_path / f"{name}.epub"], capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert "WARNING" not in done.stdout + done.stderr


@pytest.mark.long
@pytest.mark.skipif(
    not (EPUBCHECK.exists() and shutil.which("java")), reason="needs Debian's epubcheck"
)
def test_the_starter_texts_of_every_kind_make_an_e_book_and_a_pack_without_a_fault(
    site, client, tmp_path
):
    call_command("load_starter")
    for model in (CasePage, *public.KINDS.values()):  # a finding needs its cases first
        for page in model.objects.filter(live=False, locale__language_code="en"):
            publish_trusted(page.get_latest_revision(), reason="a test")
    kinds = {public.kind_of(page) for page in offers.all_items("en")}
    assert {"plays", "cases", "strategies", "findings", "templates"} <= kinds
    (tmp_path / "all.epub").write_bytes(taken(client, "/en/take-along/all.epub"))
    done = subprocess.run(
        ["java", "-jar", EPUBCHECK, tmp_path / "all.epub"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "WARNING" not in done.stdout + done.stderr
    texts = json.loads(members(taken(client, "/en/take-along/all.zip"))["manifest.json"])["texts"]
    assert len(texts) == len(offers.all_items("en"))
