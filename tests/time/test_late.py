"""Late money, late parcels, and a post that is away, on virtual time: each is recorded once, and the wait then ends."""

import asyncio
from datetime import datetime
from typing import Any, Final

import httpx
from temporalio import activity
from temporalio.client import WorkflowExecutionStatus

from activities.partners import http, postal
from activities.partners.http import UnreachableError, partner_client
from activities.partners.money import bank
from publishing.authoring.procedures import publish
from rules.payment.late_money import EARLY, MOST
from schemas.filing import commands as cm
from schemas.filing.state import Stage, Status
from schemas.ids import parcel_workflow, payment_workflow
from schemas.parcel.state import Meaning, ParcelState
from schemas.people import Role
from tests.acting import ADDRESS, BIRTH, EXTRACT, Play, birth, eventually, extract
from tests.any_files import AnyFiles, received_by
from tests.conftest import ROOT
from tests.time.conftest import NEWBORN, Virtual, local
from tests.workflow.delivery import SENT, at_the_post, the_post
from workers.wiring import activities_with, platform_worker, vnpost

PAID: Final = ["payment_requested", "payment_ordered", "payment_captured"]
LOOKS: Final = [
    *("2030-03-04 17:00", "2030-03-05 07:00", "2030-03-05 17:00", "2030-03-06 07:00", "2030-03-06 17:00"),
    "2030-03-07 07:00",
]
"""The times of queries for late money, except in the first hour and at the end; the fee is paid on Monday at nine."""
COMES_BACK: Final = "99902"
DAYS: Final = 180


