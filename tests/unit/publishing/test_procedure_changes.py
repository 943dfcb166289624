"""The difference between two versions of a procedure: nothing goes unseen, and each change has its sentence."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from publishing.authoring.procedures import PROCEDURES, check_bytes
from publishing.changes.change_words import told
from publishing.changes.procedure_changes import Group, Kind, changes
from schemas.publishing.procedure import Procedure
from tests.walking import walked

from .broken_procedures import FACT, STEP, good
from .changing import Change as Edit
from .changing import Raw, drop, insert, put

ONE: Final = Procedure.model_validate(good())


SEEDED: Final = yaml.safe_load((Path(__file__).parent / "procedure_changes.yaml").read_text(encoding="utf-8"))


def swap(key: str, places: list[int]) -> Edit:
    """Changes the places of two entries of a list."""
    one, other = places

    def change(raw: Raw) -> None:
        raw[key][one], raw[key][other] = raw[key][other], raw[key][one]

    return Edit(key, change)


EDITS: Final[Mapping[str, Callable[..., Edit]]] = {"put": put, "insert": insert, "drop": drop, "swap": swap}


def edited(seeded: Mapping[str, Any]) -> Raw:
    """The good procedure with this change."""
    raw = good()
    (name,) = EDITS.keys() & seeded.keys()
    EDITS[name](seeded[name], *([seeded["value"]] if "value" in seeded else []))(raw)
    return raw


@walked("seeded", SEEDED, ids=lambda seeded: f"{seeded['where']} {seeded['kind']}", exactly=78)
def test_one_change_is_told_in_one_sentence(seeded: Mapping[str, str]) -> None:
    now = Procedure.model_validate(edited(seeded))
    ((found, words),) = told(ONE, now)
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
    raw = good() | {"version": "2027-01"}
    assert changes(ONE, ONE) == changes(ONE, Procedure.model_validate(raw)) == []


def test_true_is_another_value_than_one() -> None:
    def asked(value: Any) -> Procedure:
        raw = good()
        put("papers[0].when", [{"field": "urgent", "one_of": [value]}])(raw)
        return Procedure.model_validate(raw)

    (found,) = changes(asked(True), asked(1))  # noqa: FBT003 -- a value of the form
    assert found.place.where == "papers[birth_notice].when"


def test_texts_are_compared_as_written_and_told_as_filled() -> None:
    def saying(vi: str, amount: int) -> Procedure:
        raw = good()
        put("information.conditions.vi", vi)(raw)
        put("fee.items[0].amount", amount)(raw)
        return Procedure.model_validate(raw)

    assert [c.place.where for c, _ in told(saying("Phí {fee.extract}", 8000), saying("Phí {fee.extract}", 9000))] == [
        "fee.items[extract].amount"
    ]
    _, (change, words) = told(saying("Phí {fee.extract}", 8000), saying("Thu {fee.extract}", 9000))
    assert (change.was.vi, change.now.vi) == ("Phí {fee.extract}", "Thu {fee.extract}")
    assert "trước là “Phí 8.000 đồng”, nay là “Thu 9.000 đồng”" in words.vi


def test_entries_that_share_a_code_are_compared_as_one_list() -> None:
    raw = good()
    put("papers[1].code", "birth_notice")(raw)
    twice = Procedure.model_validate(raw)
    (found,) = changes(twice, ONE)
    assert (found.place.where, found.kind) == ("papers", Kind.CHANGED)
    assert changes(twice, twice) == []


def test_an_entry_that_moved_and_changed_is_told_of_twice() -> None:
    raw = good()
    swap("review", [0, 1])(raw)
    put("review[0].limit", "4 working days")(raw)
    raw["review"].insert(0, STEP | FACT | {"code": "first", "role": "clerk", "act": "forward"})
    now = Procedure.model_validate(raw)
    found = changes(ONE, now)
    assert [(c.place.where, c.kind) for c in found] == [
        ("review[first]", Kind.ADDED),
        ("review[opinions].limit", Kind.CHANGED),
        ("review", Kind.REORDERED),
    ]
    assert told(ONE, now)[0][1].vi.startswith("Thêm bước “Tên” (mã first) ở đầu: ")


CATALOGUE: Final = [
    procedure
    for file in sorted(PROCEDURES.glob("*.yaml"))
    if (procedure := check_bytes(file.read_bytes()).procedure) is not None
]


def test_any_two_of_the_catalogue_can_be_told_apart_in_both_languages() -> None:
    for was, now in zip(CATALOGUE, [*CATALOGUE[1:], CATALOGUE[0]], strict=True):
        for _, words in told(was, now):
            assert words.vi
            assert words.en
