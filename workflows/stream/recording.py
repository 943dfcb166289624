"""The one way in which anything is recorded: lock, look for the receipt, decide, append, fold what the log answered."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Generic, Protocol, TypeVar
from uuid import UUID

from temporalio import workflow
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

with workflow.unsafe.imports_passed_through():
    from pydantic import ValidationError

    from activities.ledger.append import LEDGER, Ledger
    from schemas.base import Model
    from schemas.errors import OTHER_CONTENT, Refusal, RefusalCode, RefusalError, problem, shape_refusal
    from schemas.filing.commands import SYSTEM_VIA, Command, content_of
    from schemas.people import SYSTEM
    from schemas.stream.ledger import Appended, Batch, Receipt, Recorded
    from schemas.stream.rows import Rows


class State(Protocol):
    """The fold of a stream. `seq` is that of the last event folded in."""

    @property
    def seq(self) -> int:
        """Of the last event."""


S = TypeVar("S", bound=State)
M = TypeVar("M", bound=Model)

AT_ONCE: Final = timedelta(milliseconds=1)
"""The shortest wait: what is overdue waits too, so that no clock decides whether there is a timer."""


@dataclass(frozen=True)
class Rules(Generic[S]):
    """The pure functions that govern one kind of stream."""

    decide: Callable[[S, Any, datetime], tuple[Any, ...]]
    evolve: Callable[[S, Recorded], S]
    rows: Callable[[S], Rows]


class Stream(Generic[S]):
    """A stream of events as its workflow sees it: the state, and the receipts of the commands that made it.

    `epoch` is that of this run, None until the log has told it; `superseded` once the log has answered that the stream
    has been taken over by a later one; `long` once it has answered that the history of this run has become long.
    """

    def __init__(  # noqa: PLR0913 -- a stream is all of these
        self,
        name: str,
        filing_id: UUID,
        agency: str,
        state: S,
        rules: Rules[S],
        *,
        receipts: Iterable[Receipt] = (),
        epoch: int | None = None,
    ) -> None:
        self.state = state
        self.epoch = epoch
        self.superseded = False
        self.long = False
        self.receipts = {receipt.command_id: receipt for receipt in receipts}
        self._name = name
        self._filing_id = filing_id
        self._agency = agency
        self._rules = rules
        # Appending awaits, and a second command must not decide on the state before it.
        self._lock = asyncio.Lock()
        # The calendar that was published last is the one adopted last.
        self.adopting = asyncio.Lock()
        self._asking = 0

    @property
    def idle(self) -> bool:
        """Whether nothing is being recorded or asked."""
        return self._asking == 0

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[None]:
        self._asking += 1
        try:
            async with self._lock:
                yield
        finally:
            self._asking -= 1

    async def record(
        self, command: Command, content: str | None = None, *, not_before: datetime | None = None
    ) -> Receipt:
        """Record `command`, or find that it was. Raises `RefusalError`, and what the ledger never retries.

        `content` is the digest of what the command says, where it is not that of the command itself. `not_before` is
        the instant of a timer that rang: whatever this run's clock says, it is not earlier.
        """
        content = content or content_of(command)
        async with self._alone():
            while (receipt := self._receipt(command, content)) is None:
                now = max(workflow.now(), not_before or workflow.now())
                refusal, events = self._decision(command, now)
                answer = await self._append(self._batch(command, content, events, now))
                if not answer.stored:
                    raise RefusalError(answer.refused or refusal)
            return receipt

    async def catch_up(self) -> None:
        """Fold what the log holds and this run has not seen. Raises what the ledger never retries."""
        async with self._alone():
            await self._append(self._question())

    def check(self, command: Command) -> None:
        """Raise `RefusalError` if `command` would be refused now; one that saw more than this state is let pass."""
        known = command.command_id in self.receipts and self._receipt(command, content_of(command)) is not None
        if not known and (command.seen_seq or 0) <= self.state.seq:
            self._rules.decide(self.state, command, workflow.now())

    def _receipt(self, command: Command, content: str) -> Receipt | None:
        receipt = self.receipts.get(command.command_id)
        if receipt is not None and receipt.digest != content:
            raise RefusalError(OTHER_CONTENT)
        return receipt

    def _decision(self, command: Command, now: datetime) -> tuple[Refusal, tuple[Any, ...]]:
        try:
            return _NOTHING_TO_DO, self._rules.decide(self.state, command, now)
        except RefusalError as no:
            return no.refusal, ()

    def _batch(self, command: Command, content: str, events: tuple[Any, ...], at: datetime) -> Batch:
        after = self.state
        for seq, event in enumerate(events, self.state.seq + 1):
            recorded = Recorded(seq=seq, at=at, command_id=command.command_id, actor=command.actor, event=event)
            after = self._rules.evolve(after, recorded)
        return Batch(
            stream=self._name,
            filing_id=self._filing_id,
            agency=self._agency,
            epoch=self.epoch,
            next_seq=self.state.seq + 1,
            command_id=command.command_id,
            digest=content,
            actor=command.actor,
            on_behalf_of=command.on_behalf_of,
            via=command.via,
            at=at,
            events=events,
            rows=self._rules.rows(after) if events else Rows(),
            long=workflow.info().is_continue_as_new_suggested(),
        )

    def _question(self) -> Batch:
        """A batch without events: what does the log hold?"""
        return Batch(
            stream=self._name,
            filing_id=self._filing_id,
            agency=self._agency,
            epoch=self.epoch,
            next_seq=self.state.seq + 1,
            command_id="catch-up",
            digest="",
            actor=SYSTEM,
            via=SYSTEM_VIA,
            at=workflow.now(),
            events=(),
            rows=Rows(),
            long=workflow.info().is_continue_as_new_suggested(),
        )

    async def _append(self, batch: Batch) -> Appended:
        try:
            answer: Appended = await workflow.execute_local_activity_method(Ledger.append, batch, **LEDGER)
        except ApplicationError as error:
            self.superseded = error.type == RefusalCode.LEDGER_CONFLICT
            raise
        self._adopt(answer)
        return answer

    def _adopt(self, answer: Appended) -> None:
        self.epoch = answer.epoch
        self.long = self.long or bool(answer.long)
        for recorded in answer.stored:
            self.state = self._rules.evolve(self.state, recorded)
        self.receipts |= {receipt.command_id: receipt for receipt in answer.receipts}


_NOTHING_TO_DO = Refusal(
    code=RefusalCode.INTERNAL, problems=(problem("", "nothing_recorded", "không ghi được gì", "nothing was recorded"),)
)


def one(given: tuple[Any, ...]) -> Any:
    """The one argument that a handler was called with. None and several are no error yet: whoever parses refuses them.

    A handler that took a fixed number would never be entered otherwise, and its task would fail for ever.
    """
    return given[0] if len(given) == 1 else list(given) or None


async def begin(stream: Stream[Any], command: Command) -> None:
    """Record the first command of a stream; a workflow that nobody asked for ends as failed.

    A stream that was begun before goes on as the log says, whatever it is asked for now.
    """
    try:
        await stream.record(command)
    except RefusalError as no:
        if no.refusal != OTHER_CONTENT:
            raise failure(no.refusal) from None


def parse(model: type[M], raw: Any) -> M:
    """`raw` as a command, or `RefusalError` with every place that does not fit."""
    try:
        return model.model_validate(raw, extra="forbid")
    except ValidationError as error:
        raise shape_refusal(RefusalCode.BAD_COMMAND, error) from None


def failure(refusal: Refusal) -> ApplicationError:
    """A refusal as it leaves a workflow: its code is the `type`, itself the first of the `details`."""
    return ApplicationError(
        str(refusal),
        refusal.model_dump(mode="json", exclude_none=True),
        type=refusal.code,
        non_retryable=True,
        category=ApplicationErrorCategory.BENIGN,
    )
