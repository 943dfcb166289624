"""The cost of filings by the whole catalogue agrees with cases written by hand from the amounts' sources."""

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest
import yaml
from pydantic import Field

from publishing.authoring.procedures import PROCEDURES, check_bytes
from publishing.authoring.provinces import PROVINCES
from publishing.checks.provinces import composed
from rules.filing.conditions import Case, Of
from rules.filing.fees.assessment import asked_for, assess, not_granted
from rules.filing.fees.inputs import APPLICANT
from rules.source import parse
from rules.time.in_force import InForce
from rules.time.working_time import VIETNAM
from rules.wording.fee_statement import FeeStatement, Question, described, stated
from schemas.base import Code, StrictModel
from schemas.errors import RefusalError
from schemas.files import Paper
from schemas.filing.events import FeeLine
from schemas.filing.state import Filing, Waiver
from schemas.ids import filing_id
from schemas.level import Channel
from schemas.people import PersonKind
from schemas.publishing.calendar import Day
from schemas.publishing.fee import FeeKind
from schemas.publishing.procedure import Procedure
from schemas.publishing.procedure_rules import FeePart, ProcedureRules, rules_of
from schemas.text import FormValue
from tests.unit.filing.lives import AN, CALENDAR
from tests.unit.publishing.broken_procedures import good
from tests.walking import walked

CASES: Final = Path(__file__).with_name("fee_cases.yaml")
FILES: Final = sorted(PROCEDURES.glob("*.yaml"))


class Costed(StrictModel):
    """A submission and its cost in đồng, `total`: less the `waiver`, unless the rule `refused` refuses the waiver."""

    received: Day
    channel: Channel
    applicant: PersonKind = PersonKind.PERSON
    form: dict[Code, FormValue] = Field(default_factory=dict)
    papers: tuple[Code, ...] = ()
    waiver: Code | None = None
    refused: Code | None = None
    total: int = Field(ge=0)
    lines: dict[Code, int] | None = None
    source: tuple[Code, ...] = Field(min_length=1)


class Group(StrictModel):
    """The cases of one procedure; by default they concern its first version, without a province's rules."""

    procedure: str
    version: str | None = None
    province: str | None = None
    cases: tuple[Costed, ...] = Field(min_length=1)


class File(StrictModel):
    """All cases, and the sources of their amounts by code."""

    sources: dict[Code, str]
    procedures: tuple[Group, ...]


class RuledCase(NamedTuple):
    """A case with the rules of its procedure."""

    rules: ProcedureRules
    case: Costed


def written() -> File:
    """Returns the content of the file of cases; its dates are read as text."""
    return File.model_validate_json(json.dumps(yaml.safe_load(CASES.read_text()), default=date.isoformat))


@cache
def sources() -> Mapping[tuple[str, str], dict[str, Any]]:
    """Returns the procedures of the catalogue and their provincial variants as raw YAML, by code and version."""
    base = [parse(file.read_bytes()).value for file in FILES]
    made = [
        composed(raw, overlay["province"], overlay["version"], overlay.get("fees", {})[raw["code"]])
        for overlay in [parse(file.read_bytes()).value for file in PROVINCES.glob("*.yaml")]
        for raw in base
        if raw["code"] in overlay.get("fees", {})
    ]
    return {(raw["code"], raw["version"]): raw for raw in (*base, *made)}


@cache
def procedure(code: str, version: str) -> Procedure:
    checked = check_bytes(yaml.safe_dump(sources()[code, version], allow_unicode=True).encode())
    assert checked.procedure is not None, checked.mistakes
    return checked.procedure


@cache
def rules(code: str, version: str) -> ProcedureRules:
    return rules_of(procedure(code, version), "0" * 64)


def of(group: Group) -> ProcedureRules:
    """Returns the published rules for a group of cases, with a province's fee if the group names a province."""
    versions = [version for code, version in sources() if code == group.procedure]
    version = group.version or min(versions)
    if group.province is not None:
        [version] = [one for one in versions if one.startswith(f"{version}.{group.province}.")]
    return rules(group.procedure, version)


@cache
def all_told() -> list[RuledCase]:
    return [RuledCase(of(group), case) for group in written().procedures for case in group.cases]


