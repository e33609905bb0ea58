"""People at their admin screens: each logs in and fills in the forms that an editor would."""

import re
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import requests
from bs4 import BeautifulSoup
from wagtail.test.utils.form_data import (
    inline_formset,
    nested_form_data,
    rich_text,
    streamfield,
)

from playbook.redaction import QUESTIONS
from playbook.starter.files import read_terms
from solidarity.demo.plan import Node

T = TypeVar("T")
_STEP_FIELDS = ("who", "by_when", "dont")
_SECONDS = 20
_MAY_BE_WRONG = re.compile(r"""error-message|errorlist|class=["']error\b""")


class StepFailed(Exception):
    """A step of the exchange did not come to pass; the message says what was seen instead."""


def until(what: str, look: Callable[[], T | None], seconds: float = _SECONDS) -> T:
    """Look again until there is something; raise StepFailed naming what was waited for."""
    deadline = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > deadline:
            raise StepFailed(f"waited {seconds:.0f} s in vain for {what}")
        time.sleep(0.05)


class Person:
    """One logged-in user of one node's admin."""

    def __init__(self, node: Node, role: str) -> None:
        self.node, self.role = node, role
        self.session = requests.Session()
        self.session.trust_env = False
        token = self._token(self.get("/admin/login/"))
        self._send(
            "/admin/login/",
            {"username": role, "password": node.password, "csrfmiddlewaretoken": token},
            saved=True,
        )
        if f"session_{node.id}" not in self.session.cookies:
            raise StepFailed(f"{role} could not log in at {node.id}")

    def get(self, path: str, *, expect: int = 200) -> BeautifulSoup:
        """Return a page, parsed."""
        response = self.session.get(self.node.url + path, timeout=30)
        if response.status_code != expect:
            raise StepFailed(f"{self.node.id}{path} answered {response.status_code}")
        return BeautifulSoup(response.text, "html.parser")

    def json(self, path: str) -> Any:
        response = self.session.get(self.node.url + path, timeout=30)
        if response.status_code != 200:
            raise StepFailed(f"{self.node.id}{path} answered {response.status_code}")
        return response.json()

    def post(self, path: str, data: Mapping[str, Any] | None = None) -> str:
        """Send a form to `path` with this session's token; return the page that follows."""
        return self._send(path, {"csrfmiddlewaretoken": self._known_token, **(data or {})})

    def download(self, path: str, data: Mapping[str, Any]) -> bytes:
        """Send a form that is answered with a file; return the file."""
        response = self.session.post(
            self.node.url + path,
            data={"csrfmiddlewaretoken": self._known_token, **data},
            headers={"Referer": self.node.url + path},
            timeout=30,
        )
        if "attachment" not in response.headers.get("content-disposition", ""):
            raise StepFailed(f"{self.node.id}{path} answered {response.status_code} and no file")
        return response.content

    def upload(self, path: str, name: str, data: bytes) -> str:
        """Send a file with a form; return the page that follows."""
        files = {"file": (name, data, "application/zip")}
        return self._send(path, {"csrfmiddlewaretoken": self._known_token}, files)

    def save(self, path: str, data: Mapping[str, Any]) -> None:
        """Send an editor's form. Once saved it leads elsewhere, which nobody needs to look at."""
        self._send(path, {"csrfmiddlewaretoken": self._known_token, **data}, saved=True)

    @property
    def _known_token(self) -> str | None:
        return self.session.cookies.get(f"csrf_{self.node.id}")

    def _send(
        self,
        path: str,
        data: Mapping[str, Any],
        files: Mapping[str, Any] | None = None,
        *,
        saved: bool = False,
    ) -> str:
        response = self.session.post(
            self.node.url + path,
            data=data,
            files=files,
            headers={"Referer": self.node.url + path},
            timeout=30,
            allow_redirects=not saved,
        )
        if saved and response.status_code == 302:
            return ""
        if response.status_code != 200:
            raise StepFailed(f"{self.node.id}{path} answered {response.status_code}")
        if _MAY_BE_WRONG.search(response.text):  # parsing an admin page takes a tenth of a second
            page = BeautifulSoup(response.text, "html.parser")
            wrong = page.select(".error-message, .messages .error, .errorlist")
            if wrong:
                said = " / ".join(part.get_text(" ", strip=True) for part in wrong)
                raise StepFailed(f"{self.node.id}{path}: {said}")
        if saved:
            raise StepFailed(f"{self.node.id}{path}: the form came back")
        return response.text

    @staticmethod
    def _token(page: BeautifulSoup) -> str:
        field = page.select_one("input[name=csrfmiddlewaretoken]")
        if field is None:
            raise StepFailed("a form has no token")
        return str(field["value"])

    # --- Pages ------------------------------------------------------------------------------

    def section(self, kind: str, lang: str) -> int:
        """Return the id of the page under which plays or cases of a language stand."""
        found = self.json(f"/admin/api/main/pages/?order=id&locale={lang}&fields=_,id,type")
        wanted = f"playbook.{kind}IndexPage"
        return next(int(item["id"]) for item in found["items"] if item["meta"]["type"] == wanted)

    def upload_picture(self, data: bytes) -> int:
        """Upload a picture as the image library does; return its id."""
        answer = self._ajax(
            "/admin/images/multiple/add/",
            {"title": "circles"},
            {"files[]": ("circles.png", data, "image/png")},
        )
        if not answer.get("success"):
            raise StepFailed(f"{self.node.id}: {answer.get('error_message')}")
        return int(answer["image_id"])

    def write(self, kind: str, fields: Mapping[str, Any]) -> int:
        """Write a new play or case and submit it to the workflow; return the page's id."""
        parent = self.section(kind, fields["lang"])
        path = f"/admin/pages/add/playbook/{kind.lower()}page/{parent}/"
        data = self._form(kind, fields, self.get(path))
        self.save(path, data | {"action-submit": "1"})
        found = self.json(
            f"/admin/api/main/pages/?child_of={parent}&limit=1&order=-id&fields=_,id,title"
        )
        made = (int(item["id"]) for item in found["items"] if item["title"] == fields["title"])
        page_id = next(made, None)
        if page_id is None:
            raise StepFailed(f"{self.node.id}: the page “{fields['title']}” was not made")
        return page_id

    def revise(self, kind: str, page_id: int, fields: Mapping[str, Any]) -> None:
        """Change a page and submit the new version."""
        path = f"/admin/pages/{page_id}/edit/"
        data = self._form(kind, fields, self.get(path))
        self.save(path, data | {"action-submit": "1"})

    def approve(self, page_id: int) -> None:
        """Approve the current step of a page's workflow; the safety check's answers are all yes."""
        # What waits for this person stands on the first page of the admin.
        shown = self.session.get(f"{self.node.url}/admin/", timeout=30).text
        match = re.search(rf"workflow/\w+/{page_id}/approve/(\d+)/", shown)
        if match is None:
            raise StepFailed(f"{self.role} is not asked to approve page {page_id}")
        answer = self._ajax(
            f"/admin/pages/workflow/action/{page_id}/approve/{match[1]}/",
            dict.fromkeys(QUESTIONS, "yes"),
        )
        if answer.get("step") != "success":
            raise StepFailed(f"{self.role} could not approve page {page_id}")

    def _ajax(
        self, path: str, data: Mapping[str, Any], files: Mapping[str, Any] | None = None
    ) -> Any:
        """Send what the admin's scripts send for a dialog or an upload; return the JSON."""
        response = self.session.post(
            self.node.url + path,
            data={"csrfmiddlewaretoken": self._known_token, **data},
            files=files,
            headers={"X-Requested-With": "XMLHttpRequest", "Referer": self.node.url},
            timeout=30,
        )
        if response.status_code != 200:
            raise StepFailed(f"{self.node.id}{path} answered {response.status_code}")
        return response.json()

    def _form(self, kind: str, fields: Mapping[str, Any], page: BeautifulSoup) -> dict[str, Any]:
        blank = _values(page)
        blank["title"] = fields["title"]
        blank["slug"] = fields["slug"]
        for name, value in fields.items():
            if name in _RICH[kind]:
                blank[name] = rich_text(value)
            elif name in _TERMS:
                blank[name] = _ticked(page, name, value)
            elif isinstance(value, str) and name not in ("lang", "steps", "lessons"):
                blank[name] = value
        if kind == "Play":
            blank |= nested_form_data(
                {
                    "steps": streamfield([("step", _step(step)) for step in fields["steps"]]),
                    "evidence": inline_formset([]),
                }
            )
        else:
            lessons = [
                ("lesson", {"lesson": rich_text(row["lesson"]),
                            "applies_when": row.get("applies_when", "")})
                for row in fields["lessons"]
            ]  # fmt: skip
            blank |= nested_form_data({"lessons": streamfield(lessons)})
        if "picture" in fields:
            blank["picture"] = str(fields["picture"])
            blank["picture_alt"] = fields["picture_alt"]
        return blank


