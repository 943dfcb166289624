"""Requests to erase filings, made by an operator, and approved or declined by an auditor, who is another person.

Each step is one transaction of the database's owner. Nothing is erased here.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from console.operators import same_hands, see_role
from console.speaking import refuse_same_program, via_of
from operations.erasure.retention import resolved, whole
from rules.require import require
from rules.retention import hindrances
from rules.rule import refuse
from schemas.errors import Problem, problem
from schemas.people import Actor, OfficerCommand, Role
from schemas.privacy import ApproveErasure, AskErasure, DeclineErasure, ErasureRequest
from views.log import Connection, Log, UnfoldableError

Progress = Callable[[int, int], None]


class RecordedRequest(NamedTuple):
    """A request to erase filings, and the filings left out of the request: by dossier code, each with every reason."""

    request: ErasureRequest
    left_out: dict[str, tuple[Problem, ...]]


async def ask(log: Log, command: AskErasure, progress: Progress = lambda *_: None) -> RecordedRequest:
    """Records a request to erase filings, which then waits for an auditor. Idempotent by the command's id.

    `progress(filings, of)` is called after each checked filing. Filings that can't be erased are left out. Raises
    `RefusalError`, with every reason, if no filing can be erased.
    """
    async with log.connection.transaction():
        n, now = await _next(log.connection)
        left_out: dict[str, tuple[Problem, ...]] = {}
        if (known_already := await log.connection.fetchval(_RECORDED, command.command_id)) is None:
            via = await via_of(log.connection, command)
            await see_role(log.connection, command.actor)
            found, left_out = await _erasable(log, command, now, progress)
            await _record(log.connection, n, now, command, via, cause=command.cause, reason=command.reason)
            await log.connection.execute(_ADD_FILINGS, n, found)
        return RecordedRequest(require(await request(log.connection, known_already or n)), left_out)


async def answer(connection: Connection, command: ApproveErasure | DeclineErasure) -> ErasureRequest:
    """Approves or declines a request. Idempotent by the command's id. Raises `RefusalError`."""
    async with connection.transaction():
        n, now = await _next(connection)
        if await connection.fetchval(_RECORDED, command.command_id) is None:
            via = await via_of(connection, command)
            await see_role(connection, command.actor, Role.AUDITOR)
            asked = await request(connection, command.asked)
            if asked is None or asked.answer is not None:
                raise refuse(problem("asked", "no_change_asked"))
            asker = Actor(subject=asked.officer, role=Role.OPERATOR, agency=asked.agency)
            if await same_hands(connection, asker, command.actor, now):
                raise refuse(problem("actor.subject", "needs_another"))
            refuse_same_program(await connection.fetchval(_VIA, command.asked), via)
            reason = command.reason if isinstance(command, DeclineErasure) else None
            await _record(connection, n, now, command, via, asked=command.asked, reason=reason)
        return require(await request(connection, command.asked))


async def requests(connection: Connection) -> list[ErasureRequest]:
    """Returns all requests to erase filings, in the order of their numbers."""
    return [ErasureRequest.model_validate(dict(row)) for row in await connection.fetch(_REQUESTS, None)]


async def request(connection: Connection, n: int) -> ErasureRequest | None:
    """Returns the erasure request of number `n`; None if there is none."""
    row = await connection.fetchrow(_REQUESTS, n)
    return None if row is None else ErasureRequest.model_validate(dict(row))


async def _next(connection: Connection) -> tuple[int, datetime]:
    """Locks the steps; returns the number of the next step, and the present time."""
    await connection.execute("lock table erasure_deed in share row exclusive mode")
    row = await connection.fetchrow("select coalesce(max(n), 0) + 1, statement_timestamp() from erasure_deed")
    n, now = require(row)
    return n, now


async def _erasable(
    log: Log, command: AskErasure, now: datetime, progress: Progress
) -> tuple[list[UUID], dict[str, tuple[Problem, ...]]]:
    """Returns the filings that can be erased; and, by dossier code, the other filings, each with every reason."""
    found = await resolved(log.connection, command.filings)
    if set(command.filings) - found.keys():
        raise refuse(problem("filings", "nothing_recorded"))
    free: list[UUID] = []
    left_out: dict[str, tuple[Problem, ...]] = {}
    for done, (filing, named) in enumerate({filing: which for which, filing in found.items()}.items(), 1):
        try:
            there = await whole(log, filing)
        except UnfoldableError:
            left_out[named] = (problem("filing", "erase_unreadable"),)
        else:
            if wrong := hindrances(there, now):
                left_out[str(there.filing.code)] = wrong
            else:
                free.append(filing)
        progress(done, len(found))
    if not free:
        raise refuse(*(why.model_copy(update={"field": code}) for code, all_ in left_out.items() for why in all_))
    return free, left_out


async def _record(
    connection: Connection, n: int, now: datetime, command: OfficerCommand, via: str | None, **said: Any
) -> None:
    about = [said.get(name) for name in ("asked", "cause", "reason")]
    actor, deed = command.actor, getattr(command, "deed", "")
    await connection.execute(_ADD, n, command.command_id, deed, *about, actor.subject, actor.agency, now, via)


_RECORDED: Final = "select n from erasure_deed where command_id = $1"
_ADD: Final = """
insert into erasure_deed (n, command_id, deed, asked, cause, reason, officer, agency, at, via)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""
_VIA: Final = "select via from erasure_deed where n = $1"
_ADD_FILINGS: Final = """
insert into erasure (request, filing_id, agency) select $1, filing_id, agency from filing where filing_id = any($2)
"""
_REQUESTS: Final = """
select asking.n, asking.cause, asking.reason, asking.officer, asking.agency, asking.at,
    answer.deed as answer, answer.officer as answered_by, answer.at as answered_at, answer.reason as declined_because,
    count(*) as filings, count(erased_at) as erased, count(finished_at) as finished,
    coalesce(array_agg(distinct problem) filter (where finished_at is null and problem is not null), '{}') as problems
from erasure_deed as asking join erasure on request = asking.n
    left join erasure_deed as answer on answer.asked = asking.n
where asking.deed = 'ask' and ($1::bigint is null or asking.n = $1)
group by asking.n, answer.n order by asking.n
"""
