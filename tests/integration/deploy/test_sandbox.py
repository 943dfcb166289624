"""The sandbox bank and post, in memory and by a clock that is moved on, and the adapters to them.

As real processes on loopback: what they answer and refuse over HTTP, and what they keep when they are killed.
"""

import random
import re
import signal
import socket
import sqlite3
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from itertools import count
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from pydantic import SecretStr

from activities.partners import http as outside
from activities.partners.bank import HttpBank
from activities.partners.bank import Order as BankOrder
from activities.partners.http import RejectedError, UnreachableError
from activities.partners.postal import Order, Recipient
from activities.partners.vnpost import Contract, VnPost
from sandbox.bank.server import bank as bank_app
from sandbox.post import SECRET_KEY
from sandbox.post import post as post_app
from sandbox.post_page import WORDS
from schemas.parcel.state import Meaning
from tests.integration.deploy.in_memory import Clock, Sandbox, in_memory, way_to
from tests.sandboxes import Server, free_port, until

PAY_AFTER = 60.0
"""By the clock that is moved on."""
STEP_AFTER = 60.0
PAY_SOON = 0.3
STEP_SOON = 0.2
CANARY = "Canary Nguyễn Thị Kiểm Tra"
RECIPIENT = {"name": CANARY, "phone": "0900000001", "address": "1 Phố Thử", "postcode": "10000"}
NUMBERS = count(1)


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory, clock: Clock) -> Iterator[Sandbox]:  # noqa: ARG001 -- theirs
    data = tmp_path_factory.mktemp("bank")
    with in_memory(data, lambda: bank_app(data, PAY_AFTER, "", 300)) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def post(tmp_path_factory: pytest.TempPathFactory, clock: Clock) -> Iterator[Sandbox]:  # noqa: ARG001 -- theirs
    data = tmp_path_factory.mktemp("post")
    with in_memory(data, lambda: post_app(data, STEP_AFTER)) as sandbox:
        yield sandbox


@pytest.fixture
def mortal_bank(tmp_path: Path) -> Iterator[Server]:
    server = Server("bank", tmp_path, "--pay-after", str(PAY_SOON))
    server.start()
    yield server
    server.close()


@pytest.fixture
def mortal_post(tmp_path: Path) -> Iterator[Server]:
    server = Server("post", tmp_path, "--step-after", str(STEP_SOON))
    server.start()
    yield server
    server.close()


@pytest.fixture
async def adapter(mortal_bank: Server) -> AsyncIterator[HttpBank]:
    async with httpx.AsyncClient(base_url=mortal_bank.url, trust_env=False) as client:
        yield HttpBank(client)


def new_key(what: str = "fee") -> str:
    return f"{what}:0d9c2f4e-7a51-5b0e-9c57-3f1f6a0c2b11:{next(NUMBERS)}"


def order(bank: Sandbox, account: str | None = None, amount: int = 8000) -> str:
    """The key of a new order."""
    key = new_key()
    body = {"amount": amount, "currency": "VND", "description": "Lệ phí", "payer_account": account}
    response = bank.client.put(f"/orders/{key}", json=body)
    assert response.status_code == 201, response.text
    return key


def seen(bank: Sandbox, key: str) -> Any:
    return bank.client.get(f"/orders/{key}").raise_for_status().json()


def captures(bank: Sandbox, key: str) -> int:
    return len(seen(bank, key)["captures"])


PAYING: list[tuple[str, list[tuple[int | str, str, int]]]] = [
    ("0001", [(0, "pending", 0), (1, "paid", 1), (2, "paid", 1)]),
    ("0001", [("cancel", "cancelled", 0), (2, "cancelled", 0)]),
    ("0002", [(2, "pending", 0), ("cancel", "cancelled", 0), (1, "cancelled", 1)]),
    ("0003", [(1, "paid", 1), ("cancel", "paid", 1), (1, "paid", 2), (2, "paid", 2)]),
    ("0004", [(3, "pending", 0)]),
]
"""Accounts: what is done, or how long passes, and then the status of the order, and its captures."""


