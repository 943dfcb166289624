"""The sandbox bank on its three wires, in memory: asked by the adapters, calling back, with all that goes wrong.

Over HTTP: one payment and one refusal of each wire, what hangs, and a bank that is killed.
"""

import hashlib
import json
import signal
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from pydantic import SecretStr

from activities.partners import http as outside
from activities.partners.bank import HttpBank
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
    NotOfferedError,
    Outcome,
    Provider,
    Received,
    Refunding,
    Verdict,
    judge,
)
from sandbox.bank.merchants import merchants
from sandbox.bank.payers import PAYERS, TRANSFERS
from sandbox.bank.server import bank as bank_app
from tests.callbacks import called_back, heard, merchants_of, new_demand
from tests.integration.deploy.in_memory import Clock, Sandbox, in_memory, way_to
from tests.sandboxes import Server, until

NUMBERS = count(1)
AMOUNT: Final = 135_000
KINDS: Final[tuple[Kind, ...]] = ("vnpay", "platform", "vietqr")
PAY_AFTER: Final = 0.3
RETRY_AFTER: Final = 20.0
RETRY_SOON: Final = 0.4
HANG: Final = 2


@dataclass
class Call:
    kind: Kind
    received: Received
    at: int


@dataclass
class Sink:
    """Who is called back: answers as the gateway will, unless `unwell` says otherwise for a reference."""

    clock: Clock
    url: str = "http://gateway.test/callbacks"
    merchants: Merchants = field(default_factory=dict)
    demands: dict[str, NewDemand] = field(default_factory=dict)
    settled: set[str] = field(default_factory=set)
    calls: list[Call] = field(default_factory=list)
    unwell: dict[str, list[tuple[int, bytes]]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def notices(self, reference: str) -> list[Notice]:
        found = [self.notice(call) for call in list(self.calls)]
        return [notice for notice in found if notice and self.reference(notice) == reference]

    def notice(self, call: Call) -> Notice | None:
        found = heard(self.merchants, call.kind, call.received)
        return found if isinstance(found, Notice) else None

    def reference(self, notice: Notice) -> str | None:
        return notice.reference or match(notice.memo or "", self.demands)

    def called(self, request: httpx.Request) -> httpx.Response:
        """Answer a callback that came without HTTP."""
        headers = {name.lower(): value for name, value in request.headers.items()}
        received = Received(query=request.url.query, body=request.content, headers=headers)
        status, content = self.answer(request.url.path.rsplit("/", 1)[1], received)
        return httpx.Response(status, content=content)

    def answer(self, name: Any, received: Received) -> tuple[int, bytes]:
        call = Call(name, received, self.clock.time_ns())
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
def sink(clock: Clock) -> Sink:
    return Sink(clock)


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory, sink: Sink) -> Iterator[Sandbox]:
    data, way = tmp_path_factory.mktemp("bank"), httpx.MockTransport(sink.called)
    with in_memory(data, lambda: bank_app(data, PAY_AFTER, sink.url, RETRY_AFTER, way)) as sandbox:
        sink.merchants = merchants_of(sandbox)
        yield sandbox


def started(data: Path, callbacks: str, retry_after: float = RETRY_SOON) -> Server:
    options = ("--pay-after", str(PAY_AFTER), "--retry-after", str(retry_after), "--callbacks", callbacks)
    server = Server("bank", data, *options)
    server.start()
    return server


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Sink]]:
    """A bank as a process of its own, and who is called back by it over HTTP."""
    sink = Sink(Clock())
    with called_back(sink.answer) as sink.url:
        server = started(tmp_path_factory.mktemp("served"), sink.url)
        sink.merchants = merchants_of(server)
        yield server, sink
        server.close()


class OverHttp:
    """Tests of a bank that is a process, in real time."""

    @pytest.fixture
    def bank(self, served: tuple[Server, Sink]) -> Server:
        return served[0]

    @pytest.fixture
    def sink(self, served: tuple[Server, Sink]) -> Sink:
        return served[1]


