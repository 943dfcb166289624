"""The law: the changes of status that it provides, and the legal basis of each command.

"practice": existing one-stop systems do so; "ours": a rule of this project (docs/glossary.md).
"""

from typing import Final

REPLACED: Final = {
    "NĐ 61/2018": "NĐ 118/2025 (unread)",
    "TT 22/2019": "TT 21/2023/TT-BTTTT, TT 11/2025/TT-BKHCN (unread)",
}
"""The repealed acts whose articles were read, and the acts in their place, whose articles were not."""


def cited(basis: str) -> tuple[str, str]:
    """Returns the acts in force and the repealed acts of a legal basis, whose acts are separated by semicolons."""
    in_force, repealed = list[str](), list[str]()
    for one in basis.split("; "):
        act = next((act for act in REPLACED if one.startswith(act)), None)
        in_force.append(one if act is None else REPLACED[act])
        repealed += [] if act is None else [one]
    return "; ".join(dict.fromkeys(in_force)), "; ".join(repealed)


KNOWN: Final[dict[tuple[int, int], str]] = {
    (0, 1): "nộp trực tuyến: TT 22/2019 Đ4",
    (0, 2): "nộp tại quầy, qua bưu chính: NĐ 61/2018 Đ16, Đ17 k2",
    (1, 2): "tiếp nhận: NĐ 61/2018 Đ17 k2b",
    (1, 3): "từ chối tiếp nhận: NĐ 61/2018 Đ17 k1b",
    (1, 5): "yêu cầu bổ sung: NĐ 61/2018 Đ15 k3, Đ17 k2a",
    (1, 7): "rút hồ sơ: TT 22/2019 Đ4",
    (2, 4): "chuyển xử lý: NĐ 61/2018 Đ18 k2, k3",
    (2, 7): "rút hồ sơ: TT 22/2019 Đ4",
    (2, 9): "kết thúc: NĐ 61/2018 Đ19",
    (4, 5): "yêu cầu bổ sung: NĐ 61/2018 Đ19 k4",
    (4, 6): "nghĩa vụ tài chính: TT 22/2019 Đ4",
    (4, 7): "rút hồ sơ: TT 22/2019 Đ4",
    (4, 8): "dừng xử lý: TT 03/2025",
    (4, 9): "kết thúc: NĐ 61/2018 Đ19",
    (5, 1): "đã bổ sung: NĐ 61/2018 Đ19 k4",
    (5, 2): "đã bổ sung: NĐ 61/2018 Đ19 k4",
    (5, 3): "quá hạn bổ sung: theo luật chuyên ngành",
    (5, 4): "đã bổ sung: NĐ 61/2018 Đ19 k4",
    (5, 7): "rút hồ sơ: TT 22/2019 Đ4",
    (6, 4): "đã thực hiện nghĩa vụ tài chính: TT 22/2019 Đ4",
    (6, 7): "rút hồ sơ: TT 22/2019 Đ4",
    (8, 4): "tiếp tục, thu hồi: practice",
    (9, 10): "trả kết quả: NĐ 61/2018 Đ20",
}
"""The changes of status in the national table (docs/glossary.md, trạng thái hồ sơ); 0 means no status."""

_UPHELD: Final = "a complaint was upheld: the act is undone, and the filing starts again (Luật 02/2011 Đ31)"

_LAPSED: Final = "the applicant died or ceased to exist, and the right does not pass on, or nobody stepped in"

REASONS: Final[dict[tuple[int, int], str]] = {
    (0, 2): "a paper filing is recorded as received and accepted in one go: 0 → 1 → 2, and its log shows both",
    (2, 9): "a decision always stands between, also one by a standing order: 2 → 4 → 9 in one go",
    (5, 2): "a supplement of the review is asked for by who has begun with it: the filing is 4 before, and after",
    (2, 6): "a fee that is due at acceptance is asked for before anybody works on the filing",
    (5, 8): "what was accepted can't be refused at intake any more: it is stopped, with a notice",
    (6, 8): "a fee was not paid in time, the leader ends what is owed for, or no successor steps in",
    (2, 8): _LAPSED,
    (6, 2): "the applicant died or ceased to exist: nobody owes the fee until a successor steps in",
    (8, 7): "the applicant may withdraw what the agency has suspended",
    **dict.fromkeys(((2, 1), (4, 1), (6, 1)), "an acceptance made by mistake is taken back on its own day"),
    (3, 1): "a refusal is taken back on its own day, or a complaint was upheld (Luật 02/2011 Đ31)",
    (8, 1): _UPHELD,
    (10, 1): _UPHELD,
    (10, 4): _UPHELD,
}
"""The reasons for differences: changes that the rules allow and the table lacks, or the reverse."""

