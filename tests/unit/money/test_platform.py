"""The national platform's checksum, computed by hand, and callbacks with every field wrong in every way."""

import hashlib
import json
from datetime import timedelta
from typing import Any

import pytest

from activities.partners.money.codecs import stamp
from activities.partners.money.platform import PlatformDoor, PlatformMerchant
from activities.partners.money.provider import Expected, Notice, Outcome, Received, Verdict, judge
from tests.unit.money.conftest import KNOWN, NOW, OTHER, REFERENCE
from tests.walking import walked

FIELDS = {
    "LoaiBanTin": "CALLBACK",
    "MaLoi": "00",
    "MaDoiTac": "MOTCUA",
    "MaThamChieu": REFERENCE,
    "SoTien": "135000",
    "MaTienTe": "VND",
    "MaGiaoDich": "14226112",
    "MaNganHang": "NCB",
    "ThoiGianGD": "20261127095900",
    "ThongTinGiaoDich": "Lệ phí đổi giấy phép",
}
WRONG = {
    "MaLoi": "99",
    "MaDoiTac": "97",
    "MaThamChieu": "01",
    "SoTien": "04",
    "MaTienTe": "04",
    "MaGiaoDich": "99",
    "ThoiGianGD": "99",
}


def checksum(fields: dict[str, Any], key: str = "a key") -> str:
    return hashlib.sha256("|".join([*(str(fields.get(name, "")) for name in FIELDS), key]).encode()).hexdigest()


def signed(fields: dict[str, Any]) -> bytes:
    return json.dumps({**fields, "MaXacThuc": checksum(fields)}).encode()


@pytest.fixture
def door(platform: PlatformMerchant) -> PlatformDoor:
    return PlatformDoor("dvc", platform)


def answer(door: PlatformDoor, body: bytes, known: dict[str, Expected] | None = None) -> str:
    found = door.verified(Received(body=body), NOW)
    return door.reply(judge(found, (KNOWN if known is None else known).get(found.reference or ""))).body["MaLoi"]


def test_a_callback_becomes_a_notice(door: PlatformDoor) -> None:
    assert door.verified(Received(body=signed(FIELDS)), NOW) == Notice(
        provider="dvc",
        reference=REFERENCE,
        transaction="14226112",
        amount=135_000,
        outcome=Outcome.PAID,
        said=("00",),
        at=NOW - timedelta(minutes=1),
    )


def test_a_code_that_nobody_knows_is_no_failure(platform: PlatformMerchant) -> None:
    door = PlatformDoor("dvc", platform.model_copy(update={"failed": frozenset({"02"}), "reversed": frozenset({"12"})}))
    told = [door.verified(Received(body=signed(FIELDS | {"MaLoi": code})), NOW) for code in ("02", "12", "55")]
    seen = [notice.outcome for notice in told if isinstance(notice, Notice)]
    assert seen == [Outcome.FAILED, Outcome.REVERSED, Outcome.PENDING]


@pytest.mark.parametrize(
    ("known", "code"),
    [
        ({REFERENCE: Expected(amount=135_000, settled=False)}, "00"),
        ({REFERENCE: Expected(amount=135_000, settled=True)}, "02"),
        ({REFERENCE: Expected(amount=1, settled=True)}, "04"),
        ({}, "01"),
    ],
)
def test_the_order_of_checks(door: PlatformDoor, known: dict[str, Expected], code: str) -> None:
    assert answer(door, signed(FIELDS), known) == code


def test_our_own_codes_may_be_others(platform: PlatformMerchant) -> None:
    door = PlatformDoor("dvc", platform.model_copy(update={"replies": {Verdict.ALREADY: "00"}}))
    settled = {REFERENCE: Expected(amount=135_000, settled=True)}
    assert (answer(door, signed(FIELDS), settled), answer(door, signed(FIELDS), {})) == ("00", "01")


@walked("name", FIELDS, exactly=10)
def test_a_field_is_missing(door: PlatformDoor, name: str) -> None:
    less = {other: value for other, value in FIELDS.items() if other != name}
    assert answer(door, signed(less)) == WRONG.get(name, "00")
    assert answer(door, json.dumps({**less, "MaXacThuc": checksum(FIELDS)}).encode()) == "97"


