"""Records a command in a stream without a workflow: fold, decide, append. If two commands come at once, one wins."""

from datetime import UTC, datetime
from typing import Any

from activities.ledger.append import Ledger
from rules.stream_kind import Origin, StreamKind
from schemas.errors import RefusalCode, RefusalError
from schemas.filing.commands import Command, content_of
from schemas.stream.ledger import Batch
from views.log import Log


async def record(ledger: Ledger, log: Log, kind: StreamKind[Any], origin: Origin, command: Command) -> None:
    """Records a command unless it is recorded already. Begins the stream if it is missing. Raises `RefusalError`."""
    at = datetime.now(UTC)
    while True:
        state = await state_of(log, kind, origin)
        events = kind.decide(state, command, at)
        batch = Batch(
            stream=str(origin.stream),
            filing_id=origin.stream.filing,
            agency=origin.agency,
            next_seq=state.seq + 1,
            command_id=command.command_id,
            digest=content_of(command),
            actor=command.actor,
            via=command.via,
            statement=command.statement,
            only_at=command.only_at,
            at=at,
            events=tuple(event.model_dump(mode="json", exclude_none=True) for event in events),
            rows=kind.changed_rows(state, kind.after(state, command, events, at)),
        )
        answer = await ledger.append(batch)
        if answer.refused:
            raise RefusalError(answer.refused)
        if any(receipt.command_id == command.command_id for receipt in answer.receipts):
            return


async def state_of(log: Log, kind: StreamKind[Any], origin: Origin) -> Any:
    """Returns the stream's state in the log; the initial state if the stream has not begun."""
    state = await state_if_begun(log, str(origin.stream))
    return kind.initial(origin) if state is None else state


async def state_if_begun(log: Log, stream: str) -> Any:
    """Returns the stream's state in the log; None if it has not begun."""
    try:
        return (await log.read(stream)).state
    except RefusalError as error:
        if error.refusal.code is not RefusalCode.NOT_FOUND:
            raise
        return None
