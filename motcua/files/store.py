"""The object store, where files are kept: `MOTCUA_OBJECTS`, a folder (`file:///…`) or S3 (`s3://…`)."""

from __future__ import annotations

import asyncio
import hashlib
import io
import os
import secrets
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final, Self
from uuid import UUID

from pydantic import ValidationError

from motcua import contract as c
from motcua.contract import FileRef, Problem, problem
from motcua.errors import MotcuaError, SettingsError

from .drafts import TRIALS, Draft, InFolder, InMemory, folder_of, overwrites, sizes

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from obstore.store import ObjectStore


class FileNotTakenError(MotcuaError):
    """The file can't be attached to the filing. Nothing was stored.

    Attributes:
        problem: The broken rule, and the remedy in `vi` and `en`.
    """

    def __init__(self, found: Problem) -> None:
        super().__init__(f"{found.field}: {found.message.en} [{found.rule}]")
        self.problem = found


def not_taken(rule: str, **values: Any) -> FileNotTakenError:
    """Returns the error for a rule, with the rule's sentence from the catalogue."""
    return FileNotTakenError(problem("file", rule, **values))


OBJECTS: Final = "MOTCUA_OBJECTS"
CHUNK: Final = 1 << 20
"""The number of bytes of a file that are read at once."""

Progress = Callable[[int], None]


class NoStoreError(SettingsError):
    """The object store can't be used: its address or its library is missing, or it overwrites files."""


class DamagedFileError(MotcuaError):
    """The file in the store is missing, or its content is not the content that the reference names."""


class StoreFailedError(MotcuaError):
    """The object store failed. The store has no partial file, and a retry is safe."""


def open_store(url: str, setting: str = OBJECTS) -> ObjectStore:
    """Opens the object store at `url`; a missing folder is made. Raises `NoStoreError`, which names the setting."""
    try:
        from obstore.store import from_url  # noqa: PLC0415 -- an extra: the rest of the kit works without
    except ModuleNotFoundError:
        raise NoStoreError("the object store needs obstore: pip install 'motcua[backoffice]'") from None
    try:
        return from_url(url, mkdir=True) if url.startswith("file:") else from_url(url)
    except Exception as error:  # noqa: BLE001 -- obstore has a type for every backend
        raise NoStoreError(f"{setting} can't be used: {type(error).__name__}") from None


