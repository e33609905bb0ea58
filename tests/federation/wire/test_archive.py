"""A bundle is read only in its one form; every other zip is refused by name, before it is read."""

import io
import struct
import zipfile
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation.errors import (
    BadMember,
    BadMemberName,
    BundleCutOff,
    BundleError,
    BundleTooLarge,
    DuplicateMember,
    NotABundle,
    NotStored,
)
from federation.wire import archive
from federation.wire.archive import Limits

LIMITS = Limits()
BLOB = "blob/" + "a" * 64
MEMBERS = {
    "trust/nodes/cedar": b"{}",
    "log/cedar/checkpoint": b"solidarity.example/cedar\n",
    "log/cedar/tile/entries/000.p/7": b"seven",
    BLOB: b"a picture",
}


def written(members=MEMBERS, limits: Limits = LIMITS) -> bytes:
    writer = archive.Writer(limits)
    parts = [writer.add(name, data) for name, data in dict(members).items()]
    return b"".join([*parts, writer.close()])


def read(data: bytes, limits: Limits = LIMITS) -> dict[str, bytes]:
    found = archive.read_members(lambda at, n: data[at : at + n], len(data), limits)
    return {name: data[m.offset : m.offset + m.size] for name, m in found.items()}


def zipped(members, **options) -> bytes:
    """Return what a common zip tool makes of them."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", **options) as made:
        for name, data in members:
            made.writestr(zipfile.ZipInfo(name), data)
    return target.getvalue()


def test_what_is_written_is_read_back_and_the_same_every_time():
    data = written()
    assert read(data) == MEMBERS
    assert list(read(data)) == list(MEMBERS)
    assert data == written()


def test_a_common_tool_reads_it_and_what_a_common_tool_stores_is_read():
    with zipfile.ZipFile(io.BytesIO(written())) as opened:
        assert opened.testzip() is None
        assert {name: opened.read(name) for name in opened.namelist()} == MEMBERS
    assert read(zipped(MEMBERS.items())) == MEMBERS


def test_an_empty_bundle_has_no_members():
    assert read(written({})) == {}


def test_more_members_than_the_short_form_counts():
    many = {f"trust/nodes/n{number}": b"" for number in range(70_000)}
    data = written(many)
    assert list(read(data)) == list(many)
    with zipfile.ZipFile(io.BytesIO(data)) as opened:
        assert len(opened.namelist()) == 70_000


@pytest.mark.parametrize("data", [b"", b"words", b"\x1f\x8b\x08gzip", b"%PDF-1.7" * 9, bytes(100)])
def test_what_is_no_zip_is_refused(data: bytes):
    with pytest.raises(NotABundle):
        read(data)


def test_a_zip_that_is_cut_off_is_refused_wherever_it_is_cut():
    data = written()
    for at in range(4, len(data)):
        with pytest.raises(BundleCutOff):
            read(data[:at])


def test_a_zip_with_something_behind_or_before_it_is_refused():
    with pytest.raises(BundleCutOff):
        read(written() + b"more")
    with pytest.raises(NotABundle):
        read(b"#!/bin/sh\n" + written())
    first = written()
    with pytest.raises(BadMember):
        read(first + written())


def test_a_compressed_member_is_refused():
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("log/cedar/checkpoint", bytes(10_000))
    with pytest.raises(NotStored):
        read(data.getvalue())


def test_an_encrypted_member_is_refused():
    data = bytearray(written())
    data[data.rindex(b"PK\x01\x02") + 8] = 1
    with pytest.raises(NotStored):
        read(bytes(data))


def test_a_name_that_stands_twice_is_refused():
    with pytest.warns(UserWarning, match="Duplicate"):
        data = zipped([(BLOB, b"one"), (BLOB, b"two")])
    with pytest.raises(DuplicateMember):
        read(data)


@pytest.mark.parametrize(
    "name",
    [
        "../etc/passwd", "/etc/passwd", "log/../../x", "log/cedar/../checkpoint", "trust/..",
        "trust/../../x", "trust/a/./b", "trust//a", "trust/", "trust/.hidden", "blob/short",
        "blob/" + "A" * 64, "blob/" + "a" * 64 + "/x", "log/Cedar/checkpoint", "log/cedar/",
        "log/cedar/checkpoint/", "log/cedar/tile/0/1", "log/cedar/tile/0/001.p/256",
        "log/cedar/tile/64/000", "log/cedar/record/" + "a" * 64, "heads", "enrol",
        "C:\\windows\\x", "trust/a\\..\\b", "log/cedar\n/checkpoint", "text/en/../x.md",
        "trust/" + "a/" * 5 + "a", "trust/" + "a" * 190, "log/é/checkpoint",
    ],
)  # fmt: skip
def test_a_name_that_is_no_path_of_an_endpoint_is_refused(name: str):
    with pytest.raises((BadMemberName, NotStored)) as refused:
        read(zipped([(name, b"x")]))
    # Python's writer flags names that are not ASCII, and flags are refused first.
    assert refused.type is BadMemberName or not name.isascii()


def sized(data: bytes, packed: int, size: int) -> bytes:
    """Change the two sizes that the directory gives for the last member."""
    at = data.rindex(b"PK\x01\x02") + 20
    return data[:at] + struct.pack("<LL", packed, size) + data[at + 8 :]


def test_a_member_of_three_gibibytes_by_its_head_is_refused_unread():
    data = sized(written({BLOB: b"small"}), 3 << 30, 3 << 30)
    with pytest.raises(BundleTooLarge):
        read(data)


def test_a_bomb_by_its_two_sizes_is_refused():
    data = sized(written({BLOB: b"small"}), 5, 40 << 20)
    with pytest.raises(BadMember):
        read(data)


def test_a_bomb_of_members_that_share_bytes_is_refused():
    """Many entries of the directory, one member: what unpacks to more than the file holds."""
    data = written({"trust/nodes/a": bytes(1000), "trust/nodes/b": bytes(1000)})
    at = data.rindex(b"PK\x01\x02") + 42
    with pytest.raises(BadMember):
        read(data[:at] + struct.pack("<L", 0) + data[at + 4 :])


def test_a_member_that_runs_into_the_directory_is_refused():
    with pytest.raises(BadMember):
        read(sized(written({BLOB: b"small"}), 6, 6))


def test_a_hundred_thousand_and_one_members_by_the_end_record_are_refused():
    data = written({f"trust/nodes/n{n}": b"" for n in range(65_536)})
    at = data.rindex(b"PK\x06\x06") + 24
    claimed = data[:at] + struct.pack("<QQ", 100_001, 100_001) + data[at + 16 :]
    with pytest.raises(BundleTooLarge):
        read(claimed)


def test_bytes_between_members_are_refused():
    writer = archive.Writer(LIMITS)
    first = writer.add("trust/nodes/a", b"a")
    writer.size += 3
    with pytest.raises(BadMember):
        read(first + b"gap" + writer.close())


def test_a_head_that_says_something_else_than_the_directory_is_refused():
    data = bytearray(written())
    data[30] ^= 1  # the first letter of the first name, in its head alone
    with pytest.raises(BadMember):
        read(bytes(data))


def test_each_kind_of_member_has_the_cap_of_its_path():
    limits = Limits(record=1000, blob=2000)
    caps = {
        "log/cedar/tile/0/000": 256 * 32,
        "log/cedar/tile/1/000.p/3": 3 * 32,
        "log/cedar/tile/entries/000.p/1": 65_537,
        "log/cedar/records/000.p/2": 2 * 5096,
        "log/cedar/sealed/000.p/2": 2 * 5096,
        BLOB: 2000,
    }
    for name, cap in caps.items():
        assert archive.cap_of(name, limits) == cap
        assert read(zipped([(name, bytes(cap))]), limits)
        with pytest.raises(BundleTooLarge):
            read(zipped([(name, bytes(cap + 1))]), limits)


def test_a_file_or_a_bundle_above_the_limit_is_refused_unread():
    def never(at: int, n: int) -> bytes:
        raise AssertionError("it was read")

    with pytest.raises(BundleTooLarge):
        archive.read_members(never, LIMITS.size + 1, LIMITS)
    with pytest.raises(BundleTooLarge):
        written(MEMBERS, Limits(size=100))
    with pytest.raises(BundleTooLarge):
        written(MEMBERS, Limits(members=3))


@given(st.integers(0, len(written()) - 1), st.integers(1, 255))
def test_a_changed_byte_gives_the_members_or_an_error_of_ours(at: int, change: int):
    data = bytearray(written())
    data[at] ^= change
    try:
        found = read(bytes(data))
    except BundleError:
        return
    assert set(found) == set(MEMBERS)


@given(st.binary(max_size=200))
def test_any_bytes_between_two_marks_give_an_error_of_ours(noise: bytes):
    data = b"PK\x03\x04" + noise + b"PK\x05\x06" + noise[:18].ljust(18, b"\0")
    with pytest.raises(BundleError):
        read(data)


def test_the_crc_of_a_member_is_what_its_bytes_have():
    data = written()
    found = archive.read_members(lambda at, n: data[at : at + n], len(data), LIMITS)
    assert {name: m.crc for name, m in found.items()} == {
        name: zlib.crc32(content) for name, content in MEMBERS.items()
    }
