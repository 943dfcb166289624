"""The entries (`Hand`) of the control slip: each holder of a filing in turn, so that every delay has a holder."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import reduce
from itertools import groupby
from typing import Any, Final, NamedTuple

from rules.filing.fold import current_step, evolve, stage, task_role
from rules.filing.queues import STAGE_CLOCK, agencies
from rules.papers.deeds import EventDeed, deeds
from rules.time import working_time
from rules.time.office_hours import worked_minutes
from schemas.filing import events as ev
from schemas.filing.state import Filing, Stage
from schemas.papers.register import Deed, Hand, Holder
from schemas.people import Role
from schemas.privacy import Erased
from schemas.publishing.calendar import Timeliness
from schemas.stream.ledger import Recorded


def beside(events: Sequence[Recorded], filing: Filing, closed: Sequence[datetime]) -> Iterator[Hand]:
    """One entry of the control slip for each part referred to another agency, until its answer or the filing's end.

    `filing` is the state after the events; `closed` are the instants at which the filing ended.
    """
    answers = {recorded.event.n: recorded for recorded in events if isinstance(recorded.event, ev.PartAnswered)}
    for recorded in events:
        if isinstance(recorded.event, ev.Referred):
            yield _beside(recorded, answers.get(recorded.event.n), filing, closed)


def _beside(referred: Recorded, answered: Recorded | None, filing: Filing, closed: Sequence[datetime]) -> Hand:
    event, since = referred.event, referred.at
    limit = next(part.limit for part in filing.parts if part.code == event.part)
    due = working_time.due(since, limit, filing.calendar)
    said: dict[str, Any] = {"until": next((at for at in closed if at >= since), None)}
    if answered is not None:
        outcome = working_time.outcome(limit, due, answered.at)
        said = {"subject": answered.event.officer, "until": max(answered.at, since), "outcome": outcome}
    said |= {"agency": event.agency, "step": event.step, "part": event.part, "due": due}
    return Hand(holder=Holder.OFFICER, role=Role.SPECIALIST, since=since, working_minutes=0, **said)


def hands(events: Sequence[Recorded], filing: Filing, now: datetime) -> tuple[Hand, ...]:
    """The entries of a filing's holders, in order. The first entry is the filer's and takes no time.

    The events of one append happen at the same time, so a state between them has no entry. An erasure is left out.

    Args:
        events: All events of the filing, from the first.
        filing: The filing after these events; time is counted by the filing's calendar.
        now: The end of the count for a holder who still has the filing.
    """
    origin = {name: getattr(filing, name) for name in ("filing_id", "procedure", "calendar", "digests")}
    walk = _Walk(Filing(agency=events[0].event.agency, **origin))  # it may have been passed on since
    own = (recorded for recorded in events if not isinstance(recorded.event, Erased))
    for _, batch in groupby(deeds(own), key=lambda told: (told.recorded.command_id, told.recorded.at)):
        walk.take(list(batch))
    found = sorted((*walk.hands, *beside(events, filing, walk.closed)), key=lambda hand: hand.since)
    return tuple(hand.model_copy(update={"working_minutes": _worked(hand, filing, now)}) for hand in found)


def _worked(hand: Hand, filing: Filing, now: datetime) -> int:
    return worked_minutes(hand.since, max(hand.until or now, hand.since), filing.calendar)


class _Place(NamedTuple):
    """The stage of a filing, and its holder at this stage."""

    stage: Stage
    holder: Holder
    role: Role | None = None
    agency: str | None = None
    subject: str | None = None
    acting_for: str | None = None
    step: str | None = None


class _Walk:
    """Walks over a filing's events and collects the entries of its holders (the last may be open) and its ends."""

    def __init__(self, filing: Filing) -> None:
        self._filing = filing
        self._place: _Place | None = None
        self._suspender: str | None = None
        self.hands: list[Hand] = []
        self.closed: list[datetime] = []

    def take(self, batch: Sequence[EventDeed]) -> None:
        """Processes the events of one append."""
        before, at, answers = self._filing, batch[0].recorded.at, batch[-1].answers
        done = tuple(told.deed for told in batch if told.deed is not None)
        self._filing = reduce(evolve, (told.recorded for told in batch), before)
        suspended = (told.recorded.event for told in batch if isinstance(told.recorded.event, ev.Suspended))
        self._suspender = next((event.officer for event in suspended), self._suspender)
        if self._place is None and done:
            self.hands.append(_at_once(done[0]))
        self._change(done=(*self.hands[-1].done, *done))
        place = _place(self._filing, self._suspender)
        if place == self._place:
            self._change(due=self._due(place))
            return
        if self._place is not None:
            outcome = _outcome(before, self._filing, self._place.stage)
            self._change(until=max(at, self.hands[-1].since), outcome=outcome, **_found_out(self._place, done))
        if place is None:
            self.closed.append(at)
        else:
            self.hands.append(_taken(place, at, answers, self._due(place)))
        self._place = place

    def _change(self, **changes: Any) -> None:
        self.hands[-1] = self.hands[-1].model_copy(update=changes)

    def _due(self, place: _Place | None) -> datetime | None:
        run = None if place is None else self._filing.clocks.get(STAGE_CLOCK[place.stage])
        return None if run is None or run.paused else run.due


