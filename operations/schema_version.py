"""The migrations applied to a database, compared with those of this version of the platform."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import asyncpg

from console.database import Connection

MIGRATIONS: Final = Path(__file__).parents[1] / "deploy" / "migrations"


@dataclass(frozen=True)
class SchemaVersion:
    """A database's migrations. `pending`: not applied yet; `unknown`: applied by a later version of the platform."""

    newest: str
    pending: tuple[str, ...]
    unknown: tuple[str, ...]


async def schema_version(connection: Connection) -> SchemaVersion:
    """Returns the applied migrations; none if their table is missing or unreadable. Raises asyncpg's other errors."""
    try:
        applied = {row["version"] for row in await connection.fetch("select version from schema_migrations")}
    except (asyncpg.UndefinedTableError, asyncpg.InsufficientPrivilegeError):
        return compare(())  # the first migration lets the application read them
    return compare(applied)


def migrate_command(dbmate: str, setting: str) -> list[str]:
    """Returns the command line that applies missing migrations at the address in an environment variable."""
    command = [dbmate, "--env", setting, "--env-file", os.devnull]  # a command line can be read by everybody
    return [*command, "--migrations-dir", str(MIGRATIONS), "--no-dump-schema", "migrate"]


def compare(applied: Iterable[str]) -> SchemaVersion:
    """Compares the applied migrations with ours by version number, the first part of a migration's name."""
    had = {name.partition("_")[0] for name in applied}
    ours = {name.partition("_")[0]: name for name in sorted(file.stem for file in MIGRATIONS.glob("*.sql"))}
    return SchemaVersion(
        newest=max(ours),
        pending=tuple(ours[version] for version in sorted(ours.keys() - had)),
        unknown=tuple(sorted(had - ours.keys())),
    )
