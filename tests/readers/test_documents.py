"""What readers take along: complete, self-contained, sized beforehand; never what is withdrawn."""

import base64
import datetime
import hashlib
import io
import json
import re
import shutil
import subprocess
import threading
import xml.etree.ElementTree as ET
import zipfile
from pathlib import Path

import pypdf
import pytest
from bs4 import BeautifulSoup
from django.core.management import call_command
from wagtail.models import Locale, PageViewRestriction

from federation.conf import get_conf
from federation.errors import BadSignature
from federation.models import Tile
from federation.services import heads, publishing
from federation.services.enrolment import initialise_node
from federation.services.packs import MANIFEST_TYPE, SIGNATURE
from federation.trust import load_keys
from federation.trust.descriptors import read_descriptor
from federation.wire import checkpoint, dsse
from playbook import public
from playbook.addresses import short_id
from playbook.documents import offers, pdf, store
from playbook.models import CasePage, RedactionCheck, StrategyPage, SupportOfferPage
from playbook.models.strategies import StrategyStage
from playbook.redaction import QUESTIONS
from playbook.setup import section_for
from playbook.workflows import publish_trusted
from tests import factories

pytestmark = pytest.mark.django_db
DAY = datetime.date(2026, 3, 9)
EPUBCHECK = Path(
    "/usr/share/java/epubcheck.jar"
)  # Debian's command is this file, to be started by Java
PAIR = {"title": "بيان كاذب ينتشر", "outcome": "سمع الناس القصة الحقيقية منكم أولا."}


@pytest.fixture(autouse=True)
def _own_folder(settings, tmp_path):
    settings.PLAYBOOK_MADE_ROOT = tmp_path / "made"


def address(page, ending="html"):
    return f"/{page.locale.language_code}/take-along/{short_id(page)}.{ending}"


def taken(client, where):
    """Return the bytes of a download, which nothing on the way may keep."""
    answer = client.get(where)
    assert answer.status_code == 200, answer.content[:300]
    assert "no-store" in answer["Cache-Control"]
    assert answer["Content-Disposition"].startswith("attachment")
    return answer.content


def strategy(*plays, language="en", **fields):
    page = StrategyPage(
        title="Stand together", goal="protect", summary="One after the other.", **fields
    )
    page.live = False
    page.locale = Locale.objects.get(language_code=language)
    page.threats = [factories.threat()]
    page.stages = [
        StrategyStage(play=play, sort_order=place, decision="Who decides?")
        for place, play in enumerate(plays)
    ]
    section_for(StrategyPage, language).add_child(instance=page)
    page.save_revision()
    return factories.live(page)


def sizes(soup):
    """Return what the page says of each file: its address and its size."""
    return {
        link["href"]: link.find_next("small").get_text(strip=True)
        for link in soup.select(".files a")
    }


# --- One item ---------------------------------------------------------------------------------


def test_each_form_is_offered_with_its_format_and_size_before_the_download(site, client):
    page = factories.live(factories.play())
    soup = factories.read(client, f"/en/take-along/{short_id(page)}/")
    said = sizes(soup)
    assert list(said) == [address(page, ending) for ending in ("html", "pdf", "epub", "txt")]
    for where, text in said.items():
        size = len(taken(client, where))
        kind, number, unit = re.match(r"(\w+)\s*·\s*([\d.]+)\s(\w+)", text).groups()
        assert where.endswith(kind.lower())
        factor = {"bytes": 1, "byte": 1, "KB": 1024, "MB": 1024**2}[unit]
        assert float(number) * factor == pytest.approx(size, abs=factor / 10)


def test_the_single_file_names_no_other_and_runs_nothing(site, client):
    image = factories.picture(factories.picture_bytes(size=(300, 200)))
    page = factories.live(
        factories.play(
            picture=image,
            picture_alt="A heron",
            worse='<p><a href="https://a.example/">A</a></p>',
            local_legal_note="<p>Article 7.</p>",
        )
    )
    text = taken(client, address(page)).decode()
    soup = BeautifulSoup(text, "html.parser")
    assert soup.html["lang"] == "en"
    assert soup.img["src"].startswith("data:image/jpeg;base64,")
    assert soup.img["alt"] == "A heron"
    assert base64.b64decode(soup.img["src"].split(",")[1]).startswith(b"\xff\xd8")
    assert not soup.select("script, link, iframe, object, [src]:not(img)")
    assert "url(" not in soup.style.string
    assert "@import" not in soup.style.string
    for words in ("Write it down", "Do not argue.", "Article 7.", "Copied from", page.outcome):
        assert words in text
    assert not re.search(r"\son\w+=", str(soup.body))


