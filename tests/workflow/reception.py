"""Examinations of files with stand-ins: a scanner, an inspector, a check of signatures and a store."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

from obstore.store import from_url

from activities.files.scanner import ScannerDownError
from activities.reception import Reception
from motcua.files.store import Store as Kept
from schemas.files import FileRef, file_key
from schemas.filing.submission import Submission
from schemas.signature import SignatureOutcome, SignatureVerdict
from tests.acting import birth, of
from tests.any_files import Orders
from tests.conftest import World

PAPER = b"%PDF giay chung sinh"


class Scanning:
    """A scanner that is down, or has fixed findings."""

    def __init__(self, *, down: bool = False) -> None:
        self.down = down
        self.infected: set[bytes] = set()
        self.silent: set[bytes] = set()
        self.asked, self.free = asyncio.Event(), asyncio.Event()
        self.free.set()

    async def scan(self, chunks: AsyncIterator[bytes]) -> bool:
        data = b"".join([chunk async for chunk in chunks])
        if self.down or data in self.silent:
            raise ScannerDownError
        self.asked.set()
        await self.free.wait()
        return data in self.infected


class Looking:
    """An inspector that finds active content in each file that contains `JavaScript`."""

    async def inspect(self, file: int, media_type: str, name: str | None = None) -> str | None:  # noqa: ARG002
        with open(file, "rb", closefd=False) as read:  # noqa: ASYNC230 -- a descriptor of a few bytes
            read.seek(0)
            return "file_active" if b"JavaScript" in read.read() else None


class Verdicts:
    """A check of signatures with a fixed verdict."""

    def __init__(self, verdict: SignatureVerdict | None = None) -> None:
        self.verdict = verdict
        self.asked: list[tuple[bytes, str]] = []

    async def check(self, submission: Submission, file: bytes, received_at: Any, version: str) -> SignatureVerdict:  # noqa: ARG002
        self.asked.append((file, version))
        return self.verdict or SignatureVerdict(outcome=SignatureOutcome.VALID, received_at=received_at)

    async def proof(self, verdict: SignatureVerdict) -> bytes:
        return verdict.model_dump_json().encode()


class Store:
    def __init__(self, world: World) -> None:
        self._store = from_url(world.objects)

    async def get_async(self, key: str) -> Any:
        return await self._store.get_async(key)

    async def keep(self, filing_id: UUID, data: bytes, media_type: str) -> FileRef:
        return await Kept(self._store).put(filing_id, data, media_type)

    async def put(self, submission: Submission, data: bytes, **said: Any) -> FileRef:
        file = named(submission, data, **said)
        await self._store.put_async(file.key, data)
        return file


def receiving(world: World, store: Store, inspector: Any, scanner: Scanning | None, verdicts: Verdicts) -> Reception:
    """Returns the platform's own examiner of files, which uses these stand-ins."""
    return Reception(store, Orders(world.settings), store.keep, inspector, scanner, verdicts)  # type: ignore[arg-type] # it has the used part of a store


def named(submission: Submission, data: bytes, **said: Any) -> FileRef:
    digest = hashlib.sha256(data).hexdigest()
    return FileRef.model_validate({"key": file_key(of(submission), digest), "sha256": digest, "size": len(data)} | said)


def with_paper(submission: Submission, file: FileRef | dict[str, Any]) -> Submission:
    return birth(submission_id=submission.submission_id, papers=[{"code": "birth_notice", "file": file}])
