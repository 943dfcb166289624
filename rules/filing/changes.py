"""The change that each kind of event makes to a filing, without its clocks."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final, TypeVar

from rules.filing.clocks import reminded_again_at
from rules.filing.reopening import NOT_OFFERED, comes_after_proposal, no_longer_due, overtaken, reopened
from rules.require import require
from rules.rule import Change
from rules.time import working_time
from schemas.base import AgencyCode, Code
from schemas.files import Paper, ScanState
from schemas.filing import events as ev
from schemas.filing import state as st
from schemas.filing.commands import SupplementItem, TargetKind
from schemas.filing.events import Clock, ParcelOutcome
from schemas.filing.state import Filing
from schemas.level import Channel
from schemas.people import OFFICERS, SYSTEM
from schemas.privacy import ERASED_WORDS
from schemas.stream.ledger import Recorded

Changed = dict[str, Any]
N = TypeVar("N", st.Fee, st.FilingPart, st.Question, st.TaxDemand)
Done = TypeVar("Done", st.Fee, st.IssuedResult)

_FROM_SUBMISSION: Final = (
    *("code", "level", "channel", "fee_channel", "result_channel", "applicant", "filed_by", "form", "papers"),
    *("authorisation", "by_law", "address", "payer_account", "payer_address", "possible_duplicates", "client_id"),
    *("submission_id", "signs", "missing", "received_at", "desk", "result_desk", "signature_check"),
)

KEPT: Final = 8
"""A filing's state has at most this many answered questions and inspections, the newest; all are in the log."""


def _submitted(filing: Filing, event: ev.Submitted, at: datetime) -> Changed:
    if event.digests not in {None, filing.digests}:
        raise ValueError("the rules or the calendar are not those that the filing was handed in under")
    change = {name: getattr(event, name) for name in _FROM_SUBMISSION}
    partners = {partner.part: partner.agency for partner in event.partners}  # by the directory at that time
    parts = (
        st.FilingPart(n=n, step=step, code=part.code, agency=partners[part.code], limit=part.limit)
        for n, (step, part) in enumerate(filing.procedure.referred, 1)
    )
    change |= {"at_desk": tuple(event.paper_digests) if event.desk else (), "parts": tuple(parts)}
    others = {"signature": event.signature, "authorisation": event.authorisation, "read_back": event.read_back}
    files = (*event.papers, *(Paper(code=code, file=file) for code, file in others.items()))
    change |= _scanned(filing, event.scan, files)
    answers_for_it = event.accountable or ev.Accountable()  # older events name none: only officers decide
    named = {"standing_officer": answers_for_it.standing, "silent_officer": answers_for_it.silent}
    return change | {"submitted_at": at, "procedure": filing.procedure.model_copy(update=named)}


def _scanned(filing: Filing, scan: ScanState | None, files: tuple[Paper, ...]) -> Changed:
    """The state of the virus scan after these `files` arrived, each in place of any earlier file of the same paper."""
    given = {paper.code for paper in files}
    waiting = tuple(paper for paper in filing.to_scan if paper.code not in given)
    if scan is ScanState.PENDING:
        waiting += tuple(paper for paper in files if paper.file is not None)
    infected = tuple(code for code in filing.infected if code not in given)
    unscanned = filing.unscanned or scan is ScanState.UNSCANNED
    worst = _worst(waiting, infected, unscanned=unscanned) if scan or filing.scan else None
    return {"to_scan": waiting, "infected": infected, "unscanned": unscanned, "scan": worst}


def _worst(waiting: tuple[Paper, ...], infected: tuple[Code, ...], *, unscanned: bool) -> ScanState:
    if waiting:
        return ScanState.PENDING
    if infected:
        return ScanState.INFECTED
    return ScanState.UNSCANNED if unscanned else ScanState.CLEAN


