"""What did not arrive is looked after for six months, once a day: a late truth is followed, and the watch ends."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Final

from temporalio import activity
from temporalio.client import WorkflowExecutionStatus

from activities.partners import postal as wire
from activities.partners.bank import HttpBank
from activities.partners.http import partner_client
from publishing.authoring.procedures import publish
from rules.payment.late_money import EARLY
from schemas.filing.state import Stage, Status
from schemas.ids import parcel_workflow
from schemas.parcel.state import Meaning, ParcelState, Step
from tests.acting import ADDRESS, BIRTH, Play, birth, eventually
from tests.any_files import AnyFiles, received_by
from tests.conftest import ROOT
from tests.time.conftest import NEWBORN, Virtual
from workers.wiring import activities_with, platform_worker, vnpost

COMES_BACK: Final = "99902"
DAYS: Final = 180


class Asked:
    """The post, when it was asked of what came back, and what it says of that `late`. Silent, it answers nobody."""

    def __init__(self, post: wire.Post) -> None:
        self._post = post
        self.looks: list[datetime] = []
        self.late: tuple[Step, ...] = ()
        self.silent = False

    async def send(self, order: wire.Order) -> str:
        return await self._post.send(order)

    async def cancel(self, key: str) -> bool:
        return await self._post.cancel(key)

    async def get(self, key: str) -> wire.Consignment:
        found = await self._post.get(key)
        if found.steps[-1].meaning is Meaning.RETURNED:
            self.looks.append(activity.info().started_time)
        if self.silent:
            raise wire.UnreachableError("post", "HTTP 503")
        return found.model_copy(update={"steps": (*found.steps, *self.late)})


@asynccontextmanager
async def came_back(virtual: Virtual) -> AsyncIterator[tuple[Play, Asked]]:
    """A filing whose result has come back, with the post that is asked for more."""
    world = virtual.world
    await publish(world.owner_dsn, ROOT / "procedures" / f"{BIRTH}@2026-12.yaml")
    async with (
        partner_client(world.settings.bank_url) as bank,
        partner_client(world.settings.post_url) as post,
        activities_with(world.settings, HttpBank(bank), asked := Asked(vnpost(world.settings, post))) as functions,
        platform_worker(world.temporal, received_by(AnyFiles(), functions), world.settings),
        world.back_office(),
    ):
        address = ADDRESS | {"postcode": COMES_BACK}
        sent = birth(version="2026-12", form=NEWBORN, result_channel="post", address=address)
        play = await Play.begin(world, sent)
        await play.at(Stage.PICKUP)
        yield play, asked


async def ended(virtual: Virtual, play: Play) -> bool:
    """Whether the parcel's workflow has come to its end."""
    handle = virtual.world.temporal.get_workflow_handle(parcel_workflow(play.filing, 1))
    return (await handle.describe()).status is WorkflowExecutionStatus.COMPLETED


async def test_what_was_delivered_after_all_is_heard_of_months_later(virtual: Virtual) -> None:
    async with came_back(virtual) as (play, asked):
        await virtual.until("2030-06-14 10:00")
        assert (await play.view()).stage is Stage.PICKUP
        asked.late = (Step(meaning=Meaning.DELIVERED, said="C04", at=datetime.fromisoformat("2030-06-14T09:00+07:00")),)
        await virtual.until("2030-06-15 10:00")
        assert (await play.at(Stage.CLOSED)).status is Status.RETURNED
        await eventually(lambda: ended(virtual, play), bool)
    days = (datetime.fromisoformat("2030-06-14T10:00+07:00") - asked.looks[0]).days
    assert len(EARLY) + days <= len(asked.looks) <= len(EARLY) + days + 3
    assert (await play.kinds())[-3:] == ["pickup_offered", "overdue", "handed_over"]


async def test_the_watch_ends_with_an_answer_although_the_post_was_silent(virtual: Virtual) -> None:
    async with came_back(virtual) as (play, asked):
        await virtual.until("2030-08-30 10:00")
        asked.silent = True
        await virtual.until("2030-09-01 10:00")
        assert not await ended(virtual, play)
        asked.silent = False
        await virtual.until("2030-09-01 11:00")
        await eventually(lambda: ended(virtual, play), bool)
        assert (await virtual.world.client.parcel(play.filing)).state is ParcelState.RETURNED
    assert DAYS - 2 <= len({look.date() for look in asked.looks}) <= DAYS + 3
