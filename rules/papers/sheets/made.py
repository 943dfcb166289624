"""The common parts of all papers: issuer, date, applicant; and the written forms of instants and names."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, time
from typing import Final, Literal, NamedTuple

from rules.filing.clocks import stretched
from rules.papers.deeds import deeds
from rules.papers.sheets.law import spelled
from rules.require import require
from rules.time.working_time import VIETNAM, applicant_due, last_day
from schemas.base import AgencyCode, Text
from schemas.filing.commands import TargetKind
from schemas.filing.events import Clock
from schemas.papers.sheet import Block, Letterhead, PaperSheet, PaperSource, Row, Signatory
from schemas.papers.state import PaperKind
from schemas.translate import joined, said


def plain(words: str) -> Text:
    """A text that a person wrote, the same in both languages, since it has no translation."""
    return Text(vi=words, en=words)


def capital(words: Text) -> Text:
    """The text with a capital first letter, as in a table."""
    return Text(vi=words.vi[:1].upper() + words.vi[1:], en=words.en[:1].upper() + words.en[1:])


def moment(at: datetime) -> Text:
    """An instant in words, in Vietnamese time.

    For example `17 giờ 00 phút, ngày 04 tháng 12 năm 2026` / `17:00 on 4 December 2026`.
    """
    there = at.astimezone(VIETNAM)
    return said("paper.moment", at=there, day=_day(there), month=_month(there))


def _day(day: date) -> Text:
    return Text(vi=f"{day:%d}", en=str(day.day))


def _month(day: date) -> Text:
    return Text(vi=f"{day:%m}", en=f"{day:%B}")


def until(at: datetime) -> Text:
    """The end of a limit: `hết ngày 04 tháng 12 năm 2026` if the limit ends at 24:00 of that day, else its moment."""
    if at.astimezone(VIETNAM).time() != time.min:
        return moment(at)
    day = last_day(at)
    return said("paper.end_of", day=_day(day), month=_month(day), year=str(day.year))


def short(at: datetime) -> Text:
    """An instant in figures, in Vietnamese time: `17:00 04/12/2026`."""
    return plain(f"{at.astimezone(VIETNAM):%H:%M %d/%m/%Y}")


def in_words(day: date) -> Text:
    """A day in words: `ngày 04 tháng 12 năm 2026`."""
    return said("paper.day", day=f"{day:%d}", month=f"{day:%m}", year=f"{day:%Y}")


def dated(at: datetime, place: Text | None) -> Text:
    """Place and day in words: `Hà Nội, ngày 04 tháng 12 năm 2026`; without a place `Ngày 04 tháng 12 năm 2026`."""
    day = in_words(at.astimezone(VIETNAM))
    if place is None:
        return Text(vi=day.vi.capitalize(), en=day.en)
    # the name of the province, preceded by its kind if it is a person's name (Decree 30/2020)
    name = place.vi.removeprefix("thành phố ").removeprefix("tỉnh ")
    seat = place.vi[:1].upper() + place.vi[1:] if name == "Hồ Chí Minh" else name
    return said("paper.place_and_day", place=Text(vi=seat, en=place.en), day=day)


def seat(agency: Text) -> Text | None:
    """The name of a People's Committee's unit, with its kind if the name is a number; None for other agencies."""
    unit = unit_of(agency)
    if unit is None:
        return None
    name = unit.vi.removeprefix(next((kind for kind in _UNITS if unit.vi.startswith(kind)), ""))
    return capital(unit) if name.isdecimal() else Text(vi=name, en=unit.en)


def unit_of(agency: Text) -> Text | None:
    """The unit of a People's Committee, with its kind: `phường Hồng Hà`; None for other agencies."""
    if not agency.vi.startswith(_COMMITTEE):
        return None
    return Text(vi=agency.vi.removeprefix(_COMMITTEE), en=agency.en.removesuffix(" People's Committee"))


_COMMITTEE: Final = "Ủy ban nhân dân "
_UNITS: Final = ("xã ", "phường ", "đặc khu ", "thị trấn ", "tỉnh ")


def letterhead(source: PaperSource, agency: AgencyCode) -> Letterhead:
    """The agency's letterhead; if the directory lacks the agency, with its code in the place of its name."""
    return source.agencies.get(agency) or Letterhead(name=plain(agency))


class Form(NamedTuple):
    """The number of the form that the law prescribes, and the size of the paper."""

    number: str | None
    size: Literal["a4", "a5"]


FORMS: Final[dict[PaperKind, Form]] = {
    PaperKind.RECEIPT: Form("01", "a5"),
    PaperKind.SUPPLEMENT: Form("02", "a5"),
    PaperKind.REFUSAL: Form("03", "a5"),
    PaperKind.APOLOGY: Form("04", "a5"),
    PaperKind.STOP: Form(None, "a5"),
    PaperKind.CONTROL: Form(None, "a4"),
    PaperKind.HANDOVER: Form(None, "a4"),
    PaperKind.FEE: Form(None, "a5"),
    PaperKind.FORM: Form(None, "a5"),
    PaperKind.CORRECTION: Form(None, "a5"),
    PaperKind.LABEL: Form(None, "a5"),
    PaperKind.COMPLAINT: Form(None, "a5"),
    PaperKind.COMPLAINT_NOTICE: Form(None, "a4"),
    PaperKind.COMPLAINT_DECISION: Form(None, "a4"),
    PaperKind.CHARGE_RECEIPT: Form(None, "a5"),
    PaperKind.FEE_RECEIPT: Form(None, "a5"),
}
"""The numbers and sizes of Circular 01/2018 art. 9. Annex I of Circular 03/2025, which replaced it, was not read.

So a paper has a number here only if other sources state that its number in the new annex is the same.
"""


