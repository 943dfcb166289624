"""How activities reach PostgreSQL: what a transaction says to it, and what of its errors is told."""

from __future__ import annotations

from typing import Any, cast

import asyncpg
import pytest
from temporalio.exceptions import ApplicationError

from activities.ledger.database import mask_database_errors, transaction
from console.retry import is_away, while_away


class Connection:
    """Remembers what it was told."""

    def __init__(self, *, closes_at: str = "") -> None:
        self.told: list[str] = []
        self._closes_at = closes_at

    async def execute(self, statement: str) -> None:
        self.told.append(statement)
        if statement == self._closes_at:
            raise ConnectionResetError

    def is_closed(self) -> bool:
        return self._closes_at in self.told


async def test_a_transaction_begins_with_its_first_statements_at_once_and_is_committed() -> None:
    connection: Any = Connection()
    async with transaction(connection, "lock", "look"):
        connection.told.append("work")
    assert connection.told == ["begin; lock; look", "work", "commit"]


async def test_whatever_goes_wrong_in_a_transaction_rolls_it_back_and_is_raised() -> None:
    connection: Any = Connection()
    with pytest.raises(KeyboardInterrupt):
        async with transaction(connection):
            raise KeyboardInterrupt
    assert connection.told == ["begin", "rollback"]


async def test_a_connection_that_is_gone_is_not_told_to_roll_back() -> None:
    connection = Connection(closes_at="commit")
    with pytest.raises(ConnectionResetError):
        async with transaction(cast("Any", connection)):
            pass
    assert connection.told == ["begin", "commit"]


@pytest.mark.parametrize(
    "error",
    [
        asyncpg.UniqueViolationError("Nguyễn Văn An"),
        asyncpg.InternalClientError("another operation is in progress"),
        OSError("gone"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_of_an_error_of_the_database_only_its_name_is_told(error: Exception) -> None:
    with pytest.raises(ApplicationError) as told, mask_database_errors():
        raise error
    assert told.value.message == f"the ledger could not be reached: {type(error).__name__}"
    assert (told.value.type, told.value.non_retryable, told.value.__cause__) == ("ledger_unavailable", False, None)
    assert told.value.__suppress_context__


async def test_what_was_begun_when_a_server_was_killed_is_begun_again() -> None:
    """The client, asyncpg, calls that an error of its own."""
    tries = iter([asyncpg.InternalClientError("another operation is in progress"), None])

    async def work() -> str:
        if (error := next(tries)) is not None:
            raise error
        return "done"

    assert await while_away(work) == "done"
    assert is_away(asyncpg.InternalClientError("another operation is in progress"))
