"""Tills: cash moves only through the open till, each sum counts once, and its total agrees with the log."""

import asyncio
import itertools
from typing import Any, Final
from uuid import uuid4

import asyncpg
import pytest
from pydantic import ValidationError

from motcua.errors import RefusedError
from operations.commands.money.tills import _HOLD as HOLD
from operations.commands.money.tills import close_till as close
from operations.commands.money.tills import count_till as count
from operations.commands.money.tills import open_till as open_
from operations.doctor.check import Health
from operations.doctor.record.long_waits import tills as left_open
from rules.require import require
from schemas.errors import RefusalError
from schemas.filing import commands as cm
from schemas.money.till import CloseTill, CountTill, OpenTill, TillShown
from schemas.people import Actor, Role
from tests.acting import AGENCY, VIA, Play, broken, eventually, officer
from tests.conftest import World
from tests.integration.papers.receipts import CASHIER, LAND, LE_PHI, PHI, land, paid, sound
from tests.integration.papers.relays import at_work
from tests.integration.record.appends import ASKED, WAITING, Log, opened
from tests.keyed import keyed
from tests.shell import Shell
from tests.waits import around
from views.registers.money import till_of

MINE: Final = officer(Role.CASHIER)


async def with_tills(world: World, agency: str = AGENCY) -> None:
    await world.execute("update agency set tills = true where agency = $1", agency)


def common_fields(actor: Actor = MINE, **fields: Any) -> dict[str, Any]:
    return {"command_id": uuid4().hex, "actor": actor, "via": VIA} | fields


def opening(actor: Actor = MINE, desk: str = "3", change: int = 100_000) -> OpenTill:
    return OpenTill.model_validate(common_fields(actor, desk=desk, change_fund=change))


FEE: Final = PHI + LE_PHI
LEADER: Final = officer(Role.LEADER)
ANOTHER: Final = "insert into officer (agency, subject, role, name, active) values ($1, $2, 'cashier', '-', true)"
IN_CASH: Final = {"kind": "fee_paid", "n": 1, "amount": 16000, "channel": "counter"}


def counting(till: TillShown, total: int, actor: Actor = MINE) -> CountTill:
    return CountTill.model_validate(common_fields(actor, till=till.number, total=total))


def closing(till: TillShown, actor: Actor = MINE, **fields: Any) -> CloseTill:
    return CloseTill.model_validate(common_fields(actor, till=till.number, **fields))


async def why(work: Any) -> str:
    [(_, rule)] = await broken(work, RefusalError)
    return rule


async def pay(log: Log, **changes: Any) -> Any:
    fresh = Log.__new__(Log)
    fresh.__dict__.update(log.__dict__ | {"filing": await keyed(log.world), "_heads": {}})
    await fresh.append(ASKED)
    return await fresh.append(IN_CASH | changes, actor=MINE)


async def test_cash_needs_the_cashiers_own_open_till_and_goes_through_it(world: World, shell: Shell) -> None:
    await with_tills(world, LAND)
    other = "cashier:h01.40-cashier-2@H01.40"
    await world.execute(ANOTHER, LAND, "h01.40-cashier-2")
    async with at_work(world):
        play = await Play.accepted(world, land())
        cashier = play.officer(Role.CASHIER)
        assert [rule for _, rule in await broken(play.act(cm.PayAtCounter, cashier, amount=FEE))] == ["no_open_till"]
        elsewhere = (await shell("till", "open", "2", "--as", other, "--json")).json
        with pytest.raises(RefusedError):
            await play.act(cm.PayAtCounter, cashier, amount=FEE)
        mine = (await shell("till", "open", "1", "--float", "500000", "--as", CASHIER, "--json")).json
        await play.act(cm.PayAtCounter, cashier, amount=FEE)
        await paid(world, means="transfer")
        code = (await play.view()).code
    number = mine["number"]
    assert (number.startswith(f"{LAND}-"), number == elsewhere["number"]) == (True, False)
    shown = (await shell("till", "show", number, "--json")).json
    assert [(one["amount"], one["code"]) for one in shown["cash"]] == [(FEE, code)]
    assert (shown["taken"], shown["given"], shown["expected"]) == (FEE, 0, 500_000 + FEE), "a transfer is no cash"
    assert (await shell("till", "show", elsewhere["number"], "--json")).json["cash"] == []

    notes = ("--note", "500000=1", "--note", "20000=7", "--note", "5000=1")
    asked = await shell("till", "close", number, "--as", CASHIER, "--json")
    assert (asked.code, asked.json["problems"][0]["rule"]) == (1, "count_first")
    by_other = await shell("till", "count", number, *notes, "--as", other, "--json")
    assert (by_other.code, by_other.json["problems"][0]["rule"]) == (1, "not_your_till")
    counted = (await shell("till", "count", number, *notes, "--as", CASHIER, "--json")).json
    assert [one["counted"] for one in counted["counts"]] == [645_000]
    closed = (await shell("till", "close", number, "--as", CASHIER, "--json")).json
    assert (closed["expected"], closed["difference"], closed["closing"]["officer"]) == (645_000, 0, "h01.40-cashier-1")
    assert [one["number"] for one in (await shell("till", "list", LAND, "--json")).json] == [elsewhere["number"]]
    listed = (await shell("till", "list", LAND, number.split("-")[1][:4], "--json")).json
    assert [one["number"] for one in listed] == [number, elsewhere["number"]]
    assert "645,000 đồng" in (await shell("till", "show", number)).out
    await sound(world)


