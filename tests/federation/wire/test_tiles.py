import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from federation.errors import BadBundle, BadTile
from federation.wire import merkle, tiles
from federation.wire.tiles import TilePath, TileRange

LEAVES = [merkle.leaf_hash(b"%d" % number) for number in range(66_000)]


@pytest.mark.parametrize(
    ("path", "what"),
    [
        (tiles.tile_path(0, 0), "tile/0/000"),
        (tiles.tile_path(1, 67, 5), "tile/1/067.p/5"),
        (tiles.tile_path(63, 999, 256), "tile/63/999"),
        (tiles.tile_path(0, 1234067), "tile/0/x001/x234/067"),
        (tiles.entries_path(1000), "tile/entries/x001/000"),
        (tiles.entries_path(7, 255), "tile/entries/007.p/255"),
        (tiles.records_path(1000, 1), "records/x001/000.p/1"),
        (tiles.sealed_path(2), "sealed/002"),
    ],
)
def test_paths_are_those_of_tlog_tiles(path: str, what: str) -> None:
    assert path == what


@given(
    st.integers(0, 63) | st.sampled_from(["entries", "records", "sealed"]),
    st.integers(0, 10**12),
    st.none() | st.integers(1, 255),
)
def test_a_path_is_read_as_it_was_written(level: int | str, n: int, width: int | None) -> None:
    if isinstance(level, int):
        path = tiles.tile_path(level, n, width)
    else:
        path = getattr(tiles, f"{level}_path")(n, width)
    assert tiles.parse_tile_path(path) == TilePath(level, n, width)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "tile/0",
        "tile/0/1",
        "tile/00/001",
        "tile/64/001",
        "tile/-1/001",
        "tile/0/x000/001",
        "tile/0/001/002",
        "tile/0/x001",
        "tile/0/001.p/0",
        "tile/0/001.p/256",
        "tile/0/001.p/05",
        "tile/0/001.p/",
        "tile/0/001\n",
        "/tile/0/001",
        "tile/records/001",
        "entries/001",
        "records/../../001",
        "tile/0/٠٠١",
        "tile/0/" + "x001/" * 20 + "001",
    ],
)
def test_any_other_spelling_is_no_path(path: str) -> None:
    with pytest.raises(BadTile):
        tiles.parse_tile_path(path)


@pytest.mark.parametrize("text", ["", "67", "0067", "x000/067", "x001/x234", "001/067", "x1/067"])
def test_an_index_has_one_spelling(text: str) -> None:
    assert tiles.parse_index("x001/x234/067") == 1234067
    with pytest.raises(BadTile):
        tiles.parse_index(text)


@given(st.text("tile/records0123x.p", max_size=40))
def test_any_text_is_a_path_or_a_bad_tile(text: str) -> None:
    try:
        found = tiles.parse_tile_path(text)
    except BadTile:
        return
    assert text.endswith(tiles.records_path(found.n, found.width).removeprefix("records/"))


