"""Where a database commits, so that a test can let the power fail at exactly that moment."""

from collections.abc import Callable
from typing import Any

_WRITES = ("INSERT", "UPDATE", "DELETE", "REPLACE")


def after_each_commit(connection: Any, act: Callable[[], None]) -> None:
    """Call `act` after every commit of a connection: of a transaction, or of a lone statement."""
    commit = connection._commit

    def counted() -> None:
        commit()
        act()

    def lone(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        result = execute(sql, params, many, context)
        if not connection.in_atomic_block and sql.lstrip().upper().startswith(_WRITES):
            act()
        return result

    connection._commit = counted
    connection.execute_wrappers.append(lone)
