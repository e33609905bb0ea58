"""A hub and a coalition as real processes that know each other; each test begins as they began."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from .proxy import Line
from .running import Running


@dataclass
class Pair:
    """A hub that can only be reached over `line`, and a node called cedar."""

    hub: Running
    cedar: Running
    line: Line

    @property
    def both(self) -> tuple[Running, Running]:
        return self.hub, self.cedar

    def keep(self, name: str) -> None:
        """Remember under a name how both are now, for `again`."""
        self.stop()
        for node in self.both:
            node.keep(name)

    def again(self, name: str) -> None:
        """Put both back to where they were then, their servers running."""
        self.stop()
        self.line.mend()
        for node in self.both:
            node.put_back(name)
            node.serve()

    def stop(self) -> None:
        for node in self.both:
            node.stop()

    def go_on(self) -> None:
        """Let both do what a worker does, until each has heard what the other said last."""
        self.cedar.ask("go_on", peer="hub")
        self.hub.ask("go_on", peer="cedar")
        self.cedar.ask("go_on", peer="hub")
        self.hub.ask("go_on", peer="cedar")
        self.cedar.ask("pull", peer="hub")

    def states(self) -> tuple[dict, dict]:
        """Return what both hold, which must be whole and the same history for both."""
        hub, cedar = (node.ask("state") for node in self.both)
        for state in (hub, cedar):
            assert state["findings"] == []
            assert state["applied"]
        assert hub["roots"] == cedar["roots"]
        return hub, cedar


@pytest.fixture(scope="session")
def founded(tmp_path_factory) -> Iterator[Pair]:
    """Start one process for each node; each has three pages, two of them published."""
    folder, line = tmp_path_factory.mktemp("processes"), Line()
    hub = Running("hub", "hub", folder / "hub", known_at=line.port)
    cedar = Running("cedar", "node", folder / "cedar")
    line.target = hub.port
    pair = Pair(hub, cedar, line)
    try:
        descriptors = [node.ask("found") for node in pair.both]
        hub.ask("enrol", descriptor=descriptors[1], hub=False)
        cedar.ask("enrol", descriptor=descriptors[0], hub=True)
        for node in pair.both:
            for number in range(3):
                node.ask("write", title=f"{node.name} {number}")
                if number:
                    node.ask("publish", title=f"{node.name} {number}")
        pair.keep("first")
        yield pair
    finally:
        for node in pair.both:
            node.end()
        line.close()


@pytest.fixture
def pair(founded: Pair) -> Iterator[Pair]:
    """Return both as they began: neither has heard of the other's two pages."""
    founded.again("first")
    yield founded
    founded.stop()
