"""The register of principals. Each change is recorded with its author and reason; the tables must match the changes.

The first programs are registered in one act; from then on a change that extends claims takes effect once a second
operator has approved it through another program. Every change is one transaction that locks the register's version, and
needs the rights of the database's owner.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Final, NamedTuple

from pydantic import Field, TypeAdapter

from activities.ledger.authority.principals import NO_AGENCY, principals
from console.comparing import Difference, Row, Why, compared, wrong
from console.database import Connection
from console.operators import refuse_if, same_hands, see_role
from console.speaking import refuse_same_program, via_of
from rules.identity.grants import widens
from rules.identity.principal_register import Fold, Recorded, changed, first, impossible, named, unfit, unproved
from rules.require import require
from rules.rule import refuse
from schemas.errors import problem
from schemas.identity import principals as pr
from schemas.identity.statement import ALL_AGENCIES, Principal, signed
from schemas.ids import canonical
from schemas.people import Actor, Role


class Done(NamedTuple):
    """A recorded change, and the state of the principal after it; None while the principal is not registered."""

    change: pr.PrincipalChange
    principal: Principal | None


class Held(NamedTuple):
    """The locked register: the number of its last change, and the present time."""

    version: int
    now: datetime


async def take(connection: Connection, command: pr.AnyPrincipalCommand) -> Done:
    """Records a change of the register. Idempotent by the command's id.

    A change that widens somebody's rights waits for another operator's approval, unless it begins the register.
    Raises `RefusalError`, and asyncpg's errors.
    """
    async with connection.transaction():
        held = Held(*require(await connection.fetchrow(_HOLD)))
        known_already = await connection.fetchrow(_RECORDED, command.command_id)
        if known_already is None:
            n = held.version + 1
            about, waits = await _see(connection, command, held)
            body = canonical(command.model_dump(mode="json", exclude_none=True))
            await connection.execute(_ADD, body, n, waits, held.now, *_command_columns(command, about).values())
            await connection.execute("update principal_version set version = $1", n)
        else:
            n, about = known_already["n"], known_already["principal"]
    (change,) = [one for one in await history(connection, about) if one.n == n]
    return Done(change, next(iter(await principals(connection, about)), None))


async def history(connection: Connection, principal: str | None = None) -> list[pr.PrincipalChange]:
    """Returns every change of one principal, or of all if None is given, in order."""
    return [pr.PrincipalChange.model_validate(dict(row)) for row in await connection.fetch(_HISTORY, principal)]


async def _see(connection: Connection, command: pr.AnyPrincipalCommand, held: Held) -> tuple[str, bool]:
    """Checks and carries out a command. Returns the principal's name, and whether the change awaits an approval."""
    actor = command.actor
    await see_role(connection, actor)
    via = await via_of(connection, command)
    if not isinstance(command, pr.ApproveChange | pr.DeclineChange):
        return named(command), await _apply(connection, command, held)
    row = await connection.fetchrow(_WAITING, command.asked)
    if row is None:
        raise refuse(problem("asked", "no_change_asked"))
    asked = _ASKED.validate_json(row["body"])
    if isinstance(command, pr.ApproveChange):
        asker = Actor(subject=row["officer"], role=Role.OPERATOR, agency=row["agency"])
        if await same_hands(connection, asker, actor, held.now):
            raise refuse(problem("actor.subject", "needs_another"))
        refuse_same_program(asked.statement and signed(asked.statement).statement.program, via)
        if await connection.fetchval(_CHANGED_SINCE, named(asked), command.asked):
            raise refuse(problem("asked", "changed_since"))
        await _apply(connection, asked, held, approved=True)
    return named(asked), False


async def _apply(
    connection: Connection, asked: pr.PrincipalCommand | pr.BeginRegister, held: Held, *, approved: bool = False
) -> bool:
    """Applies a change, unless it must wait for a second operator. Returns whether it waits. Raises `RefusalError`."""
    if isinstance(asked, pr.BeginRegister):
        await _begin(connection, asked, held)
        return False
    before = await _possible(connection, asked, held.now)
    if not (approved or isinstance(asked, pr.RevokeKey) or asked.key is None):
        refuse_if(unproved(asked.proof, asked.key, named(asked), held.now))
    if held.version == 0:
        raise refuse(problem("", "register_not_begun"))
    after = changed(before, asked, held.now)
    waits = not approved and widens(before, after)
    if not waits:
        await _write(connection, after)
    return waits


