"""Whether what those who take money have said has reached its payments, and what waits for a person."""

from __future__ import annotations

from typing import Final

from operations.doctor.finding import Finding, fail, ok, warn
from operations.doctor.surroundings import Surroundings

LONG: Final = 120
"""Seconds after which a callback should have reached its payment: a gateway tries every 60."""

_LEFT: Final = """
select count(*) filter (where stream is not null and clock_timestamp() - make_interval(secs => $1) > greatest(
           received_at, (select max(at) from suspense_step where suspense_step.callback = callback.id)
       ) and (told_at is null or outcome = 'paid')) as undriven,
       count(*) filter (where verdict = 'unknown_order') as unknown
from callback where driven_at is null and verdict <> 'suspense'
"""
_SUSPENSE: Final = """
select case when verdict <> 'suspense' then verdict
           when last.step in ('assign', 'give_back') then 'asked' else 'waiting' end as state,
       count(*) as transfers, sum(amount)::bigint as dong,
       extract(day from clock_timestamp() - min(coalesce(last.at, received_at)))::integer as days
from callback left join lateral (
    select step, at from suspense_step where suspense_step.callback = callback.id order by n desc limit 1
) as last on true
where verdict in ('suspense', 'to_give_back') group by state
"""


async def callbacks(around: Surroundings) -> list[Finding]:
    """What is left of callbacks, and the money that waits for people."""
    async with around.record() as connection:
        row = await connection.fetchrow(_LEFT, LONG)
        waiting = {one["state"]: one for one in await connection.fetch(_SUSPENSE)}
    undriven, unknown = row.values() if row else (0, 0)
    found = []
    if undriven:
        found.append(
            fail(
                f"{undriven} tin báo về tiền chờ quá {LONG} s, chưa được khoản thu ghi nhận",
                f"{undriven} callbacks have waited for more than {LONG} s, and their payments have not recorded them",
                fix_vi="chạy `motcua gateway` và `motcua worker`, hoặc xem nhật ký; việc báo được thử lại mãi",
                fix_en="run `motcua gateway` and `motcua worker`, or see their logs; they are tried again for ever",
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
    found += [_waits(state, *list(waiting[state].values())[1:]) for state in _WAITS if state in waiting]
    return found or [ok("tin báo về tiền đều đến nơi", "every callback about money has reached its payment")]


def _waits(state: str, transfers: int, dong: int, days: int) -> Finding:
    """Money that waits for people, for so many whole days at the longest."""
    what_vi, what_en, fix_vi, fix_en = _WAITS[state]
    return warn(
        f"{transfers} khoản tiền về, {dong:,} đồng, {what_vi}; lâu nhất {days} ngày",
        f"{transfers} transfers, {dong:,} đồng, {what_en}; the longest for {days} days",
        fix_vi=fix_vi,
        fix_en=fix_en,
    )


_WAITS: Final = {
    "waiting": (
        "chưa biết của khoản thu nào",
        "name no request for money, or several",
        "xem `motcua money suspense`; thủ quỹ đề nghị gán hoặc trả lại",
        "see `motcua money suspense`; a cashier asks that they go to a payment, or back",
    ),
    "asked": (
        "chờ lãnh đạo duyệt",
        "wait for a leader to approve what was asked",
        "lãnh đạo xem `motcua money suspense`, rồi `motcua money approve`",
        "a leader sees `motcua money suspense`, then `motcua money approve`",
    ),
    "to_give_back": (
        "đã duyệt trả, chờ trả lại người gửi",
        "are approved to go back, and wait for a cashier",
        "thủ quỹ trả cho người gửi rồi ghi lại bằng `motcua money given`, kèm chứng từ",
        "a cashier gives them back and says so by `motcua money given`, with the evidence",
    ),
}
