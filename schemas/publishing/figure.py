"""What a figure of a procedure's texts counts, and how it is said. Never money: that is a fee."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final

from ..base import Text


class FigureUnit(StrEnum):
    """What a figure counts."""

    MINUTES = "minutes"
    HOURS = "hours"
    WORKING_HOURS = "working hours"
    WORKING_DAYS = "working days"
    CALENDAR_DAYS = "calendar days"
    WEEKS = "weeks"
    MONTHS = "months"
    YEARS = "years"
    YEARS_OF_AGE = "years of age"
    PERCENT = "percent"
    TIMES = "times"


_VIETNAMESE: Final = {
    FigureUnit.MINUTES: "phút",
    FigureUnit.HOURS: "giờ",
    FigureUnit.WORKING_HOURS: "giờ làm việc",
    FigureUnit.WORKING_DAYS: "ngày làm việc",
    FigureUnit.CALENDAR_DAYS: "ngày",
    FigureUnit.WEEKS: "tuần",
    FigureUnit.MONTHS: "tháng",
    FigureUnit.YEARS: "năm",
    FigureUnit.YEARS_OF_AGE: "tuổi",
    FigureUnit.TIMES: "lần",
}


def unit_words(unit: FigureUnit) -> Text:
    """What it counts, of many."""
    return Text(vi="%", en="%") if unit is FigureUnit.PERCENT else Text(vi=_VIETNAMESE[unit], en=unit)


def counted(amount: float, unit: FigureUnit) -> Text:
    """`0,5%` / `0.5%`, `12 tháng` / `12 months`, `1 tháng` / `1 month`."""
    number = f"{amount:.10g}"
    if unit is FigureUnit.PERCENT:
        return Text(vi=f"{number.replace('.', ',')}%", en=f"{number}%")
    en = re.sub(r"s\b", "", unit, count=1) if amount == 1 else unit
    return Text(vi=f"{number.replace('.', ',')} {_VIETNAMESE[unit]}", en=f"{number} {en}")