@given(st.integers(0, 3000), st.integers(0, 3000))
def test_tiles_of_a_range_hold_exactly_its_entries(begin: int, more: int) -> None:
    end = begin + more
    found = tiles.tiles_for_range(begin, end)
    held = [n * 256 + at for n, width in found for at in range(width or 256)]
    if more == 0:
        assert found == []
        return
    assert held == list(range(begin // 256 * 256, end))
    assert [n for n, width in found if width is not None] in ([], [end // 256])


def test_a_range_that_ends_with_a_full_tile_has_no_partial_one() -> None:
    assert tiles.tiles_for_range(0, 512) == [TileRange(0, None), TileRange(1, None)]
    assert tiles.tiles_for_range(511, 513) == [TileRange(1, None), TileRange(2, 1)]


@pytest.mark.parametrize(("begin", "end"), [(-1, 5), (6, 5)])
def test_there_are_no_tiles_for_an_impossible_range(begin: int, end: int) -> None:
    for tiles_of in (tiles.tiles_for_range, tiles.changed_tiles):
        with pytest.raises(BadTile):
            tiles_of(begin, end)


def test_growth_changes_a_tile_at_each_level_that_gains_a_hash() -> None:
    assert tiles.changed_tiles(0, 0) == []
    assert tiles.changed_tiles(255, 256) == [(0, 0, None), (1, 0, 1)]
    assert tiles.changed_tiles(256, 257) == [(0, 1, 1)]
    assert tiles.changed_tiles(65_535, 65_536) == [(0, 255, None), (1, 0, None), (2, 0, 1)]


class StoredTiles(dict[tuple[int, int, int | None], bytes]):
    """A log kept as tiles only, the way a node does: level by level, from what changed."""

    def grow(self, old: int, new: int) -> None:
        for level, n, width in tiles.changed_tiles(old, new):
            count = width or 256
            if level == 0:
                hashes = LEAVES[n * 256 : n * 256 + count]
            else:
                below = range(n * 256, n * 256 + count)
                hashes = [tiles.tile_hash(self.read(level - 1, m, None)) for m in below]
            self[level, n, width] = tiles.hash_tile(hashes)

    def read(self, level: int, n: int, width: int | None) -> list[bytes]:
        return tiles.parse_hash_tile(self[level, n, width], width)

    def bytes_of(self, level: int, n: int, width: int | None) -> bytes:
        return self[level, n, width]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 700), min_size=1, max_size=4), st.data())
def test_proofs_from_tiles_verify_however_the_log_grew(
    steps: list[int], data: st.DataObject
) -> None:
    stored, size, seen = StoredTiles(), 0, []
    for step in steps:
        stored.grow(size, size + step)
        size += step
        seen.append(size)
    node = tiles.node_from_tiles(stored.bytes_of, size)
    root = merkle.root(LEAVES[:size])
    assert merkle.subtree_root(node, 0, size) == root
    index = data.draw(st.integers(0, size - 1))
    proof = merkle.inclusion_proof(index, size, node)
    merkle.verify_inclusion(LEAVES[index], index, size, proof, root)
    for old in seen:
        proof = merkle.consistency_proof(old, size, node)
        merkle.verify_consistency(old, merkle.root(LEAVES[:old]), size, root, proof)


def test_proofs_reach_through_three_levels_of_tiles() -> None:
    size = 65_900
    stored = StoredTiles()
    stored.grow(0, size)
    reads: list[tuple[int, int, int | None]] = []

    def read(level: int, n: int, width: int | None) -> bytes:
        reads.append((level, n, width))
        return stored[level, n, width]

    proof = merkle.inclusion_proof(40_000, size, tiles.node_from_tiles(read, size))
    merkle.verify_inclusion(LEAVES[40_000], 40_000, size, proof, merkle.root(LEAVES[:size]))
    assert len(reads) == len(set(reads)) <= 6


def test_a_node_beyond_the_tree_is_a_bad_tile() -> None:
    stored = StoredTiles()
    stored.grow(0, 300)
    node = tiles.node_from_tiles(stored.bytes_of, 300)
    for height, index in [(0, 300), (8, 1), (9, 0), (0, 700)]:
        with pytest.raises(BadTile):
            node(height, index)


@pytest.mark.parametrize(("length", "width"), [(8191, None), (8192, 255), (0, 1), (33, 1)])
def test_a_tile_of_another_length_is_bad(length: int, width: int | None) -> None:
    with pytest.raises(BadTile):
        tiles.parse_hash_tile(bytes(length), width)


@pytest.mark.parametrize("count", [0, 257])
def test_a_tile_is_neither_empty_nor_too_wide(count: int) -> None:
    with pytest.raises(BadTile):
        tiles.hash_tile([bytes(32)] * count)
    with pytest.raises(BadTile):
        tiles.tile_hash([bytes(32)] * count)


@pytest.mark.parametrize("width", [0, -1, 257])
def test_a_path_has_a_possible_width(width: int) -> None:
    with pytest.raises(BadTile):
        tiles.entries_path(0, width)


@given(st.lists(st.binary(max_size=300), max_size=20))
def test_entries_survive_their_bundle(entries: list[bytes]) -> None:
    data = tiles.encode_entries(entries)
    assert tiles.decode_entries(data, len(entries)) == entries
    with pytest.raises(BadBundle):
        tiles.decode_entries(data + b"\x00", len(entries))
    with pytest.raises(BadBundle):
        tiles.decode_entries(data, len(entries) + 1)
    if entries:
        with pytest.raises(BadBundle):
            tiles.decode_entries(data[:-1], len(entries))


def test_an_entry_bundle_is_length_prefixed_big_endian() -> None:
    assert tiles.encode_entries([b"ab", b""]) == b"\x00\x02ab\x00\x00"
    longest = b"x" * 65535
    assert tiles.decode_entries(tiles.encode_entries([longest]), 1) == [longest]
    with pytest.raises(BadBundle):
        tiles.encode_entries([longest + b"x"])


@given(st.binary(max_size=100), st.integers(0, 300))
def test_any_bytes_are_entries_or_a_bad_bundle(data: bytes, expected: int) -> None:
    try:
        entries = tiles.decode_entries(data, expected)
    except BadBundle:
        return
    assert tiles.encode_entries(entries) == data
