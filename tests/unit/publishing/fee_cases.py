"""Cases for the catalogue's fees from `fee_cases.yaml`, and the filing of each."""

import json
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

import yaml
from pydantic import Field

from publishing.authoring.procedures import PROCEDURES, check_bytes
from publishing.authoring.provinces import PROVINCES
from publishing.checks.provinces import composed
from rules.filing.fees.assessment import assess
from rules.source.document import parse
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
from schemas.publishing.procedure_rules import ProcedureRules, rules_of
from tests.unit.filing.lives import AN, CALENDAR

CASES: Final = Path(__file__).with_name("fee_cases.yaml")
FILES: Final = sorted(PROCEDURES.glob("*.yaml"))


class Case(StrictModel):
    """A submission, and its cost in đồng: `total` is after the `waiver`, unless that is `refused`."""

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
    """The cases of one procedure: by default of its first version, and without a province's rules."""

    procedure: str
    version: str | None = None
    province: str | None = None
    cases: tuple[Case, ...] = Field(min_length=1)


class File(StrictModel):
    """All cases, with their named sources."""

    sources: dict[Code, str]
    procedures: tuple[Group, ...]


class Told(NamedTuple):
    """A case with the rules of its procedure."""

    rules: ProcedureRules
    case: Case


def written() -> File:
    """Reads the file, with dates as text."""
    return File.model_validate_json(json.dumps(yaml.safe_load(CASES.read_text()), default=date.isoformat))


@cache
def catalogue() -> Mapping[tuple[str, str], bytes]:
    """Returns the source of every version of the catalogue, by code and version."""
    return {tuple(file.stem.split("@")): file.read_bytes() for file in FILES}  # type: ignore[misc]


@cache
def rules(code: str, version: str | None, province: str | None) -> ProcedureRules:
    """Returns the published rules of a procedure, with a province's fee if one is named."""
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


def instant(case: Case) -> datetime:
    return datetime.combine(case.received, time(9), VIETNAM)


def lines(told: Told) -> tuple[FeeLine, ...]:
    """Returns the fee's lines before any waiver."""
    case = told.case
    return assess(told.rules.fee, filing(told), case.received, instant(case)).lines


def total(found: Iterable[FeeLine]) -> int:
    return sum(line.total for line in found)
