"""The sandbox bank on its three wires, over HTTP: asked by the adapters, calling back, and with its faults."""

import json
import threading
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, Final

import httpx
import pytest

from activities.partners import http as outside
from activities.partners.http import RejectedError, UnreachableError
from activities.partners.money.memos import match
from activities.partners.money.merchants import Merchants, door, provider
from activities.partners.money.provider import (
    CAPABILITIES,
    Expected,
    Giving,
    Kind,
    NewDemand,
    Notice,
    Outcome,
    Provider,
    Received,
    Refunding,
    Verdict,
    judge,
)
from tests.callbacks import called_back, heard, merchants_of, new_demand
from tests.sandboxes import Server, until

NUMBERS = count(1)
AMOUNT: Final = 135_000
KINDS: Final[tuple[Kind, ...]] = ("vnpay", "platform", "vietqr")
HANG: Final = 2


@dataclass
class Call:
    kind: Kind
    received: Received
    at: float


@dataclass
class Sink:
    """Who is called back: answers as the gateway will, unless `unwell` says otherwise for a reference."""

    url: str = ""
    merchants: Merchants = field(default_factory=dict)
    demands: dict[str, NewDemand] = field(default_factory=dict)
    settled: set[str] = field(default_factory=set)
    calls: list[Call] = field(default_factory=list)
    unwell: dict[str, list[tuple[int, bytes]]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def notices(self, reference: str) -> list[Notice]:
        found = [heard(self.merchants, call.kind, call.received) for call in list(self.calls)]
        return [one for one in found if isinstance(one, Notice) and self.reference(one) == reference]

    def reference(self, notice: Notice) -> str | None:
        return notice.reference or match(notice.memo or "", self.demands)

    def answer(self, name: Any, received: Received) -> tuple[int, bytes]:
        call = Call(name, received, time.monotonic())
        with self.lock:
            self.calls.append(call)
            about = (call.received.query + call.received.body).decode()
            for named, answers in self.unwell.items():
                if named in about and answers:
                    return answers.pop(0)
            found = heard(self.merchants, call.kind, call.received)
            reference = self.reference(found) if isinstance(found, Notice) else found.reference
            demand = self.demands.get(reference or "")
            expected = Expected(amount=demand.amount, settled=reference in self.settled) if demand else None
            reply = door(call.kind, self.merchants[call.kind]).reply(judge(found, expected))
            if isinstance(found, Notice) and found.outcome is Outcome.PAID and reference:
                self.settled.add(reference)
            return reply.status, json.dumps(dict(reply.body)).encode()


@pytest.fixture(scope="module")
def called() -> Iterator[Sink]:
    sink = Sink()
    with called_back(sink.answer) as sink.url:
        yield sink


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory, called: Sink) -> Iterator[Server]:
    options = ("--pay-after", "0.3", "--retry-after", "0.4", "--callbacks", called.url)
    server = Server("bank", tmp_path_factory.mktemp("bank"), *options)
    server.start()
    called.merchants = merchants_of(server)
    yield server
    server.close()


@pytest.fixture
def sink(bank: Server, called: Sink) -> Iterator[Sink]:
    """The sink, with no fault left behind."""
    yield called
    called.unwell.clear()
    for wire in ("orders", *KINDS):
        bank.client.delete(f"/faults/{wire}").raise_for_status()


@pytest.fixture
async def providers(bank: Server) -> AsyncIterator[dict[Kind, Provider]]:
    async with httpx.AsyncClient(timeout=60, trust_env=False) as client:
        yield {found.kind: provider(name, found, client) for name, found in merchants_of(bank).items()}


@pytest.fixture
def demand(sink: Sink) -> NewDemand:
    return asked_for(sink)


def asked_for(sink: Sink) -> NewDemand:
    made = datetime.now(UTC).replace(microsecond=0)
    demand = new_demand(f"fee:{made}:{next(NUMBERS)}", AMOUNT, made, timedelta(seconds=1))
    sink.demands[demand.reference] = demand
    return demand


async def page_of(bank: Server, demand: NewDemand, wire: Provider) -> httpx.URL:
    """The pay page, as the payer's browser comes to it."""
    asked = await wire.order(demand)
    start = asked.pay_url or str(httpx.URL(f"{bank.url}/vietqr/scan", params={"code": asked.code or ""}))
    page = bank.client.get(start, follow_redirects=True)
    assert page.status_code == 200, page.text
    return page.url


async def paid(bank: Server, demand: NewDemand, wire: Provider, payer: str = "0001") -> httpx.Response:
    page = await page_of(bank, demand, wire)
    return bank.client.post(page, data={"payer": payer}, headers={"accept": "text/html"})


def fault(bank: Server, wire: str, name: str, times: int = 1, value: int = 0) -> None:
    bank.client.put(f"/faults/{wire}", json={"fault": name, "times": times, "value": value}).raise_for_status()


def told(bank: Server, wire: Kind, n: int) -> list[dict[str, Any]]:
    """The last n callbacks of a wire."""
    found = bank.client.get("/callbacks").json()["callbacks"]
    return [callback for callback in found if callback["wire"] == wire][-n:]


