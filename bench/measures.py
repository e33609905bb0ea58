"""The benchmarks by name. Each sets up what it needs on the stage and gives its rows."""

import statistics
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from bench.readers import reader
from bench.rows import Row
from bench.searching import search
from bench.stage import Node, Stage

SMALL = 1_000
TAIL = 255
LARGE = 40 * 256 - 256 + TAIL  # 10,239: the last tile holds 255 entries
RUNS = 3
AGAIN = 30
_numbers = count(1)


@dataclass
class Feed:
    """A serving node with its log, and the plain server of the same bytes."""

    stage: Stage
    node: Node
    filled: dict[str, Any]
    plain: str

    @classmethod
    def start(cls, stage: Stage, name: str, size: int, *, pictures: bool) -> "Feed":
        node = stage.node(name)
        filled = stage.run(
            node, "fill", count=size, pictures=pictures, seed=size, plain=str(node.plain)
        )
        stage.serve(node)
        return cls(stage, node, filled, stage.serve_plain(node))

    def end(self) -> None:
        """End its processes. Files stay until the stage goes: deleting them slows what follows."""
        self.stage.end(self.node.id)
        self.stage.end(f"{self.node.id}-plain")

    def change(self) -> None:
        """One new version, signed and served."""
        self.filled = self.stage.run(
            self.node, "fill", change=True, seed=7, plain=str(self.node.plain)
        )

    def receive(self, receiver: Node, **options: Any) -> dict[str, Any]:
        server = {
            "id": self.node.id,
            "url": self.node.url,
            "descriptor": str(self.node.descriptor),
        }
        return self.stage.run(receiver, "receive", server=server, **options)

    def floor(self, **options: Any) -> dict[str, Any]:
        name = f"floor{next(_numbers)}"
        return self.stage.run_plain(
            "floor",
            url=self.plain,
            names=self.filled["names"],
            key=self.filled["key"],
            database=self.stage.floor_database(name),
            folder=str(self.stage.folder / name),
            **options,
        )

    def fresh(self) -> Node:
        return self.stage.node(f"receiver{next(_numbers)}")


def illustrated(stage: Stage) -> Feed:
    """The feed of 1,000 items with pictures, which two benchmarks pull from."""
    if "illustrated" not in stage.feeds:
        stage.feeds["illustrated"] = Feed.start(stage, "illustrated", SMALL, pictures=True)
    feed = stage.feeds["illustrated"]
    assert isinstance(feed, Feed)
    return feed


def sync(stage: Stage, profile: Path | None = None) -> list[Row]:
    """1,000 items with a picture each, and the same again with nothing changed."""
    feed = illustrated(stage)
    ours, floors = [], []
    for run in range(RUNS):
        receiver = feed.fresh()
        last = run == RUNS - 1
        ours.append(
            feed.receive(
                receiver,
                again=AGAIN if last else 0,
                profile=str(profile) if profile and last else None,
            )
        )
        floors.append(feed.floor(again=AGAIN if last else 0))
    assert all(one["items"] == one["files"] == SMALL for one in ours)
    return _sync_rows(ours, floors) + _again_rows(ours[-1]["again"], floors[-1]["again"])


def _sync_rows(ours: list[dict[str, Any]], floors: list[dict[str, Any]]) -> list[Row]:
    first = ours[-1]
    bare = min(floors, key=lambda floor: floor["memory_peak"])
    return [
        Row("sync", "1,000 items, 37 kB picture each", "s", _median(ours, "seconds"), 3,
            _median(floors, "seconds"), below=True),
        Row("sync", "queries an item, receiving", "", first["queries"] / SMALL, 1),
        Row("sync", "queries an item, serving", "", first["served_queries"] / SMALL),
        Row("sync", "requests", "", first["requests"]),
        Row("sync", "bytes", "bytes", first["bytes"], None, bare["bytes"]),
        Row("sync", "memory, above that before", "MB", _growth(first), None, _growth(bare)),
    ]  # fmt: skip


def _again_rows(again: dict[str, Any], floor: dict[str, Any]) -> list[Row]:
    return [
        Row("again", "nothing changed", "ms", again["seconds"] * 1e3, 20, floor["seconds"] * 1e3),
        Row("again", "requests", "", again["requests"], 1, 1),
        Row("again", "queries, receiving", "", again["queries"], 2, 2),
        Row("again", "queries, serving", "", again["served_queries"], 2),
        Row("again", "bytes", "bytes", again["bytes"], 1000, floor["bytes"]),
    ]


