"""Do the lock files hold what they must? Every dependency, with hashes, and no address at all.

    python .ci/locks.py [ROOT]

Prints each fault on a line and ends with 1 if there was one. Needs nothing but Python.
"""

import json
import re
import sys
import tomllib
from pathlib import Path

# Lock file, and the lists of pyproject.toml that it must cover.
LOCKS = {
    "requirements.txt": (),
    "requirements-dev.txt": ("dev",),
    "requirements-next.txt": ("dev",),
}
_PIN = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?==(\S+)")
_NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]*")
_HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}\b")
_ADDRESS = re.compile(r"[a-z+]+://|^\s*(?:-i|-f|--(?:extra-)?index-url|--find-links)\b", re.M)


def plain(name: str) -> str:
    """Return a project's name in its one normal form (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def wanted(pyproject: Path, extras: tuple[str, ...]) -> set[str]:
    """Return the names that pyproject.toml asks for, those of these extras included."""
    project = tomllib.loads(pyproject.read_text(encoding="utf-8"))["project"]
    lines = list(project["dependencies"])
    for extra in extras:
        lines += project["optional-dependencies"][extra]
    return {plain(match[0]) for line in lines if (match := _NAME.match(line))}


def pins(text: str) -> dict[str, list[str]]:
    """Return each pinned project with the lines of its pin: `name==version`, then its hashes."""
    found: dict[str, list[str]] = {}
    current: list[str] = []
    for line in text.splitlines():
        if match := _PIN.match(line):
            current = found.setdefault(plain(match[1]), [])
        if line.strip() and not line.lstrip().startswith("#"):
            current.append(line)
    return found


def faults(root: Path) -> list[str]:
    """Return what is wrong with the lock files of a tree, in words."""
    found: list[str] = []
    for name, extras in LOCKS.items():
        path = root / name
        if not path.exists():
            found.append(f"{name}: missing; run `make lock`")
            continue
        text = path.read_text(encoding="utf-8")
        held = pins(text)
        found += [f"{name}: an address: {match[0]}" for match in _ADDRESS.finditer(text)]
        found += [
            f"{name}: {project} has no hash"
            for project, lines in held.items()
            if not any(_HASH.search(line) for line in lines)
        ]
        found += [
            f"{name}: {project} of pyproject.toml is not locked; run `make lock`"
            for project in sorted(wanted(root / "pyproject.toml", extras) - set(held))
        ]
    return found + npm_faults(root / "tests" / "interop" / "package-lock.json")


def npm_faults(path: Path) -> list[str]:
    """Return what is wrong with npm's lock file, in words."""
    packages = json.loads(path.read_text(encoding="utf-8"))["packages"]
    name = path.name
    return [
        f"{name}: {place} {fault}"
        for place, package in packages.items()
        for fault, holds in (
            ("has no hash", not place or "integrity" in package),
            ("has an address", "resolved" not in package),
        )
        if not holds
    ]


def main() -> int:
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parents[1]
    found = faults(root)
    for fault in found:
        print(fault)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
