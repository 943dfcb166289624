"""Refunds for tests: a capture, and a refund that gets commands."""

from datetime import timedelta
from typing import Any, Final

from rules.streams import REFUND
from schemas.ids import filing_id
from schemas.people import Role
from schemas.refund.commands import BeginRefund
from schemas.refund.state import CaptureTaken, Claim, Refund, RefundCause
from tests.unit.alive import Alive
from tests.unit.filing.lives import AGENCY, CASHIER, FILE, LEADER, SPECIALIST, START, officer

AMOUNT: Final = 16_001
CAPTURE: Final = CaptureTaken(
    payment=1, capture_id="m1", amount=AMOUNT, asked=AMOUNT, description="H01.12-1", requested_at=START, due=START
)
DEPUTY: Final = officer(Role.LEADER, "leader-2")
DUAL: Final = officer(Role.CASHIER, LEADER.subject)
"""The leader as a cashier."""
APART: Final = officer(Role.LEADER, "leader-9")
"""A leader who is on the applicant's side of the filing, and may not act on the refund."""
OTHER_AGENCY: Final = officer(Role.LEADER, "leader-3", "H01.13")
PEOPLE: Final = (SPECIALIST, CASHIER, LEADER, DEPUTY, DUAL, APART, OTHER_AGENCY, officer(Role.CLERK))
WHY: Final = {"reason": "nộp nhầm", "legal_basis": "TT 45/2006"}
UNOWED: Final = Claim(unowed=RefundCause.SECOND)
ASKED: Final[dict[str, Any]] = {"case": 1, "n": 1}
"""The content of the first request of case 1."""

BY_HAND: Final = {"means": "cash", "evidence": FILE.model_dump()}


class Giving(Alive):
    """A refund that gets one command a minute."""

    kind = REFUND
    lasts = timedelta(minutes=1)

    def __init__(self, capture: CaptureTaken = CAPTURE) -> None:
        super().__init__(Refund(filing_id=filing_id("portal", "1"), n=1001, agency=AGENCY))
        self.do(BeginRefund, capture=capture, apart=("an", APART.subject))

    @property
    def refund(self) -> Refund:
        state: Refund = self.state
        return state


def states(so_far: Giving) -> list[tuple[int, str]]:
    """Returns the amount and the state of each case of the refund."""
    return [(entry.amount, str(entry.state)) for entry in so_far.refund.entries]
