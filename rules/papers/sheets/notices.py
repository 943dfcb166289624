"""Notices to the applicant during the processing: a supplement request, an act taken back, new dates, an apology."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from rules.filing.clocks import clock_history
from rules.filing.permission import applicant_side_roles
from rules.papers.sheets.dates import dates
from rules.papers.sheets.made import (
    about,
    answers,
    by_hand,
    desk_phone,
    due,
    fetched_at,
    letterhead,
    made,
    moment,
    named,
    notifies,
    officer,
    plain,
    received,
    signs,
    stretched_by,
)
from rules.require import require
from schemas.base import Text
from schemas.filing import events as ev
from schemas.filing.commands import SupplementItem
from schemas.filing.events import Clock
from schemas.filing.state import Filing
from schemas.papers.sheet import Block, Listing, PaperSheet, PaperSource, Paragraph, Row, Rows, Signatory
from schemas.papers.state import PaperKind
from schemas.people import Role
from schemas.translate import said


def supplement(source: PaperSource) -> PaperSheet:
    """Phiếu yêu cầu bổ sung, hoàn thiện hồ sơ: all missing items, listed once and fully.

    The paper is also the agency's answer to a request for more time. The answer has no form number, since the law has
    no form for it.
    """
    asked, event = require(source.filing.supplement), source.cause.event
    first = isinstance(event, ev.SupplementRequested)
    sheet = made(
        PaperKind.SUPPLEMENT,
        source,
        issuer=source.filing.receiving,
        title=said("paper.supplement" if first else "paper.more_time"),
        body=_supplement_body(source, asked.items),
        law=(asked.legal_basis,),
        signatories=(officer(source, said("paper.who_guides"), answers(source)),),
    )
    return sheet if first else sheet.model_copy(update={"form": None})


def _supplement_body(source: PaperSource, items: tuple[SupplementItem, ...]) -> Iterator[Block]:
    yield Rows(rows=tuple(about(source)))
    match source.cause.event:
        case ev.MoreTimeGranted(by=by):
            yield Paragraph(text=said("paper.more_time_granted", by=by.words))
        case ev.MoreTimeRefused(reason=reason):
            yield Paragraph(text=said("paper.more_time_refused", reason=plain(reason)))
    names = ((named(source, item.target, item.code), item.note) for item in items)
    missing = (said("paper.item_and_note", name=name, note=note) for name, note in names)
    yield Listing(title=said("paper.to_supply"), items=tuple(missing))
    until = due(source, Clock.SUPPLEMENT, said("paper.supply_by"))
    if rows := (*until, *desk_phone(source, source.filing.receiving)):
        yield Rows(rows=rows)
    if Role.APPLICANT in applicant_side_roles(source.filing):
        yield Paragraph(text=said("paper.where_to_supply"))
    if isinstance(source.cause.event, ev.SupplementRequested):
        yield Paragraph(text=said("paper.may_request_more_time"))
    yield Paragraph(text=said("paper.ask_the_desk"))


def grounds(source: PaperSource) -> tuple[Text, tuple[str, ...]]:
    """The reason that the causing event states, and the legal basis, if the event names one."""
    reason, law = (getattr(source.cause.event, name, None) for name in ("reason", "legal_basis"))
    return plain(reason or "-"), () if law is None else (law,)


def correction(source: PaperSource) -> PaperSheet:
    """Thông báo hủy bỏ, thu hồi: the act that is taken back or not done, the reason, and the present dates.

    The paper is also the notice of every other act that sets or changes the dates: a successor, another case, a resumed
    filing, a draft to check, a result to read or collect.
    """
    title, meaning = _CORRECTED.get(source.cause.event.kind, _MOVED)
    waits = fetched_at(source) if isinstance(source.cause.event, ev.PickupOffered) else ()
    now = (*dates(source), *_new_agency(source), *waits)
    return made(
        PaperKind.CORRECTION,
        source,
        issuer=source.filing.agency if source.filing.accepted_at else source.filing.receiving,
        title=title,
        body=(
            Rows(rows=(*about(source), *_before_and_after(source), *_why(source))),
            Paragraph(text=meaning),
            *([Rows(rows=now)] if now else []),
        ),
        law=grounds(source)[1],
        signatories=(_who_notifies(source),),
    )


def _why(source: PaperSource) -> Iterator[Row]:
    """The row with the stated reason, or with the act that changed the dates; no row if the event states no reason."""
    event, place = source.cause.event, f"events[{source.cause.seq}].reason"
    if event.kind not in _CORRECTED:
        acted = said("paper.calendar_changed" if isinstance(event, ev.CalendarChanged) else f"deed.{event.kind}")
        yield Row(place=place, label=said("paper.reason"), value=acted)
    elif hasattr(event, "reason"):
        yield Row(place=place, label=said("paper.reason"), value=grounds(source)[0])


def _before_and_after(source: PaperSource) -> Iterator[Row]:
    """The rows with the applicant's name and number before and after their correction; none for any other act."""
    event, place = source.cause.event, f"events[{source.cause.seq}]"
    if isinstance(event, ev.ApplicantCorrected):
        for name, label in _OF_THE_PERSON:
            was, now = getattr(event.before, name), getattr(event.after, name)
            if was != now:
                words = said("paper.corrected", before=plain(was), after=plain(now))
                yield Row(place=f"{place}.after.{name}", label=label, value=words)


_OF_THE_PERSON: Final = (("name", said("paper.corrected.name")), ("id_number", said("paper.corrected.id_number")))


def _who_notifies(source: PaperSource) -> Signatory:
    """The place for the signature under the notice; once the filing is passed on, for any officer of the new agency."""
    passed_on = isinstance(source.cause.event, ev.PassedOn)
    return by_hand(said("paper.who_notifies")) if passed_on else notifies(source)


