"""Runs the scripts beside this file in Node.js, or skips the test and says what is missing."""

import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent


def run_script(name: str, lines: list[str]) -> list[str]:
    """Give a script these lines; return those that it writes."""
    node = shutil.which("node")
    if node is None or not (HERE / "node_modules").is_dir():
        pytest.skip("no Node.js packages: install Node.js and npm, then `make env`")
    done = subprocess.run(
        [node, str(HERE / name)],
        input="".join(f"{line}\n" for line in lines),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return done.stdout.split("\n")[:-1]
