"""Answers to queries and refunds with one wrong field each: only a signed answer about this demand counts."""

import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest

from activities.partners.http import RejectedError, UnreachableError
from activities.partners.money.platform import Platform, PlatformMerchant
from activities.partners.money.provider import Giving, NewDemand, Outcome, Refunding
from activities.partners.money.vnpay import VnPay, VnPayMerchant
from tests.unit.money.conftest import NOW
from tests.walking import walked

ANSWER = {
    "vnp_ResponseId": "1",
    "vnp_Command": "querydr",
    "vnp_ResponseCode": "00",
    "vnp_Message": "Thành công",
    "vnp_TmnCode": "MOTCUA01",
    "vnp_TxnRef": "",
    "vnp_Amount": "13500000",
    "vnp_BankCode": "NCB",
    "vnp_PayDate": "20261127095900",
    "vnp_TransactionNo": "14226112",
    "vnp_TransactionType": "01",
    "vnp_TransactionStatus": "00",
    "vnp_OrderInfo": "Le phi",
    "vnp_PromotionCode": "",
    "vnp_PromotionAmount": "",
}
REFUNDED = {name: value for name, value in ANSWER.items() if "Promotion" not in name} | {"vnp_Command": "refund"}
STATE = {
    "LoaiBanTin": "QUERY",
    "MaLoi": "00",
    "MaDoiTac": "MOTCUA",
    "MaThamChieu": "",
    "SoTien": "135000",
    "MaTienTe": "VND",
    "MaGiaoDich": "14226112",
    "TrangThaiGD": "1",
    "ThoiGianGD": "20261127095900",
}


def hmac_of(values: list[str], key: str = "a key") -> str:
    return hmac.new(key.encode(), "|".join(values).encode(), hashlib.sha512).hexdigest()


class Side:
    """A provider that stores the request; the function `says` makes its answer."""

    def __init__(self, says: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
        self.asked: dict[str, Any] = {}
        self.says = says

    def client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=httpx.MockTransport(self._answer))

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.asked = json.loads(request.content)
        return httpx.Response(200, json=self.says(self.asked))


def vnpay_says(fields: dict[str, str], change: dict[str, Any], key: str = "a key") -> Side:
    def says(asked: dict[str, Any]) -> dict[str, Any]:
        said = fields | {"vnp_TxnRef": asked["vnp_TxnRef"]} | change
        return {**said, "vnp_SecureHash": hmac_of([str(said.get(name) or "") for name in fields], key)}

    return Side(says)


def platform_says(change: dict[str, Any], key: str = "a key") -> Side:
    def says(asked: dict[str, Any]) -> dict[str, Any]:
        said = STATE | {"MaThamChieu": asked["MaThamChieu"]} | change
        values = [str(said.get(name) or "") for name in STATE]
        return {**said, "MaXacThuc": hashlib.sha256("|".join([*values, key]).encode()).hexdigest()}

    return Side(says)


async def test_a_query_signs_its_fields_in_order(vnpay: VnPayMerchant, demand: NewDemand) -> None:
    side = vnpay_says(ANSWER, {})
    async with side.client() as client:
        (notice,) = await VnPay("vnpay", vnpay, client).query(demand)
    order = [
        *("RequestId", "Version", "Command", "TmnCode", "TxnRef", "TransactionDate", "CreateDate"),
        *("IpAddr", "OrderInfo"),
    ]
    assert side.asked["vnp_SecureHash"] == hmac_of([side.asked[f"vnp_{name}"] for name in order])
    assert side.asked["vnp_TransactionDate"] == "20261127100000"
    assert (notice.amount, notice.outcome, notice.at) == (135_000, Outcome.PAID, NOW - timedelta(minutes=1))


async def test_a_refund_signs_its_fields_under_the_same_number(vnpay: VnPayMerchant, demand: NewDemand) -> None:
    side, numbers = vnpay_says(REFUNDED, {}), []
    order = [
        *("RequestId", "Version", "Command", "TmnCode", "TransactionType", "TxnRef", "Amount"),
        *("TransactionNo", "TransactionDate", "CreateBy", "CreateDate", "IpAddr", "OrderInfo"),
    ]
    async with side.client() as client:
        for amount, kind in ((135_000, "02"), (1, "03")):
            giving = Giving(key="refund:1", transaction="14226112", of=135_000, amount=amount, by="Đỗ | A")
            assert (await VnPay("vnpay", vnpay, client).refund(demand, giving)).refunding is Refunding.GIVEN
            assert side.asked["vnp_SecureHash"] == hmac_of([side.asked[f"vnp_{name}"] for name in order])
            assert (side.asked["vnp_TransactionType"], side.asked["vnp_Amount"]) == (kind, str(amount * 100))
            numbers.append(side.asked["vnp_RequestId"])
    assert numbers[0] == numbers[1]


