"""May this submission be filed under this procedure, and at which level?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, assert_never

from rules.filing import fees
from rules.filing.conditions import hold
from schemas.base import Text
from schemas.errors import Problem, RefusalCode, problem, refused
from schemas.files import Paper
from schemas.filing.commands import TargetKind
from schemas.filing.events import SupplementNeed
from schemas.filing.submission import Submission
from schemas.form import FormValue
from schemas.level import CAPABILITIES, Channel, Level
from schemas.names import CHANNEL_NAMES, listed
from schemas.people import Role
from schemas.publishing.procedure import FeePart, FieldKind, FieldPart, ProcedureRules


@dataclass(frozen=True)
class Admission:
    """What the submission left open, decided: the level filed at and the channel of the fee.

    `missing` is what a paper filing lacks: it is recorded as received all the same.
    """

    level: Level
    fee_channel: Channel | None
    missing: tuple[SupplementNeed, ...] = ()


def admit(submission: Submission, procedure: ProcedureRules, others: Iterable[Problem] = ()) -> Admission:
    """The admission of a submission. Raises `RefusalError` with every problem found, and with the `others`."""
    level = submission.level or _highest_usable(submission, procedure)
    papers, fields = [*_missing_papers(submission, procedure)], [*_missing_fields(submission, procedure)]
    complete = submission.channel is Channel.ONLINE
    form = [
        *form_problems(procedure, submission.form),
        *(problem(f"form.{code}", *_REQUIRED) for code in fields if complete),
        *_fields_that_do_not_apply(submission, procedure),
    ]
    problems = [
        *_level(submission, procedure, level),
        *_people(submission),
        *others,
        *paper_problems(procedure, submission.papers, submission.channel),
        *(problem(f"papers.{code}", *_PAPER_REQUIRED) for code in papers if complete),
        *form,
        *_result(submission, procedure, level),
        *([] if form else _fee(submission, procedure, level)),
    ]
    if problems:
        raise refused(RefusalCode.BAD_SUBMISSION, *problems)
    missing = [SupplementNeed(target=TargetKind.PAPER, code=code) for code in papers]
    missing += [SupplementNeed(target=TargetKind.FIELD, code=code) for code in fields]
    return Admission(level, _fee_channel(submission, procedure, level), tuple(missing))


def _highest_usable(submission: Submission, procedure: ProcedureRules) -> Level:
    unsigned = procedure.signature and submission.channel is Channel.ONLINE and submission.signature is None
    return Level.ONLINE_FILING if unsigned and procedure.level is Level.FULLY_ONLINE else procedure.level


def _level(submission: Submission, procedure: ProcedureRules, level: Level) -> Iterator[Problem]:
    page = f"{procedure.code}@{procedure.version}"
    if level > procedure.level:
        yield problem(
            "level",
            "level_above_procedure",
            f"thủ tục chỉ cung cấp đến mức độ {procedure.level}; chọn mức độ không cao hơn",
            f"the procedure is offered up to level {procedure.level}; file at that level or a lower one",
        )
    elif submission.channel not in CAPABILITIES[level].filing:
        yield problem(
            "channel",
            "channel_not_allowed_at_level",
            f"mức độ {level} không nhận hồ sơ qua kênh này; xem trang thông tin {page} và nộp tại quầy hoặc qua "
            "bưu điện",
            f"level {level} does not take filings by this channel; see the information page {page} and file at the "
            "counter or by post",
        )
    if not procedure.review:
        yield problem(
            "procedure",
            "information_only",
            f"thủ tục chỉ cung cấp thông tin, không có quy trình giải quyết; xem trang thông tin {page}",
            f"the procedure gives information only and has no review; see the information page {page}",
        )
    signature_asked = procedure.signature and CAPABILITIES[level].signature and submission.channel is Channel.ONLINE
    if signature_asked and submission.signature is None:
        yield problem(
            "signature",
            "signature_required",
            "nộp trực tuyến ở mức độ 4 phải có chữ ký số; hãy ký hoặc nộp ở mức độ 3",
            "filing online at level 4 needs a digital signature; sign, or file at level 3",
        )


def _people(submission: Submission) -> Iterator[Problem]:
    actor = submission.actor
    if submission.channel is Channel.ONLINE:
        if actor.role not in {Role.APPLICANT, Role.REPRESENTATIVE}:
            yield problem(
                "actor.role",
                "applicant_files_online",
                "hồ sơ trực tuyến do người nộp hoặc người đại diện nộp",
                "an online filing is made by the applicant or a representative",
            )
        elif actor.role is Role.REPRESENTATIVE and submission.authorisation is None:
            yield problem(
                "authorisation",
                "authorisation_required",
                "người đại diện nộp hồ sơ phải có giấy ủy quyền; hãy gửi kèm tệp",
                "a representative files under an authorisation; add its file",
            )
        elif actor.role is Role.APPLICANT and actor.subject != submission.applicant.subject:
            yield problem(
                "actor.subject",
                "applicant_is_someone_else",
                "người nộp không phải là chủ hồ sơ; hãy nộp với vai trò người đại diện",
                "the actor is not the applicant; file as a representative",
            )
    elif actor.subject in {submission.applicant.subject, submission.applicant.stands_for_it}:
        yield problem(
            "actor.subject",
            "own_filing",
            "cán bộ không tiếp nhận hồ sơ của chính mình, hoặc của tổ chức mà mình đại diện",
            "an officer does not take in their own filing, or that of an organisation that they stand for",
        )
    elif actor.role not in _recorders(submission) or actor.agency != (submission.desk or submission.agency):
        yield problem(
            "actor",
            "reception_records_paper",
            "hồ sơ giấy do cán bộ một cửa của cơ quan tiếp nhận ghi vào hệ thống",
            "a paper filing is recorded by a reception officer of the agency whose desk receives it",
        )


def _recorders(submission: Submission) -> frozenset[Role]:
    """Who records it: the desk, or a leader what the post handed over earlier than the desk may say."""
    return frozenset({Role.RECEPTION, Role.LEADER} if submission.received_at else {Role.RECEPTION})


def paper_problems(procedure: ProcedureRules, papers: tuple[Paper, ...], channel: Channel) -> Iterator[Problem]:
    """What is wrong with papers handed in by `channel`."""
    known = {paper.code for paper in procedure.papers}
    seen: set[str] = set()
    for index, paper in enumerate(papers):
        if paper.code not in known:
            yield problem(
                f"papers[{index}].code",
                "unknown_paper",
                f"thủ tục không có giấy tờ này; các giấy tờ: {_list(known)}",
                f"the procedure has no such paper; its papers: {_list(known)}",
            )
        if paper.code in seen:
            yield problem(
                f"papers[{index}].code",
                "paper_twice",
                "giấy tờ này đã có ở trên; gộp thành một tệp",
                "this paper stands above already; send one file",
            )
        seen.add(paper.code)
        if channel is Channel.ONLINE and paper.file is None:
            yield problem(
                f"papers[{index}].file",
                "file_required_online",
                "nộp trực tuyến phải kèm tệp của giấy tờ",
                "a paper filed online needs its file",
            )


def _missing_papers(submission: Submission, procedure: ProcedureRules) -> Iterator[str]:
    given = {paper.code for paper in submission.papers}
    for paper in procedure.papers:
        if paper.required and paper.code not in given and hold(paper.when, submission):
            yield paper.code


_PAPER_REQUIRED: Final = (
    "paper_required",
    "thiếu giấy tờ bắt buộc; hãy bổ sung",
    "this paper is required; add it",
)


def form_problems(procedure: ProcedureRules, form: Mapping[str, FormValue]) -> Iterator[Problem]:
    """What is wrong with the given form values."""
    fields = {field.code: field for field in procedure.form}
    for code, value in form.items():
        if code not in fields:
            yield problem(
                f"form.{code}",
                "unknown_field",
                f"biểu mẫu không có trường này; các trường: {_list(set(fields))}",
                f"the form has no such field; its fields: {_list(set(fields))}",
            )
        elif fields[code].required and isinstance(value, str) and not value.strip():
            yield problem(f"form.{code}", *_REQUIRED)
        elif (wrong := _wrong_value(fields[code], value)) is not None:
            yield problem(f"form.{code}", *wrong)


def _missing_fields(submission: Submission, procedure: ProcedureRules) -> Iterator[str]:
    for field in procedure.form:
        if field.required and field.code not in submission.form and hold(field.when, submission):
            yield field.code


def _fields_that_do_not_apply(submission: Submission, procedure: ProcedureRules) -> Iterator[Problem]:
    for field in procedure.form:
        if field.code in submission.form and not hold(field.when, submission):
            yield problem(
                f"form.{field.code}",
                "field_not_applicable",
                "trường này không áp dụng cho trường hợp đã khai; hãy bỏ trống",
                "this field does not apply to what was declared; leave it out",
            )


_REQUIRED: Final = ("field_required", "thiếu trường bắt buộc; hãy điền", "this field is required; fill it in")


def _wrong_value(field: FieldPart, value: FormValue) -> tuple[str, str, str] | None:
    match field.kind:
        case FieldKind.TEXT:
            return _wrong_text(field, value)
        case FieldKind.INTEGER:
            return _wrong_integer(field, value)
        case FieldKind.DATE:
            ok = isinstance(value, str) and _is_date(value)
            return None if ok else ("not_a_date", "ngày viết YYYY-MM-DD", "write the date as YYYY-MM-DD")
        case FieldKind.BOOLEAN:
            ok = isinstance(value, bool)
            return None if ok else ("not_a_boolean", "chỉ nhận true hoặc false", "give true or false")
        case FieldKind.CHOICE:
            choices = ", ".join(field.choices)
            ok = value in field.choices
            return None if ok else ("not_a_choice", f"chọn một trong: {choices}", f"give one of: {choices}")
        case _:
            assert_never(field.kind)


def _wrong_text(field: FieldPart, value: FormValue) -> tuple[str, str, str] | None:
    if not isinstance(value, str):
        return ("not_a_text", "trường này là văn bản", "this field is text")
    return _out_of_bounds(field, len(value), "độ dài", "length")


def _wrong_integer(field: FieldPart, value: FormValue) -> tuple[str, str, str] | None:
    if not isinstance(value, int) or isinstance(value, bool):
        return ("not_an_integer", "trường này là số nguyên", "this field is a whole number")
    return _out_of_bounds(field, value, "giá trị", "value")


def _out_of_bounds(field: FieldPart, size: int, vi: str, en: str) -> tuple[str, str, str] | None:
    if field.minimum is not None and size < field.minimum:
        return ("below_minimum", f"{vi} ít nhất {field.minimum}", f"{en} is at least {field.minimum}")
    if field.maximum is not None and size > field.maximum:
        return ("above_maximum", f"{vi} nhiều nhất {field.maximum}", f"{en} is at most {field.maximum}")
    return None


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _result(submission: Submission, procedure: ProcedureRules, level: Level) -> Iterator[Problem]:
    allowed = set(procedure.result_channels) & CAPABILITIES[level].result
    if submission.result_channel not in allowed:
        yield problem(
            "result_channel",
            "result_channel_not_allowed",
            f"không trả kết quả qua kênh này ở mức độ {level}; chọn: {_channels(allowed).vi}",
            f"results are not given by this channel at level {level}; choose: {_channels(allowed).en}",
        )
    if submission.result_channel is Channel.POST and submission.address is None:
        yield problem(
            "address",
            "address_required",
            "trả kết quả qua bưu điện phải có địa chỉ nhận",
            "a result by post needs an address",
        )


def fee_channel(rule: FeePart, level: Level) -> Channel:
    """The channel of a fee for which none was chosen: online where it may be, and the counter takes any."""
    allowed = _fee_channels(rule, level)
    return Channel.ONLINE if Channel.ONLINE in allowed else next(iter(allowed), Channel.COUNTER)


def _fee_channels(rule: FeePart, level: Level) -> list[Channel]:
    return [channel for channel in rule.channels if channel in CAPABILITIES[level].fee]


def _fee(submission: Submission, procedure: ProcedureRules, level: Level) -> Iterator[Problem]:
    rule, wanted = procedure.fee, submission.fee_channel
    if rule is None or not fees.lines(rule, submission):
        return
    allowed = _fee_channels(rule, level)
    if wanted not in allowed and (wanted or not allowed):
        yield problem(
            "fee_channel",
            "fee_channel_not_allowed",
            f"không nộp phí qua kênh này ở mức độ {level}; chọn: {_channels(allowed).vi}",
            f"fees are not paid by this channel at level {level}; choose: {_channels(allowed).en}",
        )


def _fee_channel(submission: Submission, procedure: ProcedureRules, level: Level) -> Channel | None:
    """What was chosen, also where nothing is owed yet: a supplement may change that."""
    rule, wanted = procedure.fee, submission.fee_channel
    if rule is None:
        return None
    if wanted in _fee_channels(rule, level):
        return wanted
    return fee_channel(rule, level) if fees.lines(rule, submission) else None


def _channels(channels: Iterable[Channel]) -> Text:
    return listed(CHANNEL_NAMES, sorted(channels))


def _list(names: set[str]) -> str:
    return ", ".join(sorted(names)) or "-"
