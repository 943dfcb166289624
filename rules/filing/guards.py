"""The guards of commands, by which pages offer and the append refuses them; and the agencies that may act."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from rules.filing.clocks import silence_has_approved
from rules.filing.commands import RULES
from rules.filing.submission.representation import not_represented
from rules.officers import other_hands
from schemas.base import AgencyCode
from schemas.errors import Problem, problem
from schemas.filing.commands import PUBLIC_COMMANDS
from schemas.filing.state import Filing
from schemas.people import OFFICERS, Actor, Role

PUBLIC_KINDS: Final[tuple[str, ...]] = tuple(command.model_fields["kind"].default for command in PUBLIC_COMMANDS)


def check(filing: Filing, kind: str, actor: Actor, now: datetime) -> Problem | None:
    """Why `actor` can't give this command now, or None."""
    if filing.closed and kind != "settle_complaint":
        return problem("", "filing_closed")
    stranger = None if kind == "submit" else access_problem(filing, actor, now)
    return stranger or _too_late(filing, actor, now) or RULES[kind].forbids(filing, actor, now)


def allowed(filing: Filing, actor: Actor, now: datetime, kinds: Iterable[str] = PUBLIC_KINDS) -> tuple[str, ...]:
    """The commands of these kinds that `actor` can give now."""
    if filing.closed or access_problem(filing, actor, now) is not None or _too_late(filing, actor, now) is not None:
        return ()
    return tuple(kind for kind in kinds if RULES[kind].forbids(filing, actor, now) is None)


def _too_late(filing: Filing, actor: Actor, now: datetime) -> Problem | None:
    """Refuses an officer's command once silence has approved the filing."""
    late = actor.role in OFFICERS and silence_has_approved(filing, now)
    return problem("", "silence_has_approved") if late else None


def access_problem(filing: Filing, actor: Actor, now: datetime) -> Problem | None:
    """Refuses an actor who is neither applicant, nor representative, nor officer of the filing; None otherwise."""
    if actor.role in OFFICERS:
        return other_hands(filing, actor, *agencies(filing, actor.role))
    if actor.role is Role.APPLICANT and (filing.applicant is None or actor.subject != filing.applicant.subject):
        return problem("actor.subject", "not_the_applicant")
    return not_represented(filing, actor, now)


def agencies(filing: Filing, role: Role) -> tuple[AgencyCode, ...]:
    """The agencies whose officers in this role may act on the filing now; the first has the filing in its queue.

    The receiving desk accepts the filing, and may act on the applicant's behalf afterwards.
    """
    taken_in = filing.accepted_at is not None
    match role:
        case Role.RECEPTION:
            return (filing.receiving, filing.agency) if taken_in else (filing.receiving,)
        case Role.CASHIER:
            return (filing.receiving, filing.agency)
        case Role.HANDOVER:
            return (filing.returning,)
        case Role.TEAM_LEAD:
            return (filing.agency,) if taken_in else (filing.receiving,)
        case _:
            return (filing.agency,)
