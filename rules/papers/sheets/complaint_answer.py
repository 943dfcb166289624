"""Giấy tiếp nhận khiếu nại: the disputed act, the complaint, and the date of its answer."""

from collections.abc import Iterator

from rules.complaint.grounds import ACTS
from rules.papers.sheets.made import about, by_hand, made, officer
from rules.papers.sheets.written import moment, plain
from rules.require import require
from schemas.complaint.state import Complaint
from schemas.papers.sheet import Block, PaperSheet, PaperSource, Paragraph, Row, Rows
from schemas.papers.state import PaperKind
from schemas.translate import said


def complaint(source: PaperSource) -> PaperSheet:
    """The acknowledgement of a recorded complaint."""
    made_about = require(source.complaint)
    return made(
        PaperKind.COMPLAINT,
        source,
        issuer=made_about.agency,
        title=said("paper.complaint"),
        body=_body(source, made_about),
        signatories=(by_hand(said("paper.complainant")), officer(source, said("paper.who_received_complaint"))),
    )


def _body(source: PaperSource, one: Complaint) -> Iterator[Block]:
    act = ACTS[one.act].name if one.act in ACTS else plain(one.act)
    rows = [
        Row(place="n", label=said("paper.complaint_number"), value=plain(str(one.n))),
        Row(place="act", label=said("paper.complained_act"), value=act),
        Row(place="words", label=said("paper.complaint_words"), value=plain(one.words)),
        Row(place="recorded_at", label=said("paper.received_at"), value=moment(require(one.recorded_at))),
    ]
    if one.due is not None:
        rows.append(Row(place="due", label=said("paper.taken_up_by"), value=moment(one.due)))
    if one.answer is not None:
        rows.append(Row(place="answer", label=said("paper.answered_within"), value=one.answer.words))
    yield Rows(rows=(*about(source), *rows))
    yield Paragraph(text=said("paper.complaint_followed"))
