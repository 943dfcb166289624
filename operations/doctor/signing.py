"""Whether results, and the papers that an agency seals, wait for something that somebody has to mend first."""

from __future__ import annotations

from typing import Final

from activities.printing.refusal import SEAL_REFUSED
from operations.doctor.finding import Finding, ok, warn
from operations.doctor.surroundings import Surroundings

_RESULTS: Final = """
select signing.agency, split_part(asked.name, ':', 2) as place, asked.officer, told.rule, count(*) as results
from task as signing
left join task as asked on asked.stream = signing.stream and asked.name like 'sign:%'
cross join lateral (
    select convert_from(body, 'UTF8')::jsonb ->> 'error' as rule from event
    where event.stream = signing.stream and kind = 'machine_work_failing' order by seq desc limit 1
) as told
where signing.name = 'machine:issue' and signing.stream like 'result:%'
group by signing.agency, place, asked.officer, told.rule order by results desc, signing.agency, place, told.rule
"""
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
    """Whose signatures and seals can't be had as things are, and by which rule."""
    async with around.record() as connection:
        results, papers = await connection.fetch(_RESULTS), await connection.fetch(_PAPERS, SEAL_REFUSED)
        numberless = await connection.fetch(_NUMBERLESS)
    found = [
        *(_result(*row) for row in results),
        *(_seal(*row) for row in papers),
        *(_numberless(*row) for row in numberless),
    ]
    return found or [ok("doctor.signing.none")]


def _result(agency: str, place: str | None, officer: str | None, rule: str | None, results: int) -> Finding:
    if place is None:
        return warn("doctor.signing.no_file", agency=agency, results=results, rule=rule)
    return warn("doctor.signing.waiting", agency=agency, results=results, place=place, officer=officer, rule=rule)


def _numberless(agency: str, place: str, absent: str, substitute: str) -> Finding:
    return warn("doctor.signing.numberless", agency=agency, absent=absent, substitute=substitute, place=place)


def _seal(agency: str, rule: str, papers: int) -> Finding:
    return warn("doctor.signing.seal", agency=agency, papers=papers, rule=rule)
