"""Receipts for money: one for each fee and kind, no gap in the numbers, void ones for ever; a service that is away."""

import asyncio
from datetime import datetime
from functools import partial
from typing import Final

import pytest

from activities.partners.receipts import ReceiptService
from motcua.signing import Authenticated, Speaker
from operations.commands.money.receipts import void_receipt
from operations.doctor.check import Health
from operations.doctor.record.long_waits import papers as owed_papers
from operations.evidence.bundle import export
from rules.papers.register import period
from rules.require import require
from rules.time.working_time import VIETNAM
from schemas.errors import RefusalError
from schemas.filing import commands as cm
from schemas.filing.commands import Command
from schemas.identity.statement import UNNAMED, Assurance, Claim, seconds
from schemas.papers.commands import ApproveVoid, VoidReceipt
from schemas.papers.state import PaperKind, ReceiptRegister
from schemas.people import Actor, Role
from schemas.publishing.fee import FeeKind
from tests.conftest import World
from tests.integration.operations.principals import FIRST, SECOND, two_programs
from tests.integration.papers import receipts as rc
from tests.integration.papers.receipts import CASHIER, KINDS_OF_PAPER, LAND, LE_PHI, LEADER, PHI, issued, paid, sound
from tests.integration.papers.receipts import outside as outside
from tests.integration.papers.receipts import service as service
from tests.integration.papers.relays import NO_FOOT, RELAYS, Desk, at_work, desk, work
from tests.locked import now_in_force
from tests.locked import register as registered
from tests.printed import codes, pages, raw_text
from tests.sandboxes import Server
from tests.shell import Shell
from tests.speaking import grant, principal, private_key
from tests.waits import around
from verifier.bundle import canonical
from verifier.bundle import verify as verify_bundle
from views.registers.papers import receipts

__all__ = ["desk"]

YEAR: Final = f"{datetime.now(VIETNAM):%Y}"


async def register(desk: Desk, name: str = YEAR, kind: FeeKind | None = None) -> ReceiptRegister:
    async with desk.log() as log:
        return await receipts(log.connection, LAND, require(period(name)), kind)


async def test_a_fee_has_one_receipt_for_phi_and_one_for_le_phi(world: World, desk: Desk) -> None:
    async with at_work(world):
        play = await paid(world)
    await work(desk.relay())

    told = {one["of"]: one for one in await issued(world)}
    assert {of: one["amount"] for of, one in told.items()} == {"phi": PHI, "le_phi": LE_PHI}
    assert {of: one["series"] for of, one in told.items()} == {"phi": f"BLP-{YEAR[2:]}", "le_phi": f"BLLP-{YEAR[2:]}"}
    phi, le_phi = f"{LAND}-{YEAR}-BP0000001", f"{LAND}-{YEAR}-BL0000001"
    assert {of: one["number"] for of, one in told.items()} == {"phi": phi, "le_phi": le_phi}
    assert all((one["officer"], one["means"]) == (f"{LAND.lower()}-cashier-1", "cash") for one in told.values())
    papers = {one.paper: one for one in await desk.made(play)}
    for kind, number, words in (
        (PaperKind.CHARGE_RECEIPT, phi, "Một trăm mười lăm nghìn đồng"),
        (PaperKind.FEE_RECEIPT, le_phi, "Ba mươi nghìn đồng"),
    ):
        file = await desk.store.get(papers[kind].file)
        said = raw_text(file, NO_FOOT)
        assert all(one in said for one in (number, words, str(play.submission.applicant.name), "tiền mặt"))
        assert codes(pages(file)[0], 200) == {"Code 128": play.code}
    async with world.connection() as connection:
        bundle = require(await export(connection, str(play.code), None))
    assert verify_bundle(canonical(bundle)).problems == []
    await sound(world)


async def test_many_relays_at_once_give_each_fee_one_number_and_miss_none(world: World, desk: Desk) -> None:
    async with at_work(world):
        plays = [await paid(world) for _ in range(5)]
    await asyncio.gather(*(work(desk.relay()) for _ in range(RELAYS)))
    numbers = [one["number"] for one in await issued(world)]
    wanted = [f"{LAND}-{YEAR}-{mark}000000{n}" for mark in ("BL", "BP") for n in range(1, 6)]
    assert sorted(numbers) == wanted
    for play in plays:
        made = [one.paper for one in await desk.made(play) if one.paper in KINDS_OF_PAPER]
        assert sorted(made) == sorted(KINDS_OF_PAPER)
    found = await register(desk)
    assert (found.gaps, found.issued, found.void) == ((), 5 * (PHI + LE_PHI), 0)
    assert [one.number for one in (await register(desk, kind=FeeKind.CHARGE)).receipts] == wanted[5:]
    await sound(world)


