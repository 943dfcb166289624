"""The rules by which a complaint is admitted or refused."""

from datetime import datetime
from typing import Final

from rules.complaint.grounds import ACTS
from rules.filing.submission.representation import over
from rules.rule import refuse
from rules.time import working_time
from schemas.complaint.commands import Complain
from schemas.complaint.events import Complained
from schemas.complaint.state import Complaint, Grounds
from schemas.errors import Problem, problem
from schemas.people import Role
from schemas.translate import joined, said


def admit(complaint: Complaint, command: Complain, now: datetime) -> tuple[Complained, ...]:
    """The event that records the complaint. Raises `RefusalError` with every reason."""
    start, found = command.start, command.grounds
    wrong = [why for why in (_not_theirs(command, now), _inadmissible(found, now), _not_next(complaint, found)) if why]
    if wrong or found.act is None:
        raise refuse(*wrong)
    return (
        Complained(
            n=start.n,
            about=start.about,
            act=found.act,
            officer=found.officer,
            step=found.step,
            steps=found.steps,
            take_up=found.take_up,
            answer=found.answer,
            reminder=found.reminder,
            days=found.calendar,
            words=start.words,
            document=start.document,
            side=found.side,
            represented_until=found.represented_until,
        ),
    )


def _not_theirs(command: Complain, now: datetime) -> Problem | None:
    """Refuses anyone but the applicant, their representative or, with a signed complaint, the agency's desk."""
    actor, found = command.start.actor, command.grounds
    if actor.role is Role.RECEPTION and actor.agency == found.agency and actor.subject not in found.side:
        return None if command.start.document else UNSIGNED
    if (actor.role, actor.subject) in {(one.role, one.subject) for one in found.complainants}:
        return over(actor, found.represented_until, now)
    return problem("actor", "not_the_complainant", says="only_the_applicants_side_complains")


UNSIGNED: Final = problem("document", "signed_complaint_required")


def _inadmissible(found: Grounds, now: datetime) -> Problem | None:
    if found.act is None:
        acts = joined(said("act_and_its_article", act=act.name, article=act.article) for act in ACTS.values())
        return problem("about", "nothing_to_complain_about", acts=acts)
    if found.until is None:
        return problem("about", "no_notice_yet")
    if now > found.until:
        day = found.until.astimezone(working_time.VIETNAM)
        return problem("about", "too_late", says="too_late_to_complain", day=day)
    if found.disputed:
        return problem("about", "disputed_already")
    return None


def _not_next(complaint: Complaint, found: Grounds) -> Problem | None:
    follows = found.earlier + 1
    if complaint.n == follows:
        return None
    return problem("n", "not_the_next", follows=follows)
