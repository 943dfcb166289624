"""The names of a procedure's choices and of the parts of its file, and the words for its plain values."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from hashlib import sha256
from typing import Any, Final, NamedTuple

from schemas.base import Text
from schemas.files import DocumentType
from schemas.level import Channel
from schemas.limit import FigureUnit, unit_words
from schemas.people import Role
from schemas.publishing.fact import AgencyKind
from schemas.publishing.fee import FeeDue, FeeKind, GoverningDay, RefundCase
from schemas.publishing.procedure import Act, Database, FieldKind, PartialReason, Silence
from schemas.publishing.time_limits import GoesOn, RunsFrom
from schemas.translate import in_dong, said
from schemas.words.catalogue import SENTENCES

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
    RunsFrom: "runs_from",
    Silence: "silence",
}
_NAMES: Final[Mapping[tuple[type, StrEnum], Text]] = {
    (kind, one): said(f"{key}.{one}") for kind, key in _KEYS.items() for one in kind
} | {(FigureUnit, unit): unit_words(unit) for unit in FigureUnit}


def chosen(value: StrEnum) -> Text:
    """The name of a choice, or its code if it has no name."""
    return _NAMES.get((type(value), value), same(value))


def truth(value: bool) -> Text:  # noqa: FBT001 -- the value is the subject
    """The word for yes or no."""
    return said("prose.yes") if value else said("prose.no")


def required_words(required: bool) -> Text:  # noqa: FBT001 -- the value is what it is about
    """The word for `required`, or if false, for optional."""
    return said("required") if required else said("optional")


def number(value: float) -> Text:
    """A number with grouped thousands: `1.250,5`, `1,250.5`."""
    written = f"{value:,.10g}"
    return Text(vi=written.translate(str.maketrans(",.", ".,")), en=written)


def percent(value: int) -> Text:
    """A percentage."""
    return same(f"{value}%")


def rate(basis_points: int) -> Text:
    """A rate in basis points as a percentage: `0,5%`, `0.5%`."""
    share = number(basis_points / 100)
    return Text(vi=f"{share.vi}%", en=f"{share.en}%")


def lines_of(words: str) -> Text:
    """The words in place of a long text: the number of its lines, and the start of its digest, which shows changes."""
    return said("lines_of", number=len(words.splitlines()), digest=sha256(words.encode()).hexdigest()[:8])


def quoted(text: Text) -> Text:
    """The words in quotation marks."""
    return Text(vi=f"“{text.vi}”", en=f"“{text.en}”")


def words_quoted(words: str) -> Text:
    """A citation, such as a legal text, in quotation marks."""
    return quoted(same(words))


def same(words: str) -> Text:
    """Words that are the same in both languages: a code, a number, a legal text."""
    return Text(vi=words, en=words)


class PlaceWords(NamedTuple):
    """The name of a key of a procedure's file, as it is written in the middle of a sentence.

    `says`: the function that turns the value of this key into words; None for the usual one. A key without a name has
    the name of the part that contains it.
    """

    vi: str
    en: str
    says: Callable[[Any], Text] | None = None


UNNAMED: Final = frozenset({"papers.required", "form.required", "review.if_needed"})
SAYS: Final[Mapping[str, Callable[[Any], Text]]] = {
    "legal_basis": words_quoted,
    "limits_source": words_quoted,
    "papers.required": required_words,
    "form.required": required_words,
    "review.if_needed": lambda needed: said("done_if_needed") if needed else said("always_done"),
    "fee.items.amount": in_dong,
    "fee.items.basis_points": rate,
    "fee.items.minimum": in_dong,
    "fee.items.maximum": in_dong,
    "fee.waivers.percent": percent,
    "fee.refunds.percent": percent,
    "fee.cash": lambda taken: said("taken") if taken else said("not_taken"),
    "result.template": lines_of,
    "result.postage.amount": in_dong,
    "signature.required": required_words,
    "silent_approval.legal_basis": words_quoted,
}
"""The functions that turn the values of some keys into words. A key named `source` needs no entry here."""


def words_of(name: str) -> PlaceWords:
    """The name of a key of a procedure's file; if it has no name, the key itself, so that each change is mentioned."""
    if name.startswith("limits_source."):
        limit = words_of(name.replace("limits_source.", "limits.", 1))
        called = said("source_of_limit", limit=Text(vi=limit.vi, en=limit.en))
        return PlaceWords(called.vi, called.en, words_quoted)
    says = words_quoted if name.endswith(".source") else SAYS.get(name)
    if name in UNNAMED:
        return PlaceWords("", "", says)
    keys = (f"place.{name}", f"place_of_any.{name.rpartition('.')[2]}")
    vi, en = next((SENTENCES[key] for key in keys if key in SENTENCES), (name, name))
    return PlaceWords(vi, en, says)
