"""VNPay's signatures, computed by hand, and IPN callbacks with every field wrong in every way."""

import hashlib
import hmac
from datetime import timedelta
from urllib.parse import parse_qsl, quote_plus, urlsplit

import pytest

from activities.partners.money.codecs import instant, stamp
from activities.partners.money.provider import Expected, NewDemand, Notice, Outcome, Received, Refused, Verdict, judge
from activities.partners.money.vnpay import VnPayDoor, VnPayMerchant, pay_url
from tests.unit.money.conftest import KNOWN, NOW, REFERENCE
from tests.walking import walked

FIELDS = {
    "vnp_Amount": "13500000",
    "vnp_BankCode": "NCB",
    "vnp_BankTranNo": "VNP14226112",
    "vnp_CardType": "ATM",
    "vnp_OrderInfo": "Le phi: doi giay phep",
    "vnp_PayDate": "20261127095900",
    "vnp_ResponseCode": "00",
    "vnp_TmnCode": "MOTCUA01",
    "vnp_TransactionNo": "14226112",
    "vnp_TransactionStatus": "00",
    "vnp_TxnRef": REFERENCE,
}


def signature(data: str, key: str = "a key") -> str:
    return hmac.new(key.encode(), data.encode(), hashlib.sha512).hexdigest()


def encoded(fields: dict[str, str]) -> str:
    return "&".join(f"{name}={quote_plus(value)}" for name, value in sorted(fields.items()))


def signed(fields: dict[str, str]) -> bytes:
    data = encoded(fields)
    return f"{data}&vnp_SecureHash={signature(data)}".encode()


@pytest.fixture
def door(vnpay: VnPayMerchant) -> VnPayDoor:
    return VnPayDoor("vnpay", vnpay)


def answer(door: VnPayDoor, query: bytes, known: dict[str, Expected] | None = None) -> str:
    """Returns the response code that the gateway gives to VNPay."""
    found = door.verified(Received(query=query), NOW)
    reply = door.reply(judge(found, (KNOWN if known is None else known).get(found.reference or "")))
    assert reply.status == 200
    return reply.body["RspCode"]


def test_the_pay_url_is_signed_over_its_sorted_fields(vnpay: VnPayMerchant, demand: NewDemand) -> None:
    url = urlsplit(pay_url(vnpay, demand))
    data, _, said = url.query.rpartition("&vnp_SecureHash=")
    fields = dict(parse_qsl(data))
    assert said == signature(data)
    assert [piece.split("=")[0] for piece in data.split("&")] == sorted(fields)
    assert f"{url.scheme}://{url.netloc}{url.path}" == vnpay.pay_url
    assert fields == {
        "vnp_Amount": "13500000",
        "vnp_Command": "pay",
        "vnp_CreateDate": "20261127100000",
        "vnp_CurrCode": "VND",
        "vnp_ExpireDate": "20261127101500",
        "vnp_IpAddr": "127.0.0.1",
        "vnp_Locale": "vn",
        "vnp_OrderInfo": "Le phi: Doi giay phep lai xe",
        "vnp_OrderType": "other",
        "vnp_ReturnUrl": "https://portal.test/back?x=1",
        "vnp_TmnCode": "MOTCUA01",
        "vnp_TxnRef": demand.reference,
        "vnp_Version": "2.1.0",
    }


@pytest.mark.parametrize(("payers", "named"), [("2001:db8::17", "2001:db8::17"), (None, "203.0.113.1")])
def test_the_address_is_the_payers_or_else_our_own(
    vnpay: VnPayMerchant, demand: NewDemand, payers: str | None, named: str
) -> None:
    ours = vnpay.model_copy(update={"address": "203.0.113.1"})
    url = urlsplit(pay_url(ours, demand.model_copy(update={"payer_address": payers})))
    assert dict(parse_qsl(url.query))["vnp_IpAddr"] == named


def test_an_ipn_becomes_a_notice(door: VnPayDoor) -> None:
    found = door.verified(Received(query=signed(FIELDS)), NOW)
    assert found == Notice(
        provider="vnpay",
        reference=REFERENCE,
        transaction="14226112",
        amount=135_000,
        outcome=Outcome.PAID,
        said=("00", "00"),
        at=NOW - timedelta(minutes=1),
    )
    assert found.key == ("vnpay", REFERENCE, "14226112", "00", "00")


