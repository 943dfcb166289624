"""What `motcua fee` says: of every case of the catalogue, of more by an oracle of a few lines, and in which words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from functools import cache
from itertools import product
from random import Random
from typing import Any, Final, NamedTuple

import pytest
import yaml

from publishing.authoring.procedures import check_bytes
from publishing.authoring.provinces import PROVINCES
from publishing.checks.provinces import composed
from rules.filing.fees.inputs import APPLICANT, Case, Of
from rules.source.document import parse
from rules.wording.fee_inputs import described
from rules.wording.fee_statement import FeeStatement, Question, stated
from schemas.errors import RefusalError
from schemas.form import FormValue
from schemas.level import CAPABILITIES, Channel
from schemas.people import PersonKind
from schemas.publishing.fee import FeeKind
from schemas.publishing.procedure import FieldKind, Procedure
from tests.unit.publishing.broken_procedures import good
from tests.unit.publishing.fee_cases import FILES, TOLD, Told
from tests.walking import walked

Raw = dict[str, Any]

MOST: Final = 40
"""So many generated filings of each procedure, and of each province's."""


@cache
def sources() -> Mapping[tuple[str, str], Raw]:
    """The catalogue as YAML, and what the provinces make of it, by code and version."""
    base = [parse(file.read_bytes()).value for file in FILES]
    overlays = [parse(file.read_bytes()).value for file in PROVINCES.glob("*.yaml")]
    made = [
        composed(raw, overlay["province"], overlay["version"], overlay.get("fees", {})[raw["code"]])
        for overlay in overlays
        for raw in base
        if raw["code"] in overlay.get("fees", {})
    ]
    return {(raw["code"], raw["version"]): raw for raw in (*base, *made)}


@cache
def procedure(code: str, version: str) -> Procedure:
    checked = check_bytes(yaml.safe_dump(sources()[code, version], allow_unicode=True).encode())
    assert checked.procedure is not None, checked.mistakes
    return checked.procedure


def asked(told: Told, **changes: Any) -> Question:
    case = told.case
    known = Case(case.form, case.channel, Of(case.applicant))
    return Question(known, case.received, case.waiver)._replace(**changes)


def refusal(published: Procedure, question: Question) -> str:
    """The rule by which the waiver is refused, or what would have to be known for that."""
    try:
        answer = stated(published, question)
    except RefusalError as error:
        return ", ".join(one.rule for one in error.refusal.problems)
    return ", ".join(f"{one.field} is missing" for one in answer.missing)


# The cases of the catalogue.


@walked("told", TOLD, ids=lambda told: f"{told.rules.code}-{told.case.received}-{told.case.channel}", at_least=440)
def test_every_case_of_the_catalogue_costs_what_it_says(told: Told) -> None:
    case, published = told.case, procedure(told.rules.code, told.rules.version)
    if case.refused in {"waiver_not_in_force", "waiver_not_for_this_filing"}:
        assert refusal(published, asked(told)) in (case.refused, "vneid_papers is missing")
    off = case.waiver if case.refused is None else None

    answer = stated(published, asked(told, waiver=off))

    assert answer.total == case.total, answer
    if case.lines is not None:
        assert {line.rule: line.amount + line.waived for line in answer.lines} == case.lines
    assert sum(line.amount for line in answer.lines) == answer.total
    assert (answer.waiver and answer.waiver.code) == off
    assert case.waiver is None or case.refused or case.waiver in {one.code for one in answer.waivers}


# More of them, held against a reading of the YAML by itself.


class Filed(NamedTuple):
    """A filing that was made up."""

    procedure: tuple[str, str]
    channel: str
    applicant: str
    day: date
    form: dict[str, FormValue]


def holds(filed: Filed, when: list[Raw]) -> bool:
    def one(it: Raw) -> bool:
        if "field" not in it:
            about = {"channel": filed.channel, "applicant": filed.applicant}
            return all(about[key] == it[key] for key in about.keys() & it.keys())
        value: Any = filed.form.get(it["field"])
        if value is None or value not in it.get("one_of", [value]):
            return False
        kind = "_days_ago" if {"at_least_days_ago", "at_most_days_ago"} & it.keys() else ""
        if kind:
            value = (filed.day - date.fromisoformat(value)).days
        return bool(it.get(f"at_least{kind}", value) <= value <= it.get(f"at_most{kind}", value))

    return all(map(one, when))


def oracle(raw: Raw, filed: Filed) -> dict[str, tuple[str, int]]:
    """What each item comes to, and of which kind it is."""
    found = {}
    for item in raw.get("fee", {}).get("items", []):
        since, until = item.get("valid_from", "0001-01-01"), item.get("valid_until", "9999-12-31")
        units: Any = filed.form.get(item["per"], 0) if "per" in item else 1
        if str(since) <= filed.day.isoformat() <= str(until) and holds(filed, item.get("when", [])) and units:
            due = max(item["amount"] * units, item.get("minimum", 0))
            found[item["code"]] = (item["kind"], min(due, item.get("maximum", due)))
    return found


