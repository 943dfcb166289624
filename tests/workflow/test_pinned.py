"""What was decided elsewhere when a filing was handed in stands in its log: later it is the same, or nothing moves."""

from __future__ import annotations

from typing import Final

import pytest

from activities.ledger.vault import Vault
from recovery.stalled import stalled
from rules.streams import KINDS
from schemas.filing.state import FilingView, Stage
from schemas.ids import filing_workflow
from tests.acting import Play, birth, eventually, extract
from tests.conftest import World
from tests.restarting import lost_and_restarted
from views.log import Log, UnfoldableError

LEFT: Final = "update officer set active = false where subject = 'h56.30-leader-1'"
ABOUT_A_MINUTE: Final = 60


async def test_who_answered_when_it_was_handed_in_answers_also_after_he_has_left(world: World) -> None:
    async with world.platform():
        play = await Play.begin(world, birth())
        before = await play.view()
        async with world.connection(world.owner_dsn) as connection:
            await connection.execute(LEFT)
        await lost_and_restarted(play.world, filing_workflow(play.filing))
        assert untimed(await play.view()) == untimed(before)
        async with world.back_office():
            view = await play.at(Stage.CLOSED)
    assert view.decision is not None
    assert (view.decision.standing_order, view.decision.officer) == ("01/QĐ-UBND", "h56.30-leader-1")


def untimed(view: FilingView) -> FilingView:
    return view.model_copy(update={"as_of": None})


@pytest.mark.parametrize("table", ["procedure", "calendar"])
async def test_under_other_rules_or_days_than_those_pinned_it_stands_still_and_is_told(
    running: World, table: str
) -> None:
    play = await Play.begin(running, extract())
    column = {"procedure": "rules", "calendar": "body"}[table]
    async with running.connection(running.owner_dsn) as connection:
        await connection.execute(f"update {table} set {column} = {column} || convert_to(' ', 'UTF8')")  # noqa: S608 -- ours
        await lost_and_restarted(play.world, filing_workflow(play.filing))
        (still,) = await eventually(lambda: stalled(running.temporal), bool, within=ABOUT_A_MINUTE)
        assert (still.workflow_id, still.error) == (filing_workflow(play.filing), "ValueError")
        log = Log(connection, Vault(running.settings.master).find, KINDS)
        told = await log.read(still.workflow_id)
        with pytest.raises(UnfoldableError, match="its events do not fold: ValueError"):
            next(told.states())

        await connection.execute(f"update {table} set {column} = substring({column}, 1, length({column}) - 1)")  # noqa: S608 -- ours
    await play.accept()
    assert (await play.view()).stage is not Stage.INTAKE
