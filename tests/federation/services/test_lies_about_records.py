"""A peer or an author that lies in one record: that one is quarantined, its neighbours are not."""

import base64
from collections.abc import Callable
from dataclasses import replace

import pytest

from federation.errors import (
    AddressMismatch,
    BadBundle,
    BadSignature,
    DuplicateKey,
    InvalidRecord,
    MalformedEnvelope,
    MediaRefused,
    MediaTooLarge,
    NotCanonical,
    OldVersion,
    RecordTooLarge,
    RecordWithheld,
    ScopeError,
    TooDeep,
    TruncatedJson,
    TypeMismatch,
    UnknownBlock,
    UnknownSchema,
    VersionGap,
    WrongOrigin,
)
from federation.models import Item, Quarantine, Record, RecordState
from federation.services.reports import SyncReport
from federation.wire import canonical, dsse, records
from tests.federation.simulated_node import Said, SimulatedNode
from tests.federation.simulator import STRANGER
from tests.federation.snapshot import snapshot

AUTHORS_LIES: dict[str, tuple[Callable[[SimulatedNode], Said], type]] = {
    "not canonical": (lambda n: n.say(b" " + good(n), leaf="publish"), NotCanonical),
    "a key twice": (
        lambda n: n.say(good(n).replace(b'"lang":', b'"id":"x","lang":'), leaf="publish"),
        DuplicateKey,
    ),
    "cut off": (lambda n: n.say(good(n)[:-20], leaf="publish"), TruncatedJson),
    "nested too deep": (
        lambda n: n.say(good(n).replace(b'"salt"', b'"a":' + b"[" * 40 + b"]" * 40 + b',"salt"'),
                        leaf="publish"),
        TooDeep,
    ),
    "unknown schema": (lambda n: n.publish(schema="recipe/1"), UnknownSchema),
    "newer version of a schema": (lambda n: n.publish(schema="play/2"), UnknownSchema),
    "unknown block": (
        lambda n: n.publish(content={"steps": [
            {"id": "11111111-2222-4333-8444-555555555555", "type": "poem", "value": {}}
        ]}),
        UnknownBlock,
    ),
    "a field of another type": (lambda n: n.publish(content={"threats": "media"}), InvalidRecord),
    "a version no column holds": (
        lambda n: n.publish(version=2**53 - 1, prev=n.said[0].address), InvalidRecord
    ),
    "a language no column holds": (lambda n: n.publish(lang="aa-" + "-".join(["abcdefgh"] * 5)),
                                   InvalidRecord),
    "a character no column holds": (
        lambda n: n.publish(content={"preconditions": "<p>\0</p>"}), InvalidRecord
    ),
    "in another's name": (lambda n: n.publish(origin="baobab"), WrongOrigin),
    "signed by another": (lambda n: n.publish(key=STRANGER), BadSignature),
    "another type in the log": (lambda n: n.publish(leaf="endorse"), TypeMismatch),
    "sealed to nobody": (lambda n: n.publish(audience=["here"]), TypeMismatch),
    "a version gap": (lambda n: n.publish(version=2), VersionGap),
    "following what was never said": (
        lambda n: n.publish(version=2, prev="ab" * 32), VersionGap
    ),
    "an old version again": (lambda n: n.say(n.said[0].envelope.payload), OldVersion),
    "an old version anew": (
        lambda n: n.publish(id=n.said[0].id, version=1), OldVersion
    ),
    "a file of a kind not taken": (
        lambda n: n.publish(media=[n.picture(b"%PDF", "application/pdf")]), MediaRefused
    ),
    "a file that is too large": (
        lambda n: n.publish(media=[n.picture(b"x", size=51 * 2**20)]), MediaTooLarge
    ),
    "an endorsement in another's name": (
        lambda n: n.say(n.build("endorse/1", target=n.said[0].target, day="2026-11-20",
                                origin="global-hub")),
        WrongOrigin,
    ),
    "a retraction of another's item": (
        lambda n: n.say(canonical.dumps(canonical.loads(n.build(
            "retract/1", target=n.said[0].target, reason="", day="2026-11-20"
        )) | {"target": {**n.said[0].target, "origin": "baobab"}}), leaf="retract"),
        WrongOrigin,
    ),
}  # fmt: skip


