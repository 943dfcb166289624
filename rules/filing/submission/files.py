"""The declared properties of files: type, size, key. The contents are examined elsewhere."""

from collections.abc import Iterable, Iterator
from typing import Final
from uuid import UUID

from schemas.errors import Problem, problem
from schemas.files import LARGEST_FILING, MOST_FILES, DocumentType, FileRef, file_key
from schemas.names import DOCUMENT_TYPE_NAMES, listed

Named = tuple[str, FileRef]
"""A file with its place in a submission or a command."""

_MEGABYTE: Final = 1_000_000


def file_problems(filing_id: UUID, files: Iterable[Named]) -> Iterator[Problem]:
    """The problem of each file whose key is not among this filing's."""
    for place, file in files:
        key = file_key(filing_id, file.sha256)
        if file.key != key:
            yield problem(f"{place}.key", "file_key_not_its_own", own_key=key)


def type_problems(place: str, file: FileRef, accepts: tuple[DocumentType, ...]) -> Iterator[Problem]:
    """The problem of a file whose declared type is not accepted here."""
    if file.media_type not in accepts:
        types = listed(DOCUMENT_TYPE_NAMES, accepts)
        yield problem(f"{place}.media_type", "file_type_not_accepted", says="paper_type_not_accepted", types=types)


def quota_problems(files: Iterable[Named]) -> Iterator[Problem]:
    """The problem of too many files, or of files that are too large together."""
    sizes = [file.size for _, file in files]
    if len(sizes) > MOST_FILES or sum(sizes) > LARGEST_FILING:
        yield problem("papers", "files_over_quota", most=MOST_FILES, megabytes=LARGEST_FILING // _MEGABYTE)
