"""What readers take along of one item: complete, self-contained, sized beforehand."""

import base64
import io
import re
import shutil
import subprocess

import pypdf
import pytest
from bs4 import BeautifulSoup

from playbook.addresses import short_id
from playbook.documents import pdf
from tests import factories

from .taking import address, sizes, strategy, taken

pytestmark = pytest.mark.django_db
PAIR = {"title": "بيان كاذب ينتشر", "outcome": "سمع الناس القصة الحقيقية منكم أولا."}


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
