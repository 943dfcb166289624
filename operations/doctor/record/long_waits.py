"""The checks for long waits: of streams, callbacks, money, tills, papers, signatures, absent officers' tasks."""

from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final, TypeAlias

from activities.ledger.authority.officers import OWN
from activities.printing.relay import SEAL_REFUSED
from operations.doctor.check import Finding, Surroundings, fail, ok, warn
from rules.require import require
from rules.stream_kind import Kinds, Wait
from schemas.names import ROLE_NAMES
from schemas.people import OFFICERS, Role
from schemas.translate import said
from views.access import OR_HEIR
from views.waiting import Waiting, waiting

Look: TypeAlias = Callable[[Surroundings], Awaitable[list[Finding]]]


def waits(check: str, none: str | None = None) -> Look:
    """Returns the function that reports the long waits that belong to `check`.

    `none`: the key of the sentence that the function reports if there is no long wait; if None, no finding.
    """

    async def look(around: Surroundings) -> list[Finding]:
        return await long_waits(around, check) or ([] if none is None else [ok(none)])

    return look


async def long_waits(around: Surroundings, check: str) -> list[Finding]:
    """Returns one finding for all similar long waits at an agency. Raises `UnfoldableError` and `ValueError`."""
    async with around.record() as connection:
        found = await waiting(connection, around.kinds, check, datetime.now(UTC))
    alike: defaultdict[Waiting, list[Wait]] = defaultdict(list)
    for one in found:
        alike[one._replace(wait=replace(one.wait, since=None, until=None, dong=0))].append(one.wait)
    order = list(dict.fromkeys(one.waits for one in found))

    def rank(one: Waiting) -> tuple[int, int, int, str, str]:
        counted = alike[one]
        return order.index(one.waits), -sum(wait.dong for wait in counted), -len(counted), one.agency, str(one.wait)

    return [_finding(around.kinds, one, alike[one]) for one in sorted(alike, key=rank)]


def _finding(kinds: Kinds, one: Waiting, alike: list[Wait]) -> Finding:
    return warn(
        one.waits.says,
        kind=kinds[one.kind].title or one.kind,
        agency=one.agency,
        count=len(alike),
        of=one.wait.of,
        place=one.wait.place,
        why=one.wait.why,
        since=min((wait.since for wait in alike if wait.since), default=None),
        until=max((wait.until for wait in alike if wait.until), default=None),
        dong=sum(wait.dong for wait in alike),
    )


_WAITING: Final = """
select agency, subject, count(distinct stream) as tasks
from absence join task using (agency, role)
where (task.officer = subject or task.acting_for = subject) and task.officer <> substitute
    and cast(now() at time zone 'Asia/Ho_Chi_Minh' as date) between first_day and last_day
group by agency, subject order by tasks desc, agency, subject
"""


async def absences(around: Surroundings) -> list[Finding]:
    """Reports each absent officer whose tasks have not been passed to their substitute."""
    async with around.record() as connection:
        found = await connection.fetch(_WAITING)
    told = [warn("doctor.absences.waiting", **row) for row in found]
    return told or [ok("doctor.absences.none")]


_NOBODYS: Final = f"""
select agency, role, count(distinct stream) as tasks from task
where role = any($1) and cardinality(actions) > 0 and not exists (
    select from officer where officer.agency in {OR_HEIR.format(agency="task.agency")}
        and officer.role = task.role and officer.active
        and not {OWN.format(filing="task.filing_id", agency="officer.agency", officer="officer.subject")}
)
group by agency, role order by tasks desc, agency, role
"""  # noqa: S608 -- joined from statements of our own


async def nobody(around: Surroundings) -> list[Finding]:
    """Reports the tasks that no officer may do: no active officer has the role, or each has a conflict of interest."""
    async with around.record() as connection:
        found = await connection.fetch(_NOBODYS, [*OFFICERS])
    told = [
        warn("doctor.nobody.some", agency=agency, role_name=ROLE_NAMES[Role(role)], tasks=tasks)
        for agency, role, tasks in found
    ]
    return told or [ok("doctor.nobody.none")]


CALLED_WITHIN: Final = 120
"""The seconds within which a callback should reach its payment. The gateway tries every 60 seconds."""

_LEFT: Final = """
select count(*) filter (where stream is not null and clock_timestamp() - make_interval(secs => $1) > greatest(
           received_at, (select max(at) from suspense_step where suspense_step.callback = callback.id)
       ) and (told_at is null or outcome = 'paid')) as undriven,
       count(*) filter (where verdict = 'unknown_order') as unknown
from callback where driven_at is null and verdict <> 'suspense'
"""
_SUSPENSE: Final = """
select case when verdict <> 'suspense' then verdict
           when last.step in ('assign', 'give_back') then 'asked' else 'waiting' end as state,
       count(*) as transfers, sum(amount)::bigint as dong,
       extract(day from clock_timestamp() - min(coalesce(last.at, received_at)))::integer as days
from callback left join lateral (
    select step, at from suspense_step where suspense_step.callback = callback.id order by n desc limit 1
) as last on true
where verdict in ('suspense', 'to_give_back') group by state
"""


