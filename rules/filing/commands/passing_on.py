"""The passing on of a filing to the agency that is competent for it, or to the successor of a closed agency."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final

from rules.filing.commands.intake import agency_problems
from rules.filing.fold import but_for_stays, stage
from rules.filing.permission import at_stage
from rules.officers import role_is
from rules.rule import Rule, refuse
from schemas.base import AgencyCode
from schemas.errors import Problem, problem
from schemas.filing import commands as cm
from schemas.filing import events as ev
from schemas.filing.events import Events
from schemas.filing.state import Filing, Stage
from schemas.level import Channel
from schemas.people import Actor, Role

STAGES: Final = tuple(one for one in Stage if one not in {Stage.DRAFT, Stage.CLOSED, Stage.ISSUE, Stage.STAYED})
"""All stages of an open filing except the issue, since the agency that decided makes and signs the result.

While a complaint stops the filing, the stage at which it was stopped counts.
"""


def _may_pass_on(filing: Filing, actor: Actor, _: datetime) -> Problem | None:
    """Refuses the officers of the desk after the acceptance: from then on a leader is accountable for the filing.

    Refuses everybody while the post collects the fee, which goes to the agency that has sent the parcel.
    """
    collected = stage(filing) is Stage.DELIVERY and filing.fee_at_the_post
    wrong = at_stage(but_for_stays(filing), *STAGES) or (problem("", "fee_with_the_post") if collected else None)
    return wrong or (role_is(actor, Role.LEADER, Role.OPERATOR) if filing.accepted_at else None)


def _pass_on(filing: Filing, command: cm.PassOn, _: datetime) -> Events:
    found = command.destination if isinstance(command, cm.PassOnTo) else _UNREAD
    if wrong := [*_problems(filing, command, found)]:
        raise refuse(*wrong)
    on_paper = () if filing.channel is Channel.ONLINE else tuple(paper.code for paper in filing.papers)
    desk = _kept(filing.desk, command.to, found)
    at_the_desk = filing.at_desk if desk else ()
    papers = (code for code in (*on_paper, *filing.at_desk, *filing.under_way) if code not in at_the_desk)
    passed = ev.PassedOn(
        officer=command.actor.subject,
        origin=filing.agency,
        to=command.to,
        reason=command.reason,
        legal_basis=command.legal_basis,
        papers=tuple(dict.fromkeys(papers)),
        desk=desk,
        result_desk=_kept(filing.result_desk, command.to, found),
        partners=found.partners,
        accountable=found.accountable,
        signs=found.signs or None,
    )
    return (passed, *_requested_anew(filing))


def _requested_anew(filing: Filing) -> Events:
    """The request by the new agency for a fee that is due online; none for any other fee."""
    fee = filing.fee
    if fee is None or not (filing.fee_pending and fee.online):
        return ()
    same = {name: getattr(fee, name) for name in ("amount", "lines", "channel", "waived", "adds_to")}
    return (ev.FeeRequested(n=fee.n + 1, **same),)


_UNREAD: Final = cm.Destination()
"""The facts before the directory was read: a command that only the directory forbids passes."""


def _problems(filing: Filing, command: cm.PassOn, found: cm.Destination) -> Iterator[Problem]:
    if command.to == filing.agency:
        yield problem("to", "passed_to_itself")
    elif not found.known:
        yield problem("to", "unknown_agency")
    else:
        if not found.led:
            yield problem("to", "no_leader_there")
        yield from agency_problems("to", command.to, found, filing.procedure, filing.form)
        yield from _without_partner(filing, found)
    if command.actor.role is Role.OPERATOR and isinstance(command, cm.PassOnTo) and found.heir != command.to:
        yield problem("to", "not_the_successor")


def _without_partner(filing: Filing, found: cm.Destination) -> Iterable[Problem]:
    """A problem for each unreferred part without a partner of the new agency; none before the directory is read."""
    there = {partner.part for partner in found.partners}
    if found is _UNREAD:
        return ()
    return [problem("to", "no_partner_there", part=part.code) for part in filing.planned if part.code not in there]


def _kept(desk: AgencyCode | None, to: AgencyCode, found: cm.Destination) -> AgencyCode | None:
    """The filing's `desk`; None if the desk is the new agency's own, or may not receive filings for that agency."""
    return None if desk == to or desk in found.no_desks else desk


RULES: Final[dict[str, Rule[Filing]]] = {
    "pass_on": Rule((Role.RECEPTION, Role.LEADER, Role.OPERATOR), _may_pass_on, _pass_on),
}
