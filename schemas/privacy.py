"""A person's own data: the looks at it, its export, its erasure.

An erasure deletes the key of the filing, so that nobody can decrypt its sealed values; every hash stays valid
(docs/ledger.md). Placeholders then replace these values. A request for an export is stored without the identity of
the person.
"""

from datetime import date
from enum import StrEnum
from functools import cache
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from .backoffice import Dossier
from .base import AgencyCode, Instant, Line, Model, Personal, StrictModel, fields_marked
from .errors import Refusal, RefusalCode, problem
from .files import FileRef
from .ids import digest
from .level import Level
from .people import Actor, Address, Applicant, OfficerCommand, Role


class BusyDay(Model):
    """The number of `filings` that an officer looked at on a day in Vietnam, and the `median` of the officer's days."""

    agency: AgencyCode
    officer: str
    day: date
    filings: int
    median: float


class OutOfHours(Model):
    """The number of an officer's looks on a day in Vietnam outside of the office hours of their agency."""

    agency: AgencyCode
    officer: str
    day: date
    looks: int


class NotTheirs(Model):
    """An officer's looks at a filing in which the officer has no task, could take none, and has never acted."""

    agency: AgencyCode
    officer: str
    role: Role
    filing_id: UUID
    code: str | None = None
    looks: int
    last_at: Instant


class ByItself(Model):
    """The looks of a program that asked in its own name, for no person."""

    principal: str
    looks: int
    filings: int
    last_at: Instant


class AccessReport(Model):
    """The unusual looks since an instant, each kind in descending order; at most the first 500."""

    since: Instant
    as_of: Instant
    agency: AgencyCode | None = None
    looks: int
    busy_days: tuple[BusyDay, ...]
    out_of_hours: tuple[OutOfHours, ...]
    not_theirs: tuple[NotTheirs, ...]
    by_itself: tuple[ByItself, ...]


ERASED_WORDS: Final = "đã xóa / erased"
"""The placeholder that people read for erased words."""

NO_DIGEST: Final = "0" * 64
"""The digest in a receipt of an erased filing, since a digest of the command's content could confirm a guess of it."""


class ErasureCause(StrEnum):
    """The reason of an erasure: a request for one filing, for all of a person's filings, or the end of retention."""

    FILING = "filing"
    PERSON = "person"
    RETENTION = "retention"


class Erased(Model):
    """The filer's personal data was erased from this stream: its sealed parts can't be opened any more.

    `request` is the number of the request, which one officer made and another approved.
    """

    kind: Literal["erased"] = "erased"
    request: int
    """number of the request"""
    cause: ErasureCause
    """a request for this filing, a request for all of a person's filings, or the end of its retention"""
    reason: str
    """the operator's reason"""
    asked_by: str
    """the operator who requested it"""
    approved_by: str
    """the auditor who approved it"""


ERASED_KIND: Final = str(Erased.model_fields["kind"].default)

ERASED: Final = Refusal(code=RefusalCode.NOT_ALLOWED, problems=(problem("stream", "erased"),))


class ErasureDeed(StrEnum):
    """The act of an officer on a request."""

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
    """Approve another officer's request."""

    deed: Literal["approve"] = "approve"
    asked: int = Field(ge=1)


class DeclineErasure(OfficerCommand):
    """Decline a request."""

    deed: Literal["decline"] = "decline"
    asked: int = Field(ge=1)
    reason: Reason


class ErasureState(StrEnum):
    """The state of a request: it waits, was declined, is under way, or all possible erasures are done."""

    WAITING = "waiting"
    DECLINED = "declined"
    UNDER_WAY = "under_way"
    DONE = "done"


class ErasureRequest(Model):
    """The `n`-th request for an erasure: the number of its `filings`, and of those that are `erased` by now.

    `problems` are the reasons why the other filings could not be erased yet, after the approval.
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
        """The state of the request."""
        if self.answer is None:
            return ErasureState.WAITING
        if self.answer is ErasureDeed.DECLINE:
            return ErasureState.DECLINED
        return ErasureState.DONE if self.finished == self.filings else ErasureState.UNDER_WAY


NOBODY: Final = Applicant(subject=ERASED_WORDS, name=ERASED_WORDS, id_number="ERASED")


@cache
def blanks(event: type[Model]) -> dict[str, Any]:
    """The placeholder for each required personal field of an event, as plain data."""
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
"""The placeholders by type of field. A test requires one for each type in any event."""


class AskExport(StrictModel):
    """Record a person's request for an export of their data, as an operator.

    `reason` stays in clear text: it may name a paper by its number, but no person.
    """

    actor: Actor
    reason: Reason


class AnswerExport(StrictModel):
    """Record that the `n`-th request for an export was answered, or that it was declined for the reason `declined`."""

    actor: Actor
    n: int
    declined: Reason | None = None


class ExportState(StrEnum):
    """The state of a request."""

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
        """The state of the request."""
        if self.given is None:
            return ExportState.WAITING
        return ExportState.GIVEN if self.given else ExportState.DECLINED
