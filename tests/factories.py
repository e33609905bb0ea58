"""Things for tests to be about, made the way the product makes them."""

import datetime
import io
import itertools
from typing import Any

from bs4 import BeautifulSoup
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image
from wagtail.documents.models import Document
from wagtail.models import Locale
from wagtail.test.utils.form_data import (
    inline_formset,
    nested_form_data,
    rich_text,
    streamfield,
)

from playbook.models import (
    CasePage,
    EpisodePage,
    EventPage,
    Evidence,
    FindingPage,
    GroupPage,
    PlaybookImage,
    PlayPage,
    StandardPage,
    StrategyPage,
    SupportOfferPage,
    TemplatePage,
    Threat,
)
from playbook.redaction import QUESTIONS
from playbook.setup import section_for
from playbook.workflows import publish_trusted

PASSWORD = "a long password for tests"
ALL_YES = dict.fromkeys(QUESTIONS, "yes")
_number = itertools.count(1)


def person(name: str, *groups: str, **fields: Any) -> User:
    user = User.objects.create_user(name, f"{name}@example.org", PASSWORD, **fields)
    user.groups.set(Group.objects.filter(name__in=groups))
    return user


def persons(roles: dict[str, str | None]) -> dict[str, User]:
    """Return people by name, all made at once: each in a group, or a superuser without one."""
    password = make_password(PASSWORD)
    made = User.objects.bulk_create(
        User(username=name, email=f"{name}@example.org", password=password, is_superuser=not group)
        for name, group in roles.items()
    )
    groups = dict(Group.objects.values_list("name", "id"))
    User.groups.through.objects.bulk_create(
        User.groups.through(user=user, group_id=groups[group])
        for user in made
        if (group := roles[user.username])
    )
    return {user.username: user for user in made}


def threat(code: str = "media") -> Threat:
    return Threat.objects.get(code=code, locale=Locale.get_default())


def step(do: str = "<p>Write it down. All of it.</p>", **value: str) -> dict[str, Any]:
    return {"type": "step", "value": {"do": do, "who": "", "by_when": "", "dont": "", **value}}


def play(language: str = "en", *, by: User | None = None, **fields: Any) -> PlayPage:
    """Return a draft with one revision, written by that person."""
    number = next(_number)
    threats = fields.pop("threats", None) or [threat()]
    values = {
        "title": f"A false story {number}",
        "slug": f"a-false-story-{number}",
        "outcome": "People have heard the true story from you.",
        "phase": "now",
        "steps": [step(), step("<p>Call a lawyer.</p>", dont="Do not argue.")],
        "stop_conditions": "<p>Somebody is in danger: call for help first.</p>",
        **fields,
    }
    return _add(PlayPage(**values), language, by, threats)


def case(language: str = "en", *, by: User | None = None, **fields: Any) -> CasePage:
    """Return a draft with one revision, written by that person."""
    number = next(_number)
    threats = fields.pop("threats", None) or [threat()]
    values = {
        "title": f"One voice {number}",
        "slug": f"one-voice-{number}",
        "kind": "coalition",
        "summary": "Several groups answered with one voice.",
        **fields,
    }
    return _add(CasePage(**values), language, by, threats)


def item(model: Any, language: str = "en", *, by: User | None = None, **fields: Any) -> Any:
    """Return a draft of any other kind, with what that kind cannot do without."""
    number = next(_number)
    today = datetime.date.today()
    needed: dict[str, Any] = {
        StrategyPage: {"goal": "protect", "summary": "First people, then papers."},
        FindingPage: {"statement": "Signs beat feelings."},
        TemplatePage: {"purpose": "Nobody asks who calls.", "parts": [form_part()]},
        EpisodePage: {"summary": "Three voices.", "transcript": "<p>We were afraid.</p>"},
        EventPage: {"summary": "A forum.", "begins": today},
        GroupPage: {"kind": "working"},
        SupportOfferPage: {
            "kind": "legal",
            "scope": "First advice.",
            "contact_route": "<p>Through the bar association.</p>",
            "verified_on": today,
            "expires": today + datetime.timedelta(days=30),
        },
        StandardPage: {"body": "<p>About us.</p>"},
    }.get(model, {})
    values = {"title": f"Thing {number}", "slug": f"thing-{number}", **needed, **fields}
    return _add(model(**values), language, by, None)


def form_part() -> dict[str, Any]:
    value = {"heading": "Roles", "hint": "", "columns": ["Role", "Who"], "row_names": ["Lead"],
             "rows": 2}  # fmt: skip
    return {"type": "table", "value": value}