@walked("name", ["vnp_ResponseCode", "vnp_TmnCode", "vnp_TxnRef", "vnp_Amount", "vnp_TransactionNo"], exactly=5)
@walked("value", ["", "?", "1" * 500, None, True, 1.5, [], {}], exactly=8)
async def test_a_wrong_answer_of_vnpay(vnpay: VnPayMerchant, demand: NewDemand, name: str, value: Any) -> None:
    async with vnpay_says(ANSWER, {name: value}).client() as client:
        with pytest.raises(UnreachableError):
            await VnPay("vnpay", vnpay, client).query(demand)


@pytest.mark.parametrize(
    ("status", "number", "found"),
    [
        ("01", "", Outcome.PENDING),
        ("07", "", Outcome.PENDING),
        ("02", "", Outcome.FAILED),
        ("01", "0", Outcome.PENDING),
        ("00", "", None),
    ],
)
async def test_what_is_not_paid_at_vnpay_needs_no_number_and_is_not_known_to_be_unpaid(
    vnpay: VnPayMerchant, demand: NewDemand, status: str, number: str, found: Outcome | None
) -> None:
    async with vnpay_says(ANSWER, {"vnp_TransactionStatus": status, "vnp_TransactionNo": number}).client() as client:
        wire = VnPay("vnpay", vnpay, client)
        if found is None:
            with pytest.raises(UnreachableError):
                await wire.query(demand)
        else:
            assert [(one.outcome, one.transaction) for one in await wire.query(demand)] == [(found, "0")]


async def test_what_nobody_has_opened_vnpay_has_never_heard_of(vnpay: VnPayMerchant, demand: NewDemand) -> None:
    async with vnpay_says(ANSWER, {"vnp_ResponseCode": "91"}).client() as client:
        with pytest.raises(RejectedError) as unknown:
            await VnPay("vnpay", vnpay, client).query(demand)
    assert unknown.value.code == "not_found"


@walked("amount", ["135000", ""], exactly=2)
@walked(
    ("state", "number", "found"),
    [
        ("3", "", Outcome.PENDING),
        ("4", "", Outcome.FAILED),
        ("3", "0", Outcome.PENDING),
        ("1", "", None),
        ("9", "", None),
    ],
    exactly=5,
)
async def test_what_is_not_paid_at_the_platform_needs_no_number_and_is_not_known_to_be_unpaid(
    platform: PlatformMerchant, demand: NewDemand, state: str, number: str, found: Outcome | None, amount: str
) -> None:
    said = {"TrangThaiGD": state, "MaGiaoDich": number, "SoTien": amount}
    async with platform_says(said).client() as client:
        wire = Platform("dvc", platform, client)
        if found is None or (number and not amount):
            with pytest.raises(UnreachableError):
                await wire.query(demand)
        else:
            assert [(one.outcome, one.transaction) for one in await wire.query(demand)] == [(found, "0")]


@walked("name", ["MaLoi", "MaDoiTac", "MaThamChieu", "SoTien", "MaGiaoDich"], exactly=5)
@walked("value", ["", "?", "a|b", None, True, 1.5, []], exactly=7)
async def test_a_wrong_answer_of_platform(platform: PlatformMerchant, demand: NewDemand, name: str, value: Any) -> None:
    async with platform_says({name: value}).client() as client:
        with pytest.raises(UnreachableError):
            await Platform("dvc", platform, client).query(demand)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"MaLoi": "00"}, UnreachableError),
        ({"UrlThanhToan": "https://pay.test"}, UnreachableError),
        ({"MaLoi": "97"}, UnreachableError),
        ({"MaLoi": "03"}, RejectedError),
        ({"MaLoi": "00", "UrlThanhToan": "https://pay.test"}, None),
        ({"MaLoi": "00", "UrlThanhToan": ["https://pay.test"]}, UnreachableError),
    ],
)
async def test_answers_to_an_order_at_the_platform(
    platform: PlatformMerchant, demand: NewDemand, answer: dict[str, Any], expected: Any
) -> None:
    merchant = platform.model_copy(update={"refusals": frozenset({"03"}), "address": "203.0.113.1"})
    side = Side(lambda _asked: answer)
    async with side.client() as client:
        if expected is None:
            await Platform("dvc", merchant, client).order(demand.model_copy(update={"payer_address": "203.0.113.9"}))
        else:
            with pytest.raises(expected):
                await Platform("dvc", merchant, client).order(demand)
    names = (
        "LoaiBanTin PhienBan MaDoiTac MaThamChieu SoTien LoaiHinhThanhToan MaNgonNgu MaTienTe"
        " MaNganHang ThongTinGiaoDich ThoiGianGD Ip"
    )
    values = [*(side.asked[name] for name in names.split()), "a key"]
    assert side.asked["MaXacThuc"] == hashlib.sha256("|".join(values).encode()).hexdigest()
    assert "|" not in "".join(values)
    assert side.asked["Ip"] == ("203.0.113.9" if expected is None else "203.0.113.1"), "the payer's, or else our own"
    assert side.asked["ThongTinBienLai"]["MaDVC"] == "1.002835.01"
    assert side.asked["ThongTinBienLai"]["PhiLePhi"] == [
        {"MaPhiLePhi": "licence", "TenPhiLePhi": "Lệ phí", "SoTien": "135000"}
    ]


