"""The image, without an engine: its instructions are read, and its steps are run one by one."""

import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest
from pathspec import GitIgnoreSpec

from tests.house.tree import ROOT

HOST = "node.example"


def instructions():
    """Return (name, rest) of each instruction, continued lines joined, comments dropped."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    text = re.sub(r"^\s*#.*\n", "", text, flags=re.M).replace("\\\n", " ")
    return [tuple(line.split(None, 1)) for line in text.splitlines() if line.strip()]


def stages():
    """Return the instructions of each stage, as lists that start with FROM."""
    found = []
    for instruction in instructions():
        if instruction[0] == "FROM":
            found.append([])
        found[-1].append(instruction)
    return found


def copied_from_the_tree():
    """Return (source, target folder) of each COPY that takes from the build context."""
    for name, rest in instructions():
        parts = rest.split()
        if name == "COPY" and not parts[0].startswith("--from"):
            for source in parts[:-1]:
                yield source, parts[-1]


def test_there_are_two_stages_on_a_slim_base():
    builder, final = stages()
    assert builder[0][1] == "python:3.11-slim AS builder"
    assert final[0][1] == "python:3.11-slim"
    assert not any(name == "COPY" and "--from=builder" not in rest for name, rest in final)


def test_every_source_exists_and_reaches_the_build():
    left_out = GitIgnoreSpec.from_lines(
        (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    )
    sources = [source for source, _target in copied_from_the_tree()]
    assert {"site", "playbook", "federation", "locales", "requirements.txt"} <= set(sources)
    for source in sources:
        path = ROOT / source
        assert path.exists(), source
        probe = f"{source}/module.py" if path.is_dir() else source
        assert not left_out.match_file(probe), f"{source} is kept from the build"


@pytest.mark.parametrize("place", [".venv/bin/python", "var/node.sqlite3", "site/x.pem", ".git/x"])
def test_nothing_private_reaches_the_build(place):
    left_out = GitIgnoreSpec.from_lines(
        (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    )
    assert left_out.match_file(place)


def test_it_runs_as_an_ordinary_user_and_says_where_it_writes():
    final = stages()[-1]
    named = dict(final)
    users = [rest for name, rest in final if name == "USER"]
    assert users
    assert users[-1].split(":")[0] not in {"root", "0"}
    assert named["VOLUME"] == '["/data"]'
    assert "SOLIDARITY_DATA_DIR=/data" in named["ENV"]
    assert "PYTHONDONTWRITEBYTECODE=1" in named["ENV"]
    order = [name for name, _rest in final]
    assert order.index("USER") > max(at for at, name in enumerate(order) if name in {"RUN", "COPY"})


def test_packages_come_from_the_hashed_lock_alone():
    installs = [rest for name, rest in instructions() if name == "RUN" and "pip install" in rest]
    assert len(installs) == 1
    assert "--require-hashes" in installs[0]
    assert "requirements-dev" not in (ROOT / "Dockerfile").read_text(encoding="utf-8")


def test_no_secret_is_kept_in_the_image():
    for name, rest in instructions():
        assert name != "ARG"
        if name == "ENV":
            assert not re.search("KEY|PASSWORD|TOKEN", rest)


def test_web_is_the_default_role_and_health_is_asked_without_other_tools():
    named = dict(stages()[-1])
    assert json.loads(named["ENTRYPOINT"]) == ["/app/docker/entrypoint"]
    assert json.loads(named["CMD"]) == ["web"]
    assert named["HEALTHCHECK"].endswith('CMD ["/app/docker/entrypoint", "health"]')


class Image:
    """The files that the image would hold, laid out in a folder, with an empty data volume."""

    def __init__(self, folder: Path) -> None:
        self.app, self.data, self.tmp = folder / "app", folder / "data", folder / "tmp"
        for path in (self.app, self.data, self.tmp):
            path.mkdir()
        for source, target in copied_from_the_tree():
            origin, place = ROOT / source, self.app / target
            if origin.is_dir():
                shutil.copytree(origin, place, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(origin, place)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]

    @property
    def environment(self) -> dict[str, str]:
        return {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PYTHONDONTWRITEBYTECODE": "1",
            "SECRET_KEY": secrets.token_hex(32),
            "TMPDIR": str(self.tmp),
            "SOLIDARITY_DATA_DIR": str(self.data),
            "SOLIDARITY_STATIC_ROOT": str(self.app / "static"),
            "SOLIDARITY_NODE_ID": "cedar",
            "SOLIDARITY_PUBLIC_URL": f"https://{HOST}",
            "SOLIDARITY_ALLOWED_HOSTS": HOST,
            "SOLIDARITY_LANGUAGES": "ar,en",
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
        }

    def build(self) -> None:
        """Run the Dockerfile's own collectstatic step."""
        (step,) = [rest for name, rest in instructions() if "collectstatic" in rest]
        step = step.replace("/venv/bin/python", sys.executable).replace("/app/", f"{self.app}/")
        step = step.replace("/tmp/build", str(self.tmp / "build"))  # noqa: S108
        environment = {"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1"}
        subprocess.run(step, shell=True, cwd=self.app, env=environment, check=True)  # noqa: S602

    def run(self, *role: str, code: int = 0, **changed: str) -> str:
        done = subprocess.run(
            [self.app / "docker" / "entrypoint", *role],
            env=self.environment | changed,
            cwd="/",
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert done.returncode == code, done.stdout
        return done.stdout

    def files(self) -> set[str]:
        return {str(path) for path in self.app.rglob("*")}


@contextmanager
def web_role(image):
    process = subprocess.Popen(
        [image.app / "docker" / "entrypoint", "web"], env=image.environment, cwd="/"
    )
    try:
        deadline = time.monotonic() + 60
        while not answers(image):
            assert process.poll() is None, "the web role ended by itself"
            assert time.monotonic() < deadline, "the web role does not answer"
            time.sleep(0.2)
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0


def answers(image):
    try:
        return get(image, "/healthz") == (200, b"ok\n")
    except OSError:
        return False


def get(image, path):
    request = urllib.request.Request(
        f"http://127.0.0.1:{image.port}{path}",
        headers={"Host": HOST, "X-Forwarded-Proto": "https"},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.status, answer.read()


@pytest.mark.process
@pytest.mark.long
def test_every_role_runs_in_production_and_writes_only_to_its_volume(tmp_path):
    image = Image(tmp_path)
    image.build()
    assert (image.app / "static" / "staticfiles.json").exists()
    assert list((image.app / "static" / "playbook").glob("site.*.css"))
    before = image.files()

    image.run("migrate")
    assert "Fingerprint:" in image.run("manage", "federation_init")
    with web_role(image):
        image.run("health")
        assert get(image, "/ar/")[0] == 200
        assert get(image, "/federation/v1/status")[0] == 200
    assert "healthz" in image.run("health", code=1), "a dead web server is not seen"
    for role in ("web", "worker", "scheduler"):
        assert "solidarity.E001" in image.run(role, code=1, SECRET_KEY="short")
    image.run("scheduler", "--once")
    image.run("health")
    assert "exiting" in image.run("worker", "--batch", "--no-startup-delay")

    assert image.files() == before
    assert (image.data / "node.sqlite3").exists()
    assert {path.suffix for path in (image.data / "federation" / "keys").iterdir()} >= {".pem"}


def test_an_unknown_role_is_refused_by_name():
    done = subprocess.run([ROOT / "docker" / "entrypoint", "webb"], capture_output=True, text=True)
    assert done.returncode == 64
    assert "no role 'webb'" in done.stderr
