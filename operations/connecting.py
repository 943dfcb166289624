"""How commands connect to the record, and what they say while it is away."""

from __future__ import annotations

from typing import Final, TypeAlias

import asyncpg

from motcua.cli.running import note
from schemas.saying import said

TIMEOUT: Final = 10.0
"""Seconds for connecting, and for each statement."""

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"


def say_away(seconds: float) -> None:
    """Say that the database is waited for."""
    note(said("refused.database.waiting", seconds=f"{seconds:.0f}"))
