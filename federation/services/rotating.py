"""This node's own word that its keys have changed: an entry in its log, by its identity key.

Evidence for people. Only the stewards' targets change keys, so it is said when they have, and not
before (docs/protocol.md, "Membership").
"""

from pathlib import Path

from django.db import transaction

from federation.conf import Conf
from federation.errors import FederationError
from federation.models import Entry
from federation.trust import DescriptorDirectory, Member, load_keys, read_descriptor
from federation.trust.store import write_atomically
from federation.wire import dsse, records
from federation.wire.keys import SigningKey

from . import heads
from .appending import append_envelope
from .publishing import today


def _waiting(conf: Conf) -> Path:
    return conf.trust_dir / "own" / "rotate.dsse"


def prepare(conf: Conf, old_identity: SigningKey | None) -> bool:
    """Sign the word on new keys now, while both identity keys are at hand; return whether any is.

    Nothing is to be said where the stewards know this node by the keys that it has, or not at all.
    """
    directory = DescriptorDirectory(conf.trust_dir)
    keys = load_keys(conf.keys_dir)
    known = directory.store.member(conf.NODE_ID)
    own = read_descriptor(directory.envelope(conf.NODE_ID))
    if known is None or _keys_of(directory.member(conf.NODE_ID)) == _keys_of(own):
        return False
    payload = records.build(
        "rotate/1",
        {
            "origin": conf.NODE_ID,
            "audience": "public",
            "salt": records.new_salt(),
            "keys": {
                purpose: getattr(keys, purpose).public.hex for purpose in records.KEY_PURPOSES
            },
            "day": today().isoformat(),
        },
    )
    signers = [keys.identity, *([old_identity] if old_identity else [])]
    signatures = [dsse.Envelope.signed(payload, key).signatures[0] for key in signers]
    write_atomically(_waiting(conf), dsse.Envelope(payload, tuple(signatures)).to_json())
    return True


def _keys_of(member: Member) -> tuple[str, ...]:
    named = (
        member.identity_key, member.log_key, member.witness_key, member.request_key,
        member.record_keys[-1].key,
    )  # fmt: skip
    return tuple(key.hex for key in named)


@transaction.atomic
def say(conf: Conf) -> Entry | None:
    """Append the word that waits, once the stewards have put those very keys in force.

    Safe to repeat. Returns None where nothing waits or it is not time yet.
    """
    path = _waiting(conf)
    if not path.exists():
        return None
    envelope = dsse.Envelope.from_json(path.read_bytes())
    record = records.parse(envelope.payload)
    member = DescriptorDirectory(conf.trust_dir).member(conf.NODE_ID)
    log = heads.own_log(lock=True)
    if not isinstance(record, records.Rotate) or not _is_in_force(record, member, log.size):
        return None
    standing = Entry.objects.filter(log=log, address=envelope.address).first()
    entry = standing or append_envelope(envelope, record)
    transaction.on_commit(lambda: path.unlink(missing_ok=True))
    return entry


def _is_in_force(record: records.Rotate, member: Member, index: int) -> bool:
    try:
        identity, signer = member.identity_key_at(index), member.record_key(index)
    except FederationError:
        return False
    return (identity, signer) == (record.keys["identity"], record.keys["record"])