@pytest.fixture
def heard_of(bank: Sandbox, sink: Sink) -> Iterator[Sink]:
    """The sink, with no fault left behind."""
    yield sink
    sink.unwell.clear()
    for wire in ("orders", *KINDS):
        bank.client.delete(f"/faults/{wire}").raise_for_status()


@pytest.fixture
async def providers(bank: Sandbox) -> AsyncIterator[dict[Kind, Provider]]:
    async with httpx.AsyncClient(timeout=60, transport=way_to(bank), trust_env=False) as client:
        yield {found.kind: provider(name, found, client) for name, found in merchants_of(bank).items()}


@pytest.fixture
def demand(sink: Sink) -> NewDemand:
    return asked_for(sink)


def asked_for(sink: Sink) -> NewDemand:
    """One more demand, which the sink knows."""
    made = datetime.now(UTC).replace(microsecond=0)
    demand = new_demand(f"fee:{made}:{next(NUMBERS)}", AMOUNT, made, timedelta(seconds=1))
    sink.demands[demand.reference] = demand
    return demand


async def page_of(bank: Sandbox, demand: NewDemand, wire: Provider) -> httpx.URL:
    """The pay page, as the payer's browser comes to it."""
    asked = await wire.order(demand)
    start = asked.pay_url or str(httpx.URL(f"{bank.url}/vietqr/scan", params={"code": asked.code or ""}))
    page = bank.client.get(start, follow_redirects=True)
    assert page.status_code == 200, page.text
    return page.url


async def paid(bank: Sandbox, demand: NewDemand, wire: Provider, payer: str = "0001") -> httpx.Response:
    page = await page_of(bank, demand, wire)
    return bank.client.post(page, data={"payer": payer}, headers={"accept": "text/html"})


def fault(bank: Sandbox, wire: str, name: str, times: int = 1, value: int = 0) -> None:
    bank.client.put(f"/faults/{wire}", json={"fault": name, "times": times, "value": value}).raise_for_status()


def told(bank: Sandbox, wire: Kind, n: int) -> list[dict[str, Any]]:
    """The last n callbacks of a wire."""
    found = bank.client.get("/callbacks").json()["callbacks"]
    return [callback for callback in found if callback["wire"] == wire][-n:]


def ledger(bank: Sandbox, key: str) -> dict[str, Any]:
    orders: list[dict[str, Any]] = bank.client.get("/ledger").json()["orders"]
    return next(order for order in orders if order["key"] == key)