def good(node: SimulatedNode) -> bytes:
    return canonical.dumps(node.item({"title": "Bad"}))


def titles() -> set[str]:
    return set(Item.objects.values_list("title", flat=True))


def only_row() -> Quarantine:
    return Quarantine.objects.get(resolved=False)


@pytest.mark.parametrize("many", [0, 6], ids=["one by one", "as a bundle"])
@pytest.mark.parametrize("name", AUTHORS_LIES)
def test_a_bad_record_is_quarantined_alone(link, cedar, name: str, many: int):
    lie, expected = AUTHORS_LIES[name]
    cedar.publish("Before")
    for number in range(many):
        cedar.publish(f"More {number}")
    assert link.sync().ok
    before = snapshot(ignore=("Quarantine", "Log", "Entry", "Record"))
    bad = lie(cedar)
    assert link.sync().ok, "one entry is no failure of the peer"
    after = snapshot(ignore=("Quarantine", "Log", "Entry", "Record"))
    assert after == before
    row = only_row()
    assert (row.error, row.index, row.address) == (expected.code, bad.index, bad.address)
    assert (row.peer, bool(row.error_detail)) == ("cedar", True)

    cedar.publish("Behind")

    assert link.sync().ok
    assert titles() == {"Before", "Behind", *(f"More {number}" for number in range(many))}
    assert only_row().error == expected.code


READABLE_LATER = {
    "an unknown schema": {"schema": "recipe/1"},
    "a newer version": {"schema": "play/2"},
    "an unknown block": {"content": {"steps": [
        {"id": "11111111-1111-4111-8111-111111111111", "type": "poem", "value": {}}
    ]}},
}  # fmt: skip


@pytest.mark.parametrize("name", READABLE_LATER)
def test_what_newer_software_can_read_is_kept_word_for_word(link, cedar, name: str):
    said = cedar.publish(**READABLE_LATER[name])

    assert link.sync().ok

    assert bytes(only_row().payload) == said.envelope.payload
    if name != "an unknown block":
        record = Record.objects.get(address=said.address)
        assert (record.state, bytes(record.payload)) == (RecordState.PARKED, said.envelope.payload)


def test_a_parked_record_is_applied_from_what_is_kept_once_it_is_understood(
    link, cedar, monkeypatch
):
    known = dict(records.SCHEMAS)
    monkeypatch.delitem(records.SCHEMAS, "case/1")
    said = cedar.publish("Not yet understood", schema="case/1")
    link.sync()
    assert (only_row().error, titles()) == (UnknownSchema.code, set())
    monkeypatch.setitem(records.SCHEMAS, "case/1", known["case/1"])
    link.feed.hang(f"record/{said.address}")
    cedar.publish("Something else")

    assert link.sync().ok

    assert titles() == {"Not yet understood", "Something else"}
    assert not Quarantine.objects.filter(resolved=False).exists()


def test_a_failed_attempt_does_not_hide_why_a_record_was_parked(link, cedar):
    said = cedar.publish(schema="recipe/1")
    link.sync()
    link.feed.answer_status(f"record/{said.address}", 404)
    cedar.publish("Something else")

    link.sync()

    row = only_row()
    assert (row.error, bytes(row.payload)) == (UnknownSchema.code, said.envelope.payload)


def test_a_body_that_came_late_and_is_not_understood_is_kept(link, cedar):
    said = cedar.publish(schema="recipe/1")
    link.feed.withhold(said)
    link.sync()
    assert (only_row().error, only_row().payload) == (RecordWithheld.code, None)
    link.feed.stop_lying()

    link.sync()

    assert only_row().error == UnknownSchema.code
    assert bytes(only_row().payload) == said.envelope.payload
    assert Record.objects.get(address=said.address).state == RecordState.PARKED


