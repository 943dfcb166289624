"""Which template an agency prints a paper by."""

from __future__ import annotations

from typing import Final

from schemas.base import AgencyCode
from schemas.papers.state import PaperKind
from schemas.publishing.procedure import ProcedureCode
from views.log import Connection


async def template_of(
    connection: Connection, agency: AgencyCode, paper: PaperKind, procedure: ProcedureCode
) -> str | None:
    """The text that the agency has published last for this procedure, or for all of them; None: the standard one."""
    text: str | None = await connection.fetchval(_CHOSEN, agency, paper, procedure)
    return text


_CHOSEN: Final = """
select source from paper_template_in_force where agency = $1 and paper = $2 and procedure in ($3, '*')
order by procedure = '*' limit 1
"""
