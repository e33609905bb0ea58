"""Bundles that come in: kept outside the media, imported by the worker, deleted afterwards.

Source: docs/protocol.md, "Bundle" and "Endpoints" (inbox).
"""

import hashlib
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

from federation.client import BundleFetcher
from federation.conf import MIB, Conf, get_conf
from federation.errors import BundleTooLarge, FederationError, InboxFull, NotABundle, StateChanged
from federation.models import BundleState, IncomingBundle
from federation.trust import Member

from .bundle_import import BY_HAND, import_bundle, inspect_bundle
from .lookahead import is_held_back

_KEPT = timedelta(days=30)
_CLAIM = timedelta(minutes=10)
_ORPHAN = timedelta(days=1)
_RECALLS_ALONE = 32 * MIB


def bundle_path(bundle: IncomingBundle, conf: Conf | None = None) -> Path:
    """Return where the file of a bundle lies until it is imported."""
    return (conf or get_conf()).bundles_dir / f"{bundle.pk}.zip"


@contextmanager
def arriving(conf: Conf) -> Iterator[BinaryIO]:
    """Open a scratch file in the bundles folder; what was not kept is gone when the block ends."""
    conf.bundles_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.NamedTemporaryFile(dir=conf.bundles_dir, suffix=".part", delete=False) as file:
        try:
            yield file  # type: ignore[misc]
        finally:
            Path(file.name).unlink(missing_ok=True)


def room_for(member: Member) -> int:
    """Return how many bytes a member may push; raises InboxFull where enough of it waits already.

    One that is frozen or suspended is heard for its recalls alone, and they need little.
    """
    conf = get_conf()
    waiting = IncomingBundle.objects.waiting().filter(brought_by=member.node_id).count()
    if waiting >= conf.MAX_WAITING_BUNDLES:
        raise InboxFull(f"{waiting} bundles of {member.node_id} wait here.", item=member.node_id)
    return min(conf.MAX_BUNDLE, _RECALLS_ALONE) if is_held_back(member) else conf.MAX_BUNDLE


def keep_pushed(file: BinaryIO, node_id: str, sha256: str, conf: Conf) -> IncomingBundle:
    """Keep what a member pushed until the worker imports it; the same bytes wait only once.

    Raises BundleError's kinds for what cannot be read as a bundle.
    """
    same = IncomingBundle.objects.waiting().filter(brought_by=node_id, sha256=sha256).first()
    return same or _keep(file, BundleState.WAITING, conf, brought_by=node_id, sha256=sha256)


def keep_upload(chunks: Iterable[bytes], conf: Conf) -> IncomingBundle:
    """Keep and inspect what a person uploaded; it waits until they confirm it.

    Raises BundleError's kinds for what cannot be read as a bundle.
    """
    digest, size = hashlib.sha256(), 0
    with arriving(conf) as file:
        for chunk in chunks:
            size += len(chunk)
            if size > conf.MAX_BUNDLE:
                raise BundleTooLarge(f"The file has more than {conf.MAX_BUNDLE} bytes.")
            digest.update(chunk)
            file.write(chunk)
        bundle = _keep(file, BundleState.INSPECTED, conf, sha256=digest.hexdigest())
    bundle.report = inspect_bundle(bundle_path(bundle, conf), conf).plain()
    bundle.save(update_fields=["report"])
    return bundle


def _keep(file: BinaryIO, state: BundleState, conf: Conf, **fields: str) -> IncomingBundle:
    file.flush()
    os.fsync(file.fileno())
    scratch = Path(file.name)
    with BundleFetcher(scratch, conf):
        pass  # only to see that it can be read: what is no bundle is refused at once
    bundle = IncomingBundle(state=state, size=scratch.stat().st_size, **fields)
    os.replace(scratch, bundle_path(bundle, conf))
    bundle.save(force_insert=True)
    return bundle


def confirm_upload(bundle: IncomingBundle) -> None:
    """Let the worker import an upload that a person has looked at. Raises StateChanged."""
    row = IncomingBundle.objects.filter(pk=bundle.pk, state=BundleState.INSPECTED)
    if not row.update(state=BundleState.WAITING, report={}):
        raise StateChanged("This bundle is no longer waiting to be confirmed.")


def discard_upload(bundle: IncomingBundle) -> None:
    """Delete an upload that nobody wants. Raises StateChanged for one that was confirmed."""
    gone, _rows = IncomingBundle.objects.filter(pk=bundle.pk, state=BundleState.INSPECTED).delete()
    if not gone:
        raise StateChanged("This bundle is no longer waiting to be confirmed.")
    bundle_path(bundle).unlink(missing_ok=True)


def import_incoming(key: UUID | str, conf: Conf | None = None) -> bool:
    """Import a waiting bundle, delete its file and write down what came of it; True if it is done.

    What another worker took meanwhile stays waiting, and so does a bundle whose import was killed:
    the next run goes on from the marks.
    """
    conf = conf or get_conf()
    now = datetime.now(UTC)
    free = IncomingBundle.objects.due(now).filter(pk=key)
    if not free.order_by().update(claimed_until=now + _CLAIM):
        return False
    bundle = IncomingBundle.objects.get(pk=key)
    try:
        path = bundle_path(bundle, conf)
        report = import_bundle(path, brought_by=bundle.brought_by or BY_HAND, conf=conf)
    except FederationError as error:
        _settle(bundle, BundleState.REFUSED, error)
        return True
    except FileNotFoundError:
        _settle(bundle, BundleState.REFUSED, NotABundle("Its file is gone."))
        return True
    if any(isinstance(error, StateChanged) for _about, error in report.errors):
        IncomingBundle.objects.filter(pk=key).update(claimed_until=None)
        return False
    bundle.report = report.plain()
    first = report.errors[0][1] if report.errors else None
    _settle(bundle, BundleState.IMPORTED, first)
    return True


def _settle(bundle: IncomingBundle, state: BundleState, error: FederationError | None) -> None:
    IncomingBundle.objects.waiting().filter(pk=bundle.pk).update(
        state=state,
        report=bundle.report,
        error=error.code if error else "",
        error_detail=str(error) if error else "",
    )
    bundle_path(bundle).unlink(missing_ok=True)


def forget_bundles(now: datetime) -> int:
    """Delete uploads that nobody confirmed, rows that are old, and files without a row; how many.

    Files come before their rows: one without a row counts only after a day.
    """
    for bundle in IncomingBundle.objects.forgotten(now):
        with suppress(StateChanged):  # somebody has just confirmed it
            discard_upload(bundle)
    old = IncomingBundle.objects.filter(received_at__lt=now - _KEPT)
    old.exclude(state=BundleState.WAITING).delete()
    known = {f"{key}.zip" for key in IncomingBundle.objects.values_list("pk", flat=True)}
    count = 0
    for path in get_conf().bundles_dir.glob("*"):
        age = now - datetime.fromtimestamp(path.stat().st_mtime, tz=UTC)
        if path.name not in known and age > _ORPHAN:
            path.unlink(missing_ok=True)
            count += 1
    return count
