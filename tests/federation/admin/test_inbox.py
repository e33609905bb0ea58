"""What the inbox and an item's page show: the checks as they stand now, and nothing unescaped."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from federation.models import Blob, Entry, Item, ItemState, Record
from federation.services.media import blob_path
from tests import factories
from tests.federation.builders import ForeignNode, media, step

BAD = "<script>alert(1)</script>"


@pytest.fixture
def curator(login, node):
    return login("curator")


def listing(client, **query):
    return client.get(reverse("federation_admin:inbox"), query).content.decode()


def shown(client, item):
    return client.get(reverse("federation_admin:item", args=[item.pk])).content.decode()


def fails(html: str) -> int:
    return html.count('<li class="fed-fails">')


def test_a_line_says_what_it_is_and_that_it_holds(curator, other):
    other.endorse(other.publish({"title": "خبر كاذب"}, lang="ar"))
    html = listing(curator)
    assert '<bdi lang="ar" dir="rtl">خبر كاذب</bdi>' in html
    assert '<bdi lang="ar" dir="rtl">العربية</bdi>' in html
    assert html.count("<bdi>cedar</bdi>") == 2  # from, endorsed by
    assert "all hold" in html


def test_the_filters_narrow_the_list(curator, other, tmp_path):
    olive = ForeignNode("olive", tmp_path)
    other.publish({"title": "Cedar play"})
    olive.publish({"title": "Olive case"}, schema="case/1", lang="fr")
    Item.objects.filter(origin="cedar").update(state=ItemState.DECLINED)
    titles = ("Cedar play", "Olive case")

    def found(**query):
        html = listing(curator, **query)
        return [title for title in titles if title in html]

    assert found() == ["Olive case"]
    assert found(state="all") == list(titles)
    assert found(state="declined") == ["Cedar play"]
    assert found(state="all", origin="cedar") == ["Cedar play"]
    assert found(state="all", lang="fr") == ["Olive case"]
    assert found(state="all", kind="case/1") == ["Olive case"]
    assert found(state="all", kind="play/1", lang="fr") == []
    assert found(state="nonsense") == ["Olive case"]


def test_more_lines_take_no_more_queries(curator, other):
    def queries():
        with CaptureQueriesContext(connection) as captured:
            assert curator.get(reverse("federation_admin:inbox")).status_code == 200
        return len(captured)

    other.endorse(other.publish())
    queries()  # caches of the session and of content types
    one = queries()
    for number in range(4):
        other.endorse(other.publish({"title": f"Another {number}"}))
    assert Item.objects.count() == 5
    assert queries() == one


def test_the_list_is_cut_into_pages(curator, other):
    for number in range(26):
        other.publish({"title": f"Play number {number}."})
    assert listing(curator).count("Play number") == 25
    assert listing(curator, p="2").count("Play number") == 1
    assert "Play number 0." in listing(curator, p="2")


def test_the_page_of_an_item_runs_the_checks_again(curator, other):
    picture = media(factories.picture_bytes())
    item = other.publish(
        {"title": "خبر كاذب", "picture": picture["sha256"], "steps": [step("<p>اكتب</p>")]},
        lang="ar",
        media=[picture],
    )
    html = shown(curator, item)
    assert "Checks: all hold" in html
    assert html.count('<li class="fed-holds">') == 6
    assert other.member.identity_key.fingerprint_groups in html
    assert '<article class="fed-preview fed-content" lang="ar" dir="rtl">' in html
    assert reverse("federation_admin:blob", args=[picture["sha256"]]) in html
    assert "Before you endorse" in html
    assert "Are the dates no finer than a month?" in html


def _change_payload(other, item):
    Record.objects.filter(address=item.address).update(payload=b'{"schema":"play/1"}')


def _change_signature(other, item):
    bad = [{"keyid": "", "sig": "00" * 64}]
    Record.objects.filter(address=item.address).update(signatures=bad)


def _change_place(other, item):
    Entry.objects.filter(address=item.address).update(address="0" * 64)


def _change_row(other, item):
    Item.objects.filter(pk=item.pk).update(version=7)


def _forget_member(other, item):
    (other.conf.trust_dir / "nodes" / "cedar.json").unlink()


def _change_checkpoint(other, item):
    log = other.log
    log.checkpoint = bytes(log.checkpoint).replace(b"\n1\n", b"\n2\n")
    log.save()


def _lose_file(other, item):
    blob_path(Blob.objects.get().sha256).unlink()


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (_change_payload, "record.address-mismatch"),
        (_change_signature, "signature.bad"),
        (_change_place, "log.record-withheld"),
        (_change_row, "record.wrong-origin"),
        (_forget_member, "trust.unknown-member"),
        (_change_checkpoint, "checkpoint.wrong-key"),
        (_lose_file, "media.missing"),
    ],
)
def test_each_check_can_fail(curator, other, spoil, code):
    picture = media(factories.picture_bytes())
    item = other.publish({"picture": picture["sha256"]}, media=[picture])
    assert fails(shown(curator, item)) == 0
    spoil(other, item)
    html = shown(curator, item)
    assert "Checks: not all hold" in html
    assert fails(html) >= 1
    assert code in html


def test_the_list_says_when_checks_fail(curator, other):
    _change_signature(other, other.publish())
    html = listing(curator)
    assert "1 does not hold" in html
    assert "all hold" not in html


def test_an_endorsement_of_another_version_is_not_one_of_this(curator, other, tmp_path):
    hub = ForeignNode("hub", tmp_path, hub=True)
    first = other.publish()
    hub.endorse(first)
    assert "It names exactly this version." in shown(curator, first)
    second = other.publish({"outcome": "More."}, after=first)
    html = shown(curator, second)
    assert "It names another version, not this one." in html
    assert "It names exactly this version." not in html
    assert "Endorsed by" in listing(curator)
    assert "<bdi>hub</bdi>" not in listing(curator)


def test_an_endorsement_that_lies_about_its_place_does_not_hold(curator, other, tmp_path):
    hub = ForeignNode("hub", tmp_path, hub=True)
    item = other.publish()
    hub.endorse(item, index=item.index + 5)
    html = shown(curator, item)
    assert "It names another version, not this one." in html
    assert fails(html) == 1


def test_what_changed_stands_beside_what_was(curator, other):
    first = other.publish({"outcome": "Before.", "steps": [step("<p>One</p>")]})
    kept = {"id": "0" * 8 + "-0000-4000-8000-" + "0" * 12, "type": "step", "value": {"do": "x"}}
    second = other.publish({"outcome": "After.", "steps": [kept]}, after=first)
    html = shown(curator, second)
    assert "What changed since the version before" in html
    assert '<div class="fed-content" lang="en" dir="ltr">Before.</div>' in html
    assert '<div class="fed-content" lang="en" dir="ltr">After.</div>' in html
    assert html.count('<th scope="row">Steps: 1</th>') == 2
    assert '<th scope="row">Title</th>' not in html


def test_what_differs_from_the_page_here(curator, other, login):
    item = other.publish({"outcome": "Before.", "worse": '<p data-block-key="a1b2c">Haste</p>'})
    login("editor").post(reverse("federation_admin:adopt", args=[item.pk]))
    assert "The text says the same." in shown(curator, item)
    other.publish({"outcome": "After.", "worse": "<p>Haste</p>"}, after=item)
    html = shown(curator, item)
    assert "What differs from the page here" in html
    assert '<th scope="row">Outcome</th>' in html
    assert "What could make it worse</th>" not in html


def test_hostile_content_is_shown_and_not_run(curator, other):
    first = other.publish({"title": BAD, "outcome": BAD})
    item = other.publish(
        {
            "title": f"{BAD}\u202e",
            "outcome": BAD + "x",
            "who_leads": '"><img src=x onerror=alert(1)>',
            "worse": f'{BAD}<p onclick="x()">p</p><a href="javascript:alert(1)">go</a>',
            "steps": [step(BAD, who=BAD)],
            "unknown_field": {"a": BAD},
        },
        after=first,
    )
    html = shown(curator, item) + listing(curator)
    assert BAD not in html
    assert "&lt;script&gt;alert(1)" in html
    assert "<img src=x" not in html
    assert "onclick" not in html.split("fed-preview")[1]
    assert 'href="javascript' not in html
    assert "\\u202e" in html


def test_what_was_withdrawn_says_so(curator, other):
    item = other.retract(other.publish(), "It endangers people.")
    html = shown(curator, item)
    assert "Withdrawn by its author." in html
    assert "It endangers people." in html
    assert "There is nothing left to check." in html
    assert reverse("federation_admin:endorse", args=[item.pk]) not in html
    assert "nothing left to check" in listing(curator, state="all")


def test_nothing_is_said_to_hold_of_what_was_recalled(curator, other):
    item = other.publish()
    assert "all hold" in listing(curator, state="all")
    Item.objects.filter(pk=item.pk).update(state=ItemState.RECALLED)
    for html in (shown(curator, item), listing(curator, state="all")):
        assert "all hold" not in html
        assert "othing left to check" in html


def test_an_error_comes_with_what_to_do(curator, other):
    item = other.publish()
    Item.objects.filter(pk=item.pk).update(error="media.missing", error_detail="No picture.")
    for html in (listing(curator), shown(curator, item)):
        assert "media.missing" in html
        assert "No picture." in html
        assert "the item waits without it" in html


def test_a_picture_is_served_as_what_it_is(curator, other):
    data = factories.picture_bytes()
    picture = media(data)
    response = curator.get(reverse("federation_admin:blob", args=[picture["sha256"]]))
    assert b"".join(response.streaming_content) == data
    assert response["Content-Type"] == "image/jpeg"
    assert response["X-Content-Type-Options"] == "nosniff"
    Blob.objects.update(type="text/html")
    url = reverse("federation_admin:blob", args=[picture["sha256"]])
    assert curator.get(url, follow=True).status_code == 404


def test_terms_and_languages_nobody_knows_are_shown_by_their_codes(curator, other):
    item = other.publish({"threats": ["media", "drought"]}, lang="xx")
    html = shown(curator, item)
    assert "<li>drought</li>" in html
    assert '<bdi lang="xx" dir="auto">xx</bdi>' in html


def test_an_endorsement_of_what_was_taken_back_still_names_that_version(curator, other):
    item = other.publish()
    other.endorse(item)
    item = other.retract(item)
    html = shown(curator, item)
    assert "It names exactly this version." in html
    assert "It names another version" not in html
