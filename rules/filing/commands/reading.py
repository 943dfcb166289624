"""The result online, if the procedure requires reading: an expiring link, and the acknowledgement."""

import hashlib
from datetime import datetime
from typing import Final

from rules.filing.permission import at, at_stage
from rules.rule import Rule, refuse
from schemas.errors import Problem, problem
from schemas.filing import commands as cm
from schemas.filing import events as ev
from schemas.filing.delivery import Receiver
from schemas.filing.events import Clock, Events
from schemas.filing.state import Filing, Stage
from schemas.level import Channel
from schemas.people import Actor, Role

MOST_LINKS: Final = 20
"""The maximum number of links to one result."""

_READERS: Final = (Role.APPLICANT, Role.REPRESENTATIVE)


def opens(filing: Filing, link: str, now: datetime) -> bool:
    """Whether the result may be read at this link."""
    clock = filing.clocks.get(Clock.READING)
    known = hashlib.sha256(link.encode()).hexdigest() == filing.link_sha256
    return known and clock is not None and now < clock.due


def _acknowledge(filing: Filing, command: cm.AcknowledgeResult, now: datetime) -> Events:
    if command.link is not None and not opens(filing, command.link, now):
        raise refuse(problem("link", "link_expired"))
    return (ev.HandedOver(channel=Channel.ONLINE, receiver=Receiver(command.actor.role.value)),)


def _may_renew(filing: Filing, __: Actor, _: datetime) -> Problem | None:
    wrong = at_stage(filing, Stage.READING)
    if wrong is None and filing.links >= MOST_LINKS:
        return problem("", "too_many_links", most=MOST_LINKS)
    return wrong


RULES: Final[dict[str, Rule[Filing]]] = {
    "acknowledge_result": Rule((*_READERS,), at(Stage.READING), _acknowledge),
    "renew_link": Rule(
        (*_READERS, Role.HANDOVER),
        _may_renew,
        lambda filing, *_: (ev.ResultOffered(n=filing.links + 1),),
    ),
}
