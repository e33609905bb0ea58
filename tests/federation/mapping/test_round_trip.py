"""A page and its wire form: what one node writes, another can put on a page of its own."""

import pytest

from federation import mapping
from federation.wire import records
from playbook.models import Threat
from tests import factories

HTML = '<p>Call <a href="https://example.org/">us</a>.</p>'
ITEM = {
    "origin": "here", "audience": "public", "salt": "00" * 16, "version": 1, "prev": None,
    "id": "3f0e1c62-8a5f-4c8e-9c39-0b3f3f7e5a11", "source": None, "licence": "CC-BY-SA-4.0",
    "valid_for_days": 180,
}  # fmt: skip


def over_the_wire(page):
    """Return the record of a page, as another node reads it, and the files beside it."""
    written = mapping.record_fields(page)
    fields = {**ITEM, "lang": page.locale.language_code, **written.fields}
    return records.parse(records.build(mapping.schema_of(page), fields)), written.files


def told_again(page):
    """Return a page made from another's record, unsaved."""
    record, files = over_the_wire(page)
    picture = None
    if files:
        media = record.media[0]
        picture = mapping.Picture(media.sha256, files[0][0], media.alt)
    again = mapping.new_page(record)
    mapping.fill_page(again, record, picture)
    return again


def test_a_play_says_the_same_on_the_other_side(site):
    page = factories.play(
        who_leads="The duty officer", effort="low", time="1 hour", cost="none", phase="days",
        visibility="public", preconditions=HTML, worse=HTML, stop_conditions=HTML, sensitive=True,
        local_legal_note=HTML, steps=[factories.step(HTML, who="You", by_when="now", dont="Run.")],
    )  # fmt: skip
    again = told_again(page)
    for name in (
        "title", "outcome", "phase", "who_leads", "effort", "time", "cost", "preconditions",
        "worse", "stop_conditions", "visibility", "sensitive", "status", "licence",
    ):  # fmt: skip
        assert getattr(again, name) == getattr(page, name), name
    assert str(again.status_as_of) == str(page.status_as_of)
    assert list(again.threats.all()) == list(page.threats.all())
    assert again.local_legal_note == ""
    ours, theirs = page.steps[0], again.steps[0]
    assert (ours.id, ours.value["do"].source) == (theirs.id, theirs.value["do"].source)
    assert theirs.value["dont"] == "Run."


def test_a_case_says_the_same_on_the_other_side(site):
    lesson = {"type": "lesson", "value": {"lesson": HTML, "applies_when": "Always"}}
    page = factories.case(
        region="A coast", period="2024-03", trigger=HTML, response=HTML, worked=HTML,
        did_not_work=HTML, trade_offs=HTML, transfers_if=HTML, unsafe_if=HTML, lessons=[lesson],
        authors="A coalition",
    )  # fmt: skip
    again = told_again(page)
    for name in (
        "title", "kind", "summary", "region", "period", "trigger", "response", "worked",
        "did_not_work", "trade_offs", "transfers_if", "unsafe_if", "authors", "composite",
    ):  # fmt: skip
        assert getattr(again, name) == getattr(page, name), name
    assert page.lessons[0].id == again.lessons[0].id


def test_a_picture_is_kept_once_for_all_that_use_it(site, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    page = factories.play(picture=factories.picture(), picture_alt="A door")
    one, two = told_again(page), told_again(page)
    assert one.picture == two.picture != page.picture
    assert one.picture_alt == "A door"
    assert one.picture.file.name.endswith(".jpg")


@pytest.mark.parametrize("make", [factories.play, factories.case])
def test_terms_that_are_not_known_here_are_left_out(site, make):
    page = make(threats=[factories.threat("media"), factories.threat("coercive")])
    record, _files = over_the_wire(page)
    record.content["threats"].append("media.nobody-knows")
    again = mapping.new_page(record)
    mapping.fill_page(again, record, None)
    assert sorted(term.code for term in again.threats.all()) == ["coercive", "media"]
    assert not Threat.objects.filter(code="media.nobody-knows").exists()


@pytest.mark.parametrize(
    ("html", "kept"),
    [
        ("<script>x()</script><p>y</p>", "<p>y</p>"),
        ('<p style="color:red" onclick="x()">y</p>', "<p>y</p>"),
        ('<a href="javascript:x()">y</a>', "y"),
        ('<a href="/admin/">y</a>', "y"),
        ('<a linktype="page" id="3">y</a>', "y"),
        ('<embed embedtype="image" id="3">y', "y"),
        ('<a href="data:text/html,x">y</a>', "y"),
        ("<p>&lt;script&gt;</p>", "<p>&lt;script&gt;</p>"),
    ],
)
def test_rich_text_is_cut_to_the_shared_vocabulary(site, html: str, kept: str):
    record, _files = over_the_wire(factories.play())
    record.content["preconditions"] = html
    record.content["steps"][0]["value"]["do"] = html
    again = mapping.new_page(record)
    mapping.fill_page(again, record, None)
    assert again.preconditions == kept
    assert again.steps[0].value["do"].source == kept
