"""What one look at a page costs over the wire, as Chromium's own network log counts it."""

import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Page

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# Two frames on, whatever waits to be in view has been told that it is.
TWO_FRAMES = """() => new Promise((done) => {
  requestAnimationFrame(() => requestAnimationFrame(done))
})"""


@dataclass
class Transfer:
    url: str
    kind: str
    size: int = 0  # bytes with headers, as sent


@dataclass
class View:
    """Everything that one page made the browser load."""

    transfers: list[Transfer] = field(default_factory=list)

    @property
    def total(self) -> int:
        return sum(one.size for one in self.transfers)

    def size_of(self, kind: str) -> int:
        return sum(one.size for one in self.transfers if one.kind == kind)

    def strangers(self, base: str) -> list[str]:
        own = urlsplit(base).netloc
        return [one.url for one in self.transfers if urlsplit(one.url).netloc != own]


def view(page: Page, url: str, *, scroll: bool = False) -> View:
    """Load a page in an empty cache; the icon is counted though headless Chromium leaves it out."""
    seen: dict[str, Transfer] = {}
    under_way: set[str] = set()
    # What the last page still asks for as it is left never ends in the log: leave it first.
    page.goto("about:blank")
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.setCacheDisabled", {"cacheDisabled": True})  # the one in memory as well

    def asked(event: dict[str, Any]) -> None:
        if event["request"]["url"].startswith("http"):
            seen[event["requestId"]] = Transfer(event["request"]["url"], event["type"])
            under_way.add(event["requestId"])

    def arrived(event: dict[str, Any]) -> None:
        if event["requestId"] in seen:
            seen[event["requestId"]].size = event["encodedDataLength"]
            under_way.discard(event["requestId"])

    def settle() -> None:
        """Wait until the page has seen what is in view, and all that it asked for has come."""
        page.evaluate(TWO_FRAMES)
        deadline = time.monotonic() + 10
        while under_way and time.monotonic() < deadline:
            page.wait_for_timeout(10)
        assert not under_way, [seen[one].url for one in under_way]

    session.on("Network.requestWillBeSent", asked)
    session.on("Network.loadingFinished", arrived)
    page.goto(url)
    settle()
    if scroll:
        page.evaluate("document.querySelector('details.waits').scrollIntoView()")
        settle()
    icon = page.locator('link[rel="icon"]').evaluate("link => link.href")
    if icon not in {one.url for one in seen.values()}:
        page.evaluate("url => fetch(url).then(answer => answer.arrayBuffer())", icon)
        settle()
    session.detach()
    return View(list(seen.values()))
