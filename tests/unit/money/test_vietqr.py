"""VietQR codes recomputed by hand, damaged memos and credit notes; money in suspense, settled once, by two officers."""

import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from activities.partners.money.codecs import match
from activities.partners.money.provider import NewDemand, Notice, NotOfferedError, Outcome, Received, Verdict
from activities.partners.money.vietqr import VietQr, VietQrMerchant, emv_code, emv_field
from rules.suspense import decide, state_of
from sandbox.bank.vietqr import garnished, scanned
from schemas.errors import RefusalError
from schemas.ids import reference_of
from schemas.money import suspense as sp
from schemas.money.suspense import ASKING, StepKind, Suspense, SuspenseState
from schemas.people import Actor, Role
from tests.acting import AGENCY, FILE, officer
from tests.tiers import examples
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
    """Returns the CRC-16/CCITT-FALSE of a text, computed bit by bit."""
    register = 0xFFFF
    for bit in "".join(f"{byte:08b}" for byte in text.encode()):
        register = (register << 1 & 0xFFFF) ^ (0x1021 if ((register >> 15) ^ int(bit)) else 0)
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
    assert emv_code("123456789")[-4:] == crc("1234567896304")


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
            emv_field("62", value)


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
    assert verdict(door, received({other: value for other, value in NOTE.items() if other != name})) == UNREADABLE
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


# Money in suspense: whatever officers say in whatever order, it goes one way, and two have said so.

AT: Final = datetime(2026, 12, 1, 2, 0, tzinfo=UTC)
ID: Final = UUID(int=7)
CASHIER: Final = officer(Role.CASHIER)
LEADER: Final = officer(Role.LEADER)
LEADING: Final = CASHIER.model_copy(update={"role": Role.LEADER})
TAKING: Final = LEADER.model_copy(update={"role": Role.CASHIER})
BOTH: Final = (CASHIER, TAKING, LEADER, LEADING)
WHY: Final = {"reason": "khớp sao kê"}
ASSIGN: Final = (sp.AssignSuspense, {"filing_id": UUID(int=9), "payment": 1} | WHY)
GIVE_BACK: Final = (sp.GiveBackSuspense, WHY)
GIVEN: Final = (sp.RecordSuspenseGiven, {"means": "cash", "evidence": FILE})
FIRST: Final = (sp.ApproveSuspense, {"asked": 1})


def money(*steps: sp.SuspenseStep, outcome: str = "paid", found: bool = False) -> Suspense:
    return Suspense(
        id=ID,
        provider="treasury",
        transaction="C1",
        amount=16_000,
        outcome=outcome,
        at=AT,
        received_at=AT,
        memo="canary",
        state=SuspenseState.FOUND if found else state_of([step.kind for step in steps], outcome),
        steps=steps,
    )


def after(of: Suspense, actor: Actor, what: tuple[type[sp.SuspenseCommand], dict[str, Any]]) -> Suspense:
    model, said = what
    command: Any = model.model_validate({"command_id": "c", "actor": actor, "callback": ID} | said)
    return money(*of.steps, decide(of, command, AT), outcome=of.outcome)


def rules(of: Suspense, actor: Actor, what: tuple[type[sp.SuspenseCommand], dict[str, Any]]) -> list[str]:
    with pytest.raises(RefusalError) as refused:
        after(of, actor, what)
    return [one.rule for one in refused.value.refusal.problems]


def test_a_cashier_asks_and_a_leader_approves() -> None:
    asked = after(money(), CASHIER, ASSIGN)
    assert asked.state is SuspenseState.ASKED
    approved = after(asked, LEADER, FIRST)
    assert approved.state is SuspenseState.ASSIGNED
    assert approved.steps[0].stream == f"payment:{UUID(int=9)}:1"
    assert "canary" not in repr(approved)


def test_what_goes_back_is_given_by_hand_with_evidence_by_another_than_who_approved() -> None:
    approved = after(after(money(), CASHIER, GIVE_BACK), LEADER, FIRST)
    assert approved.state is SuspenseState.TO_GIVE_BACK
    assert rules(approved, TAKING, GIVEN) == ["needs_another"]
    assert rules(approved, LEADER, GIVEN) == ["role_not_allowed"]
    transfer: dict[str, Any] = GIVEN[1] | {"means": "transfer"}
    assert rules(approved, CASHIER, (sp.RecordSuspenseGiven, transfer)) == ["for_transfers_alone"]
    assert rules(approved, CASHIER, (sp.RecordSuspenseGiven, GIVEN[1] | {"bank_reference": "FT1"})) == [
        "for_transfers_alone"
    ]
    for said in (GIVEN[1], transfer | {"bank_reference": "FT1"}):
        assert after(approved, CASHIER, (sp.RecordSuspenseGiven, said)).state is SuspenseState.GIVEN_BACK
    with pytest.raises(ValidationError):
        after(approved, CASHIER, (sp.RecordSuspenseGiven, {"means": "cash"}))


