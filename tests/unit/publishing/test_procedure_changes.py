"""The differences between two versions: each is found and has a sentence, and some need a second officer."""

import json
import re
import types
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

import pytest
import yaml
from pydantic import TypeAdapter, ValidationError
from pydantic.fields import FieldInfo
from typer.testing import CliRunner, Result

from publishing.changes import Change, Group, Kind, change_sentences, changes, key_of
from publishing.commands.procedures import Row, app, rows
from publishing.record.by_two import Published, needs_two, unapproved
from publishing.record.publications import AGENCY, OFFICER, Fold, place_of
from publishing.record.publications import changes as changes_of
from rules.wording.procedure_words import SAYS, UNNAMED, words_of
from schemas.base import Model, Text
from schemas.ids import canonical
from schemas.limit import Limit
from schemas.publishing import events as ev
from schemas.publishing.fact import Condition
from schemas.publishing.procedure import Procedure
from schemas.words.catalogue import SENTENCES
from tests.contract.samples import PUBLICATIONS
from tests.walking import walked

from .broken_procedures import EXTRACT, good
from .changing import Change as Edit
from .changing import Raw, drop, insert, put

ONE: Final = Procedure.model_validate(good())


SEEDED: Final = yaml.safe_load((Path(__file__).parent / "procedure_changes.yaml").read_text(encoding="utf-8"))


def swap(key: str, places: list[int]) -> Edit:
    """Returns an edit that exchanges two entries of a list."""
    one, other = places

    def change(raw: Raw) -> None:
        raw[key][one], raw[key][other] = raw[key][other], raw[key][one]

    return Edit(key, change)


EDITS: Final[Mapping[str, Callable[..., Edit]]] = {"put": put, "insert": insert, "drop": drop, "swap": swap}


def edited(seeded: Mapping[str, Any]) -> Raw:
    """Returns the valid procedure with the change that `seeded` names."""
    raw = good()
    (name,) = EDITS.keys() & seeded.keys()
    EDITS[name](seeded[name], *([seeded["value"]] if "value" in seeded else []))(raw)
    return raw


@walked("seeded", SEEDED, ids=lambda seeded: f"{seeded['where']} {seeded['kind']}", exactly=78)
def test_one_change_is_told_in_one_sentence(seeded: Mapping[str, str]) -> None:
    ((found, words),) = change_sentences(ONE, Procedure.model_validate(edited(seeded)))
    assert (found.place.where, found.kind, found.group) == (seeded["where"], seeded["kind"], seeded["group"])
    assert (words.vi, words.en) == (seeded["vi"], seeded["en"])


def test_rules_come_before_words_before_sources_each_in_the_order_of_the_file() -> None:
    raw = good()
    for seeded in SEEDED[::-1]:
        if seeded["kind"] == "changed" and "put" in seeded and not seeded["where"].startswith("review"):
            put(seeded["put"], seeded["value"])(raw)
    found = changes(ONE, Procedure.model_validate(raw))
    groups = [change.group for change in found]
    assert groups == sorted(groups, key=list(Group).index)
    assert {*groups} == {*Group}
    keys = list(Procedure.model_fields)
    for group in Group:
        places = [keys.index(change.place.name.partition(".")[0]) for change in found if change.group is group]
        assert places == sorted(places)


def test_a_version_that_says_the_same_has_no_changes() -> None:
    assert changes(ONE, ONE) == changes(ONE, Procedure.model_validate(good() | {"version": "2027-01"})) == []


def test_true_is_another_value_than_one() -> None:
    def with_condition(value: Any) -> Procedure:
        raw = good()
        put("papers[0].when", [{"field": "urgent", "one_of": [value]}])(raw)
        return Procedure.model_validate(raw)

    (found,) = changes(with_condition(True), with_condition(1))  # noqa: FBT003 -- a value of the form
    assert found.place.where == "papers[birth_notice].when"


def test_texts_are_compared_as_written_and_told_as_filled() -> None:
    def saying(vi: str, amount: int) -> Procedure:
        raw = good()
        put("information.conditions.vi", vi)(raw)
        put("fee.items[0].amount", amount)(raw)
        return Procedure.model_validate(raw)

    assert [
        c.place.where for c, _ in change_sentences(saying("Phí {fee.extract}", 8000), saying("Phí {fee.extract}", 9000))
    ] == ["fee.items[extract].amount"]
    _, (change, words) = change_sentences(saying("Phí {fee.extract}", 8000), saying("Thu {fee.extract}", 9000))
    assert (change.was.vi, change.now.vi) == ("Phí {fee.extract}", "Thu {fee.extract}")
    assert "trước là “Phí 8.000 đồng”, nay là “Thu 9.000 đồng”" in words.vi


