"""The differences between two versions of a procedure: changed values with their places, and sentences about them."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, time
from enum import StrEnum
from functools import singledispatch
from typing import Any, Final, NamedTuple

from rules.wording.procedure_words import PlaceWords, chosen, number, quoted, same, truth, words_of
from rules.wording.rule_words import Labels, filled, holds, labels_of
from schemas.base import Model, Text
from schemas.level import CAPABILITIES, Level
from schemas.limit import Limit
from schemas.publishing.fact import Condition, Statement
from schemas.publishing.procedure import Procedure
from schemas.translate import joined, said


class Kind(StrEnum):
    """The kind of a change. A reordered list holds the same entries in another order."""

    CHANGED = "changed"
    ADDED = "added"
    REMOVED = "removed"
    REORDERED = "reordered"


class Group(StrEnum):
    """The subject of a change, in the order in which changes are listed."""

    RULES = "rules"
    WORDS = "words"
    SOURCES = "sources"


class Place(NamedTuple):
    """The place of a value in the file.

    `where` is the path, with the code or value of each list entry: `fee.items[late].amount`, `fee.channels[online]`.
    `name` is the path without them: `fee.items.amount`. `inside`: the list entries with a code that contain the value,
    or are the value, each with the `name` of its list, the outermost first.
    """

    where: str = ""
    name: str = ""
    inside: tuple[tuple[str, Model], ...] = ()

    def key(self, key: str) -> "Place":
        """Returns the place of the value with this key in the mapping at this place."""
        return Place(f"{self.where}.{key}".lstrip("."), f"{self.name}.{key}".lstrip("."), self.inside)

    def entry(self, key: str, entry: Any) -> "Place":
        """Returns the place of an entry in the list at this place; `key` is the entry's code or plain value."""
        inside = (*self.inside, (self.name, entry)) if isinstance(entry, Model) else self.inside
        return Place(f"{self.where}[{key}]", self.name, inside)

    @property
    def listed(self) -> bool:
        """Whether the value at this place is an entry of a list."""
        return self.where.endswith("]")


class Change(NamedTuple):
    """One difference. `was` is the old value, `now` the new one; for a reordered list, the entries in their order.

    If an entry was added to a list, `was` is None and `now` is the entry; if one was removed, `now` is None.
    `after` is the entry before an added entry; None if the added entry is the first.
    """

    place: Place
    kind: Kind
    was: Any
    now: Any
    after: Any = None

    @property
    def group(self) -> Group:
        """The subject of the change: a source, a text for people, or a rule (anything else)."""
        first, last = self.place.name.partition(".")[0], self.place.name.rpartition(".")[2]
        if first in {"legal_basis", "limits_source"} or last in ABOUT_SOURCES:
            return Group.SOURCES
        told = self.was if self.now is None else self.now
        return Group.WORDS if isinstance(told, Text) else Group.RULES


ABOUT_SOURCES: Final = frozenset({"source", "checked"})


def changes(was: Procedure, now: Procedure) -> list[Change]:
    """Returns every difference: first those of rules, then of texts, then of sources, each in the order of the file."""
    found = list(_fields(Place(), was, now, frozenset({"version"})))
    return sorted(found, key=lambda change: list(Group).index(change.group))


def _fields(place: Place, was: Model, now: Model, without: frozenset[str] = frozenset()) -> Iterator[Change]:
    """Yields the differences between two models. The two texts of a statement (`vi` and `en`) count as one value."""
    if isinstance(was, Statement) and isinstance(now, Statement):
        yield from _between(place, was.text, now.text)
        without |= frozenset(Text.model_fields)
    for name in type(now).model_fields:
        if name not in without:
            yield from _between(place.key(name), getattr(was, name), getattr(now, name))


def _between(place: Place, was: Any, now: Any) -> Iterator[Change]:
    if was == now and repr(was) == repr(now):  # in Python, true equals 1
        return
    match was, now:
        case Model(), Model() if type(was) is type(now) and not isinstance(now, Text | Limit | Condition):
            yield from _fields(place, was, now)
        case Mapping(), Mapping():
            for key in {**was, **now}:
                yield from _between(place.key(key), was.get(key), now.get(key))
        case tuple(), tuple():
            yield from _lists(place, was, now)
        case None, _:
            yield Change(place, Kind.ADDED, None, now)
        case _, None:
            yield Change(place, Kind.REMOVED, was, None)
        case _:
            yield Change(place, Kind.CHANGED, was, now)


