import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from federation.errors import (
    DuplicateKey,
    FederationError,
    InvalidKey,
    InvalidRecord,
    NotCanonical,
    NotInIJson,
    RecordTooLarge,
    TooDeep,
    TruncatedJson,
    TypeMismatch,
    UnknownBlock,
    UnknownSchema,
    WrongOrigin,
)
from federation.wire import canonical, records
from federation.wire.leaf import LEAF_TYPES
from federation.wire.records import Descriptor, Item, Play, Record, Retract, Review

from .material import (
    ADDRESS,
    CASE_ID,
    FIELDS,
    ITEM_ID,
    KEYS,
    PICTURE,
    SALT,
    TARGET,
    fields_of,
    payload_of,
    values,
)

SCHEMAS = sorted(FIELDS)
ITEMS = sorted(records.ITEM_SCHEMAS)


def put(value: Any, path: str, new: Any) -> dict[str, Any]:
    """A copy of the fields with the one at the dotted path replaced; `...` removes it."""
    whole = copy.deepcopy(value)
    *parents, last = path.split(".")
    inner = whole
    for name in parents:
        inner = inner[int(name)] if isinstance(inner, list) else inner[name]
    if new is ...:
        del inner[last]
    else:
        inner[int(last) if isinstance(inner, list) else last] = new
    return whole


def test_the_tests_cover_every_schema() -> None:
    assert set(SCHEMAS) == set(records.SCHEMAS)
    assert set(ITEMS) == {"play/1", "case/1", "term/1"}


@pytest.mark.parametrize("schema", SCHEMAS)
def test_a_record_is_read_as_it_was_built(schema: str) -> None:
    payload = payload_of(schema)
    record = records.parse(payload)
    assert type(record) is records.SCHEMAS[schema]
    assert canonical.dumps(record.raw) == payload
    assert (record.schema, record.origin, record.salt) == (schema, "coalition-a", SALT)
    assert record == records.parse(payload)
    assert hash(record) == hash(records.parse(payload))


def test_an_item_shows_all_that_the_protocol_names() -> None:
    source = {"kind": "translation", "origin": "coalition-b", "id": CASE_ID, "lang": "sw"}
    item = records.parse(
        payload_of("play/1", version=3, prev=ADDRESS, source={**source, "version": 2})
    )
    assert isinstance(item, Play)
    assert item.identity == ("coalition-a", ITEM_ID, "ar")
    assert (item.version, item.prev, item.review_due) == (3, ADDRESS, "2027-05-01")
    assert item.source is not None
    assert (item.source.identity, item.source.version) == (("coalition-b", CASE_ID, "sw"), 2)
    assert [(m.sha256, m.size, m.type) for m in item.media] == [(PICTURE, 37_000, "image/jpeg")]
    assert (item.licence, item.status_as_of) == ("CC-BY-SA-4.0", "2026-11-01")
    assert (item.sensitive, item.valid_for_days) == (False, 365)
    assert item.content == FIELDS["play/1"]["content"]


def test_statements_show_what_they_are_about() -> None:
    review = records.parse(payload_of("review/1"))
    assert isinstance(review, Review)
    assert (review.decision, review.audience) == ("return", ("coalition-b",))
    assert review.target.identity == ("coalition-b", CASE_ID, "sw")
    assert (review.target.record, review.target.index) == (ADDRESS, 41)
    retract = records.parse(payload_of("retract/1", target={"record": ADDRESS}))
    assert isinstance(retract, Retract)
    assert (retract.target.identity, retract.target.record) == (None, ADDRESS)


def test_a_descriptor_shows_keys_as_keys() -> None:
    descriptor = records.parse(payload_of("descriptor/1"))
    assert isinstance(descriptor, Descriptor)
    assert {purpose: key.hex for purpose, key in descriptor.keys.items()} == KEYS
    assert descriptor.endpoints[0].private is True


@pytest.mark.parametrize("schema", SCHEMAS)
def test_unknown_fields_are_kept(schema: str) -> None:
    later: dict[str, Any] = fields_of(schema, later={"deep": [1, None]})
    for inner in ("content", "target", "keys"):
        if inner in later:
            later[inner]["later"] = "ك"
    payload = records.build(schema, later)
    record = records.parse(payload)
    assert record.raw == {**later, "schema": schema}
    assert canonical.dumps(record.raw) == payload


def test_unknown_fields_of_blocks_and_media_are_kept() -> None:
    fields = put(FIELDS["play/1"], "content.steps.0.value.later", "x")
    fields["media"][0]["later"] = fields["content"]["steps"][0]["later"] = 1
    record = records.parse(records.build("play/1", fields))
    assert isinstance(record, Item)
    assert record.content["steps"][0]["value"]["later"] == "x"
    assert record.raw["media"][0]["later"] == 1


