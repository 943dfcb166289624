"""Checks the signature of a submission: it must cover the submitted content, and a permitted person must have made it.

A submission's `signature` is either its signed form (a PDF) or a detached signature over its canonical JSON. The form
is made again here, so that the check does not depend on any copy that was handed out or stored.
"""

import asyncio
import hashlib
import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Final

from asn1crypto import x509
from pyhanko.sign.fields import SigFieldSpec
from pyhanko.sign.timestamps import TimeStamper

from activities.forms.printing import printed
from activities.procedures import Procedures
from activities.signature.certificate_subject import Identity, Kind, SubjectRules
from activities.signature.check import Signatory, SignatureCheck, verdict_of
from activities.signature.policy import POLICY, Policy
from activities.signature.proof import proof_of
from activities.signature.revisions import Form, declared, prepared_at
from activities.signature.revocation import Answers, Asking
from activities.signature.trust import Trust
from rules.forms.sheet import Sheet, filled_in, forms_of
from rules.wording.rule_words import filled
from schemas.base import Version
from schemas.errors import Problem, RefusalError, problem
from schemas.filing.submission import Submission, signed_content, signed_digest
from schemas.people import PersonKind, Role
from schemas.publishing.procedure import PaperRule, Procedure
from schemas.signature import APPLICANTS_FIELD, SignatureOutcome, SignatureVerdict


@dataclass(frozen=True)
class Prepared:
    """A form: its sheet, its paper in the dossier if any, the SHA-256 (hex) of the content to sign, and the PDF."""

    sheet: Sheet
    paper: PaperRule | None
    digest: str
    file: bytes


def prepared(procedure: Procedure, key: str, submission: Submission, at: datetime) -> Prepared:
    """Returns the form with this `key`, created at `at`. Equal arguments give equal bytes. Raises `RefusalError`."""
    of = filled(procedure)
    paper = forms_of(of)[key]
    digest = signed_digest(submission, None if paper is None else paper.code)
    sheet = filled_in(of, key, paper, submission, digest=digest)
    file = declared(printed(sheet, at), SigFieldSpec(APPLICANTS_FIELD))
    return Prepared(sheet, paper, digest, file)


log = logging.getLogger(__name__)

DETACHED: Final = "application/pkcs7-signature"
FIELD: Final = "signature"
"""The name of the submission's field that contains the signature."""

LONGEST: Final = 20.0
"""Time limit of one check in seconds: twice the timeouts of both authorities (signer's and time-stamp's)."""
AT_ONCE: Final = 4
"""The maximum number of checks at one worker at a time: more would starve the event loop."""


def signatories(submission: Submission) -> frozenset[Identity]:
    """Returns the permitted signers: the applicant, and a representative who files for them."""
    applicant, stands_for = submission.applicant, submission.authorisation or submission.by_law
    kind: Kind = "organisation" if applicant.kind is PersonKind.ORGANISATION else "person"
    may = {Identity(kind, applicant.id_number)}
    if submission.actor.role is Role.REPRESENTATIVE and stands_for is not None and stands_for.id_number is not None:
        may.add(Identity("person", stands_for.id_number))
    return frozenset(may)


@dataclass(frozen=True)
class _Submitted:
    """The input of one check."""

    submission: Submission
    file: bytes
    received_at: datetime
    procedure: Procedure

    @cached_property
    def digest(self) -> str:
        return hashlib.sha256(self.file).hexdigest()


