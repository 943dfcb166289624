"""Whether what persons have asked for fails or waits for too long, and whether what was erased has come back."""

from __future__ import annotations

from typing import Final

from obstore.exceptions import BaseError

from motcua.store import NoStoreError
from operations.doctor.finding import Finding, fail, ok, warn
from operations.doctor.surroundings import Surroundings
from operations.erasure.elsewhere import back
from operations.erasure.failing import REFUSED
from operations.erasure.working import UNDER_WAY
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
_PROBLEMS: Final = f"""
select request, problem, count(*) as filings
from erasure join erasure_deed as answer on answer.asked = request and answer.deed = 'approve'
where finished_at is null and (problem is not null or not {UNDER_WAY})
group by request, problem order by request, problem
"""  # noqa: S608 -- a constant
"""Of what was approved and is not done: why, or that nobody is at it."""
_UNGIVEN: Final = """
select count(*) from export_request where given is null and asked_at < clock_timestamp() - make_interval(hours => $1)
"""


async def erasures(around: Surroundings) -> list[Finding]:
    """What can't be erased, how many requests have been waiting for more than those hours, and what has come back."""
    said = around.settings.get(HOURS) or ""
    hours = int(said) if said.isdecimal() else USUAL
    async with around.record() as connection:
        row = await connection.fetchrow(_WAITING, hours)
        ungiven = await connection.fetchval(_UNGIVEN, hours)
        problems = [_undone(*row.values()) for row in await connection.fetch(_PROBLEMS)]
    unanswered, undone = row.values() if row else (0, 0)
    found = [*await _brought_back(around), *problems, *_erased(hours, unanswered, undone), *_given(hours, ungiven)]
    return found or [ok(f"không yêu cầu nào chờ quá {hours} giờ", f"no request waits for over {hours} hours")]


def _undone(request: int, problem: str | None, filings: int) -> Finding:
    """A request that was approved and is not done. It is well to wait where the rules want it; else nobody may."""
    if problem is None:
        return warn(
            f"yêu cầu xóa {request}: {filings} hồ sơ đã duyệt, chưa xong, và không ai đang làm",
            f"request {request} to erase: {filings} filings are approved and not done, and nobody is at it",
            fix_vi="`motcua erasures finish`: lần trước bị ngắt giữa chừng",
            fix_en="`motcua erasures finish`: the last run was ended in the middle",
        )
    if problem.startswith(REFUSED):
        return warn(
            f"yêu cầu xóa {request}: {filings} hồ sơ chưa được phép xóa ({problem.removeprefix(REFUSED)})",
            f"request {request} to erase: {filings} filings can't be erased yet ({problem.removeprefix(REFUSED)})",
            fix_vi="`motcua erasures finish` nêu từng hồ sơ và lý do, và xóa khi được phép",
            fix_en="`motcua erasures finish` names each with the reason, and erases it once it can be",
        )
    return fail(
        f"yêu cầu xóa {request}: {filings} hồ sơ không xóa được: {problem}",
        f"request {request} to erase: {filings} filings could not be erased: {problem}",
        fix_vi="`motcua erasures finish` nêu từng hồ sơ và thử lại; nếu vẫn vậy, báo lỗi kèm dòng này",
        fix_en="`motcua erasures finish` names each and tries again; if it stays so, report this line as a bug",
    )


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
