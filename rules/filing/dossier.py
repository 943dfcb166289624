"""What others are shown of a filing: an agency's back office, another agency."""

from __future__ import annotations

from rules.known import known
from schemas import backoffice as bo
from schemas.filing.state import Filing


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
