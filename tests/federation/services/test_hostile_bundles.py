"""Each way to spoil a bundle: refused by name, the good parts taken, nothing else changed."""

import struct

import pytest

from federation.errors import (
    AddressMismatch,
    BadMember,
    BadMemberName,
    BadSignature,
    BundleCutOff,
    BundleTooLarge,
    DuplicateMember,
    Equivocation,
    LogFrozen,
    LogShrank,
    MediaHashMismatch,
    NotABundle,
    NotAddressed,
    NotStored,
    RecordWithheld,
    RootMismatch,
    UnknownMember,
    WrongKey,
)
from federation.models import (
    Blob,
    BlobState,
    Item,
    ItemState,
    Log,
    Peer,
    PeerStatus,
    Policy,
    Quarantine,
    Record,
)
from federation.services.bundle_import import import_bundle, inspect_bundle
from federation.trust import DescriptorDirectory
from federation.wire import bundles, canonical
from tests import factories
from tests.federation.carried import bundle_of, members_of, write_bundle
from tests.federation.simulated_node import SimulatedNode, key_for
from tests.federation.snapshot import snapshot

RECORDS = "log/cedar/records/000.p/{}"
ENTRIES = "log/cedar/tile/entries/000.p/{}"


@pytest.fixture
def known(here, cedar):
    DescriptorDirectory(here.trust_dir).add(cedar.descriptor)
    return cedar


def codes(report) -> list[str]:
    return [error.code for _about, error in report.errors]


def nothing_happens(path, error: type) -> None:
    """Import and inspection raise this error, and nothing at all is written."""
    before = snapshot(ignore=())
    for act in (import_bundle, inspect_bundle):
        with pytest.raises(error):
            act(path)
    assert snapshot(ignore=()) == before


def spoiled(data: bytes, at: int, form: str, *values: int) -> bytes:
    put = struct.pack(form, *values)
    return data[:at] + put + data[at + len(put) :]


def directory_of(data: bytes) -> int:
    """Return where the last entry of the directory stands."""
    return data.rindex(b"PK\x01\x02")


