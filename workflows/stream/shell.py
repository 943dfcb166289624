"""The common part of the workflows of all kinds of streams: begins, takes over, continues and hands over.

Code for one kind is in the kind's descriptor, and in `proceed` for steps without a command. A workflow class has a
`Life` as attribute and does not inherit it, because Temporal inspects all members of a workflow class for every run.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final, Generic, NoReturn, TypeVar

from temporalio import workflow
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from activities.intake import OpenResult
    from activities.support.refusal import failure
    from rules.stream_kind import Origin, S, StreamKind
    from schemas.errors import NOT_READY, NOT_RECORDED, Refusal, RefusalCode, RefusalError
    from schemas.filing.commands import Command, content_of
    from schemas.filing.submission import Examined
    from schemas.ids import NUDGE
    from schemas.stream.ledger import Receipt
    from schemas.stream.snapshots import Snapshot
    from schemas.text import composed

from workflows.stream import starting
from workflows.stream.asking import Asking, Question
from workflows.stream.basis import NOTHING, Basis, until_founded
from workflows.stream.command_receipts import Receipts
from workflows.stream.commands import adopt_calendar, update
from workflows.stream.examining import examine
from workflows.stream.recording import Stream, expect_opened
from workflows.stream.signals import SignalHandler
from workflows.stream.waiting import ContinueAsNewDueError, drain_handlers, wait_for

_AUTO_UPGRADE: Final = workflow.ContinueAsNewVersioningBehavior.AUTO_UPGRADE

W = TypeVar("W", bound=type)


@dataclass(frozen=True)
class Opening:
    """The start of a stream: its first command, and the basis for the command or for its refusal.

    `content`: the digest of the command's content, if other messages name this digest too; else None. With a `refusal`
    the stream does not begin, unless the log has it already. `received`: the moment at which the door received the
    message, if it had to keep it.
    """

    origin: Origin
    command: Command
    content: str | None = None
    refusal: Refusal | None = None
    basis: Basis = NOTHING
    received: datetime | None = None


@dataclass(frozen=True)
class Considered:
    """A command with the facts that it needs beside its own content, and the basis for these facts or for its refusal.

    With a `refusal` the command is not recorded, unless the log has it already.
    """

    command: Command
    refusal: Refusal | None = None
    basis: Basis = NOTHING


class Life(Generic[S]):
    """The common part of the workflows of all kinds. A run begins the stream, or resumes it (see `parse_resume`)."""

    def __init__(self, kind: StreamKind[S], raw: Any) -> None:
        self.kind = kind
        self.memory: Any = kind.memory()
        self._asking = Asking()
        self._signals = SignalHandler()
        self.refusal: Refusal | None = None
        self.start: Any = None
        self._stream: Stream[S] | None = None
        self._resume: starting.Resume | None = None
        self._raw = raw
        try:
            self._read(raw)
        except RefusalError as error:
            self.refusal = error.refusal

    async def live(self) -> None:
        """Begins or resumes the stream, runs it to its end, or continues it as a new run."""
        await self._begin()
        if self._resume is not None and self._resume.missed:
            self._signals.resume(self)
        try:
            await self.proceed()
        except ContinueAsNewDueError:
            await self._drained()
            self._continue_as_new()
        except ApplicationError:
            if self._resume is not None or not self.stream.unrecorded:
                raise
            await self._drained()
            workflow.continue_as_new(self._raw)
        await self._drained()
        await self._signals.last(self)

    # Methods that a kind may override.

    def parse_start(self, raw: Any) -> Any:
        """Parses the start input. Raises `RefusalError`."""
        return starting.parse_start(self.kind, raw)

    async def opening(self) -> Opening:
        """Returns the stream's first command. Raises `RefusalError`."""
        opening = self.kind.opening
        if opening is None:
            raise RefusalError(NOT_RECORDED)
        return Opening(Origin(starting.stream_named(self.kind), self.start.agency), opening(self.start))

    def taken_over(self, found: OpenResult) -> None:
        """Remembers facts that a run needs but that are not in the stream's log, such as a queue."""

    async def caught_up(self) -> None:
        """Called before `proceed` after a restart, to read again the facts whose signals may have been lost."""

    async def heard_again(self) -> None:
        """Reads again the facts whose signals were dropped. Called once a second at most."""
        await self.caught_up()

    async def considered(self, command: Command) -> Considered:
        """Examines the command's files. Returns the command with the facts that its kind adds."""
        examined = await examine(self.stream.id.filing, command)
        seen = self.as_examined(composed(command), examined.answer)
        return Considered(seen, examined.refusal, examined.basis)

    def as_examined(self, command: Command, examined: Examined) -> Command:  # noqa: ARG002 -- for kinds that keep it
        """Returns the command; for kinds that record the result of examining its files, with this result."""
        return command

    async def proceed(self) -> None:
        """Runs the steps that need no command, until the stream ends."""
        await wait_for(self.stream, lambda: not self.kind.standing(self.stream.state).open)

    # Methods that others call.

    def remember(self, **what: Any) -> None:
        """Stores these values in the memory of the run, which is handed to the next run."""
        self.memory = self.memory.model_copy(update=what)

    @property
    def stream(self) -> Stream[S]:
        """The stream, once it has begun. Raises `RefusalError` if it has not begun, or will never begin."""
        if self._stream is None or self.refusal is not None:
            raise RefusalError(self.refusal or NOT_READY)
        return self._stream

    @property
    def has_begun(self) -> bool:
        """Whether the stream's first events are in the log."""
        return self._stream is not None and self._stream.state.seq > 0

    async def recorded(self) -> Stream[S]:
        """Returns the stream, once its first events are in the log. Raises `RefusalError` if the log will have none."""
        await workflow.wait_condition(lambda: self.has_begun or self.refusal is not None)
        return self.stream

    def spoken_of(self) -> tuple[str | None, str | None]:
        """Returns the filing's procedure, and the program that submitted the filing; each None if not known here."""
        return None, None

    def may_hold(self, command_id: str) -> bool:
        """Returns whether a command with this id may have been recorded. Only validators call this method."""
        return self._stream is None or self._stream.may_hold(command_id)

    def check_command(self, command: Command) -> None:
        """Raises `RefusalError` if the command would be refused now. Checks nothing before the stream has begun."""
        if self.has_begun or self.refusal is not None:
            self.stream.check(composed(command), content_of(command))

    async def take_command(self, command: Command) -> Receipt:
        """Adds to the command the facts that it needs, then records it. Raises `RefusalError`."""
        stream = await self.recorded()

        async def recorded() -> Receipt:
            one = await self.considered(command)
            return await stream.record(one.command, content_of(command), refusal=one.refusal, basis=one.basis)

        return await until_founded(recorded)

    async def ask(self, *questions: Question[Any], news: Callable[[], bool] = lambda: False) -> bool:
        """Asks activities about this stream; see `Asking.ask`."""
        return await self._asking.ask(self.stream, *questions, news=news)

    async def hear(self, signal: str, take: Callable[[Stream[S]], Awaitable[object]]) -> None:
        """Lets `take` record the fact of a signal, at most once a second; see `SignalHandler`. Never refuses.

        `take` queries the log in any case: only the log's answer lets a run with a long history continue as a new run.
        """

        async def taken() -> bool:
            stream = await self.recorded()
            before = stream.state.seq
            await take(stream)
            return stream.state.seq > before

        await self._signals.hear(self, signal, taken)

    async def hear_fact(self, signal: str, read: Callable[[], Command]) -> None:
        """Records the command that `read` makes from a signal's content.

        If `read` raises `ValueError`, the signal is dropped.
        """

        async def take(stream: Stream[S]) -> None:
            try:
                command = read()
            except ValueError:
                await stream.catch_up()
            else:
                await stream.attempt(command)

        await self.hear(signal, take)

    async def hear_again(self, stream: Stream[S]) -> None:
        """Reads everything that the record holds for this stream and that a signal may have reported."""
        await stream.catch_up()
        await self.heard_again()

    # How it loads its stream.

    def _read(self, raw: Any) -> None:
        expect_opened(raw, handed_on=starting.continued_by_itself())
        self._resume = starting.parse_resume(raw)
        if self._resume is None:
            self.start = self.parse_start(raw)
        elif (snapshot := self._resume.snapshot) is not None:
            state, receipts = starting.load_state(self.kind, snapshot), Receipts(snapshot.receipts, snapshot.older)
            self._stream = Stream(
                self.kind,
                starting.stream_named(self.kind),
                state,
                receipts=receipts,
                epoch=self._resume.epoch,
                head=snapshot.head,
            )
            self.memory = self.kind.memory.model_validate(snapshot.memory)

    async def _drained(self) -> None:
        """Waits until the run may end: all handlers have finished, and nothing is being recorded.

        A read of the record is finished first. Its answer may be the one that ends the run: if runs are short, each run
        would begin the read and none would finish it.
        """
        await drain_handlers(self.stream, also=lambda: not self._signals.reading)

    def _continue_as_new(self) -> NoReturn:
        """Hands over to the next run: on the promoted build if that build can read the stream, else on the present one.

        If this run took the stream over, its memory may depend on events that are not in the log. Then the next run
        gets no memory and reads the log, as after a restart.
        """
        stream = self.stream
        given = starting.continue_as_new_input(stream, None if stream.anew else self._snapshot())
        if stream.stays or stream.anew:
            workflow.continue_as_new(given)
        workflow.continue_as_new(given, initial_versioning_behavior=_AUTO_UPGRADE)

    def _snapshot(self) -> Snapshot:
        """Returns the data from which the next run continues. That run repeats requests that have no answer yet."""
        state: Any = self.stream.state
        return Snapshot(
            state=state.model_dump(mode="json"),
            receipts=self.stream.receipts.kept,
            older=self.stream.receipts.older,
            memory=self.memory.model_dump(mode="json"),
            head=self.stream.head,
            missed=self._signals.missed or None,
        )

    async def _begin(self) -> None:
        """Records the stream's first events, or reads the recorded ones. If that is refused, fails the workflow."""
        try:
            if self.refusal is None and not self.has_begun:
                await (self._open() if self._resume is None else self._take_over(self._resume))
        except RefusalError as error:
            self.refusal = error.refusal
        if self.refusal is not None:
            await workflow.wait_condition(workflow.all_handlers_finished)
            raise failure(self.refusal)

    async def _open(self) -> None:
        """Records the first command.

        A stream that has begun already continues from the log, even if its recorded first command differs. But if
        `opening` gives a digest of the content, the recorded command must have the same digest.
        """

        async def opened() -> None:
            opening = await self.opening()
            self._stream = Stream(self.kind, opening.origin.stream, self.kind.initial(opening.origin))
            try:
                await self._stream.record(
                    opening.command,
                    opening.content,
                    received=opening.received,
                    refusal=opening.refusal,
                    basis=opening.basis,
                )
            except RefusalError as error:
                if opening.content is not None or error.refusal.code is not RefusalCode.SAME_ID_OTHER_CONTENT:
                    raise

        await until_founded(opened)
        if starting.continued_by_itself():  # it begins anew: the run before may have lost signals
            await self.caught_up()

    async def _take_over(self, resume: starting.Resume) -> None:
        stream, found = await Stream.of_log(self.kind, starting.stream_named(self.kind), resume.epoch)
        self.taken_over(found)
        self._stream = stream  # not before: updates meanwhile must not be judged by half of it
        await self.caught_up()


def takes_commands(kind: StreamKind[Any]) -> Callable[[W], W]:
    """Class decorator: adds an Update for each command of the kind, an Update `adopt_calendar`, a signal `nudge`."""

    def made(cls: W) -> W:
        own = {"adopt_calendar": adopt_calendar(), "nudge": _nudge()}
        own |= {f"take_{model.model_fields['kind'].default}": update(model) for model in kind.commands}
        for name, member in own.items():
            setattr(cls, name, member)
        return cls

    return made


@cache
def _nudge() -> Any:
    async def nudge(self: Any, *_: Any) -> None:
        """Checks whether another build should take the run over."""
        await self.life.hear(NUDGE, Stream.catch_up)

    return workflow.signal(name=NUDGE)(nudge)
