"""A published procedure for reading: each fact with its place in the file, its words and its source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from rules.publishing.prose import filled
from rules.publishing.rule_words import amount, between, holds, waived
from schemas.base import Text
from schemas.level import CAPABILITIES, Channel
from schemas.limit import Limit
from schemas.names import ACT_NAMES, AGENCY_KIND_NAMES, CHANNEL_NAMES, ROLE_NAMES, listed
from schemas.publishing.figure import counted
from schemas.publishing.procedure import (
    LIMIT_SOURCES,
    ConsultRule,
    DraftRule,
    ExtensionRule,
    FeeDue,
    FeeItem,
    FeeKind,
    FeeRule,
    FieldKind,
    FieldRule,
    ObligationRule,
    PartRule,
    Procedure,
    ReviewStep,
    Silence,
    SilentApproval,
    StandingOrder,
    Statement,
    Validity,
    WaiverRule,
    When,
)
from schemas.saying import joined


class Row(NamedTuple):
    """A fact: where it stands in the file, what it says in Vietnamese and English, and its source."""

    where: str
    what: str
    source: str = ""


def rows(raw: Procedure) -> Iterator[Row]:
    """What a procedure says, in the order of its file, its texts filled from its rules."""
    procedure = filled(raw)
    labels = {field.code: field.label for field in procedure.form}
    yield from _head(procedure)
    yield from _limits(procedure)
    for n, case in enumerate(procedure.cases):
        when = [_pair(holds(case.when, labels))] if case.when else []
        words = _lines(_coded(case.code, case.name), _pair(case.processing.words), *when)
        yield Row(f"cases[{n}]", words, case.source)
    for n, figure in enumerate(procedure.figures):
        words = _coded(figure.code, counted(figure.amount, figure.unit))
        yield Row(f"figures[{n}]", words, figure.source)
    for n, paper in enumerate(procedure.papers):
        asked = [_coded(paper.code, paper.name), *_asked(paper.when, labels, required=paper.required)]
        yield Row(f"papers[{n}]", _lines(*asked, *([paper.form] if paper.form else [])), paper.source)
    for n, field in enumerate(procedure.form):
        yield Row(f"form[{n}]", _field(field, labels), field.source)
    for n, step in enumerate(procedure.review):
        yield from _step(step, f"review[{n}]")
    if procedure.fee is not None:
        yield from fee_rows(procedure.fee, labels)
    result = procedure.result
    yield Row("result", _lines(_pair(result.name), _channels(result.channels)), result.source)
    yield from _rules(procedure)


def _head(procedure: Procedure) -> Iterator[Row]:
    if procedure.validity is not None:
        yield Row("validity", _pair(_validity(procedure.validity)), procedure.validity.source)
    yield Row("level", _pair(CAPABILITIES[procedure.level].name))
    if procedure.partial is not None:
        yield Row("partial", f"{procedure.partial.reason}: {_pair(procedure.partial)}", procedure.partial.source)
    yield Row("name", _pair(procedure.name))
    yield Row("agency", _pair(procedure.agency))
    for name, item in procedure.information:
        if isinstance(item, Statement):
            yield Row(f"information.{name}", _pair(item), item.source)
        else:
            yield Row(f"information.{name}", _pair(Text(vi=f"{item} bộ hồ sơ", en=_count(item, "set"))))
    for n, law in enumerate(procedure.legal_basis):
        yield Row(f"legal_basis[{n}]", law)


def _validity(validity: Validity) -> Text:
    first, last = validity.valid_from, validity.valid_until
    since = [Text(vi=f"từ ngày {first:%d/%m/%Y}", en=f"from {first:%d/%m/%Y}")] if first else []
    until = [Text(vi=f"đến hết ngày {last:%d/%m/%Y}", en=f"until {last:%d/%m/%Y}, included")] if last else []
    return joined((*since, *until), " ")


def _field(field: FieldRule, labels: Mapping[str, Text]) -> str:
    bounds = between(field.minimum, field.maximum)
    size = [] if bounds is None else [_pair(_SIZE[field.kind], bounds)]
    choices = [", ".join(field.choices)] if field.choices else []
    asked = _asked(field.when, labels, required=field.required)
    return _lines(_coded(field.code, field.label), _pair(_KINDS[field.kind]), *asked, *size, *choices)


def _step(step: ReviewStep, path: str) -> Iterator[Row]:
    does = _pair(ROLE_NAMES[step.role], Text(vi=":", en=":"), ACT_NAMES[step.act])
    yield Row(path, _lines(_coded(step.code, step.name), does, _pair(step.limit.words)), step.source)
    if step.consult is not None:
        yield Row(f"{path}.consult", _consult(step.consult), step.consult.source)
    if step.obligation is not None:
        yield Row(f"{path}.obligation", _obligation(step.obligation), step.obligation.source)
    if step.draft is not None:
        yield Row(f"{path}.draft", _draft(step.draft), step.draft.source)
    if step.referral is not None:
        yield Row(f"{path}.referral", _pair(_REFERRED), step.referral.source)
        for n, part in enumerate(step.referral.parts):
            yield Row(f"{path}.referral.parts[{n}]", _part(part), part.source)


def _consult(rule: ConsultRule) -> str:
    parties = (_coded(party.code, party.name) for party in rule.parties)
    return _lines(_pair(Text(vi="lấy ý kiến:", en="consulted:")), *parties, _pair(_SILENCE[rule.silence]))


def _part(part: PartRule) -> str:
    by = _pair(Text(vi="cơ quan giải quyết:", en="decided by:"), listed(AGENCY_KIND_NAMES, part.kinds))
    return _lines(_coded(part.code, part.name), by, _pair(part.limit.words))


def _obligation(rule: ObligationRule) -> str:
    return _lines(
        _pair(Text(vi="nghĩa vụ với", en="owed to"), rule.authority),
        _pair(Text(vi="cơ quan đó trả lời trong", en="that authority answers within"), rule.answer.words),
        _pair(Text(vi="người nộp có", en="the applicant pays within"), rule.pay.words),
    )


def _draft(rule: DraftRule) -> str:
    words = Text(vi="người nộp xác nhận hoặc yêu cầu sửa trong", en="the applicant confirms or corrects it within")
    silence = Text(vi="quá thời hạn không trả lời thì coi là đồng ý", en="silence confirms it")
    return _lines(_pair(words, rule.answer.words), _pair(silence))


def fee_rows(fee: FeeRule, labels: Mapping[str, Text]) -> Iterator[Row]:
    """What a fee says; `labels` are those of the form's fields."""
    for n, item in enumerate(fee.items):
        yield Row(f"fee.items[{n}]", _item(item, labels), item.source)
    for n, waiver in enumerate(fee.waivers):
        yield Row(f"fee.waivers[{n}]", _waiver(waiver, labels), waiver.source)
    for n, refund in enumerate(fee.refunds):
        yield Row(f"fee.refunds[{n}]", f"{refund.case}: {refund.percent}%", refund.source)
    pay = _pair(Text(vi="nộp trong", en="to be paid within"), fee.limit.words)
    yield Row("fee", _lines(_pair(_DUE[fee.due]), _channels(fee.channels), pay), fee.source)