def _lists(place: Place, was: tuple[Any, ...], now: tuple[Any, ...]) -> Iterator[Change]:
    """Yields the differences between two lists, entry by entry. A list without unique keys counts as one value."""
    before, after = _keyed(was), _keyed(now)
    if before is None or after is None:
        yield Change(place, Kind.CHANGED, was, now)
        return
    yield from _entries(place, before, after)
    kept, stay = [key for key in before if key in after], [key for key in after if key in before]
    if kept != stay:
        yield Change(place, Kind.REORDERED, tuple(before[key] for key in kept), tuple(after[key] for key in stay))


def _entries(place: Place, before: Mapping[Any, Any], after: Mapping[Any, Any]) -> Iterator[Change]:
    for key, entry in before.items():
        if key not in after:
            yield Change(place.entry(key, entry), Kind.REMOVED, entry, None)
    previous = None
    for key, entry in after.items():
        if key not in before:
            yield Change(place.entry(key, entry), Kind.ADDED, None, entry, previous)
        elif isinstance(entry, Model):
            yield from _between(place.entry(key, entry), before[key], entry)
        previous = entry


def key_of(entry: Model) -> Any:
    """Returns the key of an entry in its list, a code or a case; None if the entry has no key."""
    return next((getattr(entry, key) for key in ("code", "case") if hasattr(entry, key)), None)


def _keyed(entries: Sequence[Any]) -> dict[Any, Any] | None:
    """Returns the entries by their keys; None if an entry has no key, or two have the same key."""
    keys = [key_of(entry) if isinstance(entry, Model) else entry for entry in entries]
    return None if None in keys or len({*keys}) < len(keys) else dict(zip(keys, entries, strict=True))


TOLD_BEFORE: Final = frozenset({"code", "case", "name", "label", "source", "checked", "vi", "en"})
"""Keys of an entry that are not listed among the entry's parts, since its title or its source shows them."""

NOTHING: Final = joined(())
"""The empty text: the parts of an entry that has only a name."""


class Values:
    """Puts values into words; `labels` are the names of the form's fields."""

    def __init__(self, labels: Labels) -> None:
        self._labels = labels

    def in_words(self, name: str, value: Any) -> Text:
        """Returns the value in words; `name` is its path, as in `Place`."""
        if value is None or value == ():
            return said("none")
        if not isinstance(value, tuple):
            return self._one(name, value)
        if isinstance(value[0], Condition):
            return holds(value, self._labels)
        return joined(self._one(name, one) for one in value)

    def in_order(self, name: str, entries: tuple[Any, ...]) -> Text:
        """Returns the entries of a list in words, joined by arrows."""
        words = (quoted(title(one)) if isinstance(one, Model) else self._one(name, one) for one in entries)
        return joined(words, " → ")

    def _one(self, name: str, value: Any) -> Text:
        if is_entry(value):
            return joined(self._parts(name, value), "; ")
        return (words_of(name).says or plain)(value)

    def _parts(self, name: str, entry: Model) -> Iterator[Text]:
        """Yields all parts of an entry in words, except its name and its source."""
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
                yield beside(words_of(place), self.in_words(place, part))


def is_entry(value: Any) -> bool:
    """Whether the value consists of parts that are listed one by one."""
    return isinstance(value, Model) and not isinstance(value, Text | Limit)


def is_list_of_entries(value: Any) -> bool:
    """Whether the value is a non-empty list of entries with codes."""
    return isinstance(value, tuple) and isinstance(value[0], Model) and key_of(value[0]) is not None


def _with(words: Text | PlaceWords, parts: Text) -> Text:
    """Returns the name of an entry, followed by the entry's parts in parentheses if it has any."""
    vi, en = ("", "") if parts == NOTHING else (f" ({parts.vi})", f" ({parts.en})")
    return Text(vi=words.vi + vi, en=words.en + en)


