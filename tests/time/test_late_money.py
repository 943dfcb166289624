"""Late money is looked for a few times in three days, by the payment's calendar, and for the last time at their end."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Final

import httpx
from temporalio import activity
from temporalio.client import WorkflowExecutionStatus

from activities.partners import bank as wire
from activities.partners.http import partner_client
from publishing.authoring.calendars import publish_calendar
from rules.payment.late_money import EARLY, MOST
from schemas.filing.commands import AdoptCalendar
from schemas.ids import payment_workflow
from tests.acting import EXTRACT, Play, eventually, extract
from tests.any_files import AnyFiles, received_by
from tests.restarting import lost_and_restarted
from tests.time.conftest import Virtual, another, local
from workers.wiring import activities_with, platform_worker, vnpost

PAID: Final = ["payment_requested", "payment_ordered", "payment_captured"]

END: Final = "2030-03-07 09:00"
"""Three days after the money came."""

STANDARD: Final = [
    "2030-03-04 17:00",
    "2030-03-05 07:00",
    "2030-03-05 17:00",
    "2030-03-06 07:00",
    "2030-03-06 17:00",
    "2030-03-07 07:00",
    END,
]
"""When late money is looked for after the first hour, if it came on Monday at nine: to the minute."""


class Asked(wire.HttpBank):
    """The bank, and when late money was looked for, as the server has it. While it is `silent` it answers nobody."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        super().__init__(client)
        self.looks: list[datetime] = []
        self.silent = False

    async def get(self, key: str) -> wire.Order:
        if activity.info().activity_type == "payment.late_money":
            self.looks.append(activity.info().started_time)
            if self.silent:
                raise wire.UnreachableError("bank", "HTTP 503")
        return await super().get(key)

    @property
    def by_the_calendar(self) -> list[str]:
        """All but the first looks."""
        return [local(look) for look in self.looks[len(EARLY) :]]


@asynccontextmanager
async def watched(virtual: Virtual) -> AsyncIterator[tuple[Play, Asked]]:
    """A filing whose fee was paid when it began, with the bank that is asked for more."""
    world = virtual.world
    async with (
        partner_client(world.settings.bank_url) as bank,
        partner_client(world.settings.post_url) as post,
        activities_with(world.settings, asked := Asked(bank), vnpost(world.settings, post)) as functions,
        platform_worker(world.temporal, received_by(AnyFiles(), functions), world.settings),
    ):
        play = await Play.begin(world, extract(version="2026-12", procedure=EXTRACT))
        await play.accept()
        await eventually(lambda: play.kinds("payment", 1), lambda kinds: "payment_captured" in kinds)
        await eventually(lambda: _many(asked), bool)
        yield play, asked


async def _many(asked: Asked) -> int:
    return len(asked.looks)


async def ended(virtual: Virtual, play: Play) -> bool:
    """Whether the payment's workflow has come to its end."""
    handle = virtual.world.temporal.get_workflow_handle(payment_workflow(play.filing, 1))
    return (await handle.describe()).status is WorkflowExecutionStatus.COMPLETED


async def test_three_days_are_twelve_looks_and_the_payment_ends_with_the_last(virtual: Virtual) -> None:
    async with watched(virtual) as (play, asked):
        await virtual.until("2030-03-07 08:59")
        assert not await ended(virtual, play)
        await virtual.until("2030-03-07 09:01")
        await eventually(lambda: ended(virtual, play), bool)
    assert len(asked.looks) == MOST
    assert asked.by_the_calendar == STANDARD


async def test_money_of_the_last_minute_goes_back_though_the_bank_is_silent_at_the_end(virtual: Virtual) -> None:
    async with watched(virtual) as (play, asked):
        await virtual.until("2030-03-05 12:00")
        asked.silent = True
        await virtual.until("2030-03-07 08:59")
        assert asked.by_the_calendar == STANDARD[:-1]
        await play.pay_by_hand()
        await virtual.until("2030-03-07 09:10")
        assert not await ended(virtual, play)
        assert len(asked.looks) > MOST
        asked.silent = False
        await virtual.until("2030-03-07 09:20")
        await eventually(lambda: play.kinds("refund", 1002), lambda kinds: "refund_opened" in kinds)
        assert not await ended(virtual, play)
        await play.approve_refund(1002)
        await eventually(lambda: ended(virtual, play), bool)
        assert await play.kinds("payment", 1) == [*PAID, "payment_captured", "payment_refunded"]
        assert len((await play.order())["refunds"]) == 1


async def test_who_is_started_again_on_another_calendar_goes_on_with_the_looks_that_are_left(virtual: Virtual) -> None:
    """Tuesday is taken off on Monday evening; on Wednesday at noon all is lost, and started again from the log."""
    tuesday = {"date": "2030-03-05", "kind": "off", "source": "Công điện về bão"}
    async with watched(virtual) as (play, asked):
        stream = payment_workflow(play.filing, 1)
        handle = virtual.world.temporal.get_workflow_handle(stream)
        await virtual.until("2030-03-04 18:00")
        published = await publish_calendar(virtual.world.owner_dsn, another("2030.2", tuesday))
        await handle.execute_update("adopt_calendar", AdoptCalendar(calendar=published.name))
        await virtual.until("2030-03-06 12:00")
        before = asked.by_the_calendar
        await lost_and_restarted(virtual.world, stream)
        await eventually(lambda: _many(asked), lambda many: many > len(EARLY) + len(before))
        await virtual.until("2030-03-07 09:01")
        await eventually(lambda: ended(virtual, play), bool)
    assert before == ["2030-03-04 17:00", "2030-03-05 07:00", "2030-03-06 07:00"]
    assert asked.by_the_calendar == [*before, "2030-03-06 12:00", "2030-03-06 17:00", "2030-03-07 07:00", END]
