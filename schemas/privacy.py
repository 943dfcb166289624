"""A person's own data: the looks at the data (each reading of a filing), its export, its erasure.

An erasure deletes the key of the filing, so that nobody can decrypt its sealed values, and placeholders replace them.
Every hash stays valid (docs/ledger.md). A request for an export is stored without the identity of the person.
"""

from datetime import date
from enum import StrEnum
from functools import cache
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from .backoffice import Dossier
from .base import AgencyCode, Instant, Line, Model, Personal, fields_marked
from .errors import Refusal, RefusalCode, problem
from .files import FileRef
from .ids import digest
from .level import Level
from .people import Actor, Address, Applicant, OfficerCommand, Role


class BusyDay(Model):
    """The number of filings that an officer looked at on a day in Vietnam, and the officer's `median` for a day."""

    agency: AgencyCode
    officer: str
    day: date
    filings: int
    median: float


class OutOfHours(Model):
    """The number of looks of an officer, on one day in Vietnam, outside of the office hours of the officer's agency."""

    agency: AgencyCode
    officer: str
    day: date
    looks: int


class NotTheirs(Model):
    """The looks of an officer at a filing in which the officer has no task, could claim none, and has never acted."""

    agency: AgencyCode
    officer: str
    role: Role
    filing_id: UUID
    code: str | None = None
    looks: int
    last_at: Instant


class ByItself(Model):
    """The looks of a program that asked in its own name, not for a person."""

    principal: str
    looks: int
    filings: int
    last_at: Instant


class AccessReport(Model):
    """The unusual looks at filings since an instant: four lists of at most 500 entries, greatest number first."""

    since: Instant
    as_of: Instant
    agency: AgencyCode | None = None
    looks: int
    busy_days: tuple[BusyDay, ...]
    out_of_hours: tuple[OutOfHours, ...]
    not_theirs: tuple[NotTheirs, ...]
    by_itself: tuple[ByItself, ...]


ERASED_WORDS: Final = "đã xóa / erased"
"""The placeholder that people read in place of an erased text."""

NO_DIGEST: Final = "0" * 64
"""The digest in a receipt of an erased filing. The true digest would let anybody confirm a guess of the content."""


class ErasureCause(StrEnum):
    """The reason of an erasure: a request for one filing or for all of a person's filings, or the end of retention."""

    FILING = "filing"
    PERSON = "person"
    RETENTION = "retention"


class Erased(Model):
    """The applicant's personal data was erased from this stream: its sealed parts can't be opened any more.

    `request` is the number of the request for the erasure, which one officer made and another one approved.
    """

    kind: Literal["erased"] = "erased"
    request: int
    """number of the request for the erasure"""
    cause: ErasureCause
    """a request for this filing, a request for all of a person's filings, or the end of its retention"""
    reason: str
    """reason of the operator for the erasure"""
    asked_by: str
    """identity of the operator who requested the erasure"""
    approved_by: str
    """identity of the auditor who approved the erasure"""


ERASED_KIND: Final = str(Erased.model_fields["kind"].default)

ERASED: Final = Refusal(code=RefusalCode.NOT_ALLOWED, problems=(problem("stream", "erased"),))


class ErasureDeed(StrEnum):
    """The act of an officer on a request for an erasure."""

    ASK = "ask"
    APPROVE = "approve"
    DECLINE = "decline"


Reason = Annotated[Line, StringConstraints(max_length=500)]
"""A reason, which stays in clear text for ever: it must contain no personal data."""


class AskErasure(OfficerCommand):
    """Request the erasure of these filings."""

    deed: Literal["ask"] = "ask"
    cause: ErasureCause
    reason: Reason
    filings: tuple[str, ...] = Field(min_length=1)


class ApproveErasure(OfficerCommand):
    """Approve another officer's request for an erasure. `asked` is the number of the request."""

    deed: Literal["approve"] = "approve"
    asked: int = Field(ge=1)


