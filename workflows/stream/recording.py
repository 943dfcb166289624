"""Records commands under a lock: looks for the receipt, decides, appends events, and folds the log's answer."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from datetime import datetime, timedelta
from typing import Any, Final, Generic, NoReturn, Self, TypeVar

from temporalio import workflow
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from pydantic import ValidationError

    from activities.intake import OpenRequest, OpenResult, Registry
    from activities.ledger.append import LEDGER, Ledger
    from activities.support.refusal import failure
    from rules.stream_kind import Origin, S, StreamKind
    from schemas.base import Model
    from schemas.errors import (
        NOT_RECORDED,
        OTHER_CONTENT,
        OTHER_SUBMISSION,
        SUPERSEDED,
        Refusal,
        RefusalCode,
        RefusalError,
        problem,
        shape_refusal,
    )
    from schemas.filing.commands import SYSTEM_VIA, Command, content_of
    from schemas.identity.statement import received_at
    from schemas.ids import TASK_TIMEOUT, StreamId
    from schemas.people import SYSTEM
    from schemas.stream.edge import UNOPENED
    from schemas.stream.ledger import Appended, Batch, Receipt, Recorded
    from schemas.stream.restart import TAKE_OVER, UNRECORDED

from workflows.stream.basis import NOTHING, Basis, Reading, UnfoundedError, read, until_founded
from workflows.stream.command_receipts import Receipts

M = TypeVar("M", bound=Model)

MIN_TIMER: Final = timedelta(milliseconds=1)
"""The shortest time of a timer; also used for a past time, since the clock must not decide whether a timer starts."""

PAGES: Final = 16
"""The number of the log's pages that a workflow task reads: all reach the server in one message of 4 MB at most."""

ASKED_AT: ContextVar[datetime | None] = ContextVar("ASKED_AT", default=None)
"""The time at which the present Update was received, for all events that it leads to; None outside an Update."""


