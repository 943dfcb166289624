"""The queues of the record: rows that wait for a relay, a gateway, or an officer who decides about money."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from views.log import Connection


class Queue(NamedTuple):
    """A queue: the number of waiting rows, the number of rows tried in vain, and the longest wait in seconds."""

    waiting: int
    failing: int
    seconds: float


QUEUES: Final = ("papers", "positions", "rows", "callbacks", "messages", "suspense")
"""Papers to make; events without position; unchained rows; callbacks; messages kept at the door; money in suspense."""

_QUEUES: Final = """
select queue, count(*), count(*) filter (where tries > 0),
    coalesce(extract(epoch from clock_timestamp() - min(since)), 0)::float8
from (
    select 'papers' as queue, tries, written_at as since from outbox
    union all select 'positions', 0, recorded_at from unpositioned
    union all select 'rows', 0, noted_at from unchained
    union all select 'callbacks', tries, received_at from callback
        where driven_at is null and verdict <> 'suspense' and stream is not null
            and (told_at is null or outcome = 'paid')
    union all select 'messages', tries, received_at from received where done_at is null
    union all select 'suspense', 0, received_at from callback where verdict in ('suspense', 'to_give_back')
) as one group by queue
"""


async def queues(connection: Connection) -> Mapping[str, Queue]:
    """Returns every queue by its name."""
    waiting = {name: Queue(*rest) for name, *rest in await connection.fetch(_QUEUES)}
    return {name: waiting.get(name, Queue(0, 0, 0.0)) for name in QUEUES}
