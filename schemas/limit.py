"""Time limits: an amount and a unit, read and written as text: `5 working days`."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Any, Final

from pydantic import Field, GetJsonSchemaHandler, model_serializer, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError

from .base import Model, Text


class Unit(StrEnum):
    """What a limit counts. `seconds` are elapsed seconds, for demonstration and tests only."""

    WORKING_DAYS = "working days"
    WORKING_HOURS = "working hours"
    CALENDAR_DAYS = "calendar days"
    SECONDS = "seconds"


VIETNAMESE: Final = {
    Unit.WORKING_DAYS: "ngày làm việc",
    Unit.WORKING_HOURS: "giờ làm việc",
    Unit.CALENDAR_DAYS: "ngày",
    Unit.SECONDS: "giây",
}
_UNITS: Final = {
    name: unit for unit, vi in VIETNAMESE.items() for name in (vi, unit.value, unit.value.removesuffix("s"))
}
_PATTERN: Final = re.compile(rf"^([0-9]{{1,6}}) ({'|'.join(sorted(_UNITS, key=len, reverse=True))})$")

_LONGEST: Final = 32


class Limit(Model):
    """`N working days`, `N working hours`, `N calendar days` or `N seconds`.

    Or in Vietnamese: `N ngày làm việc`, `N giờ làm việc`, `N ngày`, `N giây`.
    """

    amount: int = Field(ge=0)
    unit: Unit

    def __str__(self) -> str:
        return f"{self.amount} {self.unit}"

    @property
    def words(self) -> Text:
        """As people say it."""
        en = self.unit.removesuffix("s") if self.amount == 1 else self.unit
        return Text(vi=f"{self.amount} {VIETNAMESE[self.unit]}", en=f"{self.amount} {en}")

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
