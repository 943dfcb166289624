"""The calendar in force: whether there is one, whether all that runs goes by it, and when it ends."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Final

from activities.ledger.standing import COUNT_ON_ANOTHER, IN_FORCE
from operations.doctor.finding import Finding, fail, ok, warn
from operations.doctor.surroundings import Surroundings
from rules.streams import KINDS
from rules.time.working_time import VIETNAM
from schemas.publishing.calendar import Calendar

BODY: Final = "select body from calendar where agency = '' order by published_at desc limit 1"
ENDS_SOON: Final = 60
"""Days before its last one from which a calendar is told of: time enough to write the next and have it looked at."""


async def calendar(around: Surroundings) -> list[Finding]:
    """Whether a calendar is in force, for how long, and whether every open filing goes by it."""
    async with around.record() as connection:
        body = await connection.fetchval(BODY)
        name = await connection.fetchval(IN_FORCE)
        behind = sum([await connection.fetchval(COUNT_ON_ANOTHER, name, kind) for kind in KINDS]) if name else 0
    if body is None:
        return [
            fail(
                "chưa công bố lịch nào: không hồ sơ nào nộp được",
                "none is published: nothing can be filed",
                fix_vi="`motcua calendar publish procedures/calendars/vn.yaml`",
                fix_en="`motcua calendar publish procedures/calendars/vn.yaml`",
            )
        ]
    in_force = Calendar.model_validate_json(body)
    wrong = [*_behind(in_force, behind), *ending(in_force, datetime.now(VIETNAM).date())]
    words = f"{in_force.name}, {in_force.valid_from} – {in_force.valid_until}"
    return wrong or [ok(words, words)]


def _behind(in_force: Calendar, behind: int) -> Iterator[Finding]:
    if behind:
        yield warn(
            f"{behind} hồ sơ, khoản thu, bưu gửi đang chạy chưa theo lịch {in_force.name}",
            f"{behind} running filings, payments and parcels do not go by {in_force.name} yet",
            fix_vi="`motcua calendar publish` lại tệp đó cho biết còn bao nhiêu; xem `motcua filings stalled`",
            fix_en="`motcua calendar publish` with its file shows how many are left; see `motcua filings stalled`",
        )


def ending(in_force: Calendar, today: date) -> Iterator[Finding]:
    """What to say of a calendar that ends soon, or has ended, as of `today`; nothing of one that does not."""
    last = in_force.valid_until
    left = (last - today).days
    fixes = {
        "fix_vi": "viết phiên bản có hiệu lực dài hơn rồi `motcua calendar what-if` và `motcua calendar publish`",
        "fix_en": "write a version that reaches further, then `motcua calendar what-if` and `motcua calendar publish`",
    }
    if left < 0:
        yield fail(
            f"{in_force.name} đã hết hiệu lực sau ngày {last}, {-left} ngày trước; hạn tính theo thư viện ngày nghỉ",
            f"{in_force.name} ended on {last}, days ago: {-left}; limits go by the library of holidays",
            **fixes,
        )
    elif left <= ENDS_SOON:
        yield warn(
            f"{in_force.name} hết hiệu lực sau ngày {last}, còn {left} ngày",
            f"{in_force.name} ends on {last}, days left: {left}",
            **fixes,
        )
