"""What witnesses told this process of the own log since its start, and what follows from it.

A machine that was restored whole has its mark restored with it, and would sign a second history of
what it forgot. Only others can tell (docs/protocol.md, "Witnesses"). It is known to this process
alone: the next start asks again. Peers that carry the log are asked in `services.asking`.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from federation.conf import Conf
from federation.errors import BehindWitness, WitnessesSilent
from federation.models import Entry, Log

from .quorum import Quorums


@dataclass
class _Asked:
    """What this process knows: since when it has asked, when last, what it was told, by whom.

    `sizes` are witnesses' own words, the last of each; `proved` came with a head that this node's
    key has signed.
    """

    since: datetime
    last: datetime | None = None
    sizes: dict[str, int] = field(default_factory=dict)
    proved: tuple[int, str] = (0, "")


_AGAIN = timedelta(minutes=1)
_asked: dict[Path, _Asked] = {}


def begin(conf: Conf) -> None:
    """Note that the witnesses are being asked."""
    _known(conf).last = datetime.now(UTC)


def _known(conf: Conf) -> _Asked:
    return _asked.setdefault(conf.keys_dir, _Asked(datetime.now(UTC)))


def told(conf: Conf, node_id: str, size: int) -> None:
    """Note how many entries of the own log a witness says that it has seen."""
    _known(conf).sizes[node_id] = size


def proved(conf: Conf, node_id: str, size: int) -> None:
    """Note the size of a head that this node's key signed, and that is not held here."""
    known = _known(conf)
    known.proved = max(known.proved, (size, node_id))


def forget(conf: Conf) -> None:
    """As after a start: they are asked again before the next signature."""
    _asked.pop(conf.keys_dir, None)


def is_first(conf: Conf) -> bool:
    """Has this process asked nobody yet? Then no witness is passed over for having failed."""
    return conf.keys_dir not in _asked


def is_needed(log: Log, conf: Conf) -> bool:
    """Must the witnesses be asked before the own log may be signed? Again while it is behind.

    Not more often than once a minute.
    """
    known = _asked.get(conf.keys_dir)
    if known is None or known.last is None:
        return True
    if datetime.now(UTC) - known.last < _AGAIN:
        return False
    return not known.sizes or max(known.sizes.values()) > log.head_size


def behind(log: Log, node_id: str, size: int) -> BehindWitness:
    """Return the error for a log of which somebody has seen more than is held here, signed."""
    return BehindWitness(
        f"{node_id or 'A bundle'} has seen {size} entries of this node's log; "
        f"{log.head_size} signed ones are here.",
        item=log.origin,
    )


def require_asked(log: Log, signed: int, conf: Conf) -> None:
    """Raise BehindWitness where anybody has seen more than the `signed` entries of the own log.

    Raises WitnessesSilent while no witness has answered: for an hour, and never before a recall.
    Asks nobody; without witnesses only what peers have shown counts.
    """
    known = _asked.get(conf.keys_dir) or _Asked(datetime.now(UTC))
    if known.proved[0] > signed:
        raise behind(log, known.proved[1], known.proved[0])
    names = {member.node_id for member in Quorums(conf).others(conf.NODE_ID)}
    answers = {name: size for name, size in known.sizes.items() if name in names}
    for name, size in sorted(answers.items()):
        if size > signed:
            raise behind(log, name, size)
    if not names or answers or _is_urgent(log):
        return
    if (datetime.now(UTC) - known.since).total_seconds() < conf.WITNESS_SECONDS:
        raise WitnessesSilent("No witness has answered since the start.", item=log.origin)


def _is_urgent(log: Log) -> bool:
    """Does a recall wait to be signed? It counts by its own signatures, whatever the log does."""
    return Entry.objects.filter(log=log, type="recall", index__gte=log.head_size).exists()
