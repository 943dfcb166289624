"""The workflow of a change of calendar: requests every running stream to compute its due times again."""

from collections import deque
from datetime import timedelta
from itertools import count
from typing import Any, Final

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from pydantic import ValidationError

    from activities.reprojection import PAGES, Reprojections
    from activities.support.refusal import failure
    from rules.streams import KINDS
    from schemas.errors import NOT_RECORDED, RefusalCode, shape_refusal
    from schemas.ids import NUDGE
    from schemas.stream.reprojection import REPROJECTION, Page, Reproject, Turned, workflow_id
    from workflows.stream.asking import answer_of
    from workflows.stream.signals import QUIET
from workflows.stream.recording import single_argument

_STRAGGLERS: Final = timedelta(seconds=30)
"""The time after which every submission that began under the previous calendar is in the log."""

_LONGEST: Final = timedelta(minutes=5)
_PAGES_OF_A_RUN: Final = 500
_AUTO_UPGRADE: Final = workflow.ContinueAsNewVersioningBehavior.AUTO_UPGRADE


@workflow.defn(name=REPROJECTION)
class Reprojection:
    """Repeats passes over the streams, until a pass finds no stream that still uses another calendar.

    An interruption does no harm, and anybody may start a pass: a stream that has the calendar is skipped, and a
    repeated request to a stream returns the same receipt.
    """

    def __init__(self) -> None:
        self._nudged = False

    @workflow.signal(name=NUDGE)
    def nudge(self) -> None:
        """Ends the present wait, so that the run checks whether another build should continue it."""
        self._nudged = True

    @workflow.run
    async def run(self, *raw: Any) -> Reproject:
        """Applies the calendar to all streams, unless a later one is in force. Fails with a refusal on bad input."""
        reproject = _begun(single_argument(raw))
        kinds, after, asked, passes = deque(KINDS), "", 0, 0
        for page in count(1):
            asking = Page(calendar=reproject.calendar, kind=kinds[0], after=after)
            turned = await _turned(asking)
            if turned.superseded:
                return reproject
            reproject = reproject.model_copy(update={"turned": reproject.turned + turned.turned})
            asked, after = asked + turned.asked, turned.last or ""
            if turned.last is None:
                kinds.popleft()
            if not kinds:
                if passes and not asked:
                    return reproject
                passes += await self._rest(min(_STRAGGLERS * (passes + 1), _LONGEST))
                kinds, asked = deque(KINDS), 0
            if page == _PAGES_OF_A_RUN or workflow.info().is_target_worker_deployment_version_changed():
                workflow.continue_as_new(reproject, initial_versioning_behavior=_AUTO_UPGRADE)
        raise AssertionError

    async def _rest(self, time: timedelta) -> bool:
        """Waits for `time`; returns False if `nudge` ended the wait early, so that the pass must be repeated.

        Since anybody can send a nudge, the next pass begins a second from now at the earliest.
        """
        self._nudged = False
        await workflow.sleep(QUIET)
        try:
            await workflow.wait_condition(lambda: self._nudged, timeout=time)
        except TimeoutError:
            return True
        return False


async def _turned(page: Page) -> Turned:
    """Applies the calendar to one page of streams. After a failure or an unreadable answer, tries this page again."""
    while (turned := await answer_of(Reprojections.page, page, PAGES)) is None:
        await workflow.sleep(_STRAGGLERS)
    return turned


def _begun(raw: Any) -> Reproject:
    """Parses the input, which a stranger may have sent. Raises the refusal of a bad input."""
    try:
        reproject = Reproject.model_validate(raw)
    except ValidationError as error:
        raise failure(shape_refusal(RefusalCode.BAD_START, error).refusal) from None
    if workflow.info().workflow_id != workflow_id(reproject.calendar):
        raise failure(NOT_RECORDED)
    return reproject
