"""The back-office contract: requests to an agency's own worker, and its answers.

The worker runs the activities `backoffice.check`, `backoffice.issue` and `backoffice.answer` on the agency's queue. A
request may be delivered more than once with the same `request_id`: every delivery needs the same answer. The agency's
program signs the request and its answer together; the signature (`statement`) does not count as part of the answer.
"""

from datetime import date
from typing import Annotated, Final
from uuid import UUID

from pydantic import Field, StrictBool

from .base import AgencyCode, Code, Key, Model, ShortText, Subject, Version, unset
from .files import FileRef, Paper
from .filing.events import Outcome
from .filing.submission import Authorisation, LegalRepresentative
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
    """Returns the id of the only request to decide a filing's `n`-th referred part."""
    return f"answer:{n}"


NO_USABLE_ANSWER: Final = "the back office gave no usable answer"
NOT_ISSUABLE: Final = "the result's file is not in the object store, or not signed"
ASKED_AGAIN: Final = frozenset({NO_USABLE_ANSWER, NOT_ISSUABLE})
"""The names of the timers that run before a request is repeated. Each name is the reason for the repeat."""


class Dossier(Model):
    """A filing as the agency's own worker receives it. `authorisation`: None unless a representative submitted it."""

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
    by_law: LegalRepresentative | None = None
    """the representative by law; not set if there is none"""


class CheckRequest(Model):
    """Asks whether this dossier is complete, so that it may be approved under the standing order."""

    request_id: Key
    dossier: Dossier


class CheckAnswer(Model):
    """The answer to a `CheckRequest`. An officer examines a dossier that is not complete."""

    complete: StrictBool
    """whether the dossier is complete, so that the standing order may approve it"""
    statement: SignedStatement | None = Field(default=None, exclude_if=unset, repr=False)
    """signature of this answer by the agency's program, as a compact JWS; required unless MOTCUA_IDENTITY is off"""


class IssueRequest(Model):
    """Asks for the file of the result, or of the notice of refusal.

    `number` is the number to print on the result; None unless officers sign the result. `corrects` is the number of the
    result that this one corrects; None if it corrects none.
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

    `expires_on` is the last day on which the result is in force; None if it is in force until it is revoked. `copies`
    is the number of originals that were made.
    """

    result: FileRef
    expires_on: date | None = None
    copies: Annotated[int, Field(strict=True, ge=1, le=999)] | None = None
    statement: SignedStatement | None = Field(default=None, exclude_if=unset, repr=False)
    """signature of this answer by the agency's program, as a compact JWS; required unless MOTCUA_IDENTITY is off"""


class AnswerRequest(Model):
    """Asks an agency to decide one part of the procedure of another agency (liên thông).

    `part` is the code of this part, and `lead` the agency that refers it.
    """

    request_id: Key
    dossier: Dossier
    part: Code
    lead: AgencyCode
    """code of the filing's own agency, which refers the part"""


class PartDecision(Model):
    """The decision of one part of a procedure. A refusal has a reason and a legal basis.

    `officer` is the identity of the officer who answers for the decision.
    """

    outcome: Outcome
    officer: Subject
    reason: ShortText | None = None
    legal_basis: ShortText | None = None
    result: FileRef | None = None


class AnswerAnswer(Model):
    """The answer to an `AnswerRequest`. `decision` is None if an officer of the agency is to decide."""

    decision: PartDecision | None = None
    """the decision, its officer and its reason; not set: an officer of the agency decides"""
    statement: SignedStatement | None = Field(default=None, exclude_if=unset, repr=False)
    """signature of this answer by the agency's program, as a compact JWS; required unless MOTCUA_IDENTITY is off"""
