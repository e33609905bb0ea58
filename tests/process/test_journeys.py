"""What readers come to do, in Chromium: with and without JavaScript, by hand and by keyboard."""

import io
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, Route
from pypdf import PdfReader

from .conftest import Demo

pytestmark = [
    pytest.mark.browser,
    pytest.mark.process,
    pytest.mark.long,
    pytest.mark.xdist_group("demo"),
]

NEUTRAL = "https://www.wikipedia.org/"
PLAY = "/en/plays/officials-at-the-door/"


@pytest.fixture(params=[True, False], ids=["with JavaScript", "without"])
def any_context(browser: Browser, request: pytest.FixtureRequest) -> Iterator[BrowserContext]:
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, java_script_enabled=request.param
    )
    yield context
    context.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": 390, "height": 844})
    yield context
    context.close()


@pytest.mark.parametrize("lang", ["en", "ar", "fr"])
def test_from_home_through_the_questions_to_a_play_and_onto_paper(
    demo: Demo, any_context: BrowserContext, lang: str
):
    page = any_context.new_page()
    page.goto(f"{demo.base('cedar')}/{lang}/")
    page.locator('.doors a[href$="/triage/coercive/"]').click()
    for _ in range(5):  # whatever is asked: the first answer
        if page.locator(".doors a").count() == 0:
            break
        page.locator(".doors a").first.click()
    page.locator(f'main a[href*="/{lang}/plays/"]').first.click()
    assert page.locator(".act li").count() == 5
    page.locator('a[href$="/card/"]').click()
    assert page.url.endswith("/card/")
    assert page.locator("h1").inner_text()


def test_a_printed_play_is_its_text_alone(demo: Demo, context: BrowserContext):
    page = context.new_page()
    page.goto(demo.base("cedar") + PLAY)
    title = page.locator("h1").inner_text()
    printed = PdfReader(io.BytesIO(page.pdf(format="A4")))
    words = " ".join(part.extract_text() for part in printed.pages)
    assert title in words
    assert "Leave quickly" not in words
    assert "Leaving quickly hides" not in words


def test_switching_language_on_a_translated_page(demo: Demo, any_context: BrowserContext):
    page = any_context.new_page()
    page.goto(demo.base("cedar") + PLAY)
    page.locator(".languages summary").click()
    page.locator('.languages a[hreflang="ar"]').click()
    assert page.url == demo.base("cedar") + PLAY.replace("/en/", "/ar/")
    assert page.get_attribute("html", "dir") == "rtl"


def test_switching_language_on_a_page_without_translation(demo: Demo, any_context: BrowserContext):
    page = any_context.new_page()
    page.goto(f"{demo.base('cedar')}/en/plays/accounts-frozen/")
    title = page.locator("h1").inner_text()
    page.locator(".languages summary").click()
    link = page.locator('.languages li[lang="ar"]')
    assert link.locator("small").inner_text()
    link.locator("a").click()
    assert page.url == f"{demo.base('cedar')}/ar/plays/accounts-frozen/"
    assert page.locator("h1").inner_text() == title
    assert page.get_attribute("main > .note", "lang") == "ar"
    assert page.get_attribute("html", "lang") == "en"


# --- Leaving quickly --------------------------------------------------------------------------


class Elsewhere:
    """Stands for the neutral site: nothing leaves this machine."""

    def __init__(self, page: Page) -> None:
        self.asked: list[Request] = []
        page.route(f"{NEUTRAL}**", self.answer)

    def answer(self, route: Route) -> None:
        self.asked.append(route.request)
        route.fulfill(body="<title>Elsewhere</title>", content_type="text/html")

    def was_told_nothing(self) -> bool:
        return [request.headers.get("referer") for request in self.asked] == [None]


def test_leaving_by_the_link_that_stays_in_sight(demo: Demo, any_context: BrowserContext):
    page = any_context.new_page()
    elsewhere = Elsewhere(page)
    page.goto(demo.base("cedar") + PLAY)
    for _ in range(8):
        page.mouse.wheel(0, 600)
    link = page.locator("a.leave")
    box = link.bounding_box()
    assert box is not None
    assert 0 <= box["y"] < 100
    link.click()
    page.wait_for_url(NEUTRAL)
    assert elsewhere.was_told_nothing()


