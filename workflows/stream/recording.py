"""The one way in which anything is recorded: lock, look for the receipt, decide, append, fold what the log answered."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from datetime import datetime, timedelta
from typing import Any, Final, Generic, Self, TypeVar

from temporalio import workflow
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from pydantic import ValidationError

    from activities.intake import OpenRequest, OpenResult, Registry
    from activities.ledger.append import LEDGER, Ledger
    from rules.stream_kind import Origin, S, StreamKind
    from schemas.base import Model
    from schemas.errors import (
        NOT_RECORDED,
        OTHER_CONTENT,
        OTHER_SUBMISSION,
        Refusal,
        RefusalCode,
        RefusalError,
        problem,
        shape_refusal,
    )
    from schemas.filing.commands import SYSTEM_VIA, Command, content_of
    from schemas.ids import TASK_TIMEOUT, StreamId
    from schemas.people import SYSTEM
    from schemas.stream.ledger import Appended, Batch, Receipt, Recorded
    from schemas.stream.restart import TAKE_OVER

from workflows.stream.receipts import Receipts

M = TypeVar("M", bound=Model)

MIN_TIMER: Final = timedelta(milliseconds=1)
"""The shortest wait: what is overdue waits too, so that no clock decides whether there is a timer."""

PAGES: Final = 16
"""So many pages of the log go into one workflow task: they reach the server as one message, of 4 MB at most."""

ASKED_AT: ContextVar[datetime | None] = ContextVar("ASKED_AT", default=None)
"""When the Update was taken whose handler this is, for all that it records; None where nobody asks."""


class Stream(Generic[S]):
    """A stream of events as its workflow sees it: the state, and the receipts of the commands that made it.

    `epoch` is that of this run, None until the log has told it; `superseded` once the log has answered that the stream
    has been taken over by one that may be at work; `makes_way` once it has answered that the next run is to go on: the
    history of this one has become long, or another build is to go on with the stream. `stays` tells of a build that
    can't read it, `anew` that this run has taken its stream over, so that the next one knows nothing but the log.
    `heard_at` is when this process last heard from the log; for validators alone, since a replay knows another one.
    """

    def __init__(
        self,
        kind: StreamKind[S],
        id_: StreamId,
        state: S,
        *,
        receipts: Receipts | None = None,
        epoch: int | None = None,
    ) -> None:
        self.kind = kind
        self.id = id_
        self.state = state
        self.epoch = epoch
        self.superseded = False
        self.makes_way = False
        self.stays = False
        self.anew = False
        self.heard_at: datetime | None = None
        self.receipts = receipts or Receipts()
        self._name = str(id_)
        # Appending awaits, and a second command must not decide on the state before it.
        self._lock = asyncio.Lock()
        self._others: dict[str, Appended] = {}
        # The calendar that was published last is the one adopted last.
        self.adopting = asyncio.Lock()
        self._in_flight = 0
        self._pages = 0

    @classmethod
    async def of_log(cls, kind: StreamKind[S], id_: StreamId, epoch: int | None) -> tuple[Self, OpenResult]:
        """The stream as the log has it, and what is known beside. Raises `RefusalError`, and as `catch_up`."""
        asked = OpenRequest(stream=str(id_))
        found = await workflow.execute_local_activity_method(Registry.open, asked, **LEDGER)
        if found.agency is None:
            raise RefusalError(NOT_RECORDED)
        state = kind.initial(Origin(id_, found.agency, found.procedure, found.calendar, found.digests))
        stream = cls(kind, id_, state, epoch=epoch)
        await stream.catch_up()
        return stream, found

    @property
    def idle(self) -> bool:
        """Whether nothing is being recorded or asked."""
        return self._in_flight == 0

    @asynccontextmanager
    async def _exclusive(self) -> AsyncIterator[None]:
        self._in_flight += 1
        try:
            async with self._lock:
                yield
        finally:
            self._in_flight -= 1

    async def attempt(self, command: Command, *, not_before: datetime | None = None) -> None:
        """Record a command of the system's own; a refusal says that somebody else was first, or nobody waits for it."""
        try:
            await self.record(command, not_before=not_before)
        except RefusalError as error:
            workflow.logger.info("system.refused", extra={"kind": command.kind, "code": error.refusal.code})

    async def record(
        self,
        command: Command,
        content: str | None = None,
        *,
        not_before: datetime | None = None,
        refusal: Refusal | None = None,
    ) -> Receipt:
        """Record `command`, or find that it was. Raises `RefusalError`, and what the ledger never retries.

        `content` is the digest of what the command says, where it is not that of the command itself. `not_before` is
        the instant of a timer that fired: whatever this run's clock says, it is not earlier. With a `refusal` it may
        only be found: the log is asked all the same, so that replay depends on its answer alone.
        """
        content = content or content_of(command)
        async with self._exclusive():
            while (receipt := self._receipt(command, content)) is None:
                now = max(workflow.now(), not_before or workflow.now())
                why_not, events = (refusal, ()) if refusal else self._decision(command, now)
                after = self.kind.after(self.state, command, events, now)
                batch = self._batch(command, content, events, now, after)
                answer = await self._append(batch, after)
                if answer is None:
                    continue
                if not answer.stored and command.command_id not in self.receipts:
                    raise RefusalError(answer.refused or why_not)
            self._others.pop(command.command_id, None)
            return receipt

    async def catch_up(self) -> None:
        """Fold what the log holds and this run has not seen. Raises what the ledger never retries."""
        async with self._exclusive():
            while (answer := await self._append(self._question(), self.state)) is None or answer.more:
                pass

    async def find(self, command_id: str) -> Receipt | None:
        """The receipt of a command that was recorded, if the log has it: for one that can't be made again to ask."""
        async with self._exclusive():
            while command_id not in self.receipts:
                answer = await self._append(self._question(command_id), self.state)
                if answer is not None and not answer.stored:
                    break
        return self.receipts.get(command_id)

    def may_hold(self, command_id: str) -> bool:
        """Whether the log may hold this command, as a validator must take it; handlers never ask.

        Another worker may have recorded it and died. A run that is kept here is not told so: it holds what it knows for
        true no longer than the task of that worker can have lasted.
        """
        lasts = min(TASK_TIMEOUT, workflow.info().task_timeout)
        heard = self.heard_at is not None and workflow.now() < self.heard_at + lasts
        return not heard or self.receipts.may_hold(command_id)

    def check(self, command: Command, content: str) -> None:
        """Raise `RefusalError` if `command` would be refused now, and the log can't hold it.

        One that saw more than this state is let pass.
        """
        self._receipt(command, content)
        if not self.may_hold(command.command_id) and (command.seen_seq or 0) <= self.state.seq:
            self.kind.decide(self.state, command, workflow.now())

    def _receipt(self, command: Command, content: str) -> Receipt | None:
        receipt = self.receipts.get(command.command_id)
        if receipt is not None and receipt.digest != content:
            raise RefusalError(OTHER_SUBMISSION if command.kind == "submit" else OTHER_CONTENT)
        return receipt

    def _decision(self, command: Command, now: datetime) -> tuple[Refusal, tuple[Any, ...]]:
        try:
            return _NOTHING_TO_DO, self.kind.decide(self.state, command, now)
        except RefusalError as error:
            return error.refusal, ()

    def _batch(self, command: Command, content: str, events: tuple[Any, ...], at: datetime, after: S) -> Batch:
        return self._ask(
            at,
            command_id=command.command_id,
            digest=content,
            actor=command.actor,
            on_behalf_of=command.on_behalf_of,
            via=command.via,
            statement=command.statement,
            asked_at=ASKED_AT.get(),
            events=tuple(event.model_dump(mode="json", exclude_none=True) for event in events),
            rows=self.kind.changed_rows(self.state, after) if events else None,
        )

    def _question(self, command_id: str = "catch-up") -> Batch:
        """A batch without events: what does the log hold?"""
        return self._ask(workflow.now(), command_id=command_id, digest="", actor=SYSTEM, via=SYSTEM_VIA)

    def _ask(self, at: datetime, **said: Any) -> Batch:
        info = workflow.info()
        long = info.is_continue_as_new_suggested()
        # A run that stayed is told no more of the build that can't read it: it asks whenever it is to make way.
        leaving = long or info.is_target_worker_deployment_version_changed()
        return Batch(
            stream=self._name,
            filing_id=self.id.filing,
            agency=self.state.agency,
            epoch=self.epoch,
            next_seq=self.state.seq + 1,
            at=at,
            continue_as_new_suggested=long,
            moves_with=self.kind.reads.snapshot if leaving else None,
            **said,
        )

    async def _append(self, batch: Batch, after: S) -> Appended | None:
        """What the log answers, folded; None if that is the answer to another command, which is kept for it.

        In a replay answers come in the order in which they were given, commands may come in another. `after` is the
        state if the log took the batch as it was.
        """
        if (kept := self._others.pop(batch.command_id, None)) is not None:
            return kept
        try:
            answer: Appended = await workflow.execute_local_activity_method(Ledger.append, batch, **LEDGER)
        except ApplicationError as error:
            if error.type != RefusalCode.LEDGER_CONFLICT:
                raise
            await self._take_over()
            return None
        self._adopt(answer, after if _taken_as_it_was(batch, answer) else None)
        if answer.more:
            await self._turn_page()
        if answer.command_id in {None, batch.command_id}:
            return answer
        self._others[answer.command_id] = answer
        return None

    async def _take_over(self) -> None:
        """Know what the log holds and nothing else, under an epoch of this run's own. Raises if another may be at work.

        Another run had taken the stream over, or the record was brought back older and this one knew what never was.
        """
        try:
            epoch = await workflow.execute_local_activity(TAKE_OVER, result_type=int, **LEDGER)
        except ApplicationError:
            self.superseded = True
            raise
        now, _ = await self.of_log(self.kind, self.id, epoch)
        self.state, self.receipts, self.epoch = now.state, now.receipts, now.epoch
        self.makes_way = self.anew = True

    async def _turn_page(self) -> None:
        self._pages += 1
        if self._pages % PAGES == 0:
            await workflow.sleep(MIN_TIMER)

    def _adopt(self, answer: Appended, known: S | None) -> None:
        """Take over what the log answered; `known` is the state that its events lead to, where that is known."""
        self.state = known or self._fold(answer)
        self.epoch = answer.epoch
        self.makes_way = self.makes_way or bool(answer.continue_as_new_suggested or answer.moves)
        self.stays = answer.moves is False
        self.receipts.add(answer.receipts)
        if not (answer.more or workflow.unsafe.is_replaying()):
            self.heard_at = workflow.now()

    def _fold(self, answer: Appended) -> S:
        state = self.state
        for stored in answer.stored:
            recorded = Recorded(
                seq=stored.seq,
                at=stored.at,
                command_id=stored.command_id,
                actor=stored.actor,
                event=self.kind.event(stored.event),
            )
            state = self.kind.evolve(state, recorded)
        return state


