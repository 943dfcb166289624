"""Checks the guards of tables whose rows never change: triggers that refuse changes or note new rows, and rights."""

from typing import Final

from verifier.rows import CHAINED, Connection

UNCHANGED: Final = ("access", "chained", "erasure_deed", "event", "position", "principal_change", "row_batch")
"""The tables with triggers that refuse every change, even by the owner."""

_ROWS, _BEFORE, _INSERT, _DELETE, _UPDATE, _TRUNCATE = 1, 2, 4, 8, 16, 32  # bits of `tgtype`
_ON_ROWS: Final = _ROWS | _BEFORE | _DELETE | _UPDATE
_ON_TRUNCATE: Final = _BEFORE | _TRUNCATE

_REFUSING: Final = f"""
SELECT format('%s: no trigger that works in each session refuses %s', wanted.of, what) AS message
FROM unnest('{{{",".join(UNCHANGED)}}}'::text[]) AS wanted (of),
    (VALUES ({_ON_ROWS}, 'a changed row'), ({_ON_TRUNCATE}, 'truncate')) AS kinds (kind, what)
WHERE NOT EXISTS (
    SELECT FROM pg_trigger WHERE tgrelid = wanted.of::regclass AND tgtype = kind AND tgenabled = 'A' AND tgqual IS NULL
        AND tgfoid = 'public.refuse_change()'::regprocedure
) ORDER BY 1
"""  # noqa: S608 -- names of ours
_NOTING: Final = """
SELECT format('%s: no trigger that works in each session notes its rows', of) AS message
FROM unnest('{{{sources}}}'::text[]) AS wanted (of)
WHERE NOT EXISTS (
    SELECT FROM pg_trigger WHERE tgrelid = split_part(of, '.', 1)::regclass AND tgenabled = 'A' AND tgqual IS NULL
        AND tgtype = CASE WHEN strpos(of, '.') > 0 THEN {update} ELSE {insert} END
        AND starts_with(encode(tgargs, 'escape'), of || '\\000')
        AND tgfoid = 'public.note_rows()'::regprocedure
) ORDER BY 1
"""
# Without the owner, who has every right anyway, and whom the triggers stop.
_RIGHTS: Final = """
SELECT format('%s: %s may change it: %s', of, whose, string_agg(privilege, ', ' ORDER BY privilege)) AS message
FROM (
    SELECT relname AS of, coalesce(pg_get_userbyid(nullif(grantee, 0))::text, 'everybody') AS whose,
        privilege_type AS privilege
    FROM pg_class, aclexplode(relacl)
    WHERE relnamespace = 'public'::regnamespace AND grantee <> relowner
        AND privilege_type IN ('UPDATE', 'DELETE', 'TRUNCATE', 'TRIGGER')
    UNION ALL
    SELECT relname, coalesce(pg_get_userbyid(nullif(grantee, 0))::text, 'everybody'), format('UPDATE of %s', attname)
    FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid, aclexplode(attacl)
    WHERE relnamespace = 'public'::regnamespace AND grantee <> relowner AND privilege_type = 'UPDATE'
        AND concat(relname, '.', attname) <> ALL ('{{{later}}}')
) AS granted
WHERE of = ANY ('{{{tables}}}') GROUP BY of, whose ORDER BY 1
"""
_LATER: Final = tuple(
    f"callback.{column}"
    for column in ("verdict", "stream", "agency", "tries", "next_try", "driven_at", "demanded", "told_at")
) + tuple(f"received.{column}" for column in ("outcome", "tries", "next_try", "done_at"))
"""The columns that the application may still change after it has inserted a row."""


async def broken(connection: Connection) -> list[str]:
    """Returns a message for each missing trigger, and for each right of a role to change such a table's rows."""
    sources = ",".join(one.source for one in CHAINED)
    tables = ",".join({*UNCHANGED, *(one.table for one in CHAINED)})
    queries = (
        _REFUSING,
        _NOTING.format(sources=sources, insert=_INSERT, update=_UPDATE),
        _RIGHTS.format(later=",".join(_LATER), tables=tables),
    )
    return [row["message"] for query in queries for row in await connection.fetch(query)]
