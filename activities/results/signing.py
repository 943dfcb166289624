"""The file of a result: prepared for its signatures, and signed by one officer after the other.

Signer, file, place and time of a signature are read in the log of the result each time. Two requests carry a file that
no event names yet, since their answer leads to one: the file that the agency has made, and the one that the last
officer has signed. Neither request adds a signature; `FileOrder` states which files are permitted.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Protocol
from uuid import UUID

from pyhanko.pdf_utils.misc import PdfError
from temporalio import activity
from temporalio.common import RetryPolicy
from temporalio.exceptions import ApplicationError
from temporalio.workflow import ActivityConfig

from activities.ledger.database import ACQUIRE_SECONDS, Pool, mask_database_errors
from activities.partners.http import RejectedError
from activities.partners.instructions import Instruction, Instructions, NotOrderedError
from activities.partners.signer import NotSignedError, Signer
from activities.printing.typesetter import MissingGlyphsError
from activities.results import notice
from activities.results.entry import signer_now
from activities.signature.certificate_subject import Identity
from activities.signature.official import SignatureField, UnfitCertificateError, sign_official, with_fields
from activities.signature.proof import proof_of
from activities.signature.signing import Lasting, Person
from activities.signature.verified import verify_official
from activities.support.failpoint import failpoint
from activities.support.heartbeat import heartbeat
from rules.require import require
from rules.result.fold import unmade
from rules.streams import RESULT
from schemas.base import Instant, Model
from schemas.files import FileRef, file_key
from schemas.names import ROLE_NAMES
from schemas.people import PersonKind
from schemas.result.state import Result, Signatory, SigningPlace
from schemas.signature import SignatureOutcome, SignatureProof
from schemas.stream.about import About

SIGNING: Final = ActivityConfig(
    start_to_close_timeout=timedelta(minutes=2),
    heartbeat_timeout=timedelta(seconds=10),
    retry_policy=RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=5)),
)
"""Retried until the officer signs; a retry requests the same signature."""
PROVING: Final = ActivityConfig(
    start_to_close_timeout=timedelta(minutes=1),
    retry_policy=RetryPolicy(initial_interval=timedelta(seconds=1), maximum_attempts=3),
)
"""A result does not wait long for its proof: `motcua result verify --keep` makes one by hand."""
_SOON: Final = timedelta(seconds=1)
"""Pause before an officer who has not agreed yet is waited for again."""

_BEAT: Final = 2
"""Seconds between two heartbeats."""
DECLINED: Final = "declined"
IN_VAIN: Final = "in_vain"
"""Nobody can sign until somebody has fixed a fault: the detail names the rule."""
OTHER_SIGNER: Final = "other_signer"
"""The directory now names another signer at this place."""
NOT_SIGNABLE: Final = "not_signable"

_BOXES: Final = {
    SigningPlace.INITIALS: (60, 60, 200, 120),
    SigningPlace.SIGNATURE: (230, 60, 380, 120),
    SigningPlace.SEAL: (400, 60, 550, 120),
}
"""Places of the stamps on the last page of a notice. A file in an agency's own layout shows none."""


class Files(Protocol):
    """The files of filings."""

    async def get(self, file: FileRef) -> bytes: ...

    async def put(self, filing_id: UUID, data: bytes, media_type: str) -> FileRef: ...


class FileOrder(Model):
    """An order about a file that the log can't name yet: it must belong to the same filing.

    For `prepare` it is the agency's file, or the one that was brought, while the result waits for it. For `prove` it is
    the file that the log names, with the last signature added.
    """

    order: Instruction
    file: FileRef


@dataclass(frozen=True)
class _Asked:
    """The signature that the log awaits: of a result, by a signer, since an event."""

    result: Result
    signer: Signatory
    order: About

    @property
    def file(self) -> FileRef:
        """The file to sign."""
        return require(self.result.last.result)

    @property
    def last(self) -> bool:
        """Whether everybody else has signed."""
        return self.result.signed + 1 == len(self.result.signers)

    @property
    def at(self) -> Instant:
        """The time of signing to state in the file."""
        return require(self.result.asked_at)


