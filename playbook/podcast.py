"""The podcast as directories want it (RSS 2.0), and its audio, byte by byte.

Only the audio of a live episode has an address. Everybody finds a transcript beside it.
"""

import datetime
import mimetypes
import uuid
from pathlib import PurePosixPath
from typing import Any
from xml.sax.xmlreader import AttributesImpl

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.templatetags.static import static
from django.utils.feedgenerator import Enclosure, Rss201rev2Feed
from django.utils.translation import gettext as _
from django.utils.xmlutils import SimplerXMLGenerator
from django.views.decorators.http import require_safe

from playbook import public
from playbook.addresses import absolute, in_language, page_address, short_id, stable_id
from playbook.byte_ranges import file_answer
from playbook.feeds import answer, day_of, node_name, requested_language, section_title, writable
from playbook.models import Design, EpisodePage

ITUNES = "http://www.itunes.com/dtds/podcast-1.0.dtd"
PODCAST = "https://podcastindex.org/namespace/1.0"
# The namespace from which a podcast's own id is made, by the definition of podcast:guid.
_PODCAST_IDS = uuid.UUID("ead4c236-bf58-58c6-a2c6-a6b28d128cb6")
_NO_EPISODE = datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC)
# What directories take. Python's own table has other names for some.
_TYPES = {"m4a": "audio/mp4", "mp3": "audio/mpeg", "ogg": "audio/ogg", "opus": "audio/ogg"}


def audio_type(name: str) -> str:
    """Return the media type of an audio file by the end of its name."""
    ending = PurePosixPath(name).suffix[1:].lower()
    return _TYPES.get(ending) or mimetypes.guess_type(name)[0] or "application/octet-stream"


def audio_path(episode: EpisodePage) -> str | None:
    """Return the path under which an episode's audio is served, or None without audio."""
    if episode.audio is None:
        return None
    ending = PurePosixPath(episode.audio.file.name).suffix[1:].lower() or "bin"
    code = episode.locale.language_code
    return in_language("playbook_audio", code, short_id(episode), ending)


def audio_size(episode: EpisodePage) -> int | None:
    """Return the bytes of an episode's audio, or None where the file is not there."""
    try:
        return episode.audio.file.size if episode.audio else None
    except OSError:
        return None


class PodcastFeed(Rss201rev2Feed):
    """RSS 2.0 with the elements of Apple's and of the open podcast namespace."""

    def latest_post_date(self) -> datetime.datetime:
        return max((item["pubdate"] for item in self.items), default=_NO_EPISODE)

    def rss_attributes(self) -> dict[str, str]:
        return {**super().rss_attributes(), "xmlns:itunes": ITUNES, "xmlns:podcast": PODCAST}

    def add_root_elements(self, handler: SimplerXMLGenerator) -> None:
        super().add_root_elements(handler)
        feed = self.feed
        handler.addQuickElement("itunes:author", feed["author_name"])
        handler.addQuickElement("itunes:image", None, {"href": feed["image"]})
        handler.startElement("image", AttributesImpl({}))
        for name, value in (
            ("url", feed["image"]),
            ("title", feed["title"]),
            ("link", feed["link"]),
        ):
            handler.addQuickElement(name, value)
        handler.endElement("image")
        handler.startElement("itunes:category", AttributesImpl({"text": "Business"}))
        handler.addQuickElement("itunes:category", None, {"text": "Non-Profit"})
        handler.endElement("itunes:category")
        handler.addQuickElement("itunes:explicit", "false")
        handler.addQuickElement("itunes:type", "episodic")
        handler.startElement("itunes:owner", AttributesImpl({}))
        handler.addQuickElement("itunes:name", feed["author_name"])
        if feed["owner_email"]:
            handler.addQuickElement("itunes:email", feed["owner_email"])
        handler.endElement("itunes:owner")
        handler.addQuickElement("podcast:guid", feed["podcast_id"])
        handler.addQuickElement("podcast:medium", "podcast")

    def add_item_elements(self, handler: SimplerXMLGenerator, item: dict[str, Any]) -> None:
        super().add_item_elements(handler, item)
        handler.addQuickElement("itunes:title", item["title"])
        handler.addQuickElement("itunes:summary", item["description"])
        handler.addQuickElement("itunes:author", item["speakers"])
        handler.addQuickElement("itunes:explicit", "false")
        handler.addQuickElement("itunes:episodeType", "full")
        if item["number"]:
            handler.addQuickElement("itunes:episode", str(item["number"]))
        if item["seconds"]:
            handler.addQuickElement("itunes:duration", str(item["seconds"]))
        for address, kind in item["transcripts"]:
            handler.addQuickElement(
                "podcast:transcript",
                None,
                {"url": address, "type": kind, "language": self.feed["language"]},
            )


@require_safe
def podcast_feed(request: HttpRequest) -> HttpResponse:
    code = requested_language()
    name = writable(node_name(request))
    design = Design.objects.filter(site__is_default_site=True).first()
    author = (design.podcast_author if design else "") or name
    feed = PodcastFeed(
        title=f"{name}: {section_title('podcast')}",
        link=absolute(in_language("wagtail_serve", code, "")),
        description=_("What others did when they came under pressure, in their own words."),
        language=code,
        author_name=writable(author),
        feed_url=absolute(request.path),
        feed_copyright=f"{name}, CC-BY-SA-4.0",
        image=absolute(static("playbook/podcast.png")),
        owner_email=design.podcast_email if design else "",
        podcast_id=str(uuid.uuid5(_PODCAST_IDS, absolute(request.path).split("//")[-1])),
    )
    for episode in public.items(EpisodePage, code).select_related("audio", "locale"):
        size, path = audio_size(episode), audio_path(episode)
        if size is None or path is None:
            continue  # no audio, or no file: a directory would refuse the whole feed
        address = page_address(episode)
        plain = absolute(in_language("playbook_take_file", code, short_id(episode), "txt"))
        feed.add_item(
            title=writable(episode.title),
            link=address,
            description=writable(episode.summary),
            unique_id=stable_id(episode).urn,
            unique_id_is_permalink=False,
            pubdate=day_of(episode, "first_published_at"),
            enclosures=[Enclosure(absolute(path), str(size), audio_type(episode.audio.file.name))],
            speakers=writable(episode.speakers) or author,
            number=episode.number,
            seconds=int(episode.audio.duration or 0),
            transcripts=[(f"{address}#transcript", "text/html"), (plain, "text/plain")],
        )
    return answer(request, feed)


@require_safe
def audio(request: HttpRequest, short: str, ending: str) -> HttpResponseBase:
    """Serve the audio of a live episode; 410 once it was withdrawn, 404 for all else."""
    code = requested_language()
    episode = public.find(short, code)
    if not isinstance(episode, EpisodePage) or episode.locale.language_code != code:
        raise Http404
    if not episode.live:
        return HttpResponse(status=410)
    media = episode.audio
    if media is None or audio_path(episode) != request.path or audio_size(episode) is None:
        raise Http404
    return file_answer(request, media.file, audio_type(media.file.name))
