"""Fees for tests: rules with increases and waivers, and filings that pay fees and supply fields."""

from typing import Any, Final

from rules.require import require
from schemas.people import Actor
from schemas.publishing.procedure_rules import ProcedureRules
from tests.unit.filing.lives import APPLICANT, RECEPTION, SPECIALIST, Life, fee, procedure

RISING: Final = [
    {"code": "before", "amount": 8000, "per": "copies", "valid_until": "2026-11-30"},
    {"code": "after", "amount": 10_000, "per": "copies", "valid_from": "2026-12-01"},
]
HASTE: Final = {"code": "haste", "amount": 50_001, "when": [{"field": "urgent", "one_of": [True]}]}
HALF: Final = {"code": "half", "percent": 50, "approver": "cashier"}


def rules(due: str = "submission", **said: Any) -> ProcedureRules:
    """Returns rules with a fee of 8,000 đồng a copy and 50,001 more for urgency, and with 50 rounds of supplement."""
    facts = fee(due)
    facts |= {"items": [*facts["items"], HASTE], "waivers": [HALF]} | said
    return procedure(fee=facts, supplement_rounds=50, supplement_within="300 working days")


def paid(life: Life) -> Life:
    """Pays the due fee online."""
    due = require(life.filing.fee)
    return life.do("settle_fee", n=due.n, settlement="paid", amount=due.amount)


def supplied(life: Life, actor: Actor = RECEPTION, **form: Any) -> Life:
    """Requests these fields as an officer, and supplies them as the applicant."""
    life.supplement_requested(actor, *(("field", code) for code in form))
    return life.do("supplement", APPLICANT, form=form, papers=[])


def in_review(**said: Any) -> Life:
    return paid(Life(rules("acceptance", **said)).accepted()).do("claim", SPECIALIST)


def last(life: Life) -> Any:
    return life.log[-1].event
