"""What another version of a procedure would mean for the open filings of it, from the log without writing anything."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from operations.publishing.open_filings import Progress, open_filings
from rules.filing.fold import stage
from rules.publishing.anew import Anew, anew
from schemas.filing.state import Stage
from schemas.publishing.procedure import ProcedureRules


@dataclass(frozen=True)
class Touched:
    """An open filing for which something would be otherwise, if it were filed anew."""

    code: str
    agency: str
    stage: Stage
    version: str
    anew: Anew


@dataclass
class VersionWhatIf:
    """How many filings stay on which version, and those that would be otherwise if they were `received` under it."""

    procedure: str
    version: str
    received: datetime
    stay: Counter[str] = field(default_factory=Counter)
    touched: list[Touched] = field(default_factory=list)


async def version_what_if(
    dsn: str, master: bytes, rules: ProcedureRules, received: datetime, progress: Progress
) -> VersionWhatIf:
    """Ask every open filing of the procedure what would be, if it were filed anew and `received` then.

    `progress(filings, of)` after each page.

    Raises `UnfoldableError`, and what asyncpg raises.
    """
    answer = VersionWhatIf(rules.code, rules.version, received)
    async for filing in open_filings(dsn, master, progress, rules.code):
        version, otherwise = filing.procedure.version, anew(filing, rules, received)
        answer.stay[version] += 1
        if otherwise.differs:
            answer.touched.append(Touched(str(filing.code), filing.agency, stage(filing), version, otherwise))
    answer.touched.sort(key=lambda one: one.code)
    return answer
