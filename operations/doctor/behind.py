"""Whether what runs knows what the log holds: it does not once Temporal was brought back older than the record."""

from __future__ import annotations

from typing import Final

from motcua.connection import connect
from operations.doctor.finding import Finding, fail, ok
from operations.doctor.surroundings import Surroundings
from recovery.behind import NEWEST, behind

LOOKED_AT: Final = 2_000
"""So many of the newest events tell which streams are looked at."""


async def falling_behind(around: Surroundings) -> list[Finding]:
    """Whether the workflows of the newest events have seen them."""
    async with around.record() as connection:
        heads = {row["stream"]: row["head_seq"] for row in await connection.fetch(NEWEST, LOOKED_AT)}
    found = await behind(await connect(), heads)
    if not found:
        n = len(heads)
        return [ok(f"{n} luồng mới nhất đều theo kịp sổ", f"the {n} newest have seen all that the log holds")]
    return [
        fail(
            f"ít nhất {len(found)} luồng biết ít hơn sổ; Temporal có thể vừa được khôi phục từ bản cũ",
            f"at least {len(found)} know less than the log; Temporal may have been brought back from an older copy",
            fix_vi="`motcua filing restart --all-behind`, rồi `motcua filing restart --all-missing`",
            fix_en="`motcua filing restart --all-behind`, then `motcua filing restart --all-missing`",
        )
    ]