class Stream(Generic[S]):
    """A stream of events as its workflow sees it: the state, and the receipts of its commands.

    Attributes:
        epoch: This run's epoch; None until the log has returned it.
        head: The hash of the last event of `state`; None until the log has returned it.
        superseded: Whether the log has answered that another run, which may be active, has taken the stream over.
        unrecorded: Whether the log has no event of the stream, although this run knows events: the run begins anew.
        makes_way: Whether the log has answered that the next run should continue, because this history has become
            long or another build takes the stream.
        stays: Whether the build that takes the stream can't read it, so that the next run stays on the present build.
        anew: Whether this run has taken its stream over, so that the next run starts from the log alone.
        heard_at: The time of the log's last answer in this process; None before. Only validators may use it, since a
            replay has another time.
    """

    def __init__(
        self,
        kind: StreamKind[S],
        id_: StreamId,
        state: S,
        *,
        receipts: Receipts | None = None,
        epoch: int | None = None,
        head: str | None = None,
    ) -> None:
        self.kind = kind
        self.id = id_
        self.state = state
        self.epoch = epoch
        self.head = head
        self.superseded = self.unrecorded = self.makes_way = self.stays = self.anew = False
        self.heard_at: datetime | None = None
        self.receipts = receipts or Receipts()
        self._name = str(id_)
        # Appending awaits, and a second command must not decide on the state before it.
        self._lock = asyncio.Lock()
        self._others: dict[str, Appended] = {}
        # The calendar published last must be adopted last.
        self.adopting = asyncio.Lock()
        self._in_flight = 0
        self._pages = 0

    @classmethod
    async def of_log(cls, kind: StreamKind[S], id_: StreamId, epoch: int | None) -> tuple[Self, OpenResult]:
        """Returns the stream as it is in the log, and data about it. Raises `RefusalError` and `catch_up`'s errors."""

        async def loaded() -> tuple[Self, OpenResult]:
            reading = await read(Registry.open, OpenRequest(stream=str(id_)))
            found = reading.answer
            if found.agency is None:
                await refuse(id_, NOT_RECORDED, reading)
            state = kind.initial(Origin(id_, found.agency, found.procedure, found.calendar, found.digests))
            stream = cls(kind, id_, state, epoch=epoch)
            await stream.catch_up(reading.basis)
            return stream, found

        return await until_founded(loaded)

    @property
    def idle(self) -> bool:
        """Whether nothing is being recorded or queried."""
        return self._in_flight == 0

    @asynccontextmanager
    async def _exclusive(self) -> AsyncIterator[None]:
        self._in_flight += 1
        try:
            async with self._lock:
                yield
        finally:
            self._in_flight -= 1

    async def attempt(
        self,
        command: Command,
        *,
        not_before: datetime | None = None,
        refusal: Refusal | None = None,
        basis: Basis = NOTHING,
    ) -> None:
        """Records a system command. Ignores a refusal: the command is obsolete or too late. Raises `UnfoundedError`."""
        try:
            await self.record(command, not_before=not_before, refusal=refusal, basis=basis)
        except RefusalError as error:
            workflow.logger.info("system.refused", extra={"kind": command.kind, "code": error.refusal.code})

    async def record(
        self,
        command: Command,
        content: str | None = None,
        *,
        not_before: datetime | None = None,
        received: datetime | None = None,
        refusal: Refusal | None = None,
        basis: Basis = NOTHING,
    ) -> Receipt:
        """Records the command unless it is recorded; returns its receipt. Raises `RefusalError`, and ledger errors.

        Raises `UnfoundedError` if the log does not confirm the `basis` of the command, or of its refusal.

        `content`: the digest of the command's content; None if it is the digest of the command itself. `not_before`:
        the instant of a timer that fired; the command's time is never earlier, even if this run's clock is behind.
        `received`: the moment at which the door received the command, if its statement does not name it. With a
        `refusal` the command is not recorded, but the log is queried for its receipt all the same, so that a replay
        depends only on the log's answer.
        """
        content = content or content_of(command)
        async with self._exclusive():
            answered = command.command_id in self._others
            while (receipt := self._receipt(command, content)) is None or not answered:
                if receipt is not None:  # this run may have been told a receipt that the log does not have
                    await self._read_on()
                    answered = True
                    continue
                now = received or moment_of(command.statement, not_before)
                why_not, events = (refusal, ()) if refusal else self._decision(command, now)
                after = self.kind.after(self.state, command, events, now)
                batch = _resting_on(basis, self._batch(command, content, events, now, after))
                answer = await self._append(batch, after)
                if answer is not None:
                    self._expect_taken(command, answer, why_not)
                    answered = True
            self._others.pop(command.command_id, None)
            return receipt

    def _expect_taken(self, command: Command, answer: Appended, why_not: Refusal) -> None:
        """Raises `UnfoundedError` or `RefusalError`, unless the log has recorded the command."""
        if answer.unfounded and not answer.stored:
            raise UnfoundedError
        if not answer.stored and command.command_id not in self.receipts:
            raise RefusalError(answer.refused or why_not)

    async def catch_up(self, basis: Basis = NOTHING) -> None:
        """Reads and folds the events of the log that this run has not seen. Does not retry the ledger's errors.

        Raises `UnfoundedError` if the log does not confirm the `basis`.
        """
        async with self._exclusive():
            await self._read_on(basis)

    async def _read_on(self, basis: Basis = NOTHING) -> None:
        asked = True
        while asked:
            answer = await self._append(_resting_on(basis, self._question()), self.state)
            if answer is not None and answer.unfounded:
                raise UnfoundedError
            asked = answer is None or answer.more

    async def find(self, command_id: str) -> Receipt | None:
        """Returns the receipt of the command with this id; None if the log has no such command."""
        async with self._exclusive():
            while command_id not in self.receipts:
                answer = await self._append(self._question(command_id), self.state)
                if answer is not None and not answer.stored:
                    break
        return self.receipts.get(command_id)

    def may_hold(self, command_id: str) -> bool:
        """Returns whether this command may be in the log. Only validators call this method, never handlers.

        Another worker may have recorded the command and died, so that this cached run has no receipt. So a missing
        receipt counts only for a short time after the log's last answer: the time that a workflow task can last.
        """
        lasts = min(TASK_TIMEOUT, workflow.info().task_timeout)
        heard = self.heard_at is not None and workflow.now() < self.heard_at + lasts
        return not heard or self.receipts.may_hold(command_id)

    def check(self, command: Command, content: str) -> None:
        """Raises `RefusalError` if `command` would be refused now and can't be in the log.

        A command is not refused here if its sender has seen a later state than this run, or if its `only_at` is lower
        than the state's seq: then the log first decides whether a person has changed anything since.
        """
        self._receipt(command, content)
        unchanged = command.only_at is None or command.only_at >= self.state.seq
        if not self.may_hold(command.command_id) and (command.seen_seq or 0) <= self.state.seq and unchanged:
            self.kind.decide(self.state, command, moment_of(command.statement))

    def _receipt(self, command: Command, content: str) -> Receipt | None:
        receipt = self.receipts.get(command.command_id)
        if receipt is not None and receipt.digest != content:
            raise RefusalError(OTHER_SUBMISSION if command.kind == "submit" else OTHER_CONTENT)
        return receipt

    def _decision(self, command: Command, now: datetime) -> tuple[Refusal, tuple[Any, ...]]:
        try:
            return NOTHING_TO_DO, self.kind.decide(self.state, command, now)
        except RefusalError as error:
            return error.refusal, ()

    def _batch(self, command: Command, content: str, events: tuple[Any, ...], at: datetime, after: S) -> Batch:
        return self._ask(
            at,
            agency=after.agency,
            command_id=command.command_id,
            digest=content,
            actor=command.actor,
            on_behalf_of=command.on_behalf_of,
            via=command.via,
            statement=command.statement,
            asked_at=ASKED_AT.get(),
            only_at=command.only_at,
            events=tuple(event.model_dump(mode="json", exclude_none=True) for event in events),
            rows=self.kind.changed_rows(self.state, after) if events else None,
        )

    def _question(self, command_id: str = "catch-up") -> Batch:
        """Returns a batch without events, by which the log is only queried."""
        agency = self.state.agency
        return self._ask(workflow.now(), agency=agency, command_id=command_id, digest="", actor=SYSTEM, via=SYSTEM_VIA)

    def _ask(self, at: datetime, **said: Any) -> Batch:
        info = workflow.info()
        long = info.is_continue_as_new_suggested()
        # A run that stayed gets no further notice of a build that can't read it: it asks whenever it may hand over.
        leaving = long or info.is_target_worker_deployment_version_changed()
        return Batch(
            stream=self._name,
            filing_id=self.id.filing,
            epoch=self.epoch,
            head=self.head,
            next_seq=self.state.seq + 1,
            at=at,
            continue_as_new_suggested=long,
            moves_with=self.kind.reads.snapshot if leaving else None,
            **said,
        )

    async def _append(self, batch: Batch, after: S) -> Appended | None:
        """Appends a batch, and folds the log's answer.

        Returns the answer; None if it belongs to another command, which then gets it. That happens in a replay: answers
        come in their first order, commands perhaps in another. `after`: the state if the log accepts the batch as is.
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
            self._pages += 1
            if self._pages % PAGES == 0:
                await workflow.sleep(MIN_TIMER)
        if answer.command_id in {None, batch.command_id}:
            return answer
        self._others[answer.command_id] = answer
        return None

    async def _take_over(self) -> None:
        """Takes over the stream under a new epoch, and reads all of it again. Raises if another run may be active.

        Called if another run has taken the stream over, or if the record was restored from a backup that lacks events
        known to this run.
        """
        try:
            epoch = await workflow.execute_local_activity(TAKE_OVER, result_type=int, **LEDGER)
        except ApplicationError as error:
            self.superseded, self.unrecorded = True, error.type == UNRECORDED
            raise (failure(SUPERSEDED) if self.unrecorded else error) from None
        now, _ = await self.of_log(self.kind, self.id, epoch)
        self.state, self.receipts, self.epoch, self.head = now.state, now.receipts, now.epoch, now.head
        self.makes_way = self.anew = True

    def _adopt(self, answer: Appended, known: S | None) -> None:
        """Applies the log's answer. `known` is the state after it; None if the events in the answer must be folded."""
        if answer.agency is not None:  # a filing that was passed on may have begun this run with its present agency
            state: Any = self.state
            self.state = state.model_copy(update={"agency": answer.agency})
        self.state = known or self._fold(answer)
        self.epoch, self.head = answer.epoch, answer.head
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


