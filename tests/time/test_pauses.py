"""A processing clock that stands still when it would have been due neither rings nor is late until it has gone on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final, NamedTuple

import pytest

from schemas.filing import commands as cm
from schemas.filing.events import Clock
from schemas.people import Role
from tests.acting import Play
from tests.time.conftest import Virtual, land, local

OBSOLETE: Final = "2030-03-18 17:00"
"""Ten working days after Monday 4 March."""


class Interruption(NamedTuple):
    """What pauses the processing clock, what ends that, and when the clock rings in the end."""

    begin: Callable[[Play], Awaitable[None]]
    end: Callable[[Play], Awaitable[None]]
    rings: tuple[str, str, str]


async def ask(play: Play) -> None:
    """Status 5."""
    await play.act(cm.Claim, play.officer(Role.SPECIALIST))
    item = {"target": "field", "code": "contract_date", "note": "Cần ngày công chứng"}
    await play.act(cm.RequestSupplement, play.officer(Role.SPECIALIST), items=[item], legal_basis="NĐ 61/2018")


async def supply(play: Play) -> None:
    await play.act(cm.Supplement, play.submission.actor, form={"contract_date": "2030-02-20"})


async def demand(play: Play) -> None:
    """Status 6."""
    actor = play.officer(Role.SPECIALIST)
    await play.act(cm.Claim, actor)
    await play.act(cm.Forward, actor)
    await play.act(cm.Claim, actor)
    await play.act(cm.ReferObligation, actor, reference="01/PC")
    await play.act(cm.DemandObligation, actor, reference="02/TB", amount=4_500_000)


async def fulfil(play: Play) -> None:
    await play.act(cm.FulfilObligation, play.officer(Role.CASHIER), reference="03/BL")


async def suspend(play: Play) -> None:
    """Status 8."""
    await play.act(cm.Claim, play.officer(Role.SPECIALIST))
    leader = play.officer(Role.LEADER)
    await play.act(cm.Stop, leader, mode="suspend", reason="chờ bản án", legal_basis="Luật Đất đai")


async def go_on(play: Play) -> None:
    await play.act(cm.Resume, play.officer(Role.LEADER))


INTERRUPTIONS: Final = {
    # Starts again: ten working days after Tuesday 19 March.
    "supplement": Interruption(ask, supply, ("2030-03-29 17:00", "2030-04-01 17:00", "2030-04-02 17:00")),
    # Of 10 x 480 minutes 180 were used on Tuesday 5 March at 10:00. The 4620 that were left: 360 on Tuesday
    # 19 March from 09:00, 8 x 480 until Friday 29 March, and 420 until Monday 1 April at 16:00, so until its close.
    "obligation": Interruption(demand, fulfil, ("2030-03-28 17:00", "2030-03-29 17:00", "2030-04-01 17:00")),
    "suspension": Interruption(suspend, go_on, ("2030-03-28 17:00", "2030-03-29 17:00", "2030-04-01 17:00")),
}


@pytest.mark.parametrize("reason", INTERRUPTIONS)
async def test_a_clock_that_stands_still_is_neither_heard_nor_late(virtual: Virtual, reason: str) -> None:
    interruption = INTERRUPTIONS[reason]
    async with virtual.world.platform():
        play = await Play.begin(virtual.world, land())
        await play.act(cm.Accept, play.officer(Role.RECEPTION))
        await virtual.until("2030-03-05 10:00")
        await interruption.begin(play)
        before = await virtual.told()
        await virtual.until("2030-03-19 09:00")

        assert await virtual.told() == before
        assert not (await play.view()).overdue
        (paused,) = [state for state in await virtual.clocks(play) if state.clock is Clock.PROCESSING]
        assert (paused.paused, paused.overdue, local(paused.due)) == (True, False, OBSOLETE)
        await interruption.end(play)
        await virtual.until("2030-05-06 09:00")
        after = (await virtual.told())[len(before) :]

    apology, reminder, due = interruption.rings
    rung = [(apology, "apology_drafted"), (reminder, "reminded processing"), (due, "overdue processing")]
    assert [told for told in after if told[1] in {what for _, what in rung}] == rung
