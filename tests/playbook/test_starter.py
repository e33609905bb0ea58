"""The starter content, as drafts and live."""

import pytest
from django.core.management import call_command

from playbook.models import CasePage, Dimension, Mechanism, PlayPage, Sector, Threat
from playbook.starter import files
from playbook.starter.loader import load_starter
from playbook.starter.markup import to_html

pytestmark = pytest.mark.django_db
ALL = ["en", "ar", "es", "fr", "pt", "sw"]


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("One.\n\nTwo\nlines.", "<p>One.</p><p>Two lines.</p>"),
        ("- a\n- b", "<ul><li>a</li><li>b</li></ul>"),
        (
            "Take:\n- a\n  more\n- b\n\nEnd.",
            "<p>Take:</p><ul><li>a more</li><li>b</li></ul><p>End.</p>",
        ),
        ("- a\n\n- b", "<ul><li>a</li></ul><ul><li>b</li></ul>"),
        ("A **bold** word, 1 < 2 & 3", "<p>A <b>bold</b> word, 1 &lt; 2 &amp; 3</p>"),
        ("<b>x</b>", "<p>&lt;b&gt;x&lt;/b&gt;</p>"),
        ("", ""),
    ],
)  # fmt: skip
def test_the_small_markup(text, html):
    assert to_html(text) == html


def test_a_real_node_gets_drafts_in_its_languages(site):
    call_command("load_starter", verbosity=0)
    assert not PlayPage.objects.live().exists()
    assert not CasePage.objects.live().exists()
    assert PlayPage.objects.filter(locale__language_code="en").count() == 12
    assert CasePage.objects.filter(locale__language_code="en").count() == 6
    assert PlayPage.objects.filter(locale__language_code="ar").count() == 3
    assert not PlayPage.objects.filter(locale__language_code="sw").exists()


def test_the_demo_gets_them_live(site, client):
    load_starter(["en"], live=True)
    assert not PlayPage.objects.not_live().exists()
    text = client.get("/en/plays/officials-at-the-door/").content.decode()
    assert "Starter: needs local review" in text
    case = CasePage.objects.first()
    assert "Composite training example, not a real event" in client.get(case.url).content.decode()


def test_a_second_load_adds_nothing_and_keeps_what_editors_did(site):
    assert load_starter(["en", "ar"]) > 0
    page = PlayPage.objects.get(slug="officials-at-the-door", locale__language_code="en")
    page.title = "Ours now"
    page.save_revision()
    assert load_starter(["en", "ar"]) == 0
    page.refresh_from_db()
    assert page.get_latest_revision_as_object().title == "Ours now"


def test_translations_share_their_key_and_the_ids_of_their_steps(site):
    load_starter(["en", "ar"])
    pages = PlayPage.objects.filter(slug="officials-at-the-door")
    assert len({page.translation_key for page in pages}) == 1
    assert len({tuple(block.id for block in page.steps) for page in pages}) == 1
    assert pages.get(locale__language_code="ar").draft_for_native_review
    assert not pages.get(locale__language_code="en").draft_for_native_review


def test_every_starter_item_is_valid_and_complete(site):
    load_starter(["en", "ar", "fr"])
    for play in PlayPage.objects.all():
        play.full_clean()
        assert play.starter_note
        assert play.threats.exists()
        assert len(play.steps) >= 5
        assert play.worse
        assert play.stop_conditions
    for case in CasePage.objects.all():
        case.full_clean()
        assert case.starter_note
        assert case.composite
        assert len(case.lessons) >= 3


def test_every_file_names_known_terms_and_has_a_known_language(site):
    known = {
        "threats": set(Threat.objects.values_list("code", flat=True)),
        "mechanisms": set(Mechanism.objects.values_list("code", flat=True)),
        "sectors": set(Sector.objects.values_list("code", flat=True)),
        "dimensions": set(Dimension.objects.values_list("code", flat=True)),
    }
    for folder in ("plays", "cases"):
        for item in files.read_items(folder, ALL):
            for kind, codes in known.items():
                assert set(item.get(kind) or []) <= codes, item["slug"]


def test_three_plays_are_there_in_every_language():
    slugs = {lang: {i["slug"] for i in files.read_items("plays", [lang])} for lang in ALL}
    assert set.intersection(*slugs.values()) == {
        "false-story-spreading", "officials-at-the-door", "unexpected-compliance-demand",
    }  # fmt: skip


def test_a_broken_file_is_named(tmp_path, monkeypatch):
    (tmp_path / "terms.yaml").write_text("threats: [", encoding="utf-8")
    monkeypatch.setattr(files, "FOLDER", tmp_path)
    with pytest.raises(files.StarterFileError, match=r"terms\.yaml"):
        files.read_terms()