async def _begin(connection: Connection, command: pr.BeginRegister, held: Held) -> None:
    """Registers the first programs. Raises `RefusalError` if the register has begun, or the programs are unsuitable."""
    if held.version > 0:
        raise refuse(problem("", "register_begun"))
    refuse_if(unfit(command))
    for one in first(command):
        before = await _possible(connection, one, held.now)
        refuse_if(unproved(one.proof, require(one.key), one.principal.id, held.now))
        await _write(connection, changed(before, one, held.now))


async def _possible(connection: Connection, said: pr.PrincipalCommand, now: datetime) -> Principal | None:
    """Returns the principal before a change, None if not registered. Raises `RefusalError` for an impossible change."""
    fold = Fold()
    for row in await connection.fetch(_CHANGES, named(said)):
        fold.add(_read(row))
    principal = fold.principals.get(named(said))
    refuse_if(impossible(principal, said, now))
    key = said.key if isinstance(said, pr.AddPrincipal | pr.RotateKey) else None
    if key is not None and await connection.fetchval(_HAS_KEY, key.key_id):
        raise refuse(problem("key", "key_registered"))
    if isinstance(said, pr.AddPrincipal):
        wanted = {one for grant in said.principal.grants for one in grant.agencies} | {said.principal.agency}
        missing = await connection.fetch(_MISSING, list(wanted - {None, ALL_AGENCIES}))
        if missing:
            names = ", ".join(row["agency"] for row in missing)
            raise refuse(problem("principal.grants", "agencies_not_in_directory", names=names))
    return principal


async def _write(connection: Connection, principal: Principal) -> None:
    """Writes the rows of a principal and of the principal's keys, and deletes the rows of keys that were removed."""
    keys = rows_of_keys(principal)
    row = row_of(principal)
    await connection.execute(_PRINCIPAL, *(row | {"grants": json.dumps(row["grants"])}).values())
    await connection.execute(_OTHER_KEYS, principal.id, [key["key_id"] for key in keys])
    await connection.executemany(_KEY, [tuple(key.values()) for key in keys])


