"""What a node sets of its look: a colour that can be read, a name, a logo, where to leave to."""

import base64
import hashlib
import re
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from django.core.exceptions import ValidationError
from wagtail.models import Site

import playbook
from playbook.appearance import appearance
from playbook.contrast import DARK, LEGIBLE, LIGHT, contrast, least_contrast
from playbook.models import Design
from tests import factories

pytestmark = pytest.mark.django_db
CSS = (Path(playbook.__file__).parent / "static" / "playbook" / "site.css").read_text("utf-8")


def design(**fields):
    one = Design(site=Site.objects.get(is_default_site=True), **fields)
    one.full_clean()
    one.save()
    return one


def variables():
    """Return the variables of the stylesheet by light and dark, for the screen."""
    light, dark = re.findall(r":root \{(.*?)\}", CSS, re.S)[:2]
    return [dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", text)) for text in (light, dark)]


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [("#000000", "#ffffff", 21.0), ("#ffffff", "#ffffff", 1.0), ("#777777", "#ffffff", 4.48)],
)
def test_contrast_is_that_of_wcag(one, other, ratio):
    assert contrast(one, other) == pytest.approx(ratio, abs=0.01)
    assert contrast(other, one) == contrast(one, other)


def test_the_check_knows_the_surfaces_of_the_stylesheet():
    light, dark = variables()
    assert (light["paper"], light["panel"]) == LIGHT
    assert (dark["paper"], dark["panel"]) == DARK


def test_every_text_colour_of_the_stylesheet_is_legible_on_every_surface():
    for colours in variables():
        surfaces = tuple(colours[name] for name in ("paper", "panel", "act", "stop", "note"))
        for name in ("ink", "soft", "accent"):
            assert least_contrast(colours[name], surfaces) >= LEGIBLE, name


@pytest.mark.parametrize(
    ("field", "colour"), [("accent", "#ffdd00"), ("accent", "#7a7a7a"), ("accent_dark", "#333333")]
)
def test_a_colour_that_cannot_be_read_is_refused_by_name(site, field, colour):
    with pytest.raises(ValidationError) as caught:
        design(**{field: colour})
    (error,) = caught.value.error_dict[field]
    assert error.code == "illegible"
    assert "4.5" in str(error.messages)
    assert not Design.objects.exists()


@pytest.mark.parametrize("colour", ["red", "#FFF", "#12345", "#0b5c6b;}"])
def test_what_is_no_colour_is_refused(site, colour):
    with pytest.raises(ValidationError) as caught:
        design(accent=colour)
    assert set(caught.value.error_dict) == {"accent"}


def test_the_colours_come_with_the_one_stylesheet_which_the_policy_lets_in(site, client):
    design(accent="#7a1f5c", accent_dark="#f0a8d8")
    answer = client.get("/en/")
    soup = BeautifulSoup(answer.content, "html.parser")
    assert not soup.select('link[rel="stylesheet"]')
    (style,) = soup.select("style")
    text = style.string
    assert text.startswith(CSS)
    assert text.index("--accent:#7a1f5c") < text.index("--accent:#f0a8d8")
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    policy = answer["Content-Security-Policy"]
    assert f"style-src 'self' 'sha256-{digest}'" in policy
    assert "unsafe" not in policy


def test_a_light_colour_alone_is_not_used_in_the_dark(site):
    design(accent="#7a1f5c")
    assert appearance().colours.startswith("@media not (prefers-color-scheme:dark)")


def test_no_other_style_or_script_stands_in_a_page(site, client):
    design(accent="#7a1f5c")
    page = factories.live(factories.play())
    soup = factories.read(client, page.url)
    assert len(soup.select("style")) == 1
    assert not soup.select("[style], script:not([src]), [onclick]")


def test_name_logo_and_where_to_leave_to_are_the_nodes_own(site, client, django_assert_num_queries):
    design(name="Coast", logo=factories.picture(), neutral_site="https://weather.example/")
    soup = factories.read(client, "/en/")
    assert soup.select_one(".name").get_text(strip=True) == "Coast"
    assert soup.select_one(".name img")["width"]
    # The same address for both: one request.
    assert soup.select_one(".name img")["src"] == soup.select_one('link[rel="icon"]')["href"]
    assert soup.select_one(".leave")["href"] == "https://weather.example/"
    with django_assert_num_queries(0):
        appearance()


def test_a_change_shows_at_once(site, client):
    one = design(name="Before")
    assert "Before" in factories.read(client, "/en/").select_one(".name").get_text()
    one.name = "After"
    one.save()
    assert "After" in factories.read(client, "/en/").select_one(".name").get_text()
