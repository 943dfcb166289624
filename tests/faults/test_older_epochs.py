"""Temporal's older database is restored after filings restarted: its runs look healthy, but have lost their streams."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import pytest
from temporalio.worker import Replayer

from deploy.stack import Stack
from motcua.payloads.converter import data_converter
from schemas.filing import commands as cm
from schemas.filing.state import Closing, Stage
from schemas.people import Role
from tests.acting import MARRIAGE, NEVER_PAYS, Play, eventually, extract, marriage, publish_short
from tests.conftest import PARTS, World, publish_demo, world_of
from tests.shell import Shell
from verifier.ledger import verify
from workers.wiring import WORKFLOWS

LIMIT: Final = 30
"""Seconds for a supplement: the limit ends only after the older Temporal is back."""


@dataclass
class House:
    """A folder with a database, and with a Temporal whose data is lost and comes back."""

    folder: Path

    @asynccontextmanager
    async def up(self) -> AsyncIterator[tuple[World, Shell]]:
        async with Stack(self.folder / "home", parts=PARTS) as stack:
            world = await world_of(stack.env, self.folder)
            yield world, Shell(world.process_env)

    def lose_temporal(self) -> None:
        """Moves Temporal's data aside."""
        self._temporal.rename(self.folder / "older")

    def bring_it_back(self) -> None:
        shutil.rmtree(self._temporal)
        (self.folder / "older").rename(self._temporal)

    @property
    def _temporal(self) -> Path:
        return self.folder / "home" / "temporal"


@dataclass
class Filings:
    """Filings: one waits for an officer, one goes on without this Temporal, one is paid later, one misses a limit."""

    officers: Play
    went_on: Play
    paid: Play
    late: Play

    @classmethod
    async def begin(cls, world: World) -> Filings:
        version = await publish_short(world, MARRIAGE, supplement=LIMIT)
        officers, went_on = await Play.begin(world, extract()), await Play.begin(world, extract())
        paid, late = (
            await Play.begin(world, extract(payer_account=NEVER_PAYS)),
            await Play.begin(world, marriage(version=version)),
        )
        await paid.accept()
        await eventually(paid.order, bool)
        item = cm.SupplementItem(target=cm.TargetKind.FIELD, code="preferred_date", note="ngày")
        await late.act(cm.RequestSupplement, late.officer(Role.RECEPTION), items=(item,), legal_basis="Đ17")
        return cls(officers, went_on, paid, late)

    def at(self, world: World) -> Filings:
        """Returns the same filings, for clients of another Temporal."""
        return Filings(*(replace(play, world=world) for play in (self.officers, self.went_on, self.paid, self.late)))

    async def end_as_they_must(self) -> None:
        assert (await self.late.at(Stage.CLOSED)).closing is Closing.SUPPLEMENT_EXPIRED
        await self.paid.pay_by_hand()
        await self.officers.accept()
        for play in (self.officers, self.went_on, self.paid):
            await play.review()
            assert (await play.at(Stage.CLOSED)).closing is Closing.DELIVERED
            assert len((await play.order())["captures"]) == 1


@pytest.fixture
def house() -> Any:
    with tempfile.TemporaryDirectory(prefix="motcua-") as name:
        yield House(Path(name).resolve())


async def restart(shell: Shell, what: str) -> dict[str, int]:
    """Returns the numbers that `motcua filing restart` prints, summed over all kinds."""
    ended = await shell("filing", "restart", what, "--json")
    assert ended.code == 0, ended.err
    counted: dict[str, int] = {}
    for kind in ended.json.values():
        assert (kind.pop("failed"), kind.pop("still_wrong")) == ([], [])
        for name, n in kind.items():
            counted[name] = counted.get(name, 0) + n
    return counted


@pytest.mark.timeout(400)
@pytest.mark.parametrize("by_hand", [True, False], ids=["by the runbook", "by itself"])
async def test_what_was_started_again_meanwhile_goes_on_in_an_older_temporal(house: House, *, by_hand: bool) -> None:
    async with house.up() as (world, _):
        await publish_demo(world.env, {"payment": 600})
        async with world.platform(), world.back_office():
            before = await Filings.begin(world)
    house.lose_temporal()
    async with house.up() as (world, shell):
        assert (await restart(shell, "--all-missing"))["restarted"] == 5
        async with world.platform(), world.back_office():
            await before.at(world).went_on.accept()
    house.bring_it_back()
    async with house.up() as (world, shell):
        filings = before.at(world)
        if by_hand:
            found = await restart(shell, "--all-behind")
            assert (found["behind_by_seq"], found["behind_by_epoch"], found["restarted"]) == (1, 4, 5)
            assert (await restart(shell, "--all-behind"))["restarted"] == 0
            found = await restart(shell, "--all-missing")
            assert (found["missing"], found["restarted"]) == (1, 1)
        async with world.platform(), world.back_office():
            await filings.end_as_they_must()
            assert (await restart(shell, "--all-behind"))["restarted"] == 0
        assert (await verify(world.superuser_dsn)).verified
        histories = world.temporal.list_workflows().map_histories()
        replayed = await Replayer(workflows=WORKFLOWS, data_converter=data_converter).replay_workflows(histories)
        assert replayed.replay_failures == {}