@pytest.mark.parametrize(
    ("code", "status", "outcome"),
    [
        ("00", "00", Outcome.PAID),
        ("24", "02", Outcome.FAILED),
        ("00", "02", Outcome.FAILED),
        ("24", "00", Outcome.PENDING),
        ("07", "07", Outcome.PENDING),
        ("00", "01", Outcome.PENDING),
        ("00", "04", Outcome.PENDING),
        ("99", "99", Outcome.PENDING),
        ("00", "12", Outcome.REVERSED),
    ],
)
def test_only_two_zeros_are_money(vnpay: VnPayMerchant, code: str, status: str, outcome: Outcome) -> None:
    door = VnPayDoor("vnpay", vnpay.model_copy(update={"reversed": frozenset({"12"})}))
    query = signed(FIELDS | {"vnp_ResponseCode": code, "vnp_TransactionStatus": status})
    found = door.verified(Received(query=query), NOW)
    assert isinstance(found, Notice)
    assert found.outcome is outcome


@pytest.mark.parametrize(
    ("known", "code"),
    [
        ({REFERENCE: Expected(amount=135_000, settled=False)}, "00"),
        ({REFERENCE: Expected(amount=135_000, settled=True)}, "02"),
        ({REFERENCE: Expected(amount=135_001, settled=False)}, "04"),
        ({REFERENCE: Expected(amount=135_001, settled=True)}, "04"),
        ({}, "01"),
    ],
)
def test_the_order_of_checks(door: VnPayDoor, known: dict[str, Expected], code: str) -> None:
    assert answer(door, signed(FIELDS), known) == code
    if known:
        assert answer(door, signed(FIELDS).replace(b"vnp_SecureHash=", b"vnp_SecureHash=0"), known) == "97"


MUST = {
    "vnp_Amount": "04",
    "vnp_ResponseCode": "99",
    "vnp_TmnCode": "97",
    "vnp_TransactionNo": "99",
    "vnp_TransactionStatus": "99",
    "vnp_TxnRef": "01",
}
"""By required field, the response code to VNPay if the message is signed, but lacks the field or has it wrong."""


@walked("name", FIELDS, exactly=11)
def test_a_field_is_missing(door: VnPayDoor, name: str) -> None:
    less = {other: value for other, value in FIELDS.items() if other != name}
    assert answer(door, signed(less)) == MUST.get(name, "00")
    data, _, mark = signed(FIELDS).partition(b"&vnp_SecureHash=")
    unsigned = b"&".join(piece for piece in data.split(b"&") if not piece.startswith(name.encode() + b"="))
    assert answer(door, unsigned + b"&vnp_SecureHash=" + mark) == "97"


@walked("name", FIELDS, exactly=11)
def test_a_field_comes_twice_and_is_signed(door: VnPayDoor, name: str) -> None:
    data = f"{encoded(FIELDS)}&{name}=1"
    assert answer(door, f"{data}&vnp_SecureHash={signature(data)}".encode()) == "97"


@walked("name", FIELDS, exactly=11)
@walked("size", [300, 9000], exactly=2)
def test_a_field_is_oversized(door: VnPayDoor, name: str, size: int) -> None:
    found = answer(door, signed(FIELDS | {name: "1" * size}))
    assert found == ("97" if size > 8192 else {**MUST, "vnp_PayDate": "99"}.get(name, "00"))


@walked("value", ["abc", "-1", "1e3", "0x10", "true", "null", "[]", "٣", "1 0", "0", "1.0", " "], exactly=12)
@walked("name", ["vnp_Amount", "vnp_PayDate"], exactly=2)
def test_a_number_is_none(door: VnPayDoor, name: str, value: str) -> None:
    assert answer(door, signed(FIELDS | {name: value})) == {"vnp_Amount": "04", "vnp_PayDate": "99"}[name]


