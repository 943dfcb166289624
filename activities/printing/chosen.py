"""The template with which an agency prints a paper."""

from typing import Final

from schemas.base import AgencyCode
from schemas.papers.state import PaperKind
from schemas.publishing.procedure import ProcedureCode
from views.log import Connection


async def template_of(
    connection: Connection, agency: AgencyCode, paper: PaperKind, procedure: ProcedureCode
) -> str | None:
    """Returns the agency's latest published text for this procedure, or else for all; None: the standard template."""
    text: str | None = await connection.fetchval(_CHOSEN, agency, paper, procedure)
    return text


_CHOSEN: Final = """
select source from paper_template_in_force where agency = $1 and paper = $2 and procedure in ($3, '*')
order by procedure = '*' limit 1
"""