def _files_scanned(filing: Filing, event: ev.FilesScanned, _: datetime) -> Changed:
    """The state of the virus scan after the scanner's report. Files replaced in the meantime are ignored."""
    told = [paper for paper in filing.to_scan if paper.file and paper.file.sha256 in event.scanned]
    waiting = tuple(paper for paper in filing.to_scan if paper not in told)
    found = (paper.code for paper in told if paper.code in event.infected)
    infected = tuple(dict.fromkeys((*filing.infected, *found)))
    worst = _worst(waiting, infected, unscanned=filing.unscanned)
    return {"to_scan": waiting, "infected": infected, "scan": worst}


def _accepted(_: Filing, event: ev.Accepted, at: datetime) -> Changed:
    return {"accepted_at": event.since or at, "automatic": event.automatic, "officer": None, "machine_failing": None}


def _acceptance_revoked(filing: Filing, _: ev.AcceptanceRevoked, __: datetime) -> Changed:
    """The change to a filing when its acceptance is taken back: fees that the acceptance made due are no longer due."""
    never = dict.fromkeys(("accepted_at", "step", "officer"))
    return never | {"processing": False, "fees": tuple(map(no_longer_due, filing.fees))}


def _refusal_revoked(filing: Filing, _: ev.RefusalRevoked, __: datetime) -> Changed:
    return dict.fromkeys(("closing", "closed_by", "closed_at")) | {"reopened": filing.reopened + 1}


def _applicant_corrected(filing: Filing, event: ev.ApplicantCorrected, at: datetime) -> Changed:
    """The change when a name or number is corrected: in the applicant, the signature's check, and the authorisation."""
    change: Changed = {"applicant": event.after}
    if filing.signature_check is not None:
        change["signature_check"] = filing.signature_check.model_copy(update={"corrected_at": at})
    given = filing.authorisation
    if given is not None and given.principal == event.before.id_number:
        change["authorisation"] = given.model_copy(update={"principal": event.after.id_number})
    return change


def _supplement_requested(filing: Filing, event: ev.SupplementRequested, _: datetime) -> Changed:
    notes = event.notes or (ERASED_WORDS,) * len(event.needs)  # erasure removes the words, not the items
    noted = zip(event.needs, notes, strict=True)
    items = tuple(SupplementItem(target=need.target, code=need.code, note=note) for need, note in noted)
    opened = st.OpenSupplement(n=event.n, items=items, officer=event.officer, legal_basis=event.legal_basis)
    asked = {"supplement": opened, "supplements": filing.supplements + 1}
    if event.officer == SYSTEM.subject:  # it uses up no round of an officer
        return asked | {"supplements_before": filing.supplements_before + 1}
    in_review = filing.supplements_in_review + (filing.accepted_at is not None)
    officer = filing.officer if event.late else event.officer
    return asked | {"supplements_in_review": in_review, "officer": officer}


def _more_time(answer: st.MoreTime) -> Change[Filing]:
    return lambda filing, _, __: {
        "supplement": filing.supplement and filing.supplement.model_copy(update={"more_time": answer}),
    }


def _supplement_cancelled(filing: Filing, _: ev.SupplementCancelled, __: datetime) -> Changed:
    """The change when a supplement request is cancelled: it no longer counts as a request of its stage."""
    if filing.accepted_at is None:
        return {"supplement": None, "supplements_before": filing.supplements_before + 1}
    return {"supplement": None, "supplements_in_review": filing.supplements_in_review - 1}


def _supplemented(filing: Filing, event: ev.Supplemented, at: datetime) -> Changed:
    replaced = {paper.code for paper in event.papers}
    kept = tuple(paper for paper in filing.papers if paper.code not in replaced)
    given = {(TargetKind.PAPER, code) for code in replaced} | {(TargetKind.FIELD, code) for code in event.form}
    missing = tuple(need for need in filing.missing if (need.target, need.code) not in given)
    change = {"supplement": None, "form": filing.form | event.form, "papers": kept + event.papers, "missing": missing}
    change |= _scanned(filing, event.scan, event.papers)
    brought = event.paper_digests if event.desk else ()
    return change | {"at_desk": tuple(dict.fromkeys((*filing.at_desk, *brought))), "dossier_changed_at": at}