def wire(stage: Stage, profile: Path | None = None) -> list[Row]:
    """Text alone: bytes on the wire against gzip of the same compact records."""
    feed = Feed.start(stage, "texts", SMALL, pictures=False)
    receiver = feed.fresh()
    ours = feed.receive(receiver, profile=str(profile) if profile else None)
    floor = feed.floor()
    feed.end()
    packed = feed.filled["payload_gzip_bytes"]
    return [
        Row("wire", "bytes, as a multiple of gzip", "x", ours["bytes"] / packed, 1.3, 1.0),
        Row("wire", "bytes, 1,000 texts", "bytes", ours["bytes"], None, packed),
        Row("wire", "one text, unpacked", "bytes", feed.filled["payload_bytes"] / SMALL),
        Row("wire", "1,000 texts", "s", ours["seconds"], None, floor["seconds"]),
    ]


VERIFIED = 10_000


def verify(stage: Stage, profile: Path | None = None) -> list[Row]:
    """What trust costs a processor: each record of 10,000 checked, and nothing fetched or kept."""
    said = stage.run(stage.node("verifier"), "verifying", count=VERIFIED, seed=1)
    ours, floor = said["follower"], said["floor"]
    return [
        Row("verify", "10,000 items", "s", ours["seconds"], None, floor["seconds"]),
        Row("verify", "10,000 items, processor", "s", ours["worked"], None, floor["worked"]),
        Row("verify", "10,000 items, processor, as a multiple of the floor", "x",
            ours["worked"] / floor["worked"], 2.0, 1.0),
    ]  # fmt: skip


def memory(stage: Stage, profile: Path | None = None) -> list[Row]:
    """Peak memory from 1,000 items to 10,000, pictures included; then one change among them."""
    small = illustrated(stage)
    receiver = small.fresh()
    one, floor_one = small.receive(receiver), small.floor()
    large = Feed.start(stage, "large", LARGE, pictures=True)
    receiver = large.fresh()
    ten = large.receive(receiver, profile=str(profile) if profile else None)
    floor_ten = large.floor()
    assert ten["items"] == ten["files"] == LARGE
    large.change()
    changed = large.receive(receiver)
    assert changed["applied"] == 1
    floor_changed = large.floor(change=f"entries-{LARGE // 256}")
    large.end()
    return [
        Row("memory", "growth of the peak, 1,000 to 10,239 items", "MB",
            ten["memory_peak"] - one["memory_peak"], 50,
            floor_ten["memory_peak"] - floor_one["memory_peak"], below=True),
        Row("memory", "peak at 1,000", "MB", one["memory_peak"], None, floor_one["memory_peak"]),
        Row("memory", "peak at 10,239", "MB", ten["memory_peak"], None, floor_ten["memory_peak"]),
        Row("memory", "10,239 items, 37 kB picture each", "s", ten["seconds"], None,
            floor_ten["seconds"]),
        *_change_rows(changed, floor_changed),
    ]  # fmt: skip


def _change_rows(changed: dict[str, Any], floor: dict[str, Any]) -> list[Row]:
    return [
        Row("change", "one among 10,239, after a tail of 255", "ms", changed["seconds"] * 1e3, None,
            floor["seconds"] * 1e3),
        Row("change", "requests", "", changed["requests"], 4, 3),
        Row("change", "bytes", "bytes", changed["bytes"], 20_000, floor["bytes"]),
        Row("change", "queries, receiving", "", changed["queries"]),
        Row("change", "queries, serving", "", changed["served_queries"]),
    ]  # fmt: skip


def _median(runs: list[dict[str, Any]], name: str) -> float:
    return statistics.median(run[name] for run in runs)


def _growth(run: dict[str, Any]) -> float:
    return float(run["memory_peak"] - run["memory_before"])


Measure = Callable[..., list[Row]]
MEASURES: dict[str, Measure] = {
    "sync": sync, "wire": wire, "verify": verify, "memory": memory, "reader": reader,
    "search": search,
}  # fmt: skip
