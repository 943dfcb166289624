"""What would be otherwise for a filing under another version of its procedure."""

from datetime import timedelta
from typing import Any, Final

import pytest

from publishing.changes.refile import anew
from tests.unit.filing.lives import START, Life, fee, procedure

OWN: Final = procedure(fee=fee())
NAME: Final = {"code": "name", "kind": "text", "required": True, "minimum": 2, "maximum": 20}
COPIES: Final = {"code": "copies", "kind": "integer", "required": False, "minimum": 0, "maximum": 50}
IDENTITY: Final = {"code": "identity", "required": True}


def dearer(amount: int, **when: Any) -> dict[str, Any]:
    rule = fee()
    rule["items"] = [rule["items"][0] | {"amount": amount} | when]
    return {"fee": rule}


def under(life: Life | None = None, **changes: Any) -> tuple[int, int, str, str, list[tuple[str, str]], bool]:
    found = anew((life or Life(OWN)).filing, procedure(**{"version": "2027-01", "fee": fee()} | changes), START)
    problems = [(one.field, one.rule) for one in found.problems]
    return (found.fee, found.fee_then, str(found.processing), str(found.processing_then), problems, found.differs)


FIVE: Final = "5 working days"


def test_the_same_rules_under_another_name_change_nothing() -> None:
    assert under() == (16_000, 16_000, FIVE, FIVE, [], False)


@pytest.mark.parametrize(
    ("changes", "fee_then"),
    [(dearer(10_000), 20_000), (dearer(10_000, when=[{"channel": "counter"}]), 0), ({"fee": None}, 0)],
)
def test_another_fee_is_that_of_what_was_filed(changes: dict[str, Any], fee_then: int) -> None:
    assert under(**changes) == (16_000, fee_then, FIVE, FIVE, [], True)


@pytest.mark.parametrize(
    ("changes", "problems"),
    [
        ({"papers": [IDENTITY, {"code": "photo", "required": True}]}, [("papers.photo", "paper_required")]),
        ({"papers": [IDENTITY, {"code": "photo", "required": True, "when": [{"field": "copies", "at_least": 3}]}]}, []),
        ({"papers": []}, [("papers[0].code", "unknown_paper")]),
        (
            {"form": [NAME, COPIES, {"code": "purpose", "kind": "text", "required": True}]},
            [("form.purpose", "field_required")],
        ),
        ({"form": [NAME, COPIES | {"when": [{"channel": "post"}]}]}, [("form.copies", "field_not_applicable")]),
    ],
)
def test_what_would_be_missing_or_no_longer_fit_is_named(
    changes: dict[str, Any], problems: list[tuple[str, str]]
) -> None:
    *_, found, differs = under(**changes)
    assert (found, differs) == (problems, bool(problems))


FILED: Final = START.date().isoformat()


@pytest.mark.parametrize(("days", "fee_then"), [(0, 0), (9, 0), (10, 20_000)])
def test_days_are_counted_to_the_day_on_which_it_would_be_received_anew(days: int, fee_then: int) -> None:
    life = Life(OWN, form={"name": "An", "copies": 2, "born": FILED})
    late = dearer(10_000, when=[{"field": "born", "at_least_days_ago": 10}])
    found = anew(life.filing, procedure(**late), START + timedelta(days=days))
    assert (found.fee, found.fee_then) == (16_000, fee_then)


def test_amounts_are_those_of_their_time() -> None:
    governed = {"valid_until": "2026-12-31"}
    own = procedure(**dearer(8_000, **governed))
    found = anew(Life(own).filing, own, START + timedelta(days=60))
    assert (found.fee, found.fee_then) == (16_000, 0)


def test_the_limit_is_that_of_the_case() -> None:
    case = {"code": "many", "processing": "9 working days", "when": [{"field": "copies", "at_least": 2}]}
    assert under(cases=[case]) == (16_000, 16_000, FIVE, "9 working days", [], True)
