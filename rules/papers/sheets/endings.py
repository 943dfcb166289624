"""Notices of a filing's end: a refused intake, a stop, a limit that ran out, a withdrawal; also of a suspension."""

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from rules.papers.sheets.law import cited
from rules.papers.sheets.made import (
    about,
    appeal,
    desk_phone,
    due,
    fetched_at,
    made,
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
from schemas.filing.events import Clock
from schemas.papers.sheet import PaperSheet, PaperSource, Paragraph, Row, Rows, Signatory
from schemas.papers.state import PaperKind
from schemas.publishing.procedure import Procedure
from schemas.translate import said


def refusal(source: PaperSource) -> PaperSheet:
    """Phiếu từ chối tiếp nhận giải quyết hồ sơ: reason, legal basis, and the authority and deadline for a complaint."""
    rows = (*about(source), received(source), *_reason(source), *appeal(source))
    return made(
        PaperKind.REFUSAL,
        source,
        issuer=source.filing.receiving,
        title=said("paper.refusal"),
        body=(Paragraph(text=said("paper.refused")), Rows(rows=rows)),
        law=_law(source),
        signatories=(officer(source, said("paper.who_received")),),
    )


def stop(source: PaperSource) -> PaperSheet:
    """The notice that a filing has ended, is suspended, or has a result that was not collected.

    It has the reason, the legal basis, the end of a suspension, and the authority and the deadline for a complaint.
    """
    notice = _NOTICES[source.cause.event.kind]
    return made(
        PaperKind.STOP,
        source,
        issuer=source.filing.agency if source.filing.accepted_at else source.filing.receiving,
        title=notice.title,
        body=(Paragraph(text=_first_sentence(source, notice)), Rows(rows=(*about(source), *_stop_rows(source)))),
        law=_law(source),
        signatories=(_signs(source),),
    )


class _Notice(NamedTuple):
    """A notice: its title, its first sentence, the reason unless the event states it, and the source of its limit."""

    title: Text
    sentence: Text | None
    reason: Text | None = None
    source: Callable[[Procedure], str | None] = lambda _: None


def _succession(procedure: Procedure) -> str | None:
    return None if procedure.succession is None else procedure.succession.source


def _fee(procedure: Procedure) -> str | None:
    return None if procedure.fee is None else procedure.fee.source


_ENDED: Final = (said("paper.ended"), said("paper.lapsed"))
_KEPT: Final = said("paper.unfetched")
_NOT_PAID: Final = said("paper.fee_not_paid")
_NOTICES: Final = {
    "suspended": _Notice(said("paper.suspension"), said("paper.suspended")),
    "stopped": _Notice(said("paper.stop"), said("paper.stopped")),
    "applicant_ceased": _Notice(said("paper.waiting"), None, None, _succession),
    "lapsed": _Notice(*_ENDED, said("paper.no_successor"), _succession),
    "supplement_expired": _Notice(*_ENDED, said("paper.nothing_supplied"), lambda rules: rules.supplement.source),
    "fee_expired": _Notice(*_ENDED, _NOT_PAID, _fee),
    "withdrawn": _Notice(said("paper.withdrawal"), said("paper.withdrawn")),
    "overdue": _Notice(
        _KEPT, said("paper.kept"), said("paper.not_fetched"), lambda rules: rules.limits_source.get(Clock.PICKUP)
    ),
    "result_unclaimed": _Notice(_KEPT, said("paper.kept_until_paid"), _NOT_PAID, _fee),
}
"""The notices by kind of event. An `overdue` event causes a notice only if a result was not fetched in time."""


def _first_sentence(source: PaperSource, notice: _Notice) -> Text:
    """The notice's first sentence; for a filing without an applicant, it names the evidence that a successor needs."""
    if notice.sentence is not None:
        return notice.sentence
    return said("paper.waits_for_successor", evidence=require(source.procedure.succession).evidence)


def _reason(source: PaperSource) -> Iterator[Row]:
    """The row with the reason, from the notice or else from the event; no row without a reason."""
    event = source.cause.event
    notice = _NOTICES.get(event.kind)
    stated: str | None = getattr(event, "reason", None)
    reason = notice.reason if notice and notice.reason else stated and plain(stated)
    if reason:
        yield Row(place=f"events[{source.cause.seq}].reason", label=said("paper.reason"), value=reason)


def _law(source: PaperSource) -> tuple[str, ...]:
    """The legal basis that the event states; if none, that of the limit that ran out, or else of the procedure."""
    event = source.cause.event
    stated: str | None = getattr(event, "legal_basis", None)
    if stated is not None:
        return (stated,)
    asked = source.before and source.before.supplement
    if isinstance(event, ev.SupplementExpired) and asked:
        return (asked.legal_basis,)
    notice = _NOTICES.get(event.kind)
    own = notice and notice.source(source.procedure)
    return cited((own,) if own else ()) or cited(source.procedure.legal_basis)


def _stop_rows(source: PaperSource) -> Iterator[Row]:
    event, place = source.cause.event, f"events[{source.cause.seq}]"
    yield received(source)
    yield from _reason(source)
    if isinstance(event, ev.ApplicantCeased):
        yield from due(source, Clock.SUCCESSION, said("paper.successor_until"), "until")
        yield from desk_phone(source, source.filing.receiving)
        return
    if isinstance(event, ev.Suspended):
        if event.awaits is not None:
            yield Row(place=f"{place}.awaits", label=said("paper.awaits"), value=plain(event.awaits))
        yield from due(source, Clock.SUSPENSION, said("paper.suspended_until"), "until")
        yield from stretched_by(source)
    if isinstance(event, ev.Overdue | ev.ResultUnclaimed):
        yield from fetched_at(source)
    yield from appeal(source)


def _signs(source: PaperSource) -> Signatory:
    """The place for the signature of the officer who acted, or else of the officer accountable for the filing."""
    if isinstance(source.cause.event, ev.Suspended | ev.Stopped):
        return signs(source, said("paper.head_of_agency"))
    return notifies(source)
