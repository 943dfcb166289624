"""The adapters to the sandbox bank and post over HTTP, and a bank that is killed."""

import random
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from pydantic import SecretStr

from activities.partners import http as outside
from activities.partners.bank import HttpBank
from activities.partners.http import RejectedError, UnreachableError
from activities.partners.postal import Order, Recipient
from activities.partners.vnpost import Contract, VnPost
from sandbox.post import SECRET_KEY
from schemas.parcel.state import Meaning
from tests.acting import eventually
from tests.sandboxes import Server

PAY_SOON = 0.3
CANARY = "Canary Nguyễn Thị Kiểm Tra"
RECIPIENT = {"name": CANARY, "phone": "0900000001", "address": "1 Phố Thử", "postcode": "10000"}
NUMBERS = count(1)


@pytest.fixture
def bank(tmp_path: Path) -> Iterator[Server]:
    server = Server("bank", tmp_path, "--pay-after", str(PAY_SOON))
    server.start()
    yield server
    server.close()


@pytest.fixture
def post(tmp_path: Path) -> Iterator[Server]:
    server = Server("post", tmp_path, "--step-after", "0.2")
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
    key = new_key()
    body = {"amount": amount, "currency": "VND", "description": "Lệ phí", "payer_account": account}
    response = bank.client.put(f"/orders/{key}", json=body)
    assert response.status_code == 201, response.text
    return key


def seen(bank: Server, key: str) -> Any:
    return bank.client.get(f"/orders/{key}").raise_for_status().json()


def captures(bank: Server, key: str) -> int:
    return len(seen(bank, key)["captures"])


class TestBankKilled:
    def test_no_acknowledged_order_is_lost_at_any_instant(self, bank: Server) -> None:
        acknowledged: list[str] = []

        def put_until_it_dies() -> None:
            try:
                while True:
                    acknowledged.append(order(bank, "9704-0004"))
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
    ORDER = Order(key="", agency="H01.12", recipient=Recipient.model_validate(RECIPIENT), contents="Kết quả")

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
        async with carrier(post) as adapter:
            nowhere = self.ORDER.recipient.model_copy(update={"postcode": "99909"})
            with pytest.raises(RejectedError) as refused:
                await adapter.send(self.ORDER.model_copy(update={"key": new_key("parcel"), "recipient": nowhere}))
            with pytest.raises(RejectedError) as unknown:
                await adapter.get(new_key("parcel"))
            with pytest.raises(RejectedError) as unreadable:
                await adapter.send(self.ORDER.model_copy(update={"key": new_key("parcel"), "contents": ""}))
            key = new_key("parcel")
            await adapter.send(self.ORDER.model_copy(update={"key": key}))
            with pytest.raises(RejectedError) as reused:
                await adapter.send(self.ORDER.model_copy(update={"key": key, "contents": "Khác"}))
        refusals = (refused, unknown, unreadable, reused)
        assert [one.value.code for one in refusals] == ["120", "140", "invalid", "110"]

    async def test_words_are_what_the_contract_says_and_what_it_does_not_name_is_kept(self, post: Server) -> None:
        recipient = self.ORDER.recipient.model_copy(update={"postcode": "99911"})
        order = self.ORDER.model_copy(update={"key": f"parcel:{uuid4()}:1", "recipient": recipient})
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
        key = new_key()
        await adapter.order(key, 8000, "Lệ phí")
        with pytest.raises(RejectedError) as reused:
            await adapter.order(key, 9000, "Lệ phí")
        assert reused.value.code == "key_reused"

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
