"""The state of results, and their messages apart from events and commands."""

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
"""The maximum number of register numbers of one result: a declined signature, or a correction, takes one more."""

MOST_RENEWALS: Final = 50
"""The maximum number of digests of renewed files that are kept (the newest): a file is renewed every few years."""

OPENING: Final = "enter"
"""The id of the command that begins every stream of a result."""


class ResultState(StrEnum):
    """The state of a number in the register: in the making, in force, voided unsigned, revoked, or replaced."""

    MAKING = "making"
    IN_FORCE = "in_force"
    VOIDED = "voided"
    REVOKED = "revoked"
    REPLACED = "replaced"


class Validity(StrEnum):
    """Whether a result is valid at a moment, or why not; `overtaken`: its filing was reopened."""

    IN_FORCE = "in_force"
    NOT_ISSUED = "not_issued"
    VOIDED = "voided"
    REVOKED = "revoked"
    REPLACED = "replaced"
    OVERTAKEN = "overtaken"
    EXPIRED = "expired"


class RegisteredResult(Model):
    """A row of the register: the `n`-th result of a filing, by its number.

    `expires_on` is the last day on which it is in force. `corrects` is the number of the result that it corrects,
    `replaced_by` the number of the result that has replaced it. `ended_at` is the time at which it was revoked,
    replaced or voided, `overtaken_at` the time at which its filing was reopened.
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
    """The public facts about a result, for anybody with its number or file, as of an instant."""

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
    """A signer, their role, and the kind of signature; `acting_for` is the absent officer for whom they act."""

    place: SigningPlace
    """kind of signature: initials, signature or seal"""
    officer: Subject
    role: Role
    acting_for: Subject | None = None


class AgencySigner(StrictModel):
    """A signer of an agency's results, their number at the signing service, and the kind of their signature (`place`).

    For the seal, the number is the agency's, and `officer` is the officer who applies the seal.
    """

    place: SigningPlace
    officer: Subject
    role: Role
    number: IdNumber
    holder: PersonKind = PersonKind.PERSON


class ResultOrder(Model):
    """The order to make a result: the decision with the seq `decided`, and its dossier.

    `by_template`: the platform prints the result by the template of its procedure.
    """

    decided: int
    outcome: Outcome
    officer: str
    reason: str | None = None
    dossier: Dossier
    filed_by: Actor
    by_template: Annotated[bool, Field(exclude_if=unset)] = False


class Adopted(Model):
    """A result that the filing itself issued, from the filing's log."""

    number: str
    result: FileRef
    issued_at: Instant
    expires_on: date | None = None
    copies: int = 1


class ResultStart(OnDemandStart):
    """The start input of the stream of a filing's `n`-th result; the rest of its input is in the filing's log."""

    stream = "result"
    workflow = "Result"
    n: int = Field(ge=1, lt=2**31)


class ResultEntry(Model):
    """A number that the result has or had. `result` is its present file, `issued` its file as issued."""

    registered: str | None = None
    state: ResultState = ResultState.MAKING
    result: FileRef | None = None
    brought: FileRef | None = None
    """the corrected file, if it existed already; not set: the agency's back office makes it"""
    issued: FileRef | None = None
    """its file as issued; not set before"""
    issued_at: Instant | None = None
    """time of its issue; not set before"""
    expires_on: date | None = None
    copies: int = 1
    ended_at: Instant | None = None
    """time at which it was revoked, replaced or given up; not set before"""
    corrects: str | None = None
    replaced_by: str | None = None
    """number of the result that has replaced it; not set if none has"""
    renewed: tuple[Sha256, ...] = ()
    """SHA-256 of the file after each further time-stamp, in hex, the newest last"""


class Result(StreamState):
    """The fold of the events of a result. The last of the `entries` is the present one.

    `signed` is the number of the `signers` who have signed; the next signature was requested at `asked_at`. `adopted`:
    the filing itself issued the result. `failing_since`: the back office, or a signature, fails since then (`error`).
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
        """The applicant."""
        return self.order.dossier.applicant if self.order else None

    @property
    def filed_by(self) -> Actor | None:
        """The actor who submitted the filing."""
        return self.order.filed_by if self.order else None

    @property
    def last(self) -> ResultEntry:
        """The last entry."""
        return self.entries[-1]

    @property
    def in_force(self) -> ResultEntry | None:
        """The entry in force."""
        return next((entry for entry in self.entries if entry.state is ResultState.IN_FORCE), None)

    @property
    def awaited(self) -> Signatory | None:
        """The signer whose signature is requested now."""
        made = bool(self.entries) and self.last.state is ResultState.MAKING and self.last.result is not None
        return self.signers[self.signed] if made and self.signed < len(self.signers) else None


class ResultFact(Model):
    """Signal `result_settled` of a result to its filing: the result is in force, with this file and this number."""

    n: int = Field(ge=1, lt=2**31)
    registered: Subject
    result: FileRef
    expires_on: date | None = None
    copies: int | None = None


class ResultRecord(Model):
    """The result of a result's workflow: its numbers, and the state of each in the register."""

    filing_id: UUID
    n: int
    entries: tuple[ResultEntry, ...]
    """every number that the result has taken, in order"""