def _dossier_transferred(filing: Filing, event: ev.DossierTransferred, _: datetime) -> Changed:
    return {"at_desk": (), "under_way": tuple(dict.fromkeys((*filing.under_way, *event.papers)))}


def _with(numbered: Iterable[N], n: int | None, **change: Any) -> tuple[N, ...]:
    """All `numbered` items; the item whose number is `n` has this change."""
    return tuple(one.model_copy(update=change) if one.n == n else one for one in numbered)


def _fee_requested(filing: Filing, event: ev.FeeRequested, at: datetime) -> Changed:
    fee = st.Fee(
        n=event.n,
        amount=event.amount,
        lines=event.lines,
        channel=event.channel,
        waived=event.waived,
        adds_to=event.adds_to,
        online=event.channel is Channel.ONLINE,
        asked_at=at,
    )
    return {"fees": (*(no_longer_due(before) for before in filing.fees), fee)}


def _fee_paid(filing: Filing, event: ev.FeePaid, _: datetime) -> Changed:
    fees = _with(filing.fees, event.n, state=st.FeeState.PAID, channel=event.channel, receipt_no=event.receipt_no)
    return {"fees": fees, "processing": filing.accepted_at is not None}


def _fee_expired(filing: Filing, event: ev.FeeExpired, at: datetime) -> Changed:
    return {"fees": _with(filing.fees, event.n, state=st.FeeState.EXPIRED), **_close(st.Closing.FEE_EXPIRED, at)}


def _result_unclaimed(filing: Filing, event: ev.ResultUnclaimed, _: datetime) -> Changed:
    """The change if the fee for a result is not paid in time: this fee can then be paid only at the counter."""
    return {"fees": _with(filing.fees, event.n, channel=Channel.COUNTER, online=False, lapsed=True)}


def _fee_waived(filing: Filing, event: ev.FeeWaived, _: datetime) -> Changed:
    waiver = st.Waiver(code=event.waiver, percent=event.percent, officer=event.officer)
    fees = _with(filing.fees, event.n, state=st.FeeState.WAIVED)
    return {"fees": fees, "waiver": waiver, "processing": filing.accepted_at is not None}


def _waiver_revoked(filing: Filing, _: ev.FeeWaiverRevoked, at: datetime) -> Changed:
    """The change to a filing when a waiver is taken back: the fee is assessed again."""
    return {"waiver": None, "fees": tuple(map(no_longer_due, filing.fees)), "dossier_changed_at": at}


def _fee_reduced(filing: Filing, event: ev.FeeReduced, _: datetime) -> Changed:
    returned = filing.fees[event.n - 1].returned
    return {"fees": _with(filing.fees, event.n, returned=(*returned, *event.lines))}


def _fee_charged_back(filing: Filing, event: ev.FeeChargedBack, _: datetime) -> Changed:
    gone = filing.fees[event.fee - 1].charged_back + event.amount
    return {"fees": _with(filing.fees, event.fee, charged_back=gone)}


_MOVES: Final = frozenset({"forwarded", "inspected", "proposed", "obligation_demanded", "draft_shown", "suspended"})
"""The moves that an officer may take back until another officer has acted on them."""

_LEAVE_MOVES: Final = frozenset(
    {
        *("step_started", "reminded", "apology_drafted", "reappointed", "apologised", "overdue"),
        *("machine_work_failing", "machine_work_answered", "part_overdue", "part_answered", "calendar_changed"),
        *("asked", "answered", "applicant_corrected", "files_scanned", "delivery_changed", "parcel_recalled"),
        *("dossier_transferred", "dossier_received", "mandate_revoked", "representative_named", "stayed", "stay_over"),
    }
)


