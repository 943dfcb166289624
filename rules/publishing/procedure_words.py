"""What the choices of a procedure are called, and its plain values."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from schemas.base import Text
from schemas.publishing.fee import FeeDue, FeeKind, GoverningDay, RefundCase
from schemas.publishing.figure import FigureUnit, unit_words
from schemas.publishing.procedure import Database, FieldKind, PartialReason, Silence
from schemas.publishing.time_limits import GoesOn
from schemas.saying import said

FEE_KIND_NAMES: Final[Mapping[StrEnum, Text]] = {kind: said(f"fee_kind.{kind}") for kind in FeeKind}
FEE_DUE_NAMES: Final[Mapping[StrEnum, Text]] = {due: said(f"fee_due.{due}") for due in FeeDue}
FIELD_KIND_NAMES: Final[Mapping[StrEnum, Text]] = {kind: said(f"field_kind.{kind}") for kind in FieldKind}
SILENCE_NAMES: Final[Mapping[StrEnum, Text]] = {silence: said(f"silence.{silence}") for silence in Silence}
GOES_ON_NAMES: Final[Mapping[StrEnum, Text]] = {rule: said(f"goes_on.{rule}") for rule in GoesOn}
GOVERNING_DAY_NAMES: Final[Mapping[StrEnum, Text]] = {day: said(f"governing_day.{day}") for day in GoverningDay}
REFUND_CASE_NAMES: Final[Mapping[StrEnum, Text]] = {case: said(f"refund_case.{case}") for case in RefundCase}
DATABASE_NAMES: Final[Mapping[StrEnum, Text]] = {database: said(f"database.{database}") for database in Database}
PARTIAL_REASON_NAMES: Final[Mapping[StrEnum, Text]] = {
    reason: said(f"partial_reason.{reason}") for reason in PartialReason
}
FIGURE_UNIT_NAMES: Final[Mapping[StrEnum, Text]] = {unit: unit_words(unit) for unit in FigureUnit}


def truth(value: bool) -> Text:  # noqa: FBT001 -- the value is what it is about
    """Yes or no."""
    return said("prose.yes") if value else said("prose.no")


def required_words(required: bool) -> Text:  # noqa: FBT001 -- the value is what it is about
    """Whether something is asked for."""
    return said("required") if required else said("optional")


def taken_words(taken: bool) -> Text:  # noqa: FBT001 -- the value is what it is about
    """Whether something is taken."""
    return said("taken") if taken else said("not_taken")


def number(value: float) -> Text:
    """A number with its thousands apart: `1.250,5`, `1,250.5`."""
    written = f"{value:,.10g}"
    return Text(vi=written.translate(str.maketrans(",.", ".,")), en=written)


def percent(value: int) -> Text:
    """A share."""
    return same(f"{value}%")


def quoted(text: Text) -> Text:
    """The words between quotation marks."""
    return Text(vi=f"“{text.vi}”", en=f"“{text.en}”")


def words_quoted(words: str) -> Text:
    """What is cited, as a legal text."""
    return quoted(same(words))


def same(words: str) -> Text:
    """What is the same in both languages: a code, a number, a legal text."""
    return Text(vi=words, en=words)