def values(field: Raw, day: date) -> list[FormValue]:
    match field["kind"]:
        case "choice":
            return list(field["choices"])
        case "boolean":
            return [True, False]
        case "date":
            return [(day - timedelta(days=ago)).isoformat() for ago in (0, 15, 16, 59, 60, 61, 400)]
        case "integer":
            least, most = field.get("minimum", 0), field.get("maximum", 1000)
            return sorted({least, least + 1, min(least + 4, most), (least + most) // 2, most})
        case _:
            return ["x" * max(1, field.get("minimum", 1))]


def days(raw: Raw) -> list[date]:
    """The borders of what begins and ends, the days beside them, and an ordinary one."""
    fee = raw.get("fee", {})
    parts = [*fee.get("items", []), *fee.get("waivers", [])]
    written = [part[key] for part in parts for key in ("valid_from", "valid_until") if key in part]
    borders = [date.fromisoformat(str(day)) for day in written]
    return sorted({date(2026, 12, 1)}.union(*({day - timedelta(1), day, day + timedelta(1)} for day in borders)))


def made_up() -> Iterator[Filed]:
    draw = Random(16)
    for key, raw in sources().items():
        channels = sorted(CAPABILITIES[procedure(*key).level].filing)
        corners = [*product(channels, PersonKind, days(raw))]
        for _ in range(MOST):
            channel, applicant, day = draw.choice(corners)
            filed = Filed(key, channel, applicant, day, {})
            names = {one.name for one in described(procedure(*key))}
            for field in raw.get("form", []):
                asked = field["code"] in names and holds(filed, field.get("when", []))
                if asked and (field.get("required", True) or draw.random() < 0.5):
                    filed.form[field["code"]] = draw.choice(values(field, day))
            yield filed


MADE_UP: Final = tuple(made_up())


def test_there_are_enough_of_them_and_they_cost_different_amounts() -> None:
    different = {str(filed) for filed in MADE_UP}
    assert len(different) >= 300
    assert {filed.procedure for filed in MADE_UP} == sources().keys()
    assert len({sum(due for _, due in oracle(sources()[filed.procedure], filed).values()) for filed in MADE_UP}) > 30


def question(filed: Filed) -> Question:
    return Question(Case(filed.form, Channel(filed.channel), Of(PersonKind(filed.applicant))), filed.day)


def test_what_is_said_is_what_the_yaml_says() -> None:
    for filed in MADE_UP:
        expected = oracle(sources()[filed.procedure], filed)
        answer = stated(procedure(*filed.procedure), question(filed))
        assert answer.missing == (), filed
        assert {line.rule: (line.kind, line.amount) for line in answer.lines} == expected, filed
        assert answer.total == sum(due for _, due in expected.values()), filed
        by_kind = {kind: sum(due for of, due in expected.values() if of == kind) for kind in FeeKind}
        assert (answer.phi, answer.le_phi) == (by_kind[FeeKind.CHARGE], by_kind[FeeKind.FEE]), filed
        assert all(line.reason.vi and line.reason.en and line.source for line in answer.lines), filed


def test_without_one_input_it_is_named_or_makes_no_difference() -> None:
    """And a procedure's inputs are all that ever makes one."""
    named = set()
    for filed in MADE_UP:
        published, whole = procedure(*filed.procedure), stated(procedure(*filed.procedure), question(filed))
        required = {one.name for one in described(published) if one.required}
        for left_out in sorted(required & {"channel", APPLICANT, *filed.form}):
            answer = stated(published, without(question(filed), left_out))
            found = {one.field for one in answer.missing}
            assert found <= {left_out}, (filed, found)
            assert answer.total == (None if found else whole.total), (filed, left_out)
            named |= {(filed.procedure[0], *found)} if found else set()
    assert {name for _, name in named} >= {"channel", "copies"}


def without(asked: Question, name: str) -> Question:
    case = asked.case
    form = {code: value for code, value in case.form.items() if code != name}
    channel = None if name == "channel" else case.channel
    return asked._replace(case=Case(form, channel, None if name == APPLICANT else case.applicant))


# In which words.


def duty(value: int, **case: Any) -> FeeStatement:
    """Of the procedure that uses every part, with a rate of what the form states."""
    raw = good()
    raw["fee"]["items"] = [item for item in raw["fee"]["items"] if item["code"] in {"duty", "many", "haste"}]
    checked = check_bytes(yaml.safe_dump(raw, allow_unicode=True).encode())
    assert checked.procedure is not None, checked.mistakes
    form = {"copies": 1, "urgent": False, "value": value} | case.pop("form", {})
    known = Case(form, Channel.ONLINE, Of(PersonKind.PERSON))
    return stated(checked.procedure, Question(known, date(2026, 12, 1), **case))


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (10_000_000, "0.5% of 10,000,000 đồng (“Name”) = 50,000 đồng"),
        (12_345_678, "0.5% of 12,345,678 đồng (“Name”) = 61,728 đồng, rounded to 1 đồng"),
        (1, "0.5% of 1 đồng (“Name”) = 0 đồng, rounded to 1 đồng, at least 10,000 đồng"),
        (200_000_000_000, "0.5% of 200,000,000,000 đồng (“Name”) = 1,000,000,000 đồng, at most 500,000,000 đồng"),
    ],
)
def test_a_rate_is_explained(value: int, reason: str) -> None:
    assert [line.reason.en for line in duty(value).lines if line.rule == "duty"] == [reason]