@pytest.mark.parametrize("way", ["link", "keys", "skip link"])
def test_leaving_takes_the_page_out_of_the_way_back_and_clears(
    demo: Demo, context: BrowserContext, way: str
):
    page = context.new_page()
    elsewhere = Elsewhere(page)
    page.goto("about:blank")
    page.goto(demo.base("cedar") + PLAY)
    page.evaluate("localStorage.kept = 1; sessionStorage.kept = 1; caches.open('saved')")
    assert page.evaluate("caches.has('saved')")
    if way == "link":
        page.locator("a.leave").click()
    elif way == "skip link":
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
    else:
        for _ in range(3):
            page.keyboard.press("Shift")
    page.wait_for_url(NEUTRAL)
    assert elsewhere.was_told_nothing()
    page.go_back()
    assert page.url == "about:blank"
    later = context.new_page()
    later.goto(f"{demo.base('cedar')}/en/")
    assert later.evaluate("[localStorage.length, sessionStorage.length]") == [0, 0]
    assert later.evaluate("caches.has('saved')") is False


def test_writing_capitals_or_pressing_twice_does_not_leave(demo: Demo, context: BrowserContext):
    page = context.new_page()
    elsewhere = Elsewhere(page)
    page.goto(demo.base("cedar") + PLAY)
    page.keyboard.press("Shift")
    page.keyboard.press("Shift")
    page.keyboard.press("a")
    for letter in "ABC":
        page.keyboard.press(f"Shift+{letter}")
    page.wait_for_timeout(200)
    assert page.url == demo.base("cedar") + PLAY
    assert elsewhere.asked == []


def test_the_page_is_blank_before_the_other_site_has_answered(demo: Demo, context: BrowserContext):
    """On a slow network that takes seconds. The page tells what it does, to its console."""
    page = context.new_page()
    Elsewhere(page)
    page.goto(demo.base("cedar") + PLAY)
    told: list[str] = []
    page.on("console", lambda message: told.append(message.text))
    page.evaluate(
        "new MutationObserver(() => console.log(`${getComputedStyle(document.documentElement)"
        ".display} [${document.title.trim()}]`))"
        ".observe(document.documentElement, { attributes: true })"
    )
    page.evaluate("document.querySelector('a.leave').click()")
    page.wait_for_url(NEUTRAL)
    assert told == ["none []"]


# --- The keyboard -----------------------------------------------------------------------------


def test_the_keyboard_alone_reaches_everything_in_order(demo: Demo, context: BrowserContext):
    page = context.new_page()
    page.goto(f"{demo.base('cedar')}/en/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.hash") == "#main"
    assert page.locator(":focus").is_visible()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('.doors') !== null")
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineWidth")
    assert float(outline.removesuffix("px")) >= 2
    page.keyboard.press("Enter")
    page.wait_for_url("**/triage/**")


def test_what_has_the_focus_is_not_under_the_bar(demo: Demo, context: BrowserContext):
    page = context.new_page()
    page.goto(demo.base("cedar") + PLAY)
    covered = []
    for _ in range(40):
        page.keyboard.press("Tab")
        box = page.evaluate(
            "(() => { const box = document.activeElement.getBoundingClientRect();"
            " return [box.top, document.querySelector('.bar').getBoundingClientRect().bottom,"
            " document.activeElement.closest('.bar') !== null,"
            " document.activeElement.outerHTML.slice(0, 80)] })()"
        )
        if box[3].startswith("<body"):
            break  # once round
        if not box[2] and box[0] < box[1] - 1:
            covered.append(box)
    assert covered == []


def test_the_languages_open_and_choose_by_keyboard(demo: Demo, context: BrowserContext):
    page = context.new_page()
    page.goto(f"{demo.base('cedar')}/en/")
    page.locator(".languages summary").focus()
    page.keyboard.press("Enter")
    page.locator('.languages a[hreflang="ar"]').focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/ar/")
