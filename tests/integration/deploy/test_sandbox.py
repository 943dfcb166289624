"""The sandbox bank and post as real processes on loopback, killed and started again, and the adapters to them."""

import random
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest

from activities.partners import http as outside
from activities.partners.bank import HttpBank, Order
from activities.partners.http import RejectedError, UnreachableError
from activities.partners.postal import Consignment, HttpPost, Recipient

ROOT = Path(__file__).resolve().parents[3]
PAY_AFTER = 0.3
STEP_AFTER = 0.2
CANARY = "Canary Nguyễn Thị Kiểm Tra"
RECIPIENT = {"name": CANARY, "phone": "0900000001", "address": "1 Phố Thử", "postcode": "10000"}
NUMBERS = count(1)


class Server:
    """One sandbox process; `start` again after `kill` keeps port and data."""

    def __init__(self, module: str, data: Path, *options: str) -> None:
        self.data = data
        self.output = data / "output.txt"
        self._port = free_port()
        self._command = [sys.executable, "-m", f"deploy.sandbox.{module}", "--port", str(self._port)]
        self._command += ["--data", str(data), *options]
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"http://127.0.0.1:{self._port}"
        self.client = httpx.Client(base_url=self.url, trust_env=False)

    def start(self) -> None:
        with self.output.open("ab") as output:
            self._process = subprocess.Popen(self._command, cwd=ROOT, stdout=output, stderr=output)
        until(self._listening)

    def kill(self, how: signal.Signals = signal.SIGKILL) -> None:
        assert self._process is not None
        self._process.send_signal(how)
        self._process.wait(timeout=10)

    def close(self) -> None:
        self.client.close()
        if self._process and self._process.poll() is None:
            self.kill(signal.SIGTERM)

    def _listening(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self.output.read_text()
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self._port)) == 0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(condition: Callable[[], object], seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.02)


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server("bank", tmp_path_factory.mktemp("bank"), "--pay-after", str(PAY_AFTER))
    server.start()
    yield server
    server.close()


