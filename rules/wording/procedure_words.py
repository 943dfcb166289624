"""The names of a procedure's choices, and the words for its plain values."""

from collections.abc import Mapping
from enum import StrEnum
from hashlib import sha256
from typing import Final

from schemas.base import Text
from schemas.files import DocumentType
from schemas.level import Channel
from schemas.limit import unit_words
from schemas.people import Role
from schemas.publishing.agency import AgencyKind
from schemas.publishing.fee import FeeDue, FeeKind, GoverningDay, RefundCase
from schemas.publishing.figure import FigureUnit
from schemas.publishing.procedure import Act, Database, FieldKind, PartialReason, Silence
from schemas.publishing.time_limits import GoesOn
from schemas.translate import said

_KEYS: Final[Mapping[type[StrEnum], str]] = {
    Act: "step_act",
    AgencyKind: "agency_kind",
    Channel: "channel",
    Database: "database",
    DocumentType: "document_type",
    FeeDue: "fee_due",
    FeeKind: "fee_kind",
    FieldKind: "field_kind",
    GoesOn: "goes_on",
    GoverningDay: "governing_day",
    PartialReason: "partial_reason",
    RefundCase: "refund_case",
    Role: "role",
    Silence: "silence",
}
_NAMES: Final[Mapping[tuple[type, StrEnum], Text]] = {
    (kind, one): said(f"{key}.{one}") for kind, key in _KEYS.items() for one in kind
} | {(FigureUnit, unit): unit_words(unit) for unit in FigureUnit}


def chosen(value: StrEnum) -> Text:
    """The name of a choice, or its code if it has no name."""
    return _NAMES.get((type(value), value), same(value))


def truth(value: bool) -> Text:  # noqa: FBT001 -- the value is the subject
    """Returns yes or no in words."""
    return said("prose.yes") if value else said("prose.no")


def required_words(required: bool) -> Text:  # noqa: FBT001 -- the value is what it is about
    """Whether a part is required."""
    return said("required") if required else said("optional")


def taken_words(taken: bool) -> Text:  # noqa: FBT001 -- the value is what it is about
    """Whether a means is accepted."""
    return said("taken") if taken else said("not_taken")


def number(value: float) -> Text:
    """A number with grouped thousands: `1.250,5`, `1,250.5`."""
    written = f"{value:,.10g}"
    return Text(vi=written.translate(str.maketrans(",.", ".,")), en=written)


def percent(value: int) -> Text:
    """A percentage."""
    return same(f"{value}%")


def rate(basis_points: int) -> Text:
    """Returns a rate in words: `0,5%`, `0.5%`."""
    share = number(basis_points / 100)
    return Text(vi=f"{share.vi}%", en=f"{share.en}%")


def lines_of(words: str) -> Text:
    """A long text in short: its number of lines, and the start of its digest to tell texts of equal length apart."""
    return said("lines_of", number=len(words.splitlines()), digest=sha256(words.encode()).hexdigest()[:8])


def quoted(text: Text) -> Text:
    """Returns the words between quotation marks."""
    return Text(vi=f"“{text.vi}”", en=f"“{text.en}”")


def words_quoted(words: str) -> Text:
    """A citation, such as a legal text, in quotation marks."""
    return quoted(same(words))


def same(words: str) -> Text:
    """Words that are the same in both languages: a code, a number, a legal text."""
    return Text(vi=words, en=words)
