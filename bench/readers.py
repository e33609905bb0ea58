"""What a reader waits for: a play made anew, and a kept one, beside a stock Wagtail page."""

import gzip
import http.client
import json
import statistics
import time
import urllib.request
from pathlib import Path

from bench.rows import Row
from bench.stage import Node, Stage

WARM, ROUNDS, EACH = 30, 20, 25
STOCK = "bench.stock.settings"


class Reader:
    """One connection that stays open, asking one address again and again."""

    def __init__(self, node: Node, address: str) -> None:
        self.node, self.address = node, address
        self.connection = http.client.HTTPConnection("127.0.0.1", node.port, timeout=30)
        self.seconds: list[float] = []
        self.worked: list[float] = []

    def get(self) -> bytes:
        self.connection.request("GET", self.address)
        answer = self.connection.getresponse()
        body = answer.read()
        assert answer.status == 200, (self.address, answer.status)
        return body

    def queries(self) -> int:
        """How many queries one request makes."""
        before = self._used()["queries"]
        self.get()
        return int(self._used()["queries"] - before - 1)

    def _used(self) -> dict[str, float]:
        with urllib.request.urlopen(f"{self.node.url}/bench") as answer:  # noqa: S310
            used: dict[str, float] = json.load(answer)
        return used

    def round(self) -> None:
        worked = self._used()["seconds"]
        started = time.perf_counter()
        for _ in range(EACH):
            self.get()
        self.seconds.append((time.perf_counter() - started) / EACH)
        self.worked.append((self._used()["seconds"] - worked) / EACH)

    @property
    def milliseconds(self) -> float:
        return statistics.median(self.seconds) * 1e3

    @property
    def of_processor(self) -> float:
        """What the server's process took of a processor for a request, in milliseconds."""
        return statistics.median(self.worked) * 1e3


def reader(stage: Stage, profile: Path | None = None) -> list[Row]:
    """The same text, terms, picture and relations from both, one request after the other.

    A query string is not looked up in the page cache: so the page is made anew.
    """
    nodes = {
        "ours": stage.node("reader", SOLIDARITY_LANGUAGES="en,fr"),
        "stock": stage.node("stock", SOLIDARITY_LANGUAGES="en,fr", DJANGO_SETTINGS_MODULE=STOCK),
    }
    at = {}
    for name, node in nodes.items():
        at[name] = stage.run(node, "fill_reader", stock=name == "stock", seed=3)["address"]
        stage.serve(node)
    readers = {
        "stock": Reader(nodes["stock"], at["stock"]),
        "new": Reader(nodes["ours"], f"{at['ours']}?new"),
        "kept": Reader(nodes["ours"], at["ours"]),
        "bare": Reader(nodes["stock"], "/bare"),
    }
    pages = {}
    for name, one in readers.items():
        pages[name] = [one.get() for _ in range(WARM)][-1]
    queries = {name: one.queries() for name, one in readers.items()}
    for _ in range(ROUNDS):  # in turn, so that what else the machine does falls on all alike
        for one in readers.values():
            one.round()
    for node in nodes.values():
        stage.end(node.id)
    took = {name: one.milliseconds for name, one in readers.items()}
    worked = {name: one.of_processor for name, one in readers.items()}
    assert pages["new"] == pages["kept"]
    return [
        Row("reader", "stock Wagtail page", "ms", took["stock"], None, took["bare"]),
        Row("reader", "stock Wagtail page, queries", "", queries["stock"]),
        Row("reader", "play, made anew", "ms", took["new"], None, took["bare"]),
        Row("reader", "play, made anew, queries", "", queries["new"], 10),
        Row("reader", "play, made anew, as a share of the stock page", "x",
            took["new"] / took["stock"], 1 / 2.5),
        Row("reader", "stock Wagtail page, processor", "ms", worked["stock"], None, worked["bare"]),
        Row("reader", "play, made anew, processor", "ms", worked["new"], None, worked["bare"]),
        Row("reader", "play, made anew, processor, as a share of the stock page", "x",
            worked["new"] / worked["stock"], 1 / 2.5),
        Row("reader", "play, kept", "ms", took["kept"], None, took["bare"]),
        Row("reader", "play, kept, queries", "", queries["kept"], 1),
        Row("reader", "stock page, gzipped", "bytes", len(gzip.compress(pages["stock"], 6))),
        Row("reader", "play, gzipped", "bytes", len(gzip.compress(pages["new"], 6))),
    ]  # fmt: skip