def last_move(filing: Filing, recorded: Recorded) -> st.Move | None:
    """The last act, with its officer, who may still take it back after this event; None if there is no such act."""
    event = recorded.event
    if event.kind in _LEAVE_MOVES:
        return filing.last_move
    if event.kind not in _MOVES:
        return None
    officer = recorded.actor.subject
    acting_for = filing.acting_for if officer == filing.officer else None
    return st.Move(kind=event.kind, step=getattr(event, "step", None), officer=officer, acting_for=acting_for)


def hands(filing: Filing, recorded: Recorded) -> Changed:
    """The change that records the officers of an acceptance or finished step: they may not do some later acts."""
    actor = recorded.actor
    if actor.role not in OFFICERS:
        return {}
    if isinstance(recorded.event, ev.Accepted):
        return {"accepted_by": actor.subject}
    if isinstance(recorded.event, ev.Forwarded):
        return {"handled_by": tuple(one for one in (actor.subject, filing.acting_for) if one is not None)}
    return {}


def _recused(filing: Filing, event: ev.Recused, _: datetime) -> Changed:
    return {"recused": (*filing.recused, f"{event.agency} {event.officer}")}


def _done_by(origin: AgencyCode, filing: Filing) -> Changed:
    """The change that names `origin` as the agency of every paid fee and issued result that names no agency yet."""
    paid = (fee for fee in filing.fees if fee.state is st.FeeState.PAID)
    done: tuple[st.IssuedResult | st.Fee, ...] = (*filing.results, *paid)

    def named(one: Done) -> Done:
        return one.model_copy(update={"agency": one.agency or origin}) if one in done else one

    return {"fees": tuple(map(named, filing.fees)), "results": tuple(map(named, filing.results))}


def _passed_on(filing: Filing, event: ev.PassedOn, _: datetime) -> Changed:
    """The change when the filing is passed on: parts that are not referred yet get the partners of the new agency."""
    chosen = {partner.part: partner.agency for partner in event.partners}
    parts = (
        part.model_copy(update={"agency": chosen[part.code]})
        if part in filing.planned and part.code in chosen
        else part
        for part in filing.parts
    )
    named = {"standing_officer": event.accountable.standing, "silent_officer": event.accountable.silent}
    return {
        "agency": event.to,
        "had_by": (*filing.had_by, event.origin),
        "officer": None,
        "desk": event.desk,
        "result_desk": event.result_desk,
        "at_desk": tuple(code for code in filing.at_desk if code not in event.papers),
        "under_way": event.papers,
        "parts": tuple(parts),
        **_done_by(event.origin, filing),
        "procedure": filing.procedure.model_copy(update=named),
        "signs": event.signs,
        "machine_failing": None,
    }


def _recalled(filing: Filing, event: ev.Recalled, _: datetime) -> Changed:
    proposal = filing.proposal if comes_after_proposal(filing, event.step) else None
    acting_for = None if filing.last_move is None else filing.last_move.acting_for
    back = {"step": event.step, "officer": event.officer, "acting_for": acting_for}
    return back | {"proposal": proposal, "obligation": None, "draft": None}


def _question_added(filing: Filing, event: ev.Asked, _: datetime) -> Changed:
    question = st.Question(n=event.n, officer=event.officer, question=event.question)
    return {"questions": (*filing.questions, question)}


def _answered(filing: Filing, event: ev.Answered, _: datetime) -> Changed:
    questions = _with(filing.questions, event.n, answer=event.answer)
    newest = [q.n for q in questions if q.answer is not None][-KEPT:]
    return {"questions": tuple(q for q in questions if q.answer is None or q.n in newest)}


def _inspected(filing: Filing, event: ev.Inspected, _: datetime) -> Changed:
    inspection = st.Inspection(
        step=event.step,
        officer=event.officer,
        held_at=event.held_at,
        place=event.place,
        participants=event.participants,
        findings=event.findings,
    )
    return {"inspections": (*filing.inspections, inspection)[-KEPT:], "officer": None}


