"""What every filing of the catalogue costs, held against a file written by hand from the sources of the amounts."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

import pytest
import yaml
from pydantic import Field

from operations.publishing.catalogue import PROCEDURES, check_bytes
from operations.publishing.provinces import PROVINCES
from rules.filing.fees.assessment import assess
from rules.filing.fees.request import asked_for
from rules.filing.waivers import not_granted
from rules.publishing.document import parse
from rules.publishing.provinces import composed
from rules.time.in_force import InForce
from rules.time.working_time import VIETNAM
from schemas.base import Code, StrictModel
from schemas.files import Paper
from schemas.filing.events import FeeLine
from schemas.filing.state import Filing, Waiver
from schemas.form import FormValue
from schemas.ids import filing_id
from schemas.level import Channel
from schemas.people import PersonKind
from schemas.publishing.calendar import Day
from schemas.publishing.procedure import Procedure
from schemas.publishing.procedure_rules import FeePart, ProcedureRules, rules_of
from tests.unit.filing.lives import AN, CALENDAR

CASES: Final = Path(__file__).with_name("fee_cases.yaml")
FILES: Final = sorted(PROCEDURES.glob("*.yaml"))
A_DAY: Final = timedelta(days=1)


class Case(StrictModel):
    """What was filed, and what it costs in đồng: `total` is after the `waiver`, unless that is `refused`."""

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
    """The cases of one procedure: of its first version unless it says which, in a province if it says so."""

    procedure: str
    version: str | None = None
    province: str | None = None
    cases: tuple[Case, ...] = Field(min_length=1)


class File(StrictModel):
    """All cases, and the sources that they name."""

    sources: dict[Code, str]
    procedures: tuple[Group, ...]


class Told(NamedTuple):
    """A case with the rules that it is about."""

    rules: ProcedureRules
    case: Case


def written() -> File:
    """The file, each value as YAML has it, dates as text."""
    return File.model_validate_json(json.dumps(yaml.safe_load(CASES.read_text()), default=date.isoformat))


@cache
def catalogue() -> Mapping[tuple[str, str], bytes]:
    """The source of every version of the catalogue, by code and version."""
    return {tuple(file.stem.split("@")): file.read_bytes() for file in FILES}  # type: ignore[misc]


@cache
def rules(code: str, version: str | None, province: str | None) -> ProcedureRules:
    """The rules of a procedure as they are published, those of a province as they are composed of its fee."""
    version = version or min(known for name, known in catalogue() if name == code)
    source = catalogue()[code, version]
    if province is not None:
        [overlay] = [parse(file.read_bytes()).value for file in PROVINCES.glob(f"{province}@*.yaml")]
        made = composed(parse(source).value, province, overlay["version"], overlay["fees"][code])
        return rules_of(Procedure.model_validate_json(json.dumps(made, default=str)), "0" * 64)
    checked = check_bytes(source)
    assert checked.procedure is not None
    return rules_of(checked.procedure, checked.sha256)


def all_told() -> list[Told]:
    return [
        Told(rules(group.procedure, group.version, group.province), case)
        for group in written().procedures
        for case in group.cases
    ]


TOLD: Final = all_told()


def filing(told: Told, waived: int | None = None) -> Filing:
    """The filing of a case, let off `waived` percent of the fee."""
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


def instant(case: Case) -> datetime:
    """When it was filed."""
    return datetime.combine(case.received, time(9), VIETNAM)


def lines(told: Told) -> tuple[FeeLine, ...]:
    """What is charged before any waiver."""
    case = told.case
    return assess(told.rules.fee, filing(told), case.received, instant(case)).lines


def total(found: Iterable[FeeLine]) -> int:
    return sum(line.total for line in found)


@pytest.mark.parametrize("told", TOLD, ids=lambda told: f"{told.rules.code}-{told.case.received}-{told.case.channel}")
def test_a_filing_costs_what_the_law_says(told: Told) -> None:
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
    let_off = filing(told, None if case.refused else waiver.percent)
    request = asked_for(let_off, fee, case.channel, instant(case))
    assert (request.amount if request else 0) == case.total
    assert case.refused or total(found) > case.total


def untouched(told: Iterable[Told]) -> Iterator[str]:
    """What of the catalogue no case touches: procedures, items, caps, waivers, borders of what begins or ends."""
    cases = list(told)
    for code, version in catalogue():
        its = [one for one in cases if (one.rules.code, one.rules.version) == (code, version)]
        fee = rules(code, version, None).fee
        if not its:
            yield f"{code}@{version}"
        elif fee is not None:
            yield from (f"{code}@{version} {part}" for part in _untouched(fee, its))


def _untouched(fee: FeePart, its: list[Told]) -> Iterator[str]:
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
    """The first and the last day of what is in force, and the days beside them, on which there is no case."""
    if rule.valid_from is not None and not (rule.valid_from in within and rule.valid_from - A_DAY in told):
        yield f"{part} from"
    if rule.valid_until is not None and not (rule.valid_until in within and rule.valid_until + A_DAY in told):
        yield f"{part} until"


def test_every_procedure_item_cap_waiver_and_border_of_the_catalogue_has_its_cases() -> None:
    assert list(untouched(TOLD)) == []
    assert len(TOLD) >= 320


def charges(item: str) -> Callable[[Told], bool]:
    return lambda told: any(line.code == item for line in lines(told))


def is_of(code: str, received: date) -> Callable[[Told], bool]:
    return lambda told: told.rules.code == code and told.case.received == received


@pytest.mark.parametrize(
    ("leave_out", "missing"),
    [
        (lambda told: told.rules.code == "1.001776", ["1.001776@2026-12"]),
        (charges("reissue"), ["2.001195@2026-12 item reissue", "2.001195@2026-12 item reissue from"]),
        (
            lambda told: any(line.bounded == 196_000 for line in lines(told)),
            ["2.000815@2026-12 item more_pages maximum"],
        ),
        (
            lambda told: told.case.waiver == "social" and told.rules.version == "2026-12",
            ["1.001193@2026-12 waiver social"],
        ),
        (is_of("3.000348", date(2025, 12, 31)), ["3.000348@2026-12 item licence from"]),
        (is_of("3.000348", date(2027, 3, 1)), ["3.000348@2026-12 waiver nq_66_22 until"]),
    ],
    ids=["procedure", "item", "maximum", "waiver", "day before", "day after"],
)
def test_what_no_case_touches_is_named(leave_out: Callable[[Told], bool], missing: list[str]) -> None:
    assert list(untouched(told for told in TOLD if not leave_out(told))) == missing


def test_every_case_names_sources_of_the_file_and_every_source_is_named() -> None:
    file = written()
    named = {key for group in file.procedures for case in group.cases for key in case.source}
    assert named == file.sources.keys()