async def test_an_agency_without_tills_takes_cash_as_before_and_opens_none(world: World) -> None:
    async with opened(world) as log, world.connection() as connection:
        assert (await pay(log)).refused is None
        assert await why(open_(connection, opening())) == "no_tills"
        assert await connection.fetchval("select count(*) from till_cash") == 0


async def test_a_cashier_and_a_desk_have_one_open_till_however_many_ask_at_once(world: World) -> None:
    await with_tills(world)

    async def begin(actor: Actor, desk: str) -> TillShown | str:
        async with world.connection() as connection:
            try:
                return await open_(connection, opening(actor, desk))
            except RefusalError as error:
                return error.refusal.problems[0].rule

    await world.execute(ANOTHER, AGENCY, "second")
    second = Actor(subject="second", role=Role.CASHIER, agency=AGENCY)
    found = await asyncio.gather(*(begin(actor, desk) for actor in (MINE, second) for desk in ("1", "2") * 4))
    begun = [one for one in found if isinstance(one, TillShown)]
    assert {one for one in found if isinstance(one, str)} == {"till_open_already"}
    assert len({one.cashier for one in begun}) == len({one.desk for one in begun}) == len(begun)
    assert {one.number.rpartition("-")[2] for one in begun} == {f"Q{n}" for n in range(1, len(begun) + 1)}
    with pytest.raises(asyncpg.UniqueViolationError):
        await world.execute(
            "insert into till_open (number, agency, desk, cashier) select number, agency, desk, 'x' from till"
        )


async def test_a_till_is_handled_by_its_cashier_or_a_leader_of_its_agency_alone(world: World) -> None:
    await with_tills(world)
    stranger = officer(Role.LEADER, agency="H01.12")
    nobody = Actor(subject="somebody", role=Role.LEADER, agency=AGENCY)
    async with world.connection() as connection:
        assert await why(open_(connection, opening(LEADER))) == "role_not_allowed"
        unknown_one = Actor(subject="x", role=Role.CASHIER, agency=AGENCY)
        assert await why(open_(connection, opening(unknown_one))) == "not_in_directory"
        till = await open_(connection, opening())
        others = (stranger, nobody, officer(Role.RECEPTION))
        rules = [await why(count(connection, counting(till, 100_000, who))) for who in others]
        assert rules == ["other_agency", "not_in_directory", "role_not_allowed"]
        await count(connection, counting(till, 100_000, LEADER))
        shut = await close(connection, closing(till, LEADER))
        assert shut.closing is not None
        assert (shut.closing.officer, shut.closing.difference) == (LEADER.subject, 0)
        assert await why(count(connection, counting(till, 1))) == "till_closed"
        assert await why(close(connection, closing(till))) == "till_closed"
        unknown = till.model_copy(update={"number": f"{AGENCY}-20200101-Q1"})
        assert await why(close(connection, closing(unknown))) == "unknown_till"


