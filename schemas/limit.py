"""Time limits, which are read and written as text such as `5 working days`, and the units of other numbers in texts."""

import re
from enum import StrEnum
from typing import Any, Final

from pydantic import Field, GetJsonSchemaHandler, model_serializer, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError

from .base import Model, Text
from .translate import said

__all__ = ["Limit", "Unit"]


class Unit(StrEnum):
    """The unit of a limit. `seconds` are elapsed seconds, for demonstration and tests only."""

    WORKING_DAYS = "working days"
    WORKING_HOURS = "working hours"
    CALENDAR_DAYS = "calendar days"
    SECONDS = "seconds"


def unit_words(unit: StrEnum, amount: float = 0) -> Text:
    """Returns the name of a unit in both languages: in English, in the singular or the plural for this `amount`."""
    return said(f"unit.{unit.name.lower()}.one" if amount == 1 else f"unit.{unit.name.lower()}")


_UNITS: Final = {
    name: unit for unit in Unit for name in (unit_words(unit).vi, unit.value, unit.value.removesuffix("s"))
}
_PATTERN: Final = re.compile(rf"^([0-9]{{1,6}}) ({'|'.join(sorted(_UNITS, key=len, reverse=True))})$")

_LONGEST: Final = 32


class Limit(Model):
    """A time limit: `N working days`, `N working hours`, `N calendar days` or `N seconds`.

    The same in Vietnamese: `N ngày làm việc`, `N giờ làm việc`, `N ngày`, `N giây`.
    """

    amount: int = Field(ge=0)
    unit: Unit

    def __str__(self) -> str:
        return f"{self.amount} {self.unit}"

    @property
    def words(self) -> Text:
        """The limit as a text for people, in both languages."""
        return said("amount_of_unit", amount=self.amount, unit=unit_words(self.unit, self.amount))

    @model_validator(mode="before")
    @classmethod
    def _parse(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        match = _PATTERN.match(value.strip()) if len(value) <= _LONGEST else None
        if match is None:
            one_of = ", ".join(f"N {unit}" for unit in Unit)
            raise PydanticCustomError("limit_form", "a time limit is one of: {one_of}", {"one_of": one_of})
        return {"amount": int(match[1]), "unit": _UNITS[match[2]]}

    @model_serializer
    def _text(self) -> str:
        return str(self)

    @classmethod
    def __get_pydantic_json_schema__(cls, _: CoreSchema, __: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {
            "description": cls.__doc__,
            "maxLength": _LONGEST,
            "pattern": _PATTERN.pattern,
            "title": cls.__name__,
            "type": "string",
        }


class FigureUnit(StrEnum):
    """The unit of a figure: a number in the texts of a procedure."""

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
    """Returns an amount with its unit in both languages: `0,5%` / `0.5%`, `12 tháng` / `12 months`."""
    en = f"{amount:.10g}"
    number = Text(vi=en.replace(".", ","), en=en)
    if unit is FigureUnit.PERCENT:
        return said("amount_of_percent", amount=number)
    return said("amount_of_unit", amount=number, unit=unit_words(unit, amount))