def ledger(bank: Server, key: str) -> dict[str, Any]:
    orders: list[dict[str, Any]] = bank.client.get("/ledger").json()["orders"]
    return next(order for order in orders if order["key"] == key)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_payment_is_told_once_and_ended_by_the_answer(
    bank: Server, sink: Sink, providers: dict[Kind, Provider], demand: NewDemand, kind: Kind
) -> None:
    await paid(bank, demand, providers[kind])
    until(lambda: sink.notices(demand.reference) and not told(bank, kind, 1)[0]["again"])
    (notice,) = sink.notices(demand.reference)
    assert (notice.amount, notice.outcome) == (AMOUNT, Outcome.PAID)
    assert told(bank, kind, 1)[0]["tries"] == 1
    if CAPABILITIES[kind].query:
        (asked,) = await providers[kind].query(demand)
        assert (asked.key, asked.amount) == (notice.key, AMOUNT)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["wrong_amount", "wrong_signature", "wrong_merchant", "garbled"])
async def test_a_wrong_one_is_answered_with_its_code(
    bank: Server, sink: Sink, providers: dict[Kind, Provider], demand: NewDemand, kind: Kind, name: str
) -> None:
    fault(bank, kind, name, value=5000)
    await paid(bank, demand, providers[kind])
    until(lambda: told(bank, kind, 1)[0]["answer"])
    answered = json.loads(told(bank, kind, 1)[0]["answer"])
    wrong = name == "wrong_amount"
    said = Verdict.WRONG_AMOUNT if wrong else Verdict.BAD_SIGNATURE
    assert (said if kind == "vietqr" else "04" if wrong else "97") in answered.values()
    assert [n.amount for n in sink.notices(demand.reference)][:1] == ([AMOUNT + 5000] if wrong else [])


async def test_callbacks_come_again_at_once_late_and_out_of_order(
    bank: Server, sink: Sink, providers: dict[Kind, Provider], demand: NewDemand
) -> None:
    wire, (copied, late, turned) = providers["vnpay"], [asked_for(sink) for _ in range(3)]
    sink.unwell[demand.reference] = [(500, b""), (404, b"<html>"), (401, b'{"RspCode": "99"}')]
    await paid(bank, demand, wire)
    until(lambda: told(bank, "vnpay", 1)[0]["tries"] == 4 and not told(bank, "vnpay", 1)[0]["again"])
    fault(bank, "vnpay", "copies", value=5)
    await paid(bank, copied, wire)
    until(lambda: len(sink.notices(copied.reference)) == 5)
    for again in (demand, copied):
        assert len({notice.key for notice in sink.notices(again.reference)}) == 1
    fault(bank, "vnpay", "late", value=1)
    began = time.monotonic()
    await paid(bank, late, wire)
    until(lambda: sink.notices(late.reference))
    assert sink.calls[-1].at - began >= 1
    fault(bank, "vnpay", "out_of_order")
    await paid(bank, turned, wire, "0008")
    until(lambda: len(sink.notices(turned.reference)) == 2)
    assert [n.outcome for n in sink.notices(turned.reference)] == [Outcome.REVERSED, Outcome.PAID]


@pytest.mark.parametrize("name", ["apply_then_hang", "hang_then_apply"])
async def test_a_refund_whose_answer_hangs_is_given_once(
    bank: Server,
    providers: dict[Kind, Provider],
    demand: NewDemand,
    name: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await paid(bank, demand, providers["vnpay"])
    (notice,) = await providers["vnpay"].query(demand)
    giving = Giving(key=f"refund:{demand.reference}", transaction=notice.transaction, of=AMOUNT, amount=AMOUNT, by="a")
    monkeypatch.setattr(outside, "TIMEOUT_S", 0.5)
    fault(bank, "refunds", name, value=HANG)
    with pytest.raises(UnreachableError, match="Timeout"):
        await providers["vnpay"].refund(demand, giving)
    told = (await providers["vnpay"].refunded(demand, giving)).refunding
    assert told is (Refunding.GIVEN if name == "apply_then_hang" else Refunding.NOT_ASKED)
    key = f"vnpay:{demand.reference}"
    assert len(ledger(bank, key)["refunds"]) == (1 if name == "apply_then_hang" else 0)
    until(lambda: len(ledger(bank, key)["refunds"]) == 1)
    again = await providers["vnpay"].refund(demand, giving)
    assert again.refunding is Refunding.UNDER_WAY, "a repeat is answered without its outcome, and a query tells it"
    assert (await providers["vnpay"].refunded(demand, giving)).refunding is Refunding.GIVEN
    assert [refund["amount"] for refund in ledger(bank, key)["refunds"]] == [AMOUNT]


async def test_in_parts_up_to_what_came(bank: Server, providers: dict[Kind, Provider], demand: NewDemand) -> None:
    wire = providers["vnpay"]
    await paid(bank, demand, wire)
    transaction = (await wire.query(demand))[0].transaction

    def part(n: int, amount: int, of: str = transaction) -> Giving:
        return Giving(key=f"refund:{demand.reference}:{n}", transaction=of, of=AMOUNT, amount=amount, by="Đỗ|A")

    assert (await wire.refund(demand, part(1, 35_000))).refunding is Refunding.GIVEN
    assert (await wire.refund(demand, part(2, 100_000))).refunding is Refunding.GIVEN
    for giving, code in ((part(3, 1), "93"), (part(4, 1, "14999999"), "91"), (part(1, 1), "93")):
        with pytest.raises(RejectedError, match=code):
            await wire.refund(demand, giving)
    order = ledger(bank, f"vnpay:{demand.reference}")
    assert sum(capture["amount"] for capture in order["captures"]) == sum(r["amount"] for r in order["refunds"])