def filing(told: RuledCase, waived: int | None = None) -> Filing:
    """Returns the filing of a case, with `waived` percent of the fee waived."""
    case = told.case
    return Filing(
        filing_id=filing_id("cases", "1"),
        agency="H01.12",
        procedure=told.rules,
        calendar=CALENDAR,
        channel=case.channel,
        applicant=AN.model_copy(update={"kind": case.applicant}),
        form=case.form,
        papers=tuple(Paper(code=code) for code in case.papers),
        submitted_at=instant(case),
        waiver=None if waived is None else Waiver(code=str(case.waiver), percent=waived, officer="h01.12-reception-1"),
    )


def instant(case: Costed) -> datetime:
    return datetime.combine(case.received, time(9), VIETNAM)


def lines(told: RuledCase) -> tuple[FeeLine, ...]:
    """Returns the lines of a case's fee before any waiver is deducted."""
    case = told.case
    return assess(told.rules.fee, filing(told), case.received, instant(case)).lines


def total(found: Iterable[FeeLine]) -> int:
    return sum(line.total for line in found)


A_DAY: Final = timedelta(days=1)


@walked("told", all_told, ids=lambda told: f"{told.rules.code}-{told.case.received}-{told.case.channel}", at_least=440)
def test_a_filing_costs_what_the_law_says(told: RuledCase) -> None:
    case, fee = told.case, told.rules.fee
    found = lines(told)
    assert case.form.keys() <= {field.code for field in told.rules.form}
    assert set(case.papers) <= {paper.code for paper in told.rules.papers}
    if case.lines is not None:
        assert {line.code: line.total for line in found} == case.lines
    if case.waiver is None:
        assert total(found) == case.total
        return
    assert fee is not None
    [waiver] = [waiver for waiver in fee.waivers if waiver.code == case.waiver]
    problem = not_granted(filing(told), fee, waiver, instant(case))
    assert (problem and problem.rule) == case.refused
    request = asked_for(filing(told, None if case.refused else waiver.percent), fee, case.channel, instant(case))
    assert (request.amount if request else 0) == case.total
    assert case.refused or total(found) > case.total


def untouched(told: Iterable[RuledCase]) -> Iterator[str]:
    """Yields the parts of the catalogue that no case covers: procedures, items, caps, waivers, first and last days."""
    cases = list(told)
    for code, version in (file.stem.split("@") for file in FILES):
        its = [one for one in cases if (one.rules.code, one.rules.version) == (code, version)]
        fee = rules(code, version).fee
        if not its:
            yield f"{code}@{version}"
        elif fee is not None:
            yield from (f"{code}@{version} {part}" for part in _untouched(fee, its))


def _untouched(fee: FeePart, its: list[RuledCase]) -> Iterator[str]:
    charged = [(one.case.received, line) for one in its for line in lines(one)]
    for item in fee.items:
        part, its_lines = f"item {item.code}", [(day, line) for day, line in charged if line.code == item.code]
        if not its_lines:
            yield part
        if item.maximum is not None and all(line.bounded != item.maximum for _, line in its_lines):
            yield f"{part} maximum"
        yield from _borders(part, item, [day for day, _ in its_lines], [one.case.received for one in its])
    for waiver in fee.waivers:
        part, asked = f"waiver {waiver.code}", [one.case for one in its if one.case.waiver == waiver.code]
        granted = [case.received for case in asked if case.refused is None]
        if not granted:
            yield part
        yield from _borders(part, waiver, granted, [case.received for case in asked])


def _borders(part: str, rule: InForce, within: list[date], told: list[date]) -> Iterator[str]:
    """Yields each border day of a rule that lacks a case on the day itself, or a case on the day just outside."""
    if rule.valid_from is not None and not (rule.valid_from in within and rule.valid_from - A_DAY in told):
        yield f"{part} from"
    if rule.valid_until is not None and not (rule.valid_until in within and rule.valid_until + A_DAY in told):
        yield f"{part} until"


def test_every_item_has_its_cases_and_every_case_its_sources() -> None:
    assert list(untouched(all_told())) == []
    assert len(all_told()) >= 320
    file = written()
    assert {key for group in file.procedures for case in group.cases for key in case.source} == file.sources.keys()


