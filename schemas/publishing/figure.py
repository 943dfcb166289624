"""The units of figures in a procedure's texts, and their words. Money is never a figure: it is a fee."""

from enum import StrEnum

from ..base import Text
from ..limit import unit_words
from ..translate import said


class FigureUnit(StrEnum):
    """The unit of a figure."""

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


def counted(amount: float, unit: FigureUnit) -> Text:
    """`0,5%` / `0.5%`, `12 tháng` / `12 months`, `1 tháng` / `1 month`."""
    en = f"{amount:.10g}"
    number = Text(vi=en.replace(".", ","), en=en)
    if unit is FigureUnit.PERCENT:
        return said("amount_of_percent", amount=number)
    return said("amount_of_unit", amount=number, unit=unit_words(unit, amount))