@pytest.mark.parametrize("kind", KINDS)
class TestPaying:
    @pytest.mark.parametrize("payer", [*PAYERS, *TRANSFERS])
    async def test_every_payer_on_the_page(
        self, bank: Sandbox, heard_of: Sink, providers: dict[Kind, Provider], demand: NewDemand, kind: Kind, payer: str
    ) -> None:
        page = await page_of(bank, demand, providers[kind])
        shown = bank.client.get(page).text
        assert (f"value={payer}>" in shown) == (payer in PAYERS or kind == "vietqr")
        known = {notice.key for call in heard_of.calls if (notice := heard_of.notice(call))}
        answered = bank.client.post(page, data={"payer": payer}, headers={"accept": "text/html"})
        if payer in TRANSFERS and kind != "vietqr":
            assert answered.status_code == 422
            return
        expected = {
            "0001": [(AMOUNT, "paid")],
            "0002": [(AMOUNT, "paid")],
            "0003": [(AMOUNT, "paid"), (AMOUNT, "paid")],
            "0004": [],
            "0005": [(AMOUNT - 1000, "paid")],
            "0006": [(AMOUNT + 1000, "paid")],
            "0007": [(AMOUNT, "failed")],
            "0008": [(AMOUNT, "paid"), (AMOUNT, "reversed")],
            "0009": [(AMOUNT, "paid")],
            "0010": [(AMOUNT, "paid")],
        }[payer]
        if kind == "vietqr" and payer == "0007":
            expected = []
        if not expected:
            assert "+ " not in bank.client.get(page).text

        def here() -> list[Notice]:
            """By its number and not by its memo, which may be missing."""
            notices = [heard_of.notice(call) for call in heard_of.calls if call.kind == kind]
            return list({notice.key: notice for notice in notices if notice and notice.key not in known}.values())

        await heard_of.clock.eventually(lambda: len(here()) >= len(expected))
        assert sorted((n.amount, n.outcome.value) for n in here()) == sorted(expected)
        if payer == "0003":
            assert len({n.transaction for n in here()}) == 2
        if kind == "vietqr" and expected:
            assert heard_of.reference(here()[0]) == (None if payer == "0009" else demand.reference)

    async def test_money_that_is_charged_back(
        self, bank: Sandbox, heard_of: Sink, providers: dict[Kind, Provider], demand: NewDemand, kind: Kind
    ) -> None:
        page = await page_of(bank, demand, providers[kind])
        bank.client.post(page, data={"payer": "0001"})
        back = bank.client.post(str(page).replace("/pay", "/chargeback")).raise_for_status().json()
        assert [charged["amount"] for charged in back["chargebacks"]] == [AMOUNT]
        await heard_of.clock.eventually(lambda: len(heard_of.notices(demand.reference)) == 2)
        assert {n.outcome for n in heard_of.notices(demand.reference)} == {Outcome.PAID, Outcome.REVERSED}
        if CAPABILITIES[kind].query:
            assert (await providers[kind].query(demand))[0].outcome is Outcome.REVERSED


