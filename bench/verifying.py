"""Verify what a log says, as a follower does, beside bare Ed25519 and SHA-256 of the same bytes.

A node's process. Takes `count` and `seed`; prints one JSON object. Nothing is fetched, unpacked or
stored: bodies are the bytes that came, and entries the rows that the database would give. The two
take turns, one bundle of 256 after the other, so that what else the machine does falls on both
alike; the median bundle counts.
"""

import hashlib
import json
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import django

django.setup()

from nacl.signing import VerifyKey  # noqa: E402

from bench.fill import item  # noqa: E402
from bench.floor import encoded  # noqa: E402
from bench.material import Writer  # noqa: E402
from federation.conf import get_conf  # noqa: E402
from federation.models import Entry  # noqa: E402
from federation.services import judging  # noqa: E402
from federation.services.enrolment import initialise_node  # noqa: E402
from federation.trust import load_keys  # noqa: E402
from federation.wire import dsse, merkle, tiles  # noqa: E402
from federation.wire.leaf import Leaf  # noqa: E402

WIDTH = tiles.TILE_WIDTH


@dataclass(frozen=True)
class Bundle:
    """256 entries as they are served, their rows in the database, and what came for each."""

    leaves: list[bytes]
    entries: list[Entry]
    bodies: list[tuple[bytes, tuple[dsse.Signature, ...]]]


class Follower:
    """Verifies bundle after bundle: root, address, signature, form, origin, type and scope."""

    def __init__(self) -> None:
        self.conf = get_conf()
        self.member = initialise_node(self.conf)
        self.range = merkle.CompactRange()

    def verify(self, bundle: Bundle) -> None:
        leaves = [Leaf.parse(data) for data in bundle.leaves]
        self.range = self.range.append([leaf.hash for leaf in leaves])
        for entry, (payload, signatures) in zip(bundle.entries, bundle.bodies, strict=True):
            arrival = judging.Arrival(entry, envelope=dsse.Envelope(payload, signatures))
            judged = judging.judge(arrival, self.member, self.conf)
            assert judged.record is not None, judged.error


def bundles_of(count: int, seed: int) -> Iterator[Bundle]:
    conf, writer = get_conf(), Writer(seed)
    key = load_keys(conf.keys_dir).record
    for start in range(0, count, WIDTH):
        indexes = range(start, min(start + WIDTH, count))
        signed = [dsse.Envelope.signed(item(writer, conf, None), key) for _ in indexes]
        yield Bundle(
            [Leaf("publish", each.address).data for each in signed],
            [
                Entry(index=index, type="publish", address=each.address)
                for index, each in zip(indexes, signed, strict=True)
            ],
            [(each.payload, each.signatures) for each in signed],
        )


def bare(bundle: Bundle, key: VerifyKey) -> None:
    """The floor: the signature of each record, and the hash that is its address."""
    for payload, signatures in bundle.bodies:
        message = encoded(payload)
        hashlib.sha256(message).hexdigest()
        key.verify(message, signatures[0].sig)


def main() -> None:
    asked = json.loads(sys.argv[1])
    conf = get_conf()
    initialise_node(conf)
    key = VerifyKey(load_keys(conf.keys_dir).record.public.raw)
    follower = Follower()
    took: dict[str, list[tuple[float, float]]] = {"follower": [], "floor": []}
    hashes: list[bytes] = []
    for bundle in bundles_of(asked["count"], asked["seed"]):
        hashes += map(merkle.leaf_hash, bundle.leaves)
        took["floor"].append(timed(partial(bare, bundle, key), len(bundle.leaves)))
        took["follower"].append(timed(partial(follower.verify, bundle), len(bundle.leaves)))
    assert follower.range.root == merkle.root(hashes)
    said: dict[str, Any] = {
        name: {
            "seconds": statistics.median(clock for clock, _worked in each) * asked["count"],
            "worked": statistics.median(worked for _clock, worked in each) * asked["count"],
        }
        for name, each in took.items()
    }
    print(json.dumps(said))


def timed(work: Callable[[], None], items: int) -> tuple[float, float]:
    """By the clock and of the processor, in seconds an item."""
    clock, worked = time.perf_counter(), time.process_time()
    work()
    return (time.perf_counter() - clock) / items, (time.process_time() - worked) / items


if __name__ == "__main__":
    main()
