"""Saving a page in the browser: only when asked, readable without a network, gone when removed."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from .conftest import Demo, at_cedar

pytestmark = [
    pytest.mark.browser,
    pytest.mark.process,
    pytest.mark.long,
    pytest.mark.xdist_group("demo"),
]

WORKERS = "navigator.serviceWorker.getRegistrations().then((all) => all.length)"
CACHES = "caches.keys()"
KEPT = """caches.open("saved-pages").then((cache) => cache.keys())
  .then((all) => all.map((request) => new URL(request.url).pathname))"""
SAVE, REMOVE, NONE, SOME = (f"[data-part={name}]" for name in ("save", "remove", "none", "some"))


@pytest.fixture(scope="module")
def passing(demo: Demo) -> Iterator[str]:
    yield demo.base("cedar") + at_cedar(demo, "passing_page")
    at_cedar(demo, "passing_page", "withdraw")


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 320, "height": 640})
    yield context.new_page()
    context.close()


def offered(page: Page, address: str) -> str:
    """Go by the link on the item to the page that offers to save it; return its address."""
    page.goto(address)
    page.click(".take-along a")
    page.wait_for_selector(f"{SAVE}:visible")
    return page.url


def test_nothing_is_kept_until_it_is_asked_for(page: Page, passing: str):
    offered(page, passing)
    assert page.is_visible(NONE)
    assert page.evaluate(WORKERS) == 0
    assert page.evaluate(CACHES) == []


def test_a_saved_page_is_read_without_a_network_and_removed_again(page: Page, passing: str):
    offered(page, passing)
    page.click(SAVE)
    page.wait_for_selector(f"{REMOVE}:visible")
    size = page.inner_text("[data-size]")
    assert size.endswith(" KB")
    assert 5 < int(size.split()[0]) < 100
    page.context.set_offline(True)
    page.goto(passing)
    assert page.inner_text("h1") == "A page that passes"
    page.goto(passing.split("/en/")[0] + "/en/saved/")
    page.wait_for_selector(f"{SOME}:visible")
    assert "A page that passes" in page.inner_text("[data-part=pages]")
    page.click(REMOVE)
    page.wait_for_selector(f"{NONE}:visible")
    assert page.evaluate(WORKERS) == 0
    assert page.evaluate(CACHES) == []


def test_a_page_that_was_withdrawn_is_forgotten_when_the_network_is_there(
    demo: Demo, page: Page, passing: str
):
    offered(page, passing)
    page.click(SAVE)
    page.wait_for_selector(f"{REMOVE}:visible")
    path = "/en/" + passing.split("/en/")[1]
    assert path in page.evaluate(KEPT)
    at_cedar(demo, "passing_page", "withdraw")
    answer = page.goto(passing)
    assert answer is not None
    assert answer.status == 410
    assert path not in page.evaluate(KEPT)


def test_without_javascript_it_says_what_to_do_instead(browser: Browser, passing: str):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(passing.split("/en/")[0] + "/en/saved/")
    assert "You can print the page" in page.inner_text("main")
    assert not page.is_visible(SAVE)
    assert not page.is_visible(REMOVE)
    context.close()
