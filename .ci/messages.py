"""Is every catalogue in locales/ compiled from the texts beside it?

    python .ci/messages.py [--write]

Compares each .mo with what msgfmt (Debian: gettext) makes of its .po; `--write` makes them. Without
msgfmt only the presence of the .mo is looked at, and that is said.
"""

import gettext
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

LOCALES = Path(__file__).resolve().parents[1] / "locales"


def compiled(source: Path, target: Path) -> str:
    """Compile a catalogue; return what msgfmt had to say against it, empty when nothing."""
    done = subprocess.run(  # noqa: S603
        ["msgfmt", "--check", "--output-file", str(target), str(source)],  # noqa: S607
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stderr.strip() if done.returncode else ""


def texts(path: Path) -> dict[object, str]:
    """Return what a compiled catalogue translates, without its header (it holds dates)."""
    with path.open("rb") as file:
        catalogue = gettext.GNUTranslations(file)._catalog  # type: ignore[attr-defined]
    return {key: text for key, text in catalogue.items() if key}


def fault(source: Path, *, write: bool) -> str:
    """Return what is wrong with one catalogue, or nothing."""
    target = source.with_suffix(".mo")
    name = source.relative_to(LOCALES.parent)
    if shutil.which("msgfmt") is None:
        if write:
            return "msgfmt is missing; install gettext"
        return "" if target.exists() else f"{name} is not compiled; run `make messages`"
    if write:
        return compiled(source, target)
    with tempfile.TemporaryDirectory() as folder:
        fresh = Path(folder) / "fresh.mo"
        if said := compiled(source, fresh):
            return said
        if not target.exists() or texts(target) != texts(fresh):
            return f"{name} was changed after it was compiled; run `make messages`"
    return ""


def main() -> int:
    if shutil.which("msgfmt") is None:
        print("msgfmt was not found: nothing was compared (Debian: apt-get install gettext)")
    found = [fault(path, write="--write" in sys.argv) for path in sorted(LOCALES.rglob("*.po"))]
    for line in filter(None, found):
        print(line)
    return 1 if any(found) else 0


if __name__ == "__main__":
    sys.exit(main())
