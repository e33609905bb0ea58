"""Real queries over the starter content, in six languages: what has to come first, or near it."""

import pytest
from django.db import transaction
from django.test import Client, override_settings

from playbook.setup import prepare_site
from playbook.starter.loader import load_starter

# One worker has them all: the starter texts are loaded once.
pytestmark = [pytest.mark.django_db, pytest.mark.xdist_group("relevance")]
LANGUAGES = ["en", "ar", "es", "fr", "pt", "sw"]
DOOR, STORY, DEMAND = (
    "officials-at-the-door", "false-story-spreading", "unexpected-compliance-demand",
)  # fmt: skip
FROZEN, HELD, WATCH = "accounts-frozen", "staff-detained-or-ordered-to-leave", "upheaval-watch"
NOTICE, QUIET, AFTER = "facing-deregistration-notice", "quiet-diplomacy", "after-the-crisis"
FOLDER, CHOICE, SMEAR = (
    "compliance-evidence-folder", "comply-contest-restructure", "before-the-smear",
)  # fmt: skip

FIRST = {
    "en": [
        ("police", DOOR), ("Raid on our office", DOOR), ("RAIDED", DOOR), ("search warrant", DOOR),
        ("the police are at our door what do we do", DOOR), ("phones taken", DOOR),
        ("polcie", DOOR), ("bank account blocked", FROZEN), ("frozen bank accounts", FROZEN),
        ("staff arrested", HELD), ("my colleague was detained", HELD), ("deported", HELD),
        ("visa", HELD), ("tax inspection", DEMAND), ("ministry asking for documents", DEMAND),
        ("list of donors", DEMAND), ("deregistered", NOTICE), ("déregistration", NOTICE),
        ("elections", WATCH), ("ambassador", QUIET), ("burnout", AFTER),
        ("appeal or comply", CHOICE),
        ("keep our records", FOLDER), ("office sealed", "continuity-roles-office-closed"),
        ("sharing lawyers", "sharing-counsel"), ("rotating desk", "rotating-crisis-desk"),
        ("before the smear", SMEAR), ("draft law", "one-reply-to-draft-law"),
    ],
    "fr": [
        ("descente de police", DOOR), ("perquisition", DOOR), ("PERQUISITIONS", DOOR),
        ("la police est à la porte !", DOOR), ("ordinateurs saisis", DOOR),
        ("fausse nouvelle", STORY), ("diffamation", STORY), ("rumeurs", STORY),
        ("réseaux sociaux", STORY), ("contrôle fiscal", DEMAND), ("controle fiscal", DEMAND),
        ("demande de conformite", DEMAND), ("liste des bénéficiaires", DEMAND),
        ("compte bancaire bloqué", FROZEN), ("arrestation", HELD), ("dissolution", NOTICE),
        ("ambassade", QUIET), ("élections", WATCH),
    ],
    "ar": [
        ("مداهمة", DOOR), ("المداهمات", DOOR), ("مُداهَمة", DOOR), ("مداهمه", DOOR),
        ("الشرطة على الباب", DOOR), ("شرطه", DOOR), ("تفتيش المكتب", DOOR), ("بوليس", DOOR),
        ("شائعات", STORY), ("إشاعة", STORY), ("اشاعات", STORY), ("أخبار كاذبة", STORY),
        ("اخبار كاذبه", STORY), ("تشهير", STORY), ("التدقيق", DEMAND), ("طلب وثائق", DEMAND),
        ("قائمة المانحين", DEMAND), ("٤٨ ساعة", DEMAND), ("حسابنا مجمد", FROZEN),
        ("اعتقال موظف", HELD), ("سفارة", QUIET), ("انتخابات", WATCH),
    ],
    "es": [
        ("allanamiento", DOOR), ("ALLANAMIENTOS", DOOR), ("redada", DOOR), ("policía", DOOR),
        ("policia en la puerta", DOOR), ("noticias falsas", STORY), ("difamación", STORY),
        ("difamacion", STORY), ("rumores", STORY), ("auditoría", DEMAND), ("auditoria", DEMAND),
        ("lista de donantes", DEMAND), ("impuestos", DEMAND), ("cuenta bloqueada", FROZEN),
        ("detenido", HELD), ("elecciones", WATCH),
    ],
    "pt": [
        ("rusga", DOOR), ("MANDADO", DOOR), ("polícia", DOOR), ("policia à porta", DOOR),
        ("notícias falsas", STORY), ("difamacao", STORY), ("boatos", STORY),
        ("auditoria", DEMAND), ("inspeções", DEMAND), ("inspecoes", DEMAND),
        ("lista de doadores", DEMAND), ("conta bloqueada", FROZEN), ("detenção", HELD),
    ],
    "sw": [
        ("uvamizi", DOOR), ("tumevamiwa", DOOR), ("polisi", DOOR), ("POLISI", DOOR),
        ("polisi mlangoni", DOOR), ("uongo", STORY), ("habari za uongo", STORY),
        ("uvumi", STORY), ("magazeti", STORY), ("ukaguzi", DEMAND), ("wakaguzi", DEMAND),
        ("barua ya wizara", DEMAND), ("orodha ya wafadhili", DEMAND),
        ("akaunti imefungwa", FROZEN), ("wamekamatwa", HELD), ("uchaguzi", WATCH),
    ],
}  # fmt: skip
TOP_THREE = {
    "en": [
        ("fake news", STORY), ("lies in the newspaper", STORY), ("doxxing", STORY),
        ("smear campaign", STORY), ("audit", DEMAND), ("audit", "alert-system-met-audit-demand"),
        ("coup", WATCH), ("lawyer", DEMAND), ("embassy", QUIET),
    ],
    "fr": [("avocat", DOOR), ("avocat", DEMAND), ("rumeurs", SMEAR)],
    "ar": [("محامي", DOOR), ("المحامون", DEMAND), ("تجميد حساب", FROZEN)],
    "es": [("abogada", DOOR), ("redes sociales", STORY)],
    "pt": [("advogado", DEMAND), ("redes sociais", STORY)],
    "sw": [("wakili", DEMAND), ("mawakili", DOOR), ("kodi", DEMAND)],
}  # fmt: skip


