"""Feeds, podcast, sitemap and previews: what other machines learn of what is live, and no more."""

import datetime
import xml.etree.ElementTree as ET
from urllib.parse import urlsplit

import feedparser
import pytest
from bs4 import BeautifulSoup
from django.contrib.staticfiles import finders
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image
from wagtail.models import Locale, PageViewRestriction
from wagtailmedia.models import Media

from playbook.addresses import short_id
from playbook.models import Design, EpisodePage
from playbook.setup import section_for
from tests import factories

pytestmark = pytest.mark.django_db
DAY = datetime.date(2026, 3, 9)
SOUND = bytes(range(256)) * 40


def episode(language="en", *, audio=True, publish=True, **fields):
    media = None
    if audio:
        upload = SimpleUploadedFile("talk.mp3", SOUND)
        media = Media.objects.create(title="Talk", file=upload, type="audio", duration=61.5)
    page = EpisodePage(
        **{
            "title": "What we did",
            "summary": "Two people tell <how> it went.",
            "transcript": "<p>We wrote everything down.</p>",
            "audio": media,
            "number": 3,
            **fields,
        }
    )
    page.live = False
    page.locale = Locale.objects.get_or_create(language_code=language)[0]
    section_for(EpisodePage, language).add_child(instance=page)
    page.save_revision()
    return factories.live(page) if publish else page


def parsed(client, address, **headers):
    """Return the feed as a reader's program reads it: without a fault."""
    answer = client.get(address, headers=headers)
    assert answer.status_code == 200
    feed = feedparser.parse(
        answer.content, response_headers={"content-type": answer["Content-Type"]}
    )
    assert not feed.bozo, feed.get("bozo_exception")
    return feed


# --- Atom -------------------------------------------------------------------------------------


def test_a_feed_names_the_live_items_of_its_section_and_language_only(site, client):
    page = factories.live(factories.play(title="Heron & <reed>", outcome="A < B"))
    factories.play(title="A draft")
    factories.live(factories.play("fr", title="Le héron"))
    factories.live(factories.case(title="A case"))
    feed = parsed(client, "/en/plays/feed.atom")
    assert feed.version == "atom10"
    assert feed.feed.language == "en"
    (entry,) = feed.entries
    assert entry.title == "Heron & <reed>"
    assert urlsplit(entry.link).path == page.url
    assert entry.id.startswith("urn:uuid:")
    assert entry.summary == "A &lt; B"
    assert entry.rights == "CC-BY-SA-4.0"
    assert [tag.term for tag in entry.tags] == [factories.threat().name]
    assert [item.title for item in parsed(client, "/fr/plays/feed.atom").entries] == ["Le héron"]
    assert [item.title for item in parsed(client, "/en/cases/feed.atom").entries] == ["A case"]


@pytest.mark.parametrize(
    "section", ["plays", "cases", "strategies", "findings", "templates", "podcast", "events"]
)
def test_an_empty_section_has_a_feed_that_stays_the_same(site, client, section):
    first = client.get(f"/ar/{section}/feed.atom")
    assert first.status_code == 200
    assert first.content == client.get(f"/ar/{section}/feed.atom").content
    assert parsed(client, f"/ar/{section}/feed.atom").entries == []


@pytest.mark.parametrize(
    "address",
    [
        "/en/nothing/feed.atom",
        "/sw/plays/feed.atom",
        "/xx/plays/feed.atom",
        "/en/support/feed.atom",
    ],
)
def test_what_is_no_section_or_language_has_no_feed(site, client, address):
    assert client.get(address).status_code == 404


def test_a_withdrawn_item_leaves_the_feed_at_once(site, client):
    page = factories.live(factories.play(title="Heron"))
    before = client.get("/en/plays/feed.atom")
    assert b"Heron" in before.content
    page.withdraw("It named a place.", DAY)
    after = client.get("/en/plays/feed.atom", headers={"if-none-match": before["ETag"]})
    assert after.status_code == 200
    assert b"Heron" not in after.content


def test_a_private_page_is_in_no_feed(site, client):
    page = factories.live(factories.play(title="Heron"))
    PageViewRestriction.objects.create(page=page, restriction_type="login")
    assert parsed(client, "/en/plays/feed.atom").entries == []


