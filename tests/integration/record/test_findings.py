"""The log takes an outside act's event only with the act's stored finding, from a run that knows the same events."""

from __future__ import annotations

from typing import Any, Final
from uuid import uuid4

import pytest
from temporalio.exceptions import ApplicationError

from activities.ledger.append import Ledger
from activities.ledger.findings import Findings
from activities.ledger.vault import KeyGoneError, Vault
from activities.support.readings import Readings
from operations.commands.ledger import ledger
from operations.doctor.record.events import UNRECORDED
from rules.evidence import Finding
from rules.parcel.evidence import tracked
from rules.payment.evidence import captured, closed, ordered
from rules.require import require
from rules.streams import KINDS
from schemas.parcel.state import Meaning, Step
from schemas.payment.events import PaymentOrdered
from schemas.payment.state import Capture
from schemas.stream.ledger import Found
from tests.conftest import World
from tests.integration.record.appends import ASKED, NOW, RELEASED, Log, opened
from tests.shell import Shell

UNTIL: Final = {"limit": "5 working days", "since": NOW, "calendar": "vn@2026.1", "due": NOW}
REQUESTED: Final = UNTIL | {"kind": "payment_requested", "n": 1, "amount": 16000}
TAKEN: Final = Capture(capture_id="c1", amount=16000, at=NOW)
MONEY: Final = {"kind": "payment_captured", "capture_id": "c1", "amount": 16000, "captured_at": NOW, "owed": True}

DAYS: Final = "clock_timestamp() - interval '1 day' *"
STREAM: Final = f"insert into stream (stream, agency, head_seq, head_at) values ($1, 'H01', 1, {DAYS} $2)"  # noqa: S608
STANDING: Final = "insert into standing values ($1, 'payment', gen_random_uuid(), 'H01', 1, null, $2, $3, '{}')"
OPEN: Final = (True, None)
FOUND: Final = f"insert into finding select $1, 'x', gen_random_uuid(), '{{}}', {DAYS} $2 from generate_series(1, 2)"  # noqa: S608


async def rules(log: Log, *events: dict[str, Any], of: str = "payment", **changes: Any) -> list[str]:
    """Returns the rules by which the log refuses these events; no findings are kept for them."""
    ledger = Ledger(log.pool, Vault(log.world.settings.master), KINDS)
    refused = (await ledger.append(log.batch(*events, stream=of, **changes))).refused
    return [] if refused is None else [one.rule for one in refused.problems]


async def test_money_is_recorded_as_it_was_found_and_not_otherwise(world: World) -> None:
    async with opened(world) as log:
        await log.append(ASKED)
        await log.append(REQUESTED, stream="payment")
        stream, findings = f"payment:{log.filing}:1", Findings(log.pool)
        assert await rules(log, MONEY) == ["not_recorded"]
        await findings.keep(f"payment:{log.filing}:2", captured(TAKEN))
        await findings.keep(stream, Finding("payment_ordered", {"order_id": "c1"}))
        assert await rules(log, MONEY) == ["not_recorded"]
        for _ in range(2):
            await findings.keep(stream, captured(TAKEN))
        at = "2026-11-25T03:00:01Z"
        for change in ({"amount": 16001}, {"capture_id": "c2"}, {"attempt": 2}, {"captured_at": at}):
            assert await rules(log, MONEY | change) == ["not_recorded"]
        assert await rules(log, MONEY) == []
        assert await log.pool.fetchval("select count(*) from finding where kind = $1", MONEY["kind"]) == 2


async def test_a_tracking_step_is_recorded_in_the_words_of_the_post_alone(world: World) -> None:
    async with opened(world) as log:
        async with world.connection() as connection:
            key = require(await Vault(world.settings.master).find(connection, log.filing))
        step = Step(meaning=Meaning.OTHER, said="V", message="Đã đến bưu cục Hà Đông", at=NOW)
        event = {"kind": "consignment_reported", "said": "V", "happened_at": NOW}
        await Findings(log.pool).keep(f"parcel:{log.filing}:1", tracked(step, None, key.digest))
        for other in ({}, {"message": "Hãy trả 500.000 đồng"}, {"message": step.message, "said": "W"}):
            assert await rules(log, event | other, of="parcel") == ["not_recorded"]
        assert "Hà Đông" not in str(await log.pool.fetch("select * from finding"))
        assert await rules(log, event | {"message": step.message}, of="parcel") == []


