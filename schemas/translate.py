"""Sentences for people, in both languages: looked up by key and filled with values.

Each language writes numbers and days its own way: 16.000,5 and 25/11/2026 in Vietnamese, 16,000.5 and 2026-11-25 in
English. A moment is shown in Vietnamese time.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from functools import lru_cache
from typing import Final

from .base import Text
from .words.catalogue import SENTENCES

__all__ = ["VIETNAM", "beside", "both", "deadline", "in_dong", "joined", "said", "written"]

VIETNAM: Final = timezone(timedelta(hours=7), "+07")
"""A fixed offset, unchanged since 1975. So no time zone database is needed, which some machines lack."""


def said(key: str, **values: object) -> Text:
    """Returns the sentence of this key, filled with `values`.

    From a `Text` value, each sentence takes the text in its own language. Raises `KeyError` for an unknown key, or if a
    value of the sentence is missing.
    """
    if not values:
        return _plain(key)
    in_vi, in_en = SENTENCES[key]
    vi = {name: value.vi if isinstance(value, Text) else _filled(value, vi=True) for name, value in values.items()}
    en = {name: value.en if isinstance(value, Text) else _filled(value, vi=False) for name, value in values.items()}
    return Text(vi=in_vi.format_map(vi), en=in_en.format_map(en))


@lru_cache(maxsize=1000)
def _plain(key: str) -> Text:
    vi, en = SENTENCES[key]
    return Text(vi=vi.format_map({}), en=en.format_map({}))


def written(value: float | date, form: str = "") -> Text:
    """Returns a number, a day or a moment as people write it. `form`: a format specification, such as `.1f`."""
    form = form or ("," if isinstance(value, int | float) else "")
    return Text(vi=_Written(value, vi=True).__format__(form), en=_Written(value, vi=False).__format__(form))


def deadline(at: datetime) -> Text:
    """Returns the end of a limit as people write it; for a limit that ends at 24:00, the end of that day."""
    local = at.astimezone(VIETNAM)
    if local.time() != time.min:
        return written(at)
    return said("end_of_day", day=local.date() - timedelta(days=1))


def in_dong(amount: int) -> Text:
    """Returns an amount of money in digits: `8.000 đồng` / `8,000 đồng`."""
    return said("amount_in_dong", amount=written(amount))


def joined(texts: Iterable[Text], between: str = ", ") -> Text:
    """Returns the texts one after another, with `between` between them; a dash if there are no texts."""
    found = list(texts)
    return Text(vi=between.join(text.vi for text in found) or "-", en=between.join(text.en for text in found) or "-")


def both(key: str, **values: object) -> str:
    """Returns the sentence of this key in both languages, on one line."""
    return beside(said(key, **values))


def beside(text: Text) -> str:
    """Returns a text in both languages, on one line."""
    return f"{text.vi} / {text.en}"


_SIGNS: Final = str.maketrans(",.", ".,")


@dataclass(frozen=True)
class _Written:
    """A number, a day or a moment, for a placeholder of a sentence in one language."""

    value: float | date
    vi: bool

    def __format__(self, form: str) -> str:
        if isinstance(self.value, datetime):
            local = self.value.astimezone(VIETNAM) if self.value.tzinfo else self.value
            return format(local, form or ("%d/%m/%Y %H:%M:%S" if self.vi else "%Y-%m-%d %H:%M:%S %Z"))
        if isinstance(self.value, date):
            return format(self.value, form or ("%d/%m/%Y" if self.vi else "%Y-%m-%d"))
        number = format(self.value, form)
        return number.translate(_SIGNS) if self.vi else number


def _filled(value: object, *, vi: bool) -> object:
    """Returns the value for a placeholder. Truth values, and members of an enumeration of numbers, stay as they are."""
    return _Written(value, vi=vi) if type(value) in {int, float, date, datetime} else value  # type: ignore[arg-type]