def made(  # noqa: PLR0913 -- by name, each is a part of the paper
    kind: PaperKind,
    source: PaperSource,
    *,
    issuer: AgencyCode,
    title: Text,
    body: Iterable[Block],
    signatories: tuple[Signatory, ...],
    to: Text | None = None,
    law: tuple[str, ...] = (),
    waybill: str | None = None,
) -> PaperSheet:
    """The paper of this content, issued by an agency at the moment of the event that causes it."""
    head = letterhead(source, issuer)
    code = require(source.filing.code)
    return PaperSheet(
        kind=kind,
        form=FORMS[kind].number,
        size=FORMS[kind].size,
        agency=issuer,
        issuer=head,
        dated=dated(source.cause.at, head.place),
        title=title,
        code=code,
        waybill=waybill,
        tracking=source.tracking and source.tracking.replace("{code}", code),
        to=to,
        body=tuple(body),
        law=tuple(map(spelled, law)),
        signatories=signatories,
    )


def about(source: PaperSource) -> Iterator[Row]:
    """The rows with the applicant and the procedure."""
    who = require(source.filing.applicant)
    yield Row(place="applicant.name", label=said("paper.of"), value=plain(who.name))
    if who.phone is not None:
        yield Row(place="applicant.phone", label=said("sheet.phone"), value=plain(who.phone))
    if who.email is not None:
        yield Row(place="applicant.email", label=said("sheet.email"), value=plain(who.email))
    yield Row(place="procedure", label=said("paper.about"), value=source.procedure.name)


def officer(source: PaperSource, title: Text, subject: str | None = None) -> Signatory:
    """A place for the signature of the officer `subject`, or if None, of the actor who caused the paper."""
    return by_hand(title, source.officers.get(subject or source.cause.actor.subject))


def signs(source: PaperSource, title: Text, subject: str | None = None) -> Signatory:
    """The place for an officer's signature, with the officer's own signing power and title if the directory has them.

    Otherwise, it has `title`. If `subject` is None, the officer is the actor who caused the paper.
    """
    return officer(source, source.titles.get(subject or source.cause.actor.subject, title), subject)


def notifies(source: PaperSource) -> Signatory:
    """The place for the signature under a notice, for the officer accountable for the notice."""
    return signs(source, said("paper.who_notifies"), answers(source))


def answers(source: PaperSource) -> str | None:
    """The officer who caused the paper, else the officer accountable for the filing; None if there is neither."""
    *_, last = deeds(source.events)
    actor = source.cause.actor.subject
    return actor if actor in source.officers else last.answers


def by_hand(title: Text, name: str | None = None) -> Signatory:
    """A place for a signature by hand, with the signer's name, if known."""
    return Signatory(title=title, how=said("sheet.by_hand"), name=name)


def desk_phone(source: PaperSource, agency: AgencyCode) -> Iterator[Row]:
    """The row with the telephone of an agency's one-stop desk; no row if the directory has none."""
    if (phone := source.phones.get(agency)) is not None:
        yield Row(place="phone", label=said("paper.desk_phone"), value=plain(phone))


def fetched_at(source: PaperSource) -> Iterator[Row]:
    """The rows with the desk at which the result waits, and its telephone."""
    desk = source.filing.returning
    yield Row(place="desk", label=said("paper.fetch_at"), value=letterhead(source, desk).name)
    yield from desk_phone(source, desk)


def due(source: PaperSource, clock: Clock, label: Text, place: str = "due") -> Iterator[Row]:
    """The row with the end of a clock's time limit; no row if the clock does not run."""
    if (run := source.filing.clocks.get(clock)) is not None:
        yield Row(place=place, label=label, value=until(run.due))


def appeal(source: PaperSource) -> Iterator[Row]:
    """The row about remedies against the act in this paper: authority and deadline for a complaint, and the court."""
    filing = source.filing
    end = applicant_due(source.cause.at, filing.procedure.limits.appeal, filing.calendar)
    value = said("paper.complain_to", agency=letterhead(source, filing.agency).name, until=until(end))
    yield Row(place="appeal", label=said("paper.complain_by"), value=value)


def stretched_by(source: PaperSource) -> Iterator[Row]:
    """The row with the sums of the additional time; no row if there is none."""
    if sums := [
        said("amount_by_deed", deed=said(f"deed.{one.kind}"), by=one.by.words) for one in stretched(source.filing)
    ]:
        yield Row(place="stretched", label=said("paper.stretched"), value=joined(sums, "; "))


def received(source: PaperSource) -> Row:
    """The row with the time of the filing's acceptance, or of its submission if it was not accepted."""
    came = source.filing.accepted_at or require(source.filing.submitted_at)
    return Row(place="accepted_at", label=said("paper.received_at"), value=moment(came))


def named(source: PaperSource, target: str, code: str) -> Text:
    """The name of a paper or of a field of the form."""
    papers = {paper.code: paper.name for paper in source.procedure.papers}
    fields = {field.code: field.label for field in source.procedure.form}
    return (papers if target == TargetKind.PAPER else fields).get(code, plain(code))


def handed_in(source: PaperSource) -> Iterator[Text]:
    """Each paper of the filing, and whether it is a file or on paper."""
    for paper in source.filing.papers:
        how = said("sheet.on_paper") if paper.file is None else said("sheet.file_attached")
        yield said("paper.paper_and_how", name=named(source, TargetKind.PAPER, paper.code), how=how)
