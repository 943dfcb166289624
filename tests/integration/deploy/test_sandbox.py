"""The adapters to the sandbox bank (three protocols over HTTP) and to the post: calls, faults, and a kill."""

import json
import random
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import httpx
import pytest
from pydantic import SecretStr

from activities.partners import http as outside
from activities.partners.http import RejectedError, UnreachableError
from activities.partners.money.bank import HttpBank
from activities.partners.money.codecs import match
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
from activities.partners.postal import Contract, Order, VnPost
from sandbox.post import SECRET_KEY
from schemas.parcel.state import Meaning
from schemas.people import Address
from tests.acting import eventually
from tests.callbacks import called_back, merchants_of, new_demand, verified_notice
from tests.sandboxes import Server, until

CANARY = "Canary Nguyễn Thị Kiểm Tra"
RECIPIENT = {"recipient": CANARY, "phone": "0900000001", "address": "1 Phố Thử", "postcode": "10000"}
NUMBERS = count(1)


@pytest.fixture
def bank(tmp_path: Path) -> Iterator[Server]:
    with Server("bank", tmp_path, "--pay-after", "0.3") as server:
        yield server


@pytest.fixture
def post(tmp_path: Path) -> Iterator[Server]:
    with Server("post", tmp_path, "--step-after", "0.2") as server:
        yield server


@pytest.fixture
async def adapter(bank: Server) -> AsyncIterator[HttpBank]:
    async with httpx.AsyncClient(base_url=bank.url, trust_env=False) as client:
        yield HttpBank(client)


def new_key(what: str = "fee") -> str:
    return f"{what}:0d9c2f4e-7a51-5b0e-9c57-3f1f6a0c2b11:{next(NUMBERS)}"


class TestBankKilled:
    def test_no_acknowledged_order_is_lost_at_any_instant(self, bank: Server) -> None:
        acknowledged: list[str] = []
        order = {"amount": 8000, "currency": "VND", "description": "Lệ phí", "payer_account": "9704-0004"}

        def put_until_it_dies() -> None:
            try:
                while True:
                    response = bank.client.put(f"/orders/{(key := new_key())}", json=order)
                    assert response.status_code == 201, response.text
                    acknowledged.append(key)
            except httpx.HTTPError:
                return

        for _ in range(4):
            customer = threading.Thread(target=put_until_it_dies)
            customer.start()
            time.sleep(random.uniform(0.05, 0.3))
            bank.kill()
            customer.join()
            bank.start()
        keys = [entry["key"] for entry in bank.client.get("/ledger").json()["orders"]]
        assert len(acknowledged) > 4
        assert set(acknowledged) <= set(keys)
        assert len(keys) == len(set(keys))


