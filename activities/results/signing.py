"""The file of a result: prepared for its signatures, and signed by one officer after another. Also a paper's seal.

Signer, file, signing position and time of a signature are read in the log of the result each time. Only the request to
prepare the file contains a file (`FileOrder`), since no event names it yet. Preparing adds no signature.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol
from uuid import UUID

from pydantic import Field
from pyhanko.pdf_utils.misc import PdfError
from temporalio import activity
from temporalio.common import RetryPolicy
from temporalio.exceptions import ApplicationError
from temporalio.workflow import ActivityConfig

from activities.ledger.authority.answers import is_signed
from activities.ledger.authority.officers import is_own
from activities.ledger.database import Pool, acquired
from activities.ledger.stream_status import stands_still
from activities.partners.http import RejectedError
from activities.partners.instructions import Instruction, Instructions, NotOrderedError
from activities.partners.signer import NotSignedError, Signer
from activities.printing.relay import SealRefusedError
from activities.results import stamp
from activities.results.entry import signer_now, signers_of
from activities.results.printing import ResultPages
from activities.results.signed import SignedFiles
from activities.signature.certificate_subject import Identity
from activities.signature.official import SEAL, SignatureField, UnfitCertificateError, sign_official, with_fields
from activities.signature.proof import proof_of
from activities.signature.signing import Lasting, Person
from activities.signature.verified import verify_official
from activities.support.failpoint import failpoint
from activities.support.heartbeat import heartbeat
from rules.evidence import Finding, OfficeAnswer
from rules.filing.evidence import printed
from rules.officers import on_the_applicants_side
from rules.require import require
from rules.result import evidence
from rules.result.fold import unmade
from rules.result.kind import make_request, request_of
from rules.streams import RESULT
from schemas.backoffice import ISSUE, IssueAnswer
from schemas.base import AgencyCode, Instant, Model, unset
from schemas.errors import RefusalError
from schemas.files import FileRef, file_key
from schemas.ids import digest
from schemas.names import ROLE_NAMES
from schemas.people import PersonKind
from schemas.result.state import Result, Signatory, SigningPlace
from schemas.signature import SignatureOutcome, SignatureProof
from schemas.stream.ledger import About, AgencyAnswer
from schemas.translate import said

SIGNING: Final = ActivityConfig(
    start_to_close_timeout=timedelta(minutes=2),
    heartbeat_timeout=timedelta(seconds=10),
    retry_policy=RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=5)),
)
"""The options of signing: retried until the officer signs; a retry requests the same signature."""
_TRIES: Final = 3
"""The maximum number of attempts to make the proof; after that, `motcua result verify --keep` can make it."""


class Files(Protocol):
    """Stores and returns the files of filings."""

    async def get(self, file: FileRef) -> bytes: ...

    async def put(self, filing_id: UUID, data: bytes, media_type: str) -> FileRef: ...


class FileOrder(Model):
    """The order to prepare a file. The log does not name this file, but will name the prepared file.

    The file comes from the agency's answer (`answered` is the answer as received), the platform's print, or an officer.
    """

    order: Instruction
    answer: IssueAnswer
    answered: AgencyAnswer | None = Field(default=None, exclude_if=unset)


class Prepared(Model):
    """The file to sign, or to issue as it is if no officer signs it; or the rule that prevents both (`unfit`)."""

    file: FileRef | None = None
    unfit: str | None = None


class Signing(Model):
    """The signed file, and after the last signature the proof of its check; or the reason why nothing was signed.

    `another`: whether the directory now names another signer. `in_vain`: the rule of a fault that prevents every
    signature; None if there is no such fault.
    """

    file: FileRef | None = None
    proof: FileRef | None = None
    declined: bool = False
    another: bool = False
    in_vain: str | None = None


class _Unsigned(Exception):  # noqa: N818 -- an answer, not an error
    """There is no signature. The exception carries the answer with the reason."""

    def __init__(self, why: Signing) -> None:
        super().__init__()
        self.why = why


@dataclass(frozen=True)
class _AwaitedSignature:
    """The signature that the log awaits: its result, its signer, and the event that ordered it."""

    result: Result
    signer: Signatory
    order: About


class OfficialSigning:
    """Signs for officers and agencies. `lasting` is None where no time-stamper or no trust is set up.

    `audience` is the installation for which agencies' programs sign their answers; None where no identity is required.
    """

    def __init__(  # noqa: PLR0913, PLR0917 -- each is a part of a signature
        self,
        pool: Pool,
        orders: Instructions,
        files: Files,
        signer: Signer,
        lasting: Lasting | None,
        signed: SignedFiles,
        pages: ResultPages,
        audience: str | None = None,
    ) -> None:
        self._pool = pool
        self._signed_files = signed
        self._pages = pages
        self._orders = orders
        self._files = files
        self._signer = signer
        self._lasting = lasting
        self._audience = audience

    @activity.defn(name="result.prepare")
    async def prepare(self, request: FileOrder) -> Prepared:
        """Returns the file with an empty field for each signature that it needs.

        A file that no officer will sign is returned as it is, if the agency has signed it. Raises `NotOrderedError`.
        """
        result, at = await self._unmade(request)
        answer = request.answer
        made = await self._files.get(answer.result)
        if not result.signers and (fault := await self._signed_files.fault(result.agency, made)) is not None:
            return Prepared(unfit=fault)
        try:
            ready = await self._ready(result, answer.result, made, at)
        except (PdfError, ValueError, RefusalError):
            return Prepared(unfit="not_signable")
        file = answer.result if ready is made else await self._files.put(result.filing_id, ready, "application/pdf")
        prepared = answer.model_copy(update={"result": file})
        await self._orders.findings.keep(request.order.stream, Finding("result_made", dict(prepared)))
        return Prepared(file=file)

    async def _ready(self, result: Result, file: FileRef, made: bytes, at: Instant) -> bytes:
        """Returns the file with its fields. On a page typeset by the platform, the fields show the signers' stamps."""
        places = [signer.place for signer in result.signers]
        if not places:
            return made
        own = file.is_in_words or require(result.order).by_template
        page = await self._pages.page(request_of(result), at, made.decode()) if file.is_in_words else made
        signs = next((one.officer for one in result.signers if one.place is SigningPlace.SIGNATURE), None)
        async with acquired(self._pool) as connection:
            name = await connection.fetchval(_OFFICER, result.agency, signs) if own else None
        return await asyncio.to_thread(lambda: with_fields(page, stamp.fields(page, places, name)))

    @activity.defn(name="result.sign")
    async def sign(self, order: Instruction) -> Signing:
        """Returns the file with the signature that the log awaits; with the last signature, also the proof.

        Raises `NotOrderedError`. A fault that prevents every signature is returned (`in_vain`); once the fault is
        recorded, it is raised instead, and retried like all other errors.
        """
        asked = await self._awaited(order)
        signer = asked.signer
        try:
            signing = await self._signed(asked)
        except _Unsigned as unsigned:
            signing = unsigned.why
        if signing.file is not None:
            fields = {"place": signer.place, "result": signing.file, "proof": signing.proof}
            await self._orders.findings.keep(order.stream, Finding("result_signed", fields))
        elif signing.declined:
            registered = asked.result.last.registered
            fields = {"place": signer.place, "officer": signer.officer, "registered": registered}
            await self._orders.findings.keep(order.stream, Finding("signature_declined", fields))
        return signing

    async def _signed(self, asked: _AwaitedSignature) -> Signing:
        """Requests the officer's signature, and returns the answer. Raises `_Unsigned` if there is no signature."""
        result, signer = asked.result, asked.signer
        if self._lasting is None:
            raise _in_vain("not_set_up", result)
        person = await self._person(asked)
        sealed = person.identity.kind == "organisation"
        file = await self._files.get(require(result.last.result))
        role, at = said("paper.seal").vi if sealed else ROLE_NAMES[signer.role].vi, require(result.asked_at)
        shown = await asyncio.to_thread(stamp.stamp, person.name, role, at)
        last = result.signed + 1 == len(result.signers)
        async with heartbeat(every=2):
            try:
                signed = await sign_official(
                    file,
                    signer.place,
                    self._signer,
                    person,
                    self._lasting,
                    last=last,
                    at=at,
                    order=asked.order,
                    stamp=shown,
                )
            except UnfitCertificateError as error:
                if error.passing:
                    raise
                raise _in_vain(error.rule, result) from None
            except RejectedError:
                raise _in_vain("rejected_by_signer", result) from None
            except NotSignedError as error:
                raise _unsigned(error, result) from None
            failpoint("result.signed")
            kept = await self._files.put(result.filing_id, signed, "application/pdf")
            proof = await self._proof(asked, signed, person, self._lasting) if last else None
        return Signing(file=kept, proof=proof)

    async def _proof(self, asked: _AwaitedSignature, file: bytes, person: Person, lasting: Lasting) -> FileRef | None:
        """Returns the time-stamped verdict on the file; None if the file is not valid, or all attempts failed."""
        for _ in range(_TRIES):
            try:
                verdict = await verify_official(
                    file, lasting.trust, expected={asked.signer.place: person.identity}, subjects=lasting.subjects
                )
                if verdict.outcome is not SignatureOutcome.VALID:
                    return None
                proof = await proof_of(verdict, lasting.stamper)
                if SignatureProof.model_validate_json(proof).token is not None:
                    return await self._files.put(asked.result.filing_id, proof, "application/json")
            except Exception as error:  # noqa: BLE001 -- whatever prevents it: the result is valid without it
                activity.logger.warning("result.not_proved", extra={"error": type(error).__name__})
        return None

    async def _unmade(self, request: FileOrder) -> tuple[Result, Instant]:
        """Returns the result that waits for its file, and the time when the wait began. Raises `NotOrderedError`."""
        read = await self._orders.read(request.order, RESULT)
        result: Result = read.state
        entered = [recorded for recorded in read.log.events if recorded.event.kind == "result_entered"]
        answer, brought = request.answer, result.last.brought
        if not unmade(result) or request.order.seq < entered[-1].seq:
            raise NotOrderedError(request.order)
        stated = answer == IssueAnswer(result=brought) if brought else await self._is_answered(request, result)
        if not stated or answer.result.key != file_key(result.filing_id, answer.result.sha256):
            raise NotOrderedError(request.order)
        return result, entered[-1].at

    async def _is_answered(self, request: FileOrder, result: Result) -> bool:
        """Returns whether the file is the platform's print, or the agency's answer to the current request."""
        stream, answer, findings = request.order.stream, request.answer, self._orders.findings
        if not await findings.hold(stream, evidence.stored(answer)):
            return False
        if require(result.order).by_template:
            return await findings.hold(stream, printed(answer))
        if self._audience is None:
            return True
        asked, said = require(make_request(result)), request.answered
        if said is None or not OfficeAnswer(ISSUE, answer, asked.request_id).is_given(said):
            return False
        if said.request != digest(asked.model_dump(mode="json", exclude_none=True)):
            return False
        async with acquired(self._pool) as connection:
            return await is_signed(connection, self._audience, stream, said)

    async def _awaited(self, order: Instruction) -> _AwaitedSignature:
        """Returns the signature requested now. Raises `NotOrderedError` if there is none or the order is outdated."""
        read = await self._orders.read(order, RESULT)
        asked = [recorded.seq for recorded in read.log.events if recorded.event.kind == "signature_requested"]
        signer = read.state.awaited
        if signer is None or order.seq < asked[-1]:
            raise NotOrderedError(order)
        async with acquired(self._pool) as connection:
            if await stands_still(connection, read.state.filing_id):
                raise ApplicationError("a complaint stops the act", type="stayed")
        return _AwaitedSignature(read.state, signer, About(stream=order.stream, seq=asked[-1]))

    async def _person(self, asked: _AwaitedSignature) -> Person:
        """Returns the signing key's current holder, according to the directory."""
        agency, signer = asked.result.agency, asked.signer
        async with acquired(self._pool) as connection:
            now = await signer_now(connection, agency, signer.place)
            if now is None:
                raise _in_vain("nobody_signs", asked.result)
            if now.signatory != signer:
                raise _Unsigned(Signing(another=True))
            theirs = signer.officer in on_the_applicants_side(asked.result)
            if theirs or await is_own(connection, asked.result.filing_id, agency, signer.officer):
                raise _in_vain("own_filing", asked.result)
            own = now.holder is PersonKind.PERSON
            name = await connection.fetchval(_OFFICER if own else _AGENCY, agency, signer.officer)
        return Person(Identity(now.holder.value, now.number), name)


