"""Sentences for people, in both languages: looked up by key and filled with values."""

from collections.abc import Iterable
from functools import lru_cache

from .base import Text
from .words.catalogue import SENTENCES

__all__ = ["beside", "both", "said"]


def said(key: str, **values: object) -> Text:
    """Returns the sentence of this key, filled with `values`.

    Of a `Text` value, each language of the sentence gets its own. Raises `KeyError` for an unknown key, or if a value
    of the sentence is missing.
    """
    if not values:
        return _plain(key)
    in_vi, in_en = SENTENCES[key]
    vi = {name: value.vi if isinstance(value, Text) else value for name, value in values.items()}
    en = {name: value.en if isinstance(value, Text) else value for name, value in values.items()}
    return Text(vi=in_vi.format_map(vi), en=in_en.format_map(en))


@lru_cache(maxsize=1000)
def _plain(key: str) -> Text:
    vi, en = SENTENCES[key]
    return Text(vi=vi.format_map({}), en=en.format_map({}))


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
