"""The check for results and sealed papers that wait for a fault to be corrected."""

from typing import Final

from activities.printing.refusal import SEAL_REFUSED
from operations.doctor.finding import Finding, ok, warn
from operations.doctor.record.long_waits import long_waits
from operations.doctor.surroundings import Surroundings

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