class AgencySeal:
    """Applies agencies' seals to papers issued automatically; applies none without `lasting` or a remote signer."""

    def __init__(self, pool: Pool, signer: Signer, lasting: Lasting | None) -> None:
        self._pool = pool
        self._signer = signer
        self._lasting = lasting

    async def put_on(self, agency: AgencyCode, paper: bytes, at: datetime, about: About) -> bytes | None:
        """Returns the paper with the agency's seal, as of `at`, for the event `about`; None without seal or signer.

        Raises `SealRefusedError` until the agency's unfit certificate is renewed, and the other errors of
        `sign_official`.
        """
        if self._lasting is None or (person := await self._holder(agency)) is None:
            return None
        ready = with_fields(paper, [SignatureField(SEAL)])
        try:
            return await sign_official(ready, SEAL, self._signer, person, self._lasting, last=False, at=at, order=about)
        except UnfitCertificateError as error:
            if error.passing:
                raise
            raise SealRefusedError(error.rule) from None
        except NotSignedError as error:
            if error.reason != "no_signer":
                raise
            return None

    async def _holder(self, agency: AgencyCode) -> Person | None:
        """Returns the holder of the agency's seal; None if the agency has no seal.

        If the agency's entry in the directory has a seal number, the holder is the agency itself. If not, the holder
        is the first signer whom the directory lists for the seal.
        """
        async with acquired(self._pool) as connection:
            signers = await signers_of(connection, agency)
            known = await connection.fetchrow("select name_vi, seal from agency where agency = $1", agency)
        seals = [Identity(one.holder.value, one.number) for one in signers if one.place is SigningPlace.SEAL]
        if known is None or not (known["seal"] or seals):
            return None
        return Person(Identity("organisation", known["seal"]) if known["seal"] else seals[0], known["name_vi"])


def _in_vain(rule: str, result: Result) -> Exception:
    """Returns the exception for a fault: an answer with the rule; once the fault is recorded, an error to retry."""
    if result.machine_failing is None:
        return _Unsigned(Signing(in_vain=rule))
    return ApplicationError(f"not signed: {rule}", type="in_vain")


def _unsigned(error: NotSignedError, result: Result) -> Exception:
    match error.reason:
        case "declined":
            return _Unsigned(Signing(declined=True))
        case "not_yet":
            return ApplicationError(str(error), type=error.reason, next_retry_delay=timedelta(seconds=1))
        case "no_signer":
            return _in_vain(error.reason, result)


_AGENCY: Final = "select name_vi from agency where agency = $1 and $2::text is not null"
_OFFICER: Final = "select name from officer where agency = $1 and subject = $2 limit 1"
