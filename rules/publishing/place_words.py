"""What each place of a procedure file is called, in Vietnamese and English, by the keys that lead there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from rules.publishing.procedure_words import lines_of, percent, rate, required_words, taken_words, words_quoted
from rules.publishing.rule_words import money
from schemas.base import Text


class PlaceWords(NamedTuple):
    """What stands there is called so, in the middle of a sentence. `says` is how its value is said, if not as usual.

    Without a name it is told of as its owner itself.
    """

    vi: str
    en: str
    says: Callable[[Any], Text] | None = None


_REQUIRED: Final = PlaceWords("", "", required_words)
_CODE: Final = PlaceWords("mã", "code")
_WHEN: Final = PlaceWords("điều kiện", "condition")
_FROM: Final = PlaceWords("ngày bắt đầu áp dụng", "first day in force")
_UNTIL: Final = PlaceWords("ngày cuối áp dụng", "last day in force")
_SOURCE: Final = PlaceWords("căn cứ", "source", words_quoted)
_NAME: Final = PlaceWords("tên", "name")
_KINDS: Final = PlaceWords("cơ quan giải quyết", "agencies that decide")
_LIMIT: Final = PlaceWords("thời hạn", "time limit")
_OFFICERS: Final = PlaceWords("người chịu trách nhiệm", "accountable officers")

_OF_ANY: Final[Mapping[str, PlaceWords]] = {
    "source": _SOURCE,
    "checked": PlaceWords("ngày đối chiếu", "day of the last check"),
}
"""What every fact has."""
_OF_A_LIMIT: Final = "limits_source."

PLACES: Final[Mapping[str, PlaceWords]] = {
    "code": PlaceWords("mã thủ tục", "procedure code"),
    "level": PlaceWords("dịch vụ", "service"),
    "validity": PlaceWords("hiệu lực", "validity"),
    "validity.valid_from": _FROM,
    "validity.valid_until": _UNTIL,
    "partial": PlaceWords("lý do chỉ trực tuyến một phần", "reason for being only partly online"),
    "partial.reason": PlaceWords("căn cứ chỉ trực tuyến một phần", "ground for being only partly online"),
    "name": PlaceWords("tên thủ tục", "name of the procedure"),
    "agency": PlaceWords("cơ quan thực hiện", "agency"),
    "information": PlaceWords("trang thông tin", "information page"),
    "information.steps": PlaceWords("trình tự thực hiện", "description of the steps"),
    "information.how": PlaceWords("cách thức thực hiện", "description of how to carry it out"),
    "information.sets": PlaceWords("số bộ hồ sơ", "number of sets"),
    "information.applicants": PlaceWords("đối tượng thực hiện", "description of who may apply"),
    "information.agency": PlaceWords("cơ quan thực hiện trên trang thông tin", "agency on the information page"),
    "information.conditions": PlaceWords("yêu cầu, điều kiện", "text of requirements and conditions"),
    "information.places": PlaceWords("nơi nộp và nhận", "place to file and receive"),
    "legal_basis": PlaceWords("căn cứ pháp lý", "legal basis", words_quoted),
    "limits": PlaceWords("thời hạn", "time limits"),
    "limits.intake": PlaceWords("thời hạn tiếp nhận", "time limit for the intake"),
    "limits.processing": PlaceWords("thời hạn giải quyết", "time limit for processing"),
    "limits.issue": PlaceWords("thời hạn lập kết quả", "time limit for making the result"),
    "limits.delivery": PlaceWords("thời hạn bưu chính trả kết quả", "time limit for delivery by post"),
    "limits.pickup": PlaceWords("thời hạn nhận kết quả tại quầy", "time limit for fetching the result"),
    "limits.suspension": PlaceWords("thời hạn tạm dừng", "time limit of a suspension"),
    "limits.transfer": PlaceWords("thời hạn chuyển hồ sơ giấy từ nơi nhận hộ", "time limit for transferring papers"),
    "limits.appeal": PlaceWords("thời hiệu khiếu nại", "time limit for making a complaint"),
    "limits.take_up": PlaceWords("thời hạn thụ lý khiếu nại", "time limit for taking up a complaint"),
    "limits.complaint": PlaceWords("thời hạn giải quyết khiếu nại", "time limit for answering a complaint"),
    "limits.reminder": PlaceWords("thời gian nhắc trước khi hết hạn", "notice of a reminder"),
    "limits.apology": PlaceWords("thời gian soạn thư xin lỗi trước khi hết hạn", "notice of an apology"),
    "limits.notice": PlaceWords("thời gian báo hẹn lại trước khi hết hạn", "notice of another appointment"),
    "limits.reappointment": PlaceWords("thời gian hẹn lại nhiều nhất", "longest postponement of an appointment"),
    "limits.reading": PlaceWords("thời hạn xem kết quả trực tuyến", "time limit for reading the result"),
    "limits.unclaimed": PlaceWords("khoảng cách giữa các lần nhắc nhận kết quả", "interval of reminders to fetch it"),
    "limits.cut_off": PlaceWords("giờ chốt nhận hồ sơ trong ngày", "cut-off hour of the day"),
    "limits_source": PlaceWords("căn cứ của các thời hạn", "source of the time limits", words_quoted),
    "cases": PlaceWords("trường hợp có thời hạn riêng", "case with a limit of its own"),
    "cases.code": _CODE,
    "cases.name": _NAME,
    "cases.processing": PlaceWords("thời hạn giải quyết", "time limit for processing"),
    "cases.when": _WHEN,
    "figures": PlaceWords("số liệu", "figure"),
    "figures.code": _CODE,
    "figures.amount": PlaceWords("giá trị", "value"),
    "figures.unit": PlaceWords("đơn vị", "unit"),
    "papers": PlaceWords("giấy tờ", "paper"),
    "papers.code": _CODE,
    "papers.name": _NAME,
    "papers.required": _REQUIRED,
    "papers.when": _WHEN,
    "papers.form": PlaceWords("mẫu để tải", "blank to download"),
    "papers.replaced_by": PlaceWords("cơ sở dữ liệu thay giấy tờ", "database that replaces it"),
    "papers.accepts": PlaceWords("loại tệp được nhận", "types of file that are taken"),
    "form": PlaceWords("trường", "field"),
    "form.code": _CODE,
    "form.label": PlaceWords("nhãn", "label"),
    "form.kind": PlaceWords("kiểu", "kind"),
    "form.required": _REQUIRED,
    "form.when": _WHEN,
    "form.minimum": PlaceWords("mức nhỏ nhất", "minimum"),
    "form.maximum": PlaceWords("mức lớn nhất", "maximum"),
    "form.choices": PlaceWords("các lựa chọn", "choices"),
    "form.choice_names": PlaceWords("tên của lựa chọn", "name of choice"),
    "form.choice_names.code": _CODE,
    "form.choice_names.name": _NAME,
    "review": PlaceWords("bước", "step"),
    "review.code": _CODE,
    "review.name": _NAME,
    "review.role": PlaceWords("người thực hiện", "role"),
    "review.act": PlaceWords("việc làm", "act"),
    "review.limit": _LIMIT,
    "review.consult": PlaceWords("việc lấy ý kiến", "consultation"),
    "review.consult.parties": PlaceWords("cơ quan được lấy ý kiến", "consulted body"),
    "review.consult.parties.code": _CODE,
    "review.consult.parties.name": _NAME,
    "review.consult.silence": PlaceWords("quy định khi không có ý kiến", "rule for silence"),
    "review.obligation": PlaceWords("nghĩa vụ tài chính", "financial obligation"),
    "review.obligation.authority": PlaceWords("cơ quan thu", "authority"),
    "review.obligation.answer": PlaceWords("thời hạn cơ quan thu trả lời", "time limit of the authority's answer"),
    "review.obligation.pay": PlaceWords("thời hạn người nộp thực hiện", "time limit for paying what is owed"),
    "review.draft": PlaceWords("bản dự thảo", "draft"),
    "review.draft.answer": PlaceWords("thời hạn người nộp xem bản dự thảo", "time limit for checking the draft"),
    "review.referral": PlaceWords("việc liên thông", "referral"),
    "review.referral.parts": PlaceWords("phần", "part"),
    "review.referral.parts.code": _CODE,
    "review.referral.parts.name": _NAME,
    "review.referral.parts.kinds": _KINDS,
    "review.referral.parts.limit": _LIMIT,
    "fee": PlaceWords("phí, lệ phí", "fee"),
    "fee.items": PlaceWords("khoản thu", "fee item"),
    "fee.items.code": _CODE,
    "fee.items.name": _NAME,
    "fee.items.kind": PlaceWords("loại", "kind"),
    "fee.items.amount": PlaceWords("mức thu", "amount", money),
    "fee.items.per": PlaceWords("trường tính số lượng", "field that is counted"),
    "fee.items.basis_points": PlaceWords("tỷ lệ thu", "rate", rate),
    "fee.items.of": PlaceWords("trường làm căn cứ tính tỷ lệ", "field that it is a rate of"),
    "fee.items.minimum": PlaceWords("mức thu ít nhất", "least amount", money),
    "fee.items.maximum": PlaceWords("mức thu nhiều nhất", "greatest amount", money),
    "fee.items.when": _WHEN,
    "fee.items.valid_from": _FROM,
    "fee.items.valid_until": _UNTIL,
    "fee.waivers": PlaceWords("diện miễn, giảm", "waiver"),
    "fee.waivers.code": _CODE,
    "fee.waivers.name": _NAME,
    "fee.waivers.percent": PlaceWords("tỷ lệ miễn, giảm", "share that is waived", percent),
    "fee.waivers.approver": PlaceWords("người duyệt", "approver"),
    "fee.waivers.when": _WHEN,
    "fee.waivers.valid_from": _FROM,
    "fee.waivers.valid_until": _UNTIL,
    "fee.waivers.evidence": PlaceWords("giấy tờ chứng minh", "evidence"),
    "fee.refunds": PlaceWords("việc hoàn tiền", "refund"),
    "fee.refunds.case": PlaceWords("trường hợp", "case"),
    "fee.refunds.percent": PlaceWords("tỷ lệ hoàn", "share that goes back", percent),
    "fee.due": PlaceWords("thời điểm thu phí, lệ phí", "moment at which the fee is due"),
    "fee.channels": PlaceWords("kênh nộp phí, lệ phí", "channels of the fee"),
    "fee.governed_by": PlaceWords("ngày xác định mức thu", "day that governs the amounts"),
    "fee.cash": PlaceWords("tiền mặt tại quầy", "cash at the counter", taken_words),
    "fee.limit": PlaceWords("thời hạn nộp phí, lệ phí", "time limit for paying the fee"),
    "result": PlaceWords("kết quả", "result"),
    "result.name": PlaceWords("tên kết quả", "name of the result"),
    "result.channels": PlaceWords("kênh trả kết quả", "channels of the result"),
    "result.template": PlaceWords("mẫu in kết quả", "template of the result", lines_of),
    "result.postage": PlaceWords("cước bưu chính trả kết quả", "postage of the result"),
    "result.postage.amount": PlaceWords("mức thu khi phát", "amount collected on delivery", money),
    "supplement": PlaceWords("việc bổ sung hồ sơ", "supplement"),
    "supplement.rounds": PlaceWords("số lần bổ sung ở mỗi giai đoạn", "number of supplements a stage"),
    "supplement.limit": PlaceWords("thời hạn bổ sung", "time limit for a supplement"),
    "supplement.within": PlaceWords("thời hạn yêu cầu bổ sung khi thẩm định", "time limit for asking in the review"),
    "resumption": PlaceWords("cách tính tiếp thời hạn", "way in which time limits go on"),
    "resumption.supplement": PlaceWords("thời hạn sau khi bổ sung", "time limit after a supplement"),
    "resumption.obligation": PlaceWords("thời hạn sau nghĩa vụ tài chính", "time limit after an obligation"),
    "resumption.suspension": PlaceWords("thời hạn sau khi tạm dừng", "time limit after a suspension"),
    "extension": PlaceWords("việc gia hạn", "extension"),
    "extension.times": PlaceWords("số lần gia hạn", "number of extensions"),
    "extension.by": PlaceWords("thời gian gia hạn mỗi lần", "length of an extension"),
    "extension.notice": PlaceWords("thời gian báo gia hạn trước khi hết hạn", "notice of an extension"),
    "signature": PlaceWords("chữ ký số", "digital signature"),
    "signature.required": PlaceWords("chữ ký số", "digital signature", required_words),
    "signature.unless": PlaceWords("trường hợp không cần chữ ký số", "exception from the digital signature"),
    "decided_by": PlaceWords("thẩm quyền giải quyết", "competence"),
    "decided_by.kinds": _KINDS,
    "automatic": PlaceWords("quyết định tự động chấp thuận", "standing order"),
    "automatic.number": PlaceWords("số quyết định tự động chấp thuận", "number of the standing order"),
    "automatic.officers": _OFFICERS,
    "retention": PlaceWords("thời hạn bảo quản", "retention"),
    "retention.keep_years": PlaceWords("số năm phải giữ", "years to be kept"),
    "retention.erase_years": PlaceWords("số năm thì phải xóa", "years after which to be erased"),
    "baseline": PlaceWords("mốc so sánh ở mức độ 1", "level-1 baseline"),
    "baseline.working_days": PlaceWords("số ngày làm việc ở mức độ 1", "working days at level 1"),
    "baseline.visits": PlaceWords("số lượt đến quầy ở mức độ 1", "visits to the counter at level 1"),
    "silent_approval": PlaceWords("việc im lặng là đồng ý", "silent approval"),
    "silent_approval.legal_basis": PlaceWords(
        "điều luật coi im lặng là đồng ý", "law that takes silence for approval", words_quoted
    ),
    "silent_approval.officers": _OFFICERS,
}


def words_of(name: str) -> PlaceWords:
    """What the place is called; one without words of its own by its key, so that nothing goes unsaid."""
    if name.startswith(_OF_A_LIMIT):
        limit = words_of(f"limits.{name.removeprefix(_OF_A_LIMIT)}")
        return PlaceWords(f"căn cứ của {limit.vi}", f"source of the {limit.en}", words_quoted)
    return PLACES.get(name) or _OF_ANY.get(name.rpartition(".")[2]) or PlaceWords(name, name)