FORMS = {
    "not a zip": (lambda data: b"%PDF-1.7 something else", NotABundle),
    "cut off": (lambda data: data[:-40], BundleCutOff),
    "compressed": (lambda data: spoiled(data, directory_of(data) + 10, "<H", 8), NotStored),
    "encrypted": (lambda data: spoiled(data, directory_of(data) + 8, "<H", 1), NotStored),
    "a bomb by its sizes": (
        lambda data: spoiled(data, directory_of(data) + 24, "<L", 1 << 20), BadMember
    ),
    "a member of 3 GiB by its head": (
        lambda data: spoiled(data, directory_of(data) + 20, "<LL", 3 << 30, 3 << 30),
        BundleTooLarge,
    ),
    "members that overlap": (
        lambda data: spoiled(data, directory_of(data) + 42, "<L", 0), BadMember
    ),
    "a name that climbs": (
        lambda data: data.replace(b"trust/nodes/cedar", b"trust/../../cedar"), BadMemberName
    ),
    "an absolute name": (
        lambda data: data.replace(b"trust/nodes/cedar", b"/etc/cron.d/cedar"), BadMemberName
    ),
    "a name twice": (
        lambda data: data.replace(ENTRIES.format(1).encode(), RECORDS.format(1).encode().ljust(30)),
        BadMemberName,
    ),
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_a_zip_of_another_form_is_refused_whole(known, tmp_path, form: str):
    spoil, error = FORMS[form]
    known.publish("A play")
    path = bundle_of(tmp_path, known)
    path.write_bytes(spoil(path.read_bytes()))
    nothing_happens(path, error)


def test_a_bundle_with_a_member_twice_is_refused_whole(known, tmp_path):
    known.publish("A play", media=[known.picture(factories.picture_bytes())])
    path = bundle_of(tmp_path, known)
    one, two = "blob/" + "a" * 64, "blob/" + "b" * 64
    path = write_bundle(path, {**members_of(path), one: b"1", two: b"2"})
    path.write_bytes(path.read_bytes().replace(two.encode(), one.encode()))
    nothing_happens(path, DuplicateMember)


def test_a_hundred_thousand_and_one_members_by_the_end_record_are_refused(known, tmp_path):
    members = {f"trust/nodes/n{number}": b"" for number in range(65_536)}
    path = write_bundle(tmp_path / "many.zip", members)
    data = path.read_bytes()
    path.write_bytes(spoiled(data, data.rindex(b"PK\x06\x06") + 24, "<QQ", 100_001, 100_001))
    nothing_happens(path, BundleTooLarge)


def test_a_bundle_larger_than_the_limit_is_refused_unread(known, tmp_path, settings):
    known.publish("A play")
    path = bundle_of(tmp_path, known)
    settings.FEDERATION = {**settings.FEDERATION, "MAX_BUNDLE": 1000}
    nothing_happens(path, BundleTooLarge)


def test_a_tampered_record_is_quarantined_alone_and_mended_by_the_next_bundle(known, tmp_path):
    for number in range(8):
        known.publish(f"Play {number}")

    def change(members):
        name = RECORDS.format(8)
        members[name] = members[name].replace(b'"Play 3"', b'"Plan 3"')

    report = import_bundle(bundle_of(tmp_path, known, change=change))
    assert report.applied == {"cedar": 8}
    row = Quarantine.objects.get()
    assert (row.index, row.error) == (3, AddressMismatch.code)
    assert sorted(Item.objects.values_list("title", flat=True)) == [
        f"Play {number}" for number in range(8) if number != 3
    ]
    import_bundle(bundle_of(tmp_path, known, name="honest.zip"))
    assert Item.objects.filter(title="Play 3").exists()
    assert not Quarantine.objects.filter(resolved=False).exists()


def test_one_of_few_tampered_records_is_quarantined_alone(known, tmp_path):
    known.publish("Good")
    known.publish("Bad")

    def change(members):
        name = RECORDS.format(2)
        members[name] = members[name].replace(b'"Bad"', b'"Mad"')

    import_bundle(bundle_of(tmp_path, known, change=change))
    assert Item.objects.get().title == "Good"
    assert Quarantine.objects.get().error == AddressMismatch.code


def test_a_record_signed_by_a_stranger_is_quarantined(known, tmp_path):
    known.publish("Theirs", key=key_for("stranger", "any"))
    import_bundle(bundle_of(tmp_path, known))
    assert Quarantine.objects.get().error == BadSignature.code
    assert not Item.objects.exists()


def test_tampered_entries_are_refused_and_change_nothing(known, tmp_path):
    known.publish("One")
    known.publish("Two")

    def change(members):
        name = ENTRIES.format(2)
        first, second = known.leaves[0].record, known.leaves[1].record
        members[name] = members[name].replace(first.encode(), second.encode())

    before = snapshot(ignore=("Quarantine", "Log"))
    report = import_bundle(bundle_of(tmp_path, known, change=change))
    assert codes(report) == [RootMismatch.code]
    assert snapshot(ignore=("Quarantine", "Log")) == before
    assert Log.objects.get(node_id="cedar").head_size == 0


def test_tampered_entries_of_a_range_are_refused_and_freeze_nothing(known, tmp_path):
    for number in range(300):
        known.publish(f"Play {number}")
    import_bundle(bundle_of(tmp_path, known, at=280))

    def change(members):
        name = "log/cedar/tile/entries/001.p/44"
        last, other = known.leaves[299].record, known.leaves[298].record
        members[name] = members[name].replace(last.encode(), other.encode())

    before = snapshot()
    report = import_bundle(bundle_of(tmp_path, known, since=280, change=change))
    assert codes(report) == [RootMismatch.code]
    assert snapshot() == before
    assert Log.objects.get(node_id="cedar").frozen == ""


def test_a_tampered_hash_tile_is_found_by_an_inspection_and_harms_nobody(known, tmp_path):
    known.publish("A play")
    path = bundle_of(tmp_path, known)
    members = members_of(path)
    tile = "log/cedar/tile/0/000.p/1"
    path.write_bytes(path.read_bytes().replace(members[tile], bytes(32)))
    (problem,) = inspect_bundle(path).problems
    assert (problem.about, problem.error) == (tile, BadMember.code)
    assert import_bundle(path).errors == []
    assert Item.objects.get().title == "A play"


def test_the_checkpoint_of_a_stranger_is_refused(known, tmp_path):
    known.publish("A play")
    forged = known.head(key=key_for("stranger", "log"))

    def change(members):
        members["log/cedar/checkpoint"] = forged

    before = snapshot()
    assert codes(import_bundle(bundle_of(tmp_path, known, change=change))) == [WrongKey.code]
    assert snapshot() == before


def test_one_bad_log_does_not_keep_back_another(known, here, tmp_path):
    baobab = SimulatedNode("baobab")
    DescriptorDirectory(here.trust_dir).add(baobab.descriptor)
    known.publish("From Cedar")
    baobab.publish("From Baobab")
    both = {
        **members_of(bundle_of(tmp_path, known, name="a.zip")),
        **members_of(bundle_of(tmp_path, baobab, name="b.zip")),
        "log/baobab/checkpoint": b"noise",
    }
    report = import_bundle(write_bundle(tmp_path / "both.zip", both))
    assert codes(report) == ["checkpoint.malformed"]
    assert Item.objects.get().title == "From Cedar"


def test_a_second_history_in_a_bundle_freezes_the_log(known, tmp_path):
    known.publish("One")
    import_bundle(bundle_of(tmp_path, known))
    other = known.twin(0)
    other.publish("Another one")
    report = import_bundle(bundle_of(tmp_path, other, name="fork.zip"))
    assert codes(report) == [Equivocation.code]
    log = Log.objects.get(node_id="cedar")
    assert log.frozen == Equivocation.code
    assert bytes(log.evidence) == other.head()


def test_a_stale_bundle_brings_nothing_back(known, tmp_path, subscribe):
    subscribe(Policy.DRAFT)
    said = known.publish("Taken back later")
    old = bundle_of(tmp_path, known, name="old.zip")
    known.retract(said)
    import_bundle(bundle_of(tmp_path, known))
    assert Item.objects.get().state == ItemState.RETRACTED
    before = snapshot()
    report = import_bundle(old)
    assert codes(report) == [LogShrank.code]
    assert snapshot() == before
    assert Item.objects.get().state == ItemState.RETRACTED
    assert Log.objects.get(node_id="cedar").error == "", "it is the bundle that is old"


def test_the_stale_bundle_of_an_inspection_says_as_of_when(known, tmp_path):
    known.publish("One")
    old = bundle_of(tmp_path, known, name="old.zip")
    known.publish("Two")
    import_bundle(bundle_of(tmp_path, known))
    found = inspect_bundle(old)
    (log,) = found.logs
    assert (log.size, log.here, log.newest) == (1, 2, "2026-11-20")
    assert [problem.error for problem in found.problems] == [LogShrank.code]


def test_a_sealed_body_of_others_is_not_kept(known, tmp_path):
    said = known.publish("A play")
    note = known.build(
        "review/1", audience=["baobab"], target=said.target, decision="return",
        note="For Baobab alone.", day="2026-11-20",
    )  # fmt: skip
    sealed = known.say(note)
    report = import_bundle(bundle_of(tmp_path, known, sealed_for="baobab"))
    assert report.applied == {"cedar": 2}
    row = Quarantine.objects.get()
    assert (row.error, row.address, row.payload) == (NotAddressed.code, sealed.address, None)
    assert not Record.objects.filter(address=sealed.address).exists()
    again = import_bundle(bundle_of(tmp_path, known, sealed_for="baobab"))
    assert again.errors == []
    assert Quarantine.objects.get().payload is None
    import_bundle(bundle_of(tmp_path, known, name="without.zip"))
    assert not Record.objects.filter(address=sealed.address).exists()


def test_a_wrong_file_is_refused_and_its_item_waits(known, tmp_path, subscribe):
    subscribe(Policy.DRAFT)
    picture = known.picture(factories.picture_bytes())
    known.publish("With a picture", media=[picture])

    def change(members):
        members[f"blob/{picture['sha256']}"] = factories.picture_bytes(size=(1, 1))

    path = bundle_of(tmp_path, known, change=change)
    assert [problem.error for problem in inspect_bundle(path).problems] == [MediaHashMismatch.code]
    import_bundle(path)
    blob = Blob.objects.get()
    assert (blob.state, blob.error) == (BlobState.WANTED, MediaHashMismatch.code)
    assert Item.objects.get().state == ItemState.STAGED
    import_bundle(bundle_of(tmp_path, known, name="honest.zip"))
    assert Item.objects.get().state == ItemState.DRAFT


def test_a_bundle_without_a_file_does_not_use_up_its_attempts(known, tmp_path):
    picture = known.picture(factories.picture_bytes())
    known.publish("With a picture", media=[picture])
    path = bundle_of(tmp_path, known, change=lambda m: m.pop(f"blob/{picture['sha256']}"))
    for _ in range(6):
        import_bundle(path)
    blob = Blob.objects.get()
    assert (blob.state, blob.attempts) == (BlobState.WANTED, 0)


def test_the_log_of_a_node_that_is_frozen_here_is_not_taken(known, tmp_path):
    Peer.objects.create(node_id="cedar", status=PeerStatus.FROZEN)
    known.publish("A play")
    assert codes(import_bundle(bundle_of(tmp_path, known))) == [LogFrozen.code]
    assert not Item.objects.exists()


def test_a_bundle_of_an_unknown_member_is_refused_with_its_descriptor(here, cedar, tmp_path):
    cedar.publish("A play")
    before = snapshot()
    assert codes(import_bundle(bundle_of(tmp_path, cedar))) == [UnknownMember.code]
    assert snapshot() == before
    assert list(DescriptorDirectory(here.trust_dir).envelopes()) == ["here"]


def test_a_body_that_was_left_out_is_withheld_not_lost(known, tmp_path):
    said = [known.publish(f"Play {number}") for number in range(6)]

    def change(members):
        rows = [
            bundles.BundleRow(each.index, each.address, "erased")
            if each is said[2]
            else bundles.BundleRow(
                each.index, each.address, "present", each.envelope.signatures,
                each.envelope.payload,
            )
            for each in said
        ]  # fmt: skip
        members[RECORDS.format(6)] = bundles.encode_records(rows)

    import_bundle(bundle_of(tmp_path, known, change=change))
    row = Quarantine.objects.get()
    assert (row.index, row.error) == (2, RecordWithheld.code)
    assert canonical.loads(said[2].envelope.payload)["content"]["title"] == "Play 2"
    assert Item.objects.count() == 5
