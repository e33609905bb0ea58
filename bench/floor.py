"""The floor: the same bytes fetched, parsed, verified and stored with nothing of ours.

urllib3, orjson, PyNaCl and the database's own driver, one row a record; pictures by four threads,
hashed and written to files. Takes `url`, `names`, `database`, `folder`, `key`, and counts.
"""

import gzip
import hashlib
import json
import sqlite3
import statistics
import sys
import time
from base64 import b64decode
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import orjson
import psycopg
import urllib3
from nacl.signing import VerifyKey

from bench.usage import Wire, peak_memory

_KIND = b"application/vnd.solidarity-playbook.record+json"
_TABLE = "CREATE TABLE record (address text primary key, origin text, payload {}, signatures text)"


def encoded(payload: bytes) -> bytes:
    """DSSE's pre-authentication encoding."""
    return b"DSSEv1 %d %b %d %b" % (len(_KIND), _KIND, len(payload), payload)


def judged(payload: bytes, address: str, signatures: list[Any], key: VerifyKey) -> dict[str, Any]:
    """The record's value, once its hash and signature hold."""
    message = encoded(payload)
    assert hashlib.sha256(message).hexdigest() == address
    key.verify(message, b64decode(signatures[0]["sig"]))
    value = orjson.loads(payload)
    assert isinstance(value, dict)
    return value


class Store:
    """A table and one transaction a batch, through the driver alone."""

    def __init__(self, database: str) -> None:
        sqlite = not database.startswith("postgres")
        self.connection: Any = sqlite3.connect(database) if sqlite else psycopg.connect(database)
        if sqlite:
            self.connection.execute("PRAGMA journal_mode=WAL")
            self.connection.execute("PRAGMA synchronous=NORMAL")
        self.connection.execute(_TABLE.format("blob" if sqlite else "bytea"))
        self.connection.commit()
        mark = "?" if sqlite else "%s"
        self.insert = f"INSERT INTO record VALUES ({', '.join([mark] * 4)})"  # noqa: S608
        self.change = f"UPDATE record SET origin = origin WHERE address = {mark}"  # noqa: S608

    def add(self, rows: list[tuple[str, str, bytes, str]]) -> None:
        with closing(self.connection.cursor()) as cursor:
            cursor.executemany(self.insert, rows)
        self.connection.commit()

    def touch(self, address: str) -> None:
        """One read and one write, as a pull with nothing new has them."""
        self.connection.execute("SELECT count(*) FROM record WHERE false").fetchone()
        self.connection.execute(self.change, (address,))
        self.connection.commit()


class Floor:
    """One run against the plain server."""

    def __init__(self, asked: dict[str, Any]) -> None:
        self.url = asked["url"]
        self.key = VerifyKey(bytes.fromhex(asked["key"]))
        self.folder = Path(asked["folder"])
        self.store = Store(asked["database"])
        self.pool = urllib3.PoolManager(maxsize=4)

    def get(self, name: str) -> bytes:
        answer = self.pool.request("GET", f"{self.url}/{name}")
        assert answer.status == 200, name
        return answer.data

    def everything(self, names: list[str]) -> int:
        """Heads, entries, records, pictures; return how many records there were."""
        self.get("heads")
        count, last = 0, "0" * 64
        for name in names:
            data = gzip.decompress(self.get(name))
            if not name.startswith("records"):
                continue
            rows, pictures = [], []
            for address, payload, signatures in pairs(data):
                value = judged(payload, address, signatures, self.key)
                rows.append((address, value["origin"], payload, json.dumps(signatures)))
                pictures += [file["sha256"] for file in value["media"]]
            self.store.add(rows)
            self.pictures(pictures)
            count, last = count + len(rows), rows[-1][0]
        self.last = last
        return count

    def pictures(self, hashes: list[str]) -> None:
        with ThreadPoolExecutor(4) as threads:
            list(threads.map(self.picture, hashes))

    def picture(self, sha256: str) -> None:
        data = self.get(f"blob/{sha256[:2]}/{sha256}")
        assert hashlib.sha256(data).hexdigest() == sha256
        (self.folder / sha256).write_bytes(data)

    def nothing(self) -> None:
        self.get("nothing")
        self.store.touch(self.last)

    def one_change(self, entries: str) -> None:
        """Heads, the last entries, the one record that is new."""
        self.get("heads")
        gzip.decompress(self.get(entries))
        envelope = orjson.loads(self.get("record"))
        payload = b64decode(envelope["payload"])
        address = hashlib.sha256(encoded(payload)).hexdigest()
        value = judged(payload, address, envelope["signatures"], self.key)
        self.store.add([(address, value["origin"], payload, "[]")])


def pairs(data: bytes) -> Iterator[tuple[str, bytes, list[Any]]]:
    """Address, payload and signatures of each record of a bundle."""
    lines = iter(data.splitlines())
    for line in lines:
        head = orjson.loads(line)
        yield head["address"], next(lines), head["signatures"]


def timed(work: Callable[[], Any]) -> dict[str, Any]:
    wire.take()
    started = time.perf_counter()
    work()
    return {"seconds": time.perf_counter() - started, "bytes": wire.take()}


def main() -> None:
    asked = json.loads(sys.argv[1])
    floor = Floor(asked)
    if "change" in asked:
        print(json.dumps(timed(lambda: floor.one_change(asked["change"]))))
        return
    floor.folder.mkdir(exist_ok=True)
    before = peak_memory()
    said = timed(lambda: floor.everything(asked["names"]))
    said |= {"memory_before": before, "memory_peak": peak_memory()}
    pulls = [timed(floor.nothing) for _ in range(asked.get("again", 0))]
    if pulls:
        said["again"] = {name: statistics.median(one[name] for one in pulls) for name in pulls[0]}
    print(json.dumps(said))


wire = Wire()

if __name__ == "__main__":
    main()
