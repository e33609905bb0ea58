"""The public feed: types, caching, ranges, and one answer for all that is not there."""

import gzip
import hashlib
import json

import pytest
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema

from federation.models import Item, Log, Record, ReviewDecision
from federation.services import publishing, retracting, review
from federation.wire import bundles, checkpoint, dsse, tiles
from tests.federation.api.conftest import FEED

IMMUTABLE = "public, max-age=31536000, immutable, no-transform"
REVALIDATE = "no-cache, no-transform"
OCTETS = "application/octet-stream"
PROBLEM = "application/problem+json"


def own_log() -> Log:
    return Log.objects.get(own=True)


def paths(shared) -> dict[str, tuple[str, str]]:
    """Return each public address with its type and its caching."""
    log = f"{FEED}/log/here"
    return {
        f"{FEED}/heads": ("application/json", REVALIDATE),
        f"{FEED}/heads?since=0": ("application/json", REVALIDATE),
        f"{log}/checkpoint": ("text/plain; charset=utf-8", REVALIDATE),
        f"{log}/tile/0/000.p/2": (OCTETS, IMMUTABLE),
        f"{log}/tile/entries/000.p/2": (OCTETS, IMMUTABLE),
        f"{log}/tile/entries/000.p/1": (OCTETS, IMMUTABLE),
        f"{log}/records/000.p/2": (OCTETS, REVALIDATE),
        f"{FEED}/record/{shared.first.address}": ("application/json", REVALIDATE),
        f"{FEED}/blob/{shared.sha256}": ("image/jpeg", REVALIDATE),
        f"{FEED}/trust/nodes/here": ("application/json", REVALIDATE),
        f"{FEED}/status": ("application/json", REVALIDATE),
    }


def test_each_address_says_its_type_and_how_long_it_keeps(shared, client):
    for path, (kind, caching) in paths(shared).items():
        answer = client.get(path)
        assert (answer.status_code, path) == (200, path)
        assert answer.headers["content-type"] == kind
        assert answer.headers["cache-control"] == caching
        assert "set-cookie" not in answer.headers
        assert client.head(path).status_code == 200


def test_the_bytes_prove_what_the_node_said(shared, client, hub_here):
    log = own_log()
    note = client.get(f"{FEED}/log/here/checkpoint").content
    assert checkpoint.parse_checkpoint(note).size == 2
    heads = client.get(f"{FEED}/heads").json()
    assert heads["heads"] == [{"node": "here", "checkpoint": note.decode()}]
    assert heads["counter"] == log.counter
    entries = client.get(f"{FEED}/log/here/tile/entries/000.p/2").content
    assert len(tiles.decode_entries(entries, 2)) == 2
    body = client.get(f"{FEED}/log/here/records/000.p/2").content
    rows = list(bundles.iter_records(body, start=0, count=2, max_record=2**20))
    envelope = dsse.Envelope.from_json(client.get(f"{FEED}/record/{rows[0].address}").content)
    assert envelope == rows[0].envelope
    blob = b"".join(client.get(f"{FEED}/blob/{shared.sha256}"))
    assert hashlib.sha256(blob).hexdigest() == shared.sha256


@pytest.mark.parametrize("path", ["tile/entries/000.p/2", "records/000.p/2"])
def test_packed_answers_are_gzip_for_who_takes_it_and_have_an_etag(shared, client, path: str):
    address = f"{FEED}/log/here/{path}"
    plain = client.get(address)
    packed = client.get(address, headers={"accept-encoding": "gzip, br"})
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed.content) == plain.content
    assert "Accept-Encoding" in packed.headers["vary"]

    etag = packed.headers["etag"]
    again = client.get(address, headers={"accept-encoding": "gzip", "if-none-match": etag})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == etag
    other = client.get(address, headers={"accept-encoding": "gzip", "if-none-match": '"other"'})
    assert other.status_code == 200


def test_the_etag_of_a_records_bundle_changes_when_a_body_is_erased(shared, client, shareable):
    address = f"{FEED}/log/here/records/000.p/2"
    before = client.get(address).headers["etag"]
    page = publishing.Provenance.objects.get(address=shared.first.address).page
    retracting.retract_page(page, "It endangers people.")
    after = client.get(address, headers={"if-none-match": before})
    assert after.status_code == 200
    assert after.headers["etag"] != before
    rows = list(bundles.iter_records(after.content, start=0, count=2, max_record=2**20))
    assert [row.state for row in rows] == ["retracted", "present"]


