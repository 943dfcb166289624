"""The papers of a complaint: its receipt, the notices to the complainant, the decision."""

from collections.abc import Iterator
from typing import Any, Final

from rules.complaint.fold import RIGHT, undoes
from rules.papers.deeds import ONLY_TOLD
from rules.papers.sheets.made import by_hand, in_words, letterhead, made, moment, officer, plain, signs
from rules.require import require
from schemas.base import Text
from schemas.complaint import events as ev
from schemas.complaint.state import SILENCE, Complaint
from schemas.names import COMPLAINT_STATE_NAMES, NOT_TAKEN_UP_NAMES
from schemas.papers.sheet import Block, PaperSheet, PaperSource, Paragraph, Row, Rows, Signatory
from schemas.papers.state import PaperKind
from schemas.publishing.time_limits import SECOND, SECOND_REMOTE
from schemas.translate import said


def complaint(source: PaperSource) -> PaperSheet:
    """Giấy tiếp nhận khiếu nại: the disputed act, the complaint, and the dates by which it is taken up and answered."""
    one = require(source.complaint)
    rows = [*_whose(source, one), *_about(one)]
    if one.due is not None:
        rows.append(Row(place="due", label=said("paper.taken_up_by"), value=moment(one.due)))
    if one.answer is not None:
        rows.append(Row(place="answer", label=said("paper.answered_within"), value=one.answer.words))
    return _paper(
        PaperKind.COMPLAINT,
        source,
        said("paper.complaint"),
        (Rows(rows=tuple(rows)), Paragraph(text=said("paper.complaint_followed"))),
        (by_hand(said("paper.complainant")), officer(source, said("paper.who_received_complaint"))),
    )


def complaint_notice(source: PaperSource) -> PaperSheet:
    """Thông báo thụ lý, không thụ lý, đối thoại, tạm đình chỉ, đình chỉ: the effect of the event on the complaint."""
    one, event = require(source.complaint), source.cause.event
    rows = (*_whose(source, one), *_about(one), *_of_event(one, event))
    return _paper(
        PaperKind.COMPLAINT_NOTICE,
        source,
        said(f"paper.complaint_title.{event.kind}"),
        (Paragraph(text=said(f"paper.complaint_told.{event.kind}")), Rows(rows=rows)),
        (_head(source, one),),
    )


def complaint_decision(source: PaperSource) -> PaperSheet:
    """Quyết định giải quyết khiếu nại: conclusion, reason, effect, and the right to a second complaint or to court.

    Law 02/2011 prescribes its content: art. 31 for a first complaint, art. 40 for a second complaint.
    """
    one = require(source.complaint)
    rows = (*_whose(source, one), _respondent(source, one), *_about(one), *_conclusion(source, one))
    return _paper(
        PaperKind.COMPLAINT_DECISION,
        source,
        said("paper.complaint_decision" if one.against is None else "paper.complaint_decision_second"),
        (Rows(rows=rows), Paragraph(text=_next(source, one))),
        (_head(source, one),),
        law=(require(one.legal_basis),),
    )


def _paper(
    kind: PaperKind,
    source: PaperSource,
    title: Text,
    body: tuple[Block, ...],
    signatories: tuple[Signatory, ...],
    law: tuple[str, ...] = (),
) -> PaperSheet:
    one = require(source.complaint)
    to = plain(_name(source, one))
    return made(kind, source, issuer=one.agency, title=title, to=to, body=body, law=law, signatories=signatories)


def _head(source: PaperSource, one: Complaint) -> Signatory:
    """The place for the signature of the agency's head; without a name until an officer has claimed the complaint."""
    title = said("paper.head_of_agency")
    return by_hand(title) if one.answerer is None else signs(source, title, one.answerer)


def _name(source: PaperSource, one: Complaint) -> str:
    return one.touched.name if one.touched else require(source.filing.applicant).name


def _whose(source: PaperSource, one: Complaint) -> Iterator[Row]:
    yield Row(place="complainant", label=said("paper.complainant"), value=plain(_name(source, one)))
    if one.touched is not None:
        yield Row(place="address", label=said("paper.complaint_address"), value=plain(one.touched.address))
    yield Row(place="procedure", label=said("paper.about"), value=source.procedure.name)


