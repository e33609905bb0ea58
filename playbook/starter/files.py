"""Read the starter files. A file that cannot be used stops the load, by name."""

from functools import cache
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parent


class StarterFileError(ValueError):
    """A starter file is broken: which one, and what is wrong with it."""


def read_terms() -> dict[str, list[dict[str, Any]]]:
    """Return the terms by kind (threats, mechanisms, sectors, dimensions)."""
    return _read(FOLDER / "terms.yaml")


def read_items(kind: str, languages: list[str]) -> list[dict[str, Any]]:
    """Return the plays or cases in these languages, in the order of the languages, then by slug."""
    found = [_read(path) for path in sorted((FOLDER / kind).glob("*.yaml"))]
    wanted = [item for item in found if item["lang"] in languages]
    return sorted(wanted, key=lambda item: (languages.index(item["lang"]), item["slug"]))


@cache
def _read(path: Path) -> dict[str, Any]:
    # The C loader reads the 33 files in a tenth of the time, where PyYAML was built with it.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        data = yaml.load(path.read_text(encoding="utf-8"), Loader=loader)  # noqa: S506 both are safe
    except yaml.YAMLError as error:
        raise StarterFileError(f"{path.name}: {error}") from error
    if not isinstance(data, dict):
        raise StarterFileError(f"{path.name}: expected a mapping at the top")
    return data
