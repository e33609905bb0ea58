"""The demo's pages in Chromium: each kind of reader page, and the federation's in the admin."""

from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, StorageState

from .conftest import Demo
from .reader_pages import OTHER, PLAY, pages_beside, reader_pages

pytestmark = [pytest.mark.browser, pytest.mark.process, pytest.mark.xdist_group("demo")]

ADMIN_PAGES = [
    "inbox", "shared", "notes", "peers", "peers/invite", "quarantine", "subscriptions", "recalls",
    "bundles", "verify",
]  # fmt: skip
LANGUAGES = ["en", "ar", "fr"]
# Whatever a finger must hit. Links within a sentence are exempt (WCAG 2.5.8).
TARGETS = (
    ".bar a:not(.skip), .top a, .top summary, footer li a, .doors a, .more a, .cards > li > a, "
    ".act ol a, .kicker a, button:not([hidden]), .button, details.waits summary, "
    "input:not([type=hidden], [type=checkbox], [type=radio]), select"
)
TOO_SMALL = """(selector) => [...document.querySelectorAll(selector)]
  .map((one) => [one, one.getBoundingClientRect()])
  .filter(([one, box]) => box.width && (box.height < 43.5 || box.width < 43.5))
  .map(([one, box]) => `${one.outerHTML.slice(0, 90)} ${box.width} x ${box.height}`)"""

# In a page from right to left, what sticks out at the right cannot even be scrolled to.
OFF_THE_PAGE = """() => [...document.querySelectorAll("main *, footer *")]
  .filter((one) => !one.closest(".wide, .unseen, .hidden, svg"))
  .map((one) => [one, one.getBoundingClientRect()])
  .filter(([one, box]) => box.width && (box.left < -1 || box.right > window.innerWidth + 1))
  .map(([one, box]) => `${one.outerHTML.slice(0, 90)} from ${box.left} to ${box.right}`)"""


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 390, "height": 844})
    yield context.new_page()
    context.close()


def violations(page: Page, within: str | None = None, without: tuple[str, ...] = ()) -> list[str]:
    options = {"rules": {rule: {"enabled": False} for rule in without}}
    found = Axe().run(page, context=within, options=options).response["violations"]
    return [f"{rule['id']}: {node['html'][:120]}" for rule in found for node in rule["nodes"]]


# French is in the direction and the script of English: it is looked at with what takes long.
@pytest.mark.parametrize("lang", ["en", "ar", pytest.param("fr", marks=pytest.mark.long)])
def test_every_kind_of_page_is_accessible_and_fits_a_small_phone(demo: Demo, page: Page, lang: str):
    assert faults(page, demo, lang, reader_pages(demo.base("cedar"), lang)) == []
    assert page.context.cookies() == []


