"""The command for emergencies: a recall in a file, signed offline, carried by anyone."""

import io

import pytest
from django.core.management import CommandError, call_command

from federation.models import Recall
from federation.wire import dsse, records
from tests.federation.simulated_node import key_for

from .test_recalls import baobab, shared_link, state, stewards

__all__ = ["baobab", "shared_link", "stewards"]


def run(*arguments: object) -> str:
    said = io.StringIO()
    call_command("federation_recall", *map(str, arguments), stdout=said)
    return said.getvalue()


def pem(path, key) -> object:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    private = Ed25519PrivateKey.from_private_bytes(key.seed)
    path.write_bytes(
        private.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    path.chmod(0o600)
    return path


def test_the_identity_key_signs_a_file_without_touching_the_database(
    here, tmp_path, django_assert_num_queries
):
    out = tmp_path / "recall.json"
    item = "11111111-2222-4333-8444-555555555555"
    with django_assert_num_queries(0):
        said = run("--item", item, "--reason", "It endangers people.", "--out", out)
    envelope = dsse.Envelope.from_json(out.read_bytes())
    record = records.parse(envelope.payload)
    assert isinstance(record, records.Recall)
    assert (record.target.origin, record.target.id) == (here.NODE_ID, item)
    assert "cannot be called back" in said
    assert "It endangers people." in run("--carry", out) or Recall.objects.get().authority


def test_two_stewards_sign_one_after_the_other_and_anyone_carries_it(
    shared_link, cedar, stewards, tmp_path
):
    said = cedar.publish()
    shared_link.sync()
    one, two = (pem(tmp_path / f"{n}.pem", stewards[n]) for n in range(2))
    first, both = tmp_path / "first.json", tmp_path / "both.json"
    run("--origin", "cedar", "--item", said.id, "--reason", "Danger.", "--key", one, "--out", first)
    with pytest.raises(CommandError, match=r"recall\.unentitled"):
        run("--carry", first)
    assert state(said) == "staged"
    run("--add-to", first, "--key", two, "--out", both)

    run("--carry", both)

    assert state(said) == "recalled"
    recall = Recall.objects.get()
    lift = tmp_path / "lift.json"
    run("--lift", recall.address, "--origin", "cedar", "--item", said.id, "--reason", "Mistaken.",
        "--key", one, "--key", two, "--out", lift)  # fmt: skip
    assert "applied here" in run("--carry", lift)
    assert state(said) == "staged"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "--out"),
        (["--out", "x.json"], "--item"),
        (["--carry", "/nowhere/at/all.json"], "No such file"),
    ],
)
def test_what_is_missing_is_said(here, arguments, said):
    with pytest.raises(CommandError, match=said):
        run(*arguments)


def test_a_file_that_is_no_envelope_is_named(here, tmp_path):
    path = tmp_path / "x.json"
    path.write_text("{}")
    with pytest.raises(CommandError, match=r"signature\.malformed-envelope"):
        run("--carry", path)


def test_a_stranger_s_key_recalls_nothing(shared_link, cedar, tmp_path):
    said = cedar.publish()
    shared_link.sync()
    key = pem(tmp_path / "k.pem", key_for("stranger", "any"))
    out = tmp_path / "r.json"
    run("--origin", "cedar", "--item", said.id, "--reason", "No.", "--key", key, "--out", out)
    with pytest.raises(CommandError, match=r"recall\.unentitled"):
        run("--carry", out)
    assert state(said) == "staged"