@pytest.fixture(scope="module")
def post(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server("post", tmp_path_factory.mktemp("post"), "--step-after", str(STEP_AFTER))
    server.start()
    yield server
    server.close()


@pytest.fixture
def mortal_bank(tmp_path: Path) -> Iterator[Server]:
    server = Server("bank", tmp_path, "--pay-after", str(PAY_AFTER))
    server.start()
    yield server
    server.close()


@pytest.fixture
def mortal_post(tmp_path: Path) -> Iterator[Server]:
    server = Server("post", tmp_path, "--step-after", str(STEP_AFTER))
    server.start()
    yield server
    server.close()


@pytest.fixture
async def adapter(bank: Server) -> AsyncIterator[HttpBank]:
    async with httpx.AsyncClient(base_url=bank.url, trust_env=False) as client:
        yield HttpBank(client)


def new_key(what: str = "fee") -> str:
    return f"{what}:0d9c2f4e-7a51-5b0e-9c57-3f1f6a0c2b11:{next(NUMBERS)}"


def order(bank: Server, account: str | None = None, amount: int = 8000) -> str:
    """The key of a new order."""
    key = new_key()
    body = {"amount": amount, "currency": "VND", "description": "Lệ phí", "payer_account": account}
    response = bank.client.put(f"/orders/{key}", json=body)
    assert response.status_code == 201, response.text
    return key


def seen(bank: Server, key: str) -> Any:
    return bank.client.get(f"/orders/{key}").raise_for_status().json()


def captures(bank: Server, key: str) -> int:
    return len(seen(bank, key)["captures"])


class TestBank:
    def test_an_order_is_made_once_per_key(self, bank: Server) -> None:
        key = new_key()
        body = {"amount": 8000, "currency": "VND", "description": "Lệ phí", "payer_account": None}

        first = bank.client.put(f"/orders/{key}", json=body)
        again = bank.client.put(f"/orders/{key}", json=body)
        other = bank.client.put(f"/orders/{key}", json=body | {"amount": 8001})

        assert (first.status_code, again.status_code) == (201, 200)
        assert first.json() == again.json() == seen(bank, key)
        assert first.json() == {
            "key": key,
            "order_id": first.json()["order_id"],
            "amount": 8000,
            "currency": "VND",
            "description": "Lệ phí",
            "status": "pending",
            "pay_url": f"{bank.url}/orders/{key}/pay",
            "captures": [],
            "refunds": [],
        }
        assert other.status_code == 409
        assert other.headers["content-type"] == "application/problem+json"
        assert other.json()["code"] == "key_reused"

    def test_an_unknown_order_is_a_problem(self, bank: Server) -> None:
        for method, path in (("GET", ""), ("POST", "/cancel"), ("POST", "/pay")):
            response = bank.client.request(method, f"/orders/{new_key()}{path}")
            assert (response.status_code, response.json()["code"]) == (404, "not_found")

    @pytest.mark.parametrize(
        ("change", "field", "rule"),
        [
            ({"amount": 0}, "amount", "greater_than"),
            ({"amount": 2**53}, "amount", "less_than"),
            ({"amount": 80.5}, "amount", "int_type"),
            ({"amount": "8000"}, "amount", "int_type"),
            ({"amount": True}, "amount", "int_type"),
            ({"currency": "USD"}, "currency", "literal_error"),
            ({"description": None}, "description", "string_type"),
            ({"surprise": 1}, "surprise", "extra_forbidden"),
        ],
    )
    def test_bad_input_names_field_and_rule(self, bank: Server, change: dict[str, Any], field: str, rule: str) -> None:
        body = {"amount": 8000, "currency": "VND", "description": "", "payer_account": None} | change
        response = bank.client.put(f"/orders/{new_key()}", json=body)
        assert response.status_code == 422
        assert response.headers["content-type"] == "application/problem+json"
        assert response.json()["errors"] == [{"field": field, "rule": rule}]

    def test_bad_json_and_bad_keys_are_problems(self, bank: Server) -> None:
        broken = bank.client.put(f"/orders/{new_key()}", content=b"{")
        assert broken.json()["errors"] == [{"field": "body", "rule": "json_invalid"}]
        spaced = bank.client.get("/orders/a%20b")
        assert spaced.json()["errors"] == [{"field": "key", "rule": "pattern"}]
        assert bank.client.delete("/ledger").json()["code"] == "http_405"

    def test_a_person_pays_and_may_pay_twice(self, bank: Server) -> None:
        key = order(bank)
        paid = bank.client.post(f"/orders/{key}/pay", json={}).json()
        assert paid["status"] == "paid"
        assert [capture["amount"] for capture in paid["captures"]] == [8000]
        twice = bank.client.post(f"/orders/{key}/pay", json={}).json()
        assert len({capture["capture_id"] for capture in twice["captures"]}) == 2

    def test_the_pay_page_shows_the_order_and_pays_it(self, bank: Server) -> None:
        key = order(bank)
        page = bank.client.get(f"/orders/{key}/pay")
        assert "8000 ₫ · pending" in page.text
        after = bank.client.post(f"/orders/{key}/pay", headers={"accept": "text/html"}, follow_redirects=True)
        assert "8000 ₫ · paid" in after.text
        assert captures(bank, key) == 1

    def test_cancelling_stops_only_what_is_not_paid(self, bank: Server) -> None:
        unpaid, paid = order(bank), order(bank)
        bank.client.post(f"/orders/{paid}/pay", json={})
        assert bank.client.post(f"/orders/{unpaid}/cancel").json()["status"] == "cancelled"
        assert bank.client.post(f"/orders/{unpaid}/cancel").json()["status"] == "cancelled"
        assert bank.client.post(f"/orders/{paid}/cancel").json()["status"] == "paid"

    def test_money_on_a_cancelled_order_is_late_money(self, bank: Server) -> None:
        key = order(bank)
        bank.client.post(f"/orders/{key}/cancel")
        late = bank.client.post(f"/orders/{key}/pay", json={}).json()
        assert (late["status"], len(late["captures"])) == ("cancelled", 1)

    def test_0001_pays_by_itself(self, bank: Server) -> None:
        key = order(bank, "9704-0001")
        assert seen(bank, key)["status"] == "pending"
        until(lambda: seen(bank, key)["status"] == "paid")
        time.sleep(2 * PAY_AFTER)
        assert captures(bank, key) == 1

    def test_0001_does_not_pay_a_cancelled_order(self, bank: Server) -> None:
        key = order(bank, "9704-0001")
        bank.client.post(f"/orders/{key}/cancel")
        time.sleep(2 * PAY_AFTER)
        assert captures(bank, key) == 0

    def test_0002_pays_only_after_the_order_was_cancelled(self, bank: Server) -> None:
        key = order(bank, "9704-0002")
        time.sleep(2 * PAY_AFTER)
        assert seen(bank, key)["status"] == "pending"
        assert bank.client.post(f"/orders/{key}/cancel").json()["captures"] == []
        until(lambda: captures(bank, key) == 1)
        assert seen(bank, key)["status"] == "cancelled"

    def test_0003_pays_twice(self, bank: Server) -> None:
        key = order(bank, "9704-0003")
        until(lambda: captures(bank, key) == 1)
        bank.client.post(f"/orders/{key}/cancel")
        until(lambda: captures(bank, key) == 2)
        assert seen(bank, key)["status"] == "paid"
        time.sleep(2 * PAY_AFTER)
        assert captures(bank, key) == 2

    def test_0004_never_pays(self, bank: Server) -> None:
        key = order(bank, "9704-0004")
        time.sleep(3 * PAY_AFTER)
        assert seen(bank, key)["status"] == "pending"

    def test_a_refund_is_made_once_and_never_exceeds_its_capture(self, bank: Server) -> None:
        key, refund_key = order(bank), new_key("refund")
        capture = bank.client.post(f"/orders/{key}/pay", json={}).json()["captures"][0]["capture_id"]
        body = {"order_key": key, "capture_id": capture, "amount": 5000}

        first = bank.client.put(f"/refunds/{refund_key}", json=body)
        again = bank.client.put(f"/refunds/{refund_key}", json=body)
        other = bank.client.put(f"/refunds/{refund_key}", json=body | {"amount": 4000})
        too_much = bank.client.put(f"/refunds/{new_key('refund')}", json=body)
        rest = bank.client.put(f"/refunds/{new_key('refund')}", json=body | {"amount": 3000})
        nowhere = bank.client.put(f"/refunds/{new_key('refund')}", json=body | {"capture_id": "cap_0"})

        assert (first.status_code, again.status_code, rest.status_code) == (201, 200, 201)
        assert first.json() == again.json()
        assert (other.status_code, other.json()["code"]) == (409, "key_reused")
        assert (too_much.status_code, too_much.json()["code"]) == (422, "exceeds_capture")
        assert nowhere.json()["errors"] == [{"field": "capture_id", "rule": "unknown_capture"}]
        assert [refund["amount"] for refund in seen(bank, key)["refunds"]] == [5000, 3000]

    def test_the_ledger_lists_every_order(self, bank: Server) -> None:
        keys = [order(bank), order(bank)]
        listed = bank.client.get("/ledger").json()["orders"]
        assert [entry["key"] for entry in listed[-2:]] == keys
        assert listed[-1] == seen(bank, keys[-1])


class TestBankKilled:
    def test_what_fell_due_while_it_was_down_has_happened(self, mortal_bank: Server) -> None:
        paying, cancelled, twice = (order(mortal_bank, f"9704-000{n}") for n in (1, 2, 3))
        mortal_bank.client.post(f"/orders/{cancelled}/cancel")
        mortal_bank.kill()
        time.sleep(3 * PAY_AFTER)
        mortal_bank.start()
        assert [captures(mortal_bank, key) for key in (paying, cancelled, twice)] == [1, 1, 2]

    def test_what_is_not_due_yet_still_happens(self, tmp_path: Path) -> None:
        server = Server("bank", tmp_path, "--pay-after", "3")
        server.start()
        key = order(server, "9704-0001")
        server.kill()
        server.start()
        assert captures(server, key) == 0
        until(lambda: captures(server, key) == 1)
        server.close()

    def test_the_ticker_captures_without_being_asked(self, mortal_bank: Server) -> None:
        order(mortal_bank, "9704-0001")
        with closing(sqlite3.connect(mortal_bank.data / "bank.sqlite3")) as ledger:
            until(lambda: ledger.execute("SELECT count(*) FROM capture").fetchone() == (1,))

    def test_no_acknowledged_order_is_lost_at_any_instant(self, mortal_bank: Server) -> None:
        acknowledged: list[str] = []

        def put_until_it_dies() -> None:
            try:
                while True:
                    acknowledged.append(order(mortal_bank, "9704-0004"))
            except httpx.HTTPError:
                return

        for _ in range(4):
            customer = threading.Thread(target=put_until_it_dies)
            customer.start()
            time.sleep(random.uniform(0.05, 0.3))
            mortal_bank.kill()
            customer.join()
            mortal_bank.start()
        keys = [entry["key"] for entry in mortal_bank.client.get("/ledger").json()["orders"]]
        assert len(acknowledged) > 4
        assert set(acknowledged) <= set(keys)
        assert len(keys) == len(set(keys))

    def test_it_stops_cleanly_and_says_nothing_of_people(self, mortal_bank: Server) -> None:
        body = {"amount": 8000, "currency": "VND", "description": CANARY, "payer_account": "canary-0004"}
        mortal_bank.client.put(f"/orders/{new_key()}", json=body)
        mortal_bank.client.put(f"/orders/{new_key()}", json=body | {"amount": CANARY})
        mortal_bank.client.put("/orders/canary%20key", json=body)
        mortal_bank.kill(signal.SIGTERM)
        assert mortal_bank.output.read_text() == ""


def send(post: Server, postcode: str = "10000") -> str:
    """The key of a new consignment."""
    key = new_key("parcel")
    body = {"recipient": RECIPIENT | {"postcode": postcode}, "contents": "Kết quả"}
    response = post.client.put(f"/consignments/{key}", json=body)
    assert response.status_code == 201, response.text
    return key


def history(post: Server, key: str) -> list[str]:
    consignment = post.client.get(f"/consignments/{key}").raise_for_status().json()
    assert consignment["status"] == consignment["history"][-1]["status"]
    return [step["status"] for step in consignment["history"]]


class TestPost:
    def test_a_consignment_is_made_once_per_key(self, post: Server) -> None:
        key = new_key("parcel")
        body = {"recipient": RECIPIENT, "contents": "Kết quả"}
        first = post.client.put(f"/consignments/{key}", json=body)
        again = post.client.put(f"/consignments/{key}", json=body)
        other = post.client.put(f"/consignments/{key}", json=body | {"contents": "Khác"})
        assert (first.status_code, again.status_code) == (201, 200)
        assert first.json()["waybill"] == again.json()["waybill"]
        assert (other.status_code, other.json()["code"]) == (409, "key_reused")
        assert CANARY not in first.text

    def test_bad_input_names_field_and_rule(self, post: Server) -> None:
        body = {"recipient": RECIPIENT | {"postcode": "1000", "name": ""}, "contents": "Kết quả"}
        response = post.client.put(f"/consignments/{new_key('parcel')}", json=body)
        assert response.status_code == 422
        assert response.json()["errors"] == [
            {"field": "recipient.name", "rule": "string_too_short"},
            {"field": "recipient.postcode", "rule": "string_pattern_mismatch"},
        ]

    @pytest.mark.parametrize(("postcode", "end"), [("10000", "delivered"), ("99902", "returned"), ("99903", "lost")])
    def test_where_a_consignment_ends(self, post: Server, postcode: str, end: str) -> None:
        key = send(post, postcode)
        assert history(post, key) == ["accepted"]
        until(lambda: len(history(post, key)) == 3)
        assert history(post, key) == ["accepted", "in_transit", end]

    def test_99904_stays_in_transit(self, post: Server) -> None:
        key = send(post, "99904")
        time.sleep(4 * STEP_AFTER)
        assert history(post, key) == ["accepted", "in_transit"]

    def test_only_an_accepted_consignment_can_be_cancelled(self, post: Server) -> None:
        early, late = send(post), send(post, "99904")
        assert post.client.post(f"/consignments/{early}/cancel").json()["status"] == "cancelled"
        assert post.client.post(f"/consignments/{early}/cancel").json()["status"] == "cancelled"
        until(lambda: len(history(post, late)) == 2)
        refused = post.client.post(f"/consignments/{late}/cancel")
        assert (refused.status_code, refused.json()["code"]) == (409, "under_way")
        assert history(post, early) == ["accepted", "cancelled"]
        assert post.client.get("/consignments/parcel:none").json()["code"] == "not_found"

    def test_what_fell_due_while_it_was_down_has_happened(self, mortal_post: Server) -> None:
        key = send(mortal_post, "99902")
        waybill = mortal_post.client.get(f"/consignments/{key}").json()["waybill"]
        mortal_post.kill()
        time.sleep(3 * STEP_AFTER)
        mortal_post.start()
        assert history(mortal_post, key) == ["accepted", "in_transit", "returned"]
        listed = mortal_post.client.get("/ledger").json()["consignments"]
        assert [(entry["key"], entry["waybill"]) for entry in listed] == [(key, waybill)]

    def test_it_keeps_and_says_nothing_of_people(self, mortal_post: Server) -> None:
        send(mortal_post)
        mortal_post.kill(signal.SIGTERM)
        stored = b"".join(path.read_bytes() for path in mortal_post.data.iterdir())
        assert CANARY.encode() not in stored
        assert b"0900000001" not in stored
        assert mortal_post.output.read_text() == ""


class TestAdapters:
    async def test_the_bank_adapter_speaks_the_wire(self, adapter: HttpBank, bank: Server) -> None:
        key = new_key()
        made = await adapter.order(key, 8000, "Lệ phí")
        assert made == await adapter.get(key)
        bank.client.post(f"/orders/{key}/pay", json={})
        paid = await adapter.cancel(key)
        refund = await adapter.refund(new_key("refund"), key, paid.captures[0].capture_id, 8000)
        assert (paid.status, paid.captures[0].amount, refund.amount) == ("paid", 8000, 8000)
        assert (await adapter.get(key)).refunds == (refund,)

    async def test_the_post_adapter_speaks_the_wire(self, post: Server) -> None:
        recipient = Recipient.model_validate(RECIPIENT)
        assert CANARY not in repr(recipient)
        async with httpx.AsyncClient(base_url=post.url, trust_env=False) as client:
            adapter = HttpPost(client)
            key = new_key("parcel")
            sent = await adapter.send(key, recipient, "Kết quả")
            assert isinstance(sent, Consignment)
            assert (await adapter.get(key)).waybill == sent.waybill

    async def test_a_refusal_carries_the_code(self, adapter: HttpBank) -> None:
        with pytest.raises(RejectedError) as unknown:
            await adapter.get(new_key())
        assert (unknown.value.status, unknown.value.code) == (404, "not_found")
        key = new_key()
        await adapter.order(key, 8000, "Lệ phí")
        with pytest.raises(RejectedError) as reused:
            await adapter.order(key, 9000, "Lệ phí")
        assert reused.value.code == "key_reused"

    async def test_a_bank_that_is_down_is_unreachable(self) -> None:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{free_port()}", trust_env=False) as client:
            with pytest.raises(UnreachableError):
                await HttpBank(client).get(new_key())

    @pytest.mark.parametrize(
        "answer",
        [
            httpx.Response(500),
            httpx.Response(503, json={"code": "busy"}),
            httpx.Response(429),
            httpx.Response(302),
            httpx.Response(200, content=b"<html>"),
            httpx.Response(200, json={"key": CANARY}),
        ],
    )
    async def test_an_answer_that_says_nothing_is_unreachable(self, answer: httpx.Response) -> None:
        transport = httpx.MockTransport(lambda _request: answer)
        async with httpx.AsyncClient(base_url="http://bank.test", transport=transport) as client:
            with pytest.raises(UnreachableError) as error:
                await HttpBank(client).get(new_key())
        assert CANARY not in str(error.value)
        assert error.value.__suppress_context__ or error.value.__context__ is None

    async def test_a_bank_that_never_answers_is_given_up(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(outside, "TIMEOUT_S", 0.2)
        monkeypatch.setenv("NO_PROXY", "*")
        with socket.create_server(("127.0.0.1", 0)) as silent:
            address = f"http://127.0.0.1:{silent.getsockname()[1]}"
            async with outside.partner_client(address) as client:
                with pytest.raises(UnreachableError, match="Timeout"):
                    await HttpBank(client).get(new_key())

    async def test_a_refusal_without_a_code_gets_one(self) -> None:
        transport = httpx.MockTransport(lambda _request: httpx.Response(400, json=["?"]))
        async with httpx.AsyncClient(base_url="http://bank.test", transport=transport) as client:
            with pytest.raises(RejectedError, match="http_400"):
                await HttpBank(client).get(new_key())

    def test_results_are_frozen(self) -> None:
        made = Order(key="k", order_id="o", amount=1, currency="VND", status="pending", pay_url="u")
        with pytest.raises(ValueError, match="frozen"):
            made.amount = 2  # type: ignore[misc]