_SUPPLEMENT: Final = "NĐ 61/2018 Đ15 k3, Đ17 k2a, Đ19 k4"
_OBLIGATION: Final = "practice (secondary)"
_DRAFT: Final = "civil status online: the applicant checks the draft within a day (secondary)"
_PUT_OFF: Final = "NĐ 61/2018 Đ19 k9"
_CALENDAR: Final = "the sources of the calendar; BLDS 91/2015 Đ148"

ARTICLES: Final[dict[str, str]] = {
    "accept": "NĐ 61/2018 Đ17 k2b",
    "revoke_acceptance": "ours",
    "revoke_refusal": "ours",
    "correct_applicant": "ours",
    "refuse_intake": "NĐ 61/2018 Đ17 k1b",
    "judge_signature": "Luật 20/2023 Đ23 (unconfirmed)",
    "request_supplement": _SUPPLEMENT,
    "cancel_supplement": "ours",
    "pass_on": "ours",
    "supplement": _SUPPLEMENT,
    "request_more_time": "ours",
    "answer_more_time": "ours",
    "transfer_dossier": "NĐ 61/2018 Đ18 k1",
    "receive_dossier": "NĐ 61/2018 Đ18 k1",
    "claim": "ours",
    "release": "ours",
    "reassign": "practice",
    "recuse": "Luật PCTN Đ23 (unconfirmed)",
    "recall": "practice",
    "ask": "NĐ 61/2018 Đ5; ours",
    "answer": "ours",
    "inspect": "NĐ 61/2018 Đ19 k3",
    "record_opinion": "NĐ 61/2018 Đ19 k5",
    "report_overdue_part": "NĐ 61/2018 Đ19 k6",
    "settle_part": "NĐ 61/2018 Đ19 k6",
    "refer_obligation": _OBLIGATION,
    "demand_obligation": _OBLIGATION,
    "fulfil_obligation": _OBLIGATION,
    "forward": "NĐ 61/2018 Đ18",
    "show_draft": _DRAFT,
    "confirm_draft": _DRAFT,
    "correct_draft": _DRAFT,
    "propose": "practice",
    "decide": "NĐ 61/2018 Đ19 k8",
    "stop": "TT 03/2025 (unread)",
    "prolong": "ours",
    "resume": "practice",
    "extend": "the procedure's own law, its `extension.source`",
    "apply_case": "the procedure's own law",
    "reappoint": _PUT_OFF,
    "apologise": _PUT_OFF,
    "waive_fee": "Luật 97/2015 Đ10",
    "revoke_waiver": "Luật 97/2015 Đ10; who may take it back: ours",
    "decline_waiver": "Luật 97/2015 Đ10",
    "pay_at_counter": "NĐ 61/2018 Đ22",
    "withdraw": "TT 22/2019 Đ4; from which states: ours",
    "revoke_mandate": "BLDS 91/2015 Đ140 k3",
    "name_representative": "BLDS 91/2015 Đ138",
    "record_cessation": "BLDS 91/2015 Đ140 k3, k4",
    "revoke_cessation": "ours",
    "succeed": "BLDS 91/2015 Đ609, Đ614 (unconfirmed); the procedure's own law",
    "change_delivery": "QĐ 45/2016 Đ4; until when: ours",
    "acknowledge_result": "ours",
    "renew_link": "ours",
    "hand_over": "NĐ 61/2018 Đ20, Đ6",
    "cancel_parcel": "ours",
    "record_scan": "ours",
    "issue": "NĐ 61/2018 Đ19",
    "settle_result": "NĐ 61/2018 Đ19; NĐ 30/2020 (secondary)",
    "settle_fee": "NĐ 61/2018 Đ22",
    "settle_parcel": "QĐ 45/2016 Đ9, Đ14, TT 17/2017 Đ5 k2",
    "settle_complaint": "Luật 02/2011 Đ31",
    "timer_fired": "BLDS 91/2015 Đ145, Đ148; the procedure's own law",
    "change_calendar": _CALENDAR,
    "report_failing": "ours",
    "report_answered": "ours",
    "record_stay": "Luật 02/2011 Đ35",
    "end_stay": "Luật 02/2011 Đ35",
    "ask_fee_again": "ours",
}
"""The legal basis of each command to a filing."""

