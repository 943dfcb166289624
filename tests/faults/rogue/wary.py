"""A client that looks each receipt up in the record, and repeats the command if the receipt is missing there."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final
from uuid import UUID

from pydantic import ValidationError
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client
from temporalio.converter import WorkflowSerializationContext
from temporalio.service import RPCError

from console.database import connected
from motcua import BadSubmission, FilingClient, FilingNotAvailable, NotReady
from motcua.calls.questions import stream_of
from motcua.errors import RefusedError
from schemas.complaint.state import OPENING, ComplaintStart
from schemas.filing.commands import Command
from schemas.filing.submission import Submission
from schemas.identity.statement import SUBMIT
from schemas.ids import complaint_workflow, filing_id, filing_workflow
from schemas.stream.ledger import Receipt
from tests.answering import STRANGER

AGAIN: Final = 1.0
AFTERWARDS: Final = 90.0
"""After the intruder has left, the seconds within which its earlier answers to a run may still cause a refusal."""


@dataclass
class UnconfirmedAnswers:
    """The answers to clients that the record does not confirm.

    Attributes:
        forged: The number of unrecorded receipts, by the worker that completed their Updates.
        refused: The number of refusals while the intruder was there, or just after, by kind of command and rule.
        repeated: Unrecorded receipts that our own workers gave: violations.
    """

    forged: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    repeated: list[str] = field(default_factory=list)


class Departure:
    """The departure of the intruder: whether it has left, and when."""

    def __init__(self) -> None:
        self.gone = asyncio.Event()
        self.at = float("inf")

    def leave(self) -> None:
        self.at = time.monotonic()
        self.gone.set()

    @property
    def is_long_ago(self) -> bool:
        """Returns whether the intruder left so long ago that its answers can no longer cause a refusal."""
        return time.monotonic() > self.at + AFTERWARDS


class Wary(FilingClient):
    """A client for people who repeat a command until the record confirms the answer."""

    heard: UnconfirmedAnswers
    departure: Departure
    env: Mapping[str, str]

    async def act(self, target: UUID | str, command: Command) -> Receipt:
        """Gives the command until its receipt is recorded."""
        give = partial(super().act, target, command)
        return await self._until_recorded(stream_of(target), command.command_id, command.kind, give)

    async def submit(self, submission: Submission) -> Receipt:
        stream = filing_workflow(filing_id(submission.client_id, submission.submission_id))
        return await self._until_recorded(stream, SUBMIT, SUBMIT, partial(super().submit, submission))

    async def complain(self, complaint: ComplaintStart) -> Receipt:
        stream = complaint_workflow(complaint.filing_id, complaint.n)
        return await self._until_recorded(stream, OPENING, "complain", partial(super().complain, complaint))

    async def _until_recorded(
        self, stream: str, command_id: str, kind: str, give: Callable[[], Awaitable[Receipt]]
    ) -> Receipt:
        while True:
            try:
                receipt = await give()
            except (NotReady, FilingNotAvailable):
                raise
            except RefusedError as error:
                if self.departure.is_long_ago:
                    raise
                rules = ", ".join(one.rule for one in error.refusal.problems)
                when = "just after" if self.departure.gone.is_set() else "meanwhile"
                self.heard.refused[f"{kind}: {error.refusal.code} ({rules}), {when}"] += 1
                if isinstance(error, BadSubmission) and self.departure.gone.is_set():
                    raise
                await asyncio.sleep(5)
                continue
            if await self._is_recorded(stream, receipt):
                return receipt
            await self._note(stream, receipt, kind)
            self._forget(stream, command_id)
            await asyncio.sleep(AGAIN)

    async def _is_recorded(self, stream: str, receipt: Receipt) -> bool:
        async with connected(self.env["MOTCUA_SUPERUSER_DATABASE_URL"]) as connection:
            body = await connection.fetchval(_RECEIPT, stream, receipt.command_id)
        return body is not None and Receipt.model_validate(json.loads(body)) == receipt

    async def _note(self, stream: str, receipt: Receipt, kind: str) -> None:
        whose = await _completed_by(self._line.client, stream, receipt)
        if whose is None:
            self.heard.forged["by an unknown task"] += 1
        elif whose.startswith(STRANGER):
            self.heard.forged["by the stranger"] += 1
        else:
            self.heard.forged["by ours"] += 1
            self.heard.repeated.append(f"{stream} {kind} {receipt.command_id} seq {receipt.seq}, by {whose}")

    def _forget(self, stream: str, command_id: str) -> None:
        known = self._line.known
        known._sent.pop((stream, command_id), None)
        known._seen.pop(stream, None)


async def _completed_by(client: Client, stream: str, receipt: Receipt) -> str | None:
    """Returns the worker whose task completed the Update with this receipt; None if no history shows it."""
    converter = client.data_converter.with_context(
        WorkflowSerializationContext(namespace=client.namespace, workflow_id=stream)
    )
    worker = found = None
    with suppress(RPCError):
        async for event in client.get_workflow_handle(stream).fetch_history_events():
            if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED:
                worker = event.workflow_task_completed_event_attributes.identity
            if event.event_type != EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_COMPLETED:
                continue
            outcome = event.workflow_execution_update_completed_event_attributes.outcome
            if outcome.success.payloads:
                [answer] = await converter.decode(outcome.success.payloads)
                found = worker if _is(answer, receipt) else found
    return found


def _is(answer: Any, receipt: Receipt) -> bool:
    try:
        return Receipt.model_validate(answer) == receipt
    except ValidationError:
        return False


_RECEIPT: Final = "select convert_from(body, 'UTF8') from receipt where stream = $1 and command_id = $2"
