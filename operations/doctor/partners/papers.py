"""The check that due official papers are made."""

from typing import Final

from activities.printing.refusal import SEAL_REFUSED
from operations.doctor.finding import Finding, fail, ok, warn
from operations.doctor.surroundings import Surroundings

LONG: Final = 60
"""The seconds after which a paper that nobody has tried to make shows that no relay runs."""

_OWED: Final = """
select count(*) as owed,
       count(*) filter (where tries = 0 and written_at < clock_timestamp() - make_interval(secs => $1)) as untouched,
       count(*) filter (where tries > 0 and not sealed_in_vain) as failing,
       (array_agg(format('%s (%s): %s', paper, stream, problem) order by tries desc)
           filter (where tries > 0 and not sealed_in_vain))[1] as such_as
from (select *, coalesce(starts_with(problem, $2), false) as sealed_in_vain from outbox) as outbox
"""


async def papers(around: Surroundings) -> list[Finding]:
    """Reports the waiting papers and their problems. Papers with a refused seal are left to the check of signing."""
    async with around.record() as connection:
        row = await connection.fetchrow(_OWED, LONG, SEAL_REFUSED)
    owed, untouched, failing, such_as = row.values() if row else (0, 0, 0, None)
    found = []
    if untouched:
        found.append(fail("doctor.papers.untouched", untouched=untouched, seconds=LONG))
    if failing:
        found.append(warn("doctor.papers.failing", failing=failing, such_as=such_as))
    return found or [ok("doctor.papers.well", owed=owed)]
