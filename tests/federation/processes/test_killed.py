"""A real process is killed (SIGKILL) after its first commit, then after its second, and so on until
it gets through. Each time it is started again, goes on, and everything is whole and the same."""

import pytest

pytestmark = [pytest.mark.long, pytest.mark.process, pytest.mark.xdist_group("killed-processes")]
TOO_MANY = 60  # commits of one act: a test that never gets through does not run for ever


def every_commit(pair, node, do, check, **given) -> int:
    """Kill `do` at each commit in turn, from the same state; return how many there are.

    `check` is given both states after they went on, and whether the act was through by itself.
    """
    pair.keep("before")
    for commits in range(TOO_MANY):
        pair.again("before")
        through = node.survives(do, commits, **given)
        pair.go_on()
        check(*pair.states(), through)
        if through:
            return commits
    pytest.fail(f"{do} was not through after {TOO_MANY} commits")


def test_publishing_killed_at_every_commit(pair):
    """Wagtail publishes in steps of its own: whatever was published is shared, once, in the end."""

    def check(hub, cedar, through):
        published = "cedar 0" in cedar["live"]
        assert published or not through
        assert cedar["own"].count("publish") == cedar["shared"] == 2 + published
        assert ("cedar 0" in hub["items"]) == published

    assert every_commit(pair, pair.cedar, "publish", check, title="cedar 0") >= 2


def test_a_pull_killed_at_every_commit(pair):
    def check(hub, cedar, through):
        assert sorted(cedar["items"]) == ["hub 1", "hub 2"]
        assert cedar["bodies"] == 4
        assert len(cedar["files"]) == 4

    assert every_commit(pair, pair.cedar, "pull", check, peer="hub") >= 5


def test_accepting_killed_at_every_commit(pair):
    """The hub endorses and adopts: at no moment is there half of either."""
    hub = pair.hub
    pair.cedar.ask("sign")
    assert hub.ask("pull", peer="cedar") == []
    before = hub.ask("state")
    assert before["items"]["cedar 1"] == "staged"

    def check(hub, cedar, through):
        endorsed = hub["own"].count("endorse")
        assert endorsed == hub["endorsements"] == cedar["endorsements"] <= 1
        assert hub["provenance"] == before["provenance"] + (hub["items"]["cedar 1"] == "draft")
        assert not through or (endorsed, hub["items"]["cedar 1"]) == (1, "draft")

    assert every_commit(pair, hub, "accept", check, title="cedar 1") >= 2


def test_recalling_killed_at_every_commit(pair):
    """Either the recall was said, and then it holds everywhere, or it was not said at all."""
    pair.go_on()

    def check(hub, cedar, through):
        said = cedar["own"].count("recall")
        assert said == cedar["recalls"] == hub["recalls"]
        assert said or not through
        assert hub["items"]["cedar 1"] == ("recalled" if said else "staged")
        assert ("cedar 1" in cedar["live"]) == (not said)
        assert hub["acknowledged"] == cedar["acknowledged"] == 2 * said
        assert hub["bodies"] == cedar["bodies"] == 4 - said

    assert every_commit(pair, pair.cedar, "recall", check, title="cedar 1") >= 1


def test_hearing_of_a_recall_killed_at_every_commit(pair):
    pair.go_on()
    pair.cedar.ask("recall", title="cedar 1")

    def check(hub, cedar, through):
        assert hub["recalls"] == 1
        assert hub["items"]["cedar 1"] == "recalled"
        assert hub["acknowledged"] == cedar["acknowledged"] == 2
        assert hub["own"].count("ack") == 1
        assert hub["bodies"] == 3

    assert every_commit(pair, pair.hub, "pull", check, peer="cedar") >= 3


def test_an_import_killed_at_every_commit(pair, tmp_path):
    """A bundle is imported in part, and again: the second time it is whole."""
    bundle = tmp_path / "carried.zip"
    pair.hub.ask("export", path=str(bundle))

    def check(hub, cedar, through):
        assert sorted(cedar["items"]) == ["hub 1", "hub 2"]
        assert cedar["bodies"] == 4

    assert every_commit(pair, pair.cedar, "import_file", check, path=str(bundle)) >= 3
