"""The published retention periods of procedures, and the filings that are due to be erased."""

from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from rules.retention import ended_by
from rules.source import parse
from schemas.publishing.procedure import RetentionRule
from views.log import Connection


async def retentions(connection: Connection, procedure: str | None = None) -> dict[str, RetentionRule]:
    """Returns the retention rule of one procedure or of all, by code: from its newest version with such a rule."""
    found: dict[str, RetentionRule] = {}
    for row in await connection.fetch(_STATED, procedure):
        if row["code"] not in found and (said := _retention(row["source"])) is not None:
            found[row["code"]] = RetentionRule.model_validate(said)
    return found


async def due(connection: Connection, now: datetime) -> list[str]:
    """Returns the codes of filings that must be erased by now, without a request for it yet, earliest end first."""
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
