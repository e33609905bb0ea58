"""The stewards: who may, two together, recall any item and lift a recall.

Their keys are those of the TUF role `targets`. Until that directory stands, they are read from a
file that an operator places by hand.
"""

import json

from federation.conf import Conf
from federation.errors import FederationError, KeyFileBroken
from federation.wire.keys import PublicKey


def stewards(conf: Conf) -> tuple[PublicKey, ...]:
    """Return the stewards' public keys, each once; none where no file `stewards.json` names them.

    The file is a JSON list of keys in hex. Raises KeyFileBroken for anything else.
    """
    path = conf.trust_dir / "stewards.json"
    try:
        named = json.loads(path.read_text(encoding="ascii"))
        return tuple(PublicKey.from_hex(text) for text in dict.fromkeys(named))
    except FileNotFoundError:
        return ()
    except (ValueError, TypeError, FederationError) as error:
        raise KeyFileBroken(f"{path} does not list keys: {error}", item="stewards.json") from error