async def test_an_order_is_recorded_with_its_own_address_to_pay_at_which_nobody_reads_beside_it(world: World) -> None:
    """The address to pay at may contain the payer's network address."""
    async with opened(world) as log:
        await log.append(ASKED)
        await log.append(REQUESTED, stream="payment")
        async with world.connection() as connection:
            key = require(await Vault(world.settings.master).find(connection, log.filing))
        url = "https://vnpay.test/pay?vnp_IpAddr=203.0.113.9"
        event = {"kind": "payment_ordered", "order_id": "o1", "pay_url": url}
        found = ordered(PaymentOrdered.model_validate(event), key.digest(url))
        await Findings(log.pool).keep(f"payment:{log.filing}:1", found)
        assert "vnpay" not in str(await log.pool.fetch("select * from finding"))
        for other in ({"pay_url": f"{url}1"}, {"order_id": "o2"}, {"attempt": 2}, {"pay_url": None, "code": "0002"}):
            assert await rules(log, event | other) == ["not_recorded"]
        assert await rules(log, event) == []
        recorded = await log.pool.fetch("select convert_from(body, 'UTF8') from event where kind = 'payment_ordered'")
        assert "vnpay" not in str(recorded)


async def test_what_a_batch_rests_on_is_found_or_the_run_is_told_so(world: World) -> None:
    async with opened(world) as log:
        await log.append(ASKED)
        finding = Finding("files_examined", {"files": ["ab" * 32]})
        stream = f"filing:{log.filing}"
        named = (Found(stream=stream, kind=finding.kind, id=finding.id),)
        for events in ((RELEASED,), ()):
            assert (await log.append(*events, findings=named)).unfounded
        await Findings(log.pool).keep(stream, finding)
        assert [one.event["kind"] for one in (await log.append(RELEASED, findings=named)).stored] == ["released"]
        assert (await log.append(findings=named)).unfounded is None


async def test_what_a_batch_has_read_this_process_has_read_too(world: World) -> None:
    async with opened(world) as log:
        readings = Readings()
        ledger = Ledger(log.pool, Vault(log.world.settings.master), KINDS, readings=readings)
        await log.append(ASKED, command_id="known")
        for events in ((RELEASED,), ()):
            assert (await ledger.append(log.batch(*events, readings=("ab" * 32,)))).unfounded
        repeated = await ledger.append(log.batch(readings=("ab" * 32,), command_id="known"))
        assert [one.command_id for one in repeated.receipts] == ["known"], "the log leads"
        behind = await ledger.append(log.batch(readings=("ab" * 32,), next_seq=1))
        assert (behind.unfounded, len(behind.stored)) == (True, 1), "a state that rests on it is of no use"
        readings.keep("ab" * 32)
        assert (await ledger.append(log.batch(RELEASED, readings=("ab" * 32, "cd" * 32)))).unfounded
        assert (await ledger.append(log.batch(RELEASED, readings=("ab" * 32,)))).stored


async def test_a_run_that_was_told_other_events_does_not_go_on(world: World) -> None:
    """The run may have got those events from an intruder's worker."""
    async with opened(world) as log:
        first = await log.append(ASKED)
        assert (await log.append(head=first.head)).head == first.head
        second = await log.append(RELEASED, head=first.head)
        assert second.head not in {None, first.head}
        for events in ((RELEASED,), ()):
            with pytest.raises(ApplicationError, match="other events"):
                await log.append(*events, head="ab" * 32)
        with pytest.raises(ApplicationError, match="other events"):
            await log.append(next_seq=2, head="ab" * 32)


async def test_a_run_ahead_of_the_log_learns_no_receipt(world: World) -> None:
    async with opened(world) as log:
        await log.append(ASKED, command_id="known")
        with pytest.raises(ApplicationError, match="holds less"):
            await log.append(next_seq=9, command_id="known")


