"""System checks: what is misconfigured, with an id and a remedy (docs/operating.md)."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from django.core.checks import CheckMessage, Error, Warning
from django.core.exceptions import ImproperlyConfigured

from federation import conf
from federation.errors import KeysMissing, KeysReadable
from federation.trust import TrustStore, key_problems
from federation.trust.descriptors import NODE_ID
from federation.trust.rolekeys import OFFLINE

_UNREADABLE = (TypeError, KeyError, ImproperlyConfigured)


def check_configuration(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """federation.E001 to E003: the FEDERATION setting itself."""
    found: list[CheckMessage] = []
    unknown = conf.unknown_names()
    if unknown:
        names = ", ".join(sorted(unknown))
        found.append(
            Error(
                f"FEDERATION holds names that mean nothing: {names}.",
                hint="Remove them or correct their spelling; federation/conf.py lists all.",
                id="federation.E001",
            )
        )
        return found
    try:
        own = conf.get_conf()
    except _UNREADABLE as error:
        return [
            Error(
                f"FEDERATION cannot be read: {error}",
                hint="Set NODE_ID, DOMAIN, DATA_DIR and PUBLIC_URL.",
                id="federation.E002",
            )
        ]
    if not NODE_ID.match(own.NODE_ID):
        found.append(
            Error(
                f"{own.NODE_ID!r} is not a node id.",
                hint="Use 1 to 63 small letters, digits and hyphens: SOLIDARITY_NODE_ID.",
                id="federation.E003",
            )
        )
    return found


_WARN_DAYS = 60


def check_trust(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """federation.W002: root or targets run out within 60 days. W003: something has run out."""
    try:
        store = TrustStore(conf.get_conf().trust_dir)
    except _UNREADABLE:
        return []
    now = datetime.now(UTC)
    found: list[CheckMessage] = []
    for state in store.roles():
        left = (state.expires - now).days
        if state.expires <= now:
            found.append(
                Warning(
                    f"{state.role}.json has run out: this node is degraded.",
                    hint="Ask the hub to sign anew; its scheduler does so for the last two roles.",
                    id="federation.W003",
                )
            )
        elif state.role in OFFLINE and left < _WARN_DAYS:
            found.append(
                Warning(
                    f"{state.role}.json runs out in {left} days.",
                    hint=f"Stewards: federation_trust propose --out FILE renew {state.role}",
                    id="federation.W002",
                )
            )
    return found


def check_keys(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """federation.W001: no keys yet. E004: keys others can read. E005: a key file is broken."""
    try:
        problems = key_problems(conf.get_conf().keys_dir)
    except _UNREADABLE:
        return []  # E001 or E002 has said so
    missing = [problem for problem in problems if isinstance(problem, KeysMissing)]
    found: list[CheckMessage] = []
    if missing:
        found.append(
            Warning(
                str(missing[0]),
                hint="Run: python manage.py federation_init",
                id="federation.W001",
            )
        )
    for problem in problems:
        if isinstance(problem, KeysReadable):
            found.append(
                Error(str(problem), hint="Run: chmod 600 on that file.", id="federation.E004")
            )
        elif not isinstance(problem, KeysMissing):
            found.append(Error(str(problem), hint=problem.remedy, id="federation.E005"))
    return found
