"""Contents of commands for tests: valid ones, and arbitrary ones."""

from datetime import date, timedelta
from typing import Any, Final

import hypothesis.strategies as st

from rules.filing import lifecycle
from rules.filing.fold import missing_opinions
from rules.filing.submission.admission import result_channels
from schemas.filing import events as ev
from schemas.filing.delivery import Receiver
from schemas.filing.events import Clock, Moment
from schemas.filing.state import Filing
from schemas.publishing.procedure import FieldKind
from tests.unit.filing.lives import (
    ADDRESS,
    AN,
    CALENDAR,
    CODE,
    ENDING,
    FETCHED,
    FILE,
    LINK,
    MANDATE,
    REFUSING,
    RESULT,
    START,
)

DUAL: Final = "specialist-1"
"""The identity of the proposer, who is a leader too."""

VALUES: Final = {
    FieldKind.TEXT: "Bình",
    FieldKind.INTEGER: 3,
    FieldKind.DATE: "2026-02-28",
    FieldKind.BOOLEAN: True,
    FieldKind.CHOICE: "birth",
    FieldKind.COMMUNE: "00004",
}


HEIR: Final = AN.model_copy(update={"name": "Nguyễn Thị Cúc", "id_number": "001199000003"})
"""The applicant's successor, with the same account, so that the tests' applicant can go on acting."""

ELSEWHERE: Final = ADDRESS.model_copy(update={"address": "2 Hàng Bài"})


def other_delivery(filing: Filing) -> dict[str, Any]:
    """Returns a channel for the result other than the present one, or another postal address."""
    others = sorted(result_channels(filing.procedure, filing.level, filing.channel) - {filing.result_channel})
    if others:
        return {"channel": others[filing.seq % len(others)]}
    return {"channel": "post", "address": ADDRESS if filing.address == ELSEWHERE else ELSEWHERE}


def fitting(filing: Filing, kind: str) -> dict[str, Any]:
    """Returns content with which the command is valid whenever it is allowed."""
    return all_fitting(filing).get(kind, {})


def all_fitting(filing: Filing) -> dict[str, dict[str, Any]]:
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
        "request_more_time": {"reason": "chờ xác nhận"},
        "answer_more_time": {"granted": True},
        "judge_signature": {"accepted": not filing.signature_accepted, "reason": "đã xác minh"},
        "show_draft": {"draft": FILE},
        "correct_draft": {"note": "sai", "form": {"name": "Bình"} if rules.form else {}},
        "propose": {"outcome": "approved"},
        "decide": {"outcome": "refused", **REFUSING},
        "pay_at_counter": {"amount": filing.fee.amount if filing.fee else 1},
        "withdraw": {"reason": "đổi ý", "request": FILE},
        "change_delivery": other_delivery(filing),
        "revoke_mandate": {"request": FILE},
        "name_representative": {"representative": "dung", "authorisation": MANDATE},
        "record_cessation": {"evidence": FILE},
        "revoke_cessation": {"reason": "nhầm"},
        "succeed": {"applicant": HEIR, "evidence": FILE},
        "hand_over": FETCHED,
        "reassign": {
            "officer": next(name for name in ("specialist-3", "leader-3", "clerk-3", "4") if name not in taken),
            "acting_for": filing.whose_task if filing.seq % 2 else None,
        },
        "recuse": {"reason": "anh ruột"},
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
        "revoke_acceptance": {"reason": "nhầm"},
        "revoke_refusal": {"reason": "nhầm"},
        "correct_applicant": {"name": f"Nguyễn Văn Anh {filing.seq}", "reason": "viết nhầm"},
        "cancel_supplement": {"reason": "yêu cầu nhầm"},
        "pass_on": {
            "to": "H01.12" if filing.agency == "H01.13" else "H01.13",
            "reason": "không thuộc thẩm quyền",
            "legal_basis": "NĐ 118/2025",
        },
        "revoke_waiver": {"reason": "giấy xác nhận giả"},
        "decline_waiver": {"waiver": next(iter(rules.fee.waivers)).code, "reason": "không thuộc diện"}
        if rules.fee and rules.fee.waivers
        else {"waiver": "student", "reason": "không thuộc diện"},
        "issue": {"result": RESULT},
        "settle_result": {"n": len(filing.results) + 1, "registered": "H01.12-2026-K0000001", "result": RESULT},
        "settle_parcel": {"n": filing.parcels, "outcome": "delivered"},
        "settle_part": {"n": under_way[0], "outcome": "approved", "officer": "police-1"} if under_way else {},
    }


def some(**fields: Any) -> st.SearchStrategy[dict[str, Any]]:
    """Returns a strategy that draws each field from its list of values, or by its own strategy."""
    drawn = {name: st.sampled_from(one) if isinstance(one, list) else one for name, one in fields.items()}
    return st.fixed_dictionaries(drawn)


def asked_for(targets: list[tuple[str, str]]) -> dict[str, Any]:
    return {"items": [{"target": target, "code": code, "note": "mờ"} for target, code in targets], "legal_basis": "Đ15"}