class DeclineErasure(OfficerCommand):
    """Decline a request for an erasure. `asked` is the number of the request."""

    deed: Literal["decline"] = "decline"
    asked: int = Field(ge=1)
    reason: Reason


class ErasureState(StrEnum):
    """The state of a request for an erasure. `done`: all filings that can be erased are erased."""

    WAITING = "waiting"
    DECLINED = "declined"
    UNDER_WAY = "under_way"
    DONE = "done"


class ErasureRequest(Model):
    """The `n`-th request for an erasure.

    `filings` is the number of the requested filings, `erased` the number of those that are erased by now. `problems`
    are the reasons why filings of an approved request could not be erased yet.
    """

    n: int
    cause: ErasureCause
    reason: str
    officer: str
    agency: AgencyCode
    at: Instant
    answer: ErasureDeed | None = None
    answered_by: str | None = None
    answered_at: Instant | None = None
    declined_because: str | None = None
    filings: int
    erased: int
    finished: int
    problems: tuple[str, ...] = ()

    @property
    def state(self) -> ErasureState:
        """The present state of the request."""
        if self.answer is None:
            return ErasureState.WAITING
        if self.answer is ErasureDeed.DECLINE:
            return ErasureState.DECLINED
        return ErasureState.DONE if self.finished == self.filings else ErasureState.UNDER_WAY


NOBODY: Final = Applicant(subject=ERASED_WORDS, name=ERASED_WORDS, id_number="ERASED")


@cache
def blanks(event: type[Model]) -> dict[str, Any]:
    """Returns the placeholder for each required personal field of an event, by the field's name, as plain data."""
    fields = {name: event.model_fields[name] for name in fields_marked(event, Personal)}
    kinds = {name: field.annotation for name, field in fields.items() if field.is_required()}
    return {name: _BLANK[getattr(kind, "__origin__", kind)] for name, kind in kinds.items()}


_BLANK: Final[dict[Any, Any]] = {
    str: ERASED_WORDS,
    dict: {},
    tuple: [],
    Applicant: NOBODY.model_dump(mode="json", exclude_none=True),
    Actor: Actor(subject=ERASED_WORDS, role=Role.APPLICANT).model_dump(mode="json", exclude_none=True),
    Address: dict.fromkeys(("recipient", "phone", "address"), ERASED_WORDS) | {"postcode": "00000"},
    FileRef: {"key": "erased", "sha256": digest(ERASED_WORDS), "size": 1},
    Dossier: {
        "filing_id": "00000000-0000-0000-0000-000000000000",
        "code": ERASED_WORDS,
        "agency": "ERASED",
        "procedure": "0.000000",
        "version": "0",
        "level": Level.INFORMATION,
        "applicant": NOBODY.model_dump(mode="json", exclude_none=True),
        "form": {},
        "papers": [],
    },
}
"""The placeholder for each type of field. A test requires one for each type of personal field in any event."""


class AskExport(OfficerCommand):
    """Record, as an operator, a person's request for an export of their data.

    `reason` stays in clear text: it may name a paper by its number, but no person.
    """

    reason: Reason


class AnswerExport(OfficerCommand):
    """Record the outcome of the `n`-th request for an export.

    `declined` is the reason why the request was declined; None if the person has got the export.
    """

    n: int
    declined: Reason | None = None


class ExportState(StrEnum):
    """The state of a request for an export."""

    WAITING = "waiting"
    GIVEN = "given"
    DECLINED = "declined"


class ExportRequest(Model):
    """The `n`-th request for an export, with its outcome."""

    n: int
    reason: str
    officer: str
    agency: AgencyCode
    asked_at: Instant
    given: bool | None = None
    answered_by: str | None = None
    answered_at: Instant | None = None
    declined_because: str | None = None

    @property
    def state(self) -> ExportState:
        """The present state of the request."""
        if self.given is None:
            return ExportState.WAITING
        return ExportState.GIVEN if self.given else ExportState.DECLINED