def beside(words: PlaceWords, value: Text) -> Text:
    """Returns the value in words, after the name of its place if the place has a name."""
    return Text(vi=f"{words.vi}: {value.vi}", en=f"{words.en}: {value.en}") if words.vi else value


def called(name: str, entry: Any) -> Text:
    """Returns the words for an entry of the list `name`: the kind of entry, then the entry's own name and code."""
    words = words_of(name)
    return said("coded", what=Text(vi=words.vi, en=words.en), name=title(entry), code=key_of(entry))


def title(entry: Any) -> Text:
    """Returns the name of an entry; its code if it has no name."""
    found = getattr(entry, "name", None) or getattr(entry, "label", None)
    return found if isinstance(found, Text) else plain(key_of(entry))


@singledispatch
def plain(value: object) -> Text:
    """Returns a single value in words, without the name of its place."""
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


_SHORT: Final = 30
"""The length up to which two values fit into one sentence; longer ones are quoted one after the other."""


def change_sentences(was: Procedure, now: Procedure) -> list[tuple[Change, Text]]:
    """Returns every change with a sentence about the old and the new value. Placeholders in texts are filled."""
    values = Values(labels_of((*was.form, *now.form)))
    found = changes(was, now)
    as_filled = {_key(change): change for change in changes(filled(was), filled(now))}
    return [(change, _sentence(as_filled.get(_key(change), change), values)) for change in found]


def _key(change: Change) -> tuple[str, Kind]:
    return (change.place.where, change.kind)


def _sentence(change: Change, values: Values) -> Text:
    *owners, what = _names(change)
    words = _change_text(change, what, values)
    if owners:
        words = said("change.inside", whose=joined(owners), said=words)
    return Text(vi=_capital(words.vi), en=_capital(words.en))


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _names(change: Change) -> list[Text]:
    """Returns the name of the changed place, after the names of the list entries that contain it."""
    place = change.place
    words, entries = words_of(place.name), [called(name, entry) for name, entry in place.inside]
    if not words.vi or (place.listed and is_entry(change.was or change.now)):
        return entries
    what = Text(vi=words.vi, en=words.en)
    if change.kind is not Kind.REORDERED:
        what = said("change.the", what=what)
    owner, _, key = place.name.rpartition(".")
    if key in ABOUT_SOURCES and owner not in {"", *(name for name, _ in place.inside[-1:])}:
        of = words_of(owner)
        what = said("change.of", what=what, of=Text(vi=of.vi, en=of.en))
    return [*entries, what]


def _change_text(change: Change, what: Text, values: Values) -> Text:
    was, now, name = change.was, change.now, change.place.name
    if isinstance(was, Text) and isinstance(now, Text):
        if was.en == now.en:
            return said("change.vietnamese_only", what=what, was=was.vi, now=now.vi)
        if was.vi == now.vi:
            return said("change.english_only", what=what, was=was.en, now=now.en)
        return said("change.reworded", what=what, was=was, now=now)
    if change.kind is Kind.REORDERED:
        return said("change.reordered", what=what, was=values.in_order(name, was), now=values.in_order(name, now))
    if change.kind is Kind.ADDED and name == "review":  # the order of the steps matters
        where = said("change.after", entry=called(name, change.after)) if change.after else said("change.first")
        what = joined((what, where), " ")
    before, after = values.in_words(name, was), values.in_words(name, now)
    return said(_verb(change, before, after), what=what, was=before, now=after)


def _verb(change: Change, before: Text, after: Text) -> str:
    if change.kind is Kind.CHANGED:
        is_long = max(len(before.vi), len(after.vi)) > _SHORT
        return _direction(change.was, change.now) or ("change.replaced" if is_long else "change.changed")
    told, value = ("added", change.now) if change.kind is Kind.ADDED else ("removed", change.was)
    if is_entry(value):
        return f"change.{told}_so_called" if NOTHING in {before, after} else f"change.{told}"
    return f"change.member_{told}" if change.place.listed else f"change.value_{told}"


def _direction(was: Any, now: Any) -> str | None:
    if isinstance(was, Limit) and isinstance(now, Limit) and was.unit is now.unit:
        was, now = was.amount, now.amount
    if {type(was), type(now)} <= {int, float}:
        return "change.up" if now > was else "change.down"
    return None
