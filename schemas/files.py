"""Files go by reference; their bytes live in the object store."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final
from uuid import UUID

from pydantic import AfterValidator, Field

from .base import Code, Model, Sha256
from .text import line

LARGEST_FILE: Final = 20_000_000
"""Bytes of a file."""

EXTENSIONS: Final[dict[str, tuple[str, ...]]] = {
    "application/pdf": (".pdf",),
    "image/jpeg": (".jpg", ".jpeg"),
    "image/png": (".png",),
    "application/pkcs7-signature": (".p7s",),
}
"""The media types of files that are taken from applicants, and how the names of such files end."""

MediaType = Annotated[str, AfterValidator(line), Field(max_length=100)]
FileName = Annotated[str, AfterValidator(line), Field(min_length=1, max_length=200, pattern=r"^[^/\\]+$")]


class FileRef(Model):
    """A file in the object store: its key there, digest, size in bytes, media type, and the name it was given."""

    key: str = Field(max_length=200, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*$")
    sha256: Sha256
    size: int = Field(ge=1, le=LARGEST_FILE)
    media_type: MediaType = "application/pdf"
    name: FileName | None = None


class Paper(Model):
    """One paper of a dossier: which one, and its file. Without a file it was handed in on paper."""

    code: Code
    file: FileRef | None = None


class ScanState(StrEnum):
    """What is known of viruses in the files of a filing: none; there is no scanner; it has not answered yet."""

    CLEAN = "clean"
    UNSCANNED = "unscanned"
    PENDING = "pending"


def file_key(filing_id: UUID | str, sha256: str) -> str:
    """Where the object store keeps a file of a filing: nowhere else, and never for two filings."""
    return f"files/{filing_id}/{sha256}"