@pytest.mark.parametrize(
    ("asked", "status", "start", "end"),
    [
        ("bytes=0-9", 206, 0, 10),
        ("bytes=10-", 206, 10, None),
        ("bytes=5-99999999", 206, 5, None),
        ("bytes=99999999-", 416, 0, 0),
        ("bytes=-5", 200, 0, None),
        ("bytes=a-b", 200, 0, None),
        ("lines=0-1", 200, 0, None),
        ("bytes=" + "9" * 5000 + "-", 200, 0, None),
    ],
)
def test_a_file_may_be_had_in_parts(shared, client, asked: str, status: int, start: int, end):
    address = f"{FEED}/blob/{shared.sha256}"
    whole = b"".join(client.get(address))
    answer = client.get(address, headers={"range": asked})
    assert answer.status_code == status
    if status == 416:
        assert answer.headers["content-range"] == f"bytes */{len(whole)}"
        return
    body = b"".join(answer)
    assert body == whole[start:end]
    assert int(answer.headers["content-length"]) == len(body)
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["x-content-type-options"] == "nosniff"
    if status == 206:
        last = start + len(body) - 1
        assert answer.headers["content-range"] == f"bytes {start}-{last}/{len(whole)}"


def sealed_address(link) -> str:
    """Have this node send a note to an author; return the address of the sealed record."""
    link.node.publish("Theirs")
    assert link.sync().ok
    return review.answer_item(Item.objects.get(), ReviewDecision.RETURN, "For you alone").address


def test_what_is_absent_sealed_or_nonsense_has_one_and_the_same_answer(shared, link, client):
    sealed = sealed_address(link)
    assert Record.objects.get(address=sealed).payload is not None
    page = publishing.Provenance.objects.get(address=shared.pictured.address).page
    retracting.retract_page(page, "It endangers people.")
    absent = client.get(f"{FEED}/record/{'0' * 64}")
    assert absent.status_code == 404
    assert absent.headers["content-type"] == PROBLEM
    assert json.loads(absent.content)["type"] == "feed.not-found"
    for path in (
        f"record/{sealed}",
        f"record/{shared.pictured.address}",
        "record/0",
        f"record/{sealed.upper()}",
        f"blob/{shared.sha256}",
        f"blob/{'0' * 64}",
        "log/nobody/checkpoint",
        "log/nobody/tile/entries/000",
        "log/here/tile/entries/000",
        "log/here/tile/entries/000.p/200",
        "log/here/tile/0/001.p/1",
        "log/here/records/007.p/1",
        "trust/nodes/nobody",
        "no/such/address",
        "log/../../admin/",
    ):
        answer = client.get(f"{FEED}/{path}")
        assert (path, answer.status_code) == (path, 404)
        assert answer.content == absent.content
        assert answer.headers == absent.headers


@pytest.mark.parametrize(
    "path",
    [
        "tile/0/0.p/1", "tile/0/000.p/256", "tile/0/000.p/0", "tile/64/000", "records/x/000",
        "tile/entries/x000/000", "records/1000",
    ],
)  # fmt: skip
def test_a_tile_path_that_is_not_the_one_spelling_is_a_named_problem(shared, client, path: str):
    answer = client.get(f"{FEED}/log/here/{path}")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == PROBLEM
    assert json.loads(answer.content)["type"] in ("log.bad-tile", "feed.not-found")


@pytest.mark.parametrize("since", ["-1", "x", "1e3", "99999999999999999999999", "²", ""])
def test_a_strange_counter_is_taken_for_the_beginning(shared, client, since: str):
    answer = client.get(f"{FEED}/heads", {"since": since})
    assert answer.status_code == 200
    assert len(answer.json()["heads"]) == 1


def test_a_counter_from_before_a_restore_shows_everything_again(shared, client):
    top = own_log().counter
    assert client.get(f"{FEED}/heads?since={top}").json()["heads"] == []
    assert len(client.get(f"{FEED}/heads?since={top + 5}").json()["heads"]) == 1


def test_writing_where_only_reading_is_offered_is_a_problem_document(shared, client):
    answer = client.post(f"{FEED}/heads", b"{}", content_type="application/json")
    assert answer.status_code == 405
    assert answer.headers["content-type"] == PROBLEM


def test_the_feed_speaks_no_language_of_readers(shared, client):
    """LocaleMiddleware would send what is absent on to `/en/federation/...`."""
    answer = client.get(f"{FEED}/record/{'0' * 64}", headers={"accept-language": "ar"})
    assert answer.status_code == 404
    assert "location" not in answer.headers


def test_status_tells_versions_and_nothing_of_the_installation(shared, client, hub_here):
    said = client.get(f"{FEED}/status").json()
    assert set(said) == {"protocol", "schemas", "languages", "software"}
    assert said["protocol"] == 1
    assert "play/1" in said["schemas"]
    assert str(hub_here.DATA_DIR) not in json.dumps(said)


def test_the_openapi_schema_is_valid_and_names_every_address(shared, client):
    schema = SchemaGenerator(urlconf="federation.urls").get_schema(request=None, public=True)
    validate_schema(schema)
    operations = {
        operation["operationId"] for path in schema["paths"].values() for operation in path.values()
    }
    assert operations >= {
        "heads", "checkpoint", "tile", "record", "blob", "directory", "descriptor", "enrol",
        "status",
    }  # fmt: skip
    served = client.get(f"{FEED}/schema")
    assert served.status_code == 200
    assert b"Solidarity Playbook federation feed" in served.content
