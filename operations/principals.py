"""The register of principals: a change is recorded with who made it and why, and takes effect once enough have said so.

Every change is one transaction that holds the register's version. It needs the rights of the database's owner.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple

from pydantic import TypeAdapter

from activities.ledger.authority import active, in_their_place
from activities.ledger.principals import NO_AGENCY, principals
from operations.publishing.owner import Connection
from rules.identity.register import changed, impossible, named
from rules.known import known
from rules.officers import role_is
from rules.time.working_time import local_day
from schemas.errors import Problem, RefusalCode, RefusalError, problem, refused
from schemas.identity import ALL_AGENCIES, Principal
from schemas.ids import canonical
from schemas.names import ROLE_NAMES
from schemas.people import Actor, Role
from schemas.principals import (
    WIDENING,
    AddPrincipal,
    AnyPrincipalCommand,
    ApproveChange,
    ChangeKind,
    DeclineChange,
    PrincipalChange,
    RotateKey,
    Said,
)


class Done(NamedTuple):
    """The change that was recorded, and how its principal stands then; None where it is not registered yet."""

    change: PrincipalChange
    principal: Principal | None


async def take(connection: Connection, command: AnyPrincipalCommand, *, by_two: bool) -> Done:
    """Record a change of the register; the same command is recorded once.

    What lets somebody speak who could not waits `by_two` for another operator's approval.

    Raises `RefusalError`, and what asyncpg raises.
    """
    async with connection.transaction():
        version, now = known(await connection.fetchrow(_HOLD))
        recorded = await connection.fetchrow(_RECORDED, command.command_id)
        if recorded is None:
            n = version + 1
            about, waits = await _see(connection, command, now, by_two=by_two)
            await _record(
                connection,
                PrincipalChange(
                    n=n,
                    principal=about,
                    change=ChangeKind(command.change),
                    asked=command.asked if isinstance(command, ApproveChange | DeclineChange) else None,
                    waits=waits,
                    officer=command.actor.subject,
                    agency=known(command.actor.agency),
                    reason=None if isinstance(command, ApproveChange) else command.reason,
                    at=now,
                ),
                command,
            )
        else:
            n, about = recorded["n"], recorded["principal"]
    (change,) = [one for one in await history(connection, about) if one.n == n]
    return Done(change, next(iter(await principals(connection, about)), None))


async def history(connection: Connection, principal: str | None = None) -> list[PrincipalChange]:
    """Every change there was, of all principals or of one, in order."""
    return [PrincipalChange.model_validate(dict(row)) for row in await connection.fetch(_HISTORY, principal)]


async def _see(
    connection: Connection, command: AnyPrincipalCommand, now: datetime, *, by_two: bool
) -> tuple[str, bool]:
    """Which principal it is about, and whether it waits; it takes effect if not. Raises `RefusalError`."""
    actor = command.actor
    _check(role_is(actor, Role.OPERATOR))
    if actor.agency is None or not await active(connection, actor.agency, actor.subject, Role.OPERATOR):
        raise _refuse(problem("actor", "not_in_directory", role_name=ROLE_NAMES[Role.OPERATOR]))
    if not isinstance(command, ApproveChange | DeclineChange):
        waits = by_two and ChangeKind(command.change) in WIDENING
        principal = await _possible(connection, command, now)
        if not waits:
            await _write(connection, changed(principal, command, now))
        return named(command), waits
    asked, own = await _asked(connection, command.asked, actor, now)
    if isinstance(command, ApproveChange):
        if own:
            raise _refuse(problem("actor.subject", "needs_another"))
        if await connection.fetchval(_CHANGED_SINCE, named(asked), command.asked):
            raise _refuse(problem("asked", "changed_since"))
        principal = await _possible(connection, asked, now)
        await _write(connection, changed(principal, asked, now))
    return named(asked), False


async def _possible(connection: Connection, said: Said, now: datetime) -> Principal | None:
    """The principal as it stands, if the change can be made of it."""
    principal = next(iter(await principals(connection, named(said))), None)
    _check(impossible(principal, said, now))
    key = said.key if isinstance(said, AddPrincipal | RotateKey) else None
    if key is not None and await connection.fetchval(_HAS_KEY, key.key_id):
        raise _refuse(problem("key", "key_registered"))
    if isinstance(said, AddPrincipal):
        wanted = {one for grant in said.principal.grants for one in grant.agencies} | {said.principal.agency}
        missing = await connection.fetch(_MISSING, list(wanted - {None, ALL_AGENCIES}))
        if missing:
            names = ", ".join(row["agency"] for row in missing)
            raise _refuse(problem("principal.grants", "agencies_not_in_directory", names=names))
    return principal


async def _asked(connection: Connection, n: int, actor: Actor, now: datetime) -> tuple[Said, bool]:
    """What was asked for, and waits; and whether this is who asked, or stands in their place."""
    row = await connection.fetchrow(_WAITING, n)
    if row is None:
        raise _refuse(problem("asked", "no_change_asked"))
    asker, agencies = row["officer"], {row["agency"], actor.agency}
    day = local_day(now)
    stands_in = [await in_their_place(connection, str(one), [actor.subject], [asker], day) for one in agencies]
    return _SAID.validate_json(row["body"]), actor.subject == asker or any(stands_in)


async def _write(connection: Connection, principal: Principal) -> None:
    """Let the tables say what the changes come to."""
    agency = principal.agency or NO_AGENCY
    grants = json.dumps([grant.model_dump(mode="json") for grant in principal.grants])
    await connection.execute(_PRINCIPAL, principal.id, agency, principal.name, principal.kind, grants)
    keys: Sequence[tuple[object, ...]] = [
        (key.key_id, principal.id, agency, key.public_key, key.valid_from, key.valid_until, key.revoked_at)
        for key in principal.keys
    ]
    await connection.executemany(_KEY, keys)


async def _record(connection: Connection, change: PrincipalChange, command: AnyPrincipalCommand) -> None:
    body = canonical(command.model_dump(mode="json", exclude_none=True))
    said = change.model_dump(include=set(_COLUMNS))
    await connection.execute(_ADD, command.command_id, body, *(said[name] for name in _COLUMNS))
    await connection.execute(_AT, change.n)


def _check(why: Problem | None) -> None:
    if why is not None:
        raise _refuse(why)


def _refuse(why: Problem) -> RefusalError:
    return refused(RefusalCode.NOT_ALLOWED, why)


_COLUMNS: Final = ("n", "principal", "change", "asked", "waits", "officer", "agency", "reason", "at")
_SAID: Final[TypeAdapter[Said]] = TypeAdapter(Said)
_HOLD: Final = "select version, statement_timestamp() from principal_version for update"
_AT: Final = "update principal_version set version = $1"
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
"""What was asked for before that would undo it."""
_ADD: Final = """
insert into principal_change (command_id, body, n, principal, change, asked, waits, officer, agency, reason, at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
"""
_PRINCIPAL: Final = """
insert into principal (principal, agency, name, kind, grants) values ($1, $2, $3, $4, $5)
on conflict (principal) do update
set (agency, name, kind, grants) = (excluded.agency, excluded.name, excluded.kind, excluded.grants)
"""
_KEY: Final = """
insert into principal_key (key_id, principal, agency, public_key, valid_from, valid_until, revoked_at)
values ($1, $2, $3, $4, $5, $6, $7)
on conflict (key_id) do update set (agency, valid_until, revoked_at)
    = (excluded.agency, excluded.valid_until, excluded.revoked_at)
"""
_HISTORY: Final = """
select n, principal, change, asked, waits, officer, agency, reason, at,
    (select answer.change from principal_change as answer where answer.asked = said.n) as answer
from principal_change as said where $1::text is null or principal = $1 order by n
"""
