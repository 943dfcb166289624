"""The check of persons' requests that fail or wait too long, and of erased filings that a backup has restored."""

from typing import Final

from obstore.exceptions import BaseError

from motcua.files.store import NoStoreError
from operations.doctor.check import Finding, Surroundings, fail, ok, warn
from operations.erasure.erasing import REFUSED, back
from operations.erasure.working import UNDER_WAY
from recovery.checkpoint_store import SecondPlace
from rules.require import require

HOURS: Final = "MOTCUA_PERSON_HOURS"
USUAL: Final = 72
"""Hours within which a person's request must be fulfilled (Luật 91/2025/QH15, unconfirmed)."""

_OVERDUE: Final = """
select count(*) filter (where answer.n is null) as unanswered, count(*) filter (where answer.deed = 'approve') as undone
from erasure_deed as asking left join erasure_deed as answer on answer.asked = asking.n
where asking.deed = 'ask' and asking.at < clock_timestamp() - make_interval(hours => $1)
    and exists (select from erasure where request = asking.n and finished_at is null)
"""
_PROBLEMS: Final = f"""
select request, problem, count(*) as filings
from erasure join erasure_deed as answer on answer.asked = request and answer.deed = 'approve'
where finished_at is null and (problem is not null or not {UNDER_WAY})
group by request, problem order by request, problem
"""  # noqa: S608 -- a constant
"""SQL: approved, unfinished erasures by problem. Erasures without a problem count only if no `motcua erasures` runs."""
_UNGIVEN: Final = """
select count(*) from export_request where given is null and asked_at < clock_timestamp() - make_interval(hours => $1)
"""


async def erasures(around: Surroundings) -> list[Finding]:
    """Reports failing erasures, the number of overdue requests, and erased filings that a backup has restored."""
    given = around.settings.get(HOURS) or ""
    hours = int(given) if given.isdecimal() else USUAL
    async with around.record() as connection:
        unanswered, undone = require(await connection.fetchrow(_OVERDUE, hours))
        ungiven = await connection.fetchval(_UNGIVEN, hours)
        problems = [_undone(*row) for row in await connection.fetch(_PROBLEMS)]
    found = [*await _brought_back(around), *problems]
    if unanswered or undone:
        found.append(warn("doctor.erasures.waiting", hours=hours, unanswered=unanswered, undone=undone))
    if ungiven:
        found.append(warn("doctor.erasures.ungiven", ungiven=ungiven, hours=hours))
    return found or [ok("doctor.erasures.none", hours=hours)]


def _undone(request: int, problem: str | None, filings: int) -> Finding:
    """Returns the finding for an unfinished request: a warning if not tried or not allowed yet, else a failure."""
    if problem is None:
        return warn("doctor.erasures.unfinished", request=request, filings=filings)
    if problem.startswith(REFUSED):
        return warn("doctor.erasures.not_yet", request=request, filings=filings, problem=problem.removeprefix(REFUSED))
    return fail("doctor.erasures.failing", request=request, filings=filings, problem=problem)


async def _brought_back(around: Surroundings) -> list[Finding]:
    """Reports filings that are erased according to the second place, but that the record still has."""
    if not (url := around.settings.get("MOTCUA_CHECKPOINTS")):
        return []
    try:
        async with around.record() as connection:
            found = await back(connection, SecondPlace.at(url))
    except (NoStoreError, BaseError, OSError, ValueError) as error:
        return [fail("doctor.erasures.unreadable", why=type(error).__name__)]
    return [fail("doctor.erasures.back", count=len(found))] if found else []
