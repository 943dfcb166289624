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
    return found or [ok("không kết quả, giấy tờ nào chờ vì không ký được", "nothing waits because it can't be signed")]


def _result(agency: str, place: str | None, officer: str | None, rule: str | None, results: int) -> Finding:
    if place is None:
        return warn(
            f"{agency}: {results} kết quả chưa có tệp ký được: {rule}",
            f"{agency}: {results} results without a file that can be signed: {rule}",
            fix_vi="cơ quan sửa hệ thống của mình; kết quả tự đi tiếp",
            fix_en="the agency mends its back office; they go on by themselves",
        )
    return warn(
        f"{agency}: {results} kết quả chờ {place} của {officer}: {rule}",
        f"{agency}: {results} results wait for the {place} of {officer}: {rule}",
        fix_vi="gia hạn chứng thư ở dịch vụ ký, hoặc ghi người khác ở `signing` trong danh bạ; kết quả tự đi tiếp",
        fix_en="renew the certificate, or name another in the directory's `signing`; they go on by themselves",
    )


def _numberless(agency: str, place: str, absent: str, substitute: str) -> Finding:
    return warn(
        f"{agency}: {absent} vắng mặt, {substitute} không ký thay được ({place}): danh bạ chưa có số của người này",
        f"{agency}: {absent} is absent, and {substitute} can't sign in their place ({place}): without a number",
        fix_vi="ghi `number` của người ký thay trong danh bạ rồi `motcua directory load`",
        fix_en="write the substitute's `number` into the directory, then `motcua directory load`",
    )


def _seal(agency: str, rule: str, papers: int) -> Finding:
    return warn(
        f"{agency}: {papers} giấy tờ chờ con dấu: {rule}",
        f"{agency}: {papers} papers wait for the seal: {rule}",
        fix_vi="gia hạn chứng thư của cơ quan ở dịch vụ ký; giấy tờ tự được đóng dấu",
        fix_en="renew the agency's certificate at the signing service; they are sealed by themselves",
    )
