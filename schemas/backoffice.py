"""The back-office contract: requests to an agency's own worker, and its answers.

Activities `backoffice.check`, `backoffice.issue` and `backoffice.answer` on the agency's queue. A request may be
delivered more than once with the same `request_id`: every delivery needs the same answer. The agency's program signs
answer and request together; the signature, `statement`, is no part of the answer.
"""

from datetime import date
from typing import Annotated, Final
from uuid import UUID

from pydantic import Field, StrictBool

from .base import AgencyCode, Code, Key, Model, ShortText, Subject, Version, unset
from .files import FileRef, Paper
from .filing.events import Outcome
from .filing.submission import Authorisation
from .identity.statement import SignedStatement
from .level import Level
from .people import Applicant
from .publishing.procedure import ProcedureCode
from .text import FormValue

__all__ = ["ANSWER", "ASKED_AGAIN", "CHECK", "ISSUE", "AnswerAnswer", "AnswerRequest", "CheckAnswer", "CheckRequest"]
__all__ += ["Dossier", "IssueAnswer", "IssueRequest", "PartDecision"]

CHECK: Final = "backoffice.check"
ISSUE: Final = "backoffice.issue"
ANSWER: Final = "backoffice.answer"

CHECK_REQUEST: Final = "check:1"
"""The id of the only request of a filing to check whether its dossier is complete."""


def answer_request(n: int) -> str:
    """The id of the only request to decide the filing's n-th part."""
    return f"answer:{n}"


NO_USABLE_ANSWER: Final = "the back office gave no usable answer"
NOT_IN_STORE: Final = "the result's file is not in the object store"
ASKED_AGAIN: Final = frozenset({NO_USABLE_ANSWER, NOT_IN_STORE})
"""The names of the timers that run before a request is repeated. Each names the reason for the repeat."""


class Dossier(Model):
    """A filing as the agency's own worker sees it. `authorisation` is set if a representative has filed it."""

    filing_id: UUID
    code: str
    """dossier code (mã hồ sơ)"""
    agency: AgencyCode
    procedure: ProcedureCode
    version: Version
    level: Level
    applicant: Applicant
    """the person or organisation in whose name the filing is made"""
    form: dict[Code, FormValue]
    papers: tuple[Paper, ...]
    """the papers of the dossier, each by its code and its file"""
    authorisation: Authorisation | None = None


class CheckRequest(Model):
    """Asks whether this dossier is complete, so that it may be approved under the standing order."""

    request_id: Key
    dossier: Dossier


class CheckAnswer(Model):
    """Whether the dossier is complete. If not, an officer examines it."""

    complete: StrictBool
    """whether the dossier is complete, so that the standing order may approve it"""
    statement: SignedStatement | None = Field(default=None, exclude_if=unset, repr=False)
    """signature of this answer by the agency's program, as a compact JWS; required unless MOTCUA_IDENTITY is off"""


class IssueRequest(Model):
    """Asks for the file of the result, or of the notice of refusal.

    `number` must appear on a result that officers sign. A correction names the result that it `corrects`.
    """

    request_id: Key
    dossier: Dossier
    outcome: Outcome
    officer: str
    """identity of the officer who answers for the decision"""
    reason: str | None = None
    number: str | None = None
    corrects: str | None = None


class IssueAnswer(Model):
    """The result's file in the object store.

    The result is in force until `expires_on`; without it, until it is revoked. `copies` originals of it were made.
    """

    result: FileRef
    expires_on: date | None = None
    copies: Annotated[int, Field(strict=True, ge=1, le=999)] | None = None
    statement: SignedStatement | None = Field(default=None, exclude_if=unset, repr=False)
    """signature of this answer by the agency's program, as a compact JWS; required unless MOTCUA_IDENTITY is off"""


class AnswerRequest(Model):
    """Asks for the decision of a `part` of the procedure, which the agency `lead` has referred (liên thông)."""

    request_id: Key
    dossier: Dossier
    part: Code
    lead: AgencyCode
    """code of the filing's own agency, which referred it"""


class PartDecision(Model):
    """The decision of a part, and the `officer` who answers for it. A refusal has a reason and a legal basis."""

    outcome: Outcome
    officer: Subject
    reason: ShortText | None = None
    legal_basis: ShortText | None = None
    result: FileRef | None = None


class AnswerAnswer(Model):
    """The decision; without one, an officer decides."""

    decision: PartDecision | None = None
    """the decision, its officer and its reason; not set: an officer of the agency decides"""
    statement: SignedStatement | None = Field(default=None, exclude_if=unset, repr=False)
    """signature of this answer by the agency's program, as a compact JWS; required unless MOTCUA_IDENTITY is off"""
