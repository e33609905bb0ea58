"""What people and nodes do again and again in the exchange: enrol, fetch, share, look."""

import html
import re
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import yaml

from solidarity.demo.hostile import NODE_ID, HostileRelay
from solidarity.demo.people import Person, StepFailed, until
from solidarity.demo.plan import Node, ports

TEXTS = Path(__file__).parent / "texts"


class Acts:
    """Three nodes, the people at them, one hostile relay, and what has been made so far."""

    def __init__(self, hub: Node, first: Node, second: Node, folder: Path) -> None:
        self.hub, self.first, self.second = hub, first, second
        self.run = time.strftime("%H:%M:%S")
        self.folder = folder
        self._people: dict[tuple[str, str], Person] = {}
        self.relay = HostileRelay(hub, ports([hub, first, second])[-1], folder)
        self.play, self.case, self.plain = (
            self._text(name) for name in ("play.ar", "case.en", "play.en")
        )
        self.pages: dict[str, int] = {}
        self.target: dict[str, Any] = {}

    def close(self) -> None:
        self.relay.close()

    def _text(self, name: str) -> dict[str, Any]:
        fields = yaml.safe_load((TEXTS / f"{name}.yaml").read_text(encoding="utf-8"))
        fields["title"] = f"{fields['title']} ({self.run})"
        fields["slug"] = f"{fields['slug']}-{self.run.replace(':', '')}"
        return dict(fields)

    def person(self, node: Node, role: str) -> Person:
        """Return who plays a role at a node, logged in once."""
        key = (node.id, role)
        if key not in self._people:
            self._people[key] = Person(node, role)
        return self._people[key]

    # --- Membership ---------------------------------------------------------------------------

    def enrol(self) -> None:
        """Bring the two coalitions and the relay in, where they are not in yet."""
        admin = self.person(self.hub, "admin")
        known = admin.get("/admin/federation/peers/").get_text(" ")
        joining = [node for node in (self.first, self.second) if node.id not in known]
        invites = [self._invite(admin, node.id) for node in joining]
        with ThreadPoolExecutor() as pool:
            said = list(pool.map(self._join, joining, invites))
        for node, fingerprint in zip(joining, said, strict=True):
            admin.post(f"/admin/federation/peers/{node.id}/confirm/", {"fingerprint": fingerprint})
        if NODE_ID not in known:
            self.relay.enrol(self._invite(admin, NODE_ID))
            admin.post(
                f"/admin/federation/peers/{NODE_ID}/confirm/",
                {"fingerprint": self.relay.fingerprint},
            )
            admin.post(f"/admin/federation/peers/{NODE_ID}/pull/", {"on": "0"})

    def _invite(self, admin: Person, node_id: str) -> str:
        page = admin.post("/admin/federation/peers/invite/", {"node_id": node_id})
        found = re.search(r"spb1\.[A-Za-z0-9_-]+", page)
        if found is None:
            raise StepFailed("the hub showed no invite")
        return found[0]

    def _join(self, node: Node, invite: str) -> str:
        """Answer an invite at a node; return the fingerprint that its operator reads out there."""
        page = self.person(node, "admin").post("/admin/federation/peers/join/", {"invite": invite})
        shown = re.findall(r'class="fed-fingerprint"[^>]*>([0-9a-f ]+)<', page)
        if len(shown) != 2:  # its own and the hub's
            raise StepFailed(f"{node.id} could not join")
        return shown[0]

    # --- What everybody does ------------------------------------------------------------------

    def fetch(self, node: Node, peer: str) -> None:
        """Press “fetch now” at a node."""
        self.person(node, "admin").post(f"/admin/federation/peers/{peer}/fetch/")

    def inbox_item(self, node: Node, role: str, title: str, state: str = "") -> str | None:
        """Return the address of the inbox item with this title, if it is there."""
        page = self.person(node, role).get(f"/admin/federation/inbox/?state={state or 'all'}")
        for link in page.select("a[href*='/federation/inbox/']"):
            if link.get_text(" ", strip=True) == title:
                return str(link["href"])
        return None

    def await_item(self, node: Node, role: str, peer: str, title: str) -> str:
        self.fetch(node, peer)
        return until(f"“{title}” at {node.id}", lambda: self.inbox_item(node, role, title))

    def quarantined(self, address: str) -> str | None:
        """Return the error under which an entry stands in Baobab's quarantine."""
        page = self.person(self.second, "admin").get("/admin/federation/quarantine/")
        for row in page.select("tr"):
            if address[:12] in row.get_text(" ") or address in str(row):
                found = re.search(r"[a-z]+\.[a-z-]+", row.get_text(" "))
                return found[0] if found else None
        return None

    def checks(self, node: Node, role: str, address: str) -> dict[str, Any]:
        """Have a node verify an item again; raise StepFailed unless every check holds."""
        found = self.person(node, role).json(f"{address}checks/")
        bad = [f"{check['name']}: {check['error']}" for check in found["checks"] if not check["ok"]]
        if bad:
            raise StepFailed(f"{node.id}: {'; '.join(bad)}")
        return dict(found)

    def publish(self, kind: str, fields: dict[str, Any]) -> int:
        """Write, check and publish at the first coalition; return the page's id."""
        page_id = self.person(self.first, "editor").write(kind, fields)
        self.person(self.first, "safety").approve(page_id)
        self.person(self.first, "publisher").approve(page_id)
        return page_id

    def share(self, page_id: int) -> None:
        """Share a page and wait until the beat has signed a head over it."""
        before = log_size(self.first)
        self.person(self.first, "publisher").post(f"/admin/federation/shared/page/{page_id}/share/")
        until("a signed head", lambda: log_size(self.first) > before)

    def await_address(self, node: Node, fields: dict[str, Any], lang: str) -> str:
        return until(f"“{fields['title']}” at {node.id}", lambda: self.address(node, fields, lang))

    def address(self, node: Node, fields: dict[str, Any], lang: str) -> str | None:
        """Return the public address of the page with this title at a node."""
        kind = "cases" if fields is self.case else "plays"
        status, listing = read(f"{node.url}/{lang}/{kind}/")
        if status != 200:
            return None
        for href, text in re.findall(r'<a[^>]*href="([^"]+)"[^>]*>(.*?)</a>', listing, re.S):
            if html.unescape(re.sub(r"<[^>]+>|\s+", " ", text)).strip() == fields["title"]:
                return node.url + href if href.startswith("/") else href
        return None


def read(url: str) -> tuple[int, str]:
    """Read a page as anybody may; return its status and text."""
    try:
        with urllib.request.urlopen(url, timeout=30) as response:
            return response.status, response.read().decode("utf-8", "replace")
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode("utf-8", "replace")


def log_size(node: Node) -> int:
    """Return the size of the node's newest signed head, as anybody can read it."""
    status, text = read(f"{node.url}/federation/v1/log/{node.id}/checkpoint")
    return int(text.splitlines()[1]) if status == 200 else 0


def await_status(url: str, status: int) -> None:
    """Wait until a page answers with this status."""
    until(f"{status} at {url}", lambda: read(url)[0] == status)