class TestPostAdapter:
    ORDER = Order(key="", agency="H01.12", address=Address.model_validate(RECIPIENT), contents="Kết quả")

    async def test_it_speaks_the_wire(self, post: Server) -> None:
        assert CANARY not in repr(self.ORDER)
        async with carrier(post) as adapter:
            order = self.ORDER.model_copy(update={"key": new_key("parcel")})
            waybill = await adapter.send(order)
            assert await adapter.send(order) == waybill
            assert await adapter.cancel(order.key)
            assert await adapter.cancel(order.key), "cancelled once more"
            assert not await adapter.cancel(new_key("parcel"))
            found = await adapter.get(order.key)
            assert (found.waybill, found.steps[0].meaning) == (waybill, Meaning.ACCEPTED)
            assert [(step.meaning, step.said) for step in found.steps[1:]] == [(Meaning.CANCELLED, "C08")]

    async def test_a_refusal_carries_the_code(self, post: Server) -> None:
        def order(key: str = "", **changes: Any) -> Order:
            return self.ORDER.model_copy(update={"key": key or new_key("parcel"), **changes})

        async with carrier(post) as adapter:
            await adapter.send(order(key := new_key("parcel")))
            nowhere = self.ORDER.address.model_copy(update={"postcode": "99909"})
            codes = []
            for call in (
                adapter.send(order(address=nowhere)),
                adapter.get(new_key("parcel")),
                adapter.send(order(contents="")),
                adapter.send(order(key, contents="Khác")),
            ):
                with pytest.raises(RejectedError) as refused:
                    await call
                codes.append(refused.value.code)
        assert codes == ["120", "140", "invalid", "110"]

    async def test_words_are_what_the_contract_says_and_what_it_does_not_name_is_kept(self, post: Server) -> None:
        address = self.ORDER.address.model_copy(update={"postcode": "99911"})
        order = self.ORDER.model_copy(update={"key": f"parcel:{uuid4()}:1", "address": address})
        contract = Contract.model_validate_json('{"words": {"Z77": "lost"}}')
        async with carrier(post) as adapter, carrier(post, contract) as by_contract:
            await adapter.send(order)
            await eventually(lambda: adapter.get(order.key), lambda found: len(found.steps) > 2)
            strange = (await adapter.get(order.key)).steps[2]
            assert (strange.meaning, strange.said, strange.message) == (Meaning.OTHER, "Z77", "Đang chờ thông quan")
            meanings = [step.meaning for step in (await by_contract.get(order.key)).steps]
            assert not await adapter.cancel(order.key), "it has left"
        assert meanings[:3] == [Meaning.OTHER, Meaning.OTHER, Meaning.LOST]

    async def test_wrong_keys_refuse_nothing(self, post: Server) -> None:
        async with carrier(post, secret="wrong") as adapter:
            with pytest.raises(UnreachableError, match="the keys are not good"):
                await adapter.send(self.ORDER.model_copy(update={"key": new_key("parcel")}))

    async def test_a_token_is_used_again_and_asked_for_anew_once_it_is_not_good(self) -> None:
        said: list[str] = []

        def answer(request: httpx.Request) -> httpx.Response:
            said.append(f"{request.url.path} {request.headers['authorization'].split()[0]}")
            if request.url.path == "/token":
                return httpx.Response(200, json={"access_token": "t", "token_type": "Bearer", "expires_in": 300})
            if len(said) == 4:
                return httpx.Response(401)
            return httpx.Response(200, json={"Status": "100", "ItemCode": "E"})

        async with carrier(httpx.MockTransport(answer)) as adapter:
            assert [await adapter.cancel("k") for _ in range(3)] == [True, True, True]
        cancel = "/order/cancel Bearer"
        assert said == ["/token Basic", cancel, cancel, cancel, "/token Basic", cancel]

    @pytest.mark.parametrize(
        "answer", [httpx.Response(403), httpx.Response(404), httpx.Response(200, json={"Status": "999"})]
    )
    async def test_an_answer_that_nobody_knows_refuses_nothing(self, answer: httpx.Response) -> None:
        good = httpx.Response(200, json={"access_token": "t", "token_type": "Bearer", "expires_in": 300})
        transport = httpx.MockTransport(lambda request: good if request.url.path == "/token" else answer)
        async with carrier(transport) as adapter:
            for ask in (adapter.send(self.ORDER), adapter.get("k"), adapter.cancel("k")):
                with pytest.raises(UnreachableError):
                    await ask


@asynccontextmanager
async def carrier(
    post: Server | httpx.MockTransport, contract: Contract | None = None, secret: str = SECRET_KEY
) -> AsyncIterator[VnPost]:
    url, transport = ("http://post.test", post) if isinstance(post, httpx.MockTransport) else (post.url, None)
    async with httpx.AsyncClient(base_url=url, transport=transport, trust_env=False) as client:
        yield VnPost(client, contract or Contract(), "sandbox", SecretStr(secret))