@pytest.mark.parametrize("kind", KINDS)
class TestCallbacks:
    async def test_what_is_not_heard_is_told_again(
        self, bank: Sandbox, heard_of: Sink, providers: dict[Kind, Provider], demand: NewDemand, kind: Kind
    ) -> None:
        heard_of.unwell[demand.reference] = [(500, b""), (404, b"<html>"), (401, b'{"RspCode": "99", "MaLoi": "99"}')]
        await paid(bank, demand, providers[kind])

        def left(n: int) -> Callable[[], bool]:
            return lambda: len(heard_of.unwell[demand.reference]) == n

        for n in (2, 1, 0):
            await heard_of.clock.eventually(left(n))
            heard_of.clock.passes(RETRY_AFTER)
        await heard_of.clock.eventually(lambda: not told(bank, kind, 1)[0]["again"])
        assert told(bank, kind, 1)[0]["tries"] == 4
        assert len({notice.key for notice in heard_of.notices(demand.reference)}) == 1

    async def test_copies_come_at_once(
        self, bank: Sandbox, heard_of: Sink, providers: dict[Kind, Provider], demand: NewDemand, kind: Kind
    ) -> None:
        fault(bank, kind, "copies", value=5)
        await paid(bank, demand, providers[kind])
        await heard_of.clock.eventually(lambda: all(not callback["again"] for callback in told(bank, kind, 5)))
        notices = heard_of.notices(demand.reference)
        assert len(notices) == 5
        assert len({notice.key for notice in notices}) == 1
        assert len(ledger(bank, await self._key(bank, demand, providers[kind]))["captures"]) == 1

    @pytest.mark.parametrize("times", [1, 2])
    async def test_the_second_comes_before_the_first(
        self, bank: Sandbox, heard_of: Sink, providers: dict[Kind, Provider], demand: NewDemand, kind: Kind, times: int
    ) -> None:
        fault(bank, kind, "out_of_order", times=times)
        await paid(bank, demand, providers[kind], "0008")
        await heard_of.clock.eventually(lambda: len(heard_of.notices(demand.reference)) == 2)
        assert [n.outcome for n in heard_of.notices(demand.reference)] == [Outcome.REVERSED, Outcome.PAID]

    async def test_a_late_one(
        self, bank: Sandbox, heard_of: Sink, providers: dict[Kind, Provider], demand: NewDemand, kind: Kind
    ) -> None:
        fault(bank, kind, "late", value=1)
        began = heard_of.clock.time_ns()
        await paid(bank, demand, providers[kind])
        if CAPABILITIES[kind].query:
            assert (await providers[kind].query(demand))[0].outcome is Outcome.PAID
        await heard_of.clock.eventually(lambda: heard_of.notices(demand.reference))
        assert heard_of.calls[-1].at - began >= 1_000_000_000

    async def test_what_is_on_hold_stays_so_while_others_come_out_of_order(
        self, bank: Sandbox, heard_of: Sink, providers: dict[Kind, Provider], demand: NewDemand, kind: Kind
    ) -> None:
        hold = f"/orders/{await self._key(bank, demand, providers[kind])}/hold"
        bank.client.put(hold, json={"queries": False, "callbacks": True}).raise_for_status()
        await paid(bank, demand, providers[kind])
        fault(bank, kind, "out_of_order", times=2)
        other = asked_for(heard_of)
        await paid(bank, other, providers[kind], "0008")
        await heard_of.clock.eventually(lambda: len(heard_of.notices(other.reference)) == 2)
        assert heard_of.notices(demand.reference) == []

    async def test_an_order_on_hold_is_known_only_when_it_is_let(
        self, bank: Sandbox, heard_of: Sink, providers: dict[Kind, Provider], demand: NewDemand, kind: Kind
    ) -> None:
        hold = f"/orders/{await self._key(bank, demand, providers[kind])}/hold"
        bank.client.put(hold, json={"queries": True, "callbacks": True}).raise_for_status()
        await paid(bank, demand, providers[kind])
        await heard_of.clock.eventually(lambda: told(bank, kind, 1))
        if CAPABILITIES[kind].query:
            with pytest.raises(UnreachableError):
                await providers[kind].query(demand)
            assert bank.client.get(hold).json() == {"answered": 0}
            bank.client.put(hold, json={"queries": False, "callbacks": True}).raise_for_status()
            assert (await providers[kind].query(demand))[0].outcome is Outcome.PAID
            assert bank.client.get(hold).json() == {"answered": 1}
        assert heard_of.notices(demand.reference) == []
        (held,) = told(bank, kind, 1)
        for _ in range(2):
            assert bank.client.post(f"/callbacks/{held['n']}").json()["status"] == 200
        assert [n.outcome for n in heard_of.notices(demand.reference)] == [Outcome.PAID] * 2
        assert bank.client.post("/callbacks/999999").status_code == 404
        assert bank.client.put("/orders/none/hold", json={"queries": True, "callbacks": True}).status_code == 404

    @staticmethod
    async def _key(bank: Sandbox, demand: NewDemand, wire: Provider) -> str:
        return (await page_of(bank, demand, wire)).path.split("/")[2]


class Wrong:
    """A callback that is not as it must be."""

    async def test_a_wrong_one_is_answered_with_its_code(
        self, bank: Sandbox, heard_of: Sink, providers: dict[Kind, Provider], demand: NewDemand, kind: Kind, name: str
    ) -> None:
        fault(bank, kind, name, value=5000)
        await paid(bank, demand, providers[kind])
        await heard_of.clock.eventually(lambda: told(bank, kind, 1)[0]["answer"])
        answered = json.loads(told(bank, kind, 1)[0]["answer"])
        wrong = name == "wrong_amount"
        said = Verdict.WRONG_AMOUNT if wrong else Verdict.BAD_SIGNATURE
        assert (said if kind == "vietqr" else "04" if wrong else "97") in answered.values()
        assert [n.amount for n in heard_of.notices(demand.reference)][:1] == ([AMOUNT + 5000] if wrong else [])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["wrong_amount", "wrong_signature", "wrong_merchant", "garbled"])
class TestWrong(Wrong):
    pass


