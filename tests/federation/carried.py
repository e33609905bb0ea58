"""Bundles of simulated nodes, honest or not, as files."""

import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

from federation.wire import archive, bundles, tiles

from .simulated_node import Said, SimulatedNode

Change = Callable[[dict[str, bytes]], object]


def bundle_of(
    folder: Path,
    node: SimulatedNode,
    *,
    since: int = 0,
    at: int | None = None,
    sealed_for: str | None = None,
    change: Change | None = None,
    name: str = "bundle.zip",
) -> Path:
    """Write the log of a node as it was at `at` entries, from `since` on; `change` may spoil it."""
    found = dict(members(node, since, node.size if at is None else at, sealed_for))
    if change:
        change(found)
    return write_bundle(folder / name, found)


def members(node: SimulatedNode, since: int, size: int, sealed_for: str | None = None):
    """Yield the members of a bundle of one log, in their order."""
    prefix = f"log/{node.node_id}"
    yield f"trust/nodes/{node.node_id}", node.descriptor
    yield f"{prefix}/checkpoint", node.head(size)
    then = node.twin(size)
    for level, n, width in sorted(tiles.changed_tiles(since, size), key=lambda tile: tile[:2]):
        yield f"{prefix}/{tiles.tile_path(level, n, width)}", then.hash_tile(level, n, width)
    for n, width in tiles.tiles_for_range(since, size):
        yield f"{prefix}/{tiles.entries_path(n, width)}", then.entries(n, width)
        rows = then.rows(n, width)
        yield f"{prefix}/{tiles.records_path(n, width)}", bundles.encode_records(rows)
        sealed = [_open(said) for said in node.said[n * 256 : n * 256 + (width or 256)]
                  if said.leaf.type == "sealed" and sealed_for in said.raw["audience"]]  # fmt: skip
        if sealed:
            yield f"{prefix}/{tiles.sealed_path(n, width)}", bundles.encode_records(sealed)
    for sha256, data in sorted(node.blobs.items()):
        yield f"blob/{sha256}", data


def _open(said: Said) -> bundles.BundleRow:
    envelope = said.envelope
    return bundles.BundleRow(
        said.index, said.address, "present", envelope.signatures, envelope.payload
    )


def write_bundle(path: Path, members: Mapping[str, bytes]) -> Path:
    writer = archive.Writer(archive.Limits())
    parts = [writer.add(name, data) for name, data in members.items()]
    path.write_bytes(b"".join([*parts, writer.close()]))
    return path


def members_of(path: Path) -> dict[str, bytes]:
    """Return what a common tool finds in a bundle."""
    with zipfile.ZipFile(path) as opened:
        return {name: opened.read(name) for name in opened.namelist()}
