"""No key of a procedure can change unseen: every one is found by walking the model, and has words."""

from __future__ import annotations

import types
from collections.abc import Iterator
from enum import Enum
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from publishing.changes.change_words import told
from publishing.changes.procedure_changes import Change, changes, key_of
from publishing.commands.procedure_page import Row, rows
from rules.wording.place_words import SAYS, UNNAMED, words_of
from schemas.base import Model, Text
from schemas.limit import Limit
from schemas.publishing.fact import Condition
from schemas.publishing.procedure import Procedure
from schemas.words.catalogue import SENTENCES
from tests.tiers import examples
from tests.walking import walked

WHOLE: Final = (Text, Limit, Condition)
WRITTEN: Final = ("a", "b", "1.000001", "1.000002", "15:00", "16:00", "2027-03-01", "2027-03-02", 1, 2, True, False)


def places(model: type[Model], name: str = "") -> Iterator[str]:
    """The name of every key that a file may have, down to the leaves."""
    for key, field in model.model_fields.items():
        place = f"{name}.{key}".lstrip(".")
        yield place
        for inner in models_in(field.annotation):
            if not issubclass(inner, WHOLE):
                yield from places(inner, place)


def models_in(annotation: Any) -> Iterator[type[Model]]:
    if isinstance(annotation, type) and issubclass(annotation, Model):
        yield annotation
    for argument in get_args(annotation):
        yield from models_in(argument)


SILENT: Final = {"version", "vi", "en"}
NAMES: Final = [name for name in dict.fromkeys(places(Procedure)) if name.rpartition(".")[2] not in SILENT]


@walked("name", NAMES, at_least=220)
def test_every_key_of_a_file_has_words(name: str) -> None:
    """A new key of the schema is named in the catalogue: `place.<key>`, or `place_of_any.<its last part>`."""
    assert words_of(name).vi != name


def test_no_words_are_kept_for_keys_that_are_gone() -> None:
    named = {key.removeprefix("place.") for key in SENTENCES if key.startswith("place.")}
    assert (named | SAYS.keys() | UNNAMED) - set(NAMES) == set()
    of_any = {f"place_of_any.{name.rpartition('.')[2]}" for name in set(NAMES) - named - UNNAMED}
    assert [key for key in SENTENCES if key.startswith("place_of_any.") and key not in of_any] == []


def made(annotation: Any, n: int, *constraints: Any) -> Any:
    """The `n`-th value, 0 or 1, of this type: every key of a model given, an entry in every list."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return made(arguments[0], n, *annotation.__metadata__, *constraints)
    if origin in {Union, types.UnionType}:
        return made(next(one for one in arguments if one is not type(None)), n, *constraints)
    if origin is dict:
        return {made(arguments[0], 0): made(arguments[1], n)}
    if origin is tuple:
        return (made(arguments[0], n),)
    return arguments[n] if origin is Literal else _single(annotation, n, constraints)


def _single(annotation: Any, n: int, constraints: tuple[Any, ...]) -> Any:
    if annotation is Limit:
        return Limit.model_validate(f"{n + 1} working days")
    if issubclass(annotation, Model):
        fields = annotation.model_fields.items()
        return annotation.model_validate({key: made(field.annotation, n, field) for key, field in fields})
    return [*annotation][n] if issubclass(annotation, Enum) else _plain(annotation, n, constraints)


def _plain(annotation: Any, n: int, constraints: tuple[Any, ...]) -> Any:
    adapter = TypeAdapter(Annotated[annotation, *constraints] if constraints else annotation)
    fitting: list[Any] = []
    for written in WRITTEN:
        try:
            value = adapter.validate_python(written, strict=not isinstance(written, str))
        except ValidationError:
            continue
        if repr(value) not in map(repr, fitting):
            fitting.append(value)
    return fitting[n]


def leaves(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The path to each leaf: a plain value, a text pair, a limit, a condition, a list of plain values."""
    if isinstance(value, Model) and not isinstance(value, WHOLE):
        for key in type(value).model_fields:
            if path or key != "version":
                yield from leaves(getattr(value, key), (*path, key))
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, (*path, key))
    elif isinstance(value, tuple) and value and isinstance(value[0], Model) and not isinstance(value[0], Condition):
        for n, inner in enumerate(value):
            yield from leaves(inner, (*path, n))
    else:
        yield path