class TestBank:
    def test_an_order_is_made_once_per_key(self, bank: Sandbox) -> None:
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

    def test_an_unknown_order_is_a_problem(self, bank: Sandbox) -> None:
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
    def test_bad_input_names_field_and_rule(self, bank: Sandbox, change: dict[str, Any], field: str, rule: str) -> None:
        body = {"amount": 8000, "currency": "VND", "description": "", "payer_account": None} | change
        response = bank.client.put(f"/orders/{new_key()}", json=body)
        assert response.status_code == 422
        assert response.headers["content-type"] == "application/problem+json"
        assert response.json()["errors"] == [{"field": field, "rule": rule}]

    def test_bad_json_and_bad_keys_are_problems(self, bank: Sandbox) -> None:
        broken = bank.client.put(f"/orders/{new_key()}", content=b"{")
        assert broken.json()["errors"] == [{"field": "body", "rule": "json_invalid"}]
        spaced = bank.client.get("/orders/a%20b")
        assert spaced.json()["errors"] == [{"field": "key", "rule": "pattern"}]
        assert bank.client.delete("/ledger").json()["code"] == "http_405"

    def test_a_person_pays_and_may_pay_twice(self, bank: Sandbox) -> None:
        key = order(bank)
        paid = bank.client.post(f"/orders/{key}/pay", json={}).json()
        assert paid["status"] == "paid"
        assert [capture["amount"] for capture in paid["captures"]] == [8000]
        twice = bank.client.post(f"/orders/{key}/pay", json={}).json()
        assert len({capture["capture_id"] for capture in twice["captures"]}) == 2

    def test_the_pay_page_shows_the_order_and_pays_it(self, bank: Sandbox) -> None:
        key = order(bank)
        page = bank.client.get(f"/orders/{key}/pay")
        assert "8.000 ₫" in page.text
        assert "Chờ thanh toán · Not yet paid" in page.text
        after = bank.client.post(f"/orders/{key}/pay", headers={"accept": "text/html"}, follow_redirects=True)
        assert "Đã thanh toán · Paid<br>+ 8.000 ₫" in after.text
        assert captures(bank, key) == 1

    def test_cancelling_stops_only_what_is_not_paid(self, bank: Sandbox) -> None:
        unpaid, paid = order(bank), order(bank)
        bank.client.post(f"/orders/{paid}/pay", json={})
        assert bank.client.post(f"/orders/{unpaid}/cancel").json()["status"] == "cancelled"
        assert bank.client.post(f"/orders/{unpaid}/cancel").json()["status"] == "cancelled"
        assert bank.client.post(f"/orders/{paid}/cancel").json()["status"] == "paid"

    def test_money_on_a_cancelled_order_is_late_money(self, bank: Sandbox) -> None:
        key = order(bank)
        bank.client.post(f"/orders/{key}/cancel")
        late = bank.client.post(f"/orders/{key}/pay", json={}).json()
        assert (late["status"], len(late["captures"])) == ("cancelled", 1)

    def test_who_pays_by_itself_and_when(self, bank: Sandbox, clock: Clock) -> None:
        found: list[tuple[str, list[tuple[int | str, str, int]]]] = []
        for account, steps in PAYING:
            key = order(bank, f"9704-{account}")
            seen_then: list[tuple[int | str, str, int]] = []
            for step, *_ in steps:
                if isinstance(step, str):
                    bank.client.post(f"/orders/{key}/{step}")
                else:
                    clock.passes(step * PAY_AFTER)
                seen_then.append((step, seen(bank, key)["status"], captures(bank, key)))
            found.append((account, seen_then))
        assert found == PAYING

    def test_a_refund_is_made_once_and_never_exceeds_its_capture(self, bank: Sandbox) -> None:
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

    def test_the_ledger_lists_every_order(self, bank: Sandbox) -> None:
        keys = [order(bank), order(bank)]
        listed = bank.client.get("/ledger").json()["orders"]
        assert [entry["key"] for entry in listed[-2:]] == keys
        assert listed[-1] == seen(bank, keys[-1])


class TestBankKilled:
    def test_what_fell_due_while_it_was_down_has_happened(self, mortal_bank: Server) -> None:
        paying, cancelled, twice = (order(mortal_bank, f"9704-000{n}") for n in (1, 2, 3))
        mortal_bank.client.post(f"/orders/{cancelled}/cancel")
        mortal_bank.kill()
        time.sleep(3 * PAY_SOON)
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


def token(post: Sandbox, keys: tuple[str, str] = ("sandbox", "sandbox")) -> httpx.Response:
    return post.client.post("/token", data={"grant_type": "client_credentials"}, auth=keys)


