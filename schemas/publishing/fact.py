"""The parts of every published procedure: facts with a source, statements, conditions."""

from __future__ import annotations

from pydantic import Field

from ..base import Code, Model, ShortText, StrictModel, Text
from ..form import FormValue
from ..level import Channel
from ..people import PersonKind
from .calendar import Day

__all__ = ["Fact", "Statement"]


class Fact(StrictModel):
    """A stated fact of the procedure. `source` names the legal text, or is the word `unconfirmed`.

    `checked` is the day of its last comparison with its source; without it, that of the whole file.
    """

    source: ShortText
    """the legal text that says so, or the word unconfirmed"""
    checked: Day | None = None
    """the day on which it was last held against its source; without it that of the whole file"""


class Statement(Fact):
    """One item of the information page in words."""

    vi: ShortText
    """the words in Vietnamese"""
    en: ShortText
    """the words in English"""

    @property
    def text(self) -> Text:
        """The words."""
        return Text(vi=self.vi, en=self.en)


class Condition(Model):
    """What a rule of the procedure depends on: one form field, or the channel of filing, or who the applicant is.

    A field's condition asks for `one_of` some values, for a whole number of `at_least` and `at_most`, or for a date so
    many calendar days before the day of receipt. A field that was not filled in fulfils none.
    """

    field: Code | None = None
    """code of the form field that it looks at"""
    one_of: tuple[FormValue, ...] = ()
    """the values of which the form field must have one"""
    at_least: int | None = None
    """the smallest whole number that fulfils it"""
    at_most: int | None = None
    """the greatest whole number that fulfils it"""
    at_least_days_ago: int | None = Field(default=None, ge=0, le=100_000)
    """how many calendar days at least the date lies before the day of receipt"""
    at_most_days_ago: int | None = Field(default=None, ge=0, le=100_000)
    """how many calendar days at most the date lies before the day of receipt"""
    channel: Channel | None = None
    """the channel of filing that it asks for"""
    applicant: PersonKind | None = None
    """the kind of applicant that it asks for"""


When = tuple[Condition, ...]
"""Conditions that must all hold; none: always."""
