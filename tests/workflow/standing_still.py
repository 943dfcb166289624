"""Filings that stall, by a bug or by a history that can't be replayed, and recover."""

from dataclasses import replace
from typing import Any, Final

import pytest
from temporalio.client import WorkflowHandle

from recovery.stalled import NOT_REPLAYABLE, Stalled, stalled
from rules.filing.commands import RULES
from schemas.filing.state import Stage
from schemas.ids import filing_workflow
from tests.acting import Play, eventually, extract
from tests.conftest import World
from tests.workflow.dawdling import DawdlingFiling
from workers.wiring import WORKFLOWS

ABOUT_A_MINUTE: Final = 60


def bug(*_: Any) -> Any:
    raise ValueError


async def paid_and_deaf(world: World, patch: pytest.MonkeyPatch) -> Play:
    """Returns a paid filing whose workflow task fails when the payment is reported to it."""
    patch.setitem(RULES, "settle_fee", replace(RULES["settle_fee"], effect=bug))
    play = await Play.accepted(world, extract())
    await eventually(lambda: play.kinds("payment", 1), lambda kinds: "payment_captured" in kinds)
    (still,) = await eventually(lambda: stalled(world.temporal), bool, within=ABOUT_A_MINUTE)
    assert (still.workflow_id, still.error) == (filing_workflow(play.filing), "ValueError")
    return play


async def whole(play: Play) -> None:
    await play.review()
    await play.at(Stage.CLOSED)
    assert (await play.kinds()).count("fee_paid") == 1
    order = await play.order()
    assert (len(order["captures"]), order["refunds"]) == (1, [])


WITHIN: Final = 120
OTHERS: Final = (DawdlingFiling, *(one for one in WORKFLOWS if one.__name__ != "FilingWorkflow"))


def handle_of(play: Play) -> WorkflowHandle[Any, Any]:
    return play.world.temporal.get_workflow_handle(filing_workflow(play.filing))


async def awake(play: Play) -> None:
    """Makes the workflow take a task, by a signal that it does not handle."""
    await handle_of(play).signal("nothing")


async def still(play: Play) -> Stalled:
    """Waits until the server marks the filing's run as stalled; returns the run."""
    (found,) = await eventually(lambda: stalled(play.world.temporal), bool, within=WITHIN)
    assert found.workflow_id == filing_workflow(play.filing)
    return found


async def not_replayable(play: Play) -> Stalled:
    await awake(play)
    found = await still(play)
    assert found.cause == NOT_REPLAYABLE
    return found