def asked(post: Sandbox, method: str, path: str, **said: Any) -> Any:
    """What the post answers to somebody whom it knows."""
    bearer = f"Bearer {token(post).raise_for_status().json()['access_token']}"
    return post.client.request(method, path, headers={"authorization": bearer}, **said)


def consigned(key: str, postcode: str = "10000", **other: Any) -> dict[str, Any]:
    return {
        "CustomerCode": "MOTCUA",
        "OrderNumber": key,
        "CODAmount": 25_000,
        "SenderName": "Bộ phận Một cửa",
        "SenderTel": "",
        "SenderAddress": "2 Phố Thử",
        "SenderProvince": "10",
        "ReceiverName": CANARY,
        "ReceiverTel": "0900000001",
        "ReceiverAddress": "1 Phố Thử",
        "ReceiverProvince": postcode[:2],
        "ReceiverPostcode": postcode,
        "Description": "Kết quả",
        "FlagConfig": 2,
    } | other


def send(post: Sandbox, postcode: str = "10000") -> str:
    """The key of a new consignment, the first of a filing."""
    key = f"parcel:{uuid4()}:1"
    answer = asked(post, "POST", "/order/post", json=consigned(key, postcode)).raise_for_status().json()
    assert answer["Status"] == "100", answer
    return key


def tracked(post: Sandbox, key: str) -> Any:
    return asked(post, "GET", "/order/tracking", params={"OrderNumber": key}).raise_for_status().json()


def history(post: Sandbox, key: str) -> list[str]:
    words = {code: status for status, (code, _) in WORDS.items()}
    return [words[step["StatusCode"]] for step in tracked(post, key)["Tracking"]]


def cancelled(post: Sandbox, key: str) -> Any:
    said = {"CustomerCode": "MOTCUA", "OrderNumber": key}
    return asked(post, "POST", "/order/cancel", json=said).raise_for_status().json()["Status"]


