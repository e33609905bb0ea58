"""What we sign another implementation of RFC 9421 verifies, and the other way round."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from federation.errors import BadRequestSignature
from federation.wire import requests
from federation.wire.keys import SigningKey
from federation.wire.requests import Message

from .node import run_script

KEY = SigningKey.from_seed(bytes(range(32)))
HUB = "https://hub.example"
MESSAGES = {
    "without a body": Message(
        "GET", f"{HUB}/federation/v1/heads?since=4&x=%D8%B9", {"Accept": "application/json"}
    ),
    "with a body": Message(
        "POST", f"{HUB}/federation/v1/inbox", {"Content-Type": "application/zip"}, b"a bundle"
    ),
    "encoded": Message(
        "POST",
        f"{HUB}/federation/v1/inbox",
        {"Content-Type": "application/zip", "Content-Encoding": "gzip"},
        b"packed",
    ),
    "at a port": Message("GET", "http://127.0.0.1:8801/federation/v1/status", {}),
}


def now() -> datetime:
    """Return the time in whole seconds: the other side looks at its own clock."""
    return datetime.now(UTC).replace(microsecond=0)


def ask(task: dict[str, Any]) -> dict[str, Any]:
    (answer,) = run_script("signatures.js", [json.dumps(task)])
    return json.loads(answer)


def plain(message: Message) -> dict[str, Any]:
    return {"method": message.method, "url": message.url, "headers": dict(message.headers)}


def with_headers(message: Message, added: dict[str, str]) -> Message:
    return replace(message, headers={**message.headers, **added})


def ours(message: Message) -> Message:
    return with_headers(message, requests.sign_request(message, KEY, "our-key", now=now()))


@pytest.mark.parametrize("message", MESSAGES.values(), ids=MESSAGES)
def test_what_we_sign_they_verify(message):
    task = {"do": "verify", "keyid": "our-key", "public": KEY.public.hex}
    signed = ours(message)
    assert ask({**task, "request": plain(signed)}) == {"verified": True}
    elsewhere = replace(signed, url=signed.url.replace("hub", "evil").replace("8801", "8802"))
    assert ask({**task, "request": plain(elsewhere)})["verified"] is False


def test_an_answer_that_we_sign_they_verify():
    request = ours(MESSAGES["with a body"])
    answer = Message("", "", {"Content-Type": "application/json"}, b"{}", status=202)
    signed = with_headers(
        answer, requests.sign_response(answer, request, KEY, "our-key", now=now())
    )
    task = {"do": "verify", "keyid": "our-key", "public": KEY.public.hex}
    whole = {"status": 202, "headers": dict(signed.headers)}
    assert ask({**task, "request": plain(request), "response": whole}) == {"verified": True}
    other = ours(MESSAGES["encoded"])
    assert ask({**task, "request": plain(other), "response": whole})["verified"] is False


@pytest.mark.parametrize("message", MESSAGES.values(), ids=MESSAGES)
def test_what_they_sign_we_verify(message):
    headers = dict(message.headers)
    fields = ["@method", "@authority", "@target-uri"]
    if message.body:
        headers["Content-Digest"] = requests.content_digest(message.body)
        fields += ["content-type", "content-digest"]
    if "Content-Encoding" in headers:
        fields.append("content-encoding")
    answer = ask(
        {
            "do": "sign",
            "request": plain(replace(message, headers=headers)),
            "fields": fields,
            "keyid": "their-key",
            "seed": KEY.seed.hex(),
            "parameters": {
                "created": int(now().timestamp()),
                "expires": int((now() + timedelta(seconds=120)).timestamp()),
                "nonce": "n" * 22,
                "tag": requests.TAG,
            },
        }
    )
    signed = replace(message, headers=answer["headers"])
    assert verified(signed) == "their-key"
    with pytest.raises(BadRequestSignature):
        verified(replace(signed, method="DELETE"))


def verified(message: Message) -> str:
    return requests.verify_request(
        message,
        resolve_key={"their-key": KEY.public}.__getitem__,
        own_targets=[HUB, "http://127.0.0.1:8801"],
        now=now(),
        consume_nonce=lambda *_: True,
    )
