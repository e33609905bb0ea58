"""The first-hour card on paper: one A4 sheet, each part on a side of A6, in every language."""

import io
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page
from pypdf import PdfReader

from .conftest import Demo
from .reader_pages import PLAY

pytestmark = [pytest.mark.browser, pytest.mark.process, pytest.mark.xdist_group("demo")]

LANGUAGES = ["en", "ar", "fr"]
A4, A6 = (210, 297), (105, 148.5)  # mm
MARGIN = 5  # mm that no printer reaches; also what a fold may be off
# Of each side, in mm: its place on the page, its size, and where its content ends.
SIDES = """() => [...document.querySelectorAll(".side")].map((side) => {
  const mm = (pixels) => pixels / 96 * 25.4, box = side.getBoundingClientRect();
  const inner = [...side.querySelectorAll("*")].map((one) => one.getBoundingClientRect());
  return {
    left: mm(box.left), top: mm(box.top + scrollY), width: mm(box.width), height: mm(box.height),
    clear: mm(Math.min(
      box.right - Math.max(...inner.map((one) => one.right)),
      Math.min(...inner.filter((one) => one.width).map((one) => one.left)) - box.left,
      box.bottom - Math.max(...inner.map((one) => one.bottom)),
    )),
  };
})"""
SMALLEST_PRINT = """() => Math.min(...[...document.querySelectorAll(".side *")]
  .filter((one) => one.innerText?.trim() && !one.closest("svg"))
  .map((one) => parseFloat(getComputedStyle(one).fontSize) * 72 / 96))"""


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 794, "height": 1123})  # A4 at 96 a inch
    page = context.new_page()
    page.emulate_media(media="print")
    yield page
    context.close()


def faults(page: Page, address: str) -> list[str]:
    """Return what keeps this card from being four sides of A6 on one A4 sheet."""
    page.goto(address)
    printed = PdfReader(io.BytesIO(page.pdf(prefer_css_page_size=True))).pages
    sizes = [tuple(round(float(side) / 72 * 25.4) for side in one.mediabox[2:]) for one in printed]
    wrong = [] if sizes == [A4] else [f"pages of {sizes} mm"]
    if (points := page.evaluate(SMALLEST_PRINT)) < 8.5:
        wrong.append(f"print of {points} points")
    sides = page.evaluate(SIDES)
    assert 2 <= len(sides) <= 4
    for number, side in enumerate(sides):
        if side["width"] > A6[0] + 0.5 or side["height"] > A6[1] + 0.5:
            wrong.append(f"side {number} is {side['width']} x {side['height']} mm")
        if side["clear"] < MARGIN:
            wrong.append(f"side {number} comes within {side['clear']} mm of its edge")
    return wrong


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_card_is_four_sides_of_a6_on_one_sheet(demo: Demo, page: Page, lang: str):
    address = f"{demo.base('cedar')}{PLAY.format(lang=lang)}card/"
    assert faults(page, address) == []
    first, second, third, fourth = page.evaluate(SIDES)
    assert (first["left"] > second["left"]) == (lang == "ar")
    assert first["top"] == second["top"] < third["top"] == fourth["top"]


def test_a_card_that_is_too_long_is_noticed(demo: Demo, page: Page):
    address = f"{demo.base('cedar')}{PLAY.format(lang='en')}card/"
    page.add_init_script(
        "addEventListener('DOMContentLoaded', () => { const steps = document.querySelector('.act');"
        " steps.append(...[1, 2, 3].map(() => steps.querySelector('ol').cloneNode(true))) })"
    )
    assert [fault for fault in faults(page, address) if fault.startswith(("pages", "side 0"))]


@pytest.mark.long
@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_first_hour_card_prints_on_one_sheet(demo: Demo, page: Page, lang: str):
    page.goto(f"{demo.base('cedar')}/{lang}/plays/")
    plays = page.locator(".cards > li > a").evaluate_all("links => links.map((link) => link.href)")
    assert plays
    wrong = {play: faults(page, f"{play}card/") for play in plays}
    assert {play: found for play, found in wrong.items() if found} == {}