@pytest.mark.parametrize(
    ("schema", "name"),
    [(schema, name) for schema in SCHEMAS for name in FIELDS[schema] if name != "name"],
)
def test_every_field_of_a_record_is_required(schema: str, name: str) -> None:
    with pytest.raises(InvalidRecord, match=name):
        records.build(schema, put(FIELDS[schema], name, ...))


@pytest.mark.parametrize(
    ("schema", "name"),
    [
        *(("play/1", name) for name in ("title", "threats", "phase", "steps")),
        *(("case/1", name) for name in ("title", "kind", "summary", "threats")),
        *(("term/1", name) for name in ("kind", "code", "name")),
    ],
)
def test_these_contents_are_required_and_all_others_are_not(schema: str, name: str) -> None:
    with pytest.raises(InvalidRecord, match=name):
        records.build(schema, put(FIELDS[schema], f"content.{name}", ...))


@pytest.mark.parametrize("schema", ITEMS)
def test_an_item_may_have_its_required_contents_alone(schema: str) -> None:
    needed = {"title", "threats", "phase", "steps", "kind", "summary", "code", "name"}
    content = {k: v for k, v in FIELDS[schema]["content"].items() if k in needed}
    built = records.parse(records.build(schema, fields_of(schema, content=content)))
    assert built.raw["content"] == content


BAD_FORMS: list[tuple[str, str, Any]] = [
    *(("play/1", "origin", bad) for bad in ("", "Coalition", "a_b", "a" * 64, "a\n", None)),
    *(("play/1", "audience", bad) for bad in ("", "Public", [], ["A"], ["a", "a"], None, {})),
    *(("play/1", "salt", bad) for bad in (SALT[:-1], SALT.upper()[:-1] + "F", 5)),
    *(("play/1", "id", bad) for bad in (ITEM_ID.upper(), ITEM_ID.replace("-4", "-1"), "x")),
    *(("play/1", "lang", bad) for bad in ("AR", "pt-BR", "pt_br", "a", "", "ar-")),
    *(("play/1", "version", bad) for bad in (0, -1, 1.5, True, "1", None)),
    *(("play/1", "prev", bad) for bad in ("", ADDRESS.upper(), ADDRESS[:-1], 0)),
    *(("play/1", "status_as_of", bad) for bad in ("2026-13-01", "2026-02-30", "2026-1-1", None)),
    ("play/1", "status_as_of", "2026-11-01T10:00:00Z"),
    ("play/1", "review_due", ""),
    ("play/1", "sensitive", 0),
    *(("play/1", "valid_for_days", bad) for bad in (0, -5, "365", 36_501)),
    *(("play/1", "licence", bad) for bad in ("", "CC BY\n", 4)),
    *(("play/1", "media", bad) for bad in (None, {}, ["x"], [{"sha256": PICTURE}])),
    ("play/1", "media.0.size", -1),
    ("play/1", "media.0.type", "Image/JPEG; x"),
    ("play/1", "media.0.sha256", PICTURE.upper()),
    *(("play/1", "source", bad) for bad in ("", {}, {"kind": "copy"})),
    ("play/1", "content", []),
    ("play/1", "content.title", "  "),
    ("play/1", "content.title", "two\nlines"),
    ("play/1", "content.title", 5),
    ("play/1", "content.outcome", "a\u2028b"),
    ("play/1", "content.phase", "later"),
    ("play/1", "content.phase", ["now"]),
    ("play/1", "content.effort", None),
    ("play/1", "content.visibility", "secret"),
    ("play/1", "content.threats", "coercive"),
    ("play/1", "content.threats.0", "Coercive"),
    ("play/1", "content.preconditions", None),
    ("play/1", "content.preconditions", "x" * 400_001),
    ("play/1", "content.evidence.0.stance", "maybe"),
    ("play/1", "content.evidence.0.id", ...),
    ("play/1", "content.picture", "cd" * 32),
    ("play/1", "content.picture", None),
    ("play/1", "content.status", "draft"),
    ("play/1", "content.steps", {}),
    ("play/1", "content.steps.0.id", "1"),
    ("play/1", "content.steps.0.id", ...),
    ("play/1", "content.steps.0.value", "do it"),
    ("play/1", "content.steps.0.value.do", ["x"]),
    ("case/1", "content.kind", "personal"),
    ("case/1", "content.composite", "yes"),
    *(("case/1", "content.period", bad) for bad in ("2024-13", "24", "2024-03-05", "2024/2025")),
    ("term/1", "content.code", "a b"),
    ("term/1", "content.kind", "topic"),
    ("endorse/1", "target", None),
    *(("endorse/1", f"target.{name}", ...) for name in TARGET),
    ("endorse/1", "target.index", -1),
    ("endorse/1", "day", "2026-11-02T09:00"),
    ("review/1", "audience", "public"),
    ("review/1", "audience", "network"),
    ("review/1", "decision", "accept"),
    ("review/1", "note", "x" * 10_001),
    ("retract/1", "target", {}),
    ("retract/1", "target.lang", ...),
    ("retract/1", "target", {"record": "x"}),
    ("retract/1", "reason", None),
    *(("recall/1", f"target.{name}", ...) for name in ("origin", "id")),
    ("recall/1", "target.lang", "SW"),
    ("recall/1", "target.version", 2),
    ("recall/1", "target.record", ADDRESS),
    ("recall/1", "audience", "network"),
    ("recall/1", "audience", ["coalition-b"]),
    ("recall/1", "records", "x"),
    ("recall/1", "records.0", "x"),
    ("recall/1", "reason", ...),
    ("recall/1", "day", "2026-11-03T09:00"),
    *(("lift/1", f"target.{name}", ...) for name in ("origin", "id", "record")),
    ("lift/1", "audience", ["coalition-b"]),
    ("ack/1", "target", {}),
    ("ack/1", "target.record", "x"),
    ("ack/1", "audience", "network"),
    ("descriptor/1", "keys.log", ...),
    ("descriptor/1", "keys.log", KEYS["log"].upper()),
    ("descriptor/1", "endpoints.0.url", "ftp://x"),
    ("descriptor/1", "endpoints.0.url", "http://user@host/"),
    ("descriptor/1", "endpoints.0.url", "http://host/?q"),
    ("descriptor/1", "endpoints.0.kind", "lan"),
    ("descriptor/1", "endpoints.0.private", "no"),
    ("descriptor/1", "log_origin", "coalition-a"),
    ("descriptor/1", "log_origin", "example.org/coalition-a/1"),
    ("descriptor/1", "languages", "ar"),
    ("descriptor/1", "types", ["play"]),
]


