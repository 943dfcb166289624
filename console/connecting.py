"""The connection of commands to the record, and their message while it can't be reached."""

from typing import Final, TypeAlias

import asyncpg

from motcua.cli.running import note
from schemas.translate import said

TIMEOUT: Final = 10.0
"""Seconds for connecting, and for each statement."""

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"


def say_away(seconds: float) -> None:
    """Prints that the command waits for the database, and the maximum wait in seconds."""
    note(said("refused.database.waiting", seconds=f"{seconds:.0f}"))