def test_the_name_of_a_file_does_not_say_what_it_is_about(site, client):
    page = factories.live(factories.play(title="Staff detained", slug="staff-detained"))
    for ending in ("html", "pdf", "epub", "txt"):
        disposition = client.get(address(page, ending))["Content-Disposition"]
        assert disposition == f'attachment; filename="{short_id(page)}.{ending}"'


def test_the_local_legal_note_stays_out_of_the_text_that_may_travel(site, client):
    page = factories.live(factories.play(local_legal_note="<p>Article 7.</p>"))
    assert b"Article 7." in taken(client, address(page))
    assert b"Article 7." not in taken(client, address(page, "txt"))


def test_plain_text_has_the_words_in_order_with_their_marks(site, client):
    page = factories.live(
        factories.play(
            title="Heron",
            worse="<h3>Beware</h3><ul><li>One <b>big</b> thing</li><li>Two</li></ul>"
            '<p>See <a href="https://a.example/x">this</a>.</p>',
        )
    )
    lines = taken(client, address(page, "txt")).decode().splitlines()
    assert "# Heron" in lines
    assert "## Steps" in lines
    assert "### Beware" in lines
    assert "- One big thing" in lines
    assert "See this <https://a.example/x>." in lines
    steps = [line for line in lines if re.match(r"\d\. ", line)]
    assert steps == ["1. Write it down. All of it.", "2. Call a lawyer."]
    assert not [line for line in lines if "<p" in line or "</" in line]


@pytest.mark.parametrize("kind", [factories.play, factories.case])
@pytest.mark.parametrize("language", ["en", "ar", "fr"])
def test_a_pdf_opens_and_holds_the_title(site, client, kind, language):
    page = factories.live(kind(language, title="Heron"))
    reader = pypdf.PdfReader(io.BytesIO(taken(client, address(page, "pdf"))))
    assert reader.metadata.title.startswith("Heron")
    assert "Heron" in reader.pages[0].extract_text()


def test_the_arabic_of_a_pdf_is_extracted_in_its_order(site, client):
    page = factories.live(factories.play("ar", **PAIR))
    data = taken(client, address(page, "pdf"))
    text = " ".join(part.extract_text() for part in pypdf.PdfReader(io.BytesIO(data)).pages)
    assert PAIR["title"] in text
    assert PAIR["outcome"].rstrip(".") in " ".join(text.split())


@pytest.mark.skipif(not shutil.which("pdftotext"), reason="needs Debian's poppler-utils")
def test_the_arabic_of_a_pdf_is_extracted_in_its_order_by_poppler_too(site, client, tmp_path):
    # Without lam-alef: poppler turns the two letters of that one glyph round.
    sentence = "سمع كل شخص القصة الحقيقية منكم"
    page = factories.live(factories.play("ar", title=PAIR["title"], outcome=sentence))
    (tmp_path / "a.pdf").write_bytes(taken(client, address(page, "pdf")))
    done = subprocess.run(
        ["pdftotext", "-enc", "UTF-8", "a.pdf", "-"], cwd=tmp_path, capture_output=True, text=True
    )
    words = " ".join(re.sub("[\u200e\u200f\u202a-\u202e\u2066-\u2069]", "", done.stdout).split())
    assert PAIR["title"] in words
    assert sentence in words


def test_a_pdf_of_a_strategy_holds_its_plays(site, client):
    first = factories.live(factories.play(title="Heron"))
    second = factories.live(factories.play(title="Kingfisher"))
    page = strategy(second, first)
    reader = pypdf.PdfReader(io.BytesIO(taken(client, address(page, "pdf"))))
    text = " ".join(part.extract_text() for part in reader.pages)
    assert text.index("Stand together") < text.index("Kingfisher") < text.index("Heron")
    assert "Who decides?" in text
    assert text.count("Call a lawyer.") == 2


def test_a_pdf_is_made_of_what_is_in_it_and_fetches_nothing(site):
    fetch = pdf._fetcher(pdf._weasyprint(), {})
    for where in (
        "file:///etc/passwd",
        "http://127.0.0.1/",
        "picture:other.jpg",
        "data:text/plain,a",
    ):
        with pytest.raises(ValueError, match="what is in it"):
            fetch.fetch(where)