def _add(page: Any, language: str, by: User | None, threats: list[Threat] | None) -> Any:
    page.live = False
    page.owner = by
    page.locale = Locale.objects.get_or_create(language_code=language)[0]
    if threats is not None:
        page.threats = threats
    section_for(type(page), language).add_child(instance=page)
    page.save_revision(user=by)
    return fresh(page)


def live(page: Any) -> Any:
    """Return the page, published by the trusted route."""
    publish_trusted(page.get_latest_revision(), reason="a test")
    return fresh(page)


def fresh(page: Any) -> Any:
    """Return the page as the database has it, without anything cached."""
    return type(page).objects.get(pk=page.pk)


def evidence(play_page: PlayPage, case_page: CasePage, stance: str = "for") -> None:
    play_page.evidence.add(Evidence(page=case_page, stance=stance))
    play_page.save_revision()


def submit(page: Any, by: User) -> Any:
    """Start the workflow; return the task that now waits."""
    fresh(page).get_workflow().start(fresh(page), by)
    return task_state(page)


def task_state(page: Any) -> Any:
    return fresh(page).current_workflow_task_state


def act(page: Any, by: User, action: str = "approve", **data: Any) -> None:
    """Do what the reviewer's form does, for the task that waits."""
    state = task_state(page)
    state.task.specific.on_action(state, by, action, **data)


def action_address(page: Any, state: Any, action: str = "approve") -> str:
    """Return where the reviewer's form for that task is posted."""
    return reverse("wagtailadmin_pages:workflow_action", args=[page.pk, action, state.pk])


def after_safety_check(page: Any, editor: User, safety: User) -> Any:
    """Return the task state of the publisher, for a page that passed the safety check."""
    submit(page, editor)
    act(page, safety, **ALL_YES)
    return task_state(page)


def edit_form(page: PlayPage, **changes: Any) -> dict[str, Any]:
    """Return what the editor's browser posts for a play."""
    draft = fresh(page).get_latest_revision_as_object()
    blocks = [
        ("step", {**{k: str(v) for k, v in b.value.items()}, "do": rich_text(b.value["do"].source)})
        for b in draft.steps
    ]
    steps = streamfield(blocks)
    for number, block in enumerate(draft.steps):
        steps[str(number)]["id"] = block.id
    data: dict[str, Any] = {
        "title": draft.title,
        "slug": draft.slug,
        "outcome": draft.outcome,
        "phase": draft.phase,
        "steps": steps,
        "evidence": inline_formset([]),
        "comments": inline_formset([]),
        "status": draft.status,
        "status_as_of": draft.status_as_of.isoformat(),
        "licence": draft.licence,
        **{name: getattr(draft, name) for name in ("who_leads", "effort", "time", "cost")},
        "visibility": draft.visibility,
        "picture": draft.picture_id or "",
        "picture_alt": draft.picture_alt,
        **{
            name: rich_text(getattr(draft, name))
            for name in ("preconditions", "worse", "stop_conditions", "local_legal_note")
        },
        **changes,
    }
    # After flattening, which would number a list's members: these are boxes with one name.
    return {
        **nested_form_data(data),
        **{
            name: [term.pk for term in getattr(draft, name).all()]
            for name in ("threats", "mechanisms", "dimensions", "sectors")
        },
    }


def picture_bytes(kind: str = "JPEG", size: tuple[int, int] = (40, 20), **options: Any) -> bytes:
    """Return a picture file: left half red, right half blue."""
    image = Image.new("RGB", size, "red")
    image.paste("blue", (size[0] // 2, 0, size[0], size[1]))
    target = io.BytesIO()
    image.save(target, kind, **options)
    return target.getvalue()


def picture(data: bytes | None = None, name: str = "IMG_1234 home of Amal.jpg") -> PlaybookImage:
    upload = SimpleUploadedFile(name, data or picture_bytes())
    return PlaybookImage.objects.create(title="A picture", file=upload)


def document(data: bytes = b"%PDF-1.4", name: str = "case.pdf") -> Document:
    return Document.objects.create(title="The case", file=SimpleUploadedFile(name, data))


def read(client: Client, address: str, status: int = 200) -> BeautifulSoup:
    """Return the page at an address, parsed."""
    answer = client.get(address)
    assert answer.status_code == status
    return BeautifulSoup(answer.content, "html.parser")