async def test_answers_by_another_key(vnpay: VnPayMerchant, platform: PlatformMerchant, demand: NewDemand) -> None:
    async with vnpay_says(ANSWER, {}, "another").client() as client:
        with pytest.raises(UnreachableError, match="not signed"):
            await VnPay("vnpay", vnpay, client).query(demand)
        for asking in (VnPay("vnpay", vnpay, client).refund, VnPay("vnpay", vnpay, client).refunded):
            with pytest.raises(UnreachableError, match="not signed"):
                await asking(demand, GIVING)
    async with platform_says({}, "another").client() as client:
        with pytest.raises(UnreachableError, match="not signed"):
            await Platform("dvc", platform, client).query(demand)


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({}, ["14226112"]),
        ({"vnp_TransactionNo": "14226113"}, []),
        ({"vnp_TransactionType": "02"}, []),
        ({"vnp_ResponseCode": "91"}, None),
    ],
)
async def test_a_number_is_confirmed_by_an_answer_about_it(
    vnpay: VnPayMerchant, demand: NewDemand, change: dict[str, Any], found: list[str] | None
) -> None:
    side = vnpay_says(ANSWER, change)
    async with side.client() as client:
        asked = VnPay("vnpay", vnpay, client).confirm(demand, "14226112")
        if found is None:
            with pytest.raises(RejectedError, match="not_found"):
                await asked
        else:
            assert [one.transaction for one in await asked] == found
    assert side.asked["vnp_TransactionNo"] == "14226112"


GIVING = Giving(key="refund:1", transaction="14226112", of=135_000, amount=1, by="a")


@walked(
    ("code", "status", "expected"),
    [
        ("00", "00", Refunding.GIVEN),
        ("94", "", Refunding.UNDER_WAY),
        ("00", "05", Refunding.UNDER_WAY),
        ("00", "06", Refunding.UNDER_WAY),
        ("00", "09", RejectedError),
        ("99", "", UnreachableError),
        ("98", "00", UnreachableError),
        ("97", "", UnreachableError),
        ("", "", UnreachableError),
        ("93", "", RejectedError),
        ("95", "", RejectedError),
        ("91", "", RejectedError),
    ],
    exactly=12,
)
async def test_refund_answers(vnpay: VnPayMerchant, demand: NewDemand, code: str, status: str, expected: Any) -> None:
    change = {"vnp_ResponseCode": code, "vnp_TransactionStatus": status}
    async with vnpay_says(REFUNDED, change).client() as client:
        wire = VnPay("vnpay", vnpay, client)
        if isinstance(expected, Refunding):
            assert (await wire.refund(demand, GIVING)).refunding is expected
        else:
            with pytest.raises(expected):
                await wire.refund(demand, GIVING)


ABOUT = {"vnp_Amount": "100", "vnp_TransactionType": "03", "vnp_TransactionStatus": "00"}
THIS, OTHER, STRANGE = (hashlib.sha256(f"refund:{n}".encode()).hexdigest()[:32] for n in (1, 2, 3))


