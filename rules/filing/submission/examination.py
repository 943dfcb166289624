"""The checks of files and signature before a filing goes on."""

from schemas.errors import Problem, problem
from schemas.files import ScanState
from schemas.filing.state import Filing
from schemas.signature import SignatureOutcome


def not_examined(filing: Filing) -> Problem | None:
    """Why the filing can't be accepted yet, or not at all."""
    return not_scanned(filing) or _unsigned(filing)


def not_scanned(filing: Filing) -> Problem | None:
    """Why the filing's files can't be used yet: not scanned, or infected."""
    match filing.scan:
        case ScanState.PENDING:
            return problem("papers", "scan_pending")
        case ScanState.INFECTED:
            return problem("papers", "files_infected", codes=", ".join(filing.infected))
        case _:
            return None


def undetermined(filing: Filing) -> bool:
    """Whether an officer must decide if the signature counts."""
    check = filing.signature_check
    return check is not None and check.outcome is SignatureOutcome.UNDETERMINED


def _unsigned(filing: Filing) -> Problem | None:
    if not undetermined(filing) or filing.signature_accepted:
        return None
    said = filing.signature_accepted is not None
    return problem("signature", "signature_not_accepted" if said else "signature_undetermined")