class SubmittedSignatures:
    """Checks signatures of submissions, and makes the proofs of the checks. Works in threads of its own.

    `roots` are certificates in DER; if empty, an officer decides about every signature. `asking` is called on the
    caller's event loop. Without a `stamper` the proof has no time-stamp. `policy` judges all signatures.
    """

    def __init__(  # noqa: PLR0913 -- all its settings
        self,
        procedures: Procedures,
        roots: Sequence[bytes],
        asking: Asking,
        stamper: TimeStamper | None = None,
        subjects: SubjectRules | None = None,
        policy: Policy = POLICY,
        *,
        seconds: float = LONGEST,
    ) -> None:
        self._procedures = procedures
        self._roots = roots
        self._asking = asking
        self._stamper = stamper
        self._subjects = subjects
        self._policy = policy
        self._seconds = seconds
        self._threads = ThreadPoolExecutor(AT_ONCE, "signature")
        self._free = asyncio.Semaphore(AT_ONCE)

    def close(self) -> None:
        """Ends the threads, without waiting for a running check."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def check(
        self, submission: Submission, file: bytes, received_at: datetime, version: Version
    ) -> SignatureVerdict:
        """Checks that `file`, the submission's signature, covers the submission and was made by a permitted signer.

        `version` is the version of the procedure as composed for the agency's province. Raises `LookupError` for an
        unknown version, and the errors of `Procedures`.
        """
        procedure = await self._procedures.find(submission.procedure, version)
        if procedure is None:
            raise LookupError(f"{submission.procedure}@{version} is not published")
        one = _Submitted(submission, file, received_at, procedure)
        loop = asyncio.get_running_loop()
        async with self._free:
            try:
                async with asyncio.timeout(self._seconds):
                    return await loop.run_in_executor(self._threads, self._judged, one, loop)
            except TimeoutError:
                return _of(one, verdict_of([(FIELD, "signature_check_too_slow")], received_at))
            except Exception as error:  # noqa: BLE001 -- a library's error would recur at every retry
                log.error("a signature could not be checked: %s", type(error).__name__)  # noqa: TRY400 -- without its text
                return _of(one, verdict_of([(FIELD, "signature_check_failed")], received_at))

    async def proof(self, verdict: SignatureVerdict) -> bytes:
        """Returns the proof of a verdict: the JSON of a `SignatureProof`. Takes at most 2 s."""
        return await proof_of(verdict, self._stamper)

    def _judged(self, one: _Submitted, loop: asyncio.AbstractEventLoop) -> SignatureVerdict:
        # Loaded anew in each thread: the library parses a certificate lazily, on access, and is not thread-safe.
        trust = Trust([x509.Certificate.load(root) for root in self._roots], _OnLoop(self._asking, loop), self._policy)
        return asyncio.run(_judged_by(SignatureCheck(trust, self._subjects), one))


async def _judged_by(check: SignatureCheck, one: _Submitted) -> SignatureVerdict:
    reference, permitted = one.submission.signature, signatories(one.submission)
    if reference is not None and reference.media_type == DETACHED:  # over the whole submission, with all its papers
        content = signed_content(one.submission)
        verdict = await check.detached(one.file, content, Signatory(permitted), one.received_at)
        return _of(one, verdict, hashlib.sha256(content).hexdigest())
    try:
        form = _form(one)
    except RefusalError as error:  # no such form can have been handed out
        refused = verdict_of([(FIELD, "signed_form_not_ours")], one.received_at)
        return _of(one, refused.model_copy(update={"problems": error.refusal.problems}))
    signatory = Signatory(permitted, APPLICANTS_FIELD)
    verdict = await check.pdf(one.file, Form(form.digest, form.file), [signatory], one.received_at)
    code = None if form.paper is None else form.paper.code
    given = [paper.file for paper in one.submission.papers if paper.code == code]
    # The dossier must have no other, unsigned file in the place of this form.
    same = all(file is not None and file.sha256 == one.digest for file in given)
    return _of(one, verdict, form.digest, () if same else (problem(f"papers.{code}", "form_paper_is_other"),))


def _form(one: _Submitted) -> Prepared:
    """Returns the form with which the file begins, made again from the submission.

    If the file is one of the dossier's papers, only the forms for that paper are tried. If the file begins with none of
    the forms, returns the first one. Only the creation time is taken from the file itself, since the form's bytes
    depend on it.
    """
    at = prepared_at(one.file) or one.received_at
    own = {paper.code for paper in one.submission.papers if paper.file and paper.file.sha256 == one.digest}
    forms = forms_of(one.procedure)
    keys = [key for key, paper in forms.items() if paper is not None and paper.code in own] or [*forms]
    made = [prepared(one.procedure, key, one.submission, at) for key in keys]
    return next((form for form in made if one.file.startswith(form.file)), made[0])


def _of(
    one: _Submitted, verdict: SignatureVerdict, content: str | None = None, others: tuple[Problem, ...] = ()
) -> SignatureVerdict:
    """Returns the verdict with the submission's field names and file; refused if there are problems in `others`."""
    at = {APPLICANTS_FIELD: FIELD}
    found = (wrong.model_copy(update={"field": at.get(wrong.field, wrong.field)}) for wrong in verdict.problems)
    update = {"problems": (*others, *found), "file": one.digest, "content": content}
    return verdict.model_copy(update=update | ({"outcome": SignatureOutcome.REFUSED} if others else {}))


class _OnLoop:
    """Sends requests on the event loop that has the connections, even if called from another loop."""

    def __init__(self, asking: Asking, loop: asyncio.AbstractEventLoop) -> None:
        self._asking = asking
        self._loop = loop

    async def ask(self, certificate: x509.Certificate, issuer: x509.Certificate) -> Answers:
        asked = asyncio.run_coroutine_threadsafe(self._asking.ask(certificate, issuer), self._loop)
        return await asyncio.wrap_future(asked)