def _new_agency(source: PaperSource) -> Iterator[Row]:
    """The rows about a passing on: both agencies, its time, the new agency's telephone; no rows for any other event."""
    event = source.cause.event
    if isinstance(event, ev.PassedOn):
        before, now = (letterhead(source, agency).name for agency in (event.origin, event.to))
        yield Row(place="passed.from", label=said("paper.passed_from"), value=before)
        yield Row(place="passed.to", label=said("paper.passed_to"), value=now)
        yield Row(place="passed.at", label=said("paper.passed_at"), value=moment(source.cause.at))
        yield from desk_phone(source, event.to)


_CORRECTED: Final[dict[str, tuple[Text, Text]]] = {
    "acceptance_revoked": (said("paper.acceptance_revoked"), said("paper.receipt_is_void")),
    "refusal_revoked": (said("paper.refusal_revoked"), said("paper.refusal_is_void")),
    "applicant_corrected": (said("paper.applicant_corrected"), said("paper.new_name_from_now")),
    "supplement_cancelled": (said("paper.supplement_cancelled"), said("paper.as_if_never_asked")),
    "passed_on": (said("paper.passed_on"), said("paper.passed_on_means")),
    "fee_waiver_revoked": (said("paper.waiver_revoked"), said("paper.fee_is_asked_for")),
    "fee_waiver_declined": (said("paper.waiver_declined"), said("paper.fee_stays_due")),
    "cessation_revoked": (said("paper.cessation_revoked"), said("paper.as_if_never_ceased")),
    "succeeded": (said("paper.succeeded"), said("paper.successor_is_applicant")),
    "resumed": (said("paper.resumed"), said("paper.goes_on")),
    "suspension_prolonged": (said("paper.suspension_prolonged"), said("paper.still_suspended")),
    "case_applied": (said("paper.case_applied"), said("paper.another_limit")),
    "stayed": (said("paper.stayed"), said("paper.stands_still")),
    "stay_over": (said("paper.stay_over"), said("paper.goes_on_after_stay")),
    "draft_shown": (said("paper.draft_shown"), said("paper.look_through_draft")),
    "result_offered": (said("paper.result_offered"), said("paper.read_online")),
    "pickup_offered": (said("paper.pickup_offered"), said("paper.fetch_with")),
}
"""The title of the notice, and the meaning of the act for the dates, by kind of event."""
_MOVED: Final = (said("paper.new_dates"), said("paper.dates_moved"))
"""The title and meaning of a notice about new dates alone."""


def apology(source: PaperSource) -> PaperSheet:
    """Văn bản xin lỗi và hẹn lại, gia hạn: the missed appointment, the reason, and the new one, if there is one.

    The notice of a lawful extension is no apology, and has no form number, since the law has no form for it.
    """
    title, told = _apology_words(source)
    rows = Rows(rows=tuple(_apology_rows(source)))
    sheet = made(
        PaperKind.APOLOGY,
        source,
        issuer=source.filing.agency,
        title=title,
        to=plain(require(source.filing.applicant).name),
        body=(Paragraph(text=told), rows, Paragraph(text=said("paper.understanding"))),
        signatories=(signs(source, said("paper.head_of_agency")),),
    )
    return sheet.model_copy(update={"form": None}) if isinstance(source.cause.event, ev.Extended) else sheet


def _apology_words(source: PaperSource) -> tuple[Text, Text]:
    agency = letterhead(source, source.filing.agency).name
    match source.cause.event:
        case ev.Extended():
            return said("paper.extension"), said("paper.extended", agency=agency)
        case ev.Apologised(clock=Clock.INTAKE):
            return said("paper.apology_for_intake"), said("paper.apologised_for_intake", agency=agency)
        case ev.Apologised():
            return said("paper.apology"), said("paper.apologised", agency=agency)
        case _:
            missed = _appointment(source)
            ahead = missed is not None and source.cause.at < missed
            words = said("paper.will_be_late" if ahead else "paper.apologised", agency=agency)
            return said("paper.reappointment"), words


def _apology_rows(source: PaperSource) -> Iterator[Row]:
    event, now = source.cause.event, _due(source.filing)
    yield from about(source)
    yield received(source)
    if (before := _appointment(source)) is not None:
        label = said("paper.answer_at" if _of_intake(event) else "paper.appointment")
        yield Row(place="before", label=label, value=moment(before))
    yield Row(place=f"events[{source.cause.seq}].reason", label=said("paper.reason"), value=plain(event.reason))
    if isinstance(event, ev.Apologised):
        run = source.filing.clocks.get(event.clock)
        if run is not None and run.expected_at is not None:
            label = said("paper.new_answer" if _of_intake(event) else "paper.new_appointment")
            yield Row(place="expected", label=label, value=moment(run.expected_at))
    elif now is not None:
        yield Row(place="due", label=said("paper.new_appointment"), value=moment(now))
        yield from stretched_by(source)


def _of_intake(event: ev.Event) -> bool:
    return isinstance(event, ev.Apologised) and event.clock is Clock.INTAKE


def _appointment(source: PaperSource) -> datetime | None:
    """The appointment that the causing event replaces; None if there was none."""
    before = require(source.before)
    if not _of_intake(source.cause.event):
        return _due(before)
    late = [run.promised for run in clock_history(before) if run.clock is Clock.INTAKE and run.overdue]
    return late[-1] if late else None


def _due(filing: Filing) -> datetime | None:
    clock = filing.clocks.get(Clock.PROCESSING)
    return None if clock is None else clock.promised
