"""Through whose hands a filing went: its control slip. Names officers, and nobody else."""

from __future__ import annotations

from rules.papers.effort import effort
from rules.papers.hands import hands
from schemas.filing.state import Filing
from schemas.hands import ControlSlip
from schemas.publishing.procedure import Baseline
from views.log import Log


async def control_slip(log: Log, stream: str, baseline: Baseline | None) -> ControlSlip:
    """Of the filing of this stream, whose procedure took `baseline` at level 1.

    Raises `RefusalError` (`not_found`), and `UnfoldableError`.
    """
    told = await log.read(stream)
    filing: Filing = told.state
    return ControlSlip(
        filing_id=filing.filing_id,
        code=filing.code or "",
        agency=filing.agency,
        procedure=filing.procedure.code,
        version=filing.procedure.version,
        as_of=told.as_of,
        hands=hands(told.events, filing, told.as_of),
        effort=effort(told.events, filing, told.as_of, baseline),
    )
