"""The messages to the filing about the decision of a part, or its lateness."""

from typing import Any, Final

from rules.telling import Telling, read
from schemas.filing.commands import ReportOverduePart, SettlePart
from schemas.filing.events import Outcome
from schemas.filing.state import OverduePartFact, PartFact


def overdue_part_command(raw: Any) -> ReportOverduePart:
    """The command that reports a late part. Raises `ValueError` for any other content."""
    fact = read(OverduePartFact, raw)
    return ReportOverduePart(command_id=f"part:{fact.n}:overdue", n=fact.n)


def part_command(raw: Any) -> SettlePart:
    """The command that settles a decided part. Raises `ValueError` for any other content."""
    fact = read(PartFact, raw)
    return SettlePart(command_id=f"part:{fact.n}:answered", **dict(fact) | {"outcome": Outcome(fact.outcome)})


TELLS: Final = (
    Telling("part_overdue", overdue_part_command, {"referral_overdue": lambda n, _: {"n": n}}),
    Telling("part_settled", part_command, {"referral_answered": lambda n, body: body | {"n": n}}),
)
