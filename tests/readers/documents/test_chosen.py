"""A chosen set of texts, in one file."""

import io

import pypdf
import pytest

from playbook.addresses import short_id
from tests import factories

from .taking import contents, sizes, taken

pytestmark = pytest.mark.django_db


def test_a_chosen_set_is_sized_first_and_then_one_file(site, client):
    pages = [factories.live(factories.play(title=title)) for title in ("Heron", "Kingfisher")]
    factories.live(factories.play(title="Stork"))
    soup = factories.read(client, "/en/take-along/")
    form = soup.form
    assert form["method"] == "get"
    boxes = {box["value"] for box in form.select('input[type="checkbox"][name="item"]')}
    assert {short_id(page) for page in pages} < boxes
    query = "&".join(f"item={short_id(page)}" for page in pages)
    said = sizes(factories.read(client, f"{form['action']}?{query}"))
    assert len(said) == 3
    for where in said:
        data = taken(client, where)
        if ".pdf" in where:
            reader = pypdf.PdfReader(io.BytesIO(data))
            text = " ".join(part.extract_text() for part in reader.pages)
        elif ".epub" in where:
            text = contents(data)
        else:
            text = data.decode()
        assert "Heron" in text
        assert "Kingfisher" in text
        assert "Stork" not in text


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("", "Choose at least one text."),
        ("item=0000000000", "not published any more"),
        ("item=<script>", "not published any more"),
        ("&".join(f"item={number:010x}" for number in range(21)), "Choose at most 20 texts"),
    ],
)
def test_a_choice_that_cannot_be_made_is_answered_with_the_form(site, client, query, words):
    soup = factories.read(client, f"/en/take-along/chosen/?{query}", status=400)
    assert words in soup.get_text()
    assert "<script>" not in soup.main.decode()
    assert client.get(f"/en/take-along/chosen.pdf?{query}").status_code == 400


def test_the_list_takes_as_many_queries_for_many_items_as_for_few(
    site, client, django_assert_max_num_queries
):
    for _number in range(2):
        factories.live(factories.play())
    client.get("/en/take-along/")
    with django_assert_max_num_queries(60) as few:
        client.get("/en/take-along/")
    count = len(few)
    for _number in range(5):
        factories.live(factories.play())
    client.get("/en/take-along/")
    with django_assert_max_num_queries(count):
        client.get("/en/take-along/")
