"""The only place in which a workflow starts an activity that others could answer.

Anybody with access to Temporal can answer in place of our worker: with invented data, unreadable data, or a
failure. So an answer leads only to a command, which the log accepts only with evidence in the record. Without the
evidence, or after a failure, the question is repeated.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Generic, TypeVar

from temporalio import workflow
from temporalio.common import RawValue
from temporalio.exceptions import ActivityError, ApplicationError, RetryState

with workflow.unsafe.imports_passed_through():
    from temporalio.activity import _Definition

    from activities.partners.instructions import NOT_ORDERED, Instruction

from workflows.stream.basis import DOUBLED, pause_after
from workflows.stream.recording import Stream, expect_opened_before
from workflows.stream.waiting import first_of, in_time

_UNFOUNDED: Final = "motcua_answers_unfounded_total"

A = TypeVar("A")
R = TypeVar("R")

_FIRST_BOUND: Final = timedelta(minutes=10)
_LONGEST_BOUND: Final = timedelta(days=1)
"""The maximum time for which the server retries one question.

The time doubles after each question without an answer, since forged failures may delay the retries.
"""
_LAST: Final = timedelta(seconds=2)
"""The time before a question's limit in which the question is not repeated, since no further attempt would fit."""
_WATCH: Final = timedelta(days=7)
"""The time for which the server retries a question whose answer may come late."""


@dataclass(frozen=True)
class Question(Generic[A]):
    """A request to an activity. `model`: the type of its answer. `record` records the command that an answer leads to.

    `within`: the time after which the question is out of date. `bound`: the time for which the server may retry the
    question; it is longer after questions without an answer.
    """

    name: str
    request: Any
    model: Any
    record: Callable[[A], Awaitable[object]]
    options: workflow.ActivityConfig
    within: timedelta = _WATCH
    bound: timedelta = _FIRST_BOUND


def question(
    activity: Callable[[Any, R], Awaitable[A]],
    request: R,
    record: Callable[[A], Awaitable[object]],
    options: workflow.ActivityConfig,
    within: timedelta = _WATCH,
    *,
    watched_until: datetime | None = None,
) -> Question[A]:
    """Returns the question to put to one of our own activities.

    `watched_until` is for a question whose answer may come late or never: the server retries it until this time, and a
    little longer, for the last answer.
    """
    definition = _Definition.must_from_callable(activity)
    name, model = str(definition.name), definition.ret_type
    if watched_until is None:
        return Question(name, request, model, record, options, within)
    left = max(watched_until - workflow.now(), timedelta()) + _FIRST_BOUND
    return Question(name, request, model, record, options, left, _WATCH)


def bound(silent: int) -> timedelta:
    """Returns the time for which the server may retry a question, after `silent` questions without an answer."""
    return min(_FIRST_BOUND * int(2 ** min(silent, DOUBLED)), _LONGEST_BOUND)


def instruction(stream: Stream[Any], case: int | None = None) -> Instruction:
    """Returns the input of an activity that acts only on an order in the log: the stream, and its last known seq."""
    return Instruction(stream=str(stream.id), seq=stream.state.seq, case=case)