_TASK: Final = dict.fromkeys(("claim", "release", "reassign"), "ours")
_MONEY_IN: Final = "NĐ 61/2018 Đ22"
_NOT_OWED: Final = "Luật 97/2015 (article unread); ours"
_TWO: Final = "two officers: ours"
_CARRIED: Final = "QĐ 45/2016 Đ8, Đ9"
_SIGNED: Final = "NĐ 30/2020 (secondary)"
_UNDONE: Final = "the procedure's own law; ours"
_RECEIPT: Final = "NĐ 123/2020 Đ30–32, NĐ 70/2025 (unconfirmed)"
_PART: Final = "NĐ 61/2018 Đ19 k6"

OF_STREAMS: Final[dict[str, dict[str, str]]] = {
    "complaint": {
        **_TASK,
        "complain": "Luật 02/2011 Đ2 k8, Đ8, Đ9, Đ33",
        "take_up": "Luật 02/2011 Đ27; NĐ 155/2026 Đ10 k1",
        "not_take_up": "Luật 02/2011 Đ11; NĐ 155/2026 Đ10 k1",
        "verify_complaint": "Luật 02/2011 Đ29",
        "invite_to_dialogue": "Luật 02/2011 Đ30; NĐ 155/2026 Đ11",
        "record_dialogue": "Luật 02/2011 Đ30; NĐ 155/2026 Đ11",
        "stay_act": "Luật 02/2011 Đ35",
        "lift_stay": "Luật 02/2011 Đ35",
        "answer_complaint": "Luật 02/2011 Đ17–Đ23, Đ31, Đ40",
        "send_answer": "Luật 02/2011 Đ32",
        "withdraw": "Luật 02/2011 Đ10",
        "report_suit": "Luật 02/2011 Đ7, Đ11 k9",
        "ring_complaint": "Luật 02/2011 Đ27, Đ28, Đ37",
        "settle_upheld": "Luật 02/2011 Đ31",
        "change_calendar": _CALENDAR,
    },
    "referral": {
        **_TASK,
        "request_decision": _PART,
        "answer_part": _PART,
        "answer_by_machine": _PART,
        "cancel_referral": "ours",
        "look_at_deadline": _PART,
        "change_calendar": _CALENDAR,
    },
    "result": {
        "enter_result": "NĐ 61/2018 Đ19; NĐ 30/2020 (secondary)",
        "name_signers": _SIGNED,
        "record_made": "NĐ 61/2018 Đ19",
        "record_signed": _SIGNED,
        "record_declined": "ours",
        "ask_other": _SIGNED,
        "report_failing": "ours",
        "report_answered": "ours",
        "decline_signature": "ours",
        "sign_again": "ours",
        "revoke_result": _UNDONE,
        "correct_result": _UNDONE,
        "renew_result": "ours",
    },
    "refund": {
        "begin_refund": _NOT_OWED,
        "open_claimed": _NOT_OWED,
        "record_asked": "ours",
        "record_given": "ours",
        "leave_to_hand": "ours",
        "request_refund": f"the procedure's own rule of refunds; {_TWO}",
        "decide_refund": f"the procedure's own rule of refunds; {_TWO}",
        "approve_refund": _TWO,
        "decline_refund": _TWO,
        "give_back_by_hand": _TWO,
        "accept_short_payment": _TWO,
        "approve_short_payment": _TWO,
        "answer_charge_back": "ours",
    },
    "papers": {
        "record_paper": "mẫu 01–04 TT 03/2025 (secondary)",
        "issue_receipt": _RECEIPT,
        "void_receipt": _RECEIPT,
        "approve_void": _TWO,
        "void_by_itself": _RECEIPT,
    },
    "parcel": {
        "request_consignment": "QĐ 45/2016 Đ4, Đ8",
        "record_sent": _CARRIED,
        "record_steps": _CARRIED,
        "record_end": "QĐ 45/2016 Đ9, Đ14; TT 17/2017 Đ5 k2",
        "end_parcel_watch": "ours",
        "recall_consignment": "ours",
        "record_left": "ours",
        "claim_compensation": "QĐ 45/2016 Đ14; TT 17/2017 Đ8",
        "change_calendar": _CALENDAR,
    },
    "payment": {
        "request_payment": _MONEY_IN,
        "record_order": _MONEY_IN,
        "renew_payment": _MONEY_IN,
        "record_capture": _MONEY_IN,
        "record_acceptance": "ours",
        "record_refund": "ours",
        "record_charge_back": "ours",
        "expire_request": "ours",
        "await_outcome": "ours",
        "expire_payment": f"{_MONEY_IN}; the limit: the procedure's",
        "cancel_payment": "ours",
        "end_payment_watch": "ours",
        "change_calendar": _CALENDAR,
    },
}
"""The legal basis of each command to the other streams, by kind."""
