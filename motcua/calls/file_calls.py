"""The calls that upload and read files, each at a short-lived web address that the platform hands out."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Final, TypeVar
from uuid import UUID

from motcua import contract as c
from motcua.files.store import Progress
from motcua.files.transfer import TransferFailedError, measured, received, send

from .arguments import Call
from .event_loop import C_co, waits
from .questions import BlockingQuestions, Questions, filing_stream
from .retry import LONGEST_ATTEMPT, TryAgainError, patiently

T = TypeVar("T")

LONGEST_TRANSFER: Final = 120.0
"""The maximum time for one attempt to transfer a file, in seconds."""


class FileCalls(Questions):
    """The calls about files. No credentials of the object store are needed."""

    async def file(self, filing_id: UUID | str, sha256: str, *, link: str | None = None) -> c.FileAddress:
        """Returns the address at which a file of the filing can be read for some minutes; `fetch` reads the file.

        Args:
            filing_id: The filing's id.
            sha256: The digest of the file, which `view`, `result`, `papers` and `timeline` name.
            link: The link to the result, for a reader who may see only the result.
        """
        return await self._answer(c.AskFile(stream=filing_stream(filing_id), sha256=sha256, link=link))

    async def upload(
        self, filing_id: UUID | str, file: c.FileRef, *, ids: tuple[str, str] | None = None
    ) -> c.FileAddress:
        """Returns the address to which a file of the filing can be uploaded for some minutes; `attach` also uploads.

        Args:
            filing_id: The filing's id.
            file: The file's digest, size and media type; its key is not used.
            ids: The `client_id` and `submission_id`; needed until the filing is submitted.
        """
        Call(file=file, ids=ids)
        return await self._answer(_upload(filing_stream(filing_id), file, ids))

    async def attach(
        self,
        filing_id: UUID | str,
        path: Path | str,
        *,
        ids: tuple[str, str] | None = None,
        media_type: str | None = None,
        name: str | None = None,
        progress: Progress | None = None,
    ) -> c.FileRef:
        """Upload a local file for a filing, and return the reference for the submission or the command. Idempotent.

        Args:
            filing_id: The filing's id: `motcua.filing_id(client_id, submission_id)`.
            path: The file, of 1 to `LARGEST_FILE` bytes.
            ids: The `client_id` and `submission_id`; needed until the filing is submitted.
            media_type: The media type; by default the usual type for the file's extension.
            name: The name that officers see; by default the file's name in `path`.
            progress: Called from time to time, from another thread, with the number of bytes sent so far.

        Raises:
            FileNotTakenError: This file can't be attached; `problem` has the reason.
            DamagedFileError: The store has other bytes under the file's key.
        """
        Call(path=path, ids=ids, media_type=media_type, name=name, progress=progress)
        stream = filing_stream(filing_id)
        local = Path(path)
        file = await asyncio.to_thread(measured, local, media_type, name)

        def sent(address: c.FileAddress, seconds: float) -> c.FileRef:
            send(address, local, progress or (lambda _: None), seconds)
            return address.file

        stored = await self._transferred(_upload(stream, file, ids), sent)
        return stored.model_copy(update={"name": file.name})

    async def fetch(self, filing_id: UUID | str, sha256: str, *, link: str | None = None) -> bytes:
        """Returns the bytes of a file of the filing, verified against the digest. Arguments as in `file`.

        Raises `DamagedFileError` if the store does not have the file, or has other bytes.
        """
        return await self._transferred(c.AskFile(stream=filing_stream(filing_id), sha256=sha256, link=link), received)

    async def _transferred(self, question: c.AskFile | c.AskUpload, work: Callable[[c.FileAddress, float], T]) -> T:
        """Returns the result of `work`, called with an address and a time limit. Each attempt gets a new address."""

        async def attempt(limit: timedelta) -> T:
            address = await self._ask(question, min(limit, timedelta(seconds=LONGEST_ATTEMPT)))
            try:
                return await asyncio.to_thread(work, address, limit.total_seconds())
            except TransferFailedError as error:
                raise TryAgainError(str(error)) from error

        return await patiently(attempt, self._line.patience, LONGEST_TRANSFER)


def _upload(stream: str, file: c.FileRef, ids: tuple[str, str] | None) -> c.AskUpload:
    client_id, submission_id = ids or (None, None)
    return c.AskUpload(
        stream=stream,
        sha256=file.sha256,
        size=file.size,
        media_type=file.media_type,
        client_id=client_id,
        submission_id=submission_id,
    )


class BlockingFileCalls(BlockingQuestions[C_co]):
    """`FileCalls` in blocking form."""

    file = waits(FileCalls.file)
    upload = waits(FileCalls.upload)
    attach = waits(FileCalls.attach)
    fetch = waits(FileCalls.fetch)
