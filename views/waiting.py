"""Finds, in the states of streams, the waits that last longer than usual. Nothing is decrypted."""

from collections.abc import AsyncIterator
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any, Final, NamedTuple

from rules.stream_kind import Kinds, StreamKind, Wait, Waits
from views.log import Connection, Log, no_keys, opened

PAGE: Final = 500
"""The number of streams that are read at once."""


class Waiting(NamedTuple):
    """A long wait of a stream, with the stream's kind and agency. `waits`: the rule that says which waits are long."""

    kind: str
    agency: str
    waits: Waits
    wait: Wait


async def waiting(connection: Connection, kinds: Kinds, check: str, now: datetime) -> list[Waiting]:
    """Returns the long waits for this check, in reverse order of `kinds`. Raises `UnfoldableError`, `ValueError`."""
    every = [(kind, waits) for kind in reversed(tuple(kinds.values())) for waits in kind.waits if waits.check == check]
    return [
        Waiting(kind.name, state.agency, waits, wait)
        for kind, waits in every
        async for state in _states(connection, kinds, kind, waits)
        for wait in waits.long(state, now)
    ]


async def _states(connection: Connection, kinds: Kinds, kind: StreamKind[Any], waits: Waits) -> AsyncIterator[Any]:
    """Yields the states of streams of this kind that may have waits by the rule `waits`. Encrypted values are blank."""
    log = Log(connection, no_keys, kinds)
    after = [str(model.model_fields["kind"].default) for model in waits.after]
    maybe = _MAYBE if waits.closed else _MAYBE_OPEN
    streams = [row["stream"] for row in await connection.fetch(maybe, kind.name, after)]
    for start in range(0, len(streams), PAGE):
        rows = await connection.fetch(_EVENTS, streams[start : start + PAGE])
        for stream, its_own in groupby(rows, key=itemgetter("stream")):
            events = list(its_own)
            agency = events[0]["agency"]
            yield await log.fold(stream, agency, [opened(kind, stream, row, None) for row in events])


_MAYBE: Final = """
select stream from standing
where kind = $1 and exists (select from event where event.stream = standing.stream and event.kind = any($2))
order by stream
"""
# Without `offset 0` a join would read the whole log for a few open streams.
_MAYBE_OPEN: Final = """
select stream from standing where kind = $1 and open
    and exists (select from event where event.stream = standing.stream and event.kind = any($2) offset 0)
order by stream
"""
_EVENTS: Final = """
select stream, agency, seq, kind, version, body, sealed, command_id, actor, occurred_at
from event where stream = any($1) order by stream, seq
"""
