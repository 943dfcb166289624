"""The result: made, sent, handed over."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from rules.filing.commands.permission import at_stage, system_at
from rules.filing.commands.rule import Events, Rule, refuse
from rules.officers import role_is
from rules.time import working_time
from schemas.errors import Problem, problem
from schemas.filing import commands as cm
from schemas.filing import events as ev
from schemas.filing.events import Clock, ParcelOutcome
from schemas.filing.state import Filing, Stage
from schemas.level import Channel
from schemas.people import Actor, Role
from schemas.publishing.calendar import Timeliness


def _issue(filing: Filing, command: cm.Issue, now: datetime) -> Events:
    if command.result is None:
        why = problem("result", "result_file_required")
        raise refuse(why)
    return _issued(
        filing, ev.ResultIssued(result=command.result, expires_on=command.expires_on, copies=command.copies), now
    )


def _settle_result(filing: Filing, command: cm.SettleResult, now: datetime) -> Events:
    if command.n != len(filing.results) + 1:
        why = problem("n", "no_such_result")
        raise refuse(why)
    said = command.model_dump(include={"n", "registered", "result", "expires_on", "copies"})
    return _issued(filing, ev.ResultIssued.model_validate(said), now)


def _issued(filing: Filing, issued: ev.ResultIssued, now: datetime) -> Events:
    appointment = filing.clocks[Clock.PROCESSING]
    early = working_time.outcome(appointment.limit, appointment.due, now) is Timeliness.EARLY
    return (issued, ev.FinishedEarly(due=appointment.due)) if early else (issued,)


def _settle_parcel(filing: Filing, command: cm.SettleParcel, _: datetime) -> Events:
    if command.n != filing.parcels:
        why = problem("n", "no_such_parcel")
        raise refuse(why)
    if command.outcome is ParcelOutcome.DELIVERED:
        return (ev.HandedOver(channel=Channel.POST, n=command.n),)
    return (ev.ParcelFailed(n=command.n, outcome=command.outcome),)


def _may_hand_over(filing: Filing, actor: Actor, _: datetime) -> Problem | None:
    return role_is(actor, Role.HANDOVER) or at_stage(filing, Stage.PICKUP)


RULES: Final[dict[str, Rule]] = {
    "issue": Rule(system_at(Stage.ISSUE), _issue),
    "settle_result": Rule(system_at(Stage.ISSUE), _settle_result),
    "settle_parcel": Rule(system_at(Stage.DELIVERY), _settle_parcel),
    "hand_over": Rule(
        _may_hand_over, lambda _, command, __: (ev.HandedOver(channel=Channel.COUNTER, recipient=command.recipient),)
    ),
}
