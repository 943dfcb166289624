"""The guards of commands. Pages use them to offer actions, and the append uses them to refuse commands."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from rules.filing.clocks import silence_has_approved
from rules.filing.commands import RULES
from rules.filing.desks import agencies
from rules.filing.submission.representation import not_represented
from rules.officers import other_hands
from schemas.errors import Problem, problem
from schemas.filing.commands import PUBLIC_COMMANDS
from schemas.filing.state import Action, Filing
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


def available_actions(filing: Filing, actor: Actor, now: datetime) -> list[Action]:
    """Every command, and whether `actor` can give it now, with the reason if not."""
    checked = ((kind, check(filing, kind, actor, now)) for kind in PUBLIC_KINDS)
    return [Action(name=kind, allowed=why is None, problem=why) for kind, why in checked]


def access_problem(filing: Filing, actor: Actor, now: datetime) -> Problem | None:
    """Refuses an actor who is neither applicant, nor representative, nor officer of the filing; None otherwise."""
    if actor.role in OFFICERS:
        return other_hands(filing, actor, *agencies(filing, actor.role))
    if actor.role is Role.APPLICANT and (filing.applicant is None or actor.subject != filing.applicant.subject):
        return problem("actor.subject", "not_the_applicant")
    return not_represented(filing, actor, now)
