"""The admission of a complaint: the permitted complainants, the disputed act, the time to complain."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from typing import Final

from rules.filing.submission.representation import over
from rules.rule import refuse
from rules.time.working_time import VIETNAM, Pause, applicant_due, due, local_day
from schemas.complaint import events as ev
from schemas.complaint.commands import Complain
from schemas.complaint.state import Complaint, ComplaintStart, Grounds, Obstacle
from schemas.errors import Problem, problem
from schemas.limit import Limit, Unit
from schemas.people import Role
from schemas.translate import deadline

UNSIGNED: Final = problem("document", "signed_complaint_required")


def admit(complaint: Complaint, command: Complain, now: datetime) -> tuple[ev.Complained]:
    """The event that records the complaint. Raises `RefusalError` with all reasons for the refusal."""
    start, found = command.start, command.grounds
    follows = found.earlier + 1
    not_next = None if complaint.n == follows else problem("n", "not_the_next", follows=follows)
    wrong = [why for why in (_not_theirs(command, now), _inadmissible(start, found, now), not_next) if why]
    if wrong or found.act is None:
        raise refuse(*wrong)
    from_start = {"n", "about", "against", "words", "document", "touched", "known_on", "obstacles"}
    from_log = {"act", "officer", "step", "steps", "take_up", "answer", "longer", "reminder", "side", "higher", "first"}
    recorded = ev.Complained(
        days=found.calendar,
        dialogue_notice=found.dialogue,
        represented_until=found.represented_until,
        **{name: getattr(start, name) for name in from_start},
        **{name: getattr(found, name) for name in from_log},
    )
    return (recorded,)


def _not_theirs(command: Complain, now: datetime) -> Problem | None:
    """Refuses everybody except the complainant, their representative, and the agency's desk with a signed complaint."""
    start, found, actor = command.start, command.grounds, command.start.actor
    if actor.role is Role.RECEPTION and actor.agency == found.agency and actor.subject not in found.side:
        return None if start.document else UNSIGNED
    if (actor.role, actor.subject) in {(one.role, one.subject) for one in found.complainants}:
        return over(actor, found.represented_until, now)
    return problem("actor", "not_the_complainant", says="who_is_touched_complains")


def _inadmissible(start: ComplaintStart, found: Grounds, now: datetime) -> Problem | None:
    if found.act is None:
        return problem("about", "nothing_to_complain_about")
    if found.barred is not None:
        return problem("about", found.barred)
    if start.known_on is not None and start.known_on > local_day(now):
        return problem("known_on", "in_the_future")
    until = _until(start, found, now)
    if until is not None and now >= until:
        return problem("about", "too_late", says="too_late_to_complain", day=deadline(until))
    return None


def _until(start: ComplaintStart, found: Grounds, now: datetime) -> datetime | None:
    """The end of the time to complain; days of obstacles do not count (art. 9).

    For a complainant outside the applicant's side, the time starts on the day that this person names; for a second
    complaint, on the receipt of the first answer. The time ends like any limit of an applicant.
    """
    known = found.known_at
    if known is None or found.within is None or (start.known_on is None and not start.obstacles):
        return found.until
    later = start.touched is not None or start.against is not None
    if later and start.known_on is not None:
        known = max(known, _begins(start.known_on))
    end = due(known, found.within, found.calendar, pauses=tuple(_pauses(start.obstacles, known, now)))
    return applicant_due(end, _THAT_DAY, found.calendar)


_THAT_DAY: Final = Limit(amount=0, unit=Unit.CALENDAR_DAYS)


def _pauses(obstacles: Iterable[Obstacle], known: datetime, now: datetime) -> Iterator[Pause]:
    """The periods of the obstacles until now, in order and without overlaps."""
    free = known
    for one in sorted(obstacles, key=lambda one: one.first):
        begin, end = max(_begins(one.first), free), min(_begins(one.last) + timedelta(days=1), now)
        if begin < end:
            yield begin, end
            free = end


def _begins(day: date) -> datetime:
    return datetime.combine(day, time.min, VIETNAM)
