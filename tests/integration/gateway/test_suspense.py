"""Officers' decisions about money in suspense, through the command, over real PostgreSQL, and their effects."""

import asyncio
from collections import Counter
from collections.abc import Awaitable
from datetime import datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import httpx
import pytest

from activities.ledger.vault import Vault
from gateway.relay import Relay
from motcua.files.store import Store, open_store
from operations.commands.money.suspense import take
from operations.store.sweep import sweep
from rules.time.working_time import VIETNAM
from schemas.errors import RefusalError
from schemas.money.suspense import ApproveSuspense, AssignSuspense, GiveBackSuspense, Suspense
from schemas.people import OFFICERS, Actor, Role
from tests.acting import AGENCY, broken, eventually, officer
from tests.conftest import World
from tests.integration.gateway.calls import AMOUNT, Payments, demand, kept, note, noted, payments, relay, till
from tests.integration.operations.principals import FIRST, SECOND, signed, two_programs
from tests.shell import Shell
from tests.workflow.money import AMOUNT as FEE
from tests.workflow.money import PAID, Till, at_work, requested_fee

__all__ = ["payments", "relay", "till"]

CASHIER: Final = f"cashier:h56.30-cashier-1@{AGENCY}"
LEADER: Final = f"leader:h56.30-leader-1@{AGENCY}"
REASON: Final = ("--reason", "canary: khớp sao kê")


async def takes(world: World) -> None:
    await world.execute("update agency set merchants = '{treasury}' where agency = $1", AGENCY)


async def came(gateway: httpx.AsyncClient, shell: Shell, memo: str = "canary", **said: Any) -> str:
    """Reports money whose memo names no demand; returns the id of the money in suspense."""
    await noted(gateway, note(memo, **said))
    return str((await shell("money", "suspense", "--json")).json[-1]["id"])


async def rules(shell: Shell, *command: str) -> list[str]:
    ended = await shell("money", *command, "--json")
    assert ended.code == 1, ended.out
    return [one["rule"] for one in ended.json["problems"]]


async def test_it_goes_back_by_two_with_evidence_and_is_never_anybodys_again(
    world: World, gateway: httpx.AsyncClient, shell: Shell, relay: Relay, payments: Payments, tmp_path: Path
) -> None:
    await takes(world)
    reference, _ = await demand(world, "treasury")
    await world.execute("update payment set reference = reverse(reference)")
    which = await came(gateway, shell, f"canary {reference}")
    (tmp_path / "order.pdf").write_bytes(b"%PDF-1.7 canary")
    given = ("given", which, "--means", "transfer", "--bank-reference", "FT1", "--evidence", "order.pdf", "--as")
    assert await rules(shell, *given, CASHIER) == ["nothing_left_to_hand"]
    ended = await shell("money", "give-back", which, *REASON, "--as", CASHIER, "--json")
    assert (ended.code, ended.json["state"], ended.json["steps"][0]["reason"]) == (0, "asked", REASON[1])
    assert await rules(shell, "approve", which, "1", "--as", CASHIER) == ["role_not_allowed"]
    assert (await shell("money", "approve", which, "1", "--as", LEADER, "--json")).json["state"] == "to_give_back"
    assert [one["state"] for one in (await shell("money", "suspense", "--json")).json] == ["to_give_back"]
    await world.execute("update payment set reference = $1", reference)
    await world.execute("insert into bank_reference values ($1, 'FT1', 'filing:elsewhere', 7)", AGENCY)
    assert await rules(shell, *given, CASHIER) == ["counts_already"], "a fee at the counter has this number"
    await world.execute("delete from bank_reference")
    assert (await noted(gateway, note(f"canary {reference}"))).json() == {"code": "already"}
    assert not await relay.some(), "its memo names a demand by now, and it goes back all the same"
    assert (await shell("money", *given, CASHIER, "--json")).json["state"] == "given_back"
    assert (await shell("money", "suspense", "--json")).json == []
    shown = (await shell("money", "suspense", which)).out
    assert ("canary: khớp sao kê" in shown, "FT1" in shown) == (True, True)
    (row,) = await kept(world)
    assert (row["verdict"], row["stream"], payments.told) == ("given_back", None, [])
    async with world.connection() as connection:
        assert await connection.fetchval("select reference from bank_reference where agency = $1", AGENCY) == "FT1"
        steps = await connection.fetch("select * from suspense_step order by n")
        assert "canary" not in "".join(str(dict(step)) for step in steps)
        for change in ("update suspense_step set officer = 'x'", "delete from suspense_step"):
            with pytest.raises(Exception, match="permission denied"):
                async with world.connection(world.app_dsn) as app:
                    await app.execute(change)
        await connection.execute("delete from filing_key")
    ended = await shell("money", "suspense", which, "--json")
    assert [ended.json["memo"], *(step.get("reason") for step in ended.json["steps"])] == ["", None, None, None]