async def test_a_void_receipt_keeps_its_number_and_another_takes_the_next(
    world: World, desk: Desk, shell: Shell
) -> None:
    async with at_work(world):
        play = await paid(world)
    await work(desk.relay())
    first, phi = f"{LAND}-{YEAR}-BL0000001", f"{LAND}-{YEAR}-BP0000001"
    void = ("receipt", "void", first, "--reason", "Ghi sai tên Nguyễn Thị Ước", "--json")

    for who in (f"specialist:{LAND.lower()}-specialist-1@{LAND}", "cashier:h01.12-cashier-1@H01.12"):
        assert (await shell(*void, "--as", who)).code == 1
    stranger = await shell(*void, "--as", f"cashier:nobody@{LAND}")
    assert (stranger.code, "not_in_directory" in stranger.err + stranger.out) == (1, True)
    assert (await register(desk)).void == 0, "nothing was recorded"

    approve = ("receipt", "approve-void", first, "--json")
    early = await shell(*approve, "--as", LEADER)
    assert (early.code, "no_void_asked" in early.out) == (1, True)
    assert (await shell(*void, "--again", "--as", CASHIER)).code == 0
    assert ((await register(desk)).void, await work(desk.relay())) == (0, 0), "it waits for another officer"
    alone = await shell(*approve, "--as", CASHIER)
    assert (alone.code, "needs_another" in alone.out) == (1, True)
    ended = await shell(*approve, "--as", LEADER)
    assert (ended.code, ended.json["number"], bool(ended.json["voided_at"])) == (0, first, True)
    assert (await shell(*void, "--as", CASHIER)).code == 1, "for ever"
    assert await work(desk.relay()) == 2
    second = f"{LAND}-{YEAR}-BL0000002"
    assert (await shell("receipt", "show", first, "--json")).json["replaced_by"] == second
    assert (await shell("receipt", "show", second, "--json")).json["replaces"] == first
    paper = [one for one in await desk.made(play) if one.paper is PaperKind.FEE_RECEIPT][-1]
    said = raw_text(await desk.store.get(paper.file), NO_FOOT)
    assert all(one in said for one in ("Thay cho biên lai đã hủy, số", first, second))

    assert (await shell("receipt", "void", phi, "--reason", "Trùng", "--as", CASHIER)).code == 0
    assert (await shell("receipt", "approve-void", phi, "--as", LEADER)).code == 0
    assert await work(desk.relay()) == 0, "nothing else was asked for"
    listed = await shell("receipt", "list", LAND, YEAR, "--json")
    sums = (listed.json["issued"], listed.json["void"], listed.json["gaps"])
    assert (listed.code, *sums) == (0, LE_PHI, PHI + LE_PHI, [])
    assert first in (await shell("receipt", "list", LAND, f"{datetime.now(VIETNAM):%Y-%m}", "--kind", "le_phi")).out
    sealed = await world.fetch("select body from event where kind in ('receipt_void_asked', 'receipt_voided')")
    assert "Ước".encode() not in b"".join(row["body"] for row in sealed), "what people write is sealed"
    await sound(world)


def void_by_two() -> tuple[VoidReceipt, ApproveVoid]:
    number, common = f"{LAND}-{YEAR}-BL0000001", {"via": {"principal": "motcua"}}
    cashier, leader = (
        Actor(subject=f"{LAND.lower()}-{role}-1", role=role, agency=LAND) for role in (Role.CASHIER, Role.LEADER)
    )
    asks = VoidReceipt.model_validate(
        {"command_id": "v", "actor": cashier, "registered": number, "reason": "Sai"} | common
    )
    yes = ApproveVoid.model_validate({"command_id": "a", "actor": leader, "registered": number} | common)
    return asks, yes


async def test_a_void_by_two_names_of_one_program_is_refused(world: World, desk: Desk) -> None:
    async with at_work(world):
        await paid(world)
    await work(desk.relay())
    await two_programs(world)
    asks, yes = void_by_two()

    async def take(command: VoidReceipt | ApproveVoid, by: tuple[str, int] | None) -> str | None:
        sign = (lambda _, it: it) if by is None else partial(signed_to, by)
        try:
            await void_receipt(world.app_dsn, world.settings.master, command, sign)
        except RefusalError as error:
            return error.refusal.problems[0].rule
        return None

    assert await take(asks, None) == "statement_missing"
    assert await take(asks, FIRST) is None
    assert await take(yes, None) == "statement_missing"
    assert await take(yes, FIRST) == "needs_another_key"
    assert (await register(desk)).void == 0
    assert await take(yes, SECOND) is None
    assert (await register(desk)).void == LE_PHI


def signed_to(by: tuple[str, int], stream: str, command: Command) -> Command:
    name, seed = by
    return Speaker(name, private_key(seed), UNNAMED).command(stream, command, Authenticated())