@pytest.mark.long
@pytest.mark.parametrize("lang", LANGUAGES)
def test_what_the_starter_lacks_is_accessible_and_fits_a_small_phone_too(
    demo: Demo, page: Page, every_kind: dict[str, dict[str, str]], lang: str
):
    pages = pages_beside(demo.base("cedar"), lang, every_kind)
    kinds = {"organisation", "offer", "episode", "event", "withdrawn", "found", "untranslated"}
    if lang != "fr":
        kinds.add("provenance of what is shared")
    assert kinds <= set(pages)
    # The frame around them is that of the pages above, and the colours are those of every language.
    without = () if lang == "ar" else ("color-contrast",)
    assert faults(page, demo, lang, pages, within="main", without=without) == []
    assert page.context.cookies() == []


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_menu_takes_one_row_on_a_small_phone_and_opens_without_javascript(
    demo: Demo, browser: Browser, lang: str
):
    context = browser.new_context(viewport={"width": 320, "height": 640}, java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{demo.base('cedar')}/{lang}/")
    assert page.locator(".top").bounding_box()["height"] < 60
    link = page.locator(f'.menu a[href="/{lang}/support/"]')
    assert not link.is_visible()
    page.locator(".menu summary").click()
    link.click()
    assert page.url == f"{demo.base('cedar')}/{lang}/support/"
    context.close()


@pytest.mark.parametrize("path", ["/ar/", PLAY.format(lang="en"), "/fr/search/?q=police"])
def test_text_of_twice_the_size_pushes_nothing_off_a_small_phone(demo: Demo, page: Page, path: str):
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto(demo.base("cedar") + path)
    before = page.locator("main").bounding_box()["height"]
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    assert page.locator("main").bounding_box()["height"] > 1.5 * before
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    leave = page.locator(".bar .leave").bounding_box()
    assert leave["x"] >= 0
    assert leave["x"] + leave["width"] <= 320


def faults(page: Page, demo: Demo, lang: str, pages: dict[str, str], **axe: Any) -> list[str]:
    """Return what is wrong with these pages at 320 px: for axe, for a finger, for the width."""
    page.set_viewport_size({"width": 320, "height": 640})
    wrong = []
    for name, path in pages.items():
        page.goto(demo.base("cedar") + path)
        shown = OTHER[lang] if name == "untranslated" else lang
        assert page.get_attribute("html", "lang") == shown, path
        assert page.get_attribute("html", "dir") == ("rtl" if shown == "ar" else "ltr")
        found = violations(page, **axe)
        found += [f"too small: {one}" for one in page.evaluate(TOO_SMALL, TARGETS)]
        found += [f"off the page: {one}" for one in page.evaluate(OFF_THE_PAGE)]
        if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
            found.append("scrolls sideways")
        wrong += [f"{name} {path} {fault}" for fault in found]
    return wrong


@pytest.mark.long
@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize(
    ("width", "scheme"), [(768, "light"), (1280, "light"), (390, "dark"), (1280, "dark")]
)
def test_every_kind_of_page_is_accessible_at_other_widths_and_in_the_dark(
    demo: Demo, browser: Browser, lang: str, width: int, scheme: str
):
    context = browser.new_context(
        viewport={"width": width, "height": 800}, color_scheme=scheme, reduced_motion="reduce"
    )
    page = context.new_page()
    wrong = []
    for path in reader_pages(demo.base("cedar"), lang).values():
        page.goto(demo.base("cedar") + path)
        wrong += [f"{path} {fault}" for fault in violations(page)]
        if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
            wrong.append(f"{path} scrolls sideways")
    context.close()
    assert wrong == []


def log_in(page: Page, demo: Demo, node: str, user: str) -> None:
    page.goto(f"{demo.base(node)}/admin/login/")
    page.fill("input[name=username]", user)
    page.fill("input[name=password]", demo.node(node)["password"])
    page.click("button[type=submit]")
    page.wait_for_url("**/admin/")


@pytest.fixture(scope="module")
def admin_state(demo: Demo, browser: Browser) -> StorageState:
    """Return the cookies of the hub's admin, logged in."""
    context = browser.new_context()
    log_in(context.new_page(), demo, "hub", "admin")
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture
def admin_page(browser: Browser, admin_state: StorageState) -> Iterator[Page]:
    context = browser.new_context(
        storage_state=admin_state, viewport={"width": 1280, "height": 900}
    )
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("name", ADMIN_PAGES)
def test_a_federation_page_of_the_admin_is_accessible(demo: Demo, admin_page: Page, name: str):
    page = admin_page
    response = page.goto(f"{demo.base('hub')}/admin/federation/{name}/")
    assert response is not None
    assert response.status == 200
    assert violations(page) == []


@pytest.mark.parametrize("width", [390, 1280])
def test_what_verifying_found_is_accessible_and_fits_a_phone(
    demo: Demo, admin_page: Page, width: int
):
    page = admin_page
    page.goto(f"{demo.base('hub')}/admin/federation/inbox/?state=all")
    page.click(".listing tbody tr:last-child th a")
    page.click("a:has-text('Verify this item')")
    page.wait_for_url("**/verify/?q=*", wait_until="load")
    page.set_viewport_size({"width": width, "height": 900})
    assert page.locator("#verdict-title").is_visible()
    assert page.locator("li.fed-holds").count() > 4
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.goto(f"{demo.base('hub')}/admin/federation/verify/?q={'ab' * 32}")
    assert page.locator("#verdict-title").inner_text() == "This node knows nothing of it."
    assert violations(page) == []


REACHED = """() => {
  const one = document.activeElement, style = getComputedStyle(one)
  const seen = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0
  return [one.id || one.name || one.tagName, seen || style.boxShadow !== "none"]
}"""


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("verify", ["id_q", "id_file"]),
        ("recalls", ["id_file"]),
        ("bundles", ["id_file", "id_nodes_0", "id_since", "id_audience"]),
    ],
)
def test_a_screen_is_worked_by_keyboard_and_shows_where_one_is(
    demo: Demo, admin_page: Page, name: str, wanted: list[str]
):
    page = admin_page
    page.goto(f"{demo.base('hub')}/admin/federation/{name}/")
    reached: dict[str, bool] = {}
    for _stop in range(80):
        page.keyboard.press("Tab")
        where, seen = page.evaluate(REACHED)
        reached[where] = seen
    assert [one for one in wanted if one in reached] == wanted
    assert [one for one in wanted if not reached[one]] == []


def test_three_admins_in_one_browser_do_not_log_each_other_out(demo: Demo, page: Page):
    for node in ("hub", "cedar", "baobab"):
        log_in(page, demo, node, "admin")
    for node in ("hub", "cedar", "baobab"):
        response = page.goto(f"{demo.base(node)}/admin/")
        assert response is not None
        assert response.status == 200
        assert "/login/" not in page.url
