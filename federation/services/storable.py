"""What a well-formed record may hold and no database column does.

One such record would undo the whole batch that it stands in, at every attempt.
"""

from typing import Any

from federation.errors import InvalidRecord
from federation.wire import records

_MAX_NUMBER = 2**31 - 1  # PositiveIntegerField on PostgreSQL
_MAX_LANG = 35
_NUL = rb"\u0000"  # JSON has no other way to write it


def require_storable(record: records.Record, payload: bytes) -> None:
    """Raise InvalidRecord for numbers, language tags or characters that cannot be stored.

    PostgreSQL holds neither the character U+0000 nor numbers and names of any size.
    """
    if isinstance(record, records.Item):
        numbers, langs = [record.version], [record.lang]
    elif isinstance(record, records.Statement):
        target = record.target
        numbers, langs = [target.version or 0, target.index or 0], [target.lang or ""]
    else:
        return
    if max(numbers) > _MAX_NUMBER:
        raise InvalidRecord(f"A version or index is above {_MAX_NUMBER}.")
    if max(map(len, langs)) > _MAX_LANG:
        raise InvalidRecord(f"The language tag is longer than {_MAX_LANG} characters.")
    # The first two without walking through it: most texts have no escape at all.
    if b"\\" in payload and _NUL in payload and _holds_nul(record.raw):
        raise InvalidRecord("A text holds the character U+0000.")


def _holds_nul(value: Any) -> bool:
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, dict):
        return any("\0" in name or _holds_nul(member) for name, member in value.items())
    return isinstance(value, list) and any(map(_holds_nul, value))
