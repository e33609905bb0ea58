"""Nothing in the tree names a machine, a package registry or a secret."""

import re

import pytest

from tests.house.tree import ROOT, tracked_files

# Written in halves, so that this file does not hold what it looks for.
FORBIDDEN = {
    "a package registry": re.compile(
        "pypi" + r"\.org|python" + r"hosted\.org|registry\.npm" + r"js|deb\.debian" + r"\.org"
        "|find-" + r"links[= ]\S*/|index-" + r"url[= ]https?:",
        re.I,
    ),
    "a path of one machine": re.compile(
        r"(?<![\w.])/(?:home/\w|root/|Users/\w|work" + r"/|opt/p" + r"ypi|mnt/\w)"
    ),
    "a private key": re.compile("-----BEGIN " + r"(?:\w+ )?PRIVATE KEY-----\n[A-Za-z0-9+/]"),
}
HOLDS_EXAMPLES = {"tests/house/test_locks.py"}  # an address that the check must find


@pytest.fixture(scope="module")
def texts():
    found = {}
    for path in tracked_files():
        data = (ROOT / path).read_bytes()
        if b"\0" not in data[:4096]:
            found[str(path)] = data.decode("utf-8")
    return found


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_holds(what, texts):
    assert len(texts) > 100
    found = {
        path: match[0]
        for path, text in texts.items()
        if path not in HOLDS_EXAMPLES and (match := FORBIDDEN[what].search(text))
    }
    assert found == {}


@pytest.mark.parametrize(
    ("what", "line"),
    [
        ("a package registry", "https://files.python" + "hosted.org/packages/x"),
        ("a package registry", "--index-" + "url https://mirror.example/simple"),
        ("a path of one machine", "see /wo" + "rk/main/x"),
        ("a path of one machine", 'open("/ho' + 'me/ada/x")'),
    ],
)
def test_the_patterns_find_what_they_are_for(what, line):
    assert FORBIDDEN[what].search(line)


def test_no_key_file_or_database_is_part_of_the_tree():
    endings = {".pem", ".key", ".sqlite3", ".env"}
    assert [path for path in tracked_files() if path.suffix in endings] == []
