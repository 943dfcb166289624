"""What runs, by the calendar that it goes by, as the read models have it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

IN_FORCE: Final = "select name from calendar order by published_at desc limit 1"
"""The calendar that was published last."""

ON_ANOTHER: Final[Mapping[str, str]] = {
    "filing": "select 'filing:' || filing_id as stream from filing where closed_at is null and calendar <> $1",
    "payment": """
select stream from payment
where calendar <> $1 and (state = 'pending' or settled_at + make_interval(secs => watch_seconds) > now())
""",
    "parcel": "select stream from parcel where calendar <> $1 and state in ('requested', 'sent')",
}
"""The streams of each kind that run and go by another calendar than this one."""

_KEY: Final[Mapping[str, str]] = {
    "filing": "($2 = '' or filing_id > split_part($2, ':', 2)::uuid) order by filing_id",
    "payment": "stream > $2 order by stream",
    "parcel": "stream > $2 order by stream",
}


def next_page(kind: str) -> str:
    """At most $3 of them that come after the stream $2, which is empty at the beginning."""
    return f"{ON_ANOTHER[kind]} and {_KEY[kind]} limit $3"


def how_many(kind: str) -> str:
    """Their number."""
    return f"select count(*) from ({ON_ANOTHER[kind]}) as waiting"  # noqa: S608 -- a statement of our own
