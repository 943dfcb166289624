"""What commands hold: what leaves nobody a reason to refuse, and anything at all."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Final

import hypothesis.strategies as st

from rules.filing import lifecycle
from rules.filing.admission import result_channels
from rules.filing.fold import missing_opinions
from schemas.filing import events as ev
from schemas.filing.delivery import Receiver
from schemas.filing.events import Clock, Moment
from schemas.filing.state import Filing
from schemas.publishing.procedure import FieldKind
from tests.unit.filing.lives import ADDRESS, CALENDAR, CODE, ENDING, FETCHED, FILE, LINK, REFUSING, RESULT, START

DUAL: Final = "specialist-1"
"""Who proposes; the same person is a leader too."""

VALUES: Final = {
    FieldKind.TEXT: "Bình",
    FieldKind.INTEGER: 3,
    FieldKind.DATE: "2026-02-28",
    FieldKind.BOOLEAN: True,
    FieldKind.CHOICE: "birth",
}


ELSEWHERE: Final = ADDRESS.model_copy(update={"address": "2 Hàng Bài"})


def other_delivery(filing: Filing) -> dict[str, Any]:
    """The result by another channel, or by post to another address."""
    others = sorted(result_channels(filing.procedure, filing.level) - {filing.result_channel})
    if others:
        return {"channel": others[filing.seq % len(others)]}
    return {"channel": "post", "address": ADDRESS if filing.address == ELSEWHERE else ELSEWHERE}


def fitting(filing: Filing, kind: str) -> dict[str, Any]:
    """Content that leaves nobody a reason to refuse, if the command is allowed at all."""
    return all_fitting(filing).get(kind, {})


def all_fitting(filing: Filing) -> dict[str, dict[str, Any]]:
    """What is `fitting`, of all kinds that have some."""
    rules = filing.procedure
    proposal = filing.proposal
    taken = {filing.officer, filing.acting_for, *((proposal.officer, proposal.acting_for) if proposal else ())}
    step = lifecycle.current_step(filing)
    awaited = missing_opinions(filing, step) if step else ()
    under_way = [part.n for part in filing.parts_under_way]
    items = [
        *({"target": "paper", "code": paper.code, "note": "mờ"} for paper in rules.papers),
        *({"target": "field", "code": field.code, "note": "sai"} for field in rules.form),
    ]
    asked = {(item.target.value, item.code) for item in filing.supplement.items} if filing.supplement else set()
    return {
        "refuse_intake": REFUSING,
        "request_supplement": {"items": items, "legal_basis": "Đ15", "late_reason": "hồ sơ phức tạp"},
        "supplement": {
            "papers": [
                {"code": code, "file": FILE.model_dump()} for target, code in sorted(asked) if target == "paper"
            ],
            "form": {field.code: VALUES[field.kind] for field in rules.form if ("field", field.code) in asked},
        },
        "judge_signature": {"accepted": not filing.signature_accepted, "reason": "đã xác minh"},
        "show_draft": {"draft": FILE},
        "correct_draft": {"note": "sai", "form": {"name": "Bình"} if rules.form else {}},
        "propose": {"outcome": "approved"},
        "decide": {"outcome": "refused", **REFUSING},
        "pay_at_counter": {"amount": filing.fee.amount if filing.fee else 1},
        "withdraw": {"reason": "đổi ý", "request": FILE},
        "change_delivery": other_delivery(filing),
        "hand_over": FETCHED,
        "reassign": {
            "officer": next(name for name in ("specialist-3", "leader-3", "clerk-3", "4") if name not in taken),
            "acting_for": filing.whose_task if filing.seq % 2 else None,
        },
        "ask": {"question": "Ngày sinh?"},
        "answer": {"n": next((q.n for q in filing.questions if q.answer is None), 1), "answer": "1/1/2000"},
        "inspect": {"held_at": START, "place": "1 Hàng Bài", "participants": ["An"], "findings": "đúng"},
        "record_opinion": {"party": next(iter(awaited), "police"), "consent": True},
        "refer_obligation": {"reference": "12/PC-UBND"},
        "demand_obligation": {
            "reference": "34/TB-CCT",
            "amount": 5_000_000,
            "agency": "H01.50",
            "payable": bool(filing.seq % 2),
        },
        "fulfil_obligation": {"reference": "56/GNT"},
        "stop": {"mode": "end", **ENDING},
        "prolong": {"reason": "chưa xong"},
        "extend": {"reason": "quá tải"},
        "transfer_dossier": {"originals": filing.at_desk},
        "apply_case": {"case": next(iter(rules.cases)).code if rules.cases else "verified", "reason": "cần xác minh"},
        "reappoint": {"reason": "quá tải"},
        "apologise": {"reason": "quá tải"},
        "waive_fee": {"waiver": next(iter(rules.fee.waivers)).code, "reason": "sinh viên"}
        if rules.fee and rules.fee.waivers
        else {"waiver": "student", "reason": "sinh viên"},
        "issue": {"result": RESULT},
        "settle_result": {"n": len(filing.results) + 1, "registered": "H01.12-2026-K0000001", "result": RESULT},
        "settle_parcel": {"n": filing.parcels, "outcome": "delivered"},
        "settle_part": {"n": under_way[0], "outcome": "approved", "officer": "police-1"} if under_way else {},
    }


TARGETS: Final = st.sampled_from(
    [("paper", "identity"), ("paper", "mandate"), ("field", "name"), ("field", "copies"), ("paper", "name")]
)
PAPERS: Final = st.lists(
    st.fixed_dictionaries(
        {
            "code": st.sampled_from(["identity", "mandate", "diploma"]),
            "file": st.sampled_from([None, FILE.model_dump()]),
        }
    ),
    max_size=2,
)
FORM: Final = st.dictionaries(
    st.sampled_from(["name", "copies", "age"]), st.sampled_from(["An", "", 0, 3, -1, True]), max_size=2
)
OTHER_CALENDAR: Final = CALENDAR.model_copy(
    update={"version": "2026.2", "off": tuple(date(2026, 11, day) for day in (26, 27, 30))}
)
CALENDARS: Final = (CALENDAR, OTHER_CALENDAR)
LENGTHS: Final = ("1 working days", "5 working days", "6 working days", "0 working days", "5 calendar days")
SUSPENSIONS: Final = ("1 calendar days", "30 calendar days", "31 calendar days", "0 calendar days", "5 working days")
JUDGEMENT: Final = st.fixed_dictionaries(
    {
        "outcome": st.sampled_from(["approved", "refused"]),
        "reason": st.sampled_from([None, "thiếu"]),
        "legal_basis": st.sampled_from([None, "Đ19"]),
    }
)
ANY_CONTENT: Final[dict[str, st.SearchStrategy[dict[str, Any]]]] = {
    "refuse_intake": st.just(REFUSING),
    "request_supplement": st.lists(TARGETS, min_size=1, max_size=3).map(
        lambda found: {
            "items": [{"target": target, "code": code, "note": "mờ"} for target, code in found],
            "legal_basis": "Đ15",
        }
    ),
    "supplement": st.fixed_dictionaries({"papers": PAPERS, "form": FORM}),
    "propose": JUDGEMENT,
    "decide": JUDGEMENT,
    "pay_at_counter": st.fixed_dictionaries({"amount": st.sampled_from([1, 8000, 16_000, 24_000])}),
    "withdraw": st.fixed_dictionaries({"reason": st.just("đổi ý"), "request": st.sampled_from([None, FILE])}),
    "change_delivery": st.fixed_dictionaries(
        {
            "channel": st.sampled_from(["online", "counter", "post"]),
            "address": st.sampled_from([None, ADDRESS, ELSEWHERE]),
        }
    ),
    "acknowledge_result": st.fixed_dictionaries({"link": st.sampled_from([None, f"{LINK}1", "x" * 32])}),
    "renew_link": st.just({}),
    "hand_over": st.fixed_dictionaries(
        {
            "recipient": st.just("An"),
            "receiver": st.sampled_from(Receiver),
            "code": st.sampled_from([None, CODE, "000000"]),
            "identity": st.sampled_from([None, FETCHED["identity"]]),
            "signed_on_paper": st.booleans(),
        }
    ),
    "count_wrong_code": st.fixed_dictionaries({"code": st.sampled_from([CODE, "000000"])}),
    "issue": st.fixed_dictionaries({"result": st.sampled_from([None, RESULT])}),
    "settle_result": st.fixed_dictionaries(
        {"n": st.sampled_from([1, 1, 2]), "registered": st.just("H01.12-2026-K0000001"), "result": st.just(RESULT)}
    ),
    "settle_fee": st.fixed_dictionaries(
        {
            "n": st.sampled_from([1, 1, 2]),
            "settlement": st.sampled_from(["paid", "expired"]),
            "amount": st.sampled_from([0, 8000, 16_000, 24_000]),
        }
    ),
    "ask_fee_again": st.fixed_dictionaries(
        {
            "n": st.just(1001),
            "fee": st.sampled_from([1, 1, 2]),
            "amount": st.sampled_from([2, 8000, 16_000, 20_000]),
        }
    ),
    "report_failing": st.fixed_dictionaries({"work": st.sampled_from(["check", "issue"]), "tries": st.just(10)}),
    "report_answered": st.fixed_dictionaries({"work": st.sampled_from(["check", "issue"])}),
    "settle_parcel": st.fixed_dictionaries(
        {"n": st.sampled_from([1, 1, 2]), "outcome": st.sampled_from(list(ev.ParcelOutcome))}
    ),
    "settle_part": st.fixed_dictionaries(
        {
            "n": st.sampled_from([1, 2, 3]),
            "outcome": st.sampled_from(["approved", "refused"]),
            "officer": st.just("police-1"),
        }
    ),
    "report_overdue_part": st.fixed_dictionaries({"n": st.sampled_from([1, 2, 3])}),
    "settle_complaint": st.fixed_dictionaries(
        {
            "n": st.just(1),
            "about": st.integers(1, 20),
            "step": st.sampled_from([None, "appraise", "decide", "nowhere"]),
            "officer": st.just("leader-2"),
        }
    ),
    "timer_fired": st.fixed_dictionaries({"clock": st.sampled_from(Clock), "moment": st.sampled_from(Moment)}),
    "change_calendar": st.fixed_dictionaries({"calendar": st.sampled_from(CALENDARS)}),
    "reappoint": st.fixed_dictionaries(
        {"reason": st.just("quá tải"), "by": st.sampled_from([None, *LENGTHS])},
    ),
    "reassign": st.fixed_dictionaries(
        {
            "officer": st.sampled_from(["specialist-2", "leader-1", DUAL, "an"]),
            "acting_for": st.sampled_from([None, "reception-1", "specialist-2", "leader-1", DUAL]),
        }
    ),
    "answer": st.fixed_dictionaries({"n": st.sampled_from([1, 2]), "answer": st.just("1/1/2000")}),
    "inspect": st.fixed_dictionaries(
        {
            "held_at": st.sampled_from([START, START + timedelta(days=9999)]),
            "place": st.just("1 Hàng Bài"),
            "participants": st.just(["An"]),
            "findings": st.just("đúng"),
        }
    ),
    "record_opinion": st.fixed_dictionaries(
        {"party": st.sampled_from(["police", "health", "navy"]), "consent": st.booleans()}
    ),
    "stop": st.fixed_dictionaries(
        {
            "mode": st.sampled_from(["suspend", "suspend", "end"]),
            "reason": st.just("tranh chấp"),
            "legal_basis": st.just("Đ19"),
            "limit": st.sampled_from([None, None, *SUSPENSIONS]),
            "unproposed_reason": st.sampled_from([None, None, "hồ sơ giả"]),
        }
    ),
    "apologise": st.just({"reason": "quá tải"}),
    "show_draft": st.just({"draft": FILE}),
    "confirm_draft": st.just({}),
    "correct_draft": st.fixed_dictionaries({"note": st.just("sai"), "form": FORM}),
    "transfer_dossier": st.sampled_from([{}, {"originals": ["identity"]}, {"originals": ["diploma"]}]),
    "receive_dossier": st.sampled_from([{}, {"note": "thiếu trang 2"}]),
    "prolong": st.fixed_dictionaries({"reason": st.just("chưa xong"), "by": st.sampled_from([None, *SUSPENSIONS])}),
    "waive_fee": st.fixed_dictionaries(
        {"waiver": st.sampled_from(["student", "poor"]), "reason": st.just("sinh viên")}
    ),
}