class TestPost:
    def test_a_consignment_is_made_once_per_key(self, post: Sandbox) -> None:
        key = new_key("parcel")
        first, again, other = (
            asked(post, "POST", "/order/post", json=consigned(key, Description=contents)).json()
            for contents in ("Kết quả", "Kết quả", "Khác")
        )
        assert first == again == {"Status": "100", "OrderNumber": key, "ItemCode": first["ItemCode"]}
        assert re.fullmatch(r"E\d{9}VN", first["ItemCode"])
        assert other["Status"] == "110"

    def test_nobody_is_answered_without_a_token(self, post: Sandbox) -> None:
        assert token(post, ("sandbox", "wrong")).status_code == 401
        for header in ("", "Bearer 99999999999.0", "Bearer 1.0", "Bearer x"):
            answer = post.client.get("/order/tracking", headers={"authorization": header})
            assert (answer.status_code, answer.json()["code"]) == (401, "unauthorised")

    def test_bad_input_names_field_and_rule(self, post: Sandbox) -> None:
        body = consigned(new_key("parcel"), ReceiverPostcode="1000", ReceiverName="", FlagConfig=1, Surprise=1)
        response = asked(post, "POST", "/order/post", json=body)
        assert response.status_code == 422
        assert response.json()["errors"] == [
            {"field": "ReceiverName", "rule": "string_too_short"},
            {"field": "ReceiverPostcode", "rule": "string_pattern_mismatch"},
            {"field": "FlagConfig", "rule": "greater_than_equal"},
            {"field": "Surprise", "rule": "extra_forbidden"},
        ]

    @pytest.mark.parametrize(
        ("postcode", "way"),
        [
            ("10000", ["delivered"]),
            ("99902", ["returned"]),
            ("99903", ["lost"]),
            ("99905", ["invited", "delivered"]),
            ("99906", ["invited", "invited", "returned"]),
            ("99910", ["damaged"]),
            ("99911", ["strange", "delivered"]),
        ],
    )
    def test_where_a_consignment_ends(self, post: Sandbox, clock: Clock, postcode: str, way: list[str]) -> None:
        key = send(post, postcode)
        assert history(post, key) == ["accepted"]
        clock.until(lambda: len(history(post, key)) == 2 + len(way), STEP_AFTER)
        assert history(post, key) == ["accepted", "in_transit", *way]

    def test_what_came_back_is_delivered_once_that_was_heard_of(self, post: Sandbox, clock: Clock) -> None:
        key = send(post, "99908")
        clock.passes(20 * STEP_AFTER)
        assert history(post, key) == ["accepted", "in_transit", "returned"]
        clock.until(lambda: history(post, key)[3:] == ["delivered"], STEP_AFTER)

    def test_what_is_lost_is_delivered_when_another_one_is_sent_which_waits_until_that_was_heard_of(
        self, post: Sandbox, clock: Clock
    ) -> None:
        key = send(post, "99907")
        clock.until(lambda: history(post, key)[-1] == "lost", STEP_AFTER)
        again = f"{key.rpartition(':')[0]}:2"
        assert asked(post, "POST", "/order/post", json=consigned(again, "99907")).json()["Status"] == "100"
        clock.passes(20 * STEP_AFTER)
        assert history(post, again) == ["accepted", "in_transit"]
        assert history(post, key) == ["accepted", "in_transit", "lost", "delivered"]
        clock.until(lambda: history(post, again)[-1] == "delivered", STEP_AFTER)

    def test_99909_is_refused_and_99904_stays_in_transit(self, post: Sandbox, clock: Clock) -> None:
        refused = asked(post, "POST", "/order/post", json=consigned(new_key("parcel"), "99909")).json()
        assert refused["Status"] == "120"
        key = send(post, "99904")
        clock.passes(4 * STEP_AFTER)
        assert history(post, key) == ["accepted", "in_transit"]

    def test_only_an_accepted_consignment_can_be_cancelled(self, post: Sandbox, clock: Clock) -> None:
        early, late = send(post, "99912"), send(post, "99904")
        assert (cancelled(post, early), cancelled(post, early)) == ("100", "100")
        clock.until(lambda: len(history(post, late)) == 2, STEP_AFTER)
        assert (cancelled(post, late), cancelled(post, new_key("parcel"))) == ("130", "140")
        assert history(post, early) == ["accepted", "cancelled"]

    def test_everybody_may_look_where_it_is_by_its_code(self, post: Sandbox, clock: Clock) -> None:
        key = send(post, "99906")
        clock.until(lambda: len(history(post, key)) == 5, STEP_AFTER)
        shown = post.client.get("/tracking", params={"code": tracked(post, key)["ItemCode"]}).text
        assert shown.count("đã để giấy mời") == 2
        assert "Đã chuyển hoàn" in shown
        assert CANARY not in shown
        assert "Không tìm thấy" in post.client.get("/tracking", params={"code": "<b>"}).text
        assert "<b>" not in post.client.get("/tracking", params={"code": "<b>"}).text

    def test_an_outage_ends_when_it_was_told_to(self, mortal_post: Server) -> None:
        key = send(mortal_post)
        assert mortal_post.client.put("/outage", json={"seconds": 600}).status_code == 204
        mortal_post.kill()
        mortal_post.start()
        assert token(mortal_post).status_code == 503
        assert mortal_post.client.get("/order/tracking").status_code == 503
        assert mortal_post.client.put("/outage", json={"seconds": 0}).status_code == 204
        assert history(mortal_post, key)[0] == "accepted"
        too_long = mortal_post.client.put("/outage", json={"seconds": 86_401})
        assert too_long.json()["errors"] == [{"field": "seconds", "rule": "less_than_equal"}]

    def test_what_fell_due_while_it_was_down_has_happened(self, mortal_post: Server) -> None:
        key = send(mortal_post, "99902")
        waybill = tracked(mortal_post, key)["ItemCode"]
        mortal_post.kill()
        time.sleep(3 * STEP_SOON)
        mortal_post.start()
        assert history(mortal_post, key) == ["accepted", "in_transit", "returned"]
        listed = mortal_post.client.get("/ledger").json()["consignments"]
        assert [(entry["key"], entry["waybill"], entry["cod"]) for entry in listed] == [(key, waybill, 25_000)]

    def test_it_keeps_and_says_nothing_of_people(self, mortal_post: Server) -> None:
        send(mortal_post)
        mortal_post.kill(signal.SIGTERM)
        stored = b"".join(path.read_bytes() for path in mortal_post.data.iterdir())
        assert CANARY.encode() not in stored
        assert b"0900000001" not in stored
        assert mortal_post.output.read_text() == ""


