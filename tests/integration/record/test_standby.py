"""A receipt is issued only once a standby has the event, even if the wait for the standby was interrupted."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any, cast
from uuid import uuid4

import pytest
from temporalio.exceptions import ApplicationError

from activities.ledger.vault import Vault
from activities.views import Views
from operations.doctor.check import Health
from operations.doctor.record import tables as record
from rules.streams import KINDS
from schemas.reading import AskReceipt, QuestionRequest
from tests.conftest import World
from tests.integration.record.appends import ASKED, Log, opened
from tests.standby import Standby
from tests.standby import standby as standby
from tests.waits import around


@pytest.fixture
async def log(world: World) -> AsyncIterator[Log]:
    async with opened(world) as log:
        yield log


@pytest.mark.parametrize("cut", ["pg_cancel_backend", "pg_terminate_backend"])
async def test_a_receipt_whose_wait_was_cut_is_given_only_once_the_standby_has_it(
    log: Log, standby: Standby, cut: str
) -> None:
    batch = log.batch(ASKED)
    standby.stops()
    first = asyncio.create_task(log.ledger.append(batch))
    await standby.cuts(cut)
    with pytest.raises(ApplicationError, match="could not be reached"):
        await first
    again = asyncio.create_task(log.ledger.append(batch))
    await standby.cuts()
    with pytest.raises(ApplicationError, match="could not be reached: WaitCutError"):
        await again
    third = asyncio.create_task(log.ledger.append(batch))
    await standby.waiting()
    assert not third.done()
    standby.goes_on()
    [receipt] = (await third).receipts
    assert (receipt.seq, receipt.command_id) == (1, batch.command_id)


async def test_a_receipt_that_is_read_is_given_only_once_the_standby_has_it(log: Log, standby: Standby) -> None:
    batch = log.batch(ASKED)
    standby.stops()
    first = asyncio.create_task(log.ledger.append(batch))
    await standby.cuts()
    with pytest.raises(ApplicationError):
        await first
    views = Views(log.pool, Vault(log.world.settings.master), KINDS, None, cast("Any", None))
    question = AskReceipt(stream=batch.stream, command_id=batch.command_id)
    ask = QuestionRequest(question=question, content="0" * 64, look=uuid4())
    cut = asyncio.create_task(views.answer(ask))
    await standby.cuts()
    with pytest.raises(ApplicationError, match="WaitCutError"):
        await cut
    asked = asyncio.create_task(views.answer(ask))
    new_run = asyncio.create_task(log.ledger.append(batch.model_copy(update={"events": ()})))
    await standby.waiting(connections=2)
    standby.goes_on()
    assert (await asked).answer == (await new_run).receipts[0].model_dump(mode="json", exclude_none=True)


async def test_the_doctor_tells_whether_a_standby_has_each_receipt(world: World, standby: Standby) -> None:
    [there] = await record.standby(around(world))
    standby.stops()
    [away] = await record.standby(around(world))
    standby.goes_on()
    assert (there.health, away.health) == (Health.OK, Health.FAIL)


async def test_the_doctor_fails_if_postgresql_awaits_no_standby_although_there_is_to_be_one(world: World) -> None:
    [alone] = await record.standby(around(world))
    wanted = around(world)
    [missing] = await record.standby(replace(wanted, settings={**wanted.settings, "MOTCUA_STANDBY": "true"}))
    assert (alone.health, missing.health) == (Health.OK, Health.FAIL)
