"""Sends files to, and gets files from, the short-lived web addresses that the platform hands out."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException
from http.client import HTTPResponse as Answered
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from motcua import contract as c
from motcua.errors import MotcuaError

from .store import CHUNK, DamagedFileError, Progress, not_taken, pieces, to_attach

if TYPE_CHECKING:
    from motcua.contract import FileAddress, FileRef

_THERE: Final = 412
"""The HTTP status of an upload if the store has the file already."""

_NO_OVERWRITING: Final = {"If-None-Match": "*"}

_PASSING: Final = frozenset({403, 408, 429, *range(500, 600)})
"""The HTTP statuses after which another attempt, with another address, may succeed. 403: the address has expired."""

_MOST: Final = {"too_many_files": c.MOST_FILES, "files_too_large": c.LARGEST_FILING}


class TransferFailedError(Exception):
    """The file was not transferred, but another attempt may succeed. The message names the server, never the file."""


def measured(path: Path, media_type: str | None, name: str | None) -> FileRef:
    """Returns the reference to a local file, without its place in the store. Raises `FileNotTakenError`."""
    read, size = hashlib.sha256(), 0
    with to_attach(path, media_type, name) as (source, kind, called):
        for piece in pieces(source):
            read.update(piece)
            size += len(piece)
    digest = read.hexdigest()
    return c.FileRef(key=digest, sha256=digest, size=size, media_type=kind, name=called)


def send(address: FileAddress, path: Path, progress: Progress, seconds: float) -> None:
    """Uploads a local file to its address; does nothing if the file is there already.

    Raises `FileNotTakenError`, `DamagedFileError`, and `TransferFailedError`.
    """
    with to_attach(path, address.file.media_type, "file") as (source, *_):
        body = _Watched(source, progress)
        about = {"Content-Type": address.file.media_type, "Content-Length": str(address.file.size)}
        request = Request(address.url, data=body, headers=_NO_OVERWRITING | about, method="PUT")  # noqa: S310
        try:
            with _answer(request, seconds):
                return
        except HTTPError as error:
            if error.code == _THERE:
                return
            raise _refused(error) from None


def received(address: FileAddress, seconds: float) -> bytes:
    """Returns the bytes of the file at its address, verified against its digest.

    Raises `DamagedFileError`, and `TransferFailedError`.
    """
    try:
        with _answer(Request(address.url), seconds) as answer:  # noqa: S310
            data = answer.read(address.file.size + 1)
    except HTTPError as error:
        raise _refused(error) from None
    if hashlib.sha256(data).hexdigest() != address.file.sha256:
        raise DamagedFileError(f"{address.file.key} in the object store is not the file that was filed")
    return data


@contextmanager
def _answer(request: Request, seconds: float) -> Iterator[Answered]:
    server = urlsplit(request.full_url)
    if server.scheme not in {"http", "https"}:
        raise MotcuaError("the address of a file is no web address")
    try:
        with urlopen(request, timeout=seconds) as answer:  # noqa: S310 -- the scheme is checked
            yield answer
    except HTTPError as error:
        if error.code in _PASSING:
            raise TransferFailedError(f"{server.netloc} answered {error.code}") from None
        raise
    except (URLError, HTTPException, OSError) as error:
        raise TransferFailedError(f"{server.netloc} can't be reached, or broke off: {type(error).__name__}") from None


def _refused(error: HTTPError) -> Exception:
    """Returns the error for a final answer of the server."""
    try:
        code = json.loads(error.read(CHUNK))["code"]
    except (ValueError, LookupError, TypeError, OSError):
        code = None
    match error.code, code:
        case 422, str():
            return not_taken(code, most=_MOST[code]) if code in _MOST else not_taken("file_differs")
        case 404 | 409, _:
            return DamagedFileError("the object store has no such file, or other bytes in its place")
        case status, _:
            return MotcuaError(f"the server of files answered {status}")


class _Watched:
    """A file that reports how many bytes of it have been read."""

    def __init__(self, source: IO[bytes], progress: Progress) -> None:
        self._source = source
        self._progress = progress

    def read(self, size: int = -1) -> bytes:
        data = self._source.read(size)
        self._progress(self._source.tell())
        return data
