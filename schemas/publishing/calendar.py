"""Working calendars: the file of a calendar as published, and the calendar of one agency that a filing records."""

import re
from datetime import date, time
from enum import StrEnum
from typing import Annotated, Any, Final, Literal

from pydantic import (
    BeforeValidator,
    Field,
    GetJsonSchemaHandler,
    PlainSerializer,
    StringConstraints,
    WithJsonSchema,
    model_serializer,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError

from ..base import Model, ShortText, StrictModel, Version

__all__ = ["Calendar", "CalendarDay", "CalendarFile", "DayKind", "DayStatus", "Hours", "Overlay", "Timeliness", "Week"]

WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

_TIME: Final = r"([01][0-9]|2[0-3]):[0-5][0-9]"
_HOURS: Final = re.compile(f"^{_TIME}-{_TIME}$")
_DATE: Final = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"


def _minute(text: str) -> int:
    hour, minute = text.split(":")
    return 60 * int(hour) + int(minute)


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


class Hours(Model):
    """A span of office hours, [open, close) in minutes of the day, read and written as text: `07:00-11:30`."""

    open: int = Field(ge=0, lt=1440)
    close: int = Field(ge=0, lt=1440)

    def __str__(self) -> str:
        return f"{_clock(self.open)}-{_clock(self.close)}"

    @model_validator(mode="before")
    @classmethod
    def _parse(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        if _HOURS.fullmatch(value) is None:
            raise PydanticCustomError("hours_form", "office hours are written like 07:00-11:30")
        opens, closes = value.split("-")
        return {"open": _minute(opens), "close": _minute(closes)}

    @model_validator(mode="after")
    def _opens_first(self) -> "Hours":
        if self.open >= self.close:
            raise PydanticCustomError("hours_reversed", "office hours end after they begin")
        return self

    @model_serializer
    def _text(self) -> str:
        return str(self)

    @classmethod
    def __get_pydantic_json_schema__(cls, _: CoreSchema, __: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"description": cls.__doc__, "pattern": _HOURS.pattern, "title": cls.__name__, "type": "string"}


def _local_time(value: Any) -> Any:
    if isinstance(value, time):
        return value
    if isinstance(value, str) and re.fullmatch(_TIME, value):
        return time.fromisoformat(value)
    raise PydanticCustomError("time_form", "a time of day is written like 15:00")


def _day(value: Any) -> Any:
    if isinstance(value, str) and re.fullmatch(_DATE, value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    elif type(value) is date:
        return value
    raise PydanticCustomError("date_form", "a date is written like 2026-08-22")


LocalTime = Annotated[
    time,
    BeforeValidator(_local_time),
    PlainSerializer(lambda value: f"{value:%H:%M}", return_type=str),
    WithJsonSchema({"type": "string", "pattern": f"^{_TIME}$"}),
]
"""A time of day in Vietnam, to the minute: `15:00`."""

Day = Annotated[date, BeforeValidator(_day), WithJsonSchema({"type": "string", "format": "date", "pattern": _DATE})]
"""A date in Vietnam: `2026-08-22`."""

OpenHours = tuple[Hours, ...]
"""The office hours of a day, the earliest first; empty if the day is closed."""

CalendarCode = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,19}$")]

CalendarName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,19}@[0-9][0-9A-Za-z.-]{0,31}$")]
"""A published version of a calendar: `vn@2026.1`."""

OverlayAgency = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]+(\.[A-Z0-9]+)*$", max_length=35)]
"""The full code of an agency in a calendar. The days of the agency also apply to all agencies below it."""

MORNING: Final = Hours(open=_minute("07:00"), close=_minute("11:30"))
AFTERNOON: Final = Hours(open=_minute("13:30"), close=_minute("17:00"))
CUT_OFF: Final = time(15)


class Timeliness(StrEnum):
    """Whether the work was done before the due instant, on it, or after it."""

    EARLY = "early"
    ON_TIME = "on_time"
    LATE = "late"


class Calendar(Model):
    """The working time of one agency, as a filing records it.

    Attributes:
        code: The calendar's name.
        version: Its published version.
        valid_from: Its first day.
        valid_until: Its last day.
        week: The regular hours of the seven weekdays, Monday first.
        off: The dates on which a regular working day is closed, in order.
        open: The hours of days that differ from their weekday: make-up working days and short days.
        cut_off: For a limit of 0 days, an arrival after this time of day counts as received on the next working day.
    """

    code: CalendarCode
    """name of the calendar, such as vn"""
    version: Version
    valid_from: Day
    """first day of the calendar"""
    valid_until: Day
    """last day of the calendar"""
    week: tuple[OpenHours, ...] = Field(min_length=7, max_length=7)
    """office hours of the seven weekdays, Monday first"""
    off: tuple[Day, ...] = ()
    """dates on which a regular working day is closed, in order"""
    open: dict[Day, OpenHours] = Field(default_factory=dict)
    """hours of days that differ from their weekday, by date"""
    cut_off: LocalTime = CUT_OFF

    @property
    def name(self) -> str:
        """The calendar's code and version."""
        return f"{self.code}@{self.version}"

    def __hash__(self) -> int:
        return hash((self.code, self.version, self.valid_from, self.valid_until, self.off))


