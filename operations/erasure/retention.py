"""The retention periods of procedures, the filings whose retention is over, and the facts that hinder an erasure."""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from rules.retention import Whole, complain_until, ended_by
from rules.source import parse
from schemas.ids import filing_workflow
from schemas.publishing.procedure import RetentionRule
from views.log import Connection, Log


async def retentions(connection: Connection, procedure: str | None = None) -> dict[str, RetentionRule]:
    """Returns the retention rule of one procedure or all, by code: each from the newest version that has any."""
    found: dict[str, RetentionRule] = {}
    for row in await connection.fetch(_STATED, procedure):
        if row["code"] not in found and (said := _retention(row["source"])) is not None:
            found[row["code"]] = RetentionRule.model_validate(said)
    return found


async def due(connection: Connection, now: datetime) -> list[str]:
    """Returns the codes of filings whose retention is over and whose erasure is not requested, earliest end first."""
    found: list[tuple[datetime, str]] = []
    for procedure, rule in (await retentions(connection)).items():
        if rule.erase_years is not None:
            ended = ended_by(now, rule.erase_years)
            found.extend((row["closed_at"], row["code"]) for row in await connection.fetch(_DUE, procedure, ended))
    return [code for _, code in sorted(found)]


@lru_cache(64)  # the same few are needed for every filing
def _retention(source: bytes) -> Any:
    value = parse(source).value
    return value.get("retention") if isinstance(value, dict) else None


async def whole(log: Log, filing: UUID) -> Whole:
    """Returns a filing, with the facts that may hinder its erasure. Raises `RefusalError`, `UnfoldableError`."""
    told = await log.read(filing_workflow(filing))
    states = list(told.states())
    facts = await log.connection.fetchrow(_FACTS, filing)
    assert facts is not None  # noqa: S101 -- aggregates give one row
    rules = await retentions(log.connection, states[-1].procedure.code)
    return Whole(
        filing=states[-1],
        complain_until=complain_until(told.before, told.events, states),
        open=tuple(facts["open"]),
        watched_until=facts["watched_until"],
        unsettled=facts["unsettled"],
        unmade=facts["unmade"],
        retention=rules.get(states[-1].procedure.code),
    )


async def resolved(connection: Connection, which: Sequence[str]) -> dict[str, UUID]:
    """Returns the ids of filings by the given dossier codes or ids. Unknown codes and ids are left out."""
    rows = await connection.fetch(_RESOLVED, list(which))
    return {row["which"]: row["filing_id"] for row in rows}


ASKED_FOR: Final = """
exists (
    select from erasure left join erasure_deed as answer on answer.asked = erasure.request
    where erasure.filing_id = filing.filing_id and answer.deed is distinct from 'decline'
)
"""
"""SQL: true if the erasure of a row of `filing` has been requested and not declined."""

_STATED: Final = """
select code, source from procedure
where ($1::text is null or code = $1) and position('retention:'::bytea in source) > 0
order by code, published_at desc, version desc
"""
_DUE: Final = f"""
select code, closed_at from filing
where procedure = $1 and closed_at < $2 and erased_at is null and not {ASKED_FOR}
"""  # noqa: S608 -- a constant
_FACTS: Final = """
select coalesce(array_agg(stream order by stream) filter (where open), '{}') as open,
    max(watched_until) as watched_until,
    (select count(*) from callback where driven_at is null and stream in (
        select stream from stream where filing_id = $1)) as unsettled,
    (select count(*) from outbox where filing_id = $1) as unmade
from standing where filing_id = $1
"""
_RESOLVED: Final = """
select which, filing_id from unnest($1::text[]) as asked (which)
join filing on filing.code = which or filing.filing_id::text = lower(which)
"""
