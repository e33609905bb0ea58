"""What stays as it is until the content changes: looked up once and kept by the process.

Only while a reader's request is answered, which has asked for the state of the content first
(`playbook.page_cache`). Everywhere else every call looks anew.
"""

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import TypeVar

from django.utils import translation

Value = TypeVar("Value")
_seen: ContextVar[str | None] = ContextVar("playbook_epoch", default=None)
_MOST = 256  # values that one function keeps: languages, kinds of terms, addresses of sections


@contextmanager
def during(epoch: str) -> Iterator[None]:
    """Until the end of the block, let count what is kept for this state of the content."""
    token = _seen.set(epoch)
    try:
        yield
    finally:
        _seen.reset(token)


def current() -> str | None:
    """Return the state of the content that this request has seen; None outside of one."""
    return _seen.get()


def kept(function: Callable[..., Value]) -> Callable[..., Value]:
    """Keep what the function returns, by arguments and active language, until content changes.

    Requests and threads share it: nobody may change what it returns.
    """
    values: dict[Hashable, tuple[str, Value]] = {}

    @wraps(function)
    def found(*arguments: Hashable) -> Value:
        epoch = _seen.get()
        if epoch is None:
            return function(*arguments)
        key = (translation.get_language(), arguments)
        entry = values.get(key)
        if entry is None or entry[0] != epoch:
            if len(values) >= _MOST:
                values.clear()
            entry = values[key] = (epoch, function(*arguments))
        return entry[1]

    return found