def _at_once(deed: Deed) -> Hand:
    """The control slip's entry for an act that takes no time: a submission by the filer, a reopening by an officer."""
    who = {name: getattr(deed, name) for name in ("role", "subject", "accountable", "agency")}
    holder = _HOLDERS.get(deed.role, Holder.OFFICER)
    return Hand(holder=holder, since=deed.at, until=deed.at, working_minutes=0, **who)


_HOLDERS: Final = {
    Role.APPLICANT: Holder.APPLICANT,
    Role.REPRESENTATIVE: Holder.APPLICANT,
    Role.SYSTEM: Holder.SYSTEM,
}


def _taken(place: _Place, at: datetime, answers: str | None, due: datetime | None) -> Hand:
    said = place._asdict()
    del said["stage"]
    accountable = None if place.holder in {Holder.OFFICER, Holder.APPLICANT} else answers
    return Hand(since=at, working_minutes=0, accountable=accountable, due=due, **said)


def _place(filing: Filing, suspender: str | None) -> _Place | None:  # noqa: PLR0911 -- one line for each stage
    at = stage(filing)
    match at:
        case Stage.CLOSED:
            return None
        case Stage.SUPPLEMENT | Stage.FEE | Stage.CONFIRMATION | Stage.SUCCESSION:
            return _Place(at, Holder.APPLICANT, Role.APPLICANT)
        case Stage.OBLIGATION:
            asked = filing.obligation is not None and filing.obligation.amount is None
            holder = _Place(at, Holder.AUTHORITY) if asked else _Place(at, Holder.APPLICANT, Role.APPLICANT)
            return holder._replace(step=filing.step)
        case Stage.SUSPENDED:
            return _Place(at, Holder.OFFICER, Role.LEADER, filing.agency, suspender)
        case Stage.STAYED:
            return _Place(at, Holder.OFFICER, Role.LEADER, filing.agency)
        case Stage.PICKUP:
            return _Place(at, Holder.OFFICER, Role.HANDOVER, filing.returning)
        case Stage.ISSUE | Stage.DELIVERY:
            by_post = at is Stage.DELIVERY and filing.parcels > filing.parcels_before
            return _Place(at, Holder.POST) if by_post else _Place(at, Holder.SYSTEM, Role.SYSTEM, filing.agency)
        case _:
            step, role = current_step(filing), task_role(filing)
            code = None if step is None else step.code
            return _Place(at, Holder.OFFICER, role, agencies(filing, role)[0], filing.officer, filing.acting_for, code)


def _outcome(before: Filing, after: Filing, at: Stage) -> Timeliness | None:
    """The outcome of this stage's clock: early, on time or late; None if the clock has not ended."""
    run = before.clocks.get(STAGE_CLOCK[at])
    if run is None:
        return None
    over = (past for past in after.past_clocks if (past.clock, past.started) == (run.clock, run.started))
    return next((past.outcome for past in over), None)


def _found_out(place: _Place, done: Sequence[Deed]) -> dict[str, Any]:
    """The holder's fields for a task that nobody claimed: the officer who acted on it, or the system; else empty."""
    if place.holder is not Holder.OFFICER or place.subject is not None:
        return {}
    # acts that pass the task among officers do not count: before them it was in the queue
    acts = [deed for deed in done if deed.kind not in {"claimed", "released", "reassigned"}]
    for deed in acts:
        if deed.role is place.role:
            return {"subject": deed.subject, "acting_for": deed.acting_for}
    if acts and acts[0].role is Role.SYSTEM and acts[0].kind in {"accepted", "decided"}:
        return {"holder": Holder.SYSTEM, "role": Role.SYSTEM, "accountable": acts[0].accountable}
    return {}