_RICH = {
    "Play": ("preconditions", "worse", "stop_conditions"),
    "Case": (
        "trigger", "response", "worked", "did_not_work", "trade_offs", "transfers_if", "unsafe_if",
    ),
}  # fmt: skip
_TERMS = ("threats", "mechanisms", "sectors", "dimensions")


def _step(step: Mapping[str, str]) -> dict[str, str]:
    return {"do": rich_text(step["do"]), **{name: step.get(name, "") for name in _STEP_FIELDS}}


def _values(page: BeautifulSoup) -> dict[str, Any]:
    """Return what the edit form would send if nobody touched it, its streams aside."""
    form = page.select_one("form[data-edit-form], #page-edit-form, form#page-form")
    if form is None:
        raise StepFailed("the page has no edit form")
    values: dict[str, Any] = {}
    for field in form.select("input[name], textarea[name], select[name]"):
        name, kind = str(field["name"]), field.get("type", field.name)
        if kind in ("checkbox", "radio") and not field.has_attr("checked"):
            continue
        if kind in ("submit", "button", "file") or name.startswith("action-"):
            continue
        if field.name == "select" and field.has_attr("multiple"):
            values[name] = [option["value"] for option in field.select("option[selected]")]
        elif field.name == "select":
            chosen = field.select_one("option[selected]") or field.select_one("option")
            values[name] = chosen.get("value", "") if chosen else ""
        elif field.name == "textarea":
            values[name] = field.text.lstrip("\n")
        elif kind == "checkbox":
            values.setdefault(name, [])
            values[name].append(field.get("value", "on"))
        else:
            values[name] = field.get("value", "")
    return {
        name: value for name, value in values.items()
        if not re.match(r"(steps|lessons|evidence)-", name) and name != "csrfmiddlewaretoken"
    }  # fmt: skip


def _ticked(page: BeautifulSoup, name: str, codes: list[str]) -> list[str]:
    """Return the values of the boxes whose labels are the names of these terms."""
    wanted = {
        label
        for term in read_terms()[name]
        if term["code"] in codes
        for label in term["name"].values()
    }
    return [
        str(box["value"])
        for box in page.select(f"input[type=checkbox][name={name}]")
        if box.parent and box.parent.get_text(" ", strip=True) in wanted
    ]