def moment_of(statement: str | None, not_before: datetime | None = None) -> datetime:
    """Returns the time that counts for a message: when the door received it, if the statement has that time; else now.

    In the second case, the time is never earlier than `not_before`.
    """
    return received_at(statement) or max(workflow.now(), not_before or workflow.now())


async def refuse(stream: StreamId, refusal: Refusal, reading: Reading[Any]) -> NoReturn:
    """Raises `RefusalError`; or `UnfoundedError` if the log does not confirm the reading behind the refusal.

    A refusal because of too many messages by one sender does not depend on the record, so the log isn't queried.
    A run that continues another one has no sender, so it raises `UnfoundedError` instead, to try again.
    """
    if refusal.code is RefusalCode.TOO_MANY:
        raise RefusalError(refusal) if workflow.info().continued_run_id is None else UnfoundedError
    batch = Batch(
        stream=str(stream),
        filing_id=stream.filing,
        agency="0",  # it is not known here, and no answer depends on it
        next_seq=1,
        command_id="catch-up",
        digest="",
        actor=SYSTEM,
        via=SYSTEM_VIA,
        at=workflow.now(),
    )
    answer = await workflow.execute_local_activity_method(Ledger.append, _resting_on(reading.basis, batch), **LEDGER)
    if answer.unfounded:
        raise UnfoundedError
    raise RefusalError(refusal)