@pytest.mark.parametrize(("schema", "path", "bad"), BAD_FORMS)
def test_a_wrong_form_is_refused_and_named(schema: str, path: str, bad: Any) -> None:
    last = path.rsplit(".", 1)[-1]
    name = path.split(".")[-2] if last.isdigit() else last
    with pytest.raises(InvalidRecord, match=name):
        records.build(schema, put(FIELDS[schema], path, bad))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("audience", "network"),
        ("audience", ["coalition-b", "hub"]),
        ("lang", "pt-br"),
        ("lang", "zh-hant-tw"),
        ("prev", ADDRESS),
        ("review_due", None),
        ("status_as_of", "2028-02-29"),
        ("media", [*FIELDS["play/1"]["media"], *FIELDS["play/1"]["media"]]),
        ("content.picture", ...),
        ("content.steps", []),
        ("content.who_leads", "two\nlines"),
    ],
)
def test_these_forms_are_allowed(path: str, value: Any) -> None:
    fields = put(FIELDS["play/1"], path, value)
    built = records.parse(records.build("play/1", fields))
    assert {name: built.raw[name] for name in fields} == fields


@pytest.mark.parametrize("schema", ["play/1", "case/1"])
def test_an_unknown_block_has_its_own_error(schema: str) -> None:
    blocks = "steps" if schema == "play/1" else "lessons"
    with pytest.raises(UnknownBlock, match="video"):
        records.build(schema, put(FIELDS[schema], f"content.{blocks}.0.type", "video"))


def test_two_blocks_have_two_ids() -> None:
    fields = fields_of("play/1")
    fields["content"]["steps"] *= 2
    with pytest.raises(InvalidRecord, match="same id"):
        records.build("play/1", fields)


@pytest.mark.parametrize("schema", ["play/2", "poem/1", "offer/1", "strategy/1", "a-b/999"])
def test_an_unknown_schema_is_told_from_an_invalid_record(schema: str) -> None:
    with pytest.raises(UnknownSchema) as caught:
        records.build(schema, {"anything": "goes"})
    assert caught.value.schema == schema


@pytest.mark.parametrize("schema", ["play", "play/0", "play/01", "Play/1", "play/1\n", "", None, 1])
def test_what_names_no_schema_is_no_record(schema: Any) -> None:
    with pytest.raises(InvalidRecord):
        records.parse(canonical.dumps({**FIELDS["play/1"], "schema": schema}))


@pytest.mark.parametrize("payload", [b"[]", b'"play/1"', b"null", b"{}"])
def test_a_record_is_an_object_with_a_schema(payload: bytes) -> None:
    with pytest.raises(InvalidRecord):
        records.parse(payload)


