"""The register of results: anybody may get the status of a result by number or file; the agency, all rows."""

from datetime import datetime
from typing import Final

from rules.result.kind import standing_at
from schemas.files import FileRef
from schemas.result.state import RegisteredResult, ResultStanding
from views.log import Connection


async def standing_of(connection: Connection, which: str, at: datetime | None = None) -> ResultStanding | None:
    """Returns the status of a result, by its number or the SHA-256 (hex) of its file, as of `at` or now.

    None if there is no such result. A file with renewed time-stamps is found by its old digest, too.
    """
    found = await connection.fetchrow(_WHICH, which.strip())
    if found is None:
        return None
    return standing_at(RegisteredResult.model_validate(dict(found)), at or found["now"])


async def registered_as(connection: Connection, number: str) -> RegisteredResult | None:
    """Returns the register's row of a result number; None if no result has the number."""
    found = await connection.fetchrow("select * from result where number = $1", number.strip())
    return None if found is None else RegisteredResult.model_validate(dict(found))


async def of_filing(connection: Connection, code: str) -> tuple[RegisteredResult, ...]:
    """Returns all results of the filing with this dossier code, ordered by number; also those with a void number."""
    rows = await connection.fetch(_OF_FILING, code.strip())
    return tuple(RegisteredResult.model_validate(dict(row)) for row in rows)


async def registered(
    connection: Connection, agency: str | None, limit: int, before: str | None = None
) -> tuple[RegisteredResult, ...]:
    """Returns up to `limit` rows of one or all agencies, newest first; with `before`, only numbers below `before`."""
    rows = await connection.fetch(_REGISTERED, agency, before, limit)
    return tuple(RegisteredResult.model_validate(dict(row)) for row in rows)


async def kept_verdict(connection: Connection, number: str) -> FileRef | None:
    """Returns the verdict file that was stored when the result with this number was signed; None if there is none."""
    found = await connection.fetchval(_KEPT, number.strip())
    return None if found is None else FileRef.model_validate_json(found)


_KEPT: Final = """
select signed -> 'proof' from (
    select result.sha256, convert_from(event.body, 'UTF8')::jsonb as signed
    from result join event on event.stream = format('result:%s:%s', result.filing_id, n) and kind = 'result_signed'
    where number = $1
) as known where signed #>> '{result,sha256}' = sha256 and signed ? 'proof' limit 1
"""
_WHICH: Final = "select *, now() as now from result_of($1)"
_OF_FILING: Final = """
select result.* from result join filing using (filing_id) where filing.code = $1 order by n, number
"""
_REGISTERED: Final = """
select * from result where ($1::text is null or agency = $1) and ($2::text is null or number < $2)
order by number desc limit $3
"""
