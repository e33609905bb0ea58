"""The same thing comes to two processes of one node at the same moment: it has one effect."""

import base64
import json
import threading
import urllib.error
import urllib.request

import pytest

pytestmark = [pytest.mark.long, pytest.mark.process, pytest.mark.xdist_group("killed-processes")]
AT_ONCE = 8


def sent_at_once(request: dict, times: int) -> list[tuple[int, dict]]:
    """Send one signed request so many times at the same moment; return status and body of each."""
    gate, answers = threading.Barrier(times), []

    def send() -> None:
        body = base64.b64decode(request["body"])
        again = urllib.request.Request(request["url"], body, request["headers"], method="POST")
        gate.wait()
        try:
            with urllib.request.urlopen(again, timeout=60) as answer:
                answers.append((answer.status, json.load(answer)))
        except urllib.error.HTTPError as error:
            answers.append((error.code, json.load(error)))

    threads = [threading.Thread(target=send) for _each in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def test_one_signed_request_received_by_two_workers_at_once_is_taken_once(pair):
    pair.hub.serve(workers=1)  # beside the one that listens already
    request = pair.cedar.ask("push_request", peer="hub")
    assert pair.hub.ask("state")["bundles"] == []

    answers = sent_at_once(request, AT_ONCE)

    taken = [body for status, body in answers if status in (200, 201, 202)]
    refused = [(status, body["type"]) for status, body in answers if status not in (200, 201, 202)]
    assert len(taken) == 1
    assert refused == [(401, "request.replayed")] * (AT_ONCE - 1)
    state = pair.hub.ask("state")
    assert (state["bundles"], state["nonces"]) == (["waiting"], 1)


def test_one_bundle_imported_by_two_workers_at_once_is_imported_once(pair):
    sent_at_once(pair.cedar.ask("push_request", peer="hub"), 1)
    [key] = pair.hub.ask("state")["waiting"]

    done = [each.answer for each in pair.hub.outcomes("import_waiting", times=3, key=key)]

    assert sorted(done) == [False, False, True]
    hub, _cedar = settled(pair)
    assert hub["bundles"] == ["imported"]
    assert hub["bodies"] == 4
    assert sorted(hub["items"]) == ["cedar 1", "cedar 2"]


def test_one_file_imported_by_hand_while_the_worker_pulls_the_same(pair, tmp_path):
    """Nobody claims anything here: the marks alone keep the two from doing anything twice."""
    bundle = tmp_path / "carried.zip"
    pair.hub.ask("export", path=str(bundle))

    codes = pair.cedar.outcomes("import_file", times=3, path=str(bundle))

    assert {code for each in codes for code in each.answer} <= {"state.changed"}
    _hub, cedar = settled(pair)
    assert sorted(cedar["items"]) == ["hub 1", "hub 2"]
    assert cedar["bodies"] == 4


def test_two_workers_that_pull_from_one_peer_at_once(pair):
    codes = pair.cedar.outcomes("pull", times=3, peer="hub")
    said = [code for each in codes for code in each.answer]
    assert set(said) <= {"state.changed"}
    _hub, cedar = settled(pair)
    assert sorted(cedar["items"]) == ["hub 1", "hub 2"]
    assert cedar["bodies"] == 4


def test_a_page_that_was_not_shared_is_shared_once_by_two_workers_at_once(pair):
    pair.cedar.ask("publish_and_die", title="cedar 0")
    shared = pair.cedar.outcomes("share_missed", times=3)
    assert sum(each.answer for each in shared) >= 1
    _hub, cedar = settled(pair)
    assert cedar["own"].count("publish") == cedar["shared"] == 3


def settled(pair) -> tuple[dict, dict]:
    pair.go_on()
    return pair.states()
