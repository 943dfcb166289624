"""VietQR codes with a checksum by hand, read from a picture; memos as banks leave them; credit notes gone wrong."""

import hashlib
import hmac
import json
from datetime import timedelta
from typing import Any

import pytest
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st

from activities.partners.money import emv
from activities.partners.money.memos import match
from activities.partners.money.provider import NewDemand, Notice, NotOfferedError, Outcome, Received, Verdict
from activities.partners.money.vietqr import VietQr, VietQrMerchant
from sandbox.bank.vietqr import garnished, scanned
from schemas.ids import reference_of
from tests.unit.money.conftest import NOW
from tests.walking import walked

NOTE: dict[str, Any] = {
    "id": "C14000001",
    "account": "1903001234567",
    "amount": 135_000,
    "currency": "VND",
    "memo": "MC234567ABCDEFGHIJ",
    "kind": "credit",
    "at": "2026-11-27T09:59:00+07:00",
}
OPEN = [reference_of(f"fee:0d9c2f4e-7a51-5b0e-9c57-3f1f6a0c2b11:{n}") for n in range(1, 40)]


def crc(text: str) -> str:
    """CRC-16/CCITT-FALSE, bit by bit."""
    register = 0xFFFF
    for bit in "".join(f"{byte:08b}" for byte in text.encode()):
        out = (register >> 15) ^ int(bit)
        register = (register << 1 & 0xFFFF) ^ (0x1021 if out else 0)
    return f"{register:04X}"


@pytest.fixture
def door(vietqr: VietQrMerchant) -> VietQr:
    return VietQr("treasury", vietqr)


def received(note: Any, key: str = "a key") -> Received:
    body = note if isinstance(note, bytes) else json.dumps(note).encode()
    return Received(body=body, headers={"x-signature": hmac.new(key.encode(), body, hashlib.sha256).hexdigest()})


async def test_a_code_is_what_emvco_says(door: VietQr, demand: NewDemand) -> None:
    code = (await door.order(demand)).code or ""
    assert code.startswith(
        "000201"
        "010212"
        "3857"
        "0010A000000727"
        "0127"
        "0006970400"
        "01131903001234567"
        "0208QRIBFTTA"
        "5303704"
        "5406135000"
        "5802VN"
        f"62220818{demand.reference}"
        "6304"
    )
    assert code[-4:] == crc(code[:-4])
    assert len(code) == len(code[:-4]) + 4


def test_the_checksum_is_ccitt_false() -> None:
    assert crc("123456789") == "29B1"
    assert emv.code("123456789")[-4:] == crc("1234567896304")


async def test_a_scanner_reads_it_from_a_picture(door: VietQr, demand: NewDemand) -> None:
    code = (await door.order(demand)).code or ""
    made = zxingcpp.create_barcode(code, zxingcpp.BarcodeFormat.QRCode, ec_level="M").to_image(scale=4)
    read = zxingcpp.read_barcodes(made)
    assert [found.text for found in read] == [code]
    assert scanned(read[0].text) == {"account": "1903001234567", "amount": "135000", "memo": demand.reference}


@given(st.integers(1, 2**53 - 1), st.uuids())
def test_every_code_is_read_again(amount: int, filing: Any) -> None:
    merchant = VietQrMerchant(kind="vietqr", bank="970400", account="1903001234567", secret="k")
    reference = reference_of(f"fee:{filing}:1")
    found = scanned(VietQr("x", merchant).code(reference, amount))
    assert found == {"account": "1903001234567", "amount": str(amount), "memo": reference}


def test_a_field_is_ascii_and_not_too_long() -> None:
    for value in ("đ", "1" * 100):
        with pytest.raises(ValueError, match="EMVCo"):
            emv.field("62", value)


async def test_it_offers_neither_query_nor_refund(door: VietQr, demand: NewDemand) -> None:
    with pytest.raises(NotOfferedError):
        await door.query(demand)


@walked(
    "memo",
    [
        "{}",
        " {} ",
        "MBVCB.1234.{}.CT tu 0071000 NGUYEN VAN A toi 190300",
        "Thanh toán lệ phí {} - Nguyễn Văn Đức",
        "NDCK:{}/FT26331",
        "{}chuyen tien",
    ],
    exactly=6,
)
@walked("change", [str, str.lower, " ".join, lambda text: f"{text[:7]}\n{text[7:]}"], exactly=4)
def test_a_damaged_memo_is_matched(memo: str, change: Any) -> None:
    assert match(memo.format(change(OPEN[3])), OPEN) == OPEN[3]


@pytest.mark.parametrize("kept", range(10, 18))
def test_a_memo_that_was_cut_is_matched(kept: int) -> None:
    assert match(f"CT DEN {OPEN[3][:kept].lower()}", OPEN) == OPEN[3]


@pytest.mark.parametrize(
    "memo",
    [
        "",
        "le phi ho so",
        OPEN[3][:9],
        f"{OPEN[3]} {OPEN[4]}",
        f"{OPEN[3]} {OPEN[4][:12]}",
        OPEN[3][:14] + " va nua",
        OPEN[3].replace(OPEN[3][5], "9"),
        reference_of("fee:another:1"),
    ],
)
def test_what_names_none_or_several_is_for_a_person(memo: str) -> None:
    assert match(memo, OPEN) is None