def at(value: Any, path: tuple[str | int, ...]) -> Any:
    for key in path:
        value = getattr(value, key) if isinstance(key, str) and isinstance(value, Model) else value[key]
    return value


def replaced(value: Any, path: tuple[str | int, ...], leaf: Any) -> Any:
    """The same with another leaf, whether or not it may be published."""
    if not path:
        return leaf
    key, *rest = path
    inner = replaced(at(value, (key,)), tuple(rest), leaf)
    if isinstance(value, Model):
        return value.model_copy(update={str(key): inner})
    if isinstance(value, dict):
        return value | {key: inner}
    return tuple(inner if n == key else one for n, one in enumerate(value))


def where(value: Any, path: tuple[str | int, ...]) -> str:
    """The path as changes have it: entries by their codes."""
    found = ""
    for n, key in enumerate(path):
        if isinstance(key, int):
            found += f"[{key_of(at(value, path[: n + 1]))}]"
        else:
            found += f".{key}"
    return found.lstrip(".").removesuffix(".vi").removesuffix(".en")


KEYS: Final = ("code", "case")
FULL, OTHER = made(Procedure, 0), made(Procedure, 1)
LEAVES: Final = list(leaves(FULL))


def told_of(found: list[Change], place: str) -> bool:
    """Whether a change names this place, or what stands around it, or an entry of the list that it is."""
    told = [change.place.where for change in found]
    return any(place == one or place.startswith((f"{one}.", f"{one}[")) or one.startswith(f"{place}[") for one in told)


def mutated(procedure: Any, path: tuple[str | int, ...]) -> tuple[str, Any]:
    """Where the leaf is, and the procedure with another one there."""
    place = where(procedure, path)
    owner = place.rpartition("[")[0] if path[-1] in KEYS and len(path) > 1 else place
    return owner, replaced(procedure, path, at(OTHER, path))


@walked("path", LEAVES, ids=lambda path: where(FULL, path), at_least=190)
def test_no_leaf_changes_unseen(path: tuple[str | int, ...]) -> None:
    place, other = mutated(FULL, path)
    assert at(FULL, path) != at(OTHER, path)
    for was, now in ((FULL, other), (other, FULL)):
        found = changes(was, now)
        assert told_of(found, place)
        assert all(words.vi for _, words in told(was, now))


UNSHOWN: Final = {("code",), ("limits_source", "a")}
"""In the title, and the source of no limit that there is."""


@walked(
    "path",
    [path for path in LEAVES if path not in UNSHOWN and (path[-1] != "checked" or len(path) == 1)],
    ids=lambda path: where(FULL, path),
    at_least=160,
)
def test_no_leaf_goes_unshown(path: tuple[str | int, ...]) -> None:
    """But for the days on which facts were last checked, which `check` tells."""
    _, other = mutated(FULL, path)
    assert list(shown(other)) != list(shown(FULL))


def shown(procedure: Procedure) -> Iterator[list[Row]]:
    """Its page in each language."""
    for language in ("vi", "en"):
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("LANG", language)
            yield list(rows(procedure))


@settings(max_examples=examples(60), deadline=None)
@given(
    st.lists(st.sampled_from([path for path in LEAVES if path[-1] not in KEYS]), min_size=1, max_size=8, unique=True)
)
def test_of_many_changes_each_is_named_and_no_other(paths: list[tuple[str | int, ...]]) -> None:
    now, expected = FULL, []
    for path in paths:
        place, now = mutated(now, path)
        expected.append(place)
    found = changes(FULL, now)
    assert [place for place in expected if not told_of(found, place)] == []
    named = [change.place.where for change in found]
    assert [one for one in named if not any(one == place or one.startswith(f"{place}[") for place in expected)] == []


@walked("name", [name for name, field in Procedure.model_fields.items() if not field.is_required()], at_least=15)
def test_what_may_be_left_out_is_told_of_as_added_and_removed(name: str) -> None:
    field: FieldInfo = Procedure.model_fields[name]
    without = FULL.model_copy(update={name: field.get_default(call_default_factory=True)})
    for was, now in ((FULL, without), (without, FULL)):
        assert told_of(changes(was, now), name) or any(c.place.where.startswith(name) for c in changes(was, now))
