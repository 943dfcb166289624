"""The platform's builds in the database: the event and snapshot versions that each build reads; the promoted build."""

from typing import Final

from rules.stream_kind import Kinds
from schemas.base import Model
from schemas.stream.snapshots import Reads
from views.log import Connection


class Written(Model):
    """The newest versions that a build reads, by kind. `by_order`: whether it calls partners only as the log orders."""

    kinds: dict[str, Reads]
    by_order: bool = False


async def register(connection: Connection, build: str, kinds: Kinds) -> None:
    """Records that this build has started, and the versions of events and snapshots that the build reads."""
    reads = Written(kinds={kind.name: kind.reads for kind in kinds.values()}, by_order=True)
    await connection.execute(_REGISTER, build, reads.model_dump_json())


async def can_take_over(connection: Connection, kind: str, stream: str, snapshot: int) -> bool:
    """Returns whether the promoted build reads this version of the snapshot, and every event of the stream."""
    body = await connection.fetchval(_PROMOTED)
    reads = None if body is None else Written.model_validate_json(body).kinds.get(kind)
    if reads is None or snapshot > reads.snapshot:
        return False
    written = await connection.fetch(_VERSIONS, stream)
    return all(row["version"] <= reads.events.get(row["kind"], 0) for row in written)


_REGISTER: Final = """
insert into build (build, reads) values ($1, $2)
on conflict (build) do update set reads = excluded.reads, started_at = clock_timestamp()
"""
_PROMOTED: Final = "select reads from build where promoted_at is not null order by promoted_at desc limit 1"
_VERSIONS: Final = "select distinct kind, version from event where stream = $1"
