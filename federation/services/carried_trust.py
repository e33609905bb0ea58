"""Trust metadata that a bundle carries: taken in as from any node (docs/protocol.md, "Bundle")."""

from federation.client import CarriedFeed, TrustFetcher
from federation.conf import Conf
from federation.errors import TrustRolledBack
from federation.trust import refresh

from .trusting import follow_current, store_of


def refresh_from_bundle(feed: CarriedFeed, conf: Conf, *, look_only: bool = False) -> bool:
    """Take in newer trust metadata that a bundle carries, as from any node; return whether it did.

    A bundle without any changes nothing, and neither does one that is older than what is known
    here: whoever carries an old bundle does not lie. With `look_only` it only says what it would
    do. Raises what `trust.refresh` raises; the members are those of before then.
    """
    store = store_of(conf)
    carried = feed.trust_digest()
    if store.pin is None or not carried:
        return False
    if not look_only:
        follow_current(conf)
    if carried == store.digest():
        return False
    try:
        newer = refresh(
            store, TrustFetcher(feed.fetcher), f"{feed.base}/trust", look_only=look_only
        )
    except TrustRolledBack:
        return False
    if not look_only:
        follow_current(conf)
    return newer