async def test_a_run_of_a_filing_that_was_never_recorded_is_told_so(world: World) -> None:
    """The filing has no key, so an append that waited for the key would never end."""
    async with opened(world) as log:
        ledger = Ledger(log.pool, Vault(log.world.settings.master), KINDS)
        log.filing = uuid4()
        with pytest.raises(ApplicationError, match="holds less"):
            await ledger.append(log.batch(RELEASED, next_seq=2))
        with pytest.raises(KeyGoneError):
            await ledger.append(log.batch(RELEASED))


async def test_a_run_of_a_filing_that_was_lost_is_told_so_by_whichever_event(world: World) -> None:
    """The filing's key is still in this process's cache."""
    async with opened(world) as log:
        await log.append(RELEASED)
        lost = "alter table {0} disable trigger all; delete from {0}; alter table {0} enable trigger all"
        for table in ("event", "stream", "receipt"):
            await world.execute(lost.format(table))
        for event in (RELEASED, {"kind": "result_offered", "n": 1}):
            with pytest.raises(ApplicationError, match="holds less"):
                await log.append(event)


async def test_nothing_ends_without_money_that_somebody_has_found(world: World) -> None:
    async with opened(world) as log:
        await log.append(ASKED)
        await log.append(REQUESTED, stream="payment")
        stream, findings = f"payment:{log.filing}:1", Findings(log.pool)
        await findings.keep(stream, closed(1))
        expired = {"kind": "payment_expired", "requests": [1]}
        assert await rules(log, expired | {"requests": [1, 2]}) == ["not_recorded"], "the second is not closed"
        await findings.keep(stream, captured(TAKEN))
        assert await rules(log, expired) == ["not_recorded"]
        assert await log.pool.fetch(UNRECORDED) == []
        await world.execute("update finding set at = at - interval '10 minutes'")
        await world.execute(STANDING, stream, *OPEN)
        [told] = await log.pool.fetch(UNRECORDED)
        assert (told["kind"], told["acts"]) == ("payment_captured", 1)
        await log.append(MONEY | {"owed": False}, stream="payment")
        assert await log.pool.fetch(UNRECORDED) == []
        assert await rules(log, expired) == []


async def test_findings_are_deleted_thirty_days_after_the_end_of_their_stream(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Findings of streams that never began are deleted after the same time; only the owner deletes, page by page."""
    monkeypatch.setattr(ledger, "PAGE", 3)
    streams: dict[str, tuple[int, int | None, tuple[bool, Any] | None]] = {
        # the days since its findings, since its last event, and whether it is open, or until when it is watched
        "payment:1 ended long ago": (31, 31, (False, None)),
        "payment:2 ended long ago, but asked today": (0, 31, (False, None)),
        "payment:3 ended lately": (40, 29, (False, None)),
        "payment:4 open": (40, 40, OPEN),
        "payment:5 watched": (40, 40, (False, NOW)),
        "payment:6 without a row": (40, 40, None),
        "payment:7 never begun": (31, None, None),
        "payment:8 never begun yet": (29, None, None),
    }
    async with world.connection() as superuser:
        for name, (found, last, standing) in streams.items():
            await superuser.execute(FOUND, name, found)
            if last is not None:
                await superuser.execute(STREAM, name, last)
            if standing is not None:
                await superuser.execute(STANDING, name, *standing)
        shell = Shell(world.process_env | {"MOTCUA_OWNER_DATABASE_URL": world.owner_dsn})
        refused = await shell("ledger", "sweep", MOTCUA_OWNER_DATABASE_URL=world.app_dsn)
        told = [await shell("ledger", "sweep", *said) for said in (("--json",), ("--lang", "vi"))]
        left = await superuser.fetch("select stream, count(*) as n from finding group by stream order by stream")
    assert (refused.code, told[0].json, told[1].out) == (1, {"deleted": 4}, "đã xóa 0 kết quả kiểm tra cũ\n")
    assert [(row["stream"], row["n"]) for row in left] == [(name, 2) for name in streams if name[8] not in "17"]
