"""The mistakes of catalogue files, in words: one stable rule code each, in both languages."""

from collections.abc import Iterable
from typing import Final

from schemas.base import Model, Text
from schemas.translate import said
from schemas.words.catalogue import SENTENCES


class Mistake(Model):
    """One mistake. `path` is like `review[1].role`, empty for the whole file; `line` counts from 1, if known.

    The words name rules and allowed values only; they never repeat the written value.
    """

    path: str
    rule: str
    message: Text
    fix: Text
    line: int | None = None


_FIX: Final = ".fix"
_KEYS: Final = {
    key.rpartition(".")[2]: key for key in SENTENCES if key.startswith("mistake.") and not key.endswith(_FIX)
}
"""The key of each rule's sentence: `mistake.<checked part>.<rule>`. Its remedy has the same key with `.fix`."""


def mistake(rule: str, path: str, **facts: object) -> Mistake:
    """Returns the mistake against `rule` at `path`; `facts` fill its words."""
    key = _KEYS[rule]
    return Mistake(path=path, rule=rule, message=said(key, **facts), fix=said(key + _FIX, **facts))


def elsewhere(more: Iterable[Mistake], found: Iterable[Mistake]) -> list[Mistake]:
    """The further mistakes at other places. At one place, the first mistake causes the others."""
    known = {entry.path for entry in found}
    return [entry for entry in more if entry.path not in known]