def test_an_oversize_record_is_refused_in_a_bundle_and_alone(link, cedar, here):
    conf = replace(here, MAX_RECORD=3000)
    large = cedar.publish("Large", content={"preconditions": "x" * 4000})
    for number in range(5):
        cedar.publish(f"Small {number}")

    link.sync(conf=conf)

    assert (only_row().error, only_row().index) == (RecordTooLarge.code, large.index)
    assert len(titles()) == 5
    link.sync(conf=here)
    assert "Large" in titles(), "a raised limit lets it in"


# --- Lies of whoever serves the bytes: the honest ones settle them --------------------------------


RELAYS_LIES: dict[str, tuple[Callable, type]] = {
    "tampered": (lambda link, said: link.feed.tamper(said), AddressMismatch),
    "tampered and readdressed": (
        lambda link, said: link.feed.tamper_and_readdress(said), AddressMismatch
    ),
    "signature stripped": (lambda link, said: link.feed.strip_signature(said), BadSignature),
    "withheld": (lambda link, said: link.feed.withhold(said), RecordWithheld),
}  # fmt: skip


def refused_then_settled(link, said: Said, expected: type) -> SyncReport:
    """The first sync takes in all but `said`; once the peer is honest nothing is left to settle."""
    before = Item.objects.filter(title=said.raw["content"]["title"])
    assert not before.exists()
    report = link.sync()
    assert only_row().error == expected.code
    assert not before.exists()
    assert not Record.objects.filter(address=said.address).exists()
    link.feed.stop_lying()
    assert link.sync().ok, "it is asked again though its log has not grown"
    assert before.exists()
    assert not Quarantine.objects.filter(resolved=False).exists()
    return report


@pytest.mark.parametrize("many", [0, 6], ids=["one by one", "as a bundle"])
@pytest.mark.parametrize("name", RELAYS_LIES)
def test_a_spoiled_body_is_refused_and_the_honest_one_taken_later(link, cedar, name, many: int):
    lie, expected = RELAYS_LIES[name]
    cedar.publish("Before")
    said = cedar.publish("The target")
    for number in range(many):
        cedar.publish(f"Behind {number}")
    lie(link, said)
    report = refused_then_settled(link, said, expected)
    assert report.ok
    assert len(titles()) == 2 + many


@pytest.mark.parametrize("name", ["row dropped", "body dropped", "bundle cut off", "row is noise"])
def test_a_spoiled_bundle_costs_only_what_it_spoils(link, cedar, name: str):
    for number in range(6):
        cedar.publish(f"Sound {number}")
    said = cedar.publish("The target")
    if name != "bundle cut off":
        cedar.publish("Behind")
    link.feed.withhold(said)  # so that asking for it alone does not mend it at once
    if name == "row dropped":
        link.feed.drop_row(said)
    elif name == "body dropped":
        link.feed.stop_lying()
        link.feed.change_records(lambda data: data.replace(said.envelope.payload + b"\n", b""))
        link.feed.answer_status(f"record/{said.address}", 404)
    elif name == "bundle cut off":
        link.feed.stop_lying()
        link.feed.change_records(lambda data: data[:-200])
        link.feed.answer_status(f"record/{said.address}", 404)
    else:
        link.feed.stop_lying()
        link.feed.change_records(lambda data: data.replace(b'"index":6', b'"index":six'))
        link.feed.answer_status(f"record/{said.address}", 404)

    link.sync()

    assert not Item.objects.filter(title="The target").exists()
    assert Item.objects.filter(title__startswith="Sound").count() == 6
    assert Quarantine.objects.filter(resolved=False).count() == 1
    assert only_row().error in (BadBundle.code, RecordWithheld.code, AddressMismatch.code)
    link.feed.stop_lying()
    link.sync()
    assert Item.objects.filter(title="The target").exists()


def test_an_envelope_that_is_none_is_refused_and_asked_for_again(link, cedar):
    said = cedar.publish("The target")
    link.feed.answer_bytes(f"record/{said.address}", b'{"payload": "?"}')
    refused_then_settled(link, said, MalformedEnvelope)


