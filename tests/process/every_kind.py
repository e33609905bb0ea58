"""Publish one of each kind that the starter lacks, in three languages, where a node's settings say.

python -m tests.process.every_kind prints, as JSON, each language's paths by the kind of page.
Titles hold a long word and a name in the other direction: both break a layout first.
"""

import datetime
import json
from typing import Any

import django

django.setup()

from django.core.files.uploadedfile import SimpleUploadedFile  # noqa: E402
from wagtailmedia.models import Media  # noqa: E402

from federation.models import Provenance  # noqa: E402
from playbook.addresses import short_id  # noqa: E402
from playbook.models import (  # noqa: E402
    EpisodePage,
    EventPage,
    GroupPage,
    OrganisationPage,
    StandardPage,
    SupportOfferPage,
)
from tests import factories  # noqa: E402

from . import arabic_items  # noqa: E402

TODAY = datetime.date.today()
DAY = datetime.timedelta(days=1)
# Made up, all of it: no such organisation, place, person or event is known to us.
WORDS: dict[str, dict[str, str]] = {
    "en": {
        "organisation": "Harbour Legal Aid (مرفأ العون)",
        "about": "We answer groups whose office was searched. We do not take part in elections.",
        "group": "Working group on counterdisinformation",
        "offer": "Urgent legal line for searches and summons",
        "scope": "First advice within a day, and a lawyer who comes. No representation in court.",
        "who": "Any registered or unregistered group in the coalition",
        "spoken": "English, Français, العربية",
        "soon": "In the last year: within 6 hours by day, 12 by night",
        "route": "Ask the safety lead of your coalition for the current number.",
        "episode": "Three days without an office",
        "summary": "Two coordinators tell how forty people went on working from kitchens.",
        "speakers": "The coordinator of Cedar coalition, نائبتها",
        "told": "They came at nine. By noon everyone knew whom to call, because of the card.",
        "event": "Forum on internationalization of counterdisinformation",
        "place": "Community hall, Port Verity",
        "part": "Write to the coalition by a route that you have used before.",
        "text": "How we work",
    },
    "ar": {
        "organisation": "مرفأ العون القانوني (Harbour Legal Aid)",
        "about": "نجيب المجموعات التي فُتِّش مكتبها. لا نشارك في الانتخابات.",
        "group": "مجموعة العمل المعنية بالتضليل",
        "offer": "خط قانوني عاجل للتفتيش والاستدعاء",
        "scope": "مشورة أولى خلال 24 ساعة، ومحامٍ يحضر. لا تمثيل أمام المحكمة.",
        "who": "أي مجموعة في الائتلاف، مسجَّلة كانت أم لا",
        "spoken": "العربية، English، Français",
        "soon": "في السنة الماضية: خلال 6 ساعات نهارًا و12 ليلًا",
        "route": "اطلبوا الرقم الحالي من مسؤول السلامة في ائتلافكم.",
        "episode": "ثلاثة أيام بلا مكتب",
        "summary": "منسقتان ترويان كيف واصل أربعون شخصًا العمل من المطابخ.",
        "speakers": "منسقة Cedar coalition ونائبتها",
        "told": "جاؤوا في التاسعة. عند الظهر كان الجميع يعرف بمن يتصل، بفضل البطاقة.",
        "event": "منتدى الاستجابة المشتركة للتضليل (Forum 2)",
        "place": "القاعة الأهلية، Port Verity",
        "part": "اكتبوا إلى الائتلاف عبر طريق استخدمتموه من قبل.",
        "text": "كيف نعمل",
    },
    "fr": {
        "organisation": "Aide juridique du Havre-Clair (مرفأ العون)",
        "about": "Nous répondons aux groupes dont le bureau a été fouillé.",
        "group": "Groupe de travail contre la désinformation",
        "offer": "Ligne juridique d’urgence : perquisitions et convocations",
        "scope": "Un premier conseil en un jour, et un avocat qui vient. Pas de représentation.",
        "who": "Tout groupe de la coalition, enregistré ou non",
        "spoken": "Français, English, العربية",
        "soon": "L’an dernier : en 6 heures le jour, 12 la nuit",
        "route": "Demandez le numéro actuel au responsable sécurité de votre coalition.",
        "episode": "Trois jours sans bureau",
        "summary": "Deux coordinatrices racontent comment quarante personnes ont continué.",
        "speakers": "La coordinatrice de Cedar coalition, نائبتها",
        "told": "Ils sont venus à neuf heures. À midi, chacun savait qui appeler.",
        "event": "Forum sur l’anticonstitutionnalité des lois d’enregistrement",
        "place": "Salle commune, Port Verity",
        "part": "Écrivez à la coalition par une voie que vous avez déjà utilisée.",
        "text": "Comment nous travaillons",
    },
}


def main() -> None:
    sound = SimpleUploadedFile("talk.mp3", b"ID3" + bytes(600_000))
    audio = Media.objects.create(title="Talk", file=sound, type="audio", duration=754)
    made = {code: publish(code, words, audio) for code, words in WORDS.items()}
    made["ar"] |= arabic_items.publish()
    for row in Provenance.objects.filter(page__live=True).select_related("page__locale"):
        code = row.page.locale.language_code
        made[code]["provenance of what is shared"] = f"/{code}/p/{short_id(row.page)}/"
    print(json.dumps(made))


def publish(code: str, words: dict[str, str], audio: Media) -> dict[str, str]:
    """Return the paths of what was published in that language, by the kind of page."""

    def live(model: Any, title: str, **fields: Any) -> Any:
        return factories.live(factories.item(model, code, title=words[title], **fields))

    listed = {"listing": "public", "description": f"<p>{words['about']}</p>"}
    organisation = live(OrganisationPage, "organisation", website="https://a.example", **listed)
    group = live(GroupPage, "group", organisations=[organisation], **listed)
    offer = {
        "scope": words["scope"],
        "contact_route": f"<p>{words['route']}</p>",
        "offered_by": organisation,
        "eligibility": words["who"],
        "languages_spoken": words["spoken"],
        "response_time": words["soon"],
        "threats": [factories.threat("coercive")],
    }
    event = {
        "summary": words["summary"],
        "openness": "public",
        "place": words["place"],
        "description": f"<p>{words['about']}</p>",
        "taking_part": f"<p>{words['part']}</p>",
    }
    episode = live(
        EpisodePage,
        "episode",
        audio=audio,
        number=3,
        summary=words["summary"],
        speakers=words["speakers"],
        transcript=f"<h2>{words['summary']}</h2><p>{words['told']}</p>",
    )
    withdrawn = factories.live(factories.play(code, title=words["offer"]))
    withdrawn.withdraw(words["told"], TODAY)
    live(EventPage, "event", begins=TODAY - 9 * DAY, **event)
    ended = live(SupportOfferPage, "offer", verified_on=TODAY - DAY, expires=TODAY)
    pages = {
        "organisation": organisation,
        "group": group,
        "offer": live(SupportOfferPage, "offer", **offer),
        "ended offer": ended,
        "episode": episode,
        "event": live(EventPage, "event", begins=TODAY + DAY, ends=TODAY + 3 * DAY, **event),
        "text": live(StandardPage, "text", body=f"<h2>{words['text']}</h2><p>{words['about']}</p>"),
        "withdrawn": withdrawn,
    }
    paths = {kind: page.url for kind, page in pages.items()}
    paths["thanks"] = f"/{code}/feedback/{episode.pk}/thanks/"
    paths["provenance of what was withdrawn"] = f"/{code}/p/{short_id(withdrawn)}/"
    return paths


if __name__ == "__main__":
    main()
