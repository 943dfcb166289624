"""What others are shown of a filing: an agency's back office, another agency."""

from __future__ import annotations

from rules.filing.fold import stage
from rules.known import known
from schemas import backoffice as bo
from schemas.filing.state import Filing, Stage


def dossier(filing: Filing) -> bo.Dossier:
    """The dossier as it is now."""
    return bo.Dossier(
        filing_id=filing.filing_id,
        code=str(filing.code),
        agency=filing.agency,
        procedure=filing.procedure.code,
        version=filing.procedure.version,
        level=filing.level,
        applicant=known(filing.applicant),
        form=filing.form,
        papers=filing.papers,
        authorisation=filing.authorisation,
    )


def issue_request(filing: Filing) -> bo.IssueRequest | None:
    """What an agency is asked for when the result of a decision is to be made; None where it is not, or officers sign.

    Another copy than the first is asked for under another id: nobody may take it for what was answered already.
    """
    decision = filing.decision
    if decision is None or filing.signs or stage(filing) is not Stage.ISSUE:
        return None
    copy = f":{filing.copy_number + 1}" if filing.lost_copy else ""
    return bo.IssueRequest(
        request_id=f"issue:{decision.seq}{copy}",
        dossier=dossier(filing),
        outcome=decision.outcome,
        officer=decision.officer,
        reason=decision.reason,
    )