class TestAdapters:
    async def test_the_bank_adapter_speaks_the_wire(self, adapter: HttpBank, bank: Server) -> None:
        key = new_key()
        made = await adapter.order(key, 8000, "Lệ phí")
        assert made == await adapter.get(key) == await adapter.order(key, 8000, "Lệ phí")
        bank.client.post(f"/orders/{key}/pay", json={})
        paid = await adapter.cancel(key)
        given = (new_key("refund"), key, paid.captures[0].capture_id, 8000)
        refund = await adapter.refund(*given)
        assert await adapter.refund(*given) == refund
        with pytest.raises(RejectedError, match="exceeds_capture"):
            await adapter.refund(new_key("refund"), *given[1:3], 1)
        assert (paid.status, paid.captures[0].amount, refund.amount) == ("paid", 8000, 8000)
        assert (await adapter.get(key)).refunds == (refund,)

    async def test_a_refusal_carries_the_code(self, adapter: HttpBank) -> None:
        with pytest.raises(RejectedError) as unknown:
            await adapter.get(new_key())
        assert (unknown.value.status, unknown.value.code) == (404, "not_found")
        await adapter.order(key := new_key(), 8000, "Lệ phí")
        with pytest.raises(RejectedError, match="key_reused"):
            await adapter.order(key, 9000, "Lệ phí")

    @pytest.mark.parametrize(
        "answer",
        [
            *map(httpx.Response, (500, 429, 302)),
            httpx.Response(503, json={"code": "busy"}),
            httpx.Response(200, content=b"<html>"),
            httpx.Response(200, json={"key": CANARY}),
        ],
    )
    async def test_an_answer_that_says_nothing_is_unreachable(self, answer: httpx.Response) -> None:
        with pytest.raises(UnreachableError) as error:
            await ask_bank(answer)
        assert CANARY not in str(error.value)
        assert error.value.__suppress_context__ or error.value.__context__ is None

    async def test_a_bank_that_never_answers_is_given_up(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(outside, "TIMEOUT_S", 0.2)
        monkeypatch.setenv("NO_PROXY", "*")
        with socket.create_server(("127.0.0.1", 0)) as silent:
            async with outside.partner_client(f"http://127.0.0.1:{silent.getsockname()[1]}") as client:
                with pytest.raises(UnreachableError, match="Timeout"):
                    await HttpBank(client).get(new_key())

    async def test_a_refusal_without_a_code_gets_one(self) -> None:
        with pytest.raises(RejectedError, match="http_400"):
            await ask_bank(httpx.Response(400, json=["?"]))


async def ask_bank(answer: httpx.Response) -> None:
    """Queries a bank that gives this answer to the query."""
    transport = httpx.MockTransport(lambda _request: answer)
    async with httpx.AsyncClient(base_url="http://bank.test", transport=transport) as client:
        await HttpBank(client).get(new_key())


# The sandbox bank on its three wires, over HTTP: asked by the adapters, calling back, and with its faults.

AMOUNT: Final = 135_000
KINDS: Final[tuple[Kind, ...]] = ("vnpay", "platform", "vietqr")


@dataclass
class Call:
    kind: Kind
    received: Received
    at: float


@dataclass
class Sink:
    """A receiver of callbacks that answers like the gateway, or with the answers in `unwell` for a reference."""

    url: str = ""
    merchants: Merchants = field(default_factory=dict)
    demands: dict[str, NewDemand] = field(default_factory=dict)
    settled: set[str] = field(default_factory=set)
    calls: list[Call] = field(default_factory=list)
    unwell: dict[str, list[tuple[int, bytes]]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def notices(self, reference: str) -> list[Notice]:
        found = [verified_notice(self.merchants, call.kind, call.received) for call in list(self.calls)]
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
            found = verified_notice(self.merchants, call.kind, call.received)
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
def wired_bank(tmp_path_factory: pytest.TempPathFactory, called: Sink) -> Iterator[Server]:
    options = ("--pay-after", "0.3", "--retry-after", "0.4", "--callbacks", called.url)
    with Server("bank", tmp_path_factory.mktemp("bank"), *options) as server:
        called.merchants = merchants_of(server)
        yield server


@pytest.fixture
def sink(wired_bank: Server, called: Sink) -> Iterator[Sink]:
    yield called
    called.unwell.clear()
    for wire in ("orders", *KINDS):
        wired_bank.client.delete(f"/faults/{wire}").raise_for_status()


@pytest.fixture
async def providers(wired_bank: Server) -> AsyncIterator[dict[Kind, Provider]]:
    async with httpx.AsyncClient(timeout=60, trust_env=False) as client:
        yield {found.kind: provider(name, found, client) for name, found in merchants_of(wired_bank).items()}


@pytest.fixture
def demand(sink: Sink) -> NewDemand:
    return asked_for(sink)


def asked_for(sink: Sink) -> NewDemand:
    made = datetime.now(UTC).replace(microsecond=0)
    demand = new_demand(f"fee:{made}:{next(NUMBERS)}", AMOUNT, made, timedelta(seconds=1))
    sink.demands[demand.reference] = demand
    return demand


async def paid(wired_bank: Server, demand: NewDemand, wire: Provider, payer: str = "0001") -> None:
    """Pays on the bank's page, as a payer's browser does."""
    asked = await wire.order(demand)
    start = asked.pay_url or str(httpx.URL(f"{wired_bank.url}/vietqr/scan", params={"code": asked.code or ""}))
    page = wired_bank.client.get(start, follow_redirects=True)
    assert page.status_code == 200, page.text
    wired_bank.client.post(page.url, data={"payer": payer}, headers={"accept": "text/html"})


def fault(wired_bank: Server, wire: str, name: str, times: int = 1, value: int = 0) -> None:
    wired_bank.client.put(f"/faults/{wire}", json={"fault": name, "times": times, "value": value}).raise_for_status()


def last_callbacks(wired_bank: Server, wire: Kind, n: int) -> list[dict[str, Any]]:
    found = wired_bank.client.get("/callbacks").json()["callbacks"]
    return [callback for callback in found if callback["wire"] == wire][-n:]


def ledger(wired_bank: Server, key: str) -> dict[str, Any]:
    orders: list[dict[str, Any]] = wired_bank.client.get("/ledger").json()["orders"]
    return next(order for order in orders if order["key"] == key)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_payment_is_told_once_and_ended_by_the_answer(
    wired_bank: Server, sink: Sink, providers: dict[Kind, Provider], demand: NewDemand, kind: Kind
) -> None:
    await paid(wired_bank, demand, providers[kind])
    until(lambda: sink.notices(demand.reference) and not last_callbacks(wired_bank, kind, 1)[0]["again"])
    (notice,) = sink.notices(demand.reference)
    assert (notice.amount, notice.outcome) == (AMOUNT, Outcome.PAID)
    assert last_callbacks(wired_bank, kind, 1)[0]["tries"] == 1
    if CAPABILITIES[kind].query:
        (asked,) = await providers[kind].query(demand)
        assert (asked.key, asked.amount) == (notice.key, AMOUNT)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["wrong_amount", "wrong_signature", "wrong_merchant", "garbled"])
async def test_a_wrong_one_is_answered_with_its_code(
    wired_bank: Server, sink: Sink, providers: dict[Kind, Provider], demand: NewDemand, kind: Kind, name: str
) -> None:
    fault(wired_bank, kind, name, value=5000)
    await paid(wired_bank, demand, providers[kind])
    until(lambda: last_callbacks(wired_bank, kind, 1)[0]["answer"])
    answered = json.loads(last_callbacks(wired_bank, kind, 1)[0]["answer"])
    wrong = name == "wrong_amount"
    said = Verdict.WRONG_AMOUNT if wrong else Verdict.BAD_SIGNATURE
    assert (said if kind == "vietqr" else "04" if wrong else "97") in answered.values()
    assert [n.amount for n in sink.notices(demand.reference)][:1] == ([AMOUNT + 5000] if wrong else [])


async def test_callbacks_come_again_at_once_late_and_out_of_order(
    wired_bank: Server, sink: Sink, providers: dict[Kind, Provider], demand: NewDemand
) -> None:
    wire, (copied, late, turned) = providers["vnpay"], [asked_for(sink) for _ in range(3)]
    sink.unwell[demand.reference] = [(500, b""), (404, b"<html>"), (401, b'{"RspCode": "99"}')]
    await paid(wired_bank, demand, wire)
    until(
        lambda: (
            last_callbacks(wired_bank, "vnpay", 1)[0]["tries"] == 4
            and not last_callbacks(wired_bank, "vnpay", 1)[0]["again"]
        )
    )
    fault(wired_bank, "vnpay", "copies", value=5)
    await paid(wired_bank, copied, wire)
    until(lambda: len(sink.notices(copied.reference)) == 5)
    for again in (demand, copied):
        assert len({notice.key for notice in sink.notices(again.reference)}) == 1
    fault(wired_bank, "vnpay", "late", value=1)
    began = time.monotonic()
    await paid(wired_bank, late, wire)
    until(lambda: sink.notices(late.reference))
    assert sink.calls[-1].at - began >= 1
    fault(wired_bank, "vnpay", "out_of_order")
    await paid(wired_bank, turned, wire, "0008")
    until(lambda: len(sink.notices(turned.reference)) == 2)
    assert [n.outcome for n in sink.notices(turned.reference)] == [Outcome.REVERSED, Outcome.PAID]


@pytest.mark.parametrize("name", ["apply_then_hang", "hang_then_apply"])
async def test_a_refund_whose_answer_hangs_is_given_once(
    wired_bank: Server, providers: dict[Kind, Provider], demand: NewDemand, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await paid(wired_bank, demand, providers["vnpay"])
    (notice,) = await providers["vnpay"].query(demand)
    giving = Giving(key=f"refund:{demand.reference}", transaction=notice.transaction, of=AMOUNT, amount=AMOUNT, by="a")
    monkeypatch.setattr(outside, "TIMEOUT_S", 0.5)
    fault(wired_bank, "refunds", name, value=2)
    with pytest.raises(UnreachableError, match="Timeout"):
        await providers["vnpay"].refund(demand, giving)
    told = (await providers["vnpay"].refunded(demand, giving)).refunding
    assert told is (Refunding.GIVEN if name == "apply_then_hang" else Refunding.NOT_ASKED)
    key = f"vnpay:{demand.reference}"
    assert len(ledger(wired_bank, key)["refunds"]) == (1 if name == "apply_then_hang" else 0)
    until(lambda: len(ledger(wired_bank, key)["refunds"]) == 1)
    again = await providers["vnpay"].refund(demand, giving)
    assert again.refunding is Refunding.UNDER_WAY, "a repeat is answered without its outcome, and a query tells it"
    assert (await providers["vnpay"].refunded(demand, giving)).refunding is Refunding.GIVEN
    assert [refund["amount"] for refund in ledger(wired_bank, key)["refunds"]] == [AMOUNT]


async def test_in_parts_up_to_what_came(wired_bank: Server, providers: dict[Kind, Provider], demand: NewDemand) -> None:
    wire = providers["vnpay"]
    await paid(wired_bank, demand, wire)
    transaction = (await wire.query(demand))[0].transaction

    def part(n: int, amount: int, of: str = transaction) -> Giving:
        return Giving(key=f"refund:{demand.reference}:{n}", transaction=of, of=AMOUNT, amount=amount, by="Đỗ|A")

    assert (await wire.refund(demand, part(1, 35_000))).refunding is Refunding.GIVEN
    assert (await wire.refund(demand, part(2, 100_000))).refunding is Refunding.GIVEN
    for giving, code in ((part(3, 1), "93"), (part(4, 1, "14999999"), "91"), (part(1, 1), "93")):
        with pytest.raises(RejectedError, match=code):
            await wire.refund(demand, giving)
    order = ledger(wired_bank, f"vnpay:{demand.reference}")
    assert sum(capture["amount"] for capture in order["captures"]) == sum(r["amount"] for r in order["refunds"])