class Asking:
    """Asks one run's questions about its stream, and counts the answers that led to no event."""

    def __init__(self) -> None:
        self._in_vain = 0
        self._silent = 0
        self._seq = 0

    async def ask(self, stream: Stream[Any], *questions: Question[Any], news: Callable[[], bool]) -> bool:
        """Asks all questions in parallel, until one is answered or there is `news`. Records answers, cancels the rest.

        Returns whether a question is out of date by the server's clock. There may be no answer at all, so a caller asks
        again as long as the state requires an answer. Raises the errors of `wait_for` and of the record.
        """
        self._note_progress(stream)
        if self._in_vain and await self._paused(stream, news):
            return False
        limits = {one.name: max(one.bound, bound(self._silent)) for one in questions}
        asked = {
            start(
                one.name, one.request, one.options | {"schedule_to_close_timeout": min(limits[one.name], one.within)}
            ): one
            for one in questions
        }
        over = in_vain = False
        for work in await first_of(stream, tuple(asked), news):
            one = asked[work]
            if await self._take(stream, work, one, limits[one.name]):
                in_vain = True
            else:
                over = over or one.within <= limits[one.name]
        if in_vain and stream.state.seq == self._seq:
            self._in_vain += 1
        return over

    def _note_progress(self, stream: Stream[Any]) -> None:
        if stream.state.seq != self._seq:
            self._in_vain, self._silent, self._seq = 0, 0, stream.state.seq

    async def _paused(self, stream: Stream[Any], news: Callable[[], bool]) -> bool:
        """Pauses after an answer that led to no event. Returns True if news or an event ended the pause."""
        within, seq = pause_after(self._in_vain), stream.state.seq
        return await in_time(stream, lambda: news() or stream.state.seq != seq, within, "nothing came of the answer")

    async def _take(
        self, stream: Stream[Any], work: workflow.ActivityHandle[RawValue], asked: Question[Any], limit: timedelta
    ) -> bool:
        """Records the command that follows from an answer. After a failure or an unusable answer, reads the log again.

        Returns False if the server gave up the question because there was no answer in time.
        """
        try:
            await asked.record(readable(await work, asked.model))
        except ActivityError as error:
            if error.retry_state is RetryState.TIMEOUT:
                return await self._not_in_time(stream, error, asked, limit)
            why = "failed"
        except ValueError as error:  # unreadable, or of the answer's shape, but fit for no command
            why = type(error).__name__
        else:
            return True
        note_no_answer(asked.name, why)
        await stream.catch_up()
        return True

    async def _not_in_time(
        self, stream: Stream[Any], error: ActivityError, asked: Question[Any], limit: timedelta
    ) -> bool:
        """Called when the server has given up a question: reads the log again, unless the question is out of date.

        Returns True if the question is still of use, but an answer has requested a retry after the limit. Our
        activities request this only in the last seconds before the limit; a stranger could do so again and again.
        """
        self._silent += 1
        at_once = isinstance(error.cause, ApplicationError) and error.cause.next_retry_delay is not None
        if asked.within <= (_LAST if at_once else limit):
            return False
        await stream.catch_up()
        return at_once


def is_not_ordered(error: BaseException) -> bool:
    """Returns whether an activity failed because the log does not order it. Strangers can forge this error."""
    cause = error.cause if isinstance(error, ActivityError) else None
    return isinstance(cause, ApplicationError) and cause.type == NOT_ORDERED


def start(name: str, request: Any, options: workflow.ActivityConfig) -> workflow.ActivityHandle[RawValue]:
    """Starts an activity. Its answer must be read with `readable`."""
    return workflow.start_activity(name, request, result_type=RawValue, **options)


class UnreadableError(ValueError):
    """There is no answer, or the answer is not of the activity's type."""


def readable(raw: RawValue | None, model: Any) -> Any:
    """Returns an activity's answer. Raises `UnreadableError` if there is none, or if it is not of the type `model`.

    Raises `KeyMissingError` for an answer that can't be decrypted, but that this run has read before.
    """
    if raw is None:
        raise UnreadableError("nothing")
    converter = workflow.payload_converter()
    try:
        answer = converter.from_payload(raw.payload, model)
    except Exception as error:  # noqa: BLE001 -- no matter which
        expect_opened_before(converter.from_payload(raw.payload))
        raise UnreadableError(type(error).__name__) from None
    if answer is None:  # the converter takes it for any type; no activity of ours answers so
        raise UnreadableError("nothing")
    return answer


async def answered(name: str, model: Any, options: workflow.ActivityConfig, *request: Any) -> Any:
    """Returns the answer of the activity `name`. No event may depend on this answer. Raises `ActivityError`.

    Raises `ApplicationError` for an unreadable answer: any other error would fail the workflow task for ever.
    """
    try:
        return readable(await workflow.execute_activity(name, args=request, result_type=RawValue, **options), model)
    except UnreadableError as error:
        raise ApplicationError(f"{name} was answered by nobody of ours", type="unreadable") from error


def note_no_answer(name: str, why: str) -> None:
    """Logs and counts an unusable answer: a failure, or an answer that can't come from our own activity."""
    about = {"activity": name, "reason": why}
    workflow.logger.warning("activity.no_answer", extra=about)
    workflow.metric_meter().create_counter(_UNFOUNDED, "Answers that led to nothing, by activity").add(1, about)


def answer_of(
    activity: Callable[[Any, R], Awaitable[A]], request: R, options: workflow.ActivityConfig, silent: int = 0
) -> asyncio.Task[A | None]:
    """Asks one of our own activities once. The task returns None after a failure, a time-out or an unreadable answer.

    The caller has to check the answer against the record, and to pause before asking again.
    """
    definition = _Definition.must_from_callable(activity)
    name = str(definition.name)

    async def ask() -> A | None:
        bounded: Any = {"schedule_to_close_timeout": bound(silent)} | options
        try:
            answer: A = readable(await start(name, request, bounded), definition.ret_type)
        except (ActivityError, UnreadableError) as error:
            note_no_answer(name, type(error).__name__)
            return None
        return answer

    return asyncio.create_task(ask())
