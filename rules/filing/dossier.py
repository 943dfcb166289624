"""The dossier for others: an agency's back office, another agency."""

from rules.filing.fold import stage
from rules.require import require
from schemas import backoffice as bo
from schemas.filing.state import Filing, Stage


def dossier(filing: Filing) -> bo.Dossier:
    """The dossier in its present state."""
    return bo.Dossier(
        filing_id=filing.filing_id,
        code=str(filing.code),
        agency=filing.agency,
        procedure=filing.procedure.code,
        version=filing.procedure.version,
        level=filing.level,
        applicant=require(filing.applicant),
        form=filing.form,
        papers=filing.papers,
        authorisation=filing.authorisation,
    )


def issue_request(filing: Filing) -> bo.IssueRequest | None:
    """The request to the back office to make the result; None if none is needed now, or if officers sign it.

    A further copy has a request id of its own, so that the answer about the earlier copy is not taken for its answer.
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
