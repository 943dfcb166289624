"""The effect of another version of a procedure on its open filings, computed from the log without writing."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from activities.keys.masters import MasterKeys
from console.owner import connected
from publishing.authoring.provinces import of_provinces
from publishing.changes.refile import Anew, anew
from publishing.checks.provinces import Base
from publishing.effects.open_filings import Progress, open_filings
from rules.filing.fold import stage
from rules.source import parse
from schemas.filing.state import Stage
from schemas.publishing.procedure_rules import ProcedureRules


@dataclass(frozen=True)
class Touched:
    """An open filing that would be treated differently if it were submitted again."""

    code: str
    agency: str
    stage: Stage
    version: str
    anew: Anew


@dataclass
class VersionWhatIf:
    """The number of filings that keep each version, and those that would differ if `received` under the new version."""

    procedure: str
    version: str
    received: datetime
    stay: Counter[str] = field(default_factory=Counter)
    touched: list[Touched] = field(default_factory=list)


async def version_what_if(
    dsn: str, master: MasterKeys, source: bytes, rules: ProcedureRules, received: datetime, progress: Progress
) -> VersionWhatIf:
    """Compares every open filing of the procedure with the same filing, `received` under the new version.

    `rules` are the rules in the file `source`; for an agency of a province with fees of its own, the province's variant
    applies. Calls `progress(filings, of)` after each page.
    Raises `MistakesFoundError` if the version does not fit a province, `UnfoldableError`, and asyncpg's errors.
    """
    answer = VersionWhatIf(rules.code, rules.version, received)
    there = await _in_provinces(dsn, source)
    async for filing in open_filings(dsn, master, progress, rules.code):
        version, otherwise = filing.procedure.version, anew(filing, there.get(filing.agency, rules), received)
        answer.stay[version] += 1
        if otherwise.differs:
            answer.touched.append(Touched(str(filing.code), filing.agency, stage(filing), version, otherwise))
    answer.touched.sort(key=lambda one: one.code)
    return answer


async def _in_provinces(dsn: str, source: bytes) -> dict[str, ProcedureRules]:
    """Returns the version's rules for each agency of a province that has a fee of its own for it."""
    async with connected(dsn) as connection:
        made = await of_provinces(connection, Base(parse(source).value, demo=False))
        rules = {row.province: ProcedureRules.model_validate_json(row.rules) for row in made}
        agencies = await connection.fetch("select agency, province from agency where province = any($1)", list(rules))
    return {row["agency"]: rules[row["province"]] for row in agencies}
