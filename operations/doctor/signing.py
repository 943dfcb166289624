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


async def signing(around: Surroundings) -> list[Finding]:
    """Whose signatures and seals can't be had as things are, and by which rule."""
    async with around.record() as connection:
        results, papers = await connection.fetch(_RESULTS), await connection.fetch(_PAPERS, SEAL_REFUSED)
    found = [*(_result(*row) for row in results), *(_seal(*row) for row in papers)]
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


def _seal(agency: str, rule: str, papers: int) -> Finding:
    return warn(
        f"{agency}: {papers} giấy tờ chờ con dấu: {rule}",
        f"{agency}: {papers} papers wait for the seal: {rule}",
        fix_vi="gia hạn chứng thư của cơ quan ở dịch vụ ký; giấy tờ tự được đóng dấu",
        fix_en="renew the agency's certificate at the signing service; they are sealed by themselves",
    )