class Store:
    """Puts and gets files by reference."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self._root = folder_of(store)

    @classmethod
    def from_environment(cls) -> Self:
        """Opens the store at `MOTCUA_OBJECTS`. Raises `NoStoreError`."""
        url = os.environ.get(OBJECTS)
        if not url:
            raise NoStoreError(f"set {OBJECTS} to the address of the object store: file:///folder or s3://bucket")
        return cls(open_store(url))

    async def attach(
        self,
        filing_id: UUID | str,
        path: Path | str,
        *,
        media_type: str | None = None,
        name: str | None = None,
        progress: Progress | None = None,
    ) -> FileRef:
        """Puts a local file into the store for a filing, before the filing is submitted. Idempotent.

        The file is read once, and stored whole or not at all. When the method returns, the file is on the store's disk.
        A filing may have at most `MOST_FILES` files in the store, with `LARGEST_FILING` bytes in total.

        Args:
            filing_id: The id of the filing: `motcua.filing_id(client_id, submission_id)`.
            path: The file, of 1 to `LARGEST_FILE` bytes.
            media_type: The media type; by default the usual type for the file's extension.
            name: The name that officers see; by default the file's name in `path`.
            progress: Called from time to time, from another thread, with the number of bytes read so far.

        Raises:
            FileNotTakenError: This file can't be attached; `problem` has the reason.
            StoreFailedError: The store could not keep the file.
            DamagedFileError: The store has other bytes under the file's key.
        """
        return await asyncio.to_thread(
            self._attach, UUID(str(filing_id)), Path(path), media_type, name, progress or (lambda _: None)
        )

    async def put(self, filing_id: UUID | str, data: bytes, media_type: str, name: str | None = None) -> FileRef:
        """Stores `data` as a filing's file, even beyond the filing's limits. Idempotent. Raises `attach`'s errors."""
        called = None if name is None else _called(name)
        source = io.BytesIO(data)
        return await asyncio.to_thread(self._keep, UUID(str(filing_id)), source, media_type, called, counted=False)

    async def get(self, file: FileRef) -> bytes:
        """Returns the bytes of `file`, verified against its digest. Raises `DamagedFileError`."""
        try:
            found = await self._store.get_async(file.key)
        except FileNotFoundError:
            raise DamagedFileError(f"the object store has no {file.key}") from None
        data = bytes(await found.bytes_async())
        if hashlib.sha256(data).hexdigest() != file.sha256:
            raise DamagedFileError(f"{file.key} in the object store is not the file that was filed: its digest differs")
        return data

    async def stream(self, file: FileRef) -> AsyncIterator[bytes]:
        """Returns the bytes of `file` in pieces, without verifying the digest.

        Raises `DamagedFileError` if the file is missing or has another size, and `StoreFailedError`.
        """
        from obstore.exceptions import BaseError  # noqa: PLC0415 -- the extra

        try:
            found = await self._store.get_async(file.key)
        except FileNotFoundError:
            raise DamagedFileError(f"the object store has no {file.key}") from None
        except BaseError as error:
            raise StoreFailedError(f"the object store could not read the file: {type(error).__name__}") from None
        if found.meta["size"] != file.size:
            raise DamagedFileError(f"{file.key} in the object store is not the file that is named: its size differs")
        return (bytes(piece) async for piece in found.stream())

    async def receive(self, file: FileRef, pieces: AsyncIterable[bytes]) -> bool:
        """Stores the bytes that arrive in pieces as `file`; returns False if the store has the file already.

        Raises the errors of `attach`, also if the bytes are not those that `file` names; then nothing is stored.
        """
        folder, name = file.key.rsplit("/", 1)
        size, read = 0, hashlib.sha256()
        with _our_errors(), self._draft(folder, file.media_type) as draft:
            async for piece in pieces:
                size += len(piece)
                if size > file.size:
                    break
                read.update(piece)
                await asyncio.to_thread(draft.write, piece)
            if (size, read.hexdigest()) != (file.size, file.sha256):
                raise not_taken("file_differs")
            return await asyncio.to_thread(self._name, draft, folder, name, file)

    async def works(self) -> bool:
        """Returns True if a test file can be written, read back and removed. Raises obstore's errors."""
        key, data = f"{TRIALS}/{secrets.token_hex(16)}", b"motcua"
        await self._store.put_async(key, data)
        same = bytes(await (await self._store.get_async(key)).bytes_async()) == data
        await self._store.delete_async(key)
        return same

    async def expect_kept(self, setting: str = OBJECTS) -> None:
        """Raises `NoStoreError` if the store overwrites files, and `StoreFailedError` if a trial of the store fails.

        A process that stores files calls this at its start. `setting`: the name of the setting with the address.
        """
        from obstore.exceptions import BaseError  # noqa: PLC0415 -- the extra

        try:
            lost = await overwrites(self._store)
        except (OSError, BaseError) as error:
            raise StoreFailedError(f"the store at {setting} can't be tried out: {type(error).__name__}") from None
        if lost:
            raise NoStoreError(
                f"{setting} can't be used: its store writes over a file that is there. It has to refuse a PUT with "
                "If-None-Match: * of a key that is taken, as Amazon S3 does"
            )

    def _attach(
        self, filing: UUID, path: Path, media_type: str | None, name: str | None, progress: Progress
    ) -> FileRef:
        with to_attach(path, media_type, name) as (source, kind, called):
            return self._keep(filing, source, kind, called, progress, counted=True)

    def _keep(
        self,
        filing: UUID,
        source: BinaryIO,
        media_type: str,
        name: str | None,
        progress: Progress = lambda _: None,
        *,
        counted: bool,
    ) -> FileRef:
        folder, size, read = f"files/{filing}", 0, hashlib.sha256()
        with _our_errors(), self._draft(folder, media_type) as draft:
            for piece in pieces(source):
                size += len(piece)
                read.update(piece)
                draft.write(piece)
                progress(size)
            digest = read.hexdigest()
            key = c.file_key(filing, digest)
            file = FileRef(key=key, sha256=digest, size=size, media_type=media_type, name=name)
            self._name(draft, folder, digest, file, counted=counted)
        return file

    def _draft(self, folder: str, media_type: str) -> AbstractContextManager[Draft]:
        if self._root is not None:
            return InFolder(self._root / folder)
        return nullcontext(InMemory(self._store, folder, media_type))

    def _name(self, draft: Draft, folder: str, name: str, file: FileRef, *, counted: bool = True) -> bool:
        """Gives a complete draft its name; returns False if the store has the file already."""
        if counted:
            self._see_room(folder, file)
        if draft.keep(name):
            return True
        self._see_same(file)
        return False

    def _see_room(self, folder: str, file: FileRef) -> None:
        """Refuses a file beyond the filing's limits. Two files stored at the same time may together exceed them."""
        if self._root is not None:  # a third of obstore's time
            there = sizes(self._root / folder)
        else:
            pages = self._store.list(f"{folder}/", chunk_size=1000)
            there = {meta["path"].removeprefix(f"{folder}/"): meta["size"] for page in pages for meta in page}
        if file.sha256 in there:
            return
        if len(there) >= c.MOST_FILES:
            raise not_taken("too_many_files", most=c.MOST_FILES)
        if sum(there.values()) + file.size > c.LARGEST_FILING:
            raise not_taken("files_too_large", most=c.LARGEST_FILING)

    def _see_same(self, file: FileRef) -> None:
        """Raises `DamagedFileError` if the store has other bytes under the file's key."""
        there = hashlib.sha256()
        for chunk in self._store.get(file.key).stream():
            there.update(chunk)
        if there.hexdigest() != file.sha256:
            raise DamagedFileError(
                f"{file.key} in the object store is another file: whoever runs the store has to remove it"
            )