def test_nine_signatures_of_which_the_ninth_is_right_are_not_searched(link, cedar):
    said = cedar.publish("The target")
    wrong = {"keyid": "", "sig": base64.b64encode(bytes(64)).decode()}
    right = said.envelope.signatures[0].to_dict()
    envelope = canonical.loads(said.envelope.to_json()) | {"signatures": [wrong] * 8 + [right]}
    link.feed.answer_bytes(f"record/{said.address}", canonical.dumps(envelope))
    refused_then_settled(link, said, BadSignature)


def test_a_withheld_body_is_had_from_another_peer(enrol, global_hub, cedar):
    via_hub = enrol(global_hub, cedar, hub=True)
    direct = enrol(cedar)
    said = cedar.publish("Kept back by the hub")
    via_hub.feed.withhold(said)
    via_hub.sync()
    assert only_row().error == RecordWithheld.code
    assert titles() == set()

    assert direct.sync().ok

    assert titles() == {"Kept back by the hub"}
    assert not Quarantine.objects.filter(resolved=False).exists()


def test_a_body_that_never_comes_is_asked_for_a_few_times_and_then_left(link, cedar):
    said = cedar.publish("Never")
    link.feed.withhold(said)
    for _ in range(8):
        assert link.sync().ok
    assert 4 <= only_row().attempts <= 6
    link.feed.asked.clear()
    link.sync()
    assert link.feed.asked == ["heads"], "it is quiet again"


def test_an_id_squatted_by_another_origin_makes_two_items(enrol, global_hub, cedar):
    baobab = SimulatedNode("baobab")
    link = enrol(global_hub, cedar, baobab, hub=True)
    mine = cedar.publish("The real one")
    link.sync()
    baobab.publish("The squatter", id=mine.id, version=7, prev=None)
    squatted = baobab.publish("The squatter", id=mine.id)

    assert link.sync().ok

    assert dict(Item.objects.values_list("origin", "title")) == {
        "cedar": "The real one", "baobab": "The squatter",
    }  # fmt: skip
    assert Item.objects.get(origin="cedar").address == mine.address
    baobab.retract(squatted)
    link.sync()
    assert dict(Item.objects.values_list("origin", "state"))["cedar"] == "staged"
    assert Record.objects.get(address=mine.address).payload is not None


@pytest.mark.parametrize("field", ["records", "target"])
def test_a_retraction_erases_nobody_elses_bodies(enrol, global_hub, cedar, field: str, here):
    baobab = SimulatedNode("baobab")
    link = enrol(global_hub, cedar, baobab, hub=True)
    mine = cedar.publish("The real one")
    theirs = baobab.publish("Bait")
    link.sync()
    before = snapshot()
    if field == "records":
        baobab.retract(theirs, records=[theirs.address, mine.address])
    else:
        baobab.retract(theirs, target={**theirs.target, "record": mine.address})

    assert link.sync().ok

    assert Item.objects.get(origin="baobab").state == "retracted"
    assert [r for r in snapshot()["Record"] if r["origin"] == "cedar"] == [
        r for r in before["Record"] if r["origin"] == "cedar"
    ]
    assert Item.objects.get(origin="cedar").state == "staged"


def test_a_type_or_language_that_was_not_enrolled_is_refused(enrol, here):
    node = SimulatedNode("narrow", languages=["sw"], types=["play/1"])
    link = enrol(node)
    node.publish("Right", lang="sw")
    node.publish("Wrong language", lang="en")
    node.publish("Wrong type", schema="case/1", lang="sw")

    assert link.sync().ok

    assert titles() == {"Right"}
    assert set(Quarantine.objects.values_list("error", flat=True)) == {ScopeError.code}
    assert Quarantine.objects.count() == 2


def test_the_address_is_that_of_the_whole_payload(cedar):
    said = cedar.publish("One")
    assert dsse.address(said.envelope.payload) == said.address
    assert dsse.address(said.envelope.payload + b" ") != said.address
