"""The exchange: sixteen steps between three nodes, each checked by who received it.

People act through their admin's forms; nodes speak over the federation's own HTTP. A step returns
what was verified, or raises StepFailed.
"""

import io
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from PIL import Image, ImageDraw

from solidarity.demo.acts import await_status, log_size, read
from solidarity.demo.carrying import Carrying
from solidarity.demo.hostile import NODE_ID, replay
from solidarity.demo.people import Person, StepFailed, until
from solidarity.demo.recalling import recall
from solidarity.demo.revoking import Revoking


@dataclass(frozen=True)
class Step:
    """One step as it went: what happened in a sentence, and the checks that the receiver ran."""

    step: str
    ok: bool
    said: str
    verified: list[str]
    seconds: float
    error: str = ""


class Exchange(Carrying, Revoking):
    """The steps, in their order."""

    def submit(self) -> tuple[str, list[str]]:
        self.pages["play"] = self.person(self.first, "editor").write("Play", self.play)
        if self.address(self.first, self.play, "ar"):
            raise StepFailed("it is live without any check")
        return "An editor of Cedar submits a play in Arabic.", ["in workflow", "not live"]

    def safety(self) -> tuple[str, list[str]]:
        self.person(self.first, "safety").approve(self.pages["play"])
        if self.address(self.first, self.play, "ar"):
            raise StepFailed("it is live after the safety check alone")
        return "The safety reviewer answers the eight questions.", [
            "redaction gate: 8 of 8 yes",
            "not live",
        ]

    def publish_step(self) -> tuple[str, list[str]]:
        size = log_size(self.first)
        self.person(self.first, "publisher").approve(self.pages["play"])
        found = self.await_address(self.first, self.play, "ar")
        if log_size(self.first) != size or self.address(self.hub, self.play, "ar"):
            raise StepFailed("publishing shared it")
        return f"The publisher approves. It is live at Cedar alone: {found}", [
            "live at its node",
            "log unchanged",
            "absent from the hub",
        ]

    def share_step(self) -> tuple[str, list[str]]:
        self.share(self.pages["play"])
        return "The publisher shares it. Cedar's log grows and a head is signed.", [
            "signed head over the new entry"
        ]

    def pull(self) -> tuple[str, list[str]]:
        item = self.await_item(self.hub, "curator", self.first.id, self.play["title"])
        found = self.checks(self.hub, "curator", item)
        return "The hub pulls, verifies and stages it.", _names(found)

    def return_step(self) -> tuple[str, list[str]]:
        curator = self.person(self.hub, "curator")
        item = self.inbox_item(self.hub, "curator", self.play["title"])
        size = log_size(self.hub)
        curator.post(f"{item}return/", {"note": self.play["curator_note"]})
        until("the hub's signed head", lambda: log_size(self.hub) > size)
        return "A curator returns it with a note, sealed for Cedar.", ["sealed entry in hub log"]

    def note(self) -> tuple[str, list[str]]:
        self.fetch(self.first, self.hub.id)
        editor = self.person(self.first, "editor")
        wanted = " ".join(self.play["curator_note"].split())

        def look() -> bool:
            page = editor.get("/admin/federation/notes/")
            return wanted in " ".join(page.get_text(" ").split())

        until("the note at Cedar", look)
        self.fetch(self.second, self.hub.id)
        return "The note appears at Cedar.", ["sealed: signed request", "signature", "audience"]

    def revise(self) -> tuple[str, list[str]]:
        self.play["stop_conditions"] = self.play["revised_stop_conditions"]
        page_id = self.pages["play"]
        self.person(self.first, "editor").revise("Play", page_id, self.play)
        self.person(self.first, "safety").approve(page_id)
        self.person(self.first, "publisher").approve(page_id)
        self.share(page_id)
        item = self.inbox_item(self.hub, "curator", self.play["title"], "all") or ""

        def second_version() -> dict[str, Any] | None:
            found = self.checks(self.hub, "curator", item)
            return found if found["version"] == 2 else None

        self.fetch(self.hub, self.first.id)
        found = until("version 2 at the hub", second_version)
        return "The editor answers with version 2, checked and shared again.", [
            "version 2 follows version 1",
            *_names(found),
        ]

    def endorse(self) -> tuple[str, list[str]]:
        item = self.inbox_item(self.hub, "curator", self.play["title"], "all")
        self._endorse(str(item))
        found = self.await_address(self.hub, self.play, "ar")
        checked = self.checks(self.hub, "curator", str(item))
        return f"The curator endorses it; the hub shows it: {found}", _names(checked)

    def _endorse(self, item: str) -> None:
        size = log_size(self.hub)
        self.person(self.hub, "curator").post(f"{item}endorse/")
        until("the hub's signed head", lambda: log_size(self.hub) > size)

    def adopt(self) -> tuple[str, list[str]]:
        self.fetch(self.second, self.hub.id)
        title = self.play["title"]

        def drafted() -> str | None:
            return self.inbox_item(self.second, "editor", title, "draft")

        item = until("the draft at Baobab", drafted)

        def endorsed() -> dict[str, Any] | None:
            found = self.checks(self.second, "editor", item)
            return found if "endorsement" in _names(found) else None

        found = until("the endorsement at Baobab", endorsed)
        swahili = self._translate(found)
        return (
            "At Baobab it is a draft in Arabic, signed by Cedar, endorsed by the hub; "
            f"an editor starts the Swahili version: {swahili}"
        ), [*_names(found), "draft, not live", "Swahili draft beside it"]

    def _translate(self, found: dict[str, Any]) -> str:
        """Start the Swahili version of the Arabic draft, as an editor does."""
        editor = self.person(self.second, "editor")
        page_id = found["page"]
        if editor.json(f"/admin/api/main/pages/{page_id}/")["meta"]["status"]["live"]:
            raise StepFailed("the Arabic page is live at Baobab")
        path = f"/admin/localize/submit/page/{page_id}/"
        form = editor.get(path)
        box = next(
            (
                label.select_one("input")
                for label in form.select("label")
                if "Swahili" in label.get_text() or "Kiswahili" in label.get_text()
            ),
            None,
        )
        if box is None:
            raise StepFailed("Swahili is not offered for translation")
        editor.post(path, {str(box["name"]): str(box["value"])})
        listed = editor.json(f"/admin/api/main/pages/?translation_of={page_id}&locale=sw")
        if not listed["items"]:
            raise StepFailed("there is no Swahili page beside the Arabic one")
        return f"{self.second.url}/admin/pages/{listed['items'][0]['id']}/edit/"

    def autopublish(self) -> tuple[str, list[str]]:
        editor = self.person(self.first, "editor")
        self.case["picture"] = editor.upload_picture(circles())
        page_id = self.publish("Case", self.case)
        self.pages["case"] = page_id
        self.share(page_id)
        item = self.await_item(self.hub, "curator", self.first.id, self.case["title"])
        self._endorse(item)
        self.fetch(self.second, self.hub.id)
        found = self.await_address(self.second, self.case, "en")
        _status, html = read(found)
        picture = re.search(r'<img[^>]*src="(/media/[^"]+)"', html)
        if picture is None or read(self.second.url + picture[1])[0] != 200:
            raise StepFailed("the case is there, its picture is not")
        address = self.inbox_item(self.second, "editor", self.case["title"], "published")
        checked = self.checks(self.second, "editor", str(address))
        return f"A case with a picture, endorsed, is live at Baobab by policy: {found}", [
            *_names(checked),
            "picture served",
        ]

    def retract(self) -> tuple[str, list[str]]:
        places = {
            node.id: self.await_address(node, self.case, "en")
            for node in (self.first, self.hub, self.second)
        }
        size = log_size(self.first)
        self.person(self.first, "publisher").post(
            f"/admin/federation/shared/page/{self.pages['case']}/retract/",
            {"reason": "The people it is about asked us to take it back.", "here": "on"},
        )
        until("a signed head", lambda: log_size(self.first) > size)
        self.fetch(self.hub, self.first.id)
        for node in (self.first, self.hub, self.second):
            if node is self.second:
                self.fetch(node, self.hub.id)
            await_status(places[node.id], 410)
            if self.case["summary"][:30] in read(places[node.id])[1]:
                raise StepFailed(f"{node.id} still shows the text")
        return "Cedar takes the case back. It is gone from all three, with a notice.", [
            f"410 with a notice at {node_id}" for node_id in places
        ]

    def refuse_tampered(self) -> tuple[str, list[str]]:
        admin = self.person(self.second, "admin")
        self._follow_relay(admin)
        admin.post(f"/admin/federation/peers/{self.hub.id}/freeze/", {"on": "1"})
        self.pages["plain"] = self.publish("Play", self.plain)
        self.share(self.pages["plain"])
        item = self.await_item(self.hub, "curator", self.first.id, self.plain["title"])
        self.target = self.checks(self.hub, "curator", item)["target"]
        self.relay.tamper = {self.target["record"]}
        self.fetch(self.second, NODE_ID)
        error = until("the refusal", lambda: self.quarantined(self.target["record"]))
        if self.inbox_item(self.second, "editor", self.plain["title"], "all"):
            raise StepFailed("the changed text was staged")
        return f"A relay changes a word in Cedar's play. Baobab refuses it: {error}", [
            f"refused: {error}",
            "nothing staged",
        ]

    def _follow_relay(self, admin: Person) -> None:
        self.fetch(self.second, self.hub.id)
        until(
            "the relay among Baobab's peers",
            lambda: NODE_ID in admin.get("/admin/federation/peers/").get_text(" "),
        )

    def refuse_replayed(self) -> tuple[str, list[str]]:
        first, second, problem = replay(self.hub, self.relay.keys)
        if (first, second, problem) != (200, 401, "request.replayed"):
            raise StepFailed(f"answered {first}, then {second} {problem}")
        return f"A signed request is sent a second time. The hub refuses it: {problem}", [
            "first: 200",
            f"second: 401 {problem}",
        ]

    def refuse_forged(self) -> tuple[str, list[str]]:
        address = self.relay.forge_endorsement(self.target)
        self.relay.tamper = set()
        self.fetch(self.second, NODE_ID)
        error = until("the refusal", lambda: self.quarantined(address))
        admin = self.person(self.second, "admin")
        admin.post(f"/admin/federation/peers/{self.hub.id}/freeze/", {"on": "0"})
        self.fetch(self.second, self.hub.id)
        item = until(
            "the true text",
            lambda: self.inbox_item(self.second, "editor", self.plain["title"], "all"),
        )
        found = self.checks(self.second, "editor", item)
        if "endorsement" in _names(found) or self.address(self.second, self.plain, "en"):
            raise StepFailed("the forged endorsement counted")
        return (
            f"The relay forges the hub's endorsement. Baobab refuses it: {error}. "
            "The true text still arrived, unpublished."
        ), [f"refused: {error}", "not published", *_names(found)]

    def steps(self) -> Iterator[Step]:
        """Go through the steps in order; stop behind the first that fails."""
        acts: list[tuple[str, Callable[[], tuple[str, list[str]]]]] = [
            ("submit", self.submit),
            ("safety", self.safety),
            ("publish", self.publish_step),
            ("share", self.share_step),
            ("pull", self.pull),
            ("return", self.return_step),
            ("note", self.note),
            ("revise", self.revise),
            ("endorse", self.endorse),
            ("adopt", self.adopt),
            ("autopublish", self.autopublish),
            ("retract", self.retract),
            ("refuse_tampered", self.refuse_tampered),
            ("refuse_replayed", self.refuse_replayed),
            ("refuse_forged", self.refuse_forged),
            ("revoke", self.revoke),
            ("recall", lambda: recall(self)),
            ("bundle", self.bundle),
        ]
        for name, act in acts:
            started = time.monotonic()
            try:
                said, verified = act()
            except (StepFailed, KeyError, TypeError, OSError) as error:
                seconds = time.monotonic() - started
                yield Step(name, False, "", [], seconds, f"{type(error).__name__}: {error}")
                return
            yield Step(name, True, said, verified, time.monotonic() - started)


def _names(found: dict[str, Any]) -> list[str]:
    return [check["name"] for check in found["checks"]]


def circles() -> bytes:
    """Draw the demo's picture: three circles that hold one another."""
    picture = Image.new("RGB", (960, 540), "#f3efe6")
    draw = ImageDraw.Draw(picture)
    for x, colour in ((330, "#1f5f5b"), (480, "#c2643b"), (630, "#3d4f7c")):
        draw.ellipse((x - 150, 120, x + 150, 420), outline=colour, width=22)
    data = io.BytesIO()
    picture.save(data, "PNG")
    return data.getvalue()