def _item(item: FeeItem, labels: Mapping[str, Text]) -> str:
    when = [_pair(holds(item.when, labels))] if item.when else []
    return _lines(_coded(item.code, item.name), _pair(_FEES[item.kind]), _pair(amount(item, labels)), *when)


def _waiver(waiver: WaiverRule, labels: Mapping[str, Text]) -> str:
    by = _pair(Text(vi="người duyệt:", en="granted by:"), ROLE_NAMES[waiver.approver])
    when = [_pair(holds(waiver.when, labels))] if waiver.when else []
    evidence = [f"evidence: {waiver.evidence}"] if waiver.evidence else []
    return _lines(_coded(waiver.code, waiver.name), _pair(waived(waiver)), *when, *evidence, by)


def _rules(procedure: Procedure) -> Iterator[Row]:
    rule = procedure.supplement
    times = _count(rule.rounds, "time")
    often = Text(vi=f"mỗi giai đoạn nhiều nhất {rule.rounds} lần, mỗi lần", en=f"at most {times} a stage, each")
    asked = _pair(Text(vi="khi thẩm định: yêu cầu trong", en="in the review asked for within"), rule.within.words)
    yield Row("supplement", _lines(_pair(often, rule.limit.words), asked), rule.source)
    if procedure.extension is not None:
        yield Row("extension", _extension(procedure.extension), procedure.extension.source)
    signed = Text(vi="phải có chữ ký số", en="a digital signature is required")
    unsigned = Text(vi="không cần chữ ký số", en="no digital signature is required")
    signature = procedure.signature
    yield Row("signature", _pair(signed if signature.required else unsigned), signature.source)
    if procedure.decided_by is not None:
        kinds = listed(AGENCY_KIND_NAMES, procedure.decided_by.kinds)
        yield Row("decided_by", _pair(kinds), procedure.decided_by.source)
    if procedure.automatic is not None:
        yield Row("automatic", _order(procedure.automatic), procedure.automatic.source)
    if procedure.silent_approval is not None:
        yield Row("silent_approval", _silent(procedure.silent_approval), procedure.silent_approval.source)


