"""What every filing of the catalogue costs, held against a file written by hand from the sources of the amounts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta
from typing import Final

import pytest

from rules.filing.fees.request import asked_for
from rules.filing.waivers import not_granted
from rules.time.in_force import InForce
from schemas.publishing.procedure_rules import FeePart
from tests.unit.publishing.fee_cases import TOLD, Told, catalogue, filing, instant, lines, rules, total, written
from tests.walking import walked

A_DAY: Final = timedelta(days=1)


@walked("told", TOLD, ids=lambda told: f"{told.rules.code}-{told.case.received}-{told.case.channel}", at_least=440)
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
