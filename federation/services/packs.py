"""The signature of a text pack, and beside it this node's own log as it is served.

Source: docs/protocol.md, "Text pack".
"""

import base64

from federation.conf import get_conf
from federation.errors import FederationError
from federation.models import Log
from federation.trust import DescriptorDirectory, load_keys
from federation.wire import canonical, dsse

from .bundle_export import log_members

# Of its own, so that a signed manifest is never a record, nor a record a manifest.
MANIFEST_TYPE = "application/vnd.solidarity-playbook.manifest+json"
SIGNATURE = "manifest.json.dsse"


class LogSealer:
    """The playbook's `PackSealer`: signs with the record key, and adds log and descriptor."""

    def state(self) -> str:
        """Return the log's head and the key's name; empty before `federation_init`."""
        try:
            keyid = load_keys(get_conf().keys_dir).record.public.keyid
        except FederationError:
            return ""
        log = _own_log()
        return f"{keyid} {bytes(log.checkpoint).hex()}" if log else keyid

    def members(self, manifest: bytes) -> dict[str, bytes]:
        """Return the signed manifest, the descriptor and the log up to its signed head."""
        conf = get_conf()
        try:
            key = load_keys(conf.keys_dir).record
            descriptor = DescriptorDirectory(conf.trust_dir).envelope(conf.NODE_ID)
        except FederationError:
            return {}
        signature = dsse.Signature(key.public.keyid, key.sign(dsse.pae(manifest, MANIFEST_TYPE)))
        envelope = {
            "payload": base64.b64encode(manifest).decode(),
            "payloadType": MANIFEST_TYPE,
            "signatures": [signature.to_dict()],
        }
        found = {
            SIGNATURE: canonical.dumps(envelope),
            f"trust/nodes/{conf.NODE_ID}": descriptor,
        }
        log = _own_log()
        if log is not None and log.serves_its_head and log.checkpoint:
            found |= dict(log_members(log, 0))
        return found


def _own_log() -> Log | None:
    return Log.objects.filter(own=True).first()
