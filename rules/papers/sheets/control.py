"""Phiếu kiểm soát quá trình giải quyết hồ sơ: every holder of the filing in turn, and the time that each held it."""

from rules.papers.deeds import OUTCOME_NAMES, done, who
from rules.papers.hands import hands
from rules.papers.sheets.made import about, answers, capital, letterhead, made, moment, officer, plain, received, short
from schemas.base import Text
from schemas.filing.events import Clock
from schemas.papers.register import Hand, Holder
from schemas.papers.sheet import Column, PaperSheet, PaperSource, Row, Rows, Table
from schemas.papers.state import PaperKind
from schemas.translate import joined, said


def control(source: PaperSource) -> PaperSheet:
    """The control slip of a filing up to the event that causes the paper."""
    columns = (
        Column(title=said("paper.number"), share=3),
        Column(title=said("paper.hand"), share=9),
        Column(title=said("paper.step"), share=5),
        Column(title=said("paper.done"), share=8),
        Column(title=said("paper.from_to"), share=7),
        Column(title=said("paper.working_time"), share=4, amounts=True),
        Column(title=said("paper.outcome"), share=4),
    )
    went = hands(source.events, source.filing, source.cause.at)
    runs = [*source.filing.past_clocks, *source.filing.clocks.values()]
    dues = [run.due for run in runs if run.clock is Clock.PROCESSING]
    appointment = [Row(place="due", label=said("paper.result_at"), value=moment(dues[-1]))] if dues else []
    head = Rows(rows=(*about(source), received(source), *appointment))
    return made(
        PaperKind.CONTROL,
        source,
        issuer=source.filing.agency,
        title=said("paper.control"),
        body=(head, Table(columns=columns, rows=tuple(_row(source, n, hand) for n, hand in enumerate(went, 1)))),
        signatories=(officer(source, said("paper.who_controls"), answers(source)),),
    )


def _row(source: PaperSource, n: int, hand: Hand) -> tuple[Text, ...]:
    until = plain("…") if hand.until is None else short(hand.until)
    hours, minutes = divmod(hand.working_minutes, 60)
    return (
        plain(str(n)),
        capital(_who(source, hand)),
        _step(source, hand),
        capital(done(hand, source.officers)),
        joined((short(hand.since), until), " -\n"),
        plain(f"{hours}:{minutes:02}"),
        plain("") if hand.outcome is None else capital(OUTCOME_NAMES[hand.outcome]),
    )


def _who(source: PaperSource, hand: Hand) -> Text:
    """The holder as text: an officer by name; for the system, the name of the accountable officer."""
    if hand.holder is Holder.APPLICANT:
        return who(hand)
    named = source.officers.get(hand.subject or hand.accountable or "")
    where = None if hand.agency is None else letterhead(source, hand.agency).name
    name = named and (plain(named) if hand.subject else said("paper.accountable", who=named))
    return joined((text for text in (who(hand), name, where) if text), "\n")


def _step(source: PaperSource, hand: Hand) -> Text:
    for step in source.procedure.review:
        if step.code == hand.step:
            parts = () if step.referral is None else step.referral.parts
            return next((part.name for part in parts if part.code == hand.part), step.name)
    return plain("")
