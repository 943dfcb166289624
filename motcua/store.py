"""The object store, where files are kept: `MOTCUA_OBJECTS`, a folder (`file:///…`) or S3 (`s3://…`)."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING, Final

from .contract import FileRef
from .errors import MotcuaError

if TYPE_CHECKING:
    from obstore.store import ObjectStore

OBJECTS: Final = "MOTCUA_OBJECTS"
LONGEST: Final = 20_000_000
"""Bytes of a file."""


class NoStoreError(MotcuaError):
    """The object store can't be used: its address or its library is missing."""


class DamagedFileError(MotcuaError):
    """The file in the store is not the one that its reference names, or there is none."""


def open_store(url: str) -> ObjectStore:
    """The object store at `url`; a folder is made if it is not there. Raises `NoStoreError`."""
    try:
        from obstore.store import from_url  # noqa: PLC0415 -- an extra: the rest of the kit works without
    except ModuleNotFoundError:
        raise NoStoreError("the object store needs obstore: pip install 'motcua[backoffice]'") from None
    try:
        return from_url(url, mkdir=True) if url.startswith("file:") else from_url(url)
    except Exception as error:  # noqa: BLE001 -- obstore has a type for every backend
        raise NoStoreError(f"{OBJECTS} can't be used: {type(error).__name__}") from None


class Store:
    """Puts and gets files by reference."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    @classmethod
    def from_environment(cls) -> Store:
        """The store at `MOTCUA_OBJECTS`. Raises `NoStoreError`."""
        url = os.environ.get(OBJECTS)
        if not url:
            raise NoStoreError(f"set {OBJECTS} to the address of the object store: file:///folder or s3://bucket")
        return cls(open_store(url))

    async def put(self, folder: str, data: bytes, media_type: str) -> FileRef:
        """Keep `data` under its own digest in `folder`; the same bytes again are the same file.

        Raises `ValueError` for no bytes or more than 20 MB.
        """
        if not 0 < len(data) <= LONGEST:
            raise ValueError(f"a file has 1 to {LONGEST} bytes, this one has {len(data)}")
        digest = hashlib.sha256(data).hexdigest()
        file = FileRef(key=f"{folder}/{digest}", sha256=digest, size=len(data), media_type=media_type)
        await self._store.put_async(file.key, data)
        return file

    async def get(self, file: FileRef) -> bytes:
        """The bytes of `file`, checked against its digest. Raises `DamagedFileError`."""
        try:
            found = await self._store.get_async(file.key)
        except FileNotFoundError:
            raise DamagedFileError(f"the object store has no {file.key}") from None
        data = bytes(await found.bytes_async())
        if hashlib.sha256(data).hexdigest() != file.sha256:
            raise DamagedFileError(f"{file.key} in the object store is not the file that was filed: its digest differs")
        return data
