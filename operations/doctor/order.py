"""Whether what is appended gets its place in the one order of all events."""

from __future__ import annotations

from typing import Final

from operations.doctor.finding import Finding, fail, ok
from operations.doctor.surroundings import Surroundings

LONG: Final = 60
"""Seconds after which an append without a place says that no relay runs."""

_WAITING: Final = """
select count(*), count(*) filter (where recorded_at < clock_timestamp() - make_interval(secs => $1)) from unpositioned
"""


async def order(around: Surroundings) -> list[Finding]:
    """How many appends wait for their place, and whether they wait for long."""
    async with around.record() as connection:
        row = await connection.fetchrow(_WAITING, LONG)
    waiting, long = row.values() if row else (0, 0)
    if long:
        return [
            fail(
                f"{long} lần ghi sổ chờ thứ tự quá {LONG} s",
                f"{long} appends have waited for their place for more than {LONG} s",
                fix_vi="chạy `motcua relay`; hồ sơ không dừng vì việc này, nhưng ai đọc cả sổ thì chưa thấy chúng",
                fix_en="run `motcua relay`; no filing waits for it, but who reads the whole log does not see them yet",
            )
        ]
    return [ok(f"{waiting} lần ghi sổ đang được xếp thứ tự", f"{waiting} appends are on their way to their place")]
