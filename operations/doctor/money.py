"""Whether what those who take money have said has reached its payments, and what waits for a person."""

from __future__ import annotations

from typing import Final

from operations.doctor.finding import Finding, fail, ok, warn
from operations.doctor.surroundings import Surroundings

LONG: Final = 120
"""Seconds after which a callback should have reached its payment: a gateway tries every 60."""

_LEFT: Final = """
select count(*) filter (where driven_at is null and stream is not null
           and received_at < clock_timestamp() - make_interval(secs => $1)) as undriven,
       count(*) filter (where driven_at is null and verdict = 'unknown_order') as unknown,
       count(*) filter (where verdict = 'suspense') as suspense,
       coalesce(sum(amount) filter (where verdict = 'suspense'), 0)::bigint as dong
from callback where driven_at is null
"""


async def callbacks(around: Surroundings) -> list[Finding]:
    """What is left of callbacks."""
    async with around.record() as connection:
        row = await connection.fetchrow(_LEFT, LONG)
    undriven, unknown, suspense, dong = row.values() if row else (0, 0, 0, 0)
    found = []
    if undriven:
        found.append(
            fail(
                f"{undriven} tin báo về tiền chờ quá {LONG} s, chưa đến khoản thu",
                f"{undriven} callbacks have waited for more than {LONG} s, and their payments have not heard of them",
                fix_vi="chạy `motcua gateway`, hoặc xem nhật ký của nó; việc báo được thử lại mãi",
                fix_en="run `motcua gateway`, or see its log; they are tried again for ever",
            )
        )
    if unknown:
        found.append(
            warn(
                f"{unknown} tin báo có chữ ký đúng nêu khoản thu không có ở đây",
                f"{unknown} signed callbacks name a request for money that is not there",
                fix_vi="hỏi bên thu tiền: có thể họ gọi nhầm hệ thống",
                fix_en="ask those who take the money: they may call the wrong system",
            )
        )
    if suspense:
        found.append(
            warn(
                f"{suspense} khoản tiền về, {dong:,} đồng, chưa biết của khoản thu nào",
                f"{suspense} transfers, {dong:,} đồng, name no request for money, or several",
                fix_vi="xem `motcua money suspense`",
                fix_en="see `motcua money suspense`",
            )
        )
    return found or [ok("tin báo về tiền đều đến nơi", "every callback about money has reached its payment")]
