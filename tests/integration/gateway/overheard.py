"""A door whose statements to PostgreSQL are recorded."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final
from unittest.mock import patch

import asyncpg

from tests.conftest import World
from tests.doors import Entrance, entrance, register_door
from tests.locked import locked
from views import primary

OF_THE_KEYRING: Final = "principal_version"
"""A word of the statement with which each process asks for changes of principals, once a second."""


class Statements(list[str]):
    """The statements that a door sends, without the literals in them."""

    def add(self, sent: Any) -> None:
        if OF_THE_KEYRING not in sent.query:
            self.append(re.sub(r"'[^']*'", "'-'", sent.query))

    def taken(self) -> list[str]:
        """Returns the statements since the last call."""
        sent = self[:]
        self.clear()
        return sent


@asynccontextmanager
async def overheard(world: World) -> AsyncIterator[tuple[World, Entrance, Statements]]:
    """Opens a platform with a door whose statements are recorded."""
    await register_door(world)
    sent, connect = Statements(), primary.connect

    async def recorded(*arguments: Any, **options: Any) -> "asyncpg.Connection[Any]":
        connection = await connect(*arguments, **options)
        connection.add_query_logger(sent.add)
        return connection

    async with locked(world) as closed, closed.back_office():
        with patch.object(primary, "connect", recorded):
            async with entrance(closed) as opened:
                yield closed, opened, sent