def test_an_unchanged_feed_is_not_sent_again(site, client):
    factories.live(factories.play())
    first = client.get("/en/plays/feed.atom")
    again = client.get("/en/plays/feed.atom", headers={"if-none-match": first["ETag"]})
    assert again.status_code == 304
    assert again.content == b""
    factories.live(factories.play())
    third = client.get("/en/plays/feed.atom", headers={"if-none-match": first["ETag"]})
    assert third.status_code == 200


def test_a_feed_tells_days_and_not_hours(site, client):
    page = factories.live(factories.play())
    (entry,) = parsed(client, "/en/plays/feed.atom").entries
    day = page.last_published_at.astimezone(datetime.UTC).date().isoformat()
    assert entry.updated == entry.published == f"{day}T00:00:00+00:00"


def test_an_entry_keeps_its_id_when_its_title_and_address_change(site, client):
    page = factories.live(factories.play())
    before = parsed(client, "/en/plays/feed.atom").entries[0]
    page.title, page.slug = "Another title", "another-address"
    page.save_revision()
    factories.live(factories.fresh(page))
    after = parsed(client, "/en/plays/feed.atom").entries[0]
    assert after.title == "Another title"
    assert after.id == before.id


def test_characters_that_xml_does_not_have_do_not_break_a_feed(site, client):
    factories.live(factories.play(title="Her\x08on", outcome="A\x0bb"))
    (entry,) = parsed(client, "/en/plays/feed.atom").entries
    assert entry.title == "Heron"


def test_a_feed_takes_as_many_queries_for_many_items_as_for_few(
    site, client, django_assert_max_num_queries
):
    for _number in range(2):
        factories.live(factories.play())
    client.get("/en/plays/feed.atom")
    with django_assert_max_num_queries(20) as few:
        client.get("/en/plays/feed.atom")
    count = len(few)
    for _number in range(6):
        factories.live(factories.play())
    client.get("/en/plays/feed.atom")
    with django_assert_max_num_queries(count):
        assert len(parsed(client, "/en/plays/feed.atom").entries) == 8


# --- Podcast ----------------------------------------------------------------------------------

ITUNES = "{http://www.itunes.com/dtds/podcast-1.0.dtd}"
PODCAST = "{https://podcastindex.org/namespace/1.0}"


def channel(client, address="/en/podcast/feed.xml"):
    return ET.fromstring(client.get(address).content).find("channel")  # noqa: S314 our own


def test_the_podcast_holds_what_the_directories_require(site, client, settings):
    design = Design.objects.create(
        site=site.get_site(), podcast_author="The team", podcast_email="team@example.org"
    )
    assert design.pk
    page = episode()
    feed = parsed(client, "/en/podcast/feed.xml")
    assert feed.version == "rss20"
    found = channel(client)
    for name in ("title", "link", "description", "language", "copyright"):
        assert found.findtext(name), name
    assert found.findtext(f"{ITUNES}author") == "The team"
    assert found.findtext(f"{ITUNES}explicit") == "false"
    assert found.findtext(f"{ITUNES}type") == "episodic"
    assert found.find(f"{ITUNES}category").get("text") == "Business"
    assert found.find(f"{ITUNES}category/{ITUNES}category").get("text") == "Non-Profit"
    assert found.findtext(f"{ITUNES}owner/{ITUNES}name") == "The team"
    assert found.findtext(f"{ITUNES}owner/{ITUNES}email") == "team@example.org"
    assert found.findtext(f"{PODCAST}guid")
    item = found.find("item")
    assert item.findtext("title") == "What we did"
    assert item.findtext("description") == "Two people tell <how> it went."
    assert item.find("guid").get("isPermaLink") == "false"
    assert item.findtext("pubDate").endswith("00:00:00 +0000")
    assert item.findtext(f"{ITUNES}duration") == "61"
    assert item.findtext(f"{ITUNES}episode") == "3"
    assert item.findtext(f"{ITUNES}explicit") == "false"
    enclosure = item.find("enclosure")
    assert enclosure.get("type") == "audio/mpeg"
    assert enclosure.get("length") == str(len(SOUND))
    assert enclosure.get("url") == (f"{settings.PUBLIC_URL}/en/podcast/audio/{short_id(page)}.mp3")


def test_the_picture_of_the_podcast_is_as_the_directories_want_it(site, client):
    address = channel(client).find(f"{ITUNES}image").get("href")
    with Image.open(finders.find(urlsplit(address).path.removeprefix("/static/"))) as image:
        assert image.format == "PNG"
        assert image.mode == "RGB"
        assert image.size == (1400, 1400)


