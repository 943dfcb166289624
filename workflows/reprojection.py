"""A change of calendar as a durable batch: every running stream is projected again."""

from __future__ import annotations

from collections import deque
from datetime import timedelta
from itertools import count
from typing import Any, Final

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from pydantic import ValidationError

    from activities.refusing import failure
    from activities.reprojection import PAGES, Reprojections
    from rules.streams import KINDS
    from schemas.errors import NOT_RECORDED, RefusalCode, shape_refusal
    from schemas.ids import NUDGE
    from schemas.stream.reprojection import REPROJECTION, Page, Reproject, workflow_id
    from workflows.stream.recording import single_argument

_STRAGGLERS: Final = timedelta(seconds=30)
"""What was being submitted under the calendar before is in the log by then."""

_LONGEST: Final = timedelta(minutes=5)
_PAGES_OF_A_RUN: Final = 500
_AUTO_UPGRADE: Final = workflow.ContinueAsNewVersioningBehavior.AUTO_UPGRADE


@workflow.defn(name=REPROJECTION)
class Reprojection:
    """Pass after pass over what goes by another calendar, until a pass finds none.

    Whatever ends it halfway, and whoever starts it, all are looked at: one that has turned is not asked again, and one
    that is asked twice answers with the same receipt.
    """

    def __init__(self) -> None:
        self._nudged = False

    @workflow.signal(name=NUDGE)
    def nudge(self) -> None:
        """Look whether another build is to go on with this."""
        self._nudged = True

    @workflow.run
    async def run(self, *raw: Any) -> Reproject:
        """Bring the calendar to all; ends early when a later one is in force. Else it fails with a refusal."""
        reproject = _begun(single_argument(raw))
        kinds, after, asked, passes = deque(KINDS), "", 0, 0
        for page in count(1):
            asking = Page(calendar=reproject.calendar, kind=kinds[0], after=after)
            turned = await workflow.execute_activity_method(Reprojections.page, asking, **PAGES)
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
        """Let time pass; False if it was cut short, and the pass is to be made again."""
        self._nudged = False
        try:
            await workflow.wait_condition(lambda: self._nudged, timeout=time)
        except TimeoutError:
            return True
        return False


def _begun(raw: Any) -> Reproject:
    """What it is started with, by whoever reaches Temporal."""
    try:
        reproject = Reproject.model_validate(raw)
    except ValidationError as error:
        raise failure(shape_refusal(RefusalCode.BAD_START, error).refusal) from None
    if workflow.info().workflow_id != workflow_id(reproject.calendar):
        raise failure(NOT_RECORDED)
    return reproject
