"""What can be wrong with a file of the catalogue, in words: one stable rule code each, in both languages."""

from __future__ import annotations

from typing import Final

from rules.publishing.calendar_words import CALENDAR_WORDS
from rules.publishing.mistake_words import WORDS
from rules.publishing.province_words import PROVINCE_WORDS
from rules.publishing.table_words import TABLE_WORDS
from rules.publishing.template_words import TEMPLATE_WORDS
from schemas.base import Model, Text


class Mistake(Model):
    """One mistake. `path` is like `review[1].role`, empty for the whole file; `line` counts from 1 where it is known.

    The words name rules and allowed values only: nothing of what was written is repeated.
    """

    path: str
    rule: str
    message: Text
    fix: Text
    line: int | None = None


RULES: Final = frozenset(WORDS)
"""Those of procedure files."""
_ALL_WORDS: Final = WORDS | CALENDAR_WORDS | TABLE_WORDS | PROVINCE_WORDS | TEMPLATE_WORDS


def mistake(rule: str, path: str, **facts: object) -> Mistake:
    """The mistake against `rule` at `path`; `facts` fill its words."""
    vi, en, fix_vi, fix_en = (words.format(**facts) for words in _ALL_WORDS[rule])
    return Mistake(path=path, rule=rule, message=Text(vi=vi, en=en), fix=Text(vi=fix_vi, en=fix_en))