def _opinion_recorded(filing: Filing, event: ev.OpinionRecorded, _: datetime) -> Changed:
    opinion = st.Opinion(step=event.step, party=event.party, consent=event.consent, note=event.note)
    return {"opinions": (*filing.opinions, opinion)}


def _consultation_closed(filing: Filing, event: ev.ConsultationClosed, _: datetime) -> Changed:
    silent = (st.Opinion(step=event.step, party=party, consent=True, silent=True) for party in event.silent)
    return {"opinions": (*filing.opinions, *silent), "officer": None}


def _referred(filing: Filing, event: ev.Referred, at: datetime) -> Changed:
    """The change when a part is referred: the time limit of the part starts, and the filing counts as in processing."""
    limit = next(part.limit for part in filing.parts if part.n == event.n)
    due = working_time.due(at, limit, filing.calendar)
    parts = _with(filing.parts, event.n, stage=st.PartStage.REFERRED, referred_at=at, due=due)
    return {"parts": parts, "processing": True}


def _part_answered(filing: Filing, event: ev.PartAnswered, at: datetime) -> Changed:
    said = {"outcome": event.outcome, "officer": event.officer, "result": event.result}
    return {"parts": _with(filing.parts, event.n, stage=st.PartStage.ANSWERED, answered_at=at, **said)}


def _calendar_changed(filing: Filing, event: ev.CalendarChanged, _: datetime) -> Changed:
    """The change when the calendar changes: referred parts that are not decided yet get new due times."""
    parts = tuple(
        part.model_copy(update={"due": working_time.due(part.referred_at, part.limit, event.calendar)})
        if part.stage is st.PartStage.REFERRED and part.referred_at is not None
        else part
        for part in filing.parts
    )
    return {"calendar": event.calendar, "parts": parts}


def _obligation_demanded(filing: Filing, event: ev.ObligationDemanded, _: datetime) -> Changed:
    said = event.model_dump(include={"step", "reference", "amount", "agency", "n"})
    if event.n is None:
        return {"obligation": st.Obligation(**said)}
    demand = st.TaxDemand(n=event.n, agency=require(event.agency), amount=event.amount)
    return {"obligation": st.Obligation(**said), "demands": (*filing.demands, demand)}


def _obligation_fulfilled(filing: Filing, event: ev.ObligationFulfilled, _: datetime) -> Changed:
    return {"obligation": None, "officer": None, "demands": _with(filing.demands, event.n, met=True)}


def _claimed(filing: Filing, event: ev.Claimed | ev.Reassigned, _: datetime) -> Changed:
    return {"officer": event.officer, "processing": filing.accepted_at is not None}


def _proposed(_: Filing, event: ev.Proposed, __: datetime) -> Changed:
    proposal = st.Proposal(
        outcome=event.outcome,
        officer=event.officer,
        acting_for=event.acting_for,
        reason=event.reason,
        legal_basis=event.legal_basis,
    )
    return {"proposal": proposal}


def _decided(filing: Filing, event: ev.Decided, _: datetime) -> Changed:
    decision = st.Decision(
        seq=filing.seq + 1,
        outcome=event.outcome,
        officer=event.officer,
        acting_for=event.acting_for,
        standing_order=event.standing_order,
        silence=event.silence,
        reason=event.reason,
        legal_basis=event.legal_basis,
    )
    return {"decision": decision, "processing": True, "officer": None, "draft": None, "machine_failing": None}


def _result_issued(filing: Filing, event: ev.ResultIssued, at: datetime) -> Changed:
    """The change when a result is issued. If the result replaces a lost copy, this copy is recorded as revoked."""
    issued = st.IssuedResult(
        n=event.n or len(filing.results) + 1,
        number=event.registered or event.number,
        sha256=event.result.sha256,
        outcome=require(filing.decision).outcome,
        issued_at=at,
        expires_on=event.expires_on,
        copies=event.copies or 1,
        signed=event.n is not None,
    )
    change = {"result": event.result, "machine_failing": None}
    if (lost := filing.lost_copy) is None:
        return change | {"results": (*filing.results, issued)}
    return change | {
        "results": (*(overtaken(result, at) for result in filing.results), issued),
        "copy_number": lost.copy_number + 1,
        "lost_copy": None,
        "revoked_copies": (*filing.revoked_copies, lost)[-KEPT:],
        "parcel_end": None,
    }