async def test_two_names_by_one_program_are_one(world: World, gateway: httpx.AsyncClient, shell: Shell) -> None:
    await takes(world)
    which = UUID(await came(gateway, shell))
    await two_programs(world)
    vault, about = Vault(world.settings.master), {"callback": which}
    back = {"command_id": "back", "actor": officer(Role.CASHIER), "reason": "x"} | about
    yes = ApproveSuspense.model_validate({"command_id": "yes", "actor": officer(Role.LEADER), "asked": 1} | about)
    async with world.connection(world.owner_dsn) as connection:
        asks = GiveBackSuspense.model_validate(back)
        assert await why(take(connection, vault, asks)) == "statement_missing"
        await take(connection, vault, signed(asks, FIRST))
        assert await why(take(connection, vault, signed(yes, FIRST))) == "needs_another_key"
        assert await why(take(connection, vault, yes)) == "statement_missing"
        assert (await take(connection, vault, signed(yes, SECOND))).state == "to_give_back"
        programs = "select split_part(via, '/', 1) from suspense_step order by n"
        assert [row[0] for row in await connection.fetch(programs)] == ["first", "second"]


async def why(call: Awaitable[object]) -> str:
    [(_, rule)] = await broken(call, RefusalError)
    return rule


async def test_the_evidence_is_scrubbed(world: World, gateway: httpx.AsyncClient, shell: Shell, tmp_path: Path) -> None:
    await takes(world)
    which = await came(gateway, shell)
    await shell("money", "give-back", which, *REASON, "--as", CASHIER)
    await shell("money", "approve", which, "1", "--as", LEADER)
    (tmp_path / "order.pdf").write_bytes(b"%PDF-1.7")
    given = ("given", which, "--means", "cash", "--evidence", tmp_path / "order.pdf", "--as", CASHIER, "--json")
    await world.execute("update agency set tills = true where agency = $1", AGENCY)
    assert await rules(shell, *map(str, given[:-1])) == ["no_cash"], "no till knows of it"
    await world.execute("update agency set tills = false where agency = $1", AGENCY)
    assert (await shell("money", *given)).json["steps"][2]["evidence"]["key"].startswith(f"files/{which}/")
    (tmp_path / "nobodys.pdf").write_bytes(b"%PDF-1.7 x")
    await Store(open_store(world.objects)).attach(which, tmp_path / "nobodys.pdf")
    how: dict[str, Any] = {"old": timedelta(0), "dry_run": False, "progress": lambda _: None}
    swept = await sweep(world.app_dsn, open_store(world.objects), world.settings.master, **how)
    assert (swept.named, swept.swept) == (1, 1)
    assert (await shell("store", "scrub", "--json")).json["fine"] == 1


async def test_the_directory_says_who_may_and_what_for(world: World, gateway: httpx.AsyncClient, shell: Shell) -> None:
    which = await came(gateway, shell)
    back = ("give-back", which, *REASON, "--as")
    assert await rules(shell, *back, CASHIER) == ["other_agency"], "the directory names no merchant for it"
    await takes(world)
    assert await rules(shell, *back, f"cashier:nobody@{AGENCY}") == ["not_in_directory"]
    assert await rules(shell, *back, "cashier:h01.12-cashier-1@H01.12") == ["other_agency"]
    _, others = await demand(world, "vnpay")
    ask = ("assign", which, str(others), "1", *REASON, "--as", CASHIER)
    assert (await shell("money", *ask)).code == 3, "the record has no such filing"
    nobodys = AssignSuspense.model_validate(step(which, officer(Role.CASHIER)) | {"filing_id": others, "payment": 1})
    with pytest.raises(RefusalError, match="unknown_payment"):
        await taken(world, nobodys)
    assert (await shell("money", "suspense", str(others))).code == 3
    assert await world.fetchval("select count(*) from suspense_step") == 0


def step(which: str, actor: Actor, command_id: str = "c") -> dict[str, Any]:
    return {"command_id": command_id, "actor": actor, "callback": which, "reason": "canary"}


async def taken(world: World, command: Any) -> Suspense:
    async with world.connection(world.app_dsn) as connection:
        return await take(connection, Vault(world.settings.master), command)