class OfficialSigning:
    """Signs for officers and agencies. `lasting` is None where no time-stamper or no trust is set up."""

    def __init__(self, pool: Pool, orders: Instructions, files: Files, signer: Signer, lasting: Lasting | None) -> None:
        self._pool = pool
        self._orders = orders
        self._files = files
        self._signer = signer
        self._lasting = lasting

    @activity.defn(name="result.prepare")
    async def prepare(self, request: FileOrder) -> FileRef:
        """Returns the file as a PDF with an empty field for each signature; the same one for the same request.

        Raises `NotOrderedError`, and `not_signable`, without retry: the agency's file can't be signed.
        """
        result, at = await self._unmade(request)
        made, agency = await self._files.get(request.file), await self._name(result.agency)
        try:
            ready = await asyncio.to_thread(_ready, result, request.file, made, agency, at)
        except (PdfError, ValueError, MissingGlyphsError) as error:
            raise ApplicationError(type(error).__name__, type=NOT_SIGNABLE, non_retryable=True) from None
        return await self._files.put(result.filing_id, ready, "application/pdf")

    @activity.defn(name="result.sign")
    async def sign(self, order: Instruction) -> FileRef:
        """Returns the file that the log names, with the awaited signature added.

        Raises `NotOrderedError`; `declined` and `other_signer`, without retry; and `in_vain`, which is retried once the
        log holds the failure. All other errors are retried.
        """
        asked = await self._asked(order)
        result, signer = asked.result, asked.signer
        if self._lasting is None:
            raise _in_vain("not_set_up", result)
        person, absent = await self._person(asked)
        file = await self._files.get(asked.file)
        role = ROLE_NAMES[signer.role].vi
        shown = await asyncio.to_thread(notice.stamp, person.name, role, asked.at, absent)
        try:
            async with heartbeat(_BEAT):
                signed = await sign_official(
                    file,
                    signer.place,
                    self._signer,
                    person,
                    self._lasting,
                    last=asked.last,
                    at=asked.at,
                    order=asked.order,
                    stamp=shown,
                    reason=None if absent is None else notice.in_place_of(absent),
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
        return await self._files.put(result.filing_id, signed, "application/pdf")

    @activity.defn(name="result.prove")
    async def prove(self, request: FileOrder) -> FileRef | None:
        """Returns the time-stamped verdict on the file as it is now, for the time when nobody can check it any more.

        None if the file is not valid, so that there is nothing to keep. Raises `NotOrderedError`.
        """
        if self._lasting is None:
            return None
        asked = await self._asked(request.order)
        _own(request, asked.result)
        file = await self._files.get(request.file)
        if not asked.last or not file.startswith(await self._files.get(asked.file)):
            raise NotOrderedError(request.order)
        person, _ = await self._person(asked)
        verdict = await verify_official(
            file,
            self._lasting.trust,
            expected={asked.signer.place: person.identity},
            subjects=self._lasting.subjects,
        )
        if verdict.outcome is not SignatureOutcome.VALID:
            return None
        proof = await proof_of(verdict, self._lasting.stamper)
        if SignatureProof.model_validate_json(proof).token is None:
            raise ApplicationError("no time-stamp", type="no_time_stamp")
        return await self._files.put(asked.result.filing_id, proof, "application/json")

    async def _unmade(self, request: FileOrder) -> tuple[Result, Instant]:
        """Returns the result that waits for its file, and since when. Raises `NotOrderedError`."""
        read = await self._orders.read(request.order, RESULT)
        result: Result = read.state
        entered = [recorded for recorded in read.log.events if recorded.event.kind == "result_entered"]
        brought = result.last.brought
        if not unmade(result) or request.order.seq < entered[-1].seq or brought not in {None, request.file}:
            raise NotOrderedError(request.order)
        _own(request, result)
        return result, entered[-1].at

    async def _asked(self, order: Instruction) -> _Asked:
        """Returns the signature that the log awaits. Raises `NotOrderedError`, also for a run behind its log."""
        read = await self._orders.read(order, RESULT)
        asked = [recorded.seq for recorded in read.log.events if recorded.event.kind == "signature_requested"]
        signer = read.state.awaited
        if signer is None or order.seq < asked[-1]:
            raise NotOrderedError(order)
        return _Asked(read.state, signer, About(stream=order.stream, seq=asked[-1]))

    async def _person(self, asked: _Asked) -> tuple[Person, str | None]:
        """Returns the directory's current holder of the signing key, and the absent officer's name, if any."""
        agency, signer = asked.result.agency, asked.signer
        with mask_database_errors():
            async with self._pool.acquire(timeout=ACQUIRE_SECONDS) as connection:
                now = await signer_now(connection, agency, signer.place)
                if now is None:
                    raise _in_vain("nobody_signs", asked.result)
                if now.signatory != signer:
                    raise ApplicationError("another signs there now", type=OTHER_SIGNER, non_retryable=True)
                own = now.holder is PersonKind.PERSON
                name = await connection.fetchval(_OFFICER if own else _AGENCY, agency, signer.officer)
                absent = signer.acting_for and await connection.fetchval(_OFFICER, agency, signer.acting_for)
        return Person(Identity(now.holder.value, now.number), name), absent

    async def _name(self, agency: str) -> str:
        with mask_database_errors():
            async with self._pool.acquire(timeout=ACQUIRE_SECONDS) as connection:
                return str(await connection.fetchval(_AGENCY, agency, ""))


def _own(request: FileOrder, result: Result) -> None:
    """Raises `NotOrderedError` for a file of another filing."""
    if request.file.key != file_key(result.filing_id, request.file.sha256):
        raise NotOrderedError(request.order)


def _ready(result: Result, file: FileRef, made: bytes, agency: str, at: Instant) -> bytes:
    places = [signer.place for signer in result.signers]
    if not file.is_in_words:
        return with_fields(made, [SignatureField(place) for place in places])
    page = notice.notice(agency, result.last.registered, made.decode(), at)
    return with_fields(page, [SignatureField(place, _BOXES[place]) for place in places])


def _in_vain(rule: str, result: Result) -> ApplicationError:
    """Returns an error without retry; once the log holds the failure, one with retry."""
    told = result.machine_failing is not None
    return ApplicationError(f"not signed: {rule}", rule, type=IN_VAIN, non_retryable=not told)


def _unsigned(error: NotSignedError, result: Result) -> ApplicationError:
    match error.reason:
        case "declined":
            return ApplicationError(str(error), type=DECLINED, non_retryable=True)
        case "not_yet":
            return ApplicationError(str(error), type=error.reason, next_retry_delay=_SOON)
        case "no_signer":
            return _in_vain(error.reason, result)


_AGENCY: Final = "select name_vi from agency where agency = $1 and $2::text is not null"
_OFFICER: Final = "select name from officer where agency = $1 and subject = $2 limit 1"
