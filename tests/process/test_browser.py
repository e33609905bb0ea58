"""The demo's pages in Chromium: readers' in English and Arabic, the federation's in the admin."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from .conftest import Demo

pytestmark = [pytest.mark.browser, pytest.mark.process, pytest.mark.xdist_group("demo")]

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
READER_PAGES = [
    "/{lang}/",
    "/{lang}/plays/",
    "/{lang}/cases/",
    "/{lang}/plays/officials-at-the-door/",
]
ADMIN_PAGES = ["inbox", "shared", "notes", "peers", "quarantine", "subscriptions"]


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 390, "height": 844})
    yield context.new_page()
    context.close()


def violations(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [f"{rule['id']}: {node['html'][:120]}" for rule in found for node in rule["nodes"]]


@pytest.mark.parametrize("lang", ["en", "ar"])
@pytest.mark.parametrize("path", READER_PAGES)
def test_a_reader_page_is_accessible_local_and_without_cookies(
    demo: Demo, page: Page, lang: str, path: str
):
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    response = page.goto(demo.base("cedar") + path.format(lang=lang))
    assert response is not None
    assert response.status == 200
    assert page.get_attribute("html", "lang") == lang
    assert page.get_attribute("html", "dir") == ("rtl" if lang == "ar" else "ltr")
    assert violations(page) == []
    assert page.context.cookies() == []
    assert all(url.startswith(demo.base("cedar")) for url in asked)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def log_in(page: Page, demo: Demo, node: str, user: str) -> None:
    page.goto(f"{demo.base(node)}/admin/login/")
    page.fill("input[name=username]", user)
    page.fill("input[name=password]", demo.node(node)["password"])
    page.click("button[type=submit]")
    page.wait_for_url("**/admin/")


@pytest.mark.parametrize("name", ADMIN_PAGES)
def test_a_federation_page_of_the_admin_is_accessible(demo: Demo, page: Page, name: str):
    page.set_viewport_size({"width": 1280, "height": 900})
    log_in(page, demo, "hub", "admin")
    response = page.goto(f"{demo.base('hub')}/admin/federation/{name}/")
    assert response is not None
    assert response.status == 200
    assert violations(page) == []


def test_three_admins_in_one_browser_do_not_log_each_other_out(demo: Demo, page: Page):
    for node in ("hub", "cedar", "baobab"):
        log_in(page, demo, node, "admin")
    for node in ("hub", "cedar", "baobab"):
        response = page.goto(f"{demo.base(node)}/admin/")
        assert response is not None
        assert response.status == 200
        assert "/login/" not in page.url