def _taken_as_it_was(batch: Batch, answer: Appended) -> bool:
    """Whether the log holds exactly what was proposed: then it need not be read and folded once more."""
    told = (batch.command_id, batch.at, batch.actor)
    return 0 < len(batch.events) == len(answer.stored) and all(
        (stored.seq, stored.command_id, stored.at, stored.actor, stored.event)
        == (batch.next_seq + ordinal, *told, proposed)
        for ordinal, (proposed, stored) in enumerate(zip(batch.events, answer.stored, strict=True))
    )


_NOTHING_TO_DO = Refusal(
    code=RefusalCode.INTERNAL, problems=(problem("", "nothing_recorded", says="log_says_otherwise"),)
)


def single_argument(given: tuple[Any, ...]) -> Any:
    """The one argument that a handler was called with. None and several are no error yet: whoever parses refuses them.

    A handler that took a fixed number would never be entered otherwise, and its task would fail for ever.
    """
    return given[0] if len(given) == 1 else list(given) or None


def parse(model: type[M], raw: Any) -> M:
    """`raw` as a command, or `RefusalError` with every place that does not fit."""
    try:
        return model.model_validate(raw, extra="forbid")
    except ValidationError as error:
        raise shape_refusal(RefusalCode.BAD_COMMAND, error) from None
