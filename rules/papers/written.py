"""How what the log holds is written on a paper: instants, days, names, words of others."""

from __future__ import annotations

from datetime import datetime

from rules.time.working_time import VIETNAM
from schemas.base import AgencyCode, Text
from schemas.papers_sheet import Letterhead, PaperSource
from schemas.saying import said


def plain(words: str) -> Text:
    """What somebody wrote, which has no translation."""
    return Text(vi=words, en=words)


def moment(at: datetime) -> Text:
    """`17 giờ 00 phút, ngày 04 tháng 12 năm 2026` / `17:00 on 4 December 2026`, in Vietnam."""
    there = at.astimezone(VIETNAM)
    return Text(
        vi=f"{there:%H} giờ {there:%M} phút, ngày {there:%d} tháng {there:%m} năm {there:%Y}",
        en=f"{there:%H:%M} on {there.day} {_MONTHS[there.month - 1]} {there.year}",
    )


def short(at: datetime) -> Text:
    """`17:00 04/12/2026`, in Vietnam."""
    return plain(f"{at.astimezone(VIETNAM):%H:%M %d/%m/%Y}")


def dated(at: datetime, place: Text | None) -> Text:
    """`Hà Nội, ngày 04 tháng 12 năm 2026`, or without the place."""
    there = at.astimezone(VIETNAM)
    day = said("paper.day", day=f"{there:%d}", month=f"{there:%m}", year=f"{there:%Y}")
    return day if place is None else said("paper.place_and_day", place=place, day=day)


def letterhead(source: PaperSource, agency: AgencyCode) -> Letterhead:
    """The agency as its papers name it; by its code alone if nobody knows more."""
    return source.agencies.get(agency) or Letterhead(name=plain(agency))


_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
