"""Results for tests: an order, its signers, and a result that gets commands."""

from datetime import timedelta
from typing import Any, Final, Self

from rules.result.kind import results
from rules.streams import RESULT as KIND
from schemas.backoffice import Dossier
from schemas.base import numbers_taken
from schemas.files import FileRef
from schemas.filing.events import Outcome
from schemas.ids import filing_id
from schemas.level import Level
from schemas.people import Role
from schemas.result.commands import EnterResult, RecordMade, RecordSigned
from schemas.result.state import Adopted, Result, ResultOrder, Signatory, SigningPlace
from tests.unit.alive import Alive
from tests.unit.filing.lives import AGENCY, AN, APPLICANT, CLERK, LEADER, RESULT, SPECIALIST, START

FILING: Final = filing_id("portal", "1")
ORDER: Final = ResultOrder(
    decided=7,
    outcome=Outcome.APPROVED,
    officer=LEADER.subject,
    dossier=Dossier(
        filing_id=FILING,
        code="H01.12-20261125-0000001",
        agency=AGENCY,
        procedure="2.000635",
        version="2026-12",
        level=Level.FULLY_ONLINE,
        applicant=AN,
        form={},
        papers=(),
    ),
    filed_by=APPLICANT,
)
SIGNERS: Final = (
    Signatory(place=SigningPlace.INITIALS, officer=SPECIALIST.subject, role=Role.SPECIALIST),
    Signatory(place=SigningPlace.SIGNATURE, officer=LEADER.subject, role=Role.LEADER),
    Signatory(place=SigningPlace.SEAL, officer=CLERK.subject, role=Role.CLERK),
)
ISSUED: Final = Adopted(number="H01.12-2026-K0000001", result=RESULT, issued_at=START)
WHY: Final = {"reason": "sai ngày sinh", "legal_basis": "NĐ 123/2015"}


def file(n: int) -> FileRef:
    return RESULT.model_copy(update={"sha256": f"{n:064x}"})


class Signing(Alive):
    """A result that gets one command a minute; its numbers are consecutive."""

    kind = KIND
    lasts = timedelta(minutes=1)

    def __init__(self, signers: tuple[Signatory, ...] = SIGNERS, adopted: Adopted | None = None) -> None:
        super().__init__(Result(filing_id=FILING, n=1, agency=AGENCY))
        self._numbers = 0 if adopted is None else 1
        self.do(EnterResult, n=1, order=ORDER, signers=() if adopted else signers, adopted=adopted)

    @property
    def result(self) -> Result:
        state: Result = self.state
        return state

    def made(self) -> Self:
        return self.do(RecordMade, result=file(0))

    def signed(self, times: int = 3) -> Self:
        """Records `times` further signatures."""
        for _ in range(times):
            awaited = self.result.awaited
            assert awaited is not None
            self.do(RecordSigned, place=awaited.place, result=file(self.result.signed + 1))
        return self

    @property
    def register(self) -> list[tuple[str, str]]:
        return [(row["number"][-1], row["state"]) for row in results(self.result)]

    def numbered(self, event: Any) -> Any:
        taken = numbers_taken(event)
        self._numbers += len(taken)
        return event.model_copy(update=dict.fromkeys(taken, f"{AGENCY}-2026-K{self._numbers:07d}"))