def test_a_node_without_pdf_says_so_and_offers_the_rest(site, client, monkeypatch):
    monkeypatch.setattr(pdf, "_weasyprint", lambda: None)
    page = factories.live(factories.play())
    soup = factories.read(client, f"/en/take-along/{short_id(page)}/")
    assert "PDF cannot be made on this node" in soup.get_text()
    assert address(page, "pdf") not in sizes(soup)
    assert address(page, "epub") in sizes(soup)
    assert client.get(address(page, "pdf")).status_code == 404


# --- Withdrawn, expired, private, other languages ------------------------------------------------


@pytest.mark.parametrize("ending", ["html", "pdf", "epub", "txt"])
def test_a_withdrawn_item_is_gone_at_once_though_it_was_made_before(site, client, ending):
    page = factories.live(factories.play(title="Heron"))
    taken(client, address(page, ending))
    page.withdraw("It named a place.", DAY)
    answer = client.get(address(page, ending))
    assert answer.status_code == 410
    assert b"It named a place." in answer.content
    assert b"Heron" not in answer.content
    assert client.get(f"/en/take-along/{short_id(page)}/").status_code == 410


@pytest.mark.parametrize("ending", ["epub", "zip"])
def test_a_withdrawn_item_is_in_no_collection_though_it_was_before(site, client, ending):
    page = factories.live(factories.play(title="Heron"))
    factories.live(factories.play(title="Kingfisher"))
    where = f"/en/take-along/all.{ending}"
    assert "Heron" in contents(taken(client, where))
    page.withdraw("It named a place.", DAY)
    after = contents(taken(client, where))
    assert "Heron" not in after
    assert "Kingfisher" in after


def test_a_withdrawn_play_is_not_in_a_strategy_any_more(site, client):
    play = factories.live(factories.play(title="Heron", outcome="A quiet pond."))
    page = strategy(play)
    assert b"A quiet pond." in taken(client, address(page))
    play.withdraw("It named a place.", DAY)
    after = taken(client, address(page))
    assert b"A quiet pond." not in after
    assert b"Heron" not in after


def contents(data):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return " ".join(archive.read(name).decode(errors="replace") for name in archive.namelist())


def test_what_not_everybody_may_read_is_in_no_document(site, client):
    private = factories.live(factories.play(title="Heron"))
    PageViewRestriction.objects.create(page=private, restriction_type="login")
    factories.play(title="A draft")
    offer = SupportOfferPage(
        title="Lawyers on call", kind="legal", scope="Advice.", contact_route="<p>Call.</p>",
        verified_on=datetime.date(2025, 1, 1), expires=datetime.date(2025, 2, 1),
    )  # fmt: skip
    offer.live, offer.locale = False, Locale.objects.get(language_code="en")
    section_for(SupportOfferPage, "en").add_child(instance=offer)
    offer.save_revision()
    offer = factories.live(offer)
    factories.live(factories.play("fr", title="Le martin"))
    for ending in ("epub", "zip"):
        text = contents(taken(client, f"/en/take-along/all.{ending}"))
        for title in ("Heron", "A draft", "Lawyers on call", "Le martin"):
            assert title not in text
    assert client.get(address(private)).status_code == 404


@pytest.mark.parametrize(
    "where",
    [
        "/en/take-along/0000000000/", "/en/take-along/0000000000.pdf", "/en/take-along/zzz/",
        "/sw/take-along/", "/en/take-along/all.exe", "/en/take-along/0000000000.exe",
    ],
)  # fmt: skip
def test_what_is_not_there_is_not_found(site, client, where):
    assert client.get(where).status_code == 404


def test_an_item_of_another_language_leads_there(site, client):
    page = factories.live(factories.play())
    answer = client.get(f"/ar/take-along/{short_id(page)}.pdf")
    assert answer.status_code == 302
    assert answer["Location"] == address(page, "pdf")


# --- A chosen set --------------------------------------------------------------------------------