def _extension(rule: ExtensionRule) -> str:
    times = Text(vi=f"gia hạn nhiều nhất {rule.times} lần, thêm", en=f"at most {_count(rule.times, 'time')}, by")
    notice = Text(vi="báo trước khi hết hạn ít nhất", en="before the limit ends by at least")
    return _lines(_pair(times, rule.by.words), _pair(notice, rule.notice.words))


def _order(order: StandingOrder) -> str:
    words = Text(vi="tự động chấp thuận hồ sơ đầy đủ theo", en="complete dossiers are approved at once under")
    return _lines(_pair(words, Text(vi=order.number, en=order.number)), _answerable(order.officers))


def _silent(silence: SilentApproval) -> str:
    words = Text(
        vi="hết thời hạn giải quyết mà không quyết định là đồng ý, theo",
        en="no decision within the processing limit is approval, by",
    )
    return _lines(_pair(words, Text(vi=silence.legal_basis, en=silence.legal_basis)), _answerable(silence.officers))


def _answerable(officers: tuple[str, ...]) -> str:
    names = ", ".join(officers)
    return _pair(Text(vi=f"người chịu trách nhiệm: {names}", en=f"accountable: {names}"))


def _asked(when: When, labels: Mapping[str, Text], *, required: bool) -> list[str]:
    asked = Text(vi="bắt buộc", en="required") if required else Text(vi="không bắt buộc", en="optional")
    return [_pair(asked, *([holds(when, labels)] if when else []))]


def _limits(procedure: Procedure) -> Iterator[Row]:
    for name, limit in procedure.limits:
        if limit is not None:
            source = procedure.limits_source.get(name) or LIMIT_SOURCES.get(name, "")
            said = _pair(limit.words) if isinstance(limit, Limit) else f"{limit:%H:%M}"
            yield Row(f"limits.{name}", said, source)
    yield Row("resumption", _lines(*(f"{name}: {rule}" for name, rule in procedure.resumption)))


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def _channels(channels: tuple[Channel, ...]) -> str:
    return _pair(listed(CHANNEL_NAMES, channels))


def _quoted(text: Text) -> Text:
    return Text(vi=f"“{text.vi}”", en=f"“{text.en}”")


def _coded(code: str, name: Text) -> str:
    return f"{code}: {_pair(name)}"


def _pair(*parts: Text | Statement) -> str:
    """The parts one after the other, in both languages."""
    vi, en = (" ".join(getattr(part, language) for part in parts).replace(" :", ":") for language in ("vi", "en"))
    return f"{vi} / {en}"


def _lines(*lines: str) -> str:
    return "\n".join(lines)


_REFERRED: Final = Text(
    vi="hồ sơ điện tử: gửi các cơ quan cùng lúc; hồ sơ giấy: lần lượt từng cơ quan",
    en="electronic: to all agencies at once; on paper: to one after another",
)
_KINDS: Final = {
    FieldKind.TEXT: Text(vi="chữ", en="text"),
    FieldKind.INTEGER: Text(vi="số nguyên", en="whole number"),
    FieldKind.DATE: Text(vi="ngày", en="date"),
    FieldKind.BOOLEAN: Text(vi="có hoặc không", en="yes or no"),
    FieldKind.CHOICE: Text(vi="lựa chọn", en="choice"),
}
_SIZE: Final = dict.fromkeys(FieldKind, Text(vi="giá trị", en="value")) | {
    FieldKind.TEXT: Text(vi="số ký tự", en="characters"),
}
_SILENCE: Final = {
    Silence.CONSENT: Text(vi="quá thời hạn không trả lời thì coi là đồng ý", en="no answer in time means consent"),
    Silence.ESCALATE: Text(
        vi="quá thời hạn không trả lời thì báo phụ trách Bộ phận Một cửa; chuyên viên có thể chuyển bước",
        en="no answer in time is shown to the team lead; the officer may go on without it",
    ),
}
_FEES: Final = {FeeKind.CHARGE: Text(vi="phí", en="charge"), FeeKind.FEE: Text(vi="lệ phí", en="fee")}
_DUE: Final = {
    FeeDue.SUBMISSION: Text(vi="thu khi nộp hồ sơ, trước khi tiếp nhận", en="due with the filing, before acceptance"),
    FeeDue.ACCEPTANCE: Text(vi="thu khi tiếp nhận, trước khi giải quyết", en="due at acceptance, before the review"),
    FeeDue.RESULT: Text(vi="thu khi có kết quả, trước khi trả", en="due with the result, before it is handed over"),
}
