"""The network between two real processes is slow, breaks in the middle, is cut, and heals."""

import threading
import time

import pytest

pytestmark = [pytest.mark.long, pytest.mark.process, pytest.mark.xdist_group("killed-processes")]
ALL = ["hub 1", "hub 2"]


def settled(pair) -> tuple[dict, dict]:
    """Return both states once the line is mended and the workers have gone on."""
    pair.line.mend()
    pair.go_on()
    hub, cedar = pair.states()
    assert sorted(cedar["items"]) == ALL
    assert len(cedar["files"]) == 4
    assert cedar["bodies"] == 4
    return hub, cedar


def test_a_slow_line_only_takes_longer(pair):
    pair.line.seconds = 0.05
    assert pair.cedar.ask("pull", peer="hub") == []
    assert sorted(pair.cedar.ask("state")["items"]) == ALL
    settled(pair)


def test_a_line_that_breaks_in_the_middle_of_each_answer(pair):
    """Answers are cut after ever more bytes: each time something is kept, and nothing is half."""
    broken = set()
    for most in (0, 40, 200, 300, 400, 600, 900, 1400):
        pair.line.most = most
        broken.update(pair.cedar.ask("pull", peer="hub"))
        state = pair.cedar.ask("state")
        assert state["findings"] == []
    assert broken
    # This server names no length, so that a break can look like an end.
    assert broken <= {"peer.unreachable", "peer.wrong-content-type", "json.truncated"}
    settled(pair)


def test_a_line_that_is_cut_and_heals(pair):
    pair.line.open = False
    assert pair.cedar.ask("pull", peer="hub") == ["peer.unreachable"]
    assert pair.cedar.ask("state")["items"] == {}
    pair.cedar.ask("publish", title="cedar 0")  # work goes on meanwhile
    pair.hub.ask("publish", title="hub 0")
    pair.line.mend()
    pair.go_on()
    hub, cedar = pair.states()
    assert sorted(cedar["items"]) == ["hub 0", *ALL]
    assert sorted(hub["items"]) == ["cedar 0", "cedar 1", "cedar 2"]


def test_a_server_that_dies_in_the_middle_of_an_answer(pair):
    """The line breaks because the hub is gone, not because of the line."""
    pair.line.seconds, codes = 0.1, []
    pulling = threading.Thread(target=lambda: codes.extend(pair.cedar.ask("pull", peer="hub")))
    pulling.start()
    while pair.line.passed < 1500 and pulling.is_alive():
        time.sleep(0.01)
    pair.hub.stop()
    pair.line.seconds = 0
    pulling.join()
    assert "peer.unreachable" in codes
    pair.hub.serve()
    settled(pair)