def test_entries_that_share_a_code_are_compared_as_one_list() -> None:
    raw = good()
    put("papers[1].code", "birth_notice")(raw)
    twice = Procedure.model_validate(raw)
    (found,) = changes(twice, ONE)
    assert (found.place.where, found.kind) == ("papers", Kind.CHANGED)
    assert changes(twice, twice) == []


WHOLE: Final = (Text, Limit, Condition)
WRITTEN: Final = ("a", "b", "1.000001", "1.000002", "15:00", "16:00", "2027-03-01", "2027-03-02", 1, 2, True, False)


def places(model: type[Model], name: str = "") -> Iterator[str]:
    """Yields the name of every key that a procedure file may have, at any depth."""
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
    """Every key of the schema needs words in the catalogue: `place.<key>`, or `place_of_any.<last part of the key>`."""
    assert words_of(name).vi != name


def test_no_words_are_kept_for_keys_that_are_gone() -> None:
    named = {key.removeprefix("place.") for key in SENTENCES if key.startswith("place.")}
    assert (named | SAYS.keys() | UNNAMED) - set(NAMES) == set()
    of_any = {f"place_of_any.{name.rpartition('.')[2]}" for name in set(NAMES) - named - UNNAMED}
    assert [key for key in SENTENCES if key.startswith("place_of_any.") and key not in of_any] == []


def made(annotation: Any, n: int, *constraints: Any) -> Any:
    """Returns sample `n` (0 or 1) of a type's values: every key of a model has a value, each list one entry."""
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
    """Yields the path to each leaf: a plain value, a text pair, a limit, a condition, or a list of plain values."""
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
    """Returns the value with another leaf at this path; the result need not be valid for publication."""
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
    """Returns the path in the form that changes use: with the codes of entries instead of their indexes."""
    found = ""
    for n, key in enumerate(path):
        if isinstance(key, int):
            found += f"[{key_of(at(value, path[: n + 1]))}]"
        else:
            found += f".{key}"
    return found.lstrip(".").removesuffix(".vi").removesuffix(".en")


FULL, OTHER = made(Procedure, 0), made(Procedure, 1)
LEAVES: Final = list(leaves(FULL))


def told_of(found: list[Change], place: str) -> bool:
    """Returns True if a change names this place, a part around it, or an entry of the list there."""
    told = [change.place.where for change in found]
    return any(place == one or place.startswith((f"{one}.", f"{one}[")) or one.startswith(f"{place}[") for one in told)


def mutated(procedure: Any, path: tuple[str | int, ...]) -> tuple[str, Any]:
    """Returns the place that a change must name, and the procedure with another leaf at this path."""
    place = where(procedure, path)
    owner = place.rpartition("[")[0] if path[-1] in ("code", "case") and len(path) > 1 else place
    return owner, replaced(procedure, path, at(OTHER, path))


@walked("path", LEAVES, ids=lambda path: where(FULL, path), at_least=190)
def test_no_leaf_changes_unseen(path: tuple[str | int, ...]) -> None:
    place, other = mutated(FULL, path)
    assert at(FULL, path) != at(OTHER, path)
    for was, now in ((FULL, other), (other, FULL)):
        found = changes(was, now)
        assert told_of(found, place)
        assert [one for one in found if not told_of([one], place)] == [], "and no other"
        assert all(words.vi for _, words in change_sentences(was, now))


UNSHOWN: Final = {("code",), ("limits_source", "a")}
"""Leaves in no row: the code, which is in the title, and the source of a limit that the procedure does not have."""


@walked(
    "path",
    [path for path in LEAVES if path not in UNSHOWN and (path[-1] != "checked" or len(path) == 1)],
    ids=lambda path: where(FULL, path),
    at_least=160,
)
def test_no_leaf_goes_unshown(path: tuple[str | int, ...]) -> None:
    """The procedure's page shows every leaf except the days of the facts' last checks, which `check` shows."""
    _, other = mutated(FULL, path)
    assert list(shown(other)) != list(shown(FULL))


def shown(procedure: Procedure) -> Iterator[list[Row]]:
    """Yields the rows of the procedure's page in each language."""
    for language in ("vi", "en"):
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("LANG", language)
            yield list(rows(procedure))