def _draft_shown(_: Filing, event: ev.DraftShown, __: datetime) -> Changed:
    draft = st.Draft(step=event.step, n=event.n, officer=event.officer, file=event.draft)
    return {"draft": draft, "drafts": event.n, "officer": None}


def _result_offered(_: Filing, event: ev.ResultOffered, __: datetime) -> Changed:
    return {"offered": True, "links": event.n, "link": event.link, "link_sha256": event.link_sha256}


def _delivery_changed(filing: Filing, event: ev.DeliveryChanged, _: datetime) -> Changed:
    """The change when the applicant chooses another delivery: earlier links and parcels no longer count."""
    return NOT_OFFERED | {
        "result_channel": event.channel,
        "address": event.address or filing.address,
        "parcel_end": None,
        "elsewhere": filing.parcels if Clock.DELIVERY in filing.clocks else None,
        "delivery_changes": filing.delivery_changes + 1,
    }


def _parcel_failed(filing: Filing, event: ev.ParcelFailed, _: datetime) -> Changed:
    """The change when a parcel fails.

    If the parcel came back and the applicant had chosen another channel, the result goes by that channel.
    """
    at_hand = event.outcome in {ParcelOutcome.RETURNED, ParcelOutcome.CANCELLED}
    wanted_otherwise = event.n == filing.elsewhere and at_hand
    return {"parcel_end": None if wanted_otherwise else event.outcome, "recalled": None, "elsewhere": None}


def _with_clock(filing: Filing, clock: Clock, **told: datetime | None) -> Changed:
    return {"clocks": filing.clocks | {clock: filing.clocks[clock].model_copy(update=told)}}


def _reminded(filing: Filing, event: ev.Reminded, at: datetime) -> Changed:
    return _with_clock(filing, event.clock, remind_at=reminded_again_at(filing, event.clock, at), reminded_at=at)


def _overdue(filing: Filing, event: ev.Overdue, at: datetime) -> Changed:
    late = _with_clock(filing, event.clock, remind_at=None, apologise_at=None, overdue_at=at)
    return late | _owed(event.clock) | {"overdue": tuple(dict.fromkeys((*filing.overdue, event.clock)))}


def _owed(clock: Clock) -> Changed:
    """The change that makes the leader owe an apology for a late intake; none for any other clock."""
    return {"intake_apologised": False} if clock is Clock.INTAKE else {}


def _apology_drafted(filing: Filing, event: ev.ApologyDrafted, at: datetime) -> Changed:
    return _owed(event.clock) | _with_clock(filing, event.clock, apologise_at=None, apologised_at=at)


def _apologised(filing: Filing, event: ev.Apologised, at: datetime) -> Changed:
    """The change by an apology for lateness: its promised date is recorded, at which the next apology is due."""
    done: Changed = {"intake_apologised": True} if event.clock is Clock.INTAKE else {}
    if event.by is None or event.clock not in filing.clocks:
        return done
    expected = working_time.due(at, event.by, filing.calendar)
    return done | _with_clock(filing, event.clock, expected_at=expected, apologise_at=expected, apologised_at=None)


def _close(closing: st.Closing, at: datetime) -> Changed:
    return {"closing": closing, "closed_at": at, "supplement": None, "officer": None, "stays": ()}


def _closes(closing: st.Closing) -> Change[Filing]:
    return lambda _, __, at: _close(closing, at)


def _reissue_requested(filing: Filing, event: ev.ReissueRequested, _: datetime) -> Changed:
    what = {"copy_number": filing.copy_number, "result": require(filing.result)}
    return {"result": None, "lost_copy": st.RevokedCopy(parcel=event.parcel, outcome=event.outcome, **what)}


