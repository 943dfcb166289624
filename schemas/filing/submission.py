"""The submission of an applicant, the authorisation of a representative, and the examination of files."""

import hashlib
from typing import Annotated, Any, Final

from pydantic import AfterValidator, Field

from ..base import (
    AgencyCode,
    Code,
    DocumentNumber,
    HandedIn,
    Instant,
    IpAddress,
    Key,
    Line,
    Model,
    Problem,
    ShortText,
    Version,
)
from ..errors import RefusalCode, problem, refused
from ..files import FileRef, Paper, ScanState
from ..ids import canonical
from ..level import Channel, WholeLevel
from ..people import Actor, Address, Applicant, IdNumber, Via
from ..publishing.calendar import Day
from ..publishing.procedure import ProcedureCode
from ..signature import SignatureRecord
from ..text import FormValue, composed, line

__all__ = ["MAX_SUBMISSION_BYTES", "Authorisation", "LegalRepresentative", "Submission", "content_digest"]


class Authorisation(FileRef):
    """The file of an authorisation, checked like any paper, and the content of the authorisation.

    `principal` is the citizen or enterprise number of the applicant, who gives the authorisation. `id_number` and
    `representative` are the number and the name of the authorised person. The authorisation is valid from `valid_from`
    to `valid_until`, days in Vietnam, both included and both optional. `scope` lists the procedures for which it is
    valid; if `scope` is empty, it is valid for all filings of the applicant.
    """

    principal: IdNumber | None = None
    """citizen or enterprise number of the applicant, who gives the authorisation"""
    id_number: IdNumber | None = None
    """citizen or enterprise number of the representative"""
    representative: Line | None = None
    """full name of the representative"""
    valid_from: Day | None = None
    """first day in Vietnam on which it is in force; not set: no first day"""
    valid_until: Day | None = None
    """last day in Vietnam on which it is in force; not set: without end"""
    scope: tuple[ProcedureCode, ...] = Field(default=(), max_length=100)
    """codes of the procedures for which it is valid; empty: for all filings of the applicant"""
    certification: DocumentNumber | None = None
    """number of its notarisation or certification (số công chứng, chứng thực); not set if it has none"""


class LegalRepresentative(Model):
    """A representative by law (đại diện theo pháp luật), such as a parent, who needs no authorisation."""

    ground: Code
    """code of the ground in the procedure, such as `parent`"""
    name: Line
    """full name of the representative"""
    id_number: IdNumber
    """citizen number of the representative"""


MAX_SUBMISSION_BYTES = 65_536
"""The maximum size of a submission's JSON, in bytes; files go by reference."""


class Submission(HandedIn):
    """A filing as submitted. The same `client_id` and `submission_id` always name the same filing.

    If `version` is not set, the procedure's current version is used; if `level` is not set, the highest level that the
    applicant can use. `actor` is the person who files: the applicant, a representative, or the officer who records
    a paper filing. A representative acts under the `authorisation` (giấy ủy quyền), or `by_law`, without one.
    `signature` is the digital signature over the dossier, if there is one. `payer_account` is the account for an
    online fee, and for refunds of money that is not owed. `payer_address` is the IP address of the device on which
    the applicant pays.

    `received_at` is the signing time of the hand-over record of a dossier by post, from which the filing's time limit
    runs. At the counter the limit runs from the submission, online from the arrival at the server. `assisted` is the
    form that an officer filled in at the counter for the applicant: the officer has read it to the applicant, who has
    signed it. `incident` is the reason why a filing on paper could not be made online, which the desk states if the
    procedure asks for it.

    `agency` is the deciding agency. `desk` is another agency whose desk receives a paper filing, and `result_desk`
    another agency whose desk hands over the result.
    """

    client_id: Key
    submission_id: Key
    procedure: ProcedureCode
    version: Version | None = None
    """published version of the procedure; not set: the current one"""
    agency: AgencyCode
    desk: AgencyCode | None = None
    result_desk: AgencyCode | None = None
    level: WholeLevel | None = None
    """level of the filing, 1 to 4; not set: the highest that the applicant can use"""
    channel: Channel = Channel.ONLINE
    applicant: Applicant
    """the person or organisation in whose name the filing is made"""
    actor: Actor
    via: Via
    form: dict[Code, FormValue] = Field(default_factory=dict, max_length=200)
    papers: tuple[Paper, ...] = Field(default=(), max_length=100)
    """the papers of the dossier, each by its code and its file"""
    authorisation: Authorisation | None = None
    by_law: LegalRepresentative | None = None
    """the representative by law; not set if the applicant files, or somebody under an authorisation"""
    signature: FileRef | None = None
    """file of the digital signature over the dossier; needed at level 4 if the procedure requires it"""
    fee_channel: Channel | None = None
    """channel of the fee: online, at the counter, or collected by the post"""
    result_channel: Channel
    address: Address | None = None
    """postal address for the result; needed if `result_channel` is post"""
    payer_account: Annotated[str, AfterValidator(line)] | None = Field(default=None, max_length=64)
    """account for an online fee, and for refunds of money that is not owed"""
    payer_address: IpAddress | None = None
    """IP address of the device on which the applicant pays, which some providers of payments ask for"""
    received_at: Instant | None = None
    assisted: FileRef | None = None
    """file of the form that the desk filled in for the applicant, who has heard and signed it; not set if there is none
    """
    incident: ShortText | None = None
    """incident that prevented the filing online; only of a filing on paper whose procedure asks for it"""


def content_digest(content: dict[str, Any]) -> str:
    """Returns the digest of a submission's JSON, which identifies its content.

    Raises `RefusalError` if the content is too long, or is not JSON.
    """
    try:
        written = canonical(content)
    except ValueError:
        raise refused(RefusalCode.BAD_START, problem("submission", "not_canonical_json")) from None
    if len(written) > MAX_SUBMISSION_BYTES:
        raise refused(RefusalCode.BAD_START, _TOO_LONG)
    return hashlib.sha256(written).hexdigest()


def signed_content(submission: Submission, form: Code | None = None) -> bytes:
    """Returns the content that an applicant signs: the submission as RFC 8785 JSON in NFC, with all defaults, no nulls.

    The content leaves out the `signature` itself, the sender (`actor`, `via`), and the paper with the code `form`,
    which is the signed form: a file can't contain its own digest. So the content is the same before and after the form
    is signed.
    """
    content = composed(submission).model_dump(mode="json", exclude={"signature", "actor", "via"}, exclude_none=True)
    content["papers"] = [paper for paper in content["papers"] if paper["code"] != form]
    return canonical(content)


def signed_digest(submission: Submission, form: Code | None = None) -> str:
    """Returns the SHA-256 of the signed content, in hex.

    The digest is printed on the form. Everybody who has the submission computes the same digest.
    """
    return hashlib.sha256(signed_content(submission, form)).hexdigest()


_TOO_LONG: Final = problem("submission", "too_long", says="submission_too_long", most=MAX_SUBMISSION_BYTES)


class Examined(Model):
    """The result of examining files: their problems, the virus scan, and for a submission the check of its signature.

    `scan` is None if there are no files; `signature` is None if no signature was checked.
    """

    problems: tuple[Problem, ...] = ()
    scan: ScanState | None = None
    signature: SignatureRecord | None = None
