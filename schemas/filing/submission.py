"""The submission of an applicant."""

from __future__ import annotations

import hashlib
from typing import Annotated, Any, Final

from pydantic import AfterValidator, Field

from ..base import AgencyCode, Code, Instant, Key, Model, Version
from ..errors import RefusalCode, problem, refused
from ..files import FileRef, Paper
from ..form import FormValue
from ..ids import canonical
from ..level import Channel, Level
from ..people import Actor, Address, Applicant, Via
from ..publishing.procedure import ProcedureCode
from ..text import composed, line
from .authorisation import Authorisation

__all__ = ["MAX_SUBMISSION_BYTES", "Submission", "content_digest"]

MAX_SUBMISSION_BYTES = 65_536
"""The maximum size of a submission's JSON, in bytes; files go by reference."""


class Submission(Model):
    """A filing as it is handed in. The same `client_id` and `submission_id` are the same filing, whatever happens.

    Without `version` the procedure's current one is used; without `level` the highest that the applicant can use.
    `actor` is the person who files: the applicant, a representative, or the officer who records a paper filing.
    `authorisation` (giấy ủy quyền) is what a representative acts under. `signature` is the digital signature over the
    dossier, where there is one. `payer_account` is where an online fee comes from and where money not owed goes back
    to.

    `received_at` is when the hand-over record of a dossier by post was signed, from which its time runs. At the counter
    that is now, online when the server has it. `assisted` is what an officer filled in at the counter for somebody who
    can't, as it was read back to them and signed.

    `agency` is the one that decides. `desk` is the agency at whose desk a paper filing is handed in, where that is
    another one, and `result_desk` the one at whose desk the result is fetched, if not where it was handed in.
    """

    client_id: Key
    submission_id: Key
    """the filing's id in the system that files, unique there"""
    procedure: ProcedureCode
    version: Version | None = None
    """published version of the procedure; without it the current one"""
    agency: AgencyCode
    desk: AgencyCode | None = None
    result_desk: AgencyCode | None = None
    """code of the agency at whose desk the result is fetched, where that is not the usual one"""
    level: Level | None = None
    """level that it is filed at, 1 to 4; without it the highest that the applicant can use"""
    channel: Channel = Channel.ONLINE
    applicant: Applicant
    """in whose name the filing is made"""
    actor: Actor
    via: Via
    """the authenticated program that passes this on, and the channel it came by"""
    form: dict[Code, FormValue] = Field(default_factory=dict, max_length=200)
    """values of the procedure's form fields by their codes; dates as YYYY-MM-DD"""
    papers: tuple[Paper, ...] = Field(default=(), max_length=100)
    """the papers of the dossier, each by its code and its file"""
    authorisation: Authorisation | None = None
    """file of the authorisation (giấy ủy quyền) that a representative acts under"""
    signature: FileRef | None = None
    """file of the digital signature over the dossier; needed at level 4 where the procedure asks for it"""
    fee_channel: Channel | None = None
    """how the fee will be paid: online, at the counter, or to the post"""
    result_channel: Channel
    """how the result is received: online, at the counter or by post"""
    address: Address | None = None
    """where the post brings the result; needed where it goes by post"""
    payer_account: Annotated[str, AfterValidator(line)] | None = Field(default=None, max_length=64)
    """the account that an online fee comes from, and where money not owed goes back to"""
    received_at: Instant | None = None
    """when the hand-over record of a dossier by post was signed; its time runs from then"""
    assisted: FileRef | None = None
    """file of what the desk filled in for the applicant, as it was read back to them and signed"""


def content_digest(content: dict[str, Any]) -> str:
    """The digest of a submission's JSON: its identity. Raises `RefusalError` for unfit or too long content."""
    try:
        written = canonical(content)
    except ValueError:
        raise refused(RefusalCode.BAD_START, _NOT_JSON) from None
    if len(written) > MAX_SUBMISSION_BYTES:
        raise refused(RefusalCode.BAD_START, _TOO_LONG)
    return hashlib.sha256(written).hexdigest()


def signed_content(submission: Submission, form: Code | None = None) -> bytes:
    """The content that an applicant signs: the submission as RFC 8785 JSON in NFC, with defaults, without nulls.

    Left out are the `signature` itself, the sender (`actor`, `via`), and the paper that is the signed `form`, which
    would have to hold its own digest. A form is prepared before it is signed, so its content is the same with and
    without these.
    """
    content = composed(submission).model_dump(mode="json", exclude=_NOT_SIGNED, exclude_none=True)
    content["papers"] = [paper for paper in content["papers"] if paper["code"] != form]
    return canonical(content)


def signed_digest(submission: Submission, form: Code | None = None) -> str:
    """SHA-256 hex of the signed content: printed on the form, the same for everyone with the submission."""
    return hashlib.sha256(signed_content(submission, form)).hexdigest()


_NOT_SIGNED: Final = {"signature", "actor", "via"}
_NOT_JSON: Final = problem("submission", "not_canonical_json")
_TOO_LONG: Final = problem("submission", "too_long", says="submission_too_long", most=MAX_SUBMISSION_BYTES)