async def callbacks(around: Surroundings) -> list[Finding]:
    """Reports callbacks that have not reached their payments, and money about which officers have to decide."""
    async with around.record() as connection:
        undriven, unknown = require(await connection.fetchrow(_LEFT, CALLED_WITHIN))
        waiting = {one["state"]: one for one in await connection.fetch(_SUSPENSE)}
    found = []
    if undriven:
        found.append(fail("doctor.callbacks.undriven", undriven=undriven, seconds=CALLED_WITHIN))
    if unknown:
        found.append(warn("doctor.callbacks.unknown", unknown=unknown))
    for state in ("waiting", "asked", "to_give_back"):
        if state in waiting:
            _, transfers, dong, days = waiting[state].values()
            about = {"transfers": transfers, "dong": dong, "what": said(f"doctor.suspense.{state}"), "days": days}
            found.append(warn("doctor.callbacks.suspense", fix=f"doctor.suspense.{state}.fix", **about))
    return found or [ok("doctor.callbacks.none")]


_OPEN_TILLS: Final = """
select till.agency, count(*) as tills, min(till.number) as first
from till_open join till using (number)
where (opened_at at time zone 'Asia/Ho_Chi_Minh')::date < (now() at time zone 'Asia/Ho_Chi_Minh')::date
group by till.agency order by till.agency
"""


async def tills(around: Surroundings) -> list[Finding]:
    """Reports, by agency, the tills that were opened on an earlier day and are not closed."""
    async with around.record() as connection:
        rows = await connection.fetch(_OPEN_TILLS)
    found = [warn("doctor.tills.left", agency=agency, tills=tills, first=first) for agency, tills, first in rows]
    return found or [ok("doctor.tills.none")]


TRIED_WITHIN: Final = 60
"""If no process has tried to make a waiting paper within this many seconds, then no relay runs."""

_OWED: Final = """
select count(*) as owed,
       count(*) filter (where tries = 0 and written_at < clock_timestamp() - make_interval(secs => $1)) as untouched,
       count(*) filter (where tries > 0 and not sealed_in_vain) as failing,
       (array_agg(format('%s (%s): %s', paper, stream, problem) order by tries desc)
           filter (where tries > 0 and not sealed_in_vain))[1] as such_as
from (select *, coalesce(starts_with(problem, $2), false) as sealed_in_vain from outbox) as outbox
"""


async def papers(around: Surroundings) -> list[Finding]:
    """Reports the waiting papers and their problems. Papers with a refused seal are reported by `signing`."""
    async with around.record() as connection:
        owed, untouched, failing, such_as = require(await connection.fetchrow(_OWED, TRIED_WITHIN, SEAL_REFUSED))
    found = []
    if untouched:
        found.append(fail("doctor.papers.untouched", untouched=untouched, seconds=TRIED_WITHIN))
    if failing:
        found.append(warn("doctor.papers.failing", failing=failing, such_as=such_as))
    return found or [ok("doctor.papers.well", owed=owed)]


_PAPERS: Final = """
select agency, substr(problem, length($1) + 1) as rule, count(*) as papers from outbox
where starts_with(problem, $1) group by agency, rule order by papers desc, agency, rule
"""
_NUMBERLESS: Final = """
select agency.agency, signer ->> 'place' as place, absence.subject, substitute
from agency cross join jsonb_array_elements(signing) as signer
join absence on (absence.agency, absence.subject, absence.role)
    = (agency.agency, signer ->> 'officer', signer ->> 'role')
join officer on (officer.agency, officer.subject, officer.role) = (absence.agency, substitute, absence.role)
where number is null and signer ->> 'holder' is distinct from 'organisation'
    and cast(now() at time zone 'Asia/Ho_Chi_Minh' as date) between first_day and last_day
order by agency.agency, place
"""


async def signing(around: Surroundings) -> list[Finding]:
    """Reports the signatures and seals that can't be made at present, with the rule that prevents each."""
    results = await long_waits(around, "signing")
    async with around.record() as connection:
        seals, numberless = await connection.fetch(_PAPERS, SEAL_REFUSED), await connection.fetch(_NUMBERLESS)
    found = [
        *results,
        *(warn("doctor.signing.seal", agency=agency, papers=papers, rule=rule) for agency, rule, papers in seals),
        *(
            warn("doctor.signing.numberless", agency=agency, absent=absent, substitute=substitute, place=place)
            for agency, place, absent, substitute in numberless
        ),
    ]
    return found or [ok("doctor.signing.none")]