@pytest.fixture(autouse=True, scope="module")
def _starter(django_db_setup, django_db_blocker):
    """Load it once, live in six languages: the tests only read."""
    languages = override_settings(PLAYBOOK_LANGUAGES=LANGUAGES)
    with django_db_blocker.unblock(), transaction.atomic(), languages:
        prepare_site(LANGUAGES)
        load_starter(LANGUAGES, live=True)
        yield
        transaction.set_rollback(True)


def found(language: str, text: str) -> list[tuple[str, str]]:
    """Return slug and language of what a reader sees, in its order."""
    answer = Client().get(f"/{language}/search/", {"q": text})
    assert answer.status_code == 200
    return [
        (result.url.rstrip("/").split("/")[-1], result.language.code if result.language else "")
        for result in answer.context["results"]
    ]


def cases(table):
    return [(language, *row) for language, rows in table.items() for row in rows]


def test_there_are_enough_queries_in_each_language():
    assert {language: len(rows) >= 8 for language, rows in FIRST.items()} == dict.fromkeys(
        LANGUAGES, True
    )


@pytest.mark.parametrize(("language", "text", "slug"), cases(FIRST))
def test_what_has_to_come_first_does(language, text, slug):
    results = found(language, text)
    assert results, "nothing found"
    assert results[0][0] == slug


@pytest.mark.parametrize(("language", "text", "slug"), cases(TOP_THREE))
def test_what_has_to_be_near_the_top_is(language, text, slug):
    assert slug in [name for name, _language in found(language, text)[:3]]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_is_shown_in_the_readers_language_where_it_exists(language):
    shown = dict(found(language, "police"))
    assert shown[DOOR] == ""
    assert len(shown) == len(found(language, "police"))


@pytest.mark.parametrize("language", ["ar", "es", "fr", "pt", "sw"])
def test_a_page_without_a_translation_is_shown_with_its_language(language):
    assert dict(found(language, "elections"))[WATCH] == "en"


def test_words_of_another_language_find_the_page_in_the_readers_own():
    assert found("fr", "مداهمة")[0] == (DOOR, "")
    assert found("sw", "redada")[0] == (DOOR, "")
