"""Whether what runs knows what the log holds: it does not once Temporal was brought back older than the record."""

from __future__ import annotations

from typing import Final

from motcua.connection import connect
from motcua.key_ring import CODEC_KEYS
from operations.doctor.finding import Finding, fail, ok, warn
from operations.doctor.surroundings import Surroundings
from recovery.behind import NEWEST, behind
from recovery.presence import temporals
from rules.streams import KINDS

LOOKED_AT: Final = 2_000
"""So many of the newest events tell which streams are looked at."""


async def falling_behind(around: Surroundings) -> list[Finding]:
    """Whether the workflows of the newest events have seen them."""
    async with around.record() as connection:
        newest = [row["stream"] for row in await connection.fetch(NEWEST, LOOKED_AT)]
        streams = [stream for stream in newest if stream.partition(":")[0] in KINDS]
        found = await behind(await connect(), connection, streams)
        two = _two(len(await temporals(connection)))
    if found.wrong:
        return [_known_less(len(found.behind), len(found.overtaken)), *_unopened(found.unopened), *two]
    n = len(streams) - len(found.unopened)
    seen = ok(f"{n} luồng mới nhất đều theo kịp sổ", f"the {n} newest have seen all that the log holds")
    return [seen, *_unopened(found.unopened), *two]


def _known_less(behind: int, overtaken: int) -> Finding:
    return fail(
        f"ít nhất {behind} luồng biết khác sổ, {overtaken} đã bị luồng sau thay; "
        "Temporal có thể vừa được khôi phục từ bản cũ",
        f"at least {behind} do not know what the log holds, {overtaken} have been taken over by a later run; "
        "Temporal may have been brought back from an older copy",
        fix_vi="`motcua filing restart --all-behind`, rồi `motcua filing restart --all-missing`",
        fix_en="`motcua filing restart --all-behind`, then `motcua filing restart --all-missing`",
    )


def _two(temporals: int) -> list[Finding]:
    if temporals <= 1:
        return []
    return [
        warn(
            f"worker của {temporals} Temporal cùng ghi vào sổ này: luồng bị mất sẽ không tự chữa",
            f"workers of {temporals} Temporals work on this record: what has lost its stream does not go on by itself",
            fix_vi="dừng worker của Temporal cũ; worker của cùng một Temporal phải có cùng TEMPORAL_ADDRESS",
            fix_en="stop the workers of the older one; those of one Temporal need the same TEMPORAL_ADDRESS",
        )
    ]


def _unopened(streams: list[str]) -> list[Finding]:
    if not streams:
        return []
    return [
        warn(
            f"{len(streams)} luồng không mở được ở đây, ví dụ {streams[0]}",
            f"{len(streams)} can't be opened here, such as {streams[0]}",
            fix_vi=f"dùng {CODEC_KEYS} của worker",
            fix_en=f"use the {CODEC_KEYS} of the workers",
        )
    ]
