"""The log takes what follows from an act outside only with its finding, and from a run that knows the same events."""

from __future__ import annotations

from typing import Any, Final

import pytest
from temporalio.exceptions import ApplicationError

from activities.ledger.append import Ledger
from activities.ledger.findings import Findings
from activities.ledger.vault import Vault
from activities.support.readings import Readings
from rules.evidence import Finding
from rules.payment.evidence import captured, closed
from rules.streams import KINDS
from schemas.payment.state import Capture
from schemas.stream.ledger import Found
from tests.conftest import World
from tests.integration.record.appends import ASKED, NOW, RELEASED, Log, opened

REQUESTED: Final = {
    "kind": "payment_requested",
    "n": 1,
    "amount": 16000,
    "limit": "5 working days",
    "since": NOW,
    "calendar": "vn@2026.1",
    "due": NOW,
}
TAKEN: Final = Capture(capture_id="c1", amount=16000, at=NOW)
MONEY: Final = {
    "kind": "payment_captured",
    "capture_id": "c1",
    "amount": 16000,
    "captured_at": NOW,
    "owed": True,
}


async def rules(log: Log, *events: dict[str, Any], **changes: Any) -> list[str]:
    """The rules by which the log refuses these events of the payment; nothing keeps findings for them."""
    ledger = Ledger(log.pool, Vault(log.world.settings.master), KINDS)
    refused = (await ledger.append(log.batch(*events, stream="payment", **changes))).refused
    return [] if refused is None else [one.rule for one in refused.problems]


async def test_money_is_recorded_as_it_was_found_and_not_otherwise(world: World) -> None:
    async with opened(world) as log:
        await log.append(ASKED)
        await log.append(REQUESTED, stream="payment")
        stream, findings = f"payment:{log.filing}:1", Findings(log.pool)
        assert await rules(log, MONEY) == ["not_recorded"]
        elsewhere = f"payment:{log.filing}:2"
        for where, finding in ((elsewhere, captured(TAKEN)), (stream, Finding("payment_ordered", {"order_id": "c1"}))):
            await findings.keep(where, finding)
        assert await rules(log, MONEY) == ["not_recorded"]
        for _ in range(2):
            await findings.keep(stream, captured(TAKEN))
        for change in (
            {"amount": 16001},
            {"capture_id": "c2"},
            {"attempt": 2},
            {"captured_at": "2026-11-25T03:00:01Z"},
        ):
            assert await rules(log, MONEY | change) == ["not_recorded"]
        assert await rules(log, MONEY) == []
        assert await log.pool.fetchval("select count(*) from finding where kind = $1", MONEY["kind"]) == 2


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
    """It may have been told them by a worker of a stranger's."""
    async with opened(world) as log:
        first = await log.append(ASKED)
        assert (await log.append(head=first.head)).head == first.head
        second = await log.append(RELEASED, head=first.head)
        assert second.head is not None
        assert second.head != first.head
        for events in ((RELEASED,), ()):
            with pytest.raises(ApplicationError, match="other events"):
                await log.append(*events, head="ab" * 32)
        behind = log.batch(next_seq=2, head="ab" * 32)
        with pytest.raises(ApplicationError, match="other events"):
            await log.ledger.append(behind)


async def test_a_run_ahead_of_the_log_learns_no_receipt(world: World) -> None:
    async with opened(world) as log:
        await log.append(ASKED, command_id="known")
        with pytest.raises(ApplicationError, match="holds less"):
            await log.append(next_seq=9, command_id="known")


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
        await log.append(MONEY | {"owed": False}, stream="payment")
        assert await rules(log, expired) == []
