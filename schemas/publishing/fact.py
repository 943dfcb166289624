"""Common parts of published procedures: kinds of agencies, facts with a source, statements, conditions."""

from enum import StrEnum

from pydantic import Field

from ..base import AgencyCode, Code, Model, ShortText, StrictModel, Text
from ..level import Channel
from ..people import PersonKind
from ..text import FormValue
from .calendar import Day

__all__ = ["Fact", "Statement"]


class AgencyKind(StrEnum):
    """The kinds of agencies. A procedure names the kinds that decide it."""

    COMMUNE = "commune"
    COMMUNE_POLICE = "commune_police"
    PROVINCE = "province"
    PROVINCE_DEPARTMENT = "province_department"
    PROVINCE_POLICE = "province_police"
    LAND_OFFICE = "land_office"
    TAX = "tax"
    SOCIAL_INSURANCE = "social_insurance"
    ONE_STOP_CENTRE = "one_stop_centre"
    MINISTRY = "ministry"


class AgencyName(Model):
    """An agency by its code, its name, and the telephone of its one-stop desk, if the directory has it."""

    agency: AgencyCode
    name: Text
    phone: str | None = None


class Fact(StrictModel):
    """A stated fact of the procedure. `source` names the legal text, or is the word `unconfirmed`.

    `checked` is the day of its last comparison with its source; if it is not set, the day of the whole file counts.
    """

    source: ShortText
    """legal text of the fact, or the word unconfirmed"""
    checked: Day | None = None
    """day of the last comparison with the source; not set: the day for the whole file counts"""


class Statement(Fact):
    """One item of the information page, as a text in both languages."""

    vi: ShortText
    """the text in Vietnamese"""
    en: ShortText
    """the text in English"""

    @property
    def text(self) -> Text:
        """The text in both languages."""
        return Text(vi=self.vi, en=self.en)


class Condition(Model):
    """A condition of a rule of the procedure: on one form field, on the channel of filing, or on the kind of applicant.

    A condition on a field requires a value in `one_of`, a whole number from `at_least` to `at_most`, or a date that is
    `at_least_days_ago` to `at_most_days_ago` calendar days before the day of receipt. Days off right before the day of
    receipt do not count, since a limit never ends on a day off. An empty field fulfils no condition.
    """

    field: Code | None = None
    """code of the form field that the condition tests; not set if it tests the channel or the applicant"""
    one_of: tuple[FormValue, ...] = ()
    """values that the form field may have"""
    at_least: int | None = None
    """smallest whole number that fulfils the condition"""
    at_most: int | None = None
    """greatest whole number that fulfils the condition"""
    at_least_days_ago: int | None = Field(default=None, ge=0, le=100_000)
    """least number of calendar days from the date to the day of receipt"""
    at_most_days_ago: int | None = Field(default=None, ge=0, le=100_000)
    """greatest number of calendar days from the date to the day of receipt"""
    channel: Channel | None = None
    """required channel of filing"""
    applicant: PersonKind | None = None
    """required kind of applicant"""


When = tuple[Condition, ...]
"""Conditions that must all hold for the rule to apply. Without conditions the rule always applies."""
