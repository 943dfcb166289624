"""Whether money that is not owed waits for people: the wire that took it gives nothing back."""

from __future__ import annotations

from typing import Final

from operations.doctor.finding import Finding, ok, warn
from operations.doctor.surroundings import Surroundings

_LEFT: Final = """
select told.agency, provider, count(*) as captures
from standing join payment using (stream) join event as told on told.stream = standing.stream
where standing.kind = 'payment' and open and told.kind = 'refund_left_to_hand' and not exists (
    select from event as back
    where back.stream = told.stream and back.kind = 'payment_refunded'
        and convert_from(back.body, 'UTF8')::jsonb @> convert_from(told.body, 'UTF8')::jsonb
)
group by told.agency, provider order by captures desc, told.agency, provider
"""


async def refunds(around: Surroundings) -> list[Finding]:
    """How often money waits to be given back by people, at which agency, taken by whom."""
    async with around.record() as connection:
        rows = await connection.fetch(_LEFT)
    return [_left(*row) for row in rows] or [
        ok("không khoản nào chờ hoàn thủ công", "nothing waits to be given back by hand")
    ]


def _left(agency: str, provider: str, captures: int) -> Finding:
    return warn(
        f"{agency}: {captures} khoản {provider} đã thu mà không phải nộp, kênh này không hoàn được",
        f"{agency}: {captures} payments that nobody owes were taken by {provider}, which gives nothing back",
        fix_vi="cơ quan tự hoàn cho người nộp; việc ghi lại chưa có lệnh, khoản thu vẫn được theo dõi",
        fix_en="the agency gives them back itself; no command records that yet, and the payments are kept open",
    )