async def test_a_void_by_two_tokens_at_one_door_is_one_by_two(world: World, desk: Desk) -> None:
    async with at_work(world):
        await paid(world)
    await work(desk.relay())
    clients = [principal(name, grant(Claim.OFFICERS, "*", least=Assurance.LOW), keys=()) for name in ("desk", "other")]
    for_all = grant(Claim.PROGRAMS, least=Assurance.LOW)
    await registered(world, principal("door", for_all, keys=(now_in_force(91),)), *clients)
    door, now = Speaker("door", private_key(91), UNNAMED), seconds(datetime.now(VIETNAM))
    asks, yes = void_by_two()

    async def take(
        command: VoidReceipt | ApproveVoid, token: str | None, ago: int = 0, client: str = "desk"
    ) -> str | None:
        how, by = Authenticated(auth_time=now - ago, token=token), door.of_client(client)
        try:
            await void_receipt(
                world.app_dsn, world.settings.master, command, lambda stream, it: by.command(stream, it, how)
            )
        except RefusalError as error:
            return error.refusal.problems[0].rule
        return None

    first, second = "a" * 64, "b" * 64
    assert await take(asks, first, client="nobody") == "program_not_spoken_for"
    assert await take(asks, first) is None
    assert await take(yes, first) == "needs_another_key"
    assert await take(yes, None) == "needs_another_key"
    assert await take(yes, second, 16 * 60) == "needs_another_key"
    assert await take(yes, first, client="other") == "needs_another_key", "the signer is the same"
    assert (await register(desk)).void == 0
    assert await take(yes, second) is None
    assert (await register(desk)).void == LE_PHI
    filed = await world.fetch("select split_part(via, '/', 1) as by from event where kind = 'receipt_void_asked'")
    assert [row["by"] for row in filed] == ["desk"]
    await sound(world)


async def test_a_missing_number_is_named(world: World, desk: Desk, shell: Shell) -> None:
    async with at_work(world):
        await paid(world)
    await work(desk.relay())
    await world.execute("update counter set last = 3 where kind = 'receipt_phi'")
    ended = await shell("receipt", "list", LAND, YEAR, "--json")
    assert (ended.code, [gap["missing"] for gap in ended.json["gaps"]]) == (1, [["2", "3"]])
    assert (await shell("receipt", "list", LAND, YEAR, "--kind", "le_phi")).code == 0
    assert (await shell("receipt", "list", LAND, f"{YEAR}-13")).code == 2
    assert (await shell("receipt", "show", f"{LAND}-{YEAR}-BP0000009")).code != 0


async def test_a_service_that_is_away_holds_up_the_receipt_alone_and_gives_it_one_number(
    world: World, desk: Desk, service: Server, outside: ReceiptService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("activities.partners.http.TIMEOUT_S", 0.5)
    await rc.by_service(world)
    async with at_work(world):
        play = await paid(world)
        await rc.outage(service, "hang")
        await work(desk.relay(receipts=outside))
        assert {*(await desk.owed())} == {(str(kind), 1, "UnreachableError") for kind in KINDS_OF_PAPER}
        assert PaperKind.RECEIPT in {one.paper for one in await desk.made(play)}, "the other papers are made"
        await play.act(cm.Claim, play.officer(Role.SPECIALIST))
    [finding] = await owed_papers(around(world))
    assert (finding.health, "receipt" in finding.what.en) == (Health.WARN, True)
    await rc.outage(service, "none")
    await desk.now()
    assert await work(desk.relay(receipts=outside)) == 4
    assert len(await rc.given(service)) == 2, "what it had done while it did not answer was not done again"
    told = await issued(world)
    assert {(one["series"], one["given"]) for one in told} == {("1C26TBL", "0000001"), ("1C26TBL", "0000002")}
    assert all("number" not in one for one in told)
    await sound(world)


async def test_a_void_receipt_is_told_before_another(
    world: World, desk: Desk, service: Server, outside: ReceiptService
) -> None:
    await rc.by_service(world)
    async with at_work(world):
        await paid(world)
    await work(desk.relay(receipts=outside))
    number = next(one.number for one in (await register(desk)).receipts if one.kind is FeeKind.FEE)
    shell = Shell(world.process_env)
    assert (await shell("receipt", "void", number, "--reason", "Sai", "--again", "--as", CASHIER)).code == 0
    ended = await shell("receipt", "approve-void", number, "--as", LEADER)
    assert ended.code == 0, ended.err
    assert await work(desk.relay(receipts=outside)) == 2
    assert [one["void"] for one in await rc.given(service)].count(True) == 1
    found = await register(desk)
    assert (len(found.receipts), found.issued, found.void, found.gaps) == (3, PHI + LE_PHI, LE_PHI, ())
    await sound(world)


async def test_without_a_service_what_it_would_number_waits(world: World, desk: Desk) -> None:
    await rc.by_service(world)
    async with at_work(world):
        await paid(world)
    await work(desk.relay())
    assert {problem for _, _, problem in await desk.owed()} == {"NoReceiptServiceError"}
    assert await issued(world) == []