CODES: Final = ["identity", "mandate", "name"]
TARGETS: Final = st.sampled_from([*(("paper", code) for code in CODES), ("field", "name"), ("field", "copies")])
PAPERS: Final = st.lists(some(code=["identity", "mandate", "diploma"], file=[None, FILE.model_dump()]), max_size=2)
FORM: Final = st.dictionaries(
    st.sampled_from(["name", "copies", "age"]), st.sampled_from(["An", "", 0, 3, -1, True]), max_size=2
)
OTHER_CALENDAR: Final = CALENDAR.model_copy(
    update={"version": "2026.2", "off": tuple(date(2026, 11, day) for day in (26, 27, 30))}
)
CALENDARS: Final = (CALENDAR, OTHER_CALENDAR)
LENGTHS: Final = ("1 working days", "5 working days", "6 working days", "0 working days", "5 calendar days")
SUSPENSIONS: Final = ("1 calendar days", "30 calendar days", "31 calendar days", "0 calendar days", "5 working days")
AMOUNTS: Final = [8000, 16_000, 24_000]
JUDGEMENT: Final = some(outcome=["approved", "refused"], reason=[None, "thiếu"], legal_basis=[None, "Đ19"])
SEEN: Final = {"place": "1 Hàng Bài", "participants": ["An"], "findings": "đúng"}
SUBSTITUTED: Final = [None, "reception-1", "specialist-2", "leader-1", DUAL]
STOPPED: Final = {"reason": ["tranh chấp"], "legal_basis": ["Đ19"], "unproposed_reason": [None, None, "hồ sơ giả"]}
ANY_CONTENT: Final[dict[str, st.SearchStrategy[dict[str, Any]]]] = {
    "refuse_intake": st.just(REFUSING),
    "request_supplement": st.lists(TARGETS, min_size=1, max_size=3).map(asked_for),
    "supplement": some(papers=PAPERS, form=FORM),
    "request_more_time": st.just({"reason": "chờ xác nhận"}),
    "answer_more_time": some(granted=[True, False], by=[None, *LENGTHS], reason=[None, "đã đủ thời gian"]),
    "propose": JUDGEMENT,
    "decide": JUDGEMENT,
    "pay_at_counter": some(amount=[1, *AMOUNTS]),
    "withdraw": some(reason=["đổi ý"], request=[None, FILE]),
    "change_delivery": some(channel=["online", "counter", "post"], address=[None, ADDRESS, ELSEWHERE]),
    "acknowledge_result": some(link=[None, f"{LINK}1", "x" * 32]),
    "renew_link": st.just({}),
    "revoke_mandate": some(request=[None, FILE]),
    "name_representative": some(representative=["binh", "dung", "an"], authorisation=[MANDATE]),
    "record_cessation": st.just({"evidence": FILE}),
    "succeed": some(applicant=[HEIR, HEIR, AN], evidence=[FILE]),
    "hand_over": some(
        recipient=["Nguyễn Văn An"],
        receiver=list(Receiver),
        code=[None, CODE, "000000"],
        identity=[None, FETCHED["identity"]],
        signed_on_paper=st.booleans(),
    ),
    "count_wrong_code": some(code=[CODE, "000000"]),
    "issue": some(result=[None, RESULT]),
    "settle_result": some(n=[1, 1, 2], registered=["H01.12-2026-K0000001"], result=[RESULT]),
    "settle_fee": some(n=[1, 1, 2], settlement=["paid", "expired"], amount=[0, *AMOUNTS]),
    "ask_fee_again": some(n=[1001], fee=[1, 1, 2], amount=[2, 8000, 16_000, 20_000]),
    "report_failing": some(work=["check", "issue"], tries=[10]),
    "report_answered": some(work=["check", "issue"]),
    "settle_parcel": some(n=[1, 1, 2], outcome=list(ev.ParcelOutcome)),
    "settle_part": some(n=[1, 2, 3], outcome=["approved", "refused"], officer=["police-1"]),
    "report_overdue_part": some(n=[1, 2, 3]),
    "settle_complaint": some(
        n=[1], about=st.integers(1, 20), step=[None, "appraise", "decide", "nowhere"], officer=["leader-2"]
    ),
    "record_stay": some(n=[1, 2], stay=[1, 2], since=[START], limit=["30 calendar days", "1 working hours"]),
    "end_stay": some(n=[1, 2], stay=[1, 2]),
    "timer_fired": some(clock=list(Clock), moment=list(Moment)),
    "change_calendar": some(calendar=list(CALENDARS)),
    "reappoint": some(reason=["quá tải"], by=[None, *LENGTHS]),
    "reassign": some(officer=["specialist-2", "leader-1", DUAL, "an"], acting_for=SUBSTITUTED),
    "answer": some(n=[1, 2], answer=["1/1/2000"]),
    "inspect": some(held_at=[START, START + timedelta(days=9999)]).map(lambda held: held | SEEN),
    "record_opinion": some(party=["police", "health", "navy"], consent=st.booleans()),
    "stop": some(mode=["suspend", "suspend", "end"], limit=[None, None, *SUSPENSIONS], **STOPPED),
    "apologise": some(reason=["quá tải"], by=[None, *LENGTHS]),
    "show_draft": st.just({"draft": FILE}),
    "confirm_draft": st.just({}),
    "correct_draft": some(note=["sai"], form=FORM),
    "transfer_dossier": st.sampled_from([{}, {"originals": ["identity"]}, {"originals": ["diploma"]}]),
    "receive_dossier": st.sampled_from([{}, {"note": "thiếu trang 2"}]),
    "prolong": some(reason=["chưa xong"], by=[None, *SUSPENSIONS]),
    "waive_fee": some(waiver=["student", "poor"], reason=["sinh viên"]),
    "decline_waiver": some(waiver=["student", "poor"], reason=["không thuộc diện"]),
}
