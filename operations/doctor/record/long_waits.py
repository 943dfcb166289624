"""The checks for long waits of streams, and for absent officers' tasks that nobody has taken over."""

from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final, TypeAlias

from operations.doctor.check import Finding, Surroundings, ok, warn
from rules.stream_kind import Kinds
from rules.waiting import Wait
from views.waiting import Waiting, waiting

Look: TypeAlias = Callable[[Surroundings], Awaitable[list[Finding]]]


def waits(check: str, none: str | None = None) -> Look:
    """Returns the function that reports all waits of a check. `none`: the key of the sentence if there are no waits."""

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
