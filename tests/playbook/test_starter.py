"""The starter content, as drafts and live."""

import pytest
from django.core.management import call_command
from modelsearch.tasks import insert_or_update_object_task
from wagtail.models import ReferenceIndex
from wagtail.search.models import IndexEntry
from wagtail.tasks import update_reference_index_task

from playbook.models import (
    CasePage,
    Dimension,
    FindingPage,
    JoinPage,
    Mechanism,
    OrganisationPage,
    PlayPage,
    Sector,
    StandardPage,
    StrategyPage,
    SupportOfferPage,
    TemplatePage,
    Threat,
)
from playbook.starter import files
from playbook.starter.kinds import KINDS
from playbook.starter.loader import load_starter
from playbook.starter.markup import to_html
from playbook.workflows import publish_trusted

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("indexed")]
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
        ("### Head\n\nText.\n### Next", "<h3>Head</h3><p>Text.</p><h3>Next</h3>"),
        ("", ""),
    ],
)  # fmt: skip
def test_the_small_markup(text, html):
    assert to_html(text) == html


def test_a_real_node_gets_drafts_in_its_languages(site):
    call_command("load_starter", verbosity=0)
    for model, number in (
        (StrategyPage, 3),
        (FindingPage, 6),
        (TemplatePage, 4),
        (StandardPage, 2),
    ):
        pages = model.objects.filter(locale__language_code="en")
        assert (pages.count(), pages.live().count()) == (number, 0)
    assert not PlayPage.objects.live().exists()
    assert not CasePage.objects.live().exists()
    for model in (OrganisationPage, SupportOfferPage):
        assert not model.objects.exists()
    assert PlayPage.objects.filter(locale__language_code="en").count() == 12
    assert CasePage.objects.filter(locale__language_code="en").count() == 6
    assert PlayPage.objects.filter(locale__language_code="ar").count() == 3
    assert not PlayPage.objects.filter(locale__language_code="sw").exists()


def test_the_demo_gets_them_live(site, client):
    load_starter(["en"], live=True)
    for kind in KINDS:
        assert kind.model.objects.live().exists()
        assert not kind.model.objects.not_live().exists()
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


def test_taking_part_gets_its_text_once_and_only_where_nobody_wrote(site, client):
    load_starter(["en", "fr"], live=True)
    assert "Review or translate" in client.get("/en/take-part/").content.decode()
    page = JoinPage.objects.get(locale__language_code="en")
    assert not JoinPage.objects.get(locale__language_code="fr").ways
    page.ways = []
    publish_trusted(page.save_revision(), reason="a test")
    assert load_starter(["en", "fr"], live=True) == 0
    assert not JoinPage.objects.get(locale__language_code="en").ways


def test_pages_name_each_other(site):
    load_starter(["en", "ar"])
    door = PlayPage.objects.get(slug="officials-at-the-door", locale__language_code="ar")
    assert [page.slug for page in door.templates.all()] == ["crisis-response-guideline"]
    named = set()
    for strategy in StrategyPage.objects.all():
        stages = strategy.stages.all()
        assert [stage.sort_order for stage in stages] == list(range(len(stages)))
        assert all(stage.why and stage.decision for stage in stages)
        named |= {stage.play.slug for stage in stages}
    assert named == set(PlayPage.objects.values_list("slug", flat=True))
    assert {strategy.goal for strategy in StrategyPage.objects.all()} == set(StrategyPage.Goal)
    for finding in FindingPage.objects.all():
        assert finding.hypothesis
        assert finding.cases.count() >= 2
        assert all(link.page.composite and link.lesson for link in finding.cases.all())
    taught = set(
        CasePage.objects.filter(finding_links__isnull=False).values_list("slug", flat=True)
    )
    assert len(taught) == 6


def test_a_template_is_blank_where_only_the_reader_can_know(site, client):
    load_starter(["en"], live=True)
    for page in TemplatePage.objects.all():
        text = client.get(page.url).content.decode()
        assert "<td></td>" in text
        assert "<h1>" in text


def test_what_is_loaded_is_indexed_at_the_end_without_a_task_for_each(site, monkeypatch):
    asked = []
    for task in (insert_or_update_object_task, update_reference_index_task):
        monkeypatch.setattr(type(task), "enqueue", lambda task, *named: asked.append((task, named)))
    load_starter(["en"], live=True)
    assert asked == []
    play = PlayPage.objects.get(slug="officials-at-the-door")
    assert IndexEntry.objects.filter(
        content_type__model="playpage", object_id=str(play.pk)
    ).exists()
    strategy = StrategyPage.objects.first()
    assert ReferenceIndex.get_references_for_object(strategy).exists()
    play.save()
    assert asked


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
    for model in (StrategyPage, FindingPage, TemplatePage, StandardPage):
        for page in model.objects.all():
            page.full_clean()
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
    for folder in [kind.folder for kind in KINDS]:
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
