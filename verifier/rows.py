"""The rows beside the log that are only ever added: each must be in the chain of `docs/ledger.md`, as it was written.

PostgreSQL computes every digest, from the columns and by its own functions alone.
"""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple, Protocol

MOST: Final = 1_000
"""The maximum number of wrong rows that are listed for one source."""


class Connection(Protocol):
    """A connection to the record in a transaction that sees one moment; a connection of asyncpg fits."""

    async def execute(self, query: str, /) -> Any:
        """Executes statements."""

    async def fetch(self, query: str, /) -> list[Any]:
        """Returns the rows of a query."""


class Chained(NamedTuple):
    """The chained columns of a table. `filter`: the SQL condition that selects the chained rows."""

    source: str
    keys: str
    others: str
    filter: str = "true"

    @property
    def table(self) -> str:
        """The name of the table."""
        return self.source.partition(".")[0]

    @property
    def columns(self) -> tuple[str, ...]:
        """The chained columns, in the order in which they are hashed."""
        return (*self.keys.split(), *self.others.split())


CHAINED: Final = (
    Chained(
        "access",
        "look filing_id",
        "agency stream question role actor_agency subject principal key_id statement sealed sealed_by at",
    ),
    Chained("bank_reference", "agency reference", "stream seq noted_at"),
    Chained("callback", "id", "provider reference transaction said amount outcome at memo received_at"),
    Chained("codec_key", "n", "key_id since"),
    Chained("erasure", "request filing_id", "agency"),
    Chained("erasure_deed", "n", "command_id deed asked cause reason officer agency at via"),
    Chained("export_request", "n", "reason officer agency asked_at"),
    Chained("export_request.answer", "n", "given answered_by answered_at declined_because", filter="given IS NOT NULL"),
    Chained("export_request.via", "n", "answered_via via", filter="answered_via IS NOT NULL"),
    Chained("principal_change", "n", "command_id principal change asked waits body officer agency reason at"),
    Chained("received", "id", "filing_id stream act principal received_at sealed"),
    Chained("refund_call", "stream of_case n known", "agency at"),
    Chained("suspense_step", "callback n", "command_id step officer agency stream reason means bank_reference at via"),
    Chained("till", "number", "agency desk cashier change_fund command_id opened_at"),
    Chained("till_cash", "stream seq", "agency till"),
    Chained("till_closing", "till", "agency officer expected counted reason command_id closed_at"),
    Chained("till_count", "till n", "agency officer counted notes movements command_id counted_at"),
)

SETTINGS: Final = "SET LOCAL timezone = 'UTC'; SET LOCAL datestyle = 'ISO, YMD'; SET LOCAL bytea_output = 'hex'"

BROKEN: Final = r"""
SELECT n, CASE
    WHEN n IS DISTINCT FROM coalesce(before_n + 1, 0) THEN 'another batch must stand before it'
    WHEN before_n IS NULL AND (last, hash) IS DISTINCT FROM (0::bigint, decode(repeat('00', 32), 'hex'))
        THEN 'the first batch has no rows, and the hash 0'
    WHEN rows <> last - coalesce(before_last, 0) THEN 'rows of it are missing, or too many'
    ELSE 'its rows do not give its hash' END AS message
FROM (SELECT n, last, hash, lag(n) OVER b AS before_n, lag(last) OVER b AS before_last, lag(hash) OVER b AS before_hash
      FROM row_batch WINDOW b AS (ORDER BY n)) batches
CROSS JOIN LATERAL (
    SELECT count(*) AS rows, coalesce(string_agg(digest, ''::bytea ORDER BY c.n), '') AS digests
    FROM chained c WHERE c.n > batches.before_last AND c.n <= batches.last) of_batch
WHERE n IS DISTINCT FROM coalesce(before_n + 1, 0) OR rows <> last - coalesce(before_last, 0)
   OR hash IS DISTINCT FROM coalesce(sha256(before_hash || digests), decode(repeat('00', 32), 'hex'))
UNION ALL
SELECT 0, 'there is no first batch' WHERE NOT EXISTS (SELECT FROM row_batch WHERE n = 0)
UNION ALL
SELECT n, 'a chained row is of no batch' FROM (
    SELECT n FROM chained WHERE n > (SELECT coalesce(max(last), 0) FROM row_batch) OR n < 1 ORDER BY n LIMIT 1) beyond
"""
_DIFFERING: Final = """
SELECT coalesce(there.row_key, known.row_key) AS row_key, there.row_key IS NULL AS gone
FROM (SELECT concat_ws(' ', {keys}) AS row_key, sha256({hashed}) AS digest FROM {table} WHERE {filter}) there
FULL JOIN (
    SELECT row_key, digest FROM chained WHERE source = '{source}'
    UNION ALL SELECT row_key, digest FROM unchained WHERE source = '{source}'
) known ON known.row_key = there.row_key AND known.digest = there.digest
WHERE there.row_key IS NULL OR known.row_key IS NULL
ORDER BY 1 LIMIT {most}
"""
_STRAY: Final = """
SELECT source, row_key FROM chained WHERE source <> ALL ('{{{sources}}}')
UNION ALL SELECT source, row_key FROM unchained WHERE source <> ALL ('{{{sources}}}') LIMIT {most}
"""


async def broken(connection: Connection) -> list[str]:
    """Returns a message for each broken batch, for each row that is not in the chain, and for each row that is gone."""
    await connection.execute(SETTINGS)
    found = [f"batch {row['n']}: {row['message']}" for row in await connection.fetch(BROKEN)]
    for one in CHAINED:
        found += [f"{one.source} {row['row_key']}: {_why(row)}" for row in await connection.fetch(differing(one))]
    stray = _STRAY.format(sources=",".join(one.source for one in CHAINED), most=MOST)
    found += [f"{row['source']} {row['row_key']}: chained, and of no table" for row in await connection.fetch(stray)]
    return found


def differing(chained: Chained) -> str:
    """Returns the SQL for the rows of a source that are not in the chain as they are, or are no longer in the table."""
    hashed = (f"'{chained.source}'", *(f"{column}::text" for column in chained.columns))
    return _DIFFERING.format(
        keys=", ".join(f"{key}::text" for key in chained.keys.split()),
        hashed=" || ".join(_fields(hashed)),
        table=chained.table,
        filter=chained.filter,
        source=chained.source,
        most=MOST,
    )


def _fields(values: tuple[str, ...]) -> Iterator[str]:
    """Yields the SQL of each value's field: its length in bytes, then its UTF-8; NULL is FF FF FF FF."""
    for value in values:
        text = f"convert_to({value}, 'UTF8')"
        yield rf"coalesce(int4send(octet_length({text})) || {text}, '\xffffffff'::bytea)"


def _why(row: Any) -> str:
    return "its chained row is gone, or was changed" if row["gone"] else "not in the chain: made up, or changed"
