"""The rule of every command, by subject: its roles, its conditions, its events."""

from typing import Final

from rules.filing.commands import (
    after_complaint,
    authorities,
    counter,
    delivery,
    draft,
    intake,
    machine,
    money,
    parts,
    reading,
    review,
    time,
    transfer,
    with_applicant,
)
from rules.rule import Rule
from schemas.filing.state import Filing

RULES: Final[dict[str, Rule[Filing]]] = {
    **intake.RULES,
    **transfer.RULES,
    **with_applicant.RULES,
    **review.RULES,
    **draft.RULES,
    **authorities.RULES,
    **parts.RULES,
    **time.RULES,
    **money.RULES,
    **delivery.RULES,
    **counter.RULES,
    **reading.RULES,
    **machine.RULES,
    **after_complaint.RULES,
}