@walked("name", [name for name, field in Procedure.model_fields.items() if not field.is_required()], at_least=15)
def test_what_may_be_left_out_is_told_of_as_added_and_removed(name: str) -> None:
    field: FieldInfo = Procedure.model_fields[name]
    without = FULL.model_copy(update={name: field.get_default(call_default_factory=True)})
    for was, now in ((FULL, without), (without, FULL)):
        assert told_of(changes(was, now), name) or any(c.place.where.startswith(name) for c in changes(was, now))


# `motcua procedures diff` on files: it needs no database for them.

SOURCE = EXTRACT.read_bytes()


def run(*arguments: str | Path, lang: str = "en") -> Result:
    return CliRunner().invoke(app, ["diff", *map(str, arguments)], env={"LANG": lang})


@pytest.fixture
def new(tmp_path: Path) -> Path:
    file = tmp_path / "new.yaml"
    changed = SOURCE.replace(b'version: "2026-12"', b'version: "2027-01"').replace(b"amount: 8000", b"amount: 10000")
    file.write_bytes(changed.replace(b"copies\n      source: TT 281", b"copies\n      source: TT 2811"))
    return file


VI = (
    "Khoản thu “Phí khai thác, sử dụng thông tin trong cơ sở dữ liệu hộ tịch” (mã extract): "
    "mức thu tăng từ 8.000 đồng lên 10.000 đồng"
)
EN = (
    "Fee item “Charge for the use of information in the civil status database” (code extract): "
    "the amount goes up from 8,000 đồng to 10,000 đồng"
)


def test_changes_stand_in_their_groups(new: Path) -> None:
    ended = run(EXTRACT, new)
    assert ended.exit_code == 0
    title, _, first, second = ended.output.splitlines()
    assert title == "2.000635@2026-12 → 2.000635@2027-01"
    assert re.split("  +", first) == ["Rules", "fee.items[extract].amount", EN]
    assert re.split("  +", second)[:2] == ["Sources", "fee.items[extract].source"]


def test_programs_get_what_was_and_what_is(new: Path) -> None:
    first, second = json.loads(run(EXTRACT, new, "--json").output)
    assert first == {
        "where": "fee.items[extract].amount",
        "kind": "changed",
        "group": "rules",
        "was": 8000,
        "is": 10000,
        "words": {"vi": VI, "en": EN},
    }
    assert (second["where"], second["group"]) == ("fee.items[extract].source", "sources")


def test_no_change_is_said(tmp_path: Path) -> None:
    renamed = tmp_path / "renamed.yaml"
    renamed.write_bytes(SOURCE.replace(b'version: "2026-12"', b'version: "2027-01"'))
    ended = run(EXTRACT, renamed)
    assert (ended.exit_code, ended.output.splitlines()[1:]) == (0, ["nothing is different"])
    assert json.loads(run(EXTRACT, renamed, "--json").output) == []