def test_a_chosen_set_is_sized_first_and_then_one_file(site, client):
    pages = [factories.live(factories.play(title=title)) for title in ("Heron", "Kingfisher")]
    factories.live(factories.play(title="Stork"))
    soup = factories.read(client, "/en/take-along/")
    form = soup.form
    assert form["method"] == "get"
    boxes = {box["value"] for box in form.select('input[type="checkbox"][name="item"]')}
    assert {short_id(page) for page in pages} < boxes
    query = "&".join(f"item={short_id(page)}" for page in pages)
    said = sizes(factories.read(client, f"{form['action']}?{query}"))
    assert len(said) == 3
    for where in said:
        data = taken(client, where)
        if ".pdf" in where:
            reader = pypdf.PdfReader(io.BytesIO(data))
            text = " ".join(part.extract_text() for part in reader.pages)
        elif ".epub" in where:
            text = contents(data)
        else:
            text = data.decode()
        assert "Heron" in text
        assert "Kingfisher" in text
        assert "Stork" not in text


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("", "Choose at least one text."),
        ("item=0000000000", "not published any more"),
        ("item=<script>", "not published any more"),
        ("&".join(f"item={number:010x}" for number in range(21)), "Choose at most 20 texts"),
    ],
)
def test_a_choice_that_cannot_be_made_is_answered_with_the_form(site, client, query, words):
    soup = factories.read(client, f"/en/take-along/chosen/?{query}", status=400)
    assert words in soup.get_text()
    assert "<script>" not in soup.main.decode()
    assert client.get(f"/en/take-along/chosen.pdf?{query}").status_code == 400


def test_the_list_takes_as_many_queries_for_many_items_as_for_few(
    site, client, django_assert_max_num_queries
):
    for _number in range(2):
        factories.live(factories.play())
    client.get("/en/take-along/")
    with django_assert_max_num_queries(60) as few:
        client.get("/en/take-along/")
    count = len(few)
    for _number in range(5):
        factories.live(factories.play())
    client.get("/en/take-along/")
    with django_assert_max_num_queries(count):
        client.get("/en/take-along/")


# --- E-book --------------------------------------------------------------------------------------


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


# --- Text pack -----------------------------------------------------------------------------------


@pytest.fixture
def here(settings, tmp_path, site):
    settings.FEDERATION = {**settings.FEDERATION, "DATA_DIR": tmp_path / "federation"}
    initialise_node(get_conf())
    return get_conf()


def members(data):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert {info.compress_type for info in archive.infolist()} == {zipfile.ZIP_STORED}
        return {name: archive.read(name) for name in archive.namelist()}


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


# --- The store -----------------------------------------------------------------------------------


def test_what_was_made_is_kept_until_it_would_be_different(site, client, monkeypatch):
    made = []
    monkeypatch.setattr(offers.pdf, "pdf", lambda *_: made.append(1) or b"%PDF")
    page = factories.live(factories.play())
    taken(client, address(page, "pdf"))
    taken(client, address(page, "pdf"))
    assert len(made) == 1
    page.outcome = "Another outcome."
    page.save_revision()
    factories.live(factories.fresh(page))
    taken(client, address(page, "pdf"))
    assert len(made) == 2


def test_the_store_forgets_what_was_not_asked_for_longest(site, monkeypatch):
    monkeypatch.setattr(store, "MAX_BYTES", 250)
    for number in range(4):
        store.get_or_make(f"{number}", "pdf", lambda: b"x" * 100)
    left = {path.name for path in store.folder().glob("*.pdf")}
    assert left == {"2.pdf", "3.pdf"}


def test_documents_are_made_one_at_a_time_and_others_are_told_to_come_back(
    site, client, monkeypatch
):
    page = factories.live(factories.play())
    monkeypatch.setattr(store, "WAIT_SECONDS", 0.2)
    begun, end = threading.Event(), threading.Event()

    def slow():
        begun.set()
        end.wait(10)
        return b"slow"

    other = threading.Thread(target=store.get_or_make, args=("slow", "pdf", slow))
    other.start()
    try:
        assert begun.wait(10)
        answer = client.get(address(page, "pdf"))
        assert answer.status_code == 503
        assert answer["Retry-After"] == "10"
        assert b"still being made" in answer.content
        soup = factories.read(client, f"/en/take-along/{short_id(page)}/")
        assert "Being made" in soup.get_text()
    finally:
        end.set()
        other.join()
    assert client.get(address(page, "pdf")).status_code == 200


def test_what_is_kept_is_beside_the_media_and_only_for_the_node(site, client, settings):
    page = factories.live(factories.play())
    taken(client, address(page, "pdf"))
    (kept,) = store.folder().glob("*.pdf")
    assert not kept.is_relative_to(settings.MEDIA_ROOT)
    assert store.folder().stat().st_mode & 0o077 == 0
