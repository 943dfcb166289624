"""The comparison of the principals' tables with the recorded changes. Each row that differs is listed by name."""

import json
from collections.abc import Sequence
from typing import Annotated, Any, Final

from pydantic import Field, TypeAdapter

from activities.ledger.authority.principals import NO_AGENCY
from console.comparing import Difference, Row, Why, compared, wrong
from console.database import Connection
from rules.identity.principal_register import Fold, Recorded, named
from schemas.identity.principals import AnyPrincipalCommand, ApproveChange, DeclineChange
from schemas.identity.statement import Principal


def row_of(principal: Principal) -> Row:
    """Returns the row of the table `principal` for this principal."""
    return {
        "principal": principal.id,
        "agency": principal.agency or NO_AGENCY,
        "name": principal.name,
        "kind": str(principal.kind),
        "grants": [grant.model_dump(mode="json") for grant in principal.grants],
    }


def rows_of_keys(principal: Principal) -> list[Row]:
    """Returns the rows of the table `principal_key` for this principal."""
    return [
        {
            "key_id": key.key_id,
            "principal": principal.id,
            "agency": principal.agency or NO_AGENCY,
            "public_key": key.public_key,
            "valid_from": key.valid_from,
            "valid_until": key.valid_until,
            "revoked_at": key.revoked_at,
        }
        for key in principal.keys
    ]


async def recorded(connection: Connection, principal: str) -> Principal | None:
    """Returns the principal after all recorded changes; None if unknown. Raises `ValueError` for unreadable changes."""
    fold = Fold()
    for row in await connection.fetch(_CHANGES, principal):
        fold.add(_read(row))
    return fold.principals.get(principal)


async def differences(connection: Connection) -> list[Difference]:
    """Returns each row that differs from the recorded changes, is missing or extra, as of one moment."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        changes = await connection.fetch(_CHANGES, None)
        tables = {table: [dict(row) for row in await connection.fetch(query)] for table, query in _TABLES.items()}
    for row in tables["principal"]:
        row["grants"] = json.loads(row["grants"])
    fold, found = _folded(changes)
    principals = fold.principals.values()
    version = {"one": True, "version": max((row["n"] for row in changes), default=0), "by_two": fold.by_two}
    expected = {
        "principal": [row_of(one) for one in principals],
        "principal_key": [row for one in principals for row in rows_of_keys(one)],
        "principal_version": [version],
    }
    return found + [one for table, rows in expected.items() for one in _compared(table, rows, tables[table])]


def _folded(changes: Sequence[Any]) -> tuple[Fold, list[Difference]]:
    """Returns the principals as the changes define them, and the missing, unreadable or inconsistent changes."""
    fold, numbers = Fold(), {row["n"] for row in changes}
    gaps = sorted(set(range(1, max(numbers, default=0))) - numbers)
    found = [Difference("principal_change", str(n), Why.MISSING) for n in gaps]
    for stored in changes:
        try:
            change = _read(stored)
            fold.add(change)
            columns = wrong(_said(change.command, fold), stored)
        except ValueError:
            found.append(Difference("principal_change", str(stored["n"]), Why.UNREADABLE))
            continue
        if columns:
            found.append(Difference("principal_change", str(stored["n"]), Why.DIFFERS, columns))
    return fold, found


def _read(row: Any) -> Recorded:
    return Recorded(row["n"], _COMMAND.validate_json(row["body"]), row["waits"], row["at"])


def _said(command: AnyPrincipalCommand, fold: Fold) -> Row:
    asked = command.asked if isinstance(command, ApproveChange | DeclineChange) else None
    return {
        "command_id": command.command_id,
        "principal": named(fold.meant(command)),
        "change": command.change,
        "asked": asked,
        "officer": command.actor.subject,
        "agency": command.actor.agency,
        "reason": None if isinstance(command, ApproveChange) else command.reason,
    }


def _compared(table: str, expected: list[Row], stored: list[Row]) -> list[Difference]:
    key = _KEYS[table]
    return compared(table, {str(row[key]): row for row in expected}, {str(row[key]): row for row in stored})


_COMMAND: Final[TypeAdapter[AnyPrincipalCommand]] = TypeAdapter(
    Annotated[AnyPrincipalCommand, Field(discriminator="change")]
)
_KEYS: Final = {"principal": "principal", "principal_key": "key_id", "principal_version": "one"}
_TABLES: Final = {table: f"select * from {table}" for table in _KEYS}  # noqa: S608 -- our own names
_CHANGES: Final = """
select n, command_id, principal, change, asked, waits, body, officer, agency, reason, at
from principal_change where $1::text is null or principal = $1 order by n
"""
