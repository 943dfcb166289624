"""The acts in a filing, each with its actor or the accountable officer; and the words for holders and acts."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from schemas.base import Text
from schemas.filing import events as ev
from schemas.level import Channel
from schemas.names import ROLE_NAMES
from schemas.papers.register import Deed, Hand, Holder
from schemas.people import OFFICERS, SYSTEM, Role
from schemas.publishing.calendar import Timeliness
from schemas.stream.ledger import Recorded
from schemas.translate import joined, said

ONLY_TOLD: Final = frozenset(
    {
        *("step_started", "reminded", "apology_drafted", "overdue", "part_overdue", "finished_early"),
        *("machine_work_failing", "machine_work_answered", "calendar_changed"),
    }
)
"""Events of clocks and machines, in which nobody acts."""

_FOLLOWS: Final = frozenset(
    {
        *("fee_requested", "fee_reduced", "fee_charged_back", "fee_expired", "result_unclaimed", "supplement_expired"),
        *("consultation_closed", "referred", "parts_decided", "lapsed"),
        *("result_offered", "pickup_offered", "parcel_requested", "reissue_requested"),
    }
)
"""Events that can follow automatically from any command."""

_ANSWERING: Final = frozenset({Role.RECEPTION, Role.SPECIALIST, Role.LEADER, Role.CLERK})
"""The roles of officers who handle a filing; other roles only take money, hand out results, or assign work."""


class EventDeed(NamedTuple):
    """An event; its act, if it has one; and the officer who is accountable for the system's acts at that time."""

    recorded: Recorded
    deed: Deed | None
    answers: str | None


def deeds(events: Iterable[Recorded]) -> Iterator[EventDeed]:
    """Yields each event with the act in it.

    The officer accountable for an act of the system is the officer whom the event names; else the last officer who
    worked on the filing; else the officer whom the procedure names for automatic decisions.
    """
    answers: str | None = None
    for recorded in events:
        by_itself = recorded.actor.role is Role.SYSTEM or _by_itself(recorded.event)
        officer: str | None = getattr(recorded.event, "officer", None)
        named = officer if by_itself and officer != SYSTEM.subject else None
        answers = _takes_over(recorded, named, by_itself=by_itself) or answers
        done = _by_the_system(recorded, named or answers) if by_itself else _by_somebody(recorded)
        yield EventDeed(recorded, None if recorded.event.kind in ONLY_TOLD else done, answers)


def _takes_over(recorded: Recorded, named: str | None, *, by_itself: bool) -> str | None:
    """The officer who is accountable from this event on; None if the event does not change the accountable officer."""
    event, actor = recorded.event, recorded.actor
    if named is not None and not isinstance(event, ev.PartAnswered):
        return named
    if not by_itself and actor.role in _ANSWERING:
        return actor.subject
    if isinstance(event, ev.Submitted) and event.accountable is not None:
        return event.accountable.standing or event.accountable.silent
    return None


def _by_itself(event: Any) -> bool:
    match event:
        case ev.Decided(standing_order=order, silence=silence):
            return (order or silence) is not None
        case ev.DraftConfirmed(silent=silent):
            return silent
        case ev.HandedOver(channel=channel, receiver=receiver):
            return channel is Channel.ONLINE and receiver is None
        case ev.ParcelRecalled(officer=officer):
            return officer is None
        case ev.SupplementRequested(officer=officer):
            return officer == SYSTEM.subject
        case _:
            return event.kind in _FOLLOWS


def _by_the_system(recorded: Recorded, answers: str | None) -> Deed:
    return Deed(seq=recorded.seq, at=recorded.at, kind=recorded.event.kind, role=Role.SYSTEM, accountable=answers)


def _by_somebody(recorded: Recorded) -> Deed:
    event, actor = recorded.event, recorded.actor
    who = {"subject": actor.subject, "agency": actor.agency} if actor.role in OFFICERS else {}
    acting_for = getattr(event, "acting_for", None)
    return Deed(seq=recorded.seq, at=recorded.at, kind=event.kind, role=actor.role, acting_for=acting_for, **who)


_HOLDERS: Final = {
    Holder.APPLICANT: said("paper.holder_applicant"),
    Holder.AUTHORITY: said("paper.holder_authority"),
    Holder.POST: said("paper.the_post"),
    Holder.SYSTEM: said("paper.holder_system"),
}

OUTCOME_NAMES: Final = {
    Timeliness.EARLY: said("paper.early"),
    Timeliness.ON_TIME: said("paper.on_time"),
    Timeliness.LATE: said("paper.late"),
}
"""The words for a limit that was kept, or missed."""


def who(hand: Hand) -> Text:
    """The holder of an entry in words; for an officer, the role."""
    if hand.holder is Holder.OFFICER and hand.role is not None:
        return ROLE_NAMES[hand.role]
    return _HOLDERS[hand.holder]


def somebody_else(hand: Hand, deed: Deed) -> str | None:
    """The actor of an act, or else the accountable officer; None if that person is the holder."""
    by = deed.subject or deed.accountable
    return None if by in {hand.subject, hand.accountable} else by


def done(hand: Hand, names: Mapping[str, str]) -> Text:
    """The acts of an entry in words: in order, without repeats, with the name of an actor who was not the holder."""
    return joined(dict.fromkeys(act(hand, deed, names) for deed in hand.done), "; ")


def act(hand: Hand, deed: Deed, names: Mapping[str, str]) -> Text:
    """An act in words; if it is not the holder's own, with the applicant or the officer's name."""
    what, of_applicant = said(f"deed.{deed.kind}"), deed.role in {Role.APPLICANT, Role.REPRESENTATIVE}
    if of_applicant and hand.holder is not Holder.APPLICANT:
        return said("paper.done_by", what=what, who=_HOLDERS[Holder.APPLICANT])
    by = names.get(somebody_else(hand, deed) or "")
    return what if by is None else said("paper.done_by", what=what, who=by)