def test_an_episode_names_transcripts_that_are_there(site, client):
    page = episode()
    tags = channel(client).findall(f"item/{PODCAST}transcript")
    assert {tag.get("type") for tag in tags} == {"text/html", "text/plain"}
    for tag in tags:
        address = urlsplit(tag.get("url"))
        answer = client.get(address.path)
        assert answer.status_code == 200
        assert "We wrote everything down." in answer.content.decode()
        assert answer["Content-Type"].startswith(tag.get("type"))
        if address.fragment:
            soup = BeautifulSoup(answer.content, "html.parser")
            assert soup.find(id=address.fragment)
    assert page.live


def test_an_episode_without_audio_is_left_out_of_the_podcast(site, client):
    episode(audio=False)
    lost = episode(title="Lost")
    lost.audio.file.storage.delete(lost.audio.file.name)
    assert channel(client).findall("item") == []


def test_a_withdrawn_episode_leaves_the_podcast_and_its_audio_is_gone(site, client):
    page = episode()
    address = f"/en/podcast/audio/{short_id(page)}.mp3"
    assert client.get(address).status_code == 200
    page.withdraw("It named a place.", DAY)
    assert channel(client).findall("item") == []
    answer = client.get(address)
    assert answer.status_code == 410
    assert answer.content == b""


def test_the_audio_of_a_draft_has_no_address(site, client):
    page = episode(publish=False)
    assert client.get(f"/en/podcast/audio/{short_id(page)}.mp3").status_code == 404
    assert client.get(page.audio.file.url).status_code == 404
    live = episode()
    assert client.get(live.audio.file.url).status_code == 404
    for wrong in (f"{short_id(live)}.exe", "0000000000.mp3"):
        assert client.get(f"/en/podcast/audio/{wrong}").status_code == 404
    assert client.get(f"/fr/podcast/audio/{short_id(live)}.mp3").status_code == 404


@pytest.mark.parametrize(
    ("asked", "status", "start", "end"),
    [
        (None, 200, 0, None),
        ("bytes=0-1", 206, 0, 2),
        ("bytes=100-", 206, 100, None),
        ("bytes=-10", 206, -10, None),
        ("bytes=10000-99999999", 206, 10000, None),
        ("bytes=0-1,5-6", 200, 0, None),
        ("hours=1-2", 200, 0, None),
        ("bytes=-", 200, 0, None),
    ],
)
def test_audio_is_served_in_the_part_that_was_asked_for(site, client, asked, status, start, end):
    page = episode()
    headers = {"range": asked} if asked else {}
    answer = client.get(f"/en/podcast/audio/{short_id(page)}.mp3", headers=headers)
    assert answer.status_code == status
    assert b"".join(answer) == SOUND[start:end]
    assert answer["Accept-Ranges"] == "bytes"
    assert answer["Content-Length"] == str(len(SOUND[start:end]))
    assert answer["Content-Type"] == "audio/mpeg"


def test_audio_is_never_compressed_on_its_way(site, client):
    page = episode()
    answer = client.get(
        f"/en/podcast/audio/{short_id(page)}.mp3",
        headers={"range": "bytes=0-999", "accept-encoding": "gzip"},
    )
    assert "Content-Encoding" not in answer
    assert b"".join(answer) == SOUND[:1000]
    assert answer["Content-Range"] == f"bytes 0-999/{len(SOUND)}"
    feed = client.get("/en/podcast/feed.xml", headers={"accept-encoding": "gzip"})
    assert feed["Content-Encoding"] == "gzip"


def test_a_part_beyond_the_end_of_the_audio_is_refused(site, client):
    page = episode()
    address = f"/en/podcast/audio/{short_id(page)}.mp3"
    answer = client.get(address, headers={"range": "bytes=99999999-"})
    assert answer.status_code == 416
    assert answer["Content-Range"] == f"bytes */{len(SOUND)}"
    head = client.head(address)
    assert head["Content-Length"] == str(len(SOUND))


def test_the_policy_of_reader_pages_lets_the_site_play_its_audio(site, client):
    assert "media-src 'self'" in client.get("/en/")["Content-Security-Policy"]


# --- Sitemap, robots, previews ----------------------------------------------------------------

MAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
LINK = "{http://www.w3.org/1999/xhtml}link"


def located(client):
    root = ET.fromstring(client.get("/sitemap.xml").content)  # noqa: S314 our own
    return {urlsplit(url.findtext(f"{MAP}loc")).path: url for url in root}


def test_the_sitemap_names_each_live_page_with_its_other_languages(site, client, settings):
    page = factories.live(factories.play(slug="heron"))
    other = page.copy_for_translation(Locale.objects.get(language_code="ar"))
    other.slug = "balshun"
    other.save_revision()
    factories.live(factories.fresh(other))
    factories.play(slug="a-draft")
    found = located(client)
    assert {"/en/", "/ar/", "/fr/", "/en/plays/heron/", "/ar/plays/balshun/"} <= set(found)
    assert not [address for address in found if "draft" in address]
    links = found["/en/plays/heron/"].findall(LINK)
    assert {link.get("hreflang"): link.get("href") for link in links} == {
        "en": f"{settings.PUBLIC_URL}/en/plays/heron/",
        "ar": f"{settings.PUBLIC_URL}/ar/plays/balshun/",
    }
    page.withdraw("It named a place.", DAY)
    assert "/en/plays/heron/" not in located(client)


def test_every_address_in_the_sitemap_answers(site, client):
    factories.live(factories.play("ar", slug="واحد"))
    episode()
    addresses = located(client)
    assert len(addresses) > 30
    assert {address: client.get(address).status_code for address in addresses} == dict.fromkeys(
        addresses, 200
    )


def test_the_sitemap_takes_as_many_queries_for_many_pages_as_for_few(
    site, client, django_assert_max_num_queries
):
    client.get("/sitemap.xml")
    with django_assert_max_num_queries(20) as few:
        client.get("/sitemap.xml")
    count = len(few)
    for _number in range(5):
        factories.live(factories.play())
    client.get("/sitemap.xml")
    with django_assert_max_num_queries(count):
        client.get("/sitemap.xml")


def test_robots_are_shown_the_sitemap_and_kept_from_nothing_that_readers_need(client, settings):
    text = client.get("/robots.txt").content.decode()
    assert f"Sitemap: {settings.PUBLIC_URL}/sitemap.xml" in text
    refused = [line for line in text.splitlines() if line.startswith("Disallow")]
    assert refused
    assert "Disallow: /" not in refused
    assert not [line for line in refused if "plays" in line or "cases" in line]


def test_a_page_says_how_it_looks_where_its_address_is_passed_on(site, client, settings):
    image = factories.picture(factories.picture_bytes(size=(1600, 900)))
    page = factories.live(
        factories.play(title="Heron", outcome='A "quiet" pond', picture=image, picture_alt="A pond")
    )
    soup = factories.read(client, page.url)
    address = f"{settings.PUBLIC_URL}{page.url}"
    assert soup.select_one('link[rel="canonical"]')["href"] == address
    said = {tag["property"]: tag["content"] for tag in soup.select("meta[property]")}
    assert said["og:title"] == "Heron"
    assert said["og:description"] == 'A "quiet" pond'
    assert said["og:url"] == address
    assert said["og:type"] == "article"
    assert said["og:image:alt"] == "A pond"
    assert client.get(urlsplit(said["og:image"]).path).status_code == 200
    feed = soup.select_one('link[type="application/atom+xml"]')["href"]
    assert feed == "/en/plays/feed.atom"


def test_a_list_for_one_threat_is_its_own_address_without_what_was_asked(site, client, settings):
    soup = factories.read(client, "/en/plays/?utm=abc")
    assert soup.select_one('link[rel="canonical"]')["href"] == f"{settings.PUBLIC_URL}/en/plays/"


def test_a_withdrawn_page_has_nothing_to_pass_on(site, client):
    page = factories.live(factories.play(title="Heron"))
    page.withdraw("It named a place.", DAY)
    soup = factories.read(client, page.url, status=410)
    assert not soup.select("meta[property], link[rel=canonical]")


def test_other_languages_of_a_page_are_named_at_the_address_that_the_node_has(
    site, client, settings
):
    page = factories.live(factories.play(slug="heron"))
    links = factories.read(client, page.url).select("link[hreflang]")
    assert [link["href"] for link in links] == [f"{settings.PUBLIC_URL}{page.url}"]