def test_what_is_counted_and_conditional_and_waived_is_explained_in_both_languages() -> None:
    answer = duty(0, form={"copies": 3, "urgent": True, "reason": "x"}, waiver="pupil")
    assert [(line.rule, line.amount, line.waived, line.reason.en) for line in answer.lines] == [
        ("haste", 2500, 2500, "5,000 đồng; when “Name” is yes; less 2,500 đồng (50%: Name)"),
        ("many", 7500, 7500, "5,000 đồng × 3 (“Number of copies”) = 15,000 đồng; less 7,500 đồng (50%: Name)"),
    ]
    assert answer.lines[1].reason.vi == "5.000 đồng × 3 (“Số lượng bản sao”) = 15.000 đồng; trừ 7.500 đồng (50%: Tên)"
    assert (answer.total, answer.waived, answer.phi, answer.le_phi) == (10_000, 10_000, 0, 10_000)
    assert answer.waiver is not None
    assert (answer.waiver.percent, answer.waiver.approver, answer.waiver.evidence) == (50, "reception", None)


@pytest.mark.parametrize(
    ("case", "problem"),
    [
        ({"form": {"pages": 3}}, ("pages", "unknown_field")),
        ({"form": {"copies": 0}}, ("copies", "below_minimum")),
        ({"form": {"copies": "many"}}, ("copies", "not_an_integer")),
        ({"form": {"urgent": "perhaps"}}, ("urgent", "not_a_boolean")),
        ({"form": {"reason": "x"}}, ("reason", "field_not_applicable")),
        ({"waiver": "nobody"}, ("waiver", "no_such_waiver")),
    ],
)
def test_what_no_filing_could_say_is_refused(case: dict[str, Any], problem: tuple[str, str]) -> None:
    with pytest.raises(RefusalError) as refused:
        duty(0, **case)
    assert [(one.field, one.rule) for one in refused.value.refusal.problems] == [problem]


def test_a_procedure_in_person_takes_no_filing_online() -> None:
    in_person = next(procedure(*key) for key, raw in sources().items() if raw["level"] == 2)
    with pytest.raises(RefusalError) as refused:
        stated(in_person, Question(Case({}, Channel.ONLINE), date(2026, 12, 1)))
    assert [one.rule for one in refused.value.refusal.problems] == ["channel_not_allowed_at_level"]


def test_a_procedure_without_a_fee_costs_nothing() -> None:
    free = next(procedure(*key) for key, raw in sources().items() if "fee" not in raw)
    answer = stated(free, Question(Case({}), date(2026, 12, 1)))
    assert (answer.total, answer.lines, answer.missing, described(free)) == (0, (), (), ())


def test_inputs_have_types_bounds_choices_and_how_to_say_them() -> None:
    by_name = {one.name: one for one in described(procedure("1.004222", "2026-12"))}
    channel = by_name["channel"]
    assert (channel.type, channel.choices) == (FieldKind.CHOICE, ("online", "counter", "post"))
    assert channel.option == "--channel"
    assert (by_name[APPLICANT].choices, by_name[APPLICANT].option) == (("person", "organisation"), f"--set {APPLICANT}")
    [copies] = [one for one in described(procedure("2.000635", "2026-12")) if one.name == "copies"]
    assert (copies.type, copies.required, copies.minimum, copies.option) == (FieldKind.INTEGER, True, 1, "--set copies")


def test_a_field_that_another_depends_on_is_an_input_too() -> None:
    raw = good()
    raw["fee"]["items"] = [{**raw["fee"]["items"][1], "when": [{"field": "reason", "one_of": ["x"]}]}]
    raw["fee"]["waivers"] = []
    checked = check_bytes(yaml.safe_dump(raw, allow_unicode=True).encode())
    assert checked.procedure is not None, checked.mistakes
    assert [one.name for one in described(checked.procedure)] == ["urgent", "reason"]
    forms: list[dict[str, FormValue]] = [{}, {"urgent": True}, {"urgent": False}, {"urgent": True, "reason": "x"}]
    answers = [stated(checked.procedure, Question(Case(form), date(2026, 12, 1))) for form in forms]
    assert [[one.field for one in answer.missing] for answer in answers] == [["urgent"], ["reason"], [], []]
    assert [answer.total for answer in answers] == [None, None, 0, 5000]
