"""The name of each place of a procedure file, by the keys that lead there."""

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from rules.amounts import money
from rules.wording.procedure_words import lines_of, percent, rate, required_words, taken_words, words_quoted
from schemas.base import Text
from schemas.translate import said
from schemas.words.catalogue import SENTENCES


class PlaceWords(NamedTuple):
    """The name of a place, as it stands in the middle of a sentence.

    `says`, if given, turns the place's value into words, instead of the usual function. A place without a name is
    described as its owner.
    """

    vi: str
    en: str
    says: Callable[[Any], Text] | None = None


_OF_A_LIMIT: Final = "limits_source."
UNNAMED: Final = frozenset({"papers.required", "form.required"})
SAYS: Final[Mapping[str, Callable[[Any], Text]]] = {
    "legal_basis": words_quoted,
    "limits_source": words_quoted,
    "papers.required": required_words,
    "form.required": required_words,
    "fee.items.amount": money,
    "fee.items.basis_points": rate,
    "fee.items.minimum": money,
    "fee.items.maximum": money,
    "fee.waivers.percent": percent,
    "fee.refunds.percent": percent,
    "fee.cash": taken_words,
    "result.template": lines_of,
    "result.postage.amount": money,
    "signature.required": required_words,
    "silent_approval.legal_basis": words_quoted,
}
"""The words for the values of some places. A place `source` has words without being listed here."""


def words_of(name: str) -> PlaceWords:
    """The name of the place; its key if it has no name, so that no change stays unmentioned."""
    if name.startswith(_OF_A_LIMIT):
        limit = words_of(f"limits.{name.removeprefix(_OF_A_LIMIT)}")
        called = said("source_of_limit", limit=Text(vi=limit.vi, en=limit.en))
        return PlaceWords(called.vi, called.en, words_quoted)
    says = words_quoted if name.endswith(".source") else SAYS.get(name)
    if name in UNNAMED:
        return PlaceWords("", "", says)
    keys = (f"place.{name}", f"place_of_any.{name.rpartition('.')[2]}")
    vi, en = next((SENTENCES[key] for key in keys if key in SENTENCES), (name, name))
    return PlaceWords(vi, en, says)
