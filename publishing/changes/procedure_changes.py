"""The differences between two versions of a procedure: every leaf of the model, found by its place in the file."""

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any, Final, NamedTuple

from schemas.base import Model, Text
from schemas.limit import Limit
from schemas.publishing.fact import Condition, Statement
from schemas.publishing.procedure import Procedure


class Kind(StrEnum):
    """The kind of change at a place. A reordered list holds the same entries in another order."""

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
    """A place in the file.

    `where` names the entry of a list by its code or value: `fee.items[late].amount`, `fee.channels[online]`. `name` is
    the same for every entry: `fee.items.amount`. `inside` are the entries with a code that contain the place (or are
    it), each with its name, the outermost first.
    """

    where: str = ""
    name: str = ""
    inside: tuple[tuple[str, Model], ...] = ()

    def key(self, key: str) -> "Place":
        """The place of this key in the part at this place."""
        return Place(f"{self.where}.{key}".lstrip("."), f"{self.name}.{key}".lstrip("."), self.inside)

    def entry(self, key: str, entry: Any) -> "Place":
        """The place of the entry with this code, or of this plain value, in the list at this place."""
        inside = (*self.inside, (self.name, entry)) if isinstance(entry, Model) else self.inside
        return Place(f"{self.where}[{key}]", self.name, inside)

    @property
    def listed(self) -> bool:
        """Whether the place is that of an entry of a list."""
        return self.where.endswith("]")


class Change(NamedTuple):
    """One difference. `was` and `now` are the values; for a reordered list, its entries in their order.

    If an entry was added to a list or removed from it, the value is the entry itself, and the other value is None.
    `after` is the entry before an added entry; None if the added one is the first.
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
    """Returns every difference: rules before words before sources, each in the order of the file."""
    found = list(_fields(Place(), was, now, frozenset({"version"})))
    return sorted(found, key=lambda change: list(Group).index(change.group))


def _fields(place: Place, was: Model, now: Model, without: frozenset[str] = frozenset()) -> Iterator[Change]:
    """The changes of two models. The texts of a statement in both languages count as one value."""
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
    """The changes of two lists, matched by codes or plain values. Any other list counts as one value."""
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
    """The key of an entry in its list; None if it has none."""
    return next((getattr(entry, key) for key in ("code", "case") if hasattr(entry, key)), None)


def _keyed(entries: Sequence[Any]) -> dict[Any, Any] | None:
    """The entries by their keys; None if two of them have the same key."""
    keys = [key_of(entry) if isinstance(entry, Model) else entry for entry in entries]
    return None if None in keys or len({*keys}) < len(keys) else dict(zip(keys, entries, strict=True))