async def test_nobody_does_it_alone_by_any_role(world: World, gateway: httpx.AsyncClient, shell: Shell) -> None:
    """Both officers have every role, and each may be the other's substitute in any role."""
    await takes(world)
    which = await came(gateway, shell)
    today = datetime.now(VIETNAM).date()
    async with world.connection(world.owner_dsn) as connection:
        for subject, role in product(("one", "two", "three"), OFFICERS):
            add = "insert into officer (agency, subject, role, name) values ($1, $2, $3, 'Phạm Minh Đức')"
            await connection.execute(add, AGENCY, subject, role)
        asks = Actor(subject="one", role=Role.CASHIER, agency=AGENCY)
        await taken(world, GiveBackSuspense.model_validate(step(which, asks)))

        async def refusal(subject: str, role: Role) -> str:
            actor = Actor(subject=subject, role=role, agency=AGENCY)
            command = {"command_id": "approve", "actor": actor, "callback": which, "asked": 1}
            return await why(taken(world, ApproveSuspense.model_validate(command)))

        found = Counter([await refusal("one", role) for role in Role])
        assert found == {"needs_another": 1, "role_not_allowed": len(Role) - 1}
        for role, (absent, substitute) in product(OFFICERS, (("one", "two"), ("two", "one"))):
            away = "insert into absence values ($1, $2, $3, $4, $5, $6)"
            await connection.execute(away, AGENCY, absent, role, today, today + timedelta(days=1), substitute)
            assert await refusal("two", Role.LEADER) == "needs_another", (role, absent)
            await connection.execute("delete from absence")
        await connection.execute(away, AGENCY, "one", Role.LEADER, today, today + timedelta(days=1), "three")
        two = asks.model_copy(update={"subject": "two", "role": Role.LEADER})
        approval = ApproveSuspense(command_id="approve", actor=two, callback=UUID(which), asked=1)
        assert (await taken(world, approval)).state == "to_give_back"


async def test_many_at_once_take_each_step_once(world: World, gateway: httpx.AsyncClient, shell: Shell) -> None:
    await takes(world)
    which = await came(gateway, shell)
    ask = GiveBackSuspense.model_validate(step(which, officer(Role.CASHIER)))
    assert len({(await one).steps for one in [taken(world, ask) for _ in range(3)]}) == 1, "a repeat is done once"
    leaders = [officer(Role.LEADER, n=n) for n in (1, 2)]
    approvals = [
        ApproveSuspense.model_validate({"command_id": f"a{n}", "actor": leaders[n % 2], "callback": which, "asked": 1})
        for n in range(10)
    ]
    done = await asyncio.gather(*(taken(world, one) for one in approvals), return_exceptions=True)
    assert Counter(type(one) for one in done) == {Suspense: 1, RefusalError: 9}


@pytest.mark.parametrize("wire", ["vietqr"])
async def test_a_transfer_without_a_memo_is_for_the_payment_that_two_say(till: Till, shell: Shell) -> None:
    async with at_work(till):
        play, _, page = await requested_fee(till)
        await till.pay(page, "0009")
        (one,) = await eventually(lambda: waiting(shell), bool)
        which, code = one["id"], (await play.view()).code
        ask = ("assign", which, str(code), "1", *REASON, "--as")
        applicant = play.submission.applicant.subject
        add = "insert into officer (agency, subject, role, name) values ($1, $2, 'cashier', 'Nguyễn Văn An')"
        await till.world.execute(add, AGENCY, applicant)
        assert await rules(shell, *ask, f"cashier:{applicant}@{AGENCY}") == ["own_filing"]
        assert await rules(shell, *ask[:3], "2", *ask[4:], CASHIER) == ["unknown_payment"]
        assert (await shell("money", *ask, CASHIER, "--json")).json["state"] == "asked"
        assert "payment_captured" not in await play.kinds("payment", 1)
        assert (await shell("money", "approve", which, "1", "--as", LEADER, "--json")).json["state"] == "assigned"
        await eventually(play.kinds, lambda kinds: "fee_paid" in kinds)
        assert await play.kinds("payment", 1) == PAID
        view = await till.world.client.payment(play.filing)
        assert (view.state, view.captured, view.refunded) == ("paid", FEE, 0)
        (row,) = await eventually(lambda: kept(till.world), lambda rows: all(row["driven_at"] for row in rows))
        assert (row["verdict"], row["agency"]) == ("assigned", AGENCY)
        assert await rules(shell, "approve", which, "1", "--as", LEADER) == ["nothing_asked"]
        assert await waiting(shell) == []


async def waiting(shell: Shell) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await shell("money", "suspense", "--json")).json
    return found


async def test_what_finds_its_payment_by_itself_is_assigned_no_more(
    world: World, gateway: httpx.AsyncClient, shell: Shell, relay: Relay, payments: Payments
) -> None:
    """The memo names a later demand; once it exists, the bank reports the money again, before the leader approves."""
    await takes(world)
    reference, filing = await demand(world, "treasury")
    await world.execute("update payment set reference = reverse(reference)")
    which = await came(gateway, shell, reference)
    await world.execute("update payment set reference = $1", reference)
    assert (await shell("money", "give-back", which, *REASON, "--as", CASHIER)).code == 0
    await noted(gateway, note(reference))
    assert await rules(shell, "approve", which, "1", "--as", LEADER) == ["nothing_asked"]
    assert (await shell("money", "suspense", which, "--json")).json["state"] == "found"
    assert await relay.some()
    assert [(stream, told.amount) for stream, told in payments.told] == [(f"payment:{filing}:1", AMOUNT)]
