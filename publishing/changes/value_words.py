"""The value at a place of a procedure file in words: a number, a limit, an entry with all its parts."""

from collections.abc import Iterator
from datetime import date, time
from enum import StrEnum
from functools import singledispatch
from typing import Any, Final

from publishing.changes.procedure_changes import key_of
from rules.wording.procedure_words import PlaceWords, chosen, number, quoted, same, truth, words_of
from rules.wording.rule_words import Labels, holds
from schemas.base import Model, Text
from schemas.level import CAPABILITIES, Level
from schemas.limit import Limit
from schemas.publishing.fact import Condition, Statement
from schemas.translate import joined, said

TOLD_BEFORE: Final = frozenset({"code", "case", "name", "label", "source", "checked", "vi", "en"})
"""Keys of an entry's name and source. They are not repeated among its parts."""

NOTHING: Final = joined(())
"""The parts, in words, of an entry that has only a name."""


class Values:
    """Values in words; `labels` are the names of the form's fields."""

    def __init__(self, labels: Labels) -> None:
        self._labels = labels

    def said(self, name: str, value: Any) -> Text:
        """The words of a value at the place of this name."""
        if value is None or value == ():
            return said("none")
        if not isinstance(value, tuple):
            return self._one(name, value)
        if isinstance(value[0], Condition):
            return holds(value, self._labels)
        return joined(self._one(name, one) for one in value)

    def in_order(self, name: str, entries: tuple[Any, ...]) -> Text:
        """The entries of a list in their order."""
        words = (quoted(title(one)) if isinstance(one, Model) else self._one(name, one) for one in entries)
        return joined(words, " → ")

    def _one(self, name: str, value: Any) -> Text:
        if is_entry(value):
            return joined(self._parts(name, value), "; ")
        return (words_of(name).says or plain)(value)

    def _parts(self, name: str, entry: Model) -> Iterator[Text]:
        """All parts of an entry, except its name and its source."""
        if isinstance(entry, Statement):
            yield quoted(entry.text)
        for key, part in entry:
            place = f"{name}.{key}"
            if part is None or part == () or key in TOLD_BEFORE:
                continue
            if is_list_of_entries(part):
                yield from (_with(called(place, one), joined(self._parts(place, one), "; ")) for one in part)
            elif is_entry(part):
                yield _with(words_of(place), self._one(place, part))
            else:
                yield beside(words_of(place), self.said(place, part))


def is_entry(value: Any) -> bool:
    """Whether the value consists of parts that are listed one by one."""
    return isinstance(value, Model) and not isinstance(value, Text | Limit)


def is_list_of_entries(value: Any) -> bool:
    """Whether the value is a non-empty list of entries with codes."""
    return isinstance(value, tuple) and isinstance(value[0], Model) and key_of(value[0]) is not None


def _with(words: Text | PlaceWords, parts: Text) -> Text:
    """A name, followed by the parts in parentheses if there are any."""
    vi, en = ("", "") if parts == NOTHING else (f" ({parts.vi})", f" ({parts.en})")
    return Text(vi=words.vi + vi, en=words.en + en)


def beside(words: PlaceWords, value: Text) -> Text:
    """The name of a place, followed by its value."""
    return Text(vi=f"{words.vi}: {value.vi}", en=f"{words.en}: {value.en}") if words.vi else value


def called(name: str, entry: Any) -> Text:
    """An entry of the list of this name, with its own name and its code."""
    words = words_of(name)
    return said("coded", what=Text(vi=words.vi, en=words.en), name=title(entry), code=key_of(entry))


def title(entry: Any) -> Text:
    """The name of an entry; its code if it has no name."""
    found = getattr(entry, "name", None) or getattr(entry, "label", None)
    return found if isinstance(found, Text) else plain(key_of(entry))


@singledispatch
def plain(value: object) -> Text:
    """The words of a single value, without the name of its place."""
    return same(str(value))


plain.register(Text, lambda value: value)
plain.register(Limit, lambda value: value.words)
plain.register(Level, lambda value: CAPABILITIES[value].name)
plain.register(StrEnum, chosen)
plain.register(date, lambda value: Text(vi=f"{value:%d/%m/%Y}", en=value.isoformat()))
plain.register(time, lambda value: same(f"{value:%H:%M}"))
plain.register(bool, truth)
plain.register(int, number)
plain.register(float, number)
