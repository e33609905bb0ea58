"""How a test takes documents along, and looks into them."""

import io
import zipfile

from wagtail.models import Locale

from playbook.addresses import short_id
from playbook.models import StrategyPage
from playbook.models.strategies import StrategyStage
from playbook.setup import section_for
from tests import factories


def address(page, ending="html"):
    return f"/{page.locale.language_code}/take-along/{short_id(page)}.{ending}"


def taken(client, where):
    """Return the bytes of a download, which nothing on the way may keep."""
    answer = client.get(where)
    assert answer.status_code == 200, answer.content[:300]
    assert "no-store" in answer["Cache-Control"]
    assert answer["Content-Disposition"].startswith("attachment")
    return answer.content


def strategy(*plays, language="en", **fields):
    page = StrategyPage(
        title="Stand together", goal="protect", summary="One after the other.", **fields
    )
    page.live = False
    page.locale = Locale.objects.get(language_code=language)
    page.threats = [factories.threat()]
    page.stages = [
        StrategyStage(play=play, sort_order=place, decision="Who decides?")
        for place, play in enumerate(plays)
    ]
    section_for(StrategyPage, language).add_child(instance=page)
    page.save_revision()
    return factories.live(page)


def sizes(soup):
    """Return what the page says of each file: its address and its size."""
    return {
        link["href"]: link.find_next("small").get_text(strip=True)
        for link in soup.select(".files a")
    }


def contents(data):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return " ".join(archive.read(name).decode(errors="replace") for name in archive.namelist())


def members(data):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert {info.compress_type for info in archive.infolist()} == {zipfile.ZIP_STORED}
        return {name: archive.read(name) for name in archive.namelist()}
