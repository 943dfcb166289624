"""The rule of every command, by subject: its roles, its conditions, its events."""

from typing import Final

from rules.filing.commands import delivery, intake, money, parties, passing_on, reports, review, time, with_applicant
from rules.rule import Rule
from schemas.filing.state import Filing

RULES: Final[dict[str, Rule[Filing]]] = {
    **intake.RULES,
    **passing_on.RULES,
    **with_applicant.RULES,
    **review.RULES,
    **reports.RULES,
    **time.RULES,
    **money.RULES,
    **delivery.RULES,
    **parties.RULES,
}
