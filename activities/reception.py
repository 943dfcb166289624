"""Checks a submission before it is recorded: that its files exist and are safe, and that its signature is valid."""

import hashlib
from collections.abc import AsyncIterator, Collection
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Final, Protocol
from uuid import UUID

from obstore.store import LocalStore, ObjectStore
from temporalio import activity
from temporalio.common import RetryPolicy
from temporalio.workflow import ActivityConfig, LocalActivityConfig

from activities.files.protocol import Rule
from activities.files.scanner import Scanner, ScannerDownError
from activities.partners.instructions import Instruction, Instructions, NotOrderedError
from activities.support.failpoint import failpoint
from activities.support.heartbeat import heartbeat
from activities.support.keep import Keep
from rules.filing.evidence import examined, scanned
from rules.filing.submission.files import file_problems, quota_problems
from rules.streams import FILING
from schemas.base import Code, Instant, Model, Problem, Version
from schemas.errors import problem
from schemas.files import FileRef, ScanState
from schemas.filing.state import Filing
from schemas.filing.submission import Examined, Submission
from schemas.ids import filing_workflow
from schemas.signature import SignatureOutcome, SignatureVerdict, record_of

QUICKLY: Final = LocalActivityConfig(
    start_to_close_timeout=timedelta(seconds=25), retry_policy=RetryPolicy(maximum_attempts=1)
)
"""The options of the local activity: as long as a signature's check may take. If it fails, the full activity runs."""

LONGEST: Final = timedelta(hours=2)
"""Time limit of the full activity, enough for a hundred of the hardest files; heartbeats show that the worker lives."""

PATIENTLY: Final = ActivityConfig(
    start_to_close_timeout=LONGEST,
    heartbeat_timeout=timedelta(seconds=60),
    retry_policy=RetryPolicy(maximum_interval=timedelta(seconds=10)),
)
"""The options of the full activity: a store that is down for a while only delays a submission."""

SCANNING: Final = ActivityConfig(
    start_to_close_timeout=LONGEST,
    heartbeat_timeout=timedelta(seconds=60),
    retry_policy=RetryPolicy(maximum_interval=timedelta(minutes=1)),
)
"""The options of a scan: retried until the scanner answers, however long that takes."""


class NamedFile(Model):
    """A file, and the path of the field that names it, such as `papers[0].file`."""

    place: str
    file: FileRef


class ExamineRequest(Model):
    """The files of a submission or command, to be examined before the filing records it.

    If the `submission` is set, its signature is checked too, as of `at`. `version` is that of its procedure.
    """

    filing_id: UUID
    files: tuple[NamedFile, ...]
    submission: Submission | None = None
    version: Version | None = None
    at: Instant


class Inspector(Protocol):
    """Inspects a file, given as a descriptor. Returns the rule that the file breaks; None if it breaks none."""

    async def inspect(self, file: int, media_type: str, name: str | None = None) -> str | None: ...


class Signatures(Protocol):
    """Checks the signature of a submission, and produces the time-stamped proof of the verdict."""

    async def check(
        self, submission: Submission, file: bytes, received_at: Instant, version: Version
    ) -> SignatureVerdict: ...

    async def proof(self, verdict: SignatureVerdict) -> bytes: ...


