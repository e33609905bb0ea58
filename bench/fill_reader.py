"""Fill a node with one play and what belongs to it, as pages. Run as a node's process.

Takes `stock`: whether as a stock Wagtail project has them, else as ours; and `seed`. Tells the
address of the play.
"""

import datetime
import io
import json
import sys
from typing import Any

import django

django.setup()

from django.apps import apps  # noqa: E402
from django.conf import settings  # noqa: E402
from django.core.files.uploadedfile import SimpleUploadedFile  # noqa: E402
from django.db import connection  # noqa: E402
from PIL import Image  # noqa: E402
from wagtail.models import Locale, Page, Site  # noqa: E402

from bench.material import Writer  # noqa: E402
from playbook.models import (  # noqa: E402
    CasePage,
    Dimension,
    Evidence,
    Mechanism,
    PlaybookImage,
    PlayPage,
    Sector,
    SupportOfferPage,
    TemplatePage,
    Threat,
)
from playbook.setup import prepare_site, section_for  # noqa: E402
from playbook.workflows import publish_trusted  # noqa: E402

CASES, TEMPLATES, OFFERS = 3, 2, 2
TERMS = {"threats": (Threat, 2), "mechanisms": (Mechanism, 2), "sectors": (Sector, 2),
         "dimensions": (Dimension, 1)}  # fmt: skip


def values(writer: Writer) -> dict[str, Any]:
    """The fields of the play, the same ones for both."""
    content = writer.content()
    steps = json.dumps(content.pop("steps"))
    terms = {}
    for name, (model, count) in TERMS.items():
        terms[name] = list(model.objects.filter(locale=Locale.get_default())[:count])
    return {**content, **terms, "steps": steps, "slug": "a-play", "picture": picture(),
            "local_legal_note": writer.html(40)}  # fmt: skip


def picture() -> PlaybookImage:
    target = io.BytesIO()
    Image.new("RGB", (1200, 800), "teal").save(target, "JPEG")
    file = SimpleUploadedFile("picture.jpg", target.getvalue())
    return PlaybookImage.objects.create(title="A picture", file=file)


def add(parent: Page, page: Any) -> Any:
    """Put a page of ours below another; live, by the trusted route."""
    page.live, page.locale = False, parent.locale
    parent.add_child(instance=page)
    return publish(page)


def publish(page: Any) -> Any:
    publish_trusted(page.save_revision(), reason="the benchmarks")
    return type(page).objects.get(pk=page.pk)


def ours(writer: Writer) -> str:
    fields = values(writer)
    related = {name: fields.pop(name) for name in TERMS}
    today = datetime.date(2026, 1, 1)
    cases = [
        add(section_for(CasePage, "en"), CasePage(
            title=writer.sentence(5), kind="coalition", summary=writer.sentence(60)))
        for _ in range(CASES)
    ]  # fmt: skip
    templates = [
        add(section_for(TemplatePage, "en"), TemplatePage(
            title=writer.sentence(4), purpose=writer.sentence(10), parts="[]"))
        for _ in range(TEMPLATES)
    ]  # fmt: skip
    offers = [
        add(section_for(SupportOfferPage, "en"), SupportOfferPage(
            title=writer.sentence(4), kind="legal", scope=writer.sentence(10),
            contact_route=writer.html(10), verified_on=today,
            expires=datetime.date(2100, 1, 1)))
        for _ in range(OFFERS)
    ]  # fmt: skip
    play = PlayPage(**fields, picture_alt="A teal field", status_as_of=today)
    for name, terms in {**related, "templates": templates, "support": offers}.items():
        setattr(play, name, terms)
    play = add(section_for(PlayPage, "en"), play)
    for case in cases:
        play.evidence.add(Evidence(page=case, stance="for"))
    play = publish(play)
    translated = play.copy_for_translation(Locale.objects.get(language_code="fr"))
    publish(translated)
    return str(play.relative_url(Site.objects.get(is_default_site=True)))


def make_stock_tables() -> None:
    with connection.schema_editor() as editor:
        for model in apps.get_app_config("stock").get_models():
            editor.create_model(model)


def stock(writer: Writer) -> str:
    from bench.stock import models as made

    fields = values(writer)
    related = {name: fields.pop(name) for name in TERMS}
    root = Page.get_first_root_node()
    home = root.add_child(instance=made.StockHome(title="Home", slug="stock", locale=root.locale))
    sections = [
        home.add_child(instance=made.StockIndex(title=name, slug=name, show_in_menus=True))
        for name in ("plays", "cases", "support", "templates")
    ]
    plays = sections[0]
    french = Locale.objects.get(language_code="fr")
    items = [
        plays.add_child(instance=made.StockItem(title=writer.sentence(5)))
        for _ in range(CASES + TEMPLATES + OFFERS)
    ]
    play = made.StockPlay(**fields)
    plays.add_child(instance=play)
    for name, terms in related.items():
        setattr(play, name, terms)
    play.templates = items[CASES : CASES + TEMPLATES]
    play.support = items[CASES + TEMPLATES :]
    for item in items[:CASES]:
        play.evidence.add(made.StockEvidence(page=item, stance="for"))
    play.save()
    for page in (home, plays, play):
        page.copy_for_translation(french, copy_parents=True)
    Page.objects.filter(locale=french).update(live=True)
    Site.objects.filter(is_default_site=True).update(root_page=home)
    Site.clear_site_root_paths_cache()
    return f"/en/plays/{play.slug}/"


def main() -> None:
    asked = json.loads(sys.argv[1])
    if asked["stock"]:
        make_stock_tables()
    prepare_site(settings.PLAYBOOK_LANGUAGES)
    writer = Writer(asked["seed"])
    print(json.dumps({"address": stock(writer) if asked["stock"] else ours(writer)}))


if __name__ == "__main__":
    main()