@pytest.mark.parametrize("kind", KINDS)
class TestPaidOverHttp(OverHttp):
    async def test_a_payment_is_told_once_and_ended_by_the_answer(
        self, bank: Sandbox, heard_of: Sink, providers: dict[Kind, Provider], demand: NewDemand, kind: Kind
    ) -> None:
        await paid(bank, demand, providers[kind])
        await heard_of.clock.eventually(
            lambda: heard_of.notices(demand.reference) and not told(bank, kind, 1)[0]["again"]
        )
        (notice,) = heard_of.notices(demand.reference)
        assert (notice.amount, notice.outcome) == (AMOUNT, Outcome.PAID)
        assert told(bank, kind, 1)[0]["tries"] == 1
        if CAPABILITIES[kind].query:
            (asked,) = await providers[kind].query(demand)
            assert (asked.key, asked.amount) == (notice.key, AMOUNT)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["wrong_signature"])
class TestWrongOverHttp(OverHttp, Wrong):
    pass


class TestEarly:
    async def test_the_platform_calls_back_before_it_has_answered(
        self, bank: Sandbox, heard_of: Sink, providers: dict[Kind, Provider], demand: NewDemand
    ) -> None:
        fault(bank, "platform", "early")
        await providers["platform"].order(demand)
        assert [n.outcome for n in heard_of.notices(demand.reference)] == [Outcome.PAID]

    async def test_vnpay_calls_back_before_the_payer_sees_the_page(
        self, bank: Sandbox, heard_of: Sink, providers: dict[Kind, Provider], demand: NewDemand
    ) -> None:
        fault(bank, "vnpay", "early")
        asked = await providers["vnpay"].order(demand)
        bank.client.get(asked.pay_url or "")
        assert [n.outcome for n in heard_of.notices(demand.reference)] == [Outcome.PAID]


@pytest.mark.usefixtures("heard_of")
class TestAsking:
    @pytest.mark.parametrize("name", ["busy", "broken", "garbage"])
    async def test_a_bank_that_says_nothing_is_asked_again(
        self, bank: Sandbox, providers: dict[Kind, Provider], demand: NewDemand, name: str
    ) -> None:
        for kind in ("vnpay", "platform"):
            await paid(bank, demand, providers[kind])
            fault(bank, kind, name)
            with pytest.raises(UnreachableError):
                await providers[kind].query(demand)
            assert (await providers[kind].query(demand))[0].outcome is Outcome.PAID

    async def test_the_banks_own_wire_fails_in_the_same_ways(self, bank: Sandbox) -> None:
        async with httpx.AsyncClient(base_url=bank.url, transport=way_to(bank), trust_env=False) as client:
            for name in ("busy", "broken", "garbage"):
                fault(bank, "orders", name)
                with pytest.raises(UnreachableError):
                    await HttpBank(client).order(f"fee:own:{name}", 8000, "Lệ phí")
                assert (await HttpBank(client).order(f"fee:own:{name}", 8000, "Lệ phí")).amount == 8000

    async def test_what_nobody_heard_of_is_not_found(self, providers: dict[Kind, Provider], demand: NewDemand) -> None:
        for kind in ("vnpay", "platform"):
            with pytest.raises(RejectedError, match="not_found"):
                await providers[kind].query(demand)

    async def test_keys_that_are_wrong_are_no_answer(self, bank: Sandbox, demand: NewDemand) -> None:
        wrong = {name: m.model_copy(update={"secret": SecretStr("x")}) for name, m in merchants_of(bank).items()}
        async with httpx.AsyncClient(transport=way_to(bank), trust_env=False) as client:
            for name in ("vnpay", "platform"):
                with pytest.raises(UnreachableError, match="not signed"):
                    await provider(name, wrong[name], client).query(demand)
            page = await provider("vnpay", wrong["vnpay"], client).order(demand)
        assert bank.client.get(page.pay_url or "").status_code == 400


