"""What a first look costs a reader, measured over the wire in Chromium, and how soon it paints."""

import statistics
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, CDPSession, Page

from .conftest import Demo
from .reader_pages import PLAY, reader_pages
from .wire import view

pytestmark = [pytest.mark.browser, pytest.mark.process, pytest.mark.xdist_group("demo")]
KB = 1024
LONG = [pytest.param(lang, marks=pytest.mark.long) for lang in ("en", "fr")]
TIGHT = {"/{lang}/", "/{lang}/triage/", "/{lang}/triage/coercive/", PLAY}
HTML, HTML_TIGHT = 25 * KB, 14 * KB
TEXT_VIEW, PICTURE_VIEW = 30 * KB, 100 * KB
TEXT_REQUESTS, PICTURE_REQUESTS = 4, 6
SCRIPT = 8 * KB
FIRST_PAINT, LARGEST_PAINT = 1300, 2000  # ms


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 390, "height": 844})
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("lang", ["ar", *LONG])  # its letters take two bytes each
def test_every_text_page_keeps_its_budget(demo: Demo, page: Page, lang: str):
    base = demo.base("cedar")
    tight = {path.format(lang=lang) for path in TIGHT}
    broken = []
    for path in reader_pages(base, lang).values():
        seen = view(page, base + path)
        measured = {
            "HTML": (seen.size_of("Document"), HTML_TIGHT if path in tight else HTML),
            "first view": (seen.total, TEXT_VIEW),
            "requests": (len(seen.transfers), TEXT_REQUESTS),
            "script": (seen.size_of("Script"), SCRIPT),
            "fonts": (seen.size_of("Font"), 0),
            "from elsewhere": (len(seen.strangers(base)), 0),
            "cookies": (len(page.context.cookies()), 0),
        }
        has_picture = page.locator("details.waits").count() > 0
        if has_picture:
            measured["first view"] = (seen.total, PICTURE_VIEW)
            measured["requests"] = (len(seen.transfers), PICTURE_REQUESTS)
        assert seen.size_of("Document") > 0
        broken += [
            f"{path}: {what} {got}, at most {most}"
            for what, (got, most) in measured.items()
            if got > most
        ]
    assert broken == []


def test_a_page_keeps_its_budget_while_its_picture_is_shown(page: Page, pictured: str):
    page.goto(pictured)  # the first reader of a picture has it drawn
    seen = view(page, pictured, scroll=True)
    assert page.locator("details.waits").get_attribute("open") is not None
    assert seen.size_of("Image") > 5000
    assert seen.total <= PICTURE_VIEW
    assert len(seen.transfers) <= PICTURE_REQUESTS


def test_on_a_slow_network_the_picture_waits_until_it_is_asked_for(page: Page, pictured: str):
    slow_down(page, cpu=1)
    seen = view(page, pictured, scroll=True)
    assert page.locator("details.waits").get_attribute("open") is None
    assert [one.url for one in seen.transfers if "/media/" in one.url] == []
    page.locator("details.waits summary").click()
    assert page.locator("img.picture").evaluate(
        "image => image.naturalWidth || new Promise((loaded) => {"
        " image.addEventListener('load', () => loaded(image.naturalWidth)) })"
    )


@pytest.mark.long
@pytest.mark.quiet
@pytest.mark.parametrize("path", ["/{lang}/", "/{lang}/triage/coercive/", PLAY])
@pytest.mark.parametrize("lang", ["en", "ar"])
def test_a_slow_phone_on_a_slow_network_paints_soon(
    demo: Demo, browser: Browser, path: str, lang: str
):
    """400 kbit/s, 400 ms, a CPU slowed six times; the median of five looks with an empty cache."""
    firsts, largests = [], []
    for _ in range(5):
        context = browser.new_context(viewport={"width": 390, "height": 844})
        page = context.new_page()
        slow_down(page, cpu=6)
        page.goto(demo.base("cedar") + path.format(lang=lang), wait_until="load")
        first, largest = page.evaluate(PAINTS)
        firsts.append(first)
        largests.append(largest)
        context.close()
    print(f"{path} {lang}: first {sorted(firsts)}, largest {sorted(largests)}")
    assert statistics.median(firsts) <= FIRST_PAINT, firsts
    assert statistics.median(largests) <= LARGEST_PAINT, largests


PAINTS = """() => new Promise((done) => {
  new PerformanceObserver((list) => {
    const largest = list.getEntries().at(-1).startTime;
    done([performance.getEntriesByName("first-contentful-paint")[0].startTime, largest]);
  }).observe({ type: "largest-contentful-paint", buffered: true });
})"""


def slow_down(page: Page, cpu: int) -> CDPSession:
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send(
        "Network.emulateNetworkConditions",
        {
            "offline": False,
            "latency": 400,
            "downloadThroughput": 400_000 / 8,
            "uploadThroughput": 400_000 / 8,
        },
    )
    session.send("Emulation.setCPUThrottlingRate", {"rate": cpu})
    return session
