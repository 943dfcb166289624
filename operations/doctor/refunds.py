"""Whether refunds that were approved wait for people: the wire that took the money gives it not back."""

from __future__ import annotations

from typing import Final

from operations.doctor.finding import Finding, ok, warn
from operations.doctor.surroundings import Surroundings

_LEFT: Final = """
select told.agency, convert_from(begun.body, 'UTF8')::jsonb ->> 'provider' as provider, count(*) as cases
from standing
join event as begun on begun.stream = standing.stream and begun.seq = 1
join event as told on told.stream = standing.stream and told.kind = 'refund_left_to_hand'
where standing.kind = 'refund' and open and not exists (
    select from event as back
    where back.stream = told.stream and back.kind = 'refund_given_by_hand'
        and convert_from(back.body, 'UTF8')::jsonb -> 'case' = convert_from(told.body, 'UTF8')::jsonb -> 'case'
)
group by told.agency, provider order by cases desc, told.agency, provider
"""


async def refunds(around: Surroundings) -> list[Finding]:
    """How often money waits to be given back by people, at which agency, taken by whom."""
    async with around.record() as connection:
        rows = await connection.fetch(_LEFT)
    return [_left(*row) for row in rows] or [
        ok("không khoản nào chờ hoàn thủ công", "nothing waits to be given back by hand")
    ]


def _left(agency: str, provider: str, cases: int) -> Finding:
    return warn(
        f"{agency}: {cases} khoản hoàn đã duyệt chờ hoàn thủ công, kênh {provider} không hoàn được",
        f"{agency}: {cases} approved refunds wait for people: {provider} does not give them back",
        fix_vi="thủ quỹ hoàn cho người nộp rồi ghi lại bằng `give_back_by_hand`, kèm chứng từ",
        fix_en="a cashier gives them back and says so by `give_back_by_hand`, with the evidence",
    )