@pytest.mark.usefixtures("heard_of")
class TestHanging(OverHttp):
    @pytest.mark.parametrize("name", ["apply_then_hang", "hang_then_apply"])
    async def test_a_refund_whose_answer_hangs_is_given_once(
        self,
        bank: Sandbox,
        heard_of: Sink,
        providers: dict[Kind, Provider],
        demand: NewDemand,
        name: str,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        await paid(bank, demand, providers["vnpay"])
        (notice,) = await providers["vnpay"].query(demand)
        giving = Giving(
            key=f"refund:{demand.reference}", transaction=notice.transaction, of=AMOUNT, amount=AMOUNT, by="a"
        )
        monkeypatch.setattr(outside, "TIMEOUT_S", 0.5)
        fault(bank, "refunds", name, value=HANG)
        with pytest.raises(UnreachableError, match="Timeout"):
            await providers["vnpay"].refund(demand, giving)
        told = (await providers["vnpay"].refunded(demand, giving)).refunding
        assert told is (Refunding.GIVEN if name == "apply_then_hang" else Refunding.NOT_ASKED)
        key = f"vnpay:{demand.reference}"
        assert len(ledger(bank, key)["refunds"]) == (1 if name == "apply_then_hang" else 0)
        await heard_of.clock.eventually(lambda: len(ledger(bank, key)["refunds"]) == 1)
        again = await providers["vnpay"].refund(demand, giving)
        assert again.refunding is Refunding.UNDER_WAY, "a repeat is answered without its outcome, and a query tells it"
        assert (await providers["vnpay"].refunded(demand, giving)).refunding is Refunding.GIVEN
        assert [refund["amount"] for refund in ledger(bank, key)["refunds"]] == [AMOUNT]

    @pytest.mark.parametrize("name", ["apply_then_hang", "hang_then_apply"])
    async def test_an_order_whose_answer_hangs_is_made_once(
        self,
        bank: Sandbox,
        providers: dict[Kind, Provider],
        demand: NewDemand,
        name: str,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(outside, "TIMEOUT_S", 0.5)
        fault(bank, "platform", name, value=HANG)
        with pytest.raises(UnreachableError):
            await providers["platform"].order(demand)
        if name == "hang_then_apply":
            with pytest.raises(RejectedError, match="not_found"):
                await providers["platform"].query(demand)
        asked = [await providers["platform"].order(demand) for _ in range(2)]
        assert asked[0] == asked[1]
        assert (await providers["platform"].query(demand))[0].outcome is Outcome.PENDING
        keys = [order["key"] for order in bank.client.get("/ledger").json()["orders"]]
        assert keys.count(f"platform:{demand.reference}") == 1


@pytest.mark.usefixtures("heard_of")
class TestRefunds:
    async def test_in_parts_up_to_what_came(
        self, bank: Sandbox, providers: dict[Kind, Provider], demand: NewDemand
    ) -> None:
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

    async def test_others_offer_none(self, providers: dict[Kind, Provider], demand: NewDemand) -> None:
        giving = Giving(key="r", transaction="1", of=1, amount=1, by="a")
        for kind, wire in providers.items():
            if not CAPABILITIES[kind].refund:
                for asking in (wire.refund, wire.refunded):
                    with pytest.raises(NotOfferedError):
                        await asking(demand, giving)


class TestReturning:
    async def test_the_payers_browser_comes_back_signed_and_only_to_be_shown(
        self, bank: Sandbox, heard_of: Sink, providers: dict[Kind, Provider], demand: NewDemand
    ) -> None:
        for payer, code in (("0004", None), ("0001", "00")):
            answered = await paid(bank, demand, providers["vnpay"], payer)
            back = urlsplit(answered.headers["location"])
            if code is None:
                assert back.path.endswith("/pay")
            else:
                assert back.netloc == "portal.test"
                assert dict(parse_qsl(back.query))["vnp_ResponseCode"] == code
                shown = heard(heard_of.merchants, "vnpay", Received(query=back.query.encode()))
                assert isinstance(shown, Notice)
        other = asked_for(heard_of)
        gave_up = urlsplit((await paid(bank, other, providers["vnpay"], "0007")).headers["location"])
        assert dict(parse_qsl(gave_up.query))["vnp_ResponseCode"] == "24"
        assert (await providers["vnpay"].query(other))[0].outcome is Outcome.FAILED


class TestKilled(OverHttp):
    def test_a_callback_that_was_due_comes_after_a_kill(self, tmp_path: Path, sink: Sink) -> None:
        server = started(tmp_path, sink.url)
        try:
            mine = merchants_of(server)
            fault(server, "vietqr", "late", value=1)
            account = merchants(tmp_path)["vietqr"].name
            server.client.post(
                "/vietqr/transfers", json={"account": account, "amount": 7000, "memo": "x"}
            ).raise_for_status()
            server.kill(signal.SIGKILL)
            before = len(sink.calls)
            server.start()
            assert merchants_of(server) == mine
            assert (tmp_path / "merchants.json").stat().st_mode & 0o777 == 0o600
            said = (7000, "x")

            def come() -> bool:
                """Among what other banks say meanwhile."""
                found = [heard(mine, "vietqr", call.received) for call in sink.calls[before:]]
                return said in {(one.amount, one.memo) for one in found if isinstance(one, Notice)}

            until(come)
        finally:
            server.close()

    def test_it_gives_up_after_ten(self, tmp_path: Path) -> None:
        server = started(tmp_path, "http://127.0.0.1:9", 0.05)
        try:
            account = merchants(tmp_path)["vietqr"].name
            server.client.post("/vietqr/transfers", json={"account": account, "amount": 7000}).raise_for_status()
            until(lambda: told(server, "vietqr", 1) and not told(server, "vietqr", 1)[0]["again"])
            assert told(server, "vietqr", 1)[0]["tries"] == 10
        finally:
            server.close()

    def test_secrets_are_not_shown(self, bank: Server) -> None:
        shown = repr(merchants_of(bank)) + bank.output.read_text()
        assert not [wire for wire, found in merchants(bank.data).items() if found.secret in shown]


@pytest.mark.parametrize(("wire", "body"), [("vnpay", {"fault": "nothing"}), ("post", {"fault": "busy"})])
def test_a_fault_that_nobody_knows_is_a_problem(bank: Sandbox, wire: str, body: dict[str, str]) -> None:
    assert bank.client.put(f"/faults/{wire}", json=body).status_code in {404, 422}


@pytest.mark.parametrize(
    "path", ["/platform/init", "/platform/query", "/vnpay/merchant_webapi/api/transaction", "/vietqr/transfers"]
)
@pytest.mark.parametrize("body", [b"", b"x", b"[]", b"null", b"\xff", b"{}", b'{"MaThamChieu": []}'])
def test_garbage_is_an_answer_and_leaves_no_trace(
    bank: Sandbox, path: str, body: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    before = bank.client.get("/ledger").json()
    answered = bank.client.post(path, content=body)
    assert answered.status_code == 422 or "97" in answered.json().values()
    assert bank.client.get("/ledger").json() == before
    assert caplog.text == ""


def test_what_is_signed_and_no_order_is_a_problem(bank: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    merchant = merchants(bank.data)["platform"]
    names = [
        "LoaiBanTin",
        "PhienBan",
        "MaDoiTac",
        "MaThamChieu",
        "SoTien",
        "LoaiHinhThanhToan",
        "MaNgonNgu",
        "MaTienTe",
        "MaNganHang",
        "ThongTinGiaoDich",
        "ThoiGianGD",
        "Ip",
    ]
    for wrong in (
        {},
        {"MaThamChieu": "a b", "SoTien": "1"},
        {"MaThamChieu": "A"},
        {"MaThamChieu": "A", "SoTien": "-1"},
    ):
        said = {"MaDoiTac": merchant.name, **wrong}
        values = [*(said.get(name, "") for name in names), merchant.secret]
        said["MaXacThuc"] = hashlib.sha256("|".join(values).encode()).hexdigest()
        assert bank.client.post("/platform/init", json=said).status_code == 422
    for query in ("", "code=", "code=00020101", "code=x"):
        assert bank.client.get(f"/vietqr/scan?{query}").status_code == 422
    assert caplog.text == ""
