"""The files of a submission: their declared type, size and key; and whether they still prevent an acceptance."""

from collections.abc import Iterable, Iterator
from uuid import UUID

from schemas.errors import Problem, problem
from schemas.files import LARGEST_FILING, MOST_FILES, DocumentType, FileRef, ScanState, file_key
from schemas.filing.state import Filing
from schemas.names import DOCUMENT_TYPE_NAMES, listed
from schemas.signature import SignatureOutcome

Named = tuple[str, FileRef]
"""A file with the path of its field in a submission or a command."""


def file_problems(filing_id: UUID, files: Iterable[Named]) -> Iterator[Problem]:
    """The problem of each file whose key does not belong to this filing."""
    for place, file in files:
        key = file_key(filing_id, file.sha256)
        if file.key != key:
            yield problem(f"{place}.key", "file_key_not_its_own", own_key=key)


def type_problems(place: str, file: FileRef, accepts: tuple[DocumentType, ...]) -> Iterator[Problem]:
    """The problem of a file whose declared type is not in `accepts`; `place` is the path of the file's field."""
    if file.media_type not in accepts:
        types = listed(DOCUMENT_TYPE_NAMES, accepts)
        yield problem(f"{place}.media_type", "file_type_not_accepted", says="paper_type_not_accepted", types=types)


def quota_problems(files: Iterable[Named]) -> Iterator[Problem]:
    """The problem if there are too many files, or if the files are too large together."""
    sizes = [file.size for _, file in files]
    if len(sizes) > MOST_FILES or sum(sizes) > LARGEST_FILING:
        yield problem("papers", "files_over_quota", most=MOST_FILES, megabytes=LARGEST_FILING // 1_000_000)


def not_examined(filing: Filing) -> Problem | None:
    """Why the filing's files or signature still prevent its acceptance; None if they do not."""
    if (wrong := not_scanned(filing)) is not None:
        return wrong
    if not undetermined(filing) or filing.signature_accepted:
        return None
    judged = filing.signature_accepted is not None
    return problem("signature", "signature_not_accepted" if judged else "signature_undetermined")


def not_scanned(filing: Filing) -> Problem | None:
    """Why the filing's files can't be used yet: the virus scan is not done, or found a virus; None if they can."""
    match filing.scan:
        case ScanState.PENDING:
            return problem("papers", "scan_pending")
        case ScanState.INFECTED:
            return problem("papers", "files_infected", codes=", ".join(filing.infected))
        case _:
            return None


def undetermined(filing: Filing) -> bool:
    """Whether an officer must decide whether the signature counts."""
    check = filing.signature_check
    return check is not None and check.outcome is SignatureOutcome.UNDETERMINED