def _resting_on(basis: Basis, batch: Batch) -> Batch:
    return batch.model_copy(update=vars(basis))


def _taken_as_it_was(batch: Batch, answer: Appended) -> bool:
    """Returns whether the log has stored exactly the proposed events, so that they need not be folded again."""
    told = (batch.command_id, batch.at, batch.actor)
    ours = answer.agency in {None, batch.agency} and 0 < len(batch.events) == len(answer.stored)
    return ours and all(
        (stored.seq, stored.command_id, stored.at, stored.actor, stored.event)
        == (batch.next_seq + ordinal, *told, proposed)
        for ordinal, (proposed, stored) in enumerate(zip(batch.events, answer.stored, strict=True))
    )


NOTHING_TO_DO = Refusal(
    code=RefusalCode.INTERNAL, problems=(problem("", "nothing_recorded", says="log_says_otherwise"),)
)


def single_argument(given: tuple[Any, ...]) -> Any:
    """Returns the single argument of a handler; for none or several, a value that the parser refuses.

    Handlers take any number of arguments: with a fixed number, a wrong call would fail the workflow task for ever.
    """
    return given[0] if len(given) == 1 else list(given) or None


def parse(model: type[M], raw: Any) -> M:
    """Parses `raw` as a command of the type `model`. Raises `RefusalError`, which names each wrong field."""
    try:
        return model.model_validate(raw, extra="forbid")
    except ValidationError as error:
        raise shape_refusal(RefusalCode.BAD_COMMAND, error) from None


class KeyMissingError(RuntimeError):
    """This worker lacks the key of a payload that the platform has written.

    This error fails the workflow task, which is retried until a worker has the key. It never becomes a refusal.
    """


def expect_opened_before(given: Any) -> None:
    """Raises `KeyMissingError` for an answer that can't be decrypted now, but could be decrypted when it came.

    A stranger's answer can't be decrypted even when it comes. A marker in the history then notes this, since a replay
    would otherwise wait for the missing key for ever.
    """
    if given is UNOPENED and not workflow.patched(f"unopened:{workflow.uuid4()}"):
        raise KeyMissingError(_MISSING)


def expect_opened(given: Any, *, handed_on: bool = False) -> None:
    """Raises `KeyMissingError` for a payload that can't be decrypted, but that this run has read before.

    `handed_on`: whether the previous run has written the payload; then the error is raised too.
    """
    if given is UNOPENED and (handed_on or workflow.unsafe.is_replaying()):
        raise KeyMissingError(_MISSING)


_MISSING: Final = "its payloads were sealed by a key that is not in MOTCUA_CODEC_KEYS"
