"""Checks the answer of a hook before it goes to the platform. An error names the field, never its value."""

import hashlib
from dataclasses import dataclass
from datetime import date
from io import BytesIO
from typing import Any, Final
from uuid import UUID

from pydantic import ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

from motcua import contract as c
from motcua.errors import MotcuaError, UnfitError

PDF: Final = "application/pdf"


@dataclass(frozen=True)
class Document:
    """The file of a result.

    Attributes:
        data: The file's bytes: 1 byte to 20 MB.
        media_type: Such as `application/pdf`.
        expires_on: The last day on which the result is in force; None: until it is revoked.
        copies: The number of originals made of the result.
    """

    data: bytes
    media_type: str = PDF
    expires_on: date | None = None
    copies: int = 1


def check_answer(made: object) -> c.CheckAnswer:
    """Returns the answer of `check`. Raises `UnfitError` unless it is True or False."""
    if not isinstance(made, bool):
        raise _wrong("complete", "is_instance_of", {"class": "bool"})
    return c.CheckAnswer(complete=made)


def issue_answer(filing: UUID, made: object) -> tuple[Document, c.IssueAnswer]:
    """Returns the document that `issue` made, and the answer with its file's reference; stores nothing.

    Raises `UnfitError` if the document does not fit, or is a PDF that does not open or has no pages.
    """
    document = Document(made) if isinstance(made, bytes) else made
    if not isinstance(document, Document):
        raise _wrong("result", "is_instance_of", {"class": "bytes | Document"})
    if not isinstance(document.data, bytes):
        raise _wrong("data", "is_instance_of", {"class": "bytes"})
    digest = hashlib.sha256(document.data).hexdigest()
    file = c.FileRef(
        key=c.file_key(filing, digest), sha256=digest, size=len(document.data), media_type=document.media_type
    )
    said = {"result": file, "expires_on": document.expires_on, "copies": document.copies}
    try:
        answer = c.IssueAnswer.model_validate(said, strict=True)
    except ValidationError as error:
        raise UnfitError(_ANSWER, error) from None
    if document.media_type == PDF:
        pages(document.data)
    return document, answer


def part_answer(made: object) -> c.AnswerAnswer:
    """Returns the answer of `answer`. Raises `UnfitError` unless it is None, or a decision with all its reasons."""
    if not isinstance(made, c.PartDecision | None):
        raise _wrong("decision", "is_instance_of", {"class": "PartDecision"})
    if made is not None and made.outcome is c.Outcome.REFUSED:
        for name in ("reason", "legal_basis"):
            if getattr(made, name) is None:
                raise _wrong(f"decision.{name}", "missing")
    return c.AnswerAnswer(decision=made)


def pages(data: bytes) -> int:
    """Returns the number of pages of a PDF. Raises `UnfitError` for a PDF that does not open, or has no pages."""
    try:
        import pikepdf  # noqa: PLC0415 -- an extra: the rest of the kit works without
    except ModuleNotFoundError:
        raise MotcuaError("a look at a PDF needs pikepdf: pip install 'motcua[backoffice]'") from None
    try:
        with pikepdf.open(BytesIO(data), attempt_recovery=False) as pdf:
            found = len(pdf.pages)
    except Exception:  # noqa: BLE001 -- pikepdf has several types, and their texts may quote the file
        raise _wrong("data", PydanticCustomError("pdf_unreadable", "is no PDF that opens")) from None
    if not found:
        raise _wrong("data", PydanticCustomError("pdf_without_pages", "is a PDF without pages"))
    return found


_ANSWER: Final = "answer"


def _wrong(field: str, rule: str | PydanticCustomError, context: dict[str, Any] | None = None) -> UnfitError:
    detail = InitErrorDetails(type=rule, loc=tuple(field.split(".")), input=None, ctx=context or {})
    return UnfitError(_ANSWER, ValidationError.from_exception_data(_ANSWER, [detail]))