@walked("name", [*FIELDS, "MaXacThuc"], exactly=11)
def test_a_field_comes_twice(door: PlatformDoor, name: str) -> None:
    assert answer(door, signed(FIELDS)[:-1] + f', "{name}": "1"}}'.encode()) == "97"


@walked("name", FIELDS, exactly=10)
@walked("size", [300, 9000], exactly=2)
def test_a_field_is_oversized(door: PlatformDoor, name: str, size: int) -> None:
    assert answer(door, signed(FIELDS | {name: "1" * size})) == ("97" if size > 8192 else WRONG.get(name, "00"))


@walked("name", FIELDS, exactly=10)
@walked("value", [None, True, 1.5, [], {}, ["135000"]], exactly=6)
def test_a_field_is_of_a_wrong_type(door: PlatformDoor, name: str, value: Any) -> None:
    """A field of a wrong type counts as empty: so the checksum must be over the empty value."""
    body = json.dumps({**FIELDS, name: value, "MaXacThuc": checksum(FIELDS | {name: ""})}).encode()
    assert answer(door, body) == WRONG.get(name, "00")
    assert answer(door, json.dumps({**FIELDS, name: value, "MaXacThuc": checksum(FIELDS)}).encode()) == "97"


def test_a_sum_may_be_a_number(door: PlatformDoor) -> None:
    assert answer(door, signed(FIELDS | {"SoTien": 135_000})) == "00"


@walked("amount", ["-1", "0", "1.5", "1e3", "abc", "٣", str(2**53), "135001", -135000], exactly=9)
def test_a_signed_wrong_amount_is_04(door: PlatformDoor, amount: Any) -> None:
    assert answer(door, signed(FIELDS | {"SoTien": amount})) == "04"


@walked("name", FIELDS, exactly=10)
def test_a_field_is_in_a_wrong_encoding(door: PlatformDoor, name: str) -> None:
    good = signed(FIELDS)
    value = json.dumps(FIELDS[name]).encode()
    assert answer(door, good.replace(value, b'"\xff\xfe"', 1)) == "97"
    assert answer(door, good.replace(value, b'"\\ud800"', 1)) == "97"


def test_two_readings_of_one_checksum_are_not_believed(door: PlatformDoor) -> None:
    """`…|VND|14226112|…` could also be read as one field `VND|14226112`, with each later field moved by one."""
    shifted = FIELDS | {"LoaiBanTin": "CALLBACK|00", "MaLoi": "MOTCUA", "MaDoiTac": REFERENCE}
    assert answer(door, signed(shifted)) == "97"
    moved = {**FIELDS, "MaNganHang": "NCB|20261127095900", "ThoiGianGD": "Lệ phí đổi giấy phép"}
    assert answer(door, signed(moved)) == "97"
    assert answer(door, signed(FIELDS | {"ThongTinGiaoDich": "a|b"})) == "97"


@walked(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b"{",
        b"\xff",
        b"{}",
        b'"x"',
        b"[" * 5000,
        b"1" * 5000,
        b'{"MaXacThuc": "\xc4\x91"}',
        b"9" * 99_999,
    ],
    exactly=11,
)
def test_garbage_is_97(door: PlatformDoor, body: bytes) -> None:
    assert answer(door, body) == "97"


def test_swapped_strange_stale_and_future(door: PlatformDoor) -> None:
    assert answer(door, signed(FIELDS | {"MaThamChieu": OTHER})) == "04"
    assert answer(door, signed(FIELDS).replace(REFERENCE.encode(), OTHER.encode())) == "97"
    assert answer(door, signed(FIELDS | {"MaDoiTac": "STRANGER"})) == "97"
    assert answer(door, json.dumps({**FIELDS, "MaXacThuc": checksum(FIELDS, "another")}).encode()) == "97"
    assert answer(door, signed(FIELDS | {"ThoiGianGD": stamp(NOW - timedelta(days=999))})) == "00"
    assert answer(door, signed(FIELDS | {"ThoiGianGD": stamp(NOW + timedelta(minutes=16))})) == "99"