class TestPostAdapter:
    ORDER = Order(key="", agency="H01.12", recipient=Recipient.model_validate(RECIPIENT), contents="Kết quả")

    async def test_it_speaks_the_wire(self, mortal_post: Server) -> None:
        assert CANARY not in repr(self.ORDER)
        async with carrier(mortal_post) as adapter:
            order = self.ORDER.model_copy(update={"key": new_key("parcel")})
            waybill = await adapter.send(order)
            assert await adapter.send(order) == waybill
            assert await adapter.cancel(order.key)
            found = await adapter.get(order.key)
            assert (found.waybill, found.steps[0].meaning) == (waybill, Meaning.ACCEPTED)
            assert [(step.meaning, step.said) for step in found.steps[1:]] == [(Meaning.CANCELLED, "C08")]

    async def test_what_has_left_is_not_cancelled(self, post: Sandbox, clock: Clock) -> None:
        key = send(post, "99904")
        clock.until(lambda: len(history(post, key)) == 2, STEP_AFTER)
        async with carrier(post) as adapter:
            assert not await adapter.cancel(key)
            assert not await adapter.cancel(new_key("parcel"))

    async def test_a_refusal_carries_the_code(self, mortal_post: Server) -> None:
        async with carrier(mortal_post) as adapter:
            nowhere = self.ORDER.recipient.model_copy(update={"postcode": "99909"})
            with pytest.raises(RejectedError) as refused:
                await adapter.send(self.ORDER.model_copy(update={"key": new_key("parcel"), "recipient": nowhere}))
            with pytest.raises(RejectedError) as unknown:
                await adapter.get(new_key("parcel"))
            with pytest.raises(RejectedError) as unreadable:
                await adapter.send(self.ORDER.model_copy(update={"key": new_key("parcel"), "contents": ""}))
        assert [refused.value.code, unknown.value.code, unreadable.value.code] == ["120", "140", "invalid"]

    async def test_a_word_that_the_contract_does_not_name_is_kept(self, post: Sandbox, clock: Clock) -> None:
        key = send(post, "99911")
        clock.until(lambda: len(history(post, key)) == 4, STEP_AFTER)
        async with carrier(post) as adapter:
            strange = (await adapter.get(key)).steps[2]
        assert (strange.meaning, strange.said, strange.message) == (Meaning.OTHER, "Z77", "Đang chờ thông quan")

    async def test_words_are_what_the_contract_says(self, post: Sandbox, clock: Clock) -> None:
        key = send(post, "99911")
        clock.until(lambda: len(history(post, key)) == 4, STEP_AFTER)
        contract = Contract.model_validate_json('{"words": {"Z77": "lost"}}')
        async with carrier(post, contract) as adapter:
            meanings = [step.meaning for step in (await adapter.get(key)).steps]
        assert meanings == [Meaning.OTHER, Meaning.OTHER, Meaning.LOST, Meaning.OTHER]

    async def test_wrong_keys_refuse_nothing(self, post: Sandbox) -> None:
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
    post: Sandbox | httpx.MockTransport, contract: Contract | None = None, secret: str = SECRET_KEY
) -> AsyncIterator[VnPost]:
    url, transport = ("http://post.test", post) if isinstance(post, httpx.MockTransport) else (post.url, way_to(post))
    async with httpx.AsyncClient(base_url=url, transport=transport, trust_env=False) as client:
        yield VnPost(client, contract or Contract(), "sandbox", SecretStr(secret))


class TestAdapters:
    async def test_the_bank_adapter_speaks_the_wire(self, adapter: HttpBank, mortal_bank: Server) -> None:
        key = new_key()
        made = await adapter.order(key, 8000, "Lệ phí")
        assert made == await adapter.get(key)
        mortal_bank.client.post(f"/orders/{key}/pay", json={})
        paid = await adapter.cancel(key)
        refund = await adapter.refund(new_key("refund"), key, paid.captures[0].capture_id, 8000)
        assert (paid.status, paid.captures[0].amount, refund.amount) == ("paid", 8000, 8000)
        assert (await adapter.get(key)).refunds == (refund,)

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
        made = BankOrder(key="k", order_id="o", amount=1, currency="VND", status="pending", pay_url="u")
        with pytest.raises(ValueError, match="frozen"):
            made.amount = 2  # type: ignore[misc]