class DayKind(StrEnum):
    """The kind of a day that differs from its weekday, or from the library of holidays.

    Off: closed. Compensatory (nghỉ bù): closed because a holiday fell on a weekly day off. Makeup (làm bù): open in
    place of another day. Short: open for fewer hours. Working: open like its weekday, though the library has it as a
    holiday.
    """

    OFF = "off"
    COMPENSATORY = "compensatory"
    MAKEUP = "makeup"
    SHORT = "short"
    WORKING = "working"


class DayStatus(StrEnum):
    """Whether a special day was decided, or only proposed: a proposed day is shown, but time limits ignore it."""

    DECIDED = "decided"
    PROPOSED = "proposed"


class CalendarDay(StrictModel):
    """A day that differs from its weekday, and the source of this fact.

    Only a short day has `hours`. A make-up day has the hours of the day that it `replaces`. `source` names the legal
    text, or is the word `unconfirmed`; `checked` is the date of the day's last comparison with the source.
    """

    date: Day
    """the day, in Vietnam"""
    kind: DayKind
    """kind of the day: off, compensatory, makeup, short or working"""
    hours: OpenHours = ()
    """office hours of a short day; empty for any other day"""
    replaces: Day | None = None
    """the day whose hours a make-up day has; not set for any other day"""
    status: DayStatus = DayStatus.DECIDED
    """decided, or only proposed: then the day is shown, but time limits ignore it"""
    source: ShortText
    """legal text of the day, or the word unconfirmed"""
    checked: Day | None = None
    """date of the last comparison with the source; not set: the date for the whole file counts"""


class Overlay(StrictModel):
    """Special days of one agency and of all agencies below it (`H01` includes `H01.12`), or of the whole country."""

    agency: OverlayAgency | None = None
    """code of the agency, which includes all agencies below it; not set: the whole country"""
    days: tuple[CalendarDay, ...] = Field(min_length=1)
    """the days that differ from their weekday"""


class Week(StrictModel):
    """The regular office hours of each weekday."""

    monday: OpenHours = (MORNING, AFTERNOON)
    """office hours on a Monday, such as 07:00-11:30; none: closed"""
    tuesday: OpenHours = (MORNING, AFTERNOON)
    """office hours on a Tuesday, such as 07:00-11:30; none: closed"""
    wednesday: OpenHours = (MORNING, AFTERNOON)
    """office hours on a Wednesday, such as 07:00-11:30; none: closed"""
    thursday: OpenHours = (MORNING, AFTERNOON)
    """office hours on a Thursday, such as 07:00-11:30; none: closed"""
    friday: OpenHours = (MORNING, AFTERNOON)
    """office hours on a Friday, such as 07:00-11:30; none: closed"""
    saturday: OpenHours = ()
    """office hours on a Saturday, such as 07:00-11:30; none: closed"""
    sunday: OpenHours = ()
    """office hours on a Sunday, such as 07:00-11:30; none: closed"""

    def days(self) -> tuple[OpenHours, ...]:
        """The hours of the seven days, Monday first."""
        return tuple(getattr(self, name) for name in WEEKDAYS)


class CalendarFile(StrictModel):
    """One version of a calendar, as written under `procedures/calendars/`.

    The holidays of the country `base`, their compensatory days, and the days that the Government has swapped come from
    the library `holidays`. Days that the library lacks, or states differently, are in `overlays`; the longest matching
    agency code decides. `checked` applies to every day without a date of its own.
    """

    code: CalendarCode
    """name of the calendar, such as vn"""
    version: Version
    valid_from: Day
    """first day of the calendar"""
    valid_until: Day
    """last day of the calendar"""
    checked: Day | None = None
    """date of the last comparison of the days with their sources"""
    base: Literal["VN"] = "VN"
    """country of the public holidays: VN"""
    week: Week = Week()
    """office hours of the seven weekdays"""
    cut_off: LocalTime = CUT_OFF
    overlays: tuple[Overlay, ...] = ()
    """the special days of the country and of agencies"""

    @property
    def name(self) -> str:
        """The calendar's code and version."""
        return f"{self.code}@{self.version}"
