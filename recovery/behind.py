"""Finds workflows whose knowledge differs from the log, after a restore of Temporal or the record, or a lost answer.

A run's history shows the seq up to which the run knows its stream, and the epoch under which it owns the stream.
"""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from pydantic import ValidationError
from temporalio.api.common.v1 import Payload
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client

from activities.ledger.append import APPEND
from activities.ledger.database import Pool
from motcua.calls.retry import MayBeGone
from motcua.payloads.codec import opened
from motcua.payloads.converter import UnopenedError
from recovery.histories import each, newest_first, runs
from schemas.stream.restart import RestartStart
from views import order
from views.log import Connection

PAGE: Final = 500
"""The number of workflows compared with the log at a time."""

ON_THE_WAY: Final = 3.0
"""The seconds after which an answer of the log counts as lost if it has not reached its workflow."""

HEADS: Final = "select stream, head_seq, epoch from stream where stream = any($1)"

NEWEST: Final = f"""
select distinct case when starts_with(new.stream, 'restarts:') then (
    select convert_from(body, 'UTF8')::jsonb ->> 'stream' from event where (stream, seq) = (new.stream, new.seq)
) else new.stream end as stream
from ({order.NEWEST.format(most="$1")}) as new
"""  # noqa: S608 -- joined from statements of our own
"""SQL: the streams of the newest events and restarts. After Temporal was restored, it most probably lacks these."""


Record: TypeAlias = "Pool | Connection"


@dataclass(frozen=True)
class Known:
    """A stream's head in the log, or a run's knowledge of the head.

    `seq` is None if the run is about to read the log, and `epoch` is None if the history shows none.
    """

    seq: int | None
    epoch: int | None


@dataclass(frozen=True)
class Compared:
    """Running workflows whose history differs from the head of their stream in the log.

    `behind`: the workflows that have seen fewer events than the log has, or events that are not in the log any more.
    `overtaken`: those of the other workflows whose stream another run has taken over; they seem healthy until they
    record something. `unopened`: the workflows whose history can't be decrypted here.
    """

    behind: list[str]
    overtaken: list[str]
    unopened: list[str]

    @property
    def wrong(self) -> list[str]:
        """The workflows to be restarted, sorted by id: those that are behind or overtaken."""
        return sorted((*self.behind, *self.overtaken))


async def behind(client: Client, record: Record, streams: Sequence[str]) -> Compared:
    """Returns the streams whose running workflow does not know the log's head (last event). Raises `RPCError`."""
    unopened: set[str] = set()
    heads = await _heads(record, streams)

    async def known(stream: str) -> Known:
        try:
            return await seen(client, stream)
        except UnopenedError:
            if await runs(client, stream):
                unopened.add(stream)
            return Known(None, None)

    async def wrong(of: Sequence[str]) -> dict[str, Known]:
        found = dict(zip(of, await each(known, of), strict=True))
        # The run may have appended after the head was read: it is ahead only if it knows more than the log holds now.
        heads.update(await _heads(record, [one for one in of if _knows_more(found[one], heads[one])]))
        differ = [one for one in of if _differs(found[one], heads[one])]
        going = await each(lambda one: runs(client, one), differ)
        return {one: found[one] for one, goes in zip(differ, going, strict=True) if goes}

    if found := await wrong([one for one in streams if one in heads]):
        await asyncio.sleep(ON_THE_WAY)
        found = await wrong(list(found))
    by_seq = [one for one, knows in found.items() if _has_seen_other(knows, heads[one])]
    return Compared(by_seq, [one for one in found if one not in by_seq], sorted(unopened))


def _has_seen_other(known: Known, head: Known) -> bool:
    return known.seq not in {None, head.seq}


def _differs(known: Known, head: Known) -> bool:
    return _has_seen_other(known, head) or known.epoch not in {None, head.epoch}


def _knows_more(known: Known, head: Known) -> bool:
    return (known.seq or 0) > (head.seq or 0) or (known.epoch or 0) > (head.epoch or 0)


async def _heads(record: Record, streams: Sequence[str]) -> dict[str, Known]:
    rows = await record.fetch(HEADS, streams) if streams else ()
    return {row["stream"]: Known(row["head_seq"], row["epoch"]) for row in rows}


async def seen(client: Client, workflow_id: str) -> Known:
    """Returns the seq up to which a workflow knows its stream, and the workflow's epoch, both from its history.

    Raises `RPCError`, and `UnopenedError` if the payload with this knowledge can't be decrypted.
    """
    epoch = None
    with MayBeGone():
        async for event in newest_first(client, workflow_id):
            told = await _knowledge(client, workflow_id, event)
            epoch = epoch if told is None or epoch is not None else told.epoch
            if told is not None and (told.seq is not None or told.begins):
                return Known(told.seq, epoch)
    return Known(0, epoch)


@dataclass(frozen=True)
class _Knowledge(Known):
    """The knowledge that a workflow gets by a history event. `begins`: whether the whole log is read next."""

    begins: bool = False


async def _knowledge(client: Client, workflow_id: str, event: HistoryEvent) -> _Knowledge | None:
    """Returns the knowledge of the log that a workflow gets by a history event; None if the event has none."""
    marker = event.marker_recorded_event_attributes.details
    if "result" in marker and _plain(marker["data"].payloads).get("activity_type") == APPEND:
        answer = _plain(await opened(client, workflow_id, marker["result"].payloads))
        stored = answer.get("stored")
        return _Knowledge(stored[-1]["seq"] if stored else None, answer["epoch"])
    given = await given_at_start(client, workflow_id, event)
    try:
        epoch = RestartStart.model_validate(given).restart.epoch
    except ValidationError:
        return None
    # Without an earlier run the snapshot may be forged; then the run reads the log.
    continued = event.workflow_execution_started_event_attributes.continued_execution_run_id
    snapshot = given.get("snapshot") if continued else None
    return _Knowledge(snapshot["state"]["seq"] if snapshot else None, epoch, begins=snapshot is None)


async def given_at_start(client: Client, workflow_id: str, event: HistoryEvent) -> dict[str, Any]:
    """Returns a run's input from the first event of its history; empty for any other event. Raises `UnopenedError`."""
    given = event.workflow_execution_started_event_attributes.input.payloads
    return _plain(await opened(client, workflow_id, given)) if given else {}


def _plain(payloads: Sequence[Payload]) -> dict[str, Any]:
    try:
        found = json.loads(payloads[0].data)
    except ValueError:
        return {}  # from a client that sent no JSON
    return found if isinstance(found, dict) else {}