def test_a_cut_memo_that_fits_two_is_for_a_person() -> None:
    twins = ["MC234567ABCDEFGHIJ", "MC234567ABCDEFGHIK"]
    assert match("ck MC234567ABCDEFGHI", twins) is None
    assert match("ck MC234567ABCDEFGHIK", twins) == twins[1]


@given(st.text(max_size=60), st.text(max_size=60))
def test_no_memo_is_given_to_another(before: str, after: str) -> None:
    assert match(f"{before} {OPEN[0]} {after}", OPEN) in {OPEN[0], None}


def test_the_sandbox_garnishes_what_still_matches() -> None:
    assert match(garnished(OPEN[5], "0010"), OPEN) == OPEN[5]
    assert match(garnished(OPEN[5], "0009"), OPEN) is None


def test_a_credit_note_becomes_a_notice_whose_memo_is_not_shown(door: VietQr) -> None:
    found = door.verified(received(NOTE | {"memo": "Nguyen Van A"}), NOW)
    assert isinstance(found, Notice)
    assert (found.key, found.amount, found.outcome) == (("treasury", "", "C14000001", "credit"), 135_000, Outcome.PAID)
    assert found.memo == "Nguyen Van A"
    assert "Nguyen" not in repr(found)
    back = door.verified(received(NOTE | {"kind": "reversal"}), NOW)
    assert isinstance(back, Notice)
    assert back.outcome is Outcome.REVERSED


def verdict(door: VietQr, note: Received) -> tuple[Verdict | None, int]:
    found = door.verified(note, NOW)
    heard = None if isinstance(found, Notice) else found.verdict
    return heard, door.reply(heard or Verdict.UNKNOWN_ORDER).status


BAD = (Verdict.BAD_SIGNATURE, 401)
UNREADABLE = (Verdict.UNREADABLE, 422)


@walked("name", NOTE, exactly=7)
def test_a_field_is_missing_doubled_or_oversized(door: VietQr, name: str) -> None:
    less = {other: value for other, value in NOTE.items() if other != name}
    assert verdict(door, received(less)) == UNREADABLE
    doubled = json.dumps(NOTE)[:-1] + f", {json.dumps(name)}: {json.dumps(NOTE[name])}}}"
    assert verdict(door, received(doubled.encode())) == UNREADABLE
    long: Any = 10**30 if name == "amount" else "1" * 600
    assert verdict(door, received(NOTE | {name: long})) == (BAD if name == "account" else UNREADABLE)
    assert verdict(door, received(NOTE | {name: "1" * 9000})) == BAD


@walked("name", NOTE, exactly=7)
@walked("value", [None, True, 1.5, [], {}, -1, 0, 2**53, "", "\x00"], exactly=10)
def test_a_field_is_of_a_wrong_type(door: VietQr, name: str, value: Any) -> None:
    if isinstance(value, str) and name == "memo":
        assert verdict(door, received(NOTE | {name: value})) == (None, 200)
    else:
        strange = isinstance(value, str) and name == "account"
        assert verdict(door, received(NOTE | {name: value})) == (BAD if strange else UNREADABLE)


def test_wrong_keys_and_accounts_and_times(door: VietQr) -> None:
    assert verdict(door, received(NOTE, "another")) == BAD
    assert verdict(door, Received(body=json.dumps(NOTE).encode())) == BAD
    assert verdict(door, Received(body=json.dumps(NOTE).encode(), headers={"x-signature": "đ\ud800"})) == BAD
    assert verdict(door, received(NOTE | {"account": "999"})) == BAD
    assert verdict(door, received(NOTE | {"at": "2026-11-27T09:59:00"})) == UNREADABLE
    assert verdict(door, received(NOTE | {"at": (NOW + timedelta(minutes=16)).isoformat()})) == UNREADABLE
    assert verdict(door, received(NOTE | {"at": (NOW - timedelta(days=999)).isoformat()})) == (None, 200)
    assert verdict(door, received(NOTE)) == (None, 200)
    for impossible in ("0001-01-01T00:00:00+07:00", "9999-12-31T23:59:59-07:00", "2026-02-30T00:00:00Z"):
        assert verdict(door, received(NOTE | {"at": impossible})) == UNREADABLE


def test_of_a_memo_stays_what_can_be_kept(door: VietQr) -> None:
    found = door.verified(received(NOTE | {"memo": "a\x00b\nMC\u202e"}), NOW)
    assert isinstance(found, Notice)
    assert found.memo == "abMC"


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"\xff\xfe", b"{", b"[" * 5000])
def test_signed_garbage_is_unreadable(door: VietQr, body: bytes) -> None:
    assert verdict(door, received(body)) == UNREADABLE


def test_every_changed_byte_is_found(door: VietQr) -> None:
    good = received(NOTE)
    for at in range(len(good.body)):
        changed = good.body[:at] + bytes([good.body[at] ^ 1]) + good.body[at + 1 :]
        assert verdict(door, Received(body=changed, headers=good.headers)) == BAD
