"""The project's own files, as a clone holds them."""

from collections.abc import Iterator
from pathlib import Path

from pathspec import GitIgnoreSpec

ROOT = Path(__file__).resolve().parents[2]


def ignored() -> GitIgnoreSpec:
    return GitIgnoreSpec.from_lines((ROOT / ".gitignore").read_text(encoding="utf-8").splitlines())


def tracked_files() -> Iterator[Path]:
    """Yield every file that the ignore rules leave in, relative to the root."""
    rules = ignored()
    folders = [Path()]
    while folders:
        folder = folders.pop()
        for path in sorted((ROOT / folder).iterdir()):
            place = path.relative_to(ROOT)
            if path.is_dir():
                if place.name != ".git" and not rules.match_file(f"{place}/"):
                    folders.append(place)
            elif not rules.match_file(str(place)):
                yield place