class Reception:
    """Checks files in the object store. Without a `scanner` the files stay unscanned."""

    def __init__(
        self,
        store: ObjectStore,
        orders: Instructions,
        keep: Keep,
        inspector: Inspector,
        scanner: Scanner | None,
        signatures: Signatures,
    ) -> None:
        self._store = store
        self._orders = orders
        self._keep = keep
        self._inspector = inspector
        self._scanner = scanner
        self._signatures = signatures

    @activity.defn(name="reception.examine")
    async def examine(self, request: ExamineRequest) -> Examined:
        """Returns the problems of the files and the signature. If the store can't be read, raises an error to retry.

        No event in the log orders this check: the submission is recorded only afterwards. A caller learns only the
        problems of files whose digests the caller knows. Outside systems get only queries about revocation, and the
        verdict's digest to time-stamp.
        """
        async with heartbeat():
            answer = await self._examined(request)
        files = ((named.place, named.file) for named in request.files)
        found = examined(files, request.submission, request.version, answer)
        await self._orders.findings.keep(filing_workflow(request.filing_id), found)
        return answer

    async def _examined(self, request: ExamineRequest) -> Examined:
        too_much = tuple(quota_problems((named.place, named.file) for named in request.files))
        if too_much:
            return Examined(problems=too_much)
        looked = await self._all(request)
        problems = tuple(found for found in looked if isinstance(found, Problem))
        verdict = None if problems else await self._verdict(request)
        failpoint("examined")
        if verdict is not None and verdict.outcome is SignatureOutcome.REFUSED:
            problems = verdict.problems
        if problems:
            return Examined(problems=problems)
        if verdict is None:
            return Examined(scan=_worst(looked))
        proof = await self._keep(request.filing_id, await self._signatures.proof(verdict), "application/json")
        return Examined(scan=_worst(looked), signature=record_of(verdict, proof))

    @activity.defn(name="reception.scan")
    async def scan(self, order: Instruction) -> list[Code]:
        """Returns the papers whose files contain a virus. Raises `ScannerDownError` or `NotOrderedError`."""
        filing: Filing = (await self._orders.read(order, FILING)).state
        papers = () if filing.closed else filing.to_scan
        if not papers:
            raise NotOrderedError(order)
        async with heartbeat():
            infected = [paper.code for paper in papers if paper.file and await self._is_infected(paper.file)]
        files = [paper.file.sha256 for paper in papers if paper.file is not None]
        await self._orders.findings.keep(order.stream, scanned(files, infected))
        return infected

    async def _all(self, request: ExamineRequest) -> list[ScanState | Problem]:
        """Examines the files in order; stops after the first file that is too hard to read."""
        looked: list[ScanState | Problem] = []
        for named in request.files:
            elsewhere = next(file_problems(request.filing_id, [(named.place, named.file)]), None)
            found = elsewhere or await self._look(named.file)
            looked.append(found if isinstance(found, Problem | ScanState) else problem(named.place, found))
            if found == Rule.TOO_HARD:
                break
        return looked

    async def _look(self, file: FileRef) -> ScanState | str:
        """Returns the scan state of a file; or if it breaks a rule, the rule."""
        with TemporaryFile() as copy:
            broken = await self._fetch(file, copy)
            broken = broken or await self._inspector.inspect(copy.fileno(), file.media_type, file.name)
            if broken is not None:
                return broken
            if self._scanner is None:
                return ScanState.UNSCANNED
            try:
                infected = await self._scanner.scan(_chunks(copy))
            except ScannerDownError:
                return ScanState.PENDING
        return "file_infected" if infected else ScanState.CLEAN

    async def _is_infected(self, file: FileRef) -> bool:
        if self._scanner is None:
            raise ScannerDownError
        with TemporaryFile() as copy:
            if await self._fetch(file, copy) is not None:
                raise LookupError("the object store has lost a file of a filing: motcua store scrub")
            return await self._scanner.scan(_chunks(copy))

    async def _fetch(self, file: FileRef, copy: IO[bytes]) -> str | None:
        """Copies the file from the store. Returns the rule that its size or digest breaks; None if they are right."""
        try:
            found = await self._store.get_async(file.key)
        except FileNotFoundError:
            self._see_store()
            return "file_not_in_store"
        if found.meta["size"] != file.size:
            return "file_differs"
        digest = hashlib.sha256()
        async for chunk in found.stream():
            digest.update(chunk)
            copy.write(chunk)
        copy.flush()
        return None if digest.hexdigest() == file.sha256 else "file_differs"

    def _see_store(self) -> None:
        """Raises `OSError` if the store's folder is missing: then a missing file is not the applicant's fault."""
        if isinstance(self._store, LocalStore) and self._store.prefix is not None:
            Path(self._store.prefix).stat()

    async def _verdict(self, request: ExamineRequest) -> SignatureVerdict | None:
        submission = request.submission
        if submission is None or submission.signature is None or request.version is None:
            return None
        signature = await self._store.get_async(submission.signature.key)
        signed = bytes(await signature.bytes_async())
        if hashlib.sha256(signed).hexdigest() != submission.signature.sha256:
            raise LookupError("a file of the store was exchanged while it was looked at")
        return await self._signatures.check(submission, signed, request.at, request.version)


def _worst(looked: Collection[ScanState | Problem]) -> ScanState | None:
    return next((state for state in (ScanState.PENDING, ScanState.UNSCANNED, ScanState.CLEAN) if state in looked), None)


async def _chunks(copy: IO[bytes]) -> AsyncIterator[bytes]:
    copy.seek(0)
    while chunk := copy.read(65_536):
        yield chunk
