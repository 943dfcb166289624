"""The checks that due official papers are made, and of signatures and seals that can't be made at present."""

from typing import Final

from activities.printing.relay import SEAL_REFUSED
from operations.doctor.check import Finding, Surroundings, fail, ok, warn
from operations.doctor.record.long_waits import long_waits

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