PLAY = payload_of("play/1")


@pytest.mark.parametrize(
    ("payload", "error"),
    [
        (PLAY[:-1], TruncatedJson),
        (PLAY + b"\n", NotCanonical),
        (PLAY.replace(b'"lang":', b'"lang": '), NotCanonical),
        (PLAY.replace(b'"lang":"ar"', b'"lang":"ar","lang":"ar"'), DuplicateKey),
        (PLAY.replace(b'"version":1', b'"version":9007199254740993'), NotInIJson),
        (PLAY.replace(b'"version":1', b'"version":1,"x":' + b"[" * 40 + b"]" * 40), TooDeep),
    ],
)
def test_a_payload_that_is_not_its_canonical_form_is_refused(
    payload: bytes, error: type[FederationError]
) -> None:
    with pytest.raises(error):
        records.parse(payload)


def test_a_limit_counts_the_bytes_of_the_payload() -> None:
    assert records.parse(PLAY, max_bytes=len(PLAY)).schema == "play/1"
    with pytest.raises(RecordTooLarge):
        records.parse(PLAY, max_bytes=len(PLAY) - 1)
    with pytest.raises(RecordTooLarge):
        records.parse(b"x" * (records.MAX_RECORD_BYTES + 1))


def test_nobody_retracts_an_item_of_another_origin() -> None:
    with pytest.raises(WrongOrigin):
        payload_of("retract/1", target={"origin": "coalition-b", "id": ITEM_ID, "lang": "ar"})


@pytest.mark.parametrize(
    "changes",
    [{"node": "coalition-b"}, {"log_origin": "playbook.example/coalition-b"}],
)
def test_a_descriptor_describes_its_signer(changes: dict[str, Any]) -> None:
    with pytest.raises(WrongOrigin):
        payload_of("descriptor/1", **changes)


def test_a_key_has_one_purpose() -> None:
    with pytest.raises(InvalidRecord, match="two purposes"):
        payload_of("descriptor/1", keys={**KEYS, "log": KEYS["record"]})


def test_a_descriptor_has_keys_that_are_points() -> None:
    with pytest.raises(InvalidKey):
        payload_of("descriptor/1", keys={**KEYS, "log": "01" + "00" * 31})


@pytest.mark.parametrize(
    ("schema", "audience", "leaf"),
    [
        ("play/1", "public", "publish"),
        ("case/1", "network", "sealed"),
        ("term/1", ["hub"], "sealed"),
        ("endorse/1", "public", "endorse"),
        ("endorse/1", ["hub"], "sealed"),
        ("review/1", ["hub"], "sealed"),
        ("retract/1", "public", "retract"),
        ("recall/1", "public", "recall"),
        ("lift/1", "public", "recall"),
        ("ack/1", "public", "ack"),
    ],
)
def test_a_leaf_says_what_kind_of_statement_it_is_unless_it_is_sealed(
    schema: str, audience: Any, leaf: str
) -> None:
    record = records.parse(payload_of(schema, audience=audience))
    assert records.leaf_type_for(record) == leaf
    records.require_leaf_type(record, leaf)
    for other in set(LEAF_TYPES) - {leaf}:
        with pytest.raises(TypeMismatch):
            records.require_leaf_type(record, other)


def test_a_descriptor_stands_in_no_log() -> None:
    with pytest.raises(TypeMismatch):
        records.leaf_type_for(records.parse(payload_of("descriptor/1")))


def test_salts_are_sixteen_fresh_bytes() -> None:
    salts = {records.new_salt() for _ in range(100)}
    assert len(salts) == 100
    assert all(len(bytes.fromhex(salt)) == 16 for salt in salts)


def paths(value: Any, at: str = "") -> list[str]:
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    found = []
    for name, member in inner:
        found.append(f"{at}{name}")
        if isinstance(member, (dict, list)):
            found += paths(member, f"{at}{name}.")
    return found


@settings(max_examples=300)
@given(st.sampled_from(SCHEMAS), st.data())
def test_any_value_in_any_place_is_a_record_or_a_named_error(
    schema: str, data: st.DataObject
) -> None:
    path = data.draw(st.sampled_from(paths(FIELDS[schema])))
    fields = put(FIELDS[schema], path, data.draw(values))
    payload = canonical.dumps({**fields, "schema": schema})
    try:
        record = records.parse(payload)
    except FederationError:
        return
    assert isinstance(record, Record)
    assert canonical.dumps(record.raw) == payload


@given(st.binary())
def test_any_bytes_are_a_named_error(payload: bytes) -> None:
    with pytest.raises(FederationError):
        records.parse(payload)
