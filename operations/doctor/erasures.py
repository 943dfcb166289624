"""Whether what persons have asked for waits for too long, and whether what was erased has come back with a backup."""

from __future__ import annotations

from typing import Final

from obstore.exceptions import BaseError

from motcua.store import NoStoreError
from operations.doctor.finding import Finding, fail, ok, warn
from operations.doctor.surroundings import Surroundings
from operations.erasure.elsewhere import back
from recovery.second_place import SecondPlace

HOURS: Final = "MOTCUA_PERSON_HOURS"
USUAL: Final = 72
"""Hours within which what a person has asked for is to be done (Luật 91/2025/QH15, unconfirmed)."""

_WAITING: Final = """
select count(*) filter (where answer.n is null) as unanswered, count(*) filter (where answer.deed = 'approve') as undone
from erasure_deed as asking left join erasure_deed as answer on answer.asked = asking.n
where asking.deed = 'ask' and asking.at < clock_timestamp() - make_interval(hours => $1)
    and exists (select from erasure where request = asking.n and finished_at is null)
"""
_UNGIVEN: Final = """
select count(*) from export_request where given is null and asked_at < clock_timestamp() - make_interval(hours => $1)
"""


async def erasures(around: Surroundings) -> list[Finding]:
    """How many requests have been waiting for more than those hours, and what has come back."""
    said = around.settings.get(HOURS) or ""
    hours = int(said) if said.isdecimal() else USUAL
    async with around.record() as connection:
        row = await connection.fetchrow(_WAITING, hours)
        ungiven = await connection.fetchval(_UNGIVEN, hours)
    unanswered, undone = row.values() if row else (0, 0)
    found = [*await _brought_back(around), *_erased(hours, unanswered, undone), *_given(hours, ungiven)]
    return found or [ok(f"không yêu cầu nào chờ quá {hours} giờ", f"no request waits for over {hours} hours")]


def _given(hours: int, ungiven: int) -> list[Finding]:
    if not ungiven:
        return []
    return [
        warn(
            f"{ungiven} yêu cầu cung cấp dữ liệu chờ quá {hours} giờ",
            f"{ungiven} requests for what is held about somebody wait over {hours} hours",
            fix_vi="`motcua exports list`, rồi `motcua person export --request N`",
            fix_en="`motcua exports list`, then `motcua person export --request N`",
        )
    ]


def _erased(hours: int, unanswered: int, undone: int) -> list[Finding]:
    if not (unanswered or undone):
        return []
    return [
        warn(
            f"yêu cầu xóa chờ quá {hours} giờ: {unanswered} chưa ai duyệt, {undone} đã duyệt mà chưa xong",
            f"requests to erase that wait over {hours} hours: {unanswered} unanswered, {undone} approved and not done",
            fix_vi="`motcua erasures list`, rồi kiểm tra viên `approve` hoặc `decline`; `motcua erasures finish`",
            fix_en="`motcua erasures list`, then an auditor's `approve` or `decline`; `motcua erasures finish`",
        ),
    ]


async def _brought_back(around: Surroundings) -> list[Finding]:
    """Of what the second place knows as erased, that which is not so in the record."""
    if not (url := around.settings.get("MOTCUA_CHECKPOINTS")):
        return []
    try:
        async with around.record() as connection:
            found = await back(connection, SecondPlace.at(url))
    except (NoStoreError, BaseError, OSError, ValueError) as error:
        why = type(error).__name__
        said = f"không đọc được hồ sơ nào đã xóa: {why}", f"what was erased can't be read: {why}"
        return [fail(*said, fix_vi="xem MOTCUA_CHECKPOINTS", fix_en="see to MOTCUA_CHECKPOINTS")]
    if not found:
        return []
    return [
        fail(
            f"{len(found)} hồ sơ đã xóa nay lại có trong sổ, do một bản sao lưu được đưa về",
            f"{len(found)} erased filings stand in the record again: a backup was brought back",
            fix_vi="`motcua filing erase --again`, rồi kiểm tra viên `approve`; `motcua erasures finish`",
            fix_en="`motcua filing erase --again`, then an auditor's `approve`; `motcua erasures finish`",
        )
    ]