@walked(
    ("change", "before", "expected"),
    [
        ({}, None, Refunding.GIVEN),
        ({"vnp_TransactionType": "02"}, None, Refunding.GIVEN),
        ({}, 1, Refunding.UNTOLD),
        ({}, 2, Refunding.GIVEN),
        ({"vnp_Amount": "200"}, None, Refunding.UNTOLD),
        ({"vnp_Amount": "200"}, 2, Refunding.NOT_ASKED),
        ({"vnp_Amount": "200"}, 1, Refunding.UNTOLD),
        ({"vnp_OrderInfo": f"Le phi {THIS}"}, 1, Refunding.GIVEN),
        ({"vnp_OrderInfo": f"Le phi {THIS}", "vnp_Amount": "200"}, 1, Refunding.UNTOLD),
        ({"vnp_OrderInfo": f"Le phi {THIS} {OTHER}"}, 1, Refunding.UNTOLD),
        ({"vnp_OrderInfo": f"Le phi {OTHER}"}, 1, Refunding.NOT_ASKED),
        ({"vnp_OrderInfo": f"Le phi {OTHER}"}, None, Refunding.UNTOLD),
        ({"vnp_OrderInfo": f"Le phi {STRANGE}"}, 1, Refunding.UNTOLD),
        ({"vnp_TransactionStatus": "05"}, None, Refunding.UNDER_WAY),
        ({"vnp_TransactionStatus": "06"}, None, Refunding.UNDER_WAY),
        ({"vnp_TransactionStatus": ""}, None, Refunding.UNDER_WAY),
        ({"vnp_TransactionStatus": "09"}, None, RejectedError),
        ({"vnp_TransactionStatus": "09", "vnp_OrderInfo": OTHER}, 1, Refunding.NOT_ASKED),
        ({"vnp_TransactionType": "01"}, None, Refunding.NOT_ASKED),
        ({"vnp_TransactionType": "01", "vnp_TransactionStatus": "01"}, None, Refunding.UNTOLD),
        ({"vnp_TransactionType": "01", "vnp_TransactionStatus": "02"}, None, Refunding.UNTOLD),
        ({"vnp_TransactionType": "01", "vnp_TransactionNo": "14226113"}, None, Refunding.UNTOLD),
        ({"vnp_TransactionType": ""}, None, Refunding.UNTOLD),
        ({"vnp_ResponseCode": "91"}, None, Refunding.UNTOLD),
        ({"vnp_TxnRef": "MC765432JIHGFEDCBA"}, None, UnreachableError),
        ({"vnp_ResponseCode": "99"}, None, UnreachableError),
    ],
    exactly=26,
)
async def test_what_became_of_a_refund_a_query_tells(
    vnpay: VnPayMerchant, demand: NewDemand, change: dict[str, str], before: int | None, expected: Any
) -> None:
    """The query names the transaction that took the money. `before`: a sum requested earlier under another key."""
    side = vnpay_says(ANSWER, ABOUT | change)
    giving = GIVING if before is None else GIVING.model_copy(update={"before": {"refund:2": before}})
    async with side.client() as client:
        wire = VnPay("vnpay", vnpay, client)
        if isinstance(expected, Refunding):
            assert (await wire.refunded(demand, giving)).refunding is expected
        else:
            with pytest.raises(expected):
                await wire.refunded(demand, giving)
    assert (side.asked["vnp_Command"], side.asked["vnp_TransactionNo"]) == ("querydr", "14226112")


@pytest.mark.parametrize("status", [400, 401, 403, 404])
async def test_a_query_not_taken_says_nothing_of_it(vnpay: VnPayMerchant, demand: NewDemand, status: int) -> None:
    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(status, json={"code": "not_found"})

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client:
        with pytest.raises(RejectedError) as refused:
            await VnPay("vnpay", vnpay, client).refunded(demand, GIVING)
    assert refused.value.status == status


@pytest.mark.parametrize("change", [{}, ABOUT])
async def test_a_vnpay_of_which_it_is_set_that_it_tells_of_no_refund_tells_of_none(
    vnpay: VnPayMerchant, demand: NewDemand, change: dict[str, str]
) -> None:
    silent = vnpay.model_copy(update={"refunds": frozenset()})
    async with vnpay_says(ANSWER, change).client() as client:
        assert (await VnPay("vnpay", silent, client).refunded(demand, GIVING)).refunding is Refunding.UNTOLD


async def test_a_refund_is_described_by_the_number_of_its_request(vnpay: VnPayMerchant, demand: NewDemand) -> None:
    long = demand.model_copy(update={"description": "Lệ phí " * 60})
    side = vnpay_says(REFUNDED, {})
    async with side.client() as client:
        for demanded in (demand, long):
            await VnPay("vnpay", vnpay, client).refund(demanded, GIVING)
            assert side.asked["vnp_RequestId"] == THIS
            assert side.asked["vnp_OrderInfo"].endswith(f" {THIS}")
            assert len(side.asked["vnp_OrderInfo"]) <= 255


@pytest.mark.parametrize("kind", ["02", "03"])
async def test_what_tells_of_a_refund_tells_of_no_money(vnpay: VnPayMerchant, demand: NewDemand, kind: str) -> None:
    async with vnpay_says(ANSWER, {"vnp_TransactionType": kind}).client() as client:
        assert await VnPay("vnpay", vnpay, client).query(demand) == ()