class Bank(bank.HttpBank):
    """The bank. `looks`: the server's times of the queries for late money, which get no answer while it is `silent`."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        super().__init__(client)
        self.looks: list[datetime] = []
        self.silent = False

    async def get(self, key: str) -> bank.Order:
        if activity.info().activity_type == "payment.late_money":
            self.looks.append(activity.info().started_time)
            if self.silent:
                raise UnreachableError("bank", "HTTP 503")
        return await super().get(key)


class Post:
    """The post, with the times of queries about a returned parcel; while it is `silent`, it answers no query."""

    def __init__(self, post: postal.Post) -> None:
        self.send, self.cancel, self._get = post.send, post.cancel, post.get
        self.looks: list[datetime] = []
        self.silent = False

    async def get(self, key: str) -> postal.Consignment:
        found = await self._get(key)
        if found.steps[-1].meaning is Meaning.RETURNED:
            self.looks.append(activity.info().started_time)
        if self.silent:
            raise http.UnreachableError("post", "HTTP 503")
        return found


async def ended(virtual: Virtual, stream: str) -> bool:
    return (
        await virtual.world.temporal.get_workflow_handle(stream).describe()
    ).status is WorkflowExecutionStatus.COMPLETED


async def test_money_of_the_last_minute_goes_back_though_the_bank_is_silent_at_the_end(virtual: Virtual) -> None:
    world = virtual.world
    async with (
        partner_client(world.settings.bank_url) as client,
        partner_client(world.settings.post_url) as post,
        activities_with(world.settings, asked := Bank(client), vnpost(world.settings, post)) as functions,
        platform_worker(world.temporal, received_by(AnyFiles(), functions), world.settings),
    ):
        play = await Play.begin(world, extract(version="2026-12", procedure=EXTRACT))
        stream = payment_workflow(play.filing, 1)
        await play.accept()
        await eventually(lambda: play.kinds("payment", 1), lambda kinds: "payment_captured" in kinds)
        await virtual.until("2030-03-05 12:00")
        asked.silent = True
        await virtual.until("2030-03-07 08:59")
        assert [local(look) for look in asked.looks[len(EARLY) :]] == LOOKS
        await play.pay_by_hand()
        await virtual.until("2030-03-07 09:10")
        assert not await ended(virtual, stream)
        assert len(asked.looks) > MOST
        asked.silent = False
        await virtual.until("2030-03-07 09:20")
        await eventually(lambda: play.kinds("refund", 1002), lambda kinds: "refund_opened" in kinds)
        assert not await ended(virtual, stream)
        await play.approve_refund(1002)
        await eventually(lambda: ended(virtual, stream), bool)
        assert await play.kinds("payment", 1) == [*PAID, "payment_captured", "payment_watch_ended", "payment_refunded"]
        assert len((await play.order())["refunds"]) == 1


async def test_the_watch_of_a_parcel_ends_with_an_answer_although_the_post_was_silent(virtual: Virtual) -> None:
    world = virtual.world
    await publish(world.owner_dsn, ROOT / "procedures" / f"{BIRTH}@2026-12.yaml")
    async with (
        partner_client(world.settings.bank_url) as client,
        partner_client(world.settings.post_url) as post,
        activities_with(
            world.settings, bank.HttpBank(client), asked := Post(vnpost(world.settings, post))
        ) as functions,
        platform_worker(world.temporal, received_by(AnyFiles(), functions), world.settings),
        world.back_office(),
    ):
        address = ADDRESS | {"postcode": COMES_BACK}
        sent = birth(version="2026-12", form=NEWBORN, result_channel="post", address=address)
        play = await Play.begin(world, sent)
        stream = parcel_workflow(play.filing, 1)
        await play.at(Stage.PICKUP)
        await virtual.until("2030-08-30 10:00")
        asked.silent = True
        await virtual.until("2030-09-01 10:00")
        assert not await ended(virtual, stream)
        asked.silent = False
        await virtual.until("2030-09-01 11:00")
        await eventually(lambda: ended(virtual, stream), bool)
        assert (await world.client.parcel(play.filing)).state is ParcelState.RETURNED
    assert DAYS - 2 <= len({look.date() for look in asked.looks}) <= DAYS + 3


LEAVES_AT_ONCE: Final = "99913"
NEVER_LEAVES: Final = "99912"


async def posted(virtual: Virtual, postcode: str) -> Play:
    address: dict[str, Any] = ADDRESS | {"postcode": postcode}
    play = await Play.begin(
        virtual.world, birth(version="2026-12", form=NEWBORN, result_channel="post", address=address)
    )
    await play.at(Stage.DELIVERY)
    return play


async def outage(post: httpx.AsyncClient, seconds: int) -> None:
    (await post.put("/outage", json={"seconds": seconds})).raise_for_status()


async def reached(virtual: Virtual, play: Play, stage: Stage) -> Status:
    """Lets virtual minutes pass until the filing is at this stage; returns its status. The post needs real seconds."""
    async with asyncio.timeout(60):
        while (view := await play.view()).stage is not stage:
            await virtual.env.sleep(60)
    return view.status


async def test_for_ten_minutes_the_post_answers_nobody_and_then_has_each_parcel_once(virtual: Virtual) -> None:
    world = virtual.world
    await publish(world.owner_dsn, ROOT / "procedures" / f"{BIRTH}@2026-12.yaml")
    async with world.platform(), world.back_office(), the_post(world) as post:
        under_way = await posted(virtual, LEAVES_AT_ONCE)
        await eventually(lambda: under_way.kinds("parcel", 1), lambda kinds: kinds == SENT)
        began = await virtual.env.get_current_time()
        try:
            await outage(post, 600)
            waiting, wanted_back = await posted(virtual, "10000"), await posted(virtual, NEVER_LEAVES)
            await wanted_back.act(cm.CancelParcel, wanted_back.officer(Role.HANDOVER))
            await virtual.until("2030-03-04 09:20")
            assert (await virtual.env.get_current_time() - began).total_seconds() >= 600
            for play in (waiting, wanted_back):
                assert await play.kinds("parcel", 1) == ["consignment_requested"]
                assert await at_the_post(world, play) == {}
            assert await under_way.kinds("parcel", 1) == SENT
        finally:
            await outage(post, 0)
        assert await reached(virtual, waiting, Stage.CLOSED) is Status.RETURNED
        assert await reached(virtual, wanted_back, Stage.PICKUP) is Status.PROCESSED
        assert await reached(virtual, under_way, Stage.CLOSED) is Status.RETURNED
    assert await at_the_post(world, waiting) == {"1": ["accepted", "in_transit", "delivered"]}
    assert await at_the_post(world, wanted_back) == {"1": ["accepted", "cancelled"]}
    assert await under_way.kinds("parcel", 1) == [*SENT, "consignment_ended"]
