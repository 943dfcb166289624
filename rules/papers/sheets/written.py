"""The written forms on papers: instants, days, names, quoted words."""

from datetime import datetime
from typing import Final

from rules.time.working_time import VIETNAM
from schemas.base import AgencyCode, Text
from schemas.papers.sheet import Letterhead, PaperSource
from schemas.translate import said


def plain(words: str) -> Text:
    """Words of a person, which have no translation."""
    return Text(vi=words, en=words)


def moment(at: datetime) -> Text:
    """`17 giờ 00 phút, ngày 04 tháng 12 năm 2026` / `17:00 on 4 December 2026`, in Vietnamese time."""
    there = at.astimezone(VIETNAM)
    day, month = Text(vi=f"{there:%d}", en=str(there.day)), Text(vi=f"{there:%m}", en=_MONTHS[there.month - 1])
    return said("paper.moment", at=there, day=day, month=month)


def short(at: datetime) -> Text:
    """`17:00 04/12/2026`, in Vietnamese time."""
    return plain(f"{at.astimezone(VIETNAM):%H:%M %d/%m/%Y}")


def dated(at: datetime, place: Text | None) -> Text:
    """`Hà Nội, ngày 04 tháng 12 năm 2026`; without a place `Ngày 04 tháng 12 năm 2026`."""
    there = at.astimezone(VIETNAM)
    day = said("paper.day", day=f"{there:%d}", month=f"{there:%m}", year=f"{there:%Y}")
    if place is None:
        return Text(vi=day.vi.capitalize(), en=day.en)
    return said("paper.place_and_day", place=Text(vi=_seat(place.vi), en=place.en), day=day)


def _seat(province: str) -> str:
    """The province in the date line: its name, preceded by its kind if it is a person's name (Decree 30/2020)."""
    kind = next((kind for kind in _KINDS if province.startswith(kind)), "")
    name = province.removeprefix(kind)
    return province[:1].upper() + province[1:] if name in _PERSONS else name


def letterhead(source: PaperSource, agency: AgencyCode) -> Letterhead:
    """The agency's letterhead; only its code if its name is unknown."""
    return source.agencies.get(agency) or Letterhead(name=plain(agency))


_KINDS: Final = ("thành phố ", "tỉnh ")
_PERSONS: Final = frozenset({"Hồ Chí Minh"})
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