def _respondent(source: PaperSource, one: Complaint) -> Row:
    """Người bị khiếu nại: the officer who did the act, by name, else the agency."""
    name = source.officers.get(one.officer or "")
    value = letterhead(source, source.filing.agency).name if name is None else plain(name)
    return Row(place="officer", label=said("paper.complaint_respondent"), value=value)


def _about(one: Complaint) -> Iterator[Row]:
    yield Row(place="n", label=said("paper.complaint_number"), value=plain(str(one.n)))
    yield Row(place="act", label=said("paper.complained_act"), value=_act(one.act))
    yield Row(place="words", label=said("paper.complaint_words"), value=plain(one.words))
    at = moment(require(one.recorded_at))
    yield Row(place="recorded_at", label=said("paper.complaint_received_at"), value=at)


def _act(kind: str) -> Text:
    """The disputed act in words.

    It is the act that an event of this kind records, the agency's silence, or a missed limit.
    """
    if kind in {SILENCE, "overdue"}:
        return said(f"disputed.{kind}")
    return said("disputed.other") if kind in ONLY_TOLD else said(f"deed.{kind}")


def _of_event(one: Complaint, event: Any) -> Iterator[Row]:
    """The rows with the event's own content: texts under their labels, and the time that runs from the event."""
    if isinstance(event, ev.ComplaintTakenUp):
        yield Row(place="due", label=said("paper.answered_by"), value=moment(require(one.due)))
    elif isinstance(event, ev.ComplaintNotTakenUp):
        yield Row(place="ground", label=said("paper.complaint_ground"), value=NOT_TAKEN_UP_NAMES[event.ground])
    elif isinstance(event, ev.DialogueCalled):
        yield Row(place="at", label=said("paper.dialogue_at"), value=moment(event.at))
    elif isinstance(event, ev.ActStayed):
        yield Row(place="until", label=said("paper.stayed_until"), value=moment(event.until))
    elif isinstance(event, ev.SuitReported):
        yield Row(place="day", label=said("paper.complaint_court_day"), value=in_words(event.day))
    for name, label in _TEXTS.items():
        if (words := getattr(event, name, None)) is not None:
            yield Row(place=name, label=label, value=plain(words))


_TEXTS: Final = {
    "complex": said("paper.complaint_complex"),
    "place": said("paper.dialogue_place"),
    "topics": said("paper.dialogue_topics"),
    "court": said("paper.complaint_court"),
    "reason": said("paper.reason"),
}
"""The labels of the texts that an event of a complaint may have."""


def _conclusion(source: PaperSource, one: Complaint) -> Iterator[Row]:
    if one.first is not None:
        yield Row(place="first", label=said("paper.complaint_first"), value=COMPLAINT_STATE_NAMES[one.first])
    if one.verified is not None:
        yield Row(place="verified", label=said("paper.complaint_verified"), value=plain(one.verified))
    if one.dialogue is not None:
        yield Row(place="dialogue", label=said("paper.complaint_dialogue"), value=plain(one.dialogue))
    conclusion = COMPLAINT_STATE_NAMES[one.state]
    yield Row(place="state", label=said("paper.complaint_conclusion"), value=conclusion)
    yield Row(place="reason", label=said("paper.reason"), value=plain(require(one.reason)))
    yield Row(place="effect", label=said("paper.complaint_effect"), value=_effect(source, one))


def _effect(source: PaperSource, one: Complaint) -> Text:
    if one.state not in RIGHT:
        return said("paper.complaint_effect.kept")
    if not undoes(one):
        return said("paper.complaint_effect.corrected")
    names = {step.code: step.name for step in source.procedure.review}
    step = (
        said("paper.complaint_effect.intake") if one.start_at is None else names.get(one.start_at, plain(one.start_at))
    )
    return said("paper.complaint_effect.reopened", step=step)


def _next(source: PaperSource, one: Complaint) -> Text:
    """The complainant's rights after the decision: a second complaint (unless this is the second one), or the court."""
    if one.against is not None or one.higher is None:
        return said("paper.complaint_next_court")
    days = (SECOND_REMOTE if one.remote else SECOND).amount
    return said("paper.complaint_next", higher=letterhead(source, one.higher).name, days=days)