async def test_it_closes_by_a_count_that_came_after_all_of_its_cash_and_a_difference_has_a_reason(world: World) -> None:
    await with_tills(world)
    async with opened(world) as log, world.connection() as connection:
        begun = opening()
        till = await open_(connection, begun)
        assert await open_(connection, begun) == till, "a repeat of the same command is done once"
        counted = counting(till, 100_000)
        assert await count(connection, counted) == await count(connection, counted)
        await pay(log)
        assert await why(close(connection, closing(till))) == "count_first"
        await count(connection, counting(till, 115_500))
        assert await why(close(connection, closing(till))) == "till_differs"
        asked = closing(till, reason="a note of 500 is missing")
        shut = await close(connection, asked)
        assert shut.closing is not None
        assert (shut.closing.expected, shut.closing.counted, shut.closing.difference) == (116_000, 115_500, -500)
        assert await close(connection, asked) == shut
        answer = await pay(log)
        assert [one.rule for one in answer.refused.problems] == ["no_open_till"], "a closed till takes nothing more"
        assert (await open_(connection, opening())).number != till.number


async def test_a_closing_and_a_payment_never_cross(world: World) -> None:
    await with_tills(world)
    async with opened(world) as log, world.connection() as one, world.connection() as other:
        till = await open_(one, opening())
        await count(one, counting(till, 100_000))
        async with one.transaction():
            await one.execute(HOLD, till.number)
            waiting = asyncio.create_task(pay(log))
            await eventually(lambda: other.fetchval(WAITING), bool)
            await close(one, closing(till))
        assert [why.rule for why in (await waiting).refused.problems] == ["no_open_till"]

        till = await open_(one, opening())
        await count(one, counting(till, 100_000))
        await log.append(ASKED)
        async with one.transaction():
            await one.execute("select from stream for update")
            taking = asyncio.create_task(log.append(IN_CASH, actor=MINE))
            await eventually(lambda: other.fetchval(WAITING), bool)
            shutting = asyncio.create_task(why(close(other, closing(till))))
        assert (await taking).refused is None
        assert await shutting == "count_first", "what was being taken counts"
        shown = require(await till_of(one, till.number))
        assert (shown.taken, shown.movements) == (16_000, 1)


async def test_what_is_recorded_already_goes_through_no_till_again(world: World) -> None:
    await with_tills(world)
    async with opened(world) as log, world.connection() as connection:
        till = await open_(connection, opening())
        await log.append(ASKED)
        batch = log.batch(IN_CASH, actor=MINE)
        answers = [await log.ledger.append(batch) for _ in range(3)]
        assert {answer.receipts[-1].seq for answer in answers} == {2}
        shown = require(await till_of(connection, till.number))
        assert (shown.movements, shown.expected) == (1, 116_000)


def test_notes_are_those_that_there_are_and_a_count_is_one_thing() -> None:
    for wrong in ({}, {"total": 1, "notes": {500: 1}}, {"notes": {3: 1}}, {"notes": {500: -1}}, {"total": -1}):
        with pytest.raises(ValidationError):
            CountTill.model_validate(common_fields(till=f"{AGENCY}-20261127-Q1", **wrong))
    notes = dict(zip((500_000, 200_000, 500, 200), itertools.count(1), strict=False))
    told = CountTill.model_validate(common_fields(till=f"{AGENCY}-20261127-Q1", notes=notes))
    assert told.counted == 500_000 + 2 * 200_000 + 3 * 500 + 4 * 200


async def test_the_application_takes_no_row_back(world: World) -> None:
    await with_tills(world)
    async with world.connection() as connection:
        await open_(connection, opening())
    async with world.connection(world.app_dsn) as application:
        for table in ("till", "till_cash", "till_count", "till_closing"):
            for statement in ("delete from {}", "update {} set agency = ''"):
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await application.execute(statement.format(table))


async def test_the_doctor_names_tills_of_days_that_are_over(world: World) -> None:
    await with_tills(world)
    async with world.connection() as connection:
        till = await open_(connection, opening())
        assert [one.health for one in await left_open(around(world))] == [Health.OK]
        await connection.execute("update till set opened_at = opened_at - interval '1 day'")
    [found] = await left_open(around(world))
    assert (found.health, till.number in found.what.en) == (Health.WARN, True)
