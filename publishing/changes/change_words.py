"""A change of a procedure as a sentence for officers."""

from typing import Any, Final

from publishing.changes.procedure_changes import ABOUT_SOURCES, Change, Kind, changes
from publishing.changes.value_words import NOTHING, Values, called, is_entry
from rules.wording.procedure_words import words_of
from rules.wording.prose import filled
from rules.wording.rule_words import labels_of
from schemas.base import Text
from schemas.limit import Limit
from schemas.publishing.procedure import Procedure
from schemas.translate import joined, said

_IN_ORDER: Final = frozenset({"review"})
"""Lists whose order matters."""

_SHORT: Final = 30
"""The length up to which two values fit into one sentence."""


def told(was: Procedure, now: Procedure) -> list[tuple[Change, Text]]:
    """Every change with a sentence about the old and the new value. Placeholders in texts are filled."""
    values = Values(labels_of((*was.form, *now.form)))
    found = changes(was, now)
    as_filled = {_key(change): change for change in changes(filled(was), filled(now))}
    return [(change, _sentence(as_filled.get(_key(change), change), values)) for change in found]


def _key(change: Change) -> tuple[str, Kind]:
    return (change.place.where, change.kind)


def _sentence(change: Change, values: Values) -> Text:
    *owners, what = _names(change)
    words = _told(change, what, values)
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


def _told(change: Change, what: Text, values: Values) -> Text:
    was, now, name = change.was, change.now, change.place.name
    if isinstance(was, Text) and isinstance(now, Text):
        return _reworded(what, was, now)
    if change.kind is Kind.REORDERED:
        return said("change.reordered", what=what, was=values.in_order(name, was), now=values.in_order(name, now))
    if change.kind is Kind.ADDED and name in _IN_ORDER:
        where = said("change.after", entry=called(name, change.after)) if change.after else said("change.first")
        what = joined((what, where), " ")
    before, after = values.said(name, was), values.said(name, now)
    return said(_verb(change, before, after), what=what, was=before, now=after)


def _reworded(what: Text, was: Text, now: Text) -> Text:
    """The change of a text in both languages, or in one if the other is unchanged."""
    if was.en == now.en:
        return said("change.vietnamese_only", what=what, was=was.vi, now=now.vi)
    if was.vi == now.vi:
        return said("change.english_only", what=what, was=was.en, now=now.en)
    return said("change.reworded", what=what, was=was, now=now)


def _verb(change: Change, before: Text, after: Text) -> str:
    if change.kind is Kind.CHANGED:
        return _direction(change.was, change.now) or _replaced(before, after)
    told, value = ("added", change.now) if change.kind is Kind.ADDED else ("removed", change.was)
    if is_entry(value):
        return f"change.{told}_so_called" if NOTHING in {before, after} else f"change.{told}"
    return f"change.member_{told}" if change.place.listed else f"change.value_{told}"


def _direction(was: Any, now: Any) -> str | None:
    """The key of the sentence for a raised or lowered value; None if the values have no order."""
    if isinstance(was, Limit) and isinstance(now, Limit) and was.unit is now.unit:
        was, now = was.amount, now.amount
    if {type(was), type(now)} <= {int, float}:
        return "change.up" if now > was else "change.down"
    return None


def _replaced(before: Text, after: Text) -> str:
    """The key of the sentence for a replaced value. Long values are quoted one after the other."""
    return "change.replaced" if max(len(before.vi), len(after.vi)) > _SHORT else "change.changed"