def _parcel_found(filing: Filing, event: ev.ParcelFound, _: datetime) -> Changed:
    found = {"outcome": event.outcome}
    copies = (copy.model_copy(update=found) if copy.parcel == event.n else copy for copy in filing.revoked_copies)
    return {"revoked_copies": tuple(copies)}


def _handed_over(filing: Filing, _: ev.HandedOver, at: datetime) -> Changed:
    lost = filing.lost_copy
    found = {} if lost is None else {"result": lost.result, "lost_copy": None}
    return _close(st.Closing.DELIVERED, at) | found


def _applicant_ceased(filing: Filing, _: ev.ApplicantCeased, __: datetime) -> Changed:
    """The change when the applicant has ceased to exist: no fee is due, and no result is offered.

    Until a successor steps in, nobody acts for the applicant. The representative's fields stay, since the record may be
    a mistake.
    """
    return _nothing_owed_or_offered(filing) | {"ceased": True}


def _stayed(filing: Filing, event: ev.Stayed, _: datetime) -> Changed:
    stay = st.Stay(**event.model_dump(include={*st.Stay.model_fields}))
    return _nothing_owed_or_offered(filing) | {"stays": (*filing.stays, stay)}


def _nothing_owed_or_offered(filing: Filing) -> Changed:
    """The change after which no fee is due and no result is offered to the applicant.

    A fee that the post collects on delivery stays due: the post may collect the fee before the parcel comes back.
    """
    owed = filing.fees if filing.fee_at_the_post else tuple(map(no_longer_due, filing.fees))
    return NOT_OFFERED | {"fees": owed}


def _stay_over(filing: Filing, event: ev.StayOver, _: datetime) -> Changed:
    over = (event.complaint, event.stay)
    return {"stays": tuple(stay for stay in filing.stays if (stay.complaint, stay.stay) != over)}


_NOBODY: Final[Changed] = {"mandate_over": True, "representative": None, "authorisation": None, "by_law": None}
"""The fields of a filing without a representative."""