def question_of(told: RuledCase, **changes: Any) -> Question:
    case = told.case
    return Question(Case(case.form, case.channel, Of(case.applicant)), case.received, case.waiver)._replace(**changes)


def refusal(published: Procedure, question: Question) -> str:
    """Returns as one text the rules that refuse the waiver, or the inputs that the decision still lacks."""
    try:
        answer = stated(published, question)
    except RefusalError as error:
        return ", ".join(one.rule for one in error.refusal.problems)
    return ", ".join(f"{one.field} is missing" for one in answer.missing)


@walked("told", all_told, ids=lambda told: f"{told.rules.code}-{told.case.received}-{told.case.channel}", at_least=440)
def test_every_case_of_the_catalogue_costs_what_it_says(told: RuledCase) -> None:
    case, published = told.case, procedure(told.rules.code, told.rules.version)
    if case.refused in {"waiver_not_in_force", "waiver_not_for_this_filing"}:
        assert refusal(published, question_of(told)) in (case.refused, "vneid_papers is missing")
    off = case.waiver if case.refused is None else None
    answer = stated(published, question_of(told, waiver=off))
    assert answer.total == case.total, answer
    if case.lines is not None:
        assert {line.rule: line.amount + line.waived for line in answer.lines} == case.lines
    whole = sum(line.amount for line in answer.lines)
    phi = sum(line.amount for line in answer.lines if line.kind is FeeKind.CHARGE)
    assert (answer.total, answer.phi, answer.le_phi) == (whole, phi, whole - phi)
    assert (answer.waiver and answer.waiver.code) == off
    assert case.waiver is None or case.refused or case.waiver in {one.code for one in answer.waivers}


def test_without_one_input_it_is_named_or_makes_no_difference() -> None:
    named = set[str]()
    for told in all_told():
        published, question = procedure(told.rules.code, told.rules.version), question_of(told, waiver=None)
        whole = stated(published, question)
        required = {one.name for one in described(published) if one.required}
        for left_out in sorted(required & {"channel", APPLICANT, *told.case.form}):
            answer = stated(published, without(question, left_out))
            found = {one.field for one in answer.missing}
            assert found <= {left_out}, (told, found)
            assert answer.total == (None if found else whole.total), (told, left_out)
            named |= found
    assert named >= {"channel", "copies"}


def without(asked: Question, name: str) -> Question:
    case = asked.case
    form = {code: value for code, value in case.form.items() if code != name}
    channel = None if name == "channel" else case.channel
    return asked._replace(case=Case(form, channel, None if name == APPLICANT else case.applicant))


def duty(value: int, **case: Any) -> FeeStatement:
    """Returns the fee by the procedure that uses every part; one item is a rate of this `value` in the form."""
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


def test_a_procedure_in_person_takes_nothing_online_and_one_without_a_fee_costs_nothing() -> None:
    in_person = next(procedure(*key) for key, raw in sources().items() if raw["level"] == 2)
    with pytest.raises(RefusalError) as refused:
        stated(in_person, Question(Case({}, Channel.ONLINE), date(2026, 12, 1)))
    assert [one.rule for one in refused.value.refusal.problems] == ["channel_not_allowed_at_level"]
    free = next(procedure(*key) for key, raw in sources().items() if "fee" not in raw)
    answer = stated(free, Question(Case({}), date(2026, 12, 1)))
    assert (answer.total, answer.lines, answer.missing, described(free)) == (0, (), (), ())


def test_pages_from_the_third_on_are_not_said_of_a_single_page() -> None:
    certifying = next(procedure(*key) for key in sources() if key[0] == "2.000815")
    form: dict[str, FormValue] = {"first_pages": 1, "more_pages": 195}
    with pytest.raises(RefusalError) as refused:
        stated(certifying, Question(Case(form), date(2026, 12, 1)))
    assert [(one.field, one.rule) for one in refused.value.refusal.problems] == [("more_pages", "field_not_applicable")]
    assert stated(certifying, Question(Case({"first_pages": 1}), date(2026, 12, 1))).total == 2_000


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
