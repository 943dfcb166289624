"""Refunds for tests: a capture, and a refund that takes commands."""

import json
from datetime import datetime, timedelta
from typing import Any, Final, Self

from rules.refund import fold
from rules.streams import REFUND
from schemas.errors import RefusalError
from schemas.filing import commands as cm
from schemas.ids import filing_id
from schemas.people import SYSTEM, Actor, Role
from schemas.refund.commands import BeginRefund
from schemas.refund.state import CaptureTaken, Claim, Refund, RefundCause
from schemas.stream.ledger import Recorded
from tests.unit.filing.lives import AGENCY, CASHIER, FILE, LEADER, SPECIALIST, START, VIA, officer

AMOUNT: Final = 16_001
CAPTURE: Final = CaptureTaken(
    payment=1, capture_id="m1", amount=AMOUNT, asked=AMOUNT, description="H01.12-1", requested_at=START, due=START
)
DEPUTY: Final = officer(Role.LEADER, "leader-2")
DUAL: Final = officer(Role.CASHIER, LEADER.subject)
"""The leader, who is a cashier too."""
APART: Final = officer(Role.LEADER, "leader-9")
"""A leader who is on the filing's side."""
OTHER_AGENCY: Final = officer(Role.LEADER, "leader-3", "H01.13")
PEOPLE: Final = (SPECIALIST, CASHIER, LEADER, DEPUTY, DUAL, APART, OTHER_AGENCY, officer(Role.CLERK))
WHY: Final = {"reason": "nộp nhầm", "legal_basis": "TT 45/2006"}
UNOWED: Final = Claim(unowed=RefundCause.SECOND)
ASKED: Final[dict[str, Any]] = {"case": 1, "n": 1}
"""The content of the first request of case 1."""

BY_HAND: Final = {"means": "cash", "evidence": FILE.model_dump()}


class Giving:
    """A refund that takes commands."""

    def __init__(self, capture: CaptureTaken = CAPTURE) -> None:
        self.begun = Refund(filing_id=filing_id("portal", "1"), n=1001, agency=AGENCY)
        self.refund = self.begun
        self.replayed = self.begun
        self.log: list[Recorded] = []
        self.now: datetime = START
        self.do(BeginRefund, capture=capture, apart=("an", APART.subject))

    def do(self, model: type[cm.Command], actor: Actor = SYSTEM, **said: Any) -> Self:
        """Give a command a minute later; each event is also folded as it comes back from the log."""
        self.now += timedelta(minutes=1)
        for event in REFUND.decide(self.refund, self.command(model, actor, **said), self.now):
            recorded = Recorded(seq=len(self.log) + 1, at=self.now, command_id="c", actor=actor, event=event)
            self.log.append(recorded)
            self.refund = fold.evolve(self.refund, recorded)
            read = REFUND.event(json.loads(event.model_dump_json(exclude_none=True)))
            self.replayed = fold.evolve(
                self.replayed, Recorded(seq=recorded.seq, at=self.now, command_id="c", actor=actor, event=read)
            )
        assert self.replayed == self.refund
        return self

    def refusal(self, model: type[cm.Command], actor: Actor = SYSTEM, **said: Any) -> list[str]:
        """Returns the rules that a command breaks; none if it would be accepted."""
        try:
            REFUND.decide(self.refund, self.command(model, actor, **said), self.now)
        except RefusalError as no:
            return [problem.rule for problem in no.refusal.problems]
        return []

    def command(self, model: type[cm.Command], actor: Actor, **said: Any) -> cm.Command:
        return model.model_validate({"command_id": f"c{len(self.log)}", "actor": actor, "via": VIA} | said)

    @property
    def kinds(self) -> list[str]:
        return [recorded.event.kind for recorded in self.log]


def states(so_far: Giving) -> list[tuple[int, str]]:
    """The amount of each case, and where it stands."""
    return [(entry.amount, str(entry.state)) for entry in so_far.refund.entries]
