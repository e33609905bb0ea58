"""What the documents say about errors, settings, checks and addresses is true of the code."""

import ast
import re
from pathlib import Path

import pytest

from federation.errors import all_errors
from federation.urls import urlpatterns
from tests.house.tree import ROOT, tracked_files

PROTOCOL = (ROOT / "docs" / "protocol.md").read_text(encoding="utf-8")
OPERATING = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
_CODE = re.compile(r"`([a-z]+\.[a-z-]+)`")


def rows(header):
    """Return the cells of each row of the table that has this header line."""
    lines = PROTOCOL.split(header + "\n", 1)[1].splitlines()[1:]
    table = []
    for line in lines:
        if not line.startswith("|"):
            return table
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if any(cells[1:]):  # a heading row has its first cell alone
            table.append(cells)
    return table


BAD_INPUT = rows("| input | error | test | shown |")
OWN_SIDE = rows("| what | error | test | told by |")


def codes(table):
    return {match for row in table for match in _CODE.findall(row[1])}


def test_every_error_stands_in_one_of_the_two_tables():
    known = {error.code for error in all_errors()}
    assert len(BAD_INPUT) > 40
    assert codes(BAD_INPUT) | codes(OWN_SIDE) == known


@pytest.mark.parametrize("row", BAD_INPUT, ids=lambda row: row[0])
def test_each_kind_of_bad_input_names_a_test_that_exists(row):
    _input, error, test, shown = row
    assert _CODE.search(error) or error.startswith("no error")
    assert shown
    require_test(test)


@pytest.mark.parametrize("row", [row for row in OWN_SIDE if row[2] != "—"], ids=lambda row: row[0])
def test_the_errors_of_the_own_side_name_tests_that_exist(row):
    require_test(row[2])


def require_test(test):
    path, name = test.strip("`").split("::")
    module = ast.parse((ROOT / "tests" / path).read_text(encoding="utf-8"))
    assert name in {node.name for node in ast.walk(module) if isinstance(node, ast.FunctionDef)}


THREATS = [
    line.strip("|").split("|")
    for line in (ROOT / "docs" / "threats.md").read_text(encoding="utf-8").splitlines()
    if line.startswith("| ") and "::" in line
]


@pytest.mark.parametrize("row", THREATS, ids=lambda row: row[0].strip())
def test_each_threat_has_a_defence_and_names_a_test_that_exists(row):
    _attack, defence, test = row
    assert defence.strip()
    require_test(test.strip())


def test_each_table_names_an_input_once():
    inputs = [row[0] for row in BAD_INPUT]
    assert sorted(inputs) == sorted(set(inputs))


def test_every_setting_that_is_read_is_described_and_no_other():
    read = set()
    for path in (ROOT / "site" / "solidarity" / "settings").glob("*.py"):
        if path.stem not in {"demo", "test", "dev"}:
            text = path.read_text(encoding="utf-8")
            read |= set(re.findall(r"env\.\w+\(\s*\"([A-Z_]+)\"", text))
    table = OPERATING.split("## Settings", 1)[1].split("## Install", 1)[0]
    described = set(re.findall(r"^\| `([A-Z_]+)`", table, re.M)) - {"DJANGO_SETTINGS_MODULE"}
    assert read
    assert described == read


def test_every_system_check_has_its_row_and_remedy():
    raised = set()
    for path in tracked_files():
        if path.name == "checks.py":
            text = (ROOT / path).read_text(encoding="utf-8")
            raised |= set(re.findall(r'id="(\w+\.[EW]\d+)"', text))
    described = re.findall(r"^\| `(\w+\.[EW]\d+)` \| .+ \| .+ \|$", OPERATING, re.M)
    assert raised
    assert sorted(described) == sorted(raised)


def test_every_address_of_the_feed_is_described():
    table = PROTOCOL.split("## Endpoints", 1)[1].split("## Receiving", 1)[0]
    addresses = [str(pattern.pattern) for pattern in urlpatterns if str(pattern.pattern)]
    assert len(addresses) > 5
    for pattern in addresses:
        first = re.match(r"\^?([a-z]+)", pattern)
        assert first
        assert re.search(rf"`(?:(?:GET|POST) )?{first[1]}", table), pattern


def linked():
    for path in tracked_files():
        if path.suffix == ".md":
            text = (ROOT / path).read_text(encoding="utf-8")
            for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text):
                if "://" not in target:
                    yield pytest.param(path, target, id=f"{path}: {target}")


@pytest.mark.parametrize(("source", "target"), list(linked()))
def test_every_link_between_documents_leads_somewhere(source: Path, target: str):
    assert (ROOT / source.parent / target).exists()


def test_decisions_are_numbered_without_gaps():
    numbers = sorted(int(path.name[:4]) for path in (ROOT / "docs" / "adr").glob("*.md"))
    assert numbers == list(range(1, len(numbers) + 1))


def test_every_command_is_described():
    commands = {
        path.stem
        for path in tracked_files()
        if path.match("federation/management/commands/*.py") and path.stem != "__init__"
    }
    text = OPERATING + (ROOT / "docker" / "entrypoint").read_text(encoding="utf-8")
    assert {name for name in commands if name not in text} == set()
