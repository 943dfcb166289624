"""The processing time in a cell."""

import re
from typing import Final, NamedTuple

from publishing.drafting.cells import CellError, entries, folded
from schemas.limit import Limit, Unit

_HOURS_A_DAY: Final = 24
_UNITS: Final = {
    "ngay lam viec": Unit.WORKING_DAYS,
    "ngay": Unit.CALENDAR_DAYS,
    "gio lam viec": Unit.WORKING_HOURS,
    "working days": Unit.WORKING_DAYS,
    "working day": Unit.WORKING_DAYS,
    "calendar days": Unit.CALENDAR_DAYS,
    "days": Unit.CALENDAR_DAYS,
    "working hours": Unit.WORKING_HOURS,
}
_UNIT: Final = "|".join(sorted(_UNITS, key=len, reverse=True)) + (
    r"|gio|hours?|thang|months?|tuan|weeks?|nam|years?|phut|minutes?"
)
_LASTS: Final = re.compile(rf"(?<![\d.,/:-])(\d{{1,6}})(?: ?\([^)]{{0,40}}\))? ?({_UNIT})\b(?! ?\d)")
_RANGE: Final = re.compile(rf"\d{{1,6}} ?(?:{_UNIT})? ?(?:-|–|den) ?\d{{1,6}}(?: ?\([^)]{{0,40}}\))? ?(?:{_UNIT})\b")
_DATE: Final = re.compile(r"ngay \d{1,2}(?: thang \d{1,2}(?: nam \d{4})?|[/.-]\d{1,2}(?:[/.-]\d{4})?)")
_AT_ONCE: Final = re.compile(
    r"(?:giai quyet|tra ket qua|thuc hien)?,? ?ngay\b(?! lam viec)|(?:tra )?(?:ket qua )?trong ngay\b"
    r"|immediately|same day"
)
_CUT_OFF: Final = re.compile(r"sau (\d{1,2}) ?(?:gio|h|g)(?: ?(\d{2}))?(?! lam viec)\b")
_CASE: Final = re.compile(r"(?:truong hop|neu|doi voi)\b")
_COMMA: Final = re.compile(r", (?=(?:trường hợp|nếu|đối với)\b)", re.IGNORECASE)
_SAID_ANYWAY: Final = re.compile(
    r"khong qua|toi da|cham nhat|trong|vong|thoi (?:han|gian)|diem|ke tu|tinh tu|tu|ngay|khi|nhan duoc|nhan|du|day du"
    r"|ho so|hop le|theo quy dinh|cua|phap luat|co quan|tiep nhan|bo phan|mot cua|giai quyet|la"
    r"|from|receipt|of|a|complete|dossier|within|at most"
)
"""Words beside a time limit that do not change it."""


class Case(NamedTuple):
    """A limit that replaces the processing limit in one case; `name` is the case in words."""

    name: str
    limit: Limit


class Time(NamedTuple):
    """The processing limit, limits by case, and open points. A filing after the `cut_off` counts for the next day."""

    limit: Limit
    cut_off: str | None
    cases: list[Case]
    unsettled: list[str]


def time_of(cell: str, unit: str = "") -> Time:
    """Returns the time in a cell; unread parts are open points. A number alone is in `unit`. Raises `CellError`."""
    words = folded(cell)
    if _RANGE.search(words):
        raise CellError("time_is_range")
    whole = f"{cell} {unit}" if cell.isdecimal() else cell
    first, *others = [part for entry in entries(whole) for part in _COMMA.split(entry)] or [""]
    limit, unsettled = _first(first)
    cases = []
    for other in others:
        if _CUT_OFF.search(folded(other)):
            continue
        case = _case(other)
        if case is None or case.limit.unit is not limit.unit:
            unsettled.append("time_has_cases")
        else:
            cases.append(case)
    return Time(limit, _hour(_CUT_OFF.search(words)), cases, list(dict.fromkeys(unsettled)))


def _first(part: str) -> tuple[Limit, list[str]]:
    words = _CUT_OFF.sub(" ", _DATE.sub(" ", folded(part)))
    found = list(_LASTS.finditer(words))
    if _AT_ONCE.match(words) and not part.lower().startswith("ngày"):  # a day, unlike `ngay`, "at once"
        return Limit(amount=0, unit=Unit.WORKING_DAYS), ["time_has_cases"] if found else []
    if not found:
        raise CellError("time_unreadable")
    limit, unsettled = _limit(int(found[0][1]), found[0][2])
    beside = re.sub(rf"\b(?:{_SAID_ANYWAY.pattern})\b", " ", _LASTS.sub(" ", words))
    if len(found) > 1:
        unsettled.append("time_has_cases")
    elif re.search(r"\w", beside):
        unsettled.append("time_has_conditions")
    return limit, unsettled


def _case(part: str) -> Case | None:
    """Returns the case in a part of the cell; None unless the part names a case with exactly one limit."""
    words = folded(part)
    found = list(_LASTS.finditer(words))
    if len(found) != 1 or not _CASE.match(words) or found[0][2] not in _UNITS:
        return None
    name = part[: found[0].start()].strip(" :-–,")
    return Case(name, Limit(amount=int(found[0][1]), unit=_UNITS[found[0][2]])) if name else None


def _limit(amount: int, unit: str) -> tuple[Limit, list[str]]:
    if unit in _UNITS:
        return Limit(amount=amount, unit=_UNITS[unit]), []
    if unit not in {"gio", "hour", "hours"}:
        raise CellError("time_unit")
    if amount == 0 or amount % _HOURS_A_DAY:
        raise CellError("hours_of_what")
    return Limit(amount=amount // _HOURS_A_DAY, unit=Unit.CALENDAR_DAYS), ["hours_taken_as_days"]


def _hour(cut_off: re.Match[str] | None) -> str | None:
    if cut_off is None or int(cut_off[1]) >= _HOURS_A_DAY or int(cut_off[2] or 0) >= 60:  # noqa: PLR2004 -- minutes
        return None
    return f"{int(cut_off[1]):02}:{cut_off[2] or '00'}"
