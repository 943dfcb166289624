"""Requests to erase filings, made by an operator, and approved or declined by an auditor, who is another person.

Also the retention periods of procedures, the filings due to be erased, and the facts that may hinder an erasure. Each
step is one transaction of the database's owner. Nothing is erased here.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, Final, NamedTuple
from uuid import UUID

from console.operators import same_hands, see_role
from rules.require import require
from rules.retention import Whole, complain_until, ended_by, hindrances
from rules.rule import refuse
from rules.source import parse
from schemas.errors import Problem, problem
from schemas.ids import filing_workflow
from schemas.people import Actor, OfficerCommand, Role
from schemas.privacy import ApproveErasure, AskErasure, DeclineErasure, ErasureRequest
from schemas.publishing.procedure import RetentionRule
from views.log import Connection, Log, UnfoldableError

Progress = Callable[[int, int], None]


class Asked(NamedTuple):
    """A request to erase filings, and the filings left out of the request: by dossier code, each with every reason."""

    request: ErasureRequest
    left_out: dict[str, tuple[Problem, ...]]


async def ask(log: Log, command: AskErasure, progress: Progress = lambda *_: None) -> Asked:
    """Records a request to erase filings, which then waits for an auditor. Idempotent by the command's id.

    `progress(filings, of)` is called after each checked filing. Filings that can't be erased are left out. Raises
    `RefusalError`, with every reason, if no filing can be erased.
    """
    async with log.connection.transaction():
        n, now = await _next(log.connection)
        left_out: dict[str, tuple[Problem, ...]] = {}
        if (known_already := await log.connection.fetchval(_RECORDED, command.command_id)) is None:
            await see_role(log.connection, command.actor)
            found, left_out = await _erasable(log, command, now, progress)
            await _record(log.connection, n, now, command, cause=command.cause, reason=command.reason)
            await log.connection.execute(_ADD_FILINGS, n, found)
        return Asked(require(await request(log.connection, known_already or n)), left_out)


async def answer(connection: Connection, command: ApproveErasure | DeclineErasure) -> ErasureRequest:
    """Approves or declines a request. Idempotent by the command's id. Raises `RefusalError`."""
    async with connection.transaction():
        n, now = await _next(connection)
        if await connection.fetchval(_RECORDED, command.command_id) is None:
            await see_role(connection, command.actor, Role.AUDITOR)
            asked = await request(connection, command.asked)
            if asked is None or asked.answer is not None:
                raise refuse(problem("asked", "no_change_asked"))
            asker = Actor(subject=asked.officer, role=Role.OPERATOR, agency=asked.agency)
            if await same_hands(connection, asker, command.actor, now):
                raise refuse(problem("actor.subject", "needs_another"))
            reason = command.reason if isinstance(command, DeclineErasure) else None
            await _record(connection, n, now, command, asked=command.asked, reason=reason)
        return require(await request(connection, command.asked))


async def requests(connection: Connection) -> list[ErasureRequest]:
    """Returns all requests to erase filings, in the order of their numbers."""
    return [ErasureRequest.model_validate(dict(row)) for row in await connection.fetch(_REQUESTS, None)]


async def request(connection: Connection, n: int) -> ErasureRequest | None:
    """Returns the erasure request of number `n`; None if there is none."""
    row = await connection.fetchrow(_REQUESTS, n)
    return None if row is None else ErasureRequest.model_validate(dict(row))


async def _next(connection: Connection) -> tuple[int, datetime]:
    """Returns the next step's number, which a lock reserves, and the present time."""
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


async def _record(connection: Connection, n: int, now: datetime, command: OfficerCommand, **said: Any) -> None:
    about = [said.get(name) for name in ("asked", "cause", "reason")]
    actor, deed = command.actor, getattr(command, "deed", "")
    await connection.execute(_ADD, n, command.command_id, deed, *about, actor.subject, actor.agency, now)


_RECORDED: Final = "select n from erasure_deed where command_id = $1"
_ADD: Final = """
insert into erasure_deed (n, command_id, deed, asked, cause, reason, officer, agency, at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""
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


async def retentions(connection: Connection, procedure: str | None = None) -> dict[str, RetentionRule]:
    """Returns the retention rule of one procedure or all, by code: the rule in the newest version that has one."""
    found: dict[str, RetentionRule] = {}
    for row in await connection.fetch(_STATED, procedure):
        if row["code"] not in found and (said := _retention(row["source"])) is not None:
            found[row["code"]] = RetentionRule.model_validate(said)
    return found


async def due(connection: Connection, now: datetime) -> list[str]:
    """Returns the codes of filings whose retention is over, without a request to erase them; earliest end first."""
    found: list[tuple[datetime, str]] = []
    for procedure, rule in (await retentions(connection)).items():
        if rule.erase_years is not None:
            ended = ended_by(now, rule.erase_years)
            found.extend((row["closed_at"], row["code"]) for row in await connection.fetch(_DUE, procedure, ended))
    return [code for _, code in sorted(found)]


@lru_cache(64)  # the same few are needed for every filing
def _retention(source: bytes) -> Any:
    value = parse(source).value
    return value.get("retention") if isinstance(value, dict) else None


async def whole(log: Log, filing: UUID) -> Whole:
    """Returns a filing and the facts against its erasure. Raises `RefusalError` (`not_found`), `UnfoldableError`."""
    told = await log.read(filing_workflow(filing))
    states = list(told.states())
    facts = await log.connection.fetchrow(_FACTS, filing)
    assert facts is not None  # noqa: S101 -- aggregates give one row
    rules = await retentions(log.connection, states[-1].procedure.code)
    return Whole(
        filing=states[-1],
        complain_until=complain_until(told.before, told.events, states),
        open=tuple(facts["open"]),
        watched_until=facts["watched_until"],
        unsettled=facts["unsettled"],
        unmade=facts["unmade"],
        retention=rules.get(states[-1].procedure.code),
    )


async def resolved(connection: Connection, which: Sequence[str]) -> dict[str, UUID]:
    """Returns the ids of filings by the given dossier codes or ids. Unknown codes and ids are left out."""
    rows = await connection.fetch(_RESOLVED, list(which))
    return {row["which"]: row["filing_id"] for row in rows}


ASKED_FOR: Final = """
exists (
    select from erasure left join erasure_deed as answer on answer.asked = erasure.request
    where erasure.filing_id = filing.filing_id and answer.deed is distinct from 'decline'
)
"""
"""SQL: true if the erasure of a row of `filing` has been requested and not declined."""

_STATED: Final = """
select code, source from procedure
where ($1::text is null or code = $1) and position('retention:'::bytea in source) > 0
order by code, published_at desc, version desc
"""
_DUE: Final = f"""
select code, closed_at from filing
where procedure = $1 and closed_at < $2 and erased_at is null and not {ASKED_FOR}
"""  # noqa: S608 -- a constant
_FACTS: Final = """
select coalesce(array_agg(stream order by stream) filter (where open), '{}') as open,
    max(watched_until) as watched_until,
    (select count(*) from callback where driven_at is null and stream in (
        select stream from stream where filing_id = $1)) as unsettled,
    (select count(*) from outbox where filing_id = $1) as unmade
from standing where filing_id = $1
"""
_RESOLVED: Final = """
select which, filing_id from unnest($1::text[]) as asked (which)
join filing on filing.code = which or filing.filing_id::text = lower(which)
"""