CHANGES: Final[Mapping[type[Any], Change[Filing]]] = {
    ev.Submitted: _submitted,
    ev.Accepted: _accepted,
    ev.AcceptanceRevoked: _acceptance_revoked,
    ev.IntakeRefused: _closes(st.Closing.INTAKE_REFUSED),
    ev.RefusalRevoked: _refusal_revoked,
    ev.ApplicantCorrected: _applicant_corrected,
    ev.FilesScanned: _files_scanned,
    ev.SignatureJudged: lambda _, event, __: {"signature_accepted": event.accepted},
    ev.SupplementRequested: _supplement_requested,
    ev.SupplementCancelled: _supplement_cancelled,
    ev.Supplemented: _supplemented,
    ev.MoreTimeRequested: _more_time(st.MoreTime.REQUESTED),
    ev.MoreTimeGranted: _more_time(st.MoreTime.GRANTED),
    ev.MoreTimeRefused: _more_time(st.MoreTime.REFUSED),
    ev.SupplementExpired: _closes(st.Closing.SUPPLEMENT_EXPIRED),
    ev.DossierTransferred: _dossier_transferred,
    ev.DossierReceived: lambda *_: {"under_way": ()},
    ev.FeeRequested: _fee_requested,
    ev.FeePaid: _fee_paid,
    ev.FeeExpired: _fee_expired,
    ev.ResultUnclaimed: _result_unclaimed,
    ev.FeeWaived: _fee_waived,
    ev.FeeWaiverRevoked: _waiver_revoked,
    ev.FeeWaiverDeclined: lambda filing, event, _: {"waivers_declined": (*filing.waivers_declined, event.waiver)},
    ev.FeeReduced: _fee_reduced,
    ev.FeeChargedBack: _fee_charged_back,
    ev.StepStarted: lambda _, event, __: {"step": event.step, "officer": None},
    ev.Claimed: _claimed,
    ev.Released: lambda *_: {"officer": None},
    ev.Recused: _recused,
    ev.Reassigned: lambda filing, event, at: _claimed(filing, event, at) | {"acting_for": event.acting_for},
    ev.PassedOn: _passed_on,
    ev.Recalled: _recalled,
    ev.Asked: _question_added,
    ev.Answered: _answered,
    ev.Inspected: _inspected,
    ev.OpinionRecorded: _opinion_recorded,
    ev.ConsultationClosed: _consultation_closed,
    ev.Referred: _referred,
    ev.PartOverdue: lambda filing, event, _: {"parts": _with(filing.parts, event.n, overdue=True)},
    ev.PartAnswered: _part_answered,
    ev.PartsDecided: lambda *_: {"officer": None},
    ev.ObligationReferred: lambda _, event, __: {
        "obligation": st.Obligation(step=event.step, reference=event.reference)
    },
    ev.ObligationDemanded: _obligation_demanded,
    ev.ObligationFulfilled: _obligation_fulfilled,
    ev.Suspended: lambda *_: {"suspended": True},
    ev.SuspensionProlonged: lambda *_: {},
    ev.Resumed: lambda *_: {"suspended": False},
    ev.Stopped: _closes(st.Closing.STOPPED),
    ev.CaseApplied: lambda _, event, __: {"case": event.case},
    ev.Extended: lambda filing, *_: {"extensions": filing.extensions + 1},
    ev.Forwarded: lambda *_: {"officer": None},
    ev.DraftShown: _draft_shown,
    ev.DraftConfirmed: lambda *_: {"draft": None},
    ev.DraftCorrected: lambda filing, event, at: {
        "draft": None,
        "form": filing.form | event.form,
        "dossier_changed_at": at,
    },
    ev.Proposed: _proposed,
    ev.Decided: _decided,
    ev.ResultIssued: _result_issued,
    ev.ResultOffered: _result_offered,
    ev.PickupOffered: lambda _, event, __: {"pickup": True, "pickup_code": event.code, "wrong_codes": 0},
    ev.WrongCodeGiven: lambda _, event, __: {"wrong_codes": event.n},
    ev.ParcelRequested: lambda _, event, __: {"parcels": event.n, "parcel_end": None, "recalled": None},
    ev.ParcelRecalled: lambda _, event, __: {"recalled": event.n},
    ev.ParcelFailed: _parcel_failed,
    ev.DeliveryChanged: _delivery_changed,
    ev.ReissueRequested: _reissue_requested,
    ev.ParcelFound: _parcel_found,
    ev.HandedOver: _handed_over,
    ev.Withdrawn: _closes(st.Closing.WITHDRAWN),
    ev.MandateRevoked: lambda *_: _NOBODY,
    ev.RepresentativeNamed: lambda _, event, __: (
        _NOBODY | event.model_dump(include={"representative"}) | {"authorisation": event.authorisation}
    ),
    ev.ApplicantCeased: _applicant_ceased,
    ev.CessationRevoked: lambda *_: {"ceased": False},
    ev.Succeeded: lambda _, event, __: _NOBODY | {"ceased": False, "applicant": event.applicant},
    ev.Lapsed: lambda _, __, at: _NOBODY | _close(st.Closing.LAPSED, at),
    ev.Reopened: reopened,
    ev.Stayed: _stayed,
    ev.StayOver: _stay_over,
    ev.Reminded: _reminded,
    ev.ApologyDrafted: _apology_drafted,
    ev.Reappointed: lambda *_: {"reappointed": True},
    ev.Apologised: _apologised,
    ev.Overdue: _overdue,
    ev.FinishedEarly: lambda *_: {"early": True},
    ev.MachineWorkFailing: lambda _, event, __: {"machine_failing": event.work, "machine_error": event.error},
    ev.MachineWorkAnswered: lambda *_: {"machine_failing": None},
    ev.CalendarChanged: _calendar_changed,
}
