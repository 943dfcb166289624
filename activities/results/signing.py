"""The file of a result: made ready for its signatures, and signed by one officer after the other."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Final, Protocol
from uuid import UUID

from pyhanko.pdf_utils.misc import PdfError
from temporalio import activity
from temporalio.common import RetryPolicy
from temporalio.exceptions import ApplicationError
from temporalio.workflow import ActivityConfig

from activities.beating import beating
from activities.failpoint import failpoint
from activities.ledger.database import ACQUIRE_SECONDS, Pool, mask_database_errors
from activities.partners.http import RejectedError
from activities.partners.signer import NotSignedError, Signer
from activities.printing.typesetter import MissingGlyphsError
from activities.results import notice
from activities.results.register import signer_now
from activities.signature.identity import Identity
from activities.signature.official import SignatureField, UnfitCertificateError, sign_official, with_fields
from activities.signature.proof import proof_of
from activities.signature.signing import Lasting, Person
from activities.signature.verified import verify_official
from schemas.base import AgencyCode, Instant, Model
from schemas.files import FileRef
from schemas.names import ROLE_NAMES
from schemas.people import PersonKind
from schemas.result import Signatory, SigningPlace
from schemas.signature import SignatureOutcome, SignatureProof

SIGNING: Final = ActivityConfig(
    start_to_close_timeout=timedelta(minutes=2),
    heartbeat_timeout=timedelta(seconds=10),
    retry_policy=RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=5)),
)
"""An officer is waited for as long as it takes; whoever asks again asks for the same signature."""
PROVING: Final = ActivityConfig(
    start_to_close_timeout=timedelta(minutes=1),
    retry_policy=RetryPolicy(initial_interval=timedelta(seconds=1), maximum_attempts=3),
)
"""A result does not wait long for it: `motcua result verify --keep` makes one by hand."""
_SOON: Final = timedelta(seconds=1)
"""Until an officer who has not said yes yet is waited for again."""

_BEAT: Final = 2
"""Seconds between two signs of life."""
DECLINED: Final = "declined"
IN_VAIN: Final = "in_vain"
"""Nobody can sign until somebody has mended something: the detail says by which rule."""
OTHER_SIGNER: Final = "other_signer"
"""The directory has somebody else sign there now."""
NOT_SIGNABLE: Final = "not_signable"

_BOXES: Final = {
    SigningPlace.INITIALS: (60, 60, 200, 120),
    SigningPlace.SIGNATURE: (230, 60, 380, 120),
    SigningPlace.SEAL: (400, 60, 550, 120),
}
"""Where the stamps stand on the last page of a notice. On what an agency has laid out itself none is shown."""


class Files(Protocol):
    """The files of filings."""

    async def get(self, file: FileRef) -> bytes: ...

    async def put(self, filing_id: UUID, data: bytes, media_type: str) -> FileRef: ...


class PrepareRequest(Model):
    """What the back office made `at` this moment, under this number, and what will be signed in it."""

    filing_id: UUID
    agency: AgencyCode
    number: str
    file: FileRef
    places: tuple[SigningPlace, ...]
    at: Instant


class SignRequest(Model):
    """A file that somebody is asked to sign, `at` the moment that it will say; they may be the `last`.

    `told`: the record says already that it is in vain, so that it is only tried again.
    """

    filing_id: UUID
    agency: AgencyCode
    file: FileRef
    signer: Signatory
    last: bool
    at: Instant
    told: bool = False


class ProofRequest(Model):
    """A file that everybody has signed."""

    filing_id: UUID
    file: FileRef


class OfficialSigning:
    """Signs for officers and agencies. `lasting` is None where nobody is set up who time-stamps, or is trusted."""

    def __init__(self, pool: Pool, files: Files, signer: Signer, lasting: Lasting | None) -> None:
        self._pool = pool
        self._files = files
        self._signer = signer
        self._lasting = lasting

    @activity.defn(name="result.prepare")
    async def prepare(self, request: PrepareRequest) -> FileRef:
        """The file as a PDF with an empty field for each signature; the same one for the same request.

        Raises `not_signable`, never to be retried: the agency has made something that can't be signed.
        """
        made, agency = await self._files.get(request.file), await self._name(request.agency)
        try:
            ready = await asyncio.to_thread(_ready, request, made, agency)
        except (PdfError, ValueError, MissingGlyphsError) as error:
            raise ApplicationError(type(error).__name__, type=NOT_SIGNABLE, non_retryable=True) from None
        return await self._files.put(request.filing_id, ready, "application/pdf")

    @activity.defn(name="result.sign")
    async def sign(self, request: SignRequest) -> FileRef:
        """The file with one signature more.

        Raises `declined` and `other_signer`, never to be retried, and `in_vain`, to be retried once that was told; all
        else is tried again.
        """
        if self._lasting is None:
            raise _in_vain("not_set_up", request)
        person, absent = await self._person(request)
        file = await self._files.get(request.file)
        role = ROLE_NAMES[request.signer.role].vi
        shown = await asyncio.to_thread(notice.stamp, person.name, role, request.at, absent)
        try:
            async with beating(_BEAT):
                signed = await sign_official(
                    file,
                    request.signer.place,
                    self._signer,
                    person,
                    self._lasting,
                    last=request.last,
                    at=request.at,
                    stamp=shown,
                    reason=None if absent is None else notice.in_place_of(absent),
                )
        except UnfitCertificateError as error:
            if error.passing:
                raise
            raise _in_vain(error.rule, request) from None
        except RejectedError:
            raise _in_vain("rejected_by_signer", request) from None
        except NotSignedError as error:
            raise _unsigned(error, request) from None
        failpoint("result.signed")
        return await self._files.put(request.filing_id, signed, "application/pdf")

    @activity.defn(name="result.prove")
    async def prove(self, request: ProofRequest) -> FileRef | None:
        """The verdict on the file as it is now, time-stamped, kept for when nobody can check it any more.

        None where it is not valid, so that there is nothing to keep.
        """
        if self._lasting is None:
            return None
        file = await self._files.get(request.file)
        verdict = await verify_official(file, self._lasting.trust, subjects=self._lasting.subjects)
        if verdict.outcome is not SignatureOutcome.VALID:
            return None
        proof = await proof_of(verdict, self._lasting.stamper)
        if SignatureProof.model_validate_json(proof).token is None:
            raise ApplicationError("no time-stamp", type="no_time_stamp")
        return await self._files.put(request.filing_id, proof, "application/json")

    async def _person(self, request: SignRequest) -> tuple[Person, str | None]:
        """Whose key signs, as the directory has it now, and the name of the absent officer in whose place."""
        agency, asked = request.agency, request.signer
        with mask_database_errors():
            async with self._pool.acquire(timeout=ACQUIRE_SECONDS) as connection:
                now = await signer_now(connection, agency, asked.place)
                if now is None:
                    raise _in_vain("nobody_signs", request)
                if now.signatory != asked:
                    raise ApplicationError("another signs there now", type=OTHER_SIGNER, non_retryable=True)
                own = now.holder is PersonKind.PERSON
                name = await connection.fetchval(_OFFICER if own else _AGENCY, agency, asked.officer)
                absent = asked.acting_for and await connection.fetchval(_OFFICER, agency, asked.acting_for)
        return Person(Identity(now.holder.value, now.number), name), absent

    async def _name(self, agency: str) -> str:
        with mask_database_errors():
            async with self._pool.acquire(timeout=ACQUIRE_SECONDS) as connection:
                return str(await connection.fetchval(_AGENCY, agency, ""))


def _ready(request: PrepareRequest, made: bytes, agency: str) -> bytes:
    if not request.file.is_in_words:
        return with_fields(made, [SignatureField(place) for place in request.places])
    page = notice.notice(agency, request.number, made.decode(), request.at)
    return with_fields(page, [SignatureField(place, _BOXES[place]) for place in request.places])


def _in_vain(rule: str, request: SignRequest) -> ApplicationError:
    return ApplicationError(f"not signed: {rule}", rule, type=IN_VAIN, non_retryable=not request.told)


def _unsigned(error: NotSignedError, request: SignRequest) -> ApplicationError:
    match error.reason:
        case "declined":
            return ApplicationError(str(error), type=DECLINED, non_retryable=True)
        case "not_yet":
            return ApplicationError(str(error), type=error.reason, next_retry_delay=_SOON)
        case "no_signer":
            return _in_vain(error.reason, request)


_AGENCY: Final = "select name_vi from agency where agency = $1 and $2::text is not null"
_OFFICER: Final = "select name from officer where agency = $1 and subject = $2 limit 1"
