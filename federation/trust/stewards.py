"""The stewards: who may, two together, recall any item and lift a recall.

Their keys are those of the TUF role `targets` in the newest verified root. A node that has pinned
no root yet may be given them by hand, in a file.
"""

import json

from federation.conf import Conf
from federation.errors import FederationError, KeyFileBroken, TrustNotSet
from federation.wire.keys import PublicKey

from .store import TrustStore


def stewards(conf: Conf) -> tuple[PublicKey, ...]:
    """Return the stewards' public keys, each once; none where neither root nor file names them.

    The file `stewards.json` is a JSON list of keys in hex. Raises KeyFileBroken for anything else.
    """
    try:
        root = TrustStore(conf.trust_dir).root()
    except TrustNotSet:
        return _by_hand(conf)
    keys = [root.keys[keyid] for keyid in root.roles["targets"].keyids]
    return tuple(
        PublicKey.from_hex(key.keyval["public"]) for key in keys if key.keytype == "ed25519"
    )


def _by_hand(conf: Conf) -> tuple[PublicKey, ...]:
    path = conf.trust_dir / "stewards.json"
    try:
        named = json.loads(path.read_text(encoding="ascii"))
        return tuple(PublicKey.from_hex(text) for text in dict.fromkeys(named))
    except FileNotFoundError:
        return ()
    except (ValueError, TypeError, FederationError) as error:
        raise KeyFileBroken(f"{path} does not list keys: {error}", item="stewards.json") from error
