"""Logs say what happened and not who read what: no address, no user agent, no path, no query."""

import contextlib
import io
import logging
import logging.config
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest
from django.conf import settings
from django.core.exceptions import BadRequest
from django.test import Client
from django.test.utils import override_settings
from django.urls import path

from solidarity.demo.plan import BASE_DIR, Node
from solidarity.migrated import copy_migrated

WHO = {"user-agent": "ReaderBrowser/7", "x-forwarded-for": "198.51.100.7"}
TRACES = ["198.51.100.7", "ReaderBrowser", "wordsought", "pathsought", "Traceback"]


@pytest.fixture
def written():
    """Configure logging as a node does, and return what the handler writes."""
    target = io.StringIO()
    root = logging.getLogger()
    kept = (root.handlers[:], root.level)
    logging.config.dictConfig(settings.LOGGING)
    (handler,) = [h for h in root.handlers if type(h) is logging.StreamHandler]
    handler.setStream(target)
    yield target
    root.handlers[:], root.level = kept[0], kept[1]


# --- In this process ----------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/en/pathsought/?q=wordsought", 404),
        ("/en/triage/media/pathsought/?q=wordsought", 404),
        ("/pathsought.php?q=wordsought", 404),
        ("/en/feedback/7/?wordsought", 404),
    ],
)
def test_a_refused_request_is_logged_by_the_pattern_of_its_address(site, written, address, status):
    answer = Client(REMOTE_ADDR="198.51.100.7").get(address, headers=WHO)
    assert answer.status_code == status
    text = written.getvalue()
    assert f"{status} GET" in text
    assert [trace for trace in TRACES if trace in text] == []


def _refuses(request, what):
    raise BadRequest("wordsought")


def _breaks(request, what):
    raise RuntimeError("a fault of ours")


urlpatterns = [path("refuses/<str:what>", _refuses), path("breaks/<str:what>", _breaks)]
handler400 = "playbook.error_pages.bad_request"
handler500 = "playbook.error_pages.server_error"


@pytest.mark.django_db
@pytest.mark.urls(__name__)
def test_a_bad_request_leaves_no_traceback_and_a_fault_does(written):
    client = Client(raise_request_exception=False, REMOTE_ADDR="198.51.100.7")
    assert client.get("/refuses/pathsought?q=wordsought", headers=WHO).status_code == 400
    text = written.getvalue()
    assert "400 GET /refuses/<str:what>" in text
    assert [trace for trace in TRACES if trace in text] == []
    assert client.get("/breaks/pathsought?q=wordsought", headers=WHO).status_code == 500
    text = written.getvalue()
    assert "500 GET /breaks/<str:what>" in text
    assert "RuntimeError: a fault of ours" in text
    assert [trace for trace in TRACES if trace in text] == ["Traceback"]


@pytest.mark.django_db
def test_a_wrong_host_is_named_since_it_is_a_wrong_setting(site, written):
    answer = Client().get("/en/?q=wordsought", headers={**WHO, "host": "elsewhere.example"})
    assert answer.status_code == 400
    text = written.getvalue()
    assert "elsewhere.example" in text
    assert [trace for trace in TRACES if trace in text] == []


@pytest.mark.django_db
def test_a_fault_mails_no_request_to_anybody(site, written, mailoutbox):
    with override_settings(ADMINS=[("A", "a@example.org")], ROOT_URLCONF=__name__):
        client = Client(raise_request_exception=False)
        assert client.get("/breaks/pathsought", headers=WHO).status_code == 500
    assert "500 GET" in written.getvalue()
    assert mailoutbox == []


def test_what_is_no_request_is_logged_as_it_is(written):
    logging.getLogger("federation").info("Fetched %d records from %s", 3, "cedar")
    assert "Fetched 3 records from cedar" in written.getvalue()


# --- A real web server --------------------------------------------------------------------------


def ask(node, address, data=None, **headers):
    """Return the status of an answer, whatever it is."""
    request = urllib.request.Request(
        node.url + address, data, {"X-Forwarded-For": "198.51.100.7", "Accept-Language": "ar"}
    )
    for name, value in {"User-Agent": "ReaderBrowser/7", **headers}.items():
        request.add_header(name, value)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


@contextlib.contextmanager
def web_server(node):
    """Run the web role as a container does; yield the file that takes all it writes."""
    environment = {
        **{name: value for name, value in node.environment.items() if name != "TEST_DATABASE_URL"},
        "PATH": f"{os.path.dirname(sys.executable)}{os.pathsep}{os.environ['PATH']}",
        "HOST": "127.0.0.1",
        "PORT": str(node.port),
        "WEB_WORKERS": "1",
        "TMPDIR": str(node.folder),
    }
    log = node.folder / "web.log"
    manage = [sys.executable, BASE_DIR / "manage.py", "setup_playbook"]
    subprocess.run(manage, env=environment, cwd=BASE_DIR, check=True, capture_output=True)
    with log.open("wb") as target:
        process = subprocess.Popen(
            [BASE_DIR / "docker" / "entrypoint", "web"],
            env=environment, cwd=BASE_DIR, stdout=target, stderr=target, start_new_session=True,
        )  # fmt: skip
    try:
        deadline = time.monotonic() + 60
        while True:
            with contextlib.suppress(OSError):
                if ask(node, "/healthz") == 200:
                    break
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)
        yield log
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(20)


@pytest.mark.process
def test_the_log_of_a_real_server_holds_no_trace_of_a_reader(tmp_path):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    node = Node("cedar", "Cedar coalition", "node", ("en", "ar"), port, tmp_path)
    node.secret("key")
    copy_migrated(node.database)
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    with web_server(node) as log:
        before = log.read_text()
        answers = [
            ask(node, "/en/?q=wordsought"),
            ask(node, "/en/pathsought/?q=wordsought"),
            ask(node, "/ar/triage/media/pathsought/"),
            ask(node, "/pathsought.php?q=wordsought"),
            ask(node, "/en/feedback/999/", b"kind=pathsought", **form),
            ask(node, "/en/search/?q=wordsought&q=%00%ff"),
            ask(node, "/en/", Host="elsewhere.example"),
            ask(node, "/en/search/", b"q=wordsought", **form),
        ]
        assert answers[:5] == [200, 404, 404, 404, 404]
        assert answers[6:] == [400, 403]
        with sqlite3.connect(node.database) as database:
            database.execute("ALTER TABLE playbook_threat RENAME TO playbook_threat_away")
        assert ask(node, "/en/triage/?q=wordsought") == 500
        time.sleep(0.2)
        text = log.read_text()
    assert text.count("404 GET") >= 3, "nothing was logged: this test would pass on silence"
    assert "500 GET /en/triage/" in text
    assert "no such table: playbook_threat" in text
    traces = ["198.51.100.7", "ReaderBrowser", "wordsought", "pathsought"]
    assert [trace for trace in traces if trace in text] == []
    assert "127.0.0.1" not in text.removeprefix(before)
