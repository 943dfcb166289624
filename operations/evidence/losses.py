"""Compares the running record with a restored one, and finds the acts that the restore would have lost."""

from dataclasses import dataclass, field
from typing import Final

from console.database import Connection


@dataclass(frozen=True)
class Lost:
    """The losses of one filing, or of one published stream (`published`).

    `whole`: whether the whole filing would be lost, so that the applicant would have to file again. `receipts`: the
    receipts that were given and would be lost, each as `<stream> <seq>`.
    """

    code: str | None
    published: str | None
    whole: bool
    events: int
    receipts: list[str] = field(default_factory=list)


async def losses(restored: Connection, running: Connection) -> list[Lost]:
    """Returns the losses, in the order of codes."""
    place = await restored.fetchval("select last from sequencer")
    kept = await restored.fetch(_WAITING)
    streams, seqs = [row["stream"] for row in kept], [row["seq"] for row in kept]
    rows = await running.fetch(_LOST, place, streams, seqs)
    return [Lost(*row.values()) for row in rows]


_WAITING: Final = "select stream, seq from unpositioned, generate_series(first_seq, last_seq) as seq"
_LOST: Final = f"""
with lost as (
    (select stream, seq from position where position > $1 union {_WAITING})
    except select * from unnest($2::text[], $3::int[])
)
select code, case when event.filing_id is null then event.stream end as published,
    bool_or(event.seq = 1 and (event.filing_id is null or starts_with(event.stream, 'filing:'))) as whole,
    count(*)::int as events,
    coalesce(array_agg(receipt.stream || ' ' || receipt.seq order by receipt.stream, receipt.seq)
        filter (where receipt.stream is not null), '{{}}') as receipts
from lost join event using (stream, seq)
    left join receipt on (receipt.stream, receipt.seq) = (event.stream, event.seq)
    left join filing on filing.filing_id = event.filing_id
group by code, published order by code, published
"""  # noqa: S608 -- a constant