def test_a_file_with_mistakes_is_refused_and_one_that_is_not_there_is_wrong_usage(tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_bytes(SOURCE.replace(b"level: 4", b"level: 9"))
    refused = run(EXTRACT, bad)
    assert (refused.exit_code, f"{bad}:5  level" in refused.output) == (1, True)
    (mistake,) = json.loads(run(EXTRACT, bad, "--json").output)
    assert (mistake["path"], mistake["rule"]) == ("level", "not_allowed_value")
    assert run(EXTRACT, tmp_path / "none.yaml").exit_code == 2


# What of a publication waits for a second operator: whatever changes fees, limits or roles, and nothing else.

AT: Final = datetime(2026, 11, 28, tzinfo=UTC)
KINDS: Final[dict[str, ev.PublicationEvent]] = {event.kind: event for event in PUBLICATIONS}
FOLD: Final = Fold()
for _event in PUBLICATIONS:
    for _change in changes_of(_event, AT):
        FOLD.add(_change)


def waits(event: ev.PublicationEvent) -> bool:
    return needs_two(event, changes_of(event, AT), FOLD.rows)


@pytest.mark.parametrize(
    ("kind", "change", "needed"),
    [
        ("procedure_published", {}, True),
        ("province_published", {}, True),
        ("calendar_published", {}, True),
        ("absence_recorded", {}, True),
        ("absence_withdrawn", {}, False),
        ("template_published", {}, False),
        ("officer_erased", {}, False),
        ("publication_approved", {}, False),
        ("two_required", {}, False),
        ("two_required", {"on": False}, True),
        ("officer_entered", {"name": "Trần Văn Bảo"}, False),
        ("officer_entered", {"active": False}, False),
        ("officer_entered", {"number": "001080000778"}, True),
        ("officer_entered", {"roles": ("leader", "clerk")}, True),
        ("officer_entered", {"subject": "o-99"}, True),
        ("agency_entered", {}, False),
        ("agency_entered", {"merchants": ("vnpay",)}, True),
        ("agency_entered", {"queue": "agency.H01.12"}, True),
        ("agency_entered", {"receives_for": ("*",)}, True),
        ("agency_entered", {"agency": "H01.99"}, True),
    ],
)
def test_what_changes_fees_limits_or_roles_waits(kind: str, change: dict[str, Any], *, needed: bool) -> None:
    event = KINDS[kind]
    assert waits(event.model_validate(event.model_dump() | change)) is needed


def test_an_officer_is_not_named_by_the_stream_nor_told_without_a_key() -> None:
    place = place_of(KINDS["officer_entered"])
    assert place.agency == "H01.12"
    assert place.stream.startswith("publication:officer:H01.12:")
    assert "leader" not in place.stream
    rows = [next(changes_of(KINDS[kind], AT, read=False)).row for kind in ("officer_entered", "agency_entered")]
    assert OFFICER.personal.isdisjoint(rows[0])
    assert AGENCY.personal.isdisjoint(rows[1])


FIRST, SECOND = "h01.12-operator-1", "h01.12-operator-2"
PROCEDURE: Final = KINDS["procedure_published"].model_copy(update={"asked": None})


def canonical_text(event: ev.PublicationEvent) -> str:
    return canonical(event.model_dump(mode="json", exclude_none=True)).decode()


def waiting_for(*events: tuple[str, ev.PublicationEvent]) -> list[Published]:
    """Returns the log of these officers' publications, one event a minute; its first event requires two officers."""
    log = [(FIRST, ev.TwoRequired(on=True)), *events]
    return [
        Published(place_of(event).stream, n, AT + timedelta(minutes=n), officer, event, read=True)
        for n, (officer, event) in enumerate(log)
    ]


ASKED: Final = (FIRST, ev.PublicationAsked(asked=1, events=(canonical_text(PROCEDURE),)))
APPROVED: Final = (SECOND, ev.PublicationApproved(asked=1))
NOW: Final = (FIRST, PROCEDURE.model_copy(update={"asked": 1}))
OTHERWISE: Final = (FIRST, PROCEDURE.model_copy(update={"asked": 1, "version": "another"}))
NO_APPROVAL: Final[dict[str, list[tuple[str, ev.PublicationEvent]]]] = {
    "nobody asked": [(FIRST, PROCEDURE)],
    "it says it was": [NOW],
    "only asked for": [ASKED, NOW],
    "approved by who asked": [ASKED, (FIRST, ev.PublicationApproved(asked=1)), NOW],
    "approved and not asked for": [APPROVED, NOW],
    "approved afterwards": [ASKED, NOW, APPROVED],
    "something else was approved": [ASKED, APPROVED, OTHERWISE],
    "declined": [ASKED, (SECOND, ev.PublicationDeclined(asked=1, reason="-")), NOW],
    "another number": [ASKED, APPROVED, (FIRST, PROCEDURE.model_copy(update={"asked": 2}))],
}


@pytest.mark.parametrize("how", NO_APPROVAL)
def test_what_nobody_has_approved_is_named(how: str) -> None:
    log = waiting_for(*NO_APPROVAL[how])
    assert [one.event.kind for one in unapproved(log)] == ["procedure_published"]


def test_only_what_needs_another_waits_and_an_erasure_always() -> None:
    assert unapproved(waiting_for(ASKED, APPROVED, NOW)) == []
    assert unapproved(waiting_for((FIRST, KINDS["template_published"]))) == []
    assert unapproved(waiting_for((FIRST, PROCEDURE))[1:]) == [], "when two were not required"
    at_once = [one._replace(at=AT + timedelta(hours=1)) for one in waiting_for(ASKED, APPROVED, NOW)[2:]]
    assert unapproved([*at_once, *waiting_for(ASKED)]) == [], "in any order, and approved at the moment of the event"
    erased = KINDS["officer_erased"].model_copy(update={"asked": None})
    asked = (FIRST, ev.PublicationAsked(asked=1, events=(canonical_text(erased),)))
    now = (FIRST, erased.model_copy(update={"asked": 1}))
    assert [one.event.kind for one in unapproved(waiting_for(asked, now)[1:])] == ["officer_erased"]
    assert unapproved(waiting_for(asked, APPROVED, now)[1:]) == []
