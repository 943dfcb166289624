"""Files are passed by reference; their bytes are in the object store."""

from collections.abc import Iterator
from enum import StrEnum
from pathlib import PurePath
from typing import Annotated, Final, Literal
from unicodedata import normalize
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field, TypeAdapter

from .base import Code, Instant, Model, Sha256
from .text import AT_THE_EDGE, line

__all__ = ["EXTENSIONS", "LARGEST_FILE", "LARGEST_FILING", "MOST_FILES", "DocumentType", "FileAddress", "FileRef"]
__all__ += ["Paper", "ScanState", "file_key", "file_name", "media_type_of"]

LARGEST_FILE: Final = 20_000_000
"""The maximum size of a file, in bytes."""

MOST_FILES: Final = 100
"""The maximum number of files of a submission or a supplement, and of one filing in the store."""

LARGEST_FILING: Final = 200_000_000
"""The maximum total size of the files of a submission, a supplement or a filing, in bytes."""

EXTENSIONS: Final[dict[str, tuple[str, ...]]] = {
    "application/pdf": (".pdf",),
    "image/jpeg": (".jpg", ".jpeg"),
    "image/png": (".png",),
    "application/pkcs7-signature": (".p7s",),
}
"""The accepted media types of applicants' files, with their file name extensions."""


class DocumentType(StrEnum):
    """The media types that a paper of a dossier may have."""

    PDF = "application/pdf"
    JPEG = "image/jpeg"
    PNG = "image/png"


DOCUMENTS: Final = tuple(DocumentType)
"""The media types of a paper if its procedure does not restrict them."""

MediaType = Annotated[str, AfterValidator(line), Field(max_length=100)]
FileName = Annotated[str, AfterValidator(line), Field(min_length=1, max_length=200, pattern=r"^[^/\\]+$")]


class FileRef(Model):
    """A file in the object store: its key there, digest, size in bytes, media type, and given name."""

    key: str = Field(max_length=200, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*$")
    """key of the file in the object store"""
    sha256: Sha256
    size: int = Field(ge=1, le=LARGEST_FILE)
    """length of the file in bytes"""
    media_type: MediaType = "application/pdf"
    """media type of the file, such as application/pdf"""
    name: FileName | None = None

    @property
    def is_in_words(self) -> bool:
        """Whether the file is plain text, which the platform can print on a page."""
        return self.media_type.startswith("text/")


class FileAddress(Model):
    """A short-lived web address of one file. Whoever has the address may use it until it expires."""

    method: Literal["GET", "PUT"]
    """HTTP method of the request: GET reads the file; PUT uploads it, with the header If-None-Match: *"""
    url: str
    """address of the request, signed"""
    until: Instant
    """time at which the address expires"""
    file: FileRef
    """reference to the file; of an upload without a name"""


class Paper(Model):
    """One paper of a dossier: its code, and its file. `file` is None if the paper was handed in on paper."""

    code: Code
    file: FileRef | None = None
    """the file in the object store; not set for a paper that was handed in on paper"""


class ScanState(StrEnum):
    """The state of the virus scan of files.

    Clean: no virus was found. Unscanned: there is no scanner. Pending: the scanner has not answered yet. Infected: a
    virus was found.
    """

    CLEAN = "clean"
    UNSCANNED = "unscanned"
    PENDING = "pending"
    INFECTED = "infected"


def file_key(filing_id: UUID | str, sha256: str) -> str:
    """The key of a filing's file in the object store. Two filings never share a key."""
    return f"files/{filing_id}/{sha256}"


def files_named(value: object, place: str = "") -> Iterator[tuple[str, FileRef]]:
    """Yields every file that a message names, with its path in the message, such as `papers[0].file`."""
    if isinstance(value, FileRef):
        yield place, value
    elif isinstance(value, BaseModel):
        for name, part in value:
            yield from files_named(part, f"{place}.{name}".removeprefix("."))
    elif isinstance(value, tuple):
        for index, part in enumerate(value):
            yield from files_named(part, f"{place}[{index}]")


def file_name(name: str) -> str:
    """`name` as a valid file name, in NFC. Raises pydantic's `ValidationError`, whose message quotes the name."""
    return _FILE_NAME.validate_python(normalize("NFC", name), context=AT_THE_EDGE)


def media_type_of(name: str) -> str | None:
    """The media type for the extension of a file's name; None if the extension is not accepted."""
    ending = PurePath(name).suffix.lower()
    return next((media_type for media_type, endings in EXTENSIONS.items() if ending in endings), None)


_FILE_NAME: Final[TypeAdapter[str]] = TypeAdapter(FileName)
