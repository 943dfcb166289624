"""The state of results, and their messages that are neither events nor commands."""

from datetime import date
from enum import StrEnum
from typing import Annotated, Final
from uuid import UUID

from pydantic import Field

from ..backoffice import Dossier
from ..base import AgencyCode, Instant, Model, Sha256, StrictModel, Subject, unset
from ..files import FileRef
from ..filing.events import MachineWork, Outcome
from ..people import Actor, Applicant, IdNumber, PersonKind, Role
from ..stream.part import OnDemandStart, StreamState

__all__ = ["AgencySigner", "RegisteredResult", "ResultEntry", "ResultRecord", "ResultStanding", "ResultStart"]
__all__ += ["ResultState", "Signatory", "SigningPlace"]

MOST_ENTRIES: Final = 20
"""The maximum number of register numbers of one result. Each declined signature or correction takes another number."""

MOST_RENEWALS: Final = 50
"""The maximum number of digests of renewed files that are kept, the newest ones. A file is renewed every few years."""

OPENING: Final = "enter"
"""The id of the command that begins the stream of a result."""


class ResultState(StrEnum):
    """The state of a number in the register. `making`: not in force yet; `voided`: never fully signed."""

    MAKING = "making"
    IN_FORCE = "in_force"
    VOIDED = "voided"
    REVOKED = "revoked"
    REPLACED = "replaced"


class Validity(StrEnum):
    """Whether a result is in force at a moment, or why it is not. `overtaken`: its filing was reopened."""

    IN_FORCE = "in_force"
    NOT_ISSUED = "not_issued"
    VOIDED = "voided"
    REVOKED = "revoked"
    REPLACED = "replaced"
    OVERTAKEN = "overtaken"
    EXPIRED = "expired"


class RegisteredResult(Model):
    """A row of the register of results: one number of the `n`-th result of a filing.

    `expires_on` is the last day on which the result is in force. `corrects` is the number of the result that it
    corrects, `replaced_by` the number of the result that has replaced it. `ended_at` is the time at which it was
    revoked, replaced or voided, `overtaken_at` the time at which its filing was reopened.
    """

    number: str
    filing_id: UUID
    agency: AgencyCode
    n: int
    state: ResultState
    outcome: Outcome | None = None
    sha256: Sha256 | None = None
    issued_at: Instant | None = None
    expires_on: date | None = None
    copies: int | None = None
    overtaken_at: Instant | None = None
    ended_at: Instant | None = None
    corrects: str | None = None
    replaced_by: str | None = None


class ResultStanding(Model):
    """The public facts about a result as of an instant. Anybody who has its number or its file may read them."""

    number: str
    agency: AgencyCode
    validity: Validity
    issued_at: Instant | None = None
    expires_on: date | None = None
    ended_at: Instant | None = None
    replaced_by: str | None = None
    as_of: Instant


class SigningPlace(StrEnum):
    """The kinds of signature under a result, in this order: initials (ký nháy), signature (ký số), seal (con dấu)."""

    INITIALS = "initials"
    SIGNATURE = "signature"
    SEAL = "seal"


class Signatory(Model):
    """A signer of a result. `place`: the kind of the signature; `acting_for`: the absent officer they act for."""

    place: SigningPlace
    """kind of signature: initials, signature or seal"""
    officer: Subject
    role: Role
    acting_for: Subject | None = None


class AgencySigner(StrictModel):
    """A signer of an agency's results. `place` is the kind of the signature.

    `number` is the signer's number at the signing service. For the seal, `number` is the agency's, and `officer` is the
    officer who applies the seal.
    """

    place: SigningPlace
    officer: Subject
    role: Role
    number: IdNumber
    holder: PersonKind = PersonKind.PERSON


class ResultOrder(Model):
    """The order to make a result, from the decision and the dossier of its filing.

    `decided` is the seq of the decision. `by_template`: whether the platform prints the result by a template of its
    procedure.
    """

    decided: int
    outcome: Outcome
    officer: str
    reason: str | None = None
    dossier: Dossier
    filed_by: Actor
    by_template: Annotated[bool, Field(exclude_if=unset)] = False


class Adopted(Model):
    """A result that the filing itself issued, as in the filing's log."""

    number: str
    result: FileRef
    issued_at: Instant
    expires_on: date | None = None
    copies: int = 1


class ResultStart(OnDemandStart):
    """The start input of the stream of a filing's `n`-th result. All other input is in the filing's log."""

    stream = "result"
    workflow = "Result"
    n: int = Field(ge=1, lt=2**31)


class ResultEntry(Model):
    """A number that a result has, or had. `result` is its present file, `issued` the file as issued."""

    registered: str | None = None
    state: ResultState = ResultState.MAKING
    result: FileRef | None = None
    brought: FileRef | None = None
    """the corrected file, if it existed already; not set if the agency's back office makes it"""
    issued: FileRef | None = None
    """file of the result as issued; not set before"""
    issued_at: Instant | None = None
    """time of the issue; not set before"""
    expires_on: date | None = None
    copies: int = 1
    ended_at: Instant | None = None
    """time at which it was revoked, replaced or voided; not set before"""
    corrects: str | None = None
    replaced_by: str | None = None
    """number of the result that has replaced this one; not set if none has"""
    renewed: tuple[Sha256, ...] = ()
    """SHA-256 of the file after each further time-stamp, in hex, the newest last"""


class Result(StreamState):
    """The fold of the events of a result. The last one of the `entries` is the present one.

    `signed` is the number of `signers` who have signed, and `asked_at` the time at which the next signature was
    requested. `adopted`: whether the filing itself issued the result. `failing_since` is the time since which the back
    office, or the signing, has failed, and `error` the reason; None if neither fails.
    """

    adopted: bool = False
    outcome: Outcome | None = None
    order: ResultOrder | None = None
    entries: tuple[ResultEntry, ...] = ()
    signers: tuple[Signatory, ...] = ()
    signed: int = 0
    asked_at: Instant | None = None
    machine_failing: MachineWork | None = None
    failing_since: Instant | None = Field(default=None, exclude_if=unset)
    error: str | None = Field(default=None, exclude_if=unset)

    @property
    def applicant(self) -> Applicant | None:
        """The applicant of the filing."""
        return self.order.dossier.applicant if self.order else None

    @property
    def filed_by(self) -> Actor | None:
        """The actor who submitted the filing."""
        return self.order.filed_by if self.order else None

    @property
    def last(self) -> ResultEntry:
        """The last of the `entries`."""
        return self.entries[-1]

    @property
    def in_force(self) -> ResultEntry | None:
        """The entry in force; None if there is none."""
        return next((entry for entry in self.entries if entry.state is ResultState.IN_FORCE), None)

    @property
    def awaited(self) -> Signatory | None:
        """The signer whose signature is requested now; None if no signature is."""
        made = bool(self.entries) and self.last.state is ResultState.MAKING and self.last.result is not None
        return self.signers[self.signed] if made and self.signed < len(self.signers) else None


class ResultFact(Model):
    """The content of the signal `result_settled`, which a result sends to its filing once it is in force."""

    n: int = Field(ge=1, lt=2**31)
    registered: Subject
    result: FileRef
    expires_on: date | None = None
    copies: int | None = None


class ResultRecord(Model):
    """The output of the workflow of a result: the numbers of the result, and the state of each in the register."""

    filing_id: UUID
    n: int
    entries: tuple[ResultEntry, ...]
    """every number that the result has taken, in order"""