def test_what_the_bank_has_taken_back_is_done_with_once_approved() -> None:
    assert after(after(money(outcome="reversed"), CASHIER, GIVE_BACK), LEADER, FIRST).state is SuspenseState.GIVEN_BACK


@pytest.mark.parametrize("role", list(Role))
def test_each_thing_is_for_one_role(role: Role) -> None:
    actor = Actor(subject="somebody", role=role, agency=AGENCY)
    asked = after(money(), CASHIER, ASSIGN)
    for of, what, whose in (
        (money(), ASSIGN, Role.CASHIER),
        (money(), GIVE_BACK, Role.CASHIER),
        (asked, FIRST, Role.LEADER),
        (asked, (sp.DeclineSuspense, {"asked": 1} | WHY), Role.LEADER),
        (after(after(money(), CASHIER, GIVE_BACK), LEADER, FIRST), GIVEN, Role.CASHIER),
    ):
        if role is whose:
            after(of, actor, what)
        else:
            assert rules(of, actor, what) == ["role_not_allowed"]


def test_it_is_approved_by_another_of_the_same_agency_and_as_it_was_asked() -> None:
    asked = after(money(), CASHIER, ASSIGN)
    assert rules(asked, CASHIER, GIVE_BACK) == ["asked_already"]
    assert rules(asked, LEADING, FIRST) == ["needs_another"]
    assert rules(asked, officer(Role.LEADER, "H01.12"), FIRST) == ["other_agency"]
    assert rules(asked, LEADER.model_copy(update={"agency": None}), FIRST) == ["not_in_directory"]
    declined = after(asked, LEADER, (sp.DeclineSuspense, {"asked": 1} | WHY))
    assert declined.state is SuspenseState.WAITING
    again = after(declined, CASHIER, GIVE_BACK)
    assert rules(again, LEADER, FIRST) == ["nothing_asked"], "it is not what they saw"
    assert after(again, LEADER, (sp.ApproveSuspense, {"asked": 3})).state is SuspenseState.TO_GIVE_BACK


@pytest.mark.parametrize(
    ("what", "rule"), [(ASSIGN, "not_in_suspense"), (FIRST, "nothing_asked"), (GIVEN, "nothing_left_to_hand")]
)
def test_what_has_found_its_payment_waits_for_nobody(what: Any, rule: str) -> None:
    asked = after(money(), CASHIER, ASSIGN)
    assert rules(money(*asked.steps, found=True), LEADER if what is FIRST else CASHIER, what) == [rule]


@given(st.lists(st.tuples(st.sampled_from(BOTH), st.sampled_from(list(StepKind)), st.integers(1, 6)), max_size=12))
@settings(max_examples=examples(400))
def test_whatever_is_said_it_goes_one_way_and_two_have_said_so(said: list[tuple[Actor, StepKind, int]]) -> None:
    of = money()
    for actor, kind, asked in said:
        what: dict[StepKind, Any] = {
            StepKind.ASSIGN: ASSIGN,
            StepKind.GIVE_BACK: GIVE_BACK,
            StepKind.APPROVE: (sp.ApproveSuspense, {"asked": asked}),
            StepKind.DECLINE: (sp.DeclineSuspense, {"asked": asked} | WHY),
            StepKind.GIVEN: GIVEN,
        }
        try:
            of = after(of, actor, what[kind])
        except RefusalError:
            continue
    assert [step.n for step in of.steps] == list(range(1, len(of.steps) + 1))
    approved = [n for n, step in enumerate(of.steps) if step.kind is StepKind.APPROVE]
    assert len(approved) <= 1
    for n in approved:
        ask, approval, *rest = of.steps[n - 1 :]
        assert ask.kind in ASKING
        assert ask.officer != approval.officer
        assert [step.kind for step in rest] in ([], [StepKind.GIVEN])
        assert all(step.officer != approval.officer and ask.kind is StepKind.GIVE_BACK for step in rest)
    done = {SuspenseState.ASSIGNED, SuspenseState.TO_GIVE_BACK, SuspenseState.GIVEN_BACK}
    assert (of.state in done) is bool(approved)