def row_of(principal: Principal) -> Row:
    """Returns the row of the table `principal` for this principal."""
    return {
        "principal": principal.id,
        "agency": principal.agency or NO_AGENCY,
        "subject": principal.subject,
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


async def differences(connection: Connection) -> list[Difference]:
    """Returns the register's rows that differ from the recorded changes, or are missing or extra, as of one moment."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        changes = await connection.fetch(_CHANGES, None)
        tables = {table: [dict(row) for row in await connection.fetch(query)] for table, query in _TABLES.items()}
    for row in tables["principal"]:
        row["grants"] = json.loads(row["grants"])
    fold, found = _folded(changes)
    principals = fold.principals.values()
    version = {"one": True, "version": max((row["n"] for row in changes), default=0)}
    expected = {
        "principal": [row_of(one) for one in principals],
        "principal_key": [row for one in principals for row in rows_of_keys(one)],
        "principal_version": [version],
    }
    return found + [one for table, rows in expected.items() for one in _compared(table, rows, tables[table])]


def _folded(changes: Sequence[Any]) -> tuple[Fold, list[Difference]]:
    """Returns the principals that result from the changes; and the missing, unreadable or inconsistent changes."""
    fold, numbers = Fold(), {row["n"] for row in changes}
    gaps = sorted(set(range(1, max(numbers, default=0))) - numbers)
    found = [Difference("principal_change", str(n), Why.MISSING) for n in gaps]
    for stored in changes:
        try:
            change = _read(stored)
            fold.add(change)
            columns = wrong(_command_columns(change.command, named(fold.meant(change.command))), stored)
        except ValueError:
            found.append(Difference("principal_change", str(stored["n"]), Why.UNREADABLE))
            continue
        if columns:
            found.append(Difference("principal_change", str(stored["n"]), Why.DIFFERS, columns))
    return fold, found


def _read(row: Any) -> Recorded:
    return Recorded(row["n"], _COMMAND.validate_json(row["body"]), row["waits"], row["at"])


def _command_columns(command: pr.AnyPrincipalCommand, principal: str) -> Row:
    """Returns the columns of a change to this principal that repeat the command, in the order of `_ADD`."""
    asked = command.asked if isinstance(command, pr.ApproveChange | pr.DeclineChange) else None
    return {
        "command_id": command.command_id,
        "principal": principal,
        "change": command.change,
        "asked": asked,
        "officer": command.actor.subject,
        "agency": command.actor.agency,
        "reason": None if isinstance(command, pr.ApproveChange) else command.reason,
    }


def _compared(table: str, expected: list[Row], stored: list[Row]) -> list[Difference]:
    key = _KEYS[table]
    return compared(table, {str(row[key]): row for row in expected}, {str(row[key]): row for row in stored})


_COMMAND: Final[TypeAdapter[pr.AnyPrincipalCommand]] = TypeAdapter(
    Annotated[pr.AnyPrincipalCommand, Field(discriminator="change")]
)
_KEYS: Final = {"principal": "principal", "principal_key": "key_id", "principal_version": "one"}
_TABLES: Final = {table: f"select * from {table}" for table in _KEYS}  # noqa: S608 -- our own names
_CHANGES: Final = """
select n, command_id, principal, change, asked, waits, body, officer, agency, reason, at
from principal_change where $1::text is null or principal in ($1, '*') order by n
"""
_ASKED: Final[TypeAdapter[pr.PrincipalCommand]] = TypeAdapter(
    Annotated[pr.PrincipalCommand, Field(discriminator="change")]
)
_HOLD: Final = "select version, statement_timestamp() from principal_version for update"
_RECORDED: Final = "select n, principal from principal_change where command_id = $1"
_HAS_KEY: Final = "select exists (select from principal_key where key_id = $1)"
_MISSING: Final = """
select agency from unnest($1::text[]) as wanted (agency)
where not exists (select from agency as known where known.agency = wanted.agency) order by agency
"""
_WAITING: Final = """
select body, officer, agency from principal_change as asking
where n = $1 and waits and not exists (select from principal_change as answer where answer.asked = asking.n)
"""
_CHANGED_SINCE: Final = """
select exists (select from principal_change where principal = $1 and n > $2 and not waits and change <> 'decline')
"""
"""SQL: true if the principal was changed after the request: then the requested change would undo the later change."""
_ADD: Final = """
insert into principal_change (body, n, waits, at, command_id, principal, change, asked, officer, agency, reason)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
"""
_PRINCIPAL: Final = """
insert into principal (principal, agency, subject, name, kind, grants) values ($1, $2, $3, $4, $5, $6)
on conflict (principal) do update set (agency, subject, name, kind, grants) = (
    excluded.agency, excluded.subject, excluded.name, excluded.kind, excluded.grants
)
"""
_OTHER_KEYS: Final = "delete from principal_key where principal = $1 and key_id <> all($2)"
_KEY: Final = """
insert into principal_key (key_id, principal, agency, public_key, valid_from, valid_until, revoked_at)
values ($1, $2, $3, $4, $5, $6, $7)
on conflict (key_id) do update set (principal, agency, public_key, valid_from, valid_until, revoked_at) = (
    excluded.principal, excluded.agency, excluded.public_key,
    excluded.valid_from, excluded.valid_until, excluded.revoked_at
)
"""
_HISTORY: Final = """
select n, principal, change, asked, waits, officer, agency, reason, at,
    (select answer.change from principal_change as answer where answer.asked = said.n) as answer
from principal_change as said where $1::text is null or principal = $1 or change = 'begin' and exists (
    select from jsonb_array_elements(convert_from(body, 'UTF8')::jsonb -> 'programs') as one
    where one -> 'principal' ->> 'id' = $1
) order by n
"""