@walked("name", FIELDS, exactly=11)
@walked("raw", ["%ff%fe", "%C3", "%00", "%0d%0aX", "😀", "%zz"], exactly=6)
def test_a_field_is_in_a_wrong_encoding(door: VnPayDoor, name: str, raw: str) -> None:
    pieces = {other: quote_plus(value) for other, value in FIELDS.items()} | {name: raw}
    data = "&".join(f"{other}={value}" for other, value in sorted(pieces.items()))
    found = answer(door, f"{data}&vnp_SecureHash={signature(data)}".encode())
    undated = name == "vnp_PayDate" and raw in {"%ff%fe", "%C3"}
    assert found == ("00" if undated else {**MUST, "vnp_PayDate": "99"}.get(name, "00"))


def test_every_changed_byte_is_found(door: VnPayDoor) -> None:
    good = signed(FIELDS)
    for at in range(len(good)):
        changed = good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :]
        assert answer(door, changed) == "97", changed


@pytest.mark.parametrize(
    "query",
    [
        b"",
        b"&&&",
        b"\xff\xfe",
        b"vnp_SecureHash=",
        b"vnp%5FTxnRef=1&vnp_TxnRef=1",
        b"=1",
        b"a" * 100_000,
        b"vnp_SecureHash=" + signature("").encode() + b"\xe2\x80\x8b",
    ],
)
def test_garbage_is_97(door: VnPayDoor, query: bytes) -> None:
    assert answer(door, query) == "97"


def test_another_key_is_97_and_capitals_or_other_fields_do_not_count(door: VnPayDoor) -> None:
    data = encoded(FIELDS)
    assert answer(door, f"{data}&vnp_SecureHash={signature(data, 'another')}".encode()) == "97"
    assert answer(door, signed(FIELDS | {"vnp_TmnCode": "STRANGER"})) == "97"
    data = encoded(FIELDS)
    query = f"utm=x&{data}&vnp_SecureHashType=HmacSHA512&vnp_SecureHash={signature(data).upper()}"
    assert answer(door, query.encode()) == "00"


@walked("name", FIELDS, exactly=11)
def test_an_empty_field_is_signed_or_left_out(door: VnPayDoor, name: str) -> None:
    """VNPay's own examples sign an empty field or leave it out; both are read as an empty field."""
    less = {other: value for other, value in FIELDS.items() if other != name}
    assert answer(door, signed(less | {name: ""})) == MUST.get(name, "00")
    assert answer(door, f"{name}=&".encode() + signed(less)) == MUST.get(name, "00")
    data = encoded(less | {"vnp_Other": "", name: "1"})
    assert answer(door, data.encode() + b"&vnp_SecureHash=" + signature(encoded(less)).encode()) == "97"


def test_what_was_received_is_what_is_signed(door: VnPayDoor) -> None:
    """Some senders write a space as %20, some also escape letters that need no escape."""
    data = encoded(FIELDS).replace("+", "%20").replace("Le%20phi", "%4ce%20phi")
    assert answer(door, f"{data}&vnp_SecureHash={signature(data)}".encode()) == "00"


@pytest.mark.parametrize(
    ("paid", "code"),
    [
        (NOW - timedelta(days=3650), "00"),
        (NOW + timedelta(minutes=14), "00"),
        (NOW + timedelta(minutes=16), "99"),
        (NOW + timedelta(days=3650), "99"),
    ],
)
def test_a_late_truth_is_taken_and_a_future_one_asked_again(door: VnPayDoor, paid: object, code: str) -> None:
    assert answer(door, signed(FIELDS | {"vnp_PayDate": stamp(paid)})) == code  # type: ignore[arg-type] # an instant


def test_no_answer_holds_what_was_said(door: VnPayDoor) -> None:
    for verdict in Verdict:
        assert set(door.reply(verdict).body) == {"RspCode", "Message"}
    refused = door.verified(Received(query=b"vnp_OrderInfo=Nguyen"), NOW)
    assert isinstance(refused, Refused)
    assert "Nguyen" not in repr(refused)


STRANGE = ("20261327100000", "2026112710000", "", "٢٠٢٦١١٢٧١٠٠٠٠٠", "00000101000000", "00010101000000")


def test_stamps_are_of_hanoi() -> None:
    assert stamp(NOW) == "20261127100000"
    assert instant("20261127100000") == NOW
    assert [instant(text) for text in STRANGE] == [None] * len(STRANGE)