@contextmanager
def to_attach(path: Path, media_type: str | None, name: str | None) -> Iterator[tuple[BinaryIO, str, str]]:
    """Opens a local file; yields it with its media type and the name that officers see. Raises `FileNotTakenError`."""
    called = _called(name or path.name)
    kind = media_type or c.media_type_of(called)
    if kind is None:
        endings = ", ".join(ending for endings in c.EXTENSIONS.values() for ending in endings)
        raise not_taken("file_kind_unknown", endings=endings)
    try:
        source = path.open("rb")
    except OSError:
        raise not_taken("file_unreadable") from None
    with source:
        yield source, kind, called


def pieces(source: BinaryIO) -> Iterator[bytes]:
    """Yields a file piece by piece. Raises `FileNotTakenError` if it is empty, too large, or can't be read."""
    size = 0
    while piece := _chunk(source):
        size += len(piece)
        if size > c.LARGEST_FILE:
            raise not_taken("file_too_large", most=c.LARGEST_FILE)
        yield piece
    if not size:
        raise not_taken("file_empty")


def _chunk(source: BinaryIO) -> bytes:
    try:
        return source.read(CHUNK)
    except OSError:
        raise not_taken("file_unreadable") from None


def _called(name: str) -> str:
    try:
        return c.file_name(name)
    except ValidationError:
        raise not_taken("file_name_unfit") from None


@contextmanager
def _our_errors() -> Iterator[None]:
    """Replaces errors of obstore by a `StoreFailedError`.

    Their messages may contain paths, so only the system's error text is kept.
    """
    from obstore.exceptions import BaseError  # noqa: PLC0415 -- the extra

    try:
        yield
    except (OSError, BaseError) as error:
        why = getattr(error, "strerror", None) or type(error).__name__
        raise StoreFailedError(
            f"the object store could not keep the file: {why}; nothing of it is there, mend the store and try again"
        ) from None
