"""Files go by reference; their bytes live in the object store."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from .base import Code, Model, Sha256
from .text import line


class FileRef(Model):
    """A file in the object store: its key there, digest, size in bytes and media type."""

    key: str = Field(max_length=200, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*$")
    sha256: Sha256
    size: int = Field(ge=1, le=20_000_000)
    media_type: Annotated[str, AfterValidator(line)] = Field(default="application/pdf", max_length=100)


class Paper(Model):
    """One paper of a dossier: which one, and its file. Without a file it was handed in on paper."""

    code: Code
    file: FileRef | None = None
