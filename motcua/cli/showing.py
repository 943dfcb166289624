"""A filing in words, in Vietnamese and in English."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta, timezone
from typing import Any, Final

from rich.markup import escape
from rich.table import Table

from motcua.contract import (
    COMPLAINT_STATE_NAMES,
    SCAN_STATE_NAMES,
    SIGNATURE_OUTCOME_NAMES,
    Action,
    Authorisation,
    ClockState,
    ComplaintView,
    DeliveryView,
    Fee,
    FilingView,
    Pause,
    Receipt,
    ResultView,
    beside,
    both,
)
from motcua.machine_work import MachineWork

VIETNAM: Final = timezone(timedelta(hours=7), "+07")
"""Without the zone database, which not every machine has: Vietnam has had this one since 1975."""


def receipt_line(filing_id: object, receipt: Receipt) -> str:
    """What was recorded, when, and under which dossier code."""
    code = f" {escape(receipt.code)}" if receipt.code else ""
    return f"[green]recorded[/]{code} {when(receipt.at)}, event {receipt.seq}, filing {filing_id}"


def view_line(view: FilingView) -> str:
    """One line of `motcua track`."""
    late = f" [red]overdue: {', '.join(view.overdue)}[/]" if view.overdue else ""
    status = f"[bold]{beside(view.status_name)}[/] ({view.stage})"
    return f"{when(datetime.now().astimezone())} {escape(view.code)} {status}{late}"


def view_table(view: FilingView, work: Iterable[MachineWork] = ()) -> Table:
    """One filing, fact by fact, with what it waits for from its agency's back office."""
    table = _facts_table(f"{both('cli.filing')} {view.code}")
    for name, words in _facts(view):
        table.add_row(name, escape(words))
    for one in work:
        table.add_row(MACHINE_WORK, escape(work_line(one)))
    return table


MACHINE_WORK: Final = both("cli.machine_work")


def work_line(work: MachineWork) -> str:
    """What is asked of a back office: how often it was tried, why in vain, when it is tried again."""
    tried = f"{work.attempts} {both('cli.tries')}" if work.attempts else both("cli.nobody_has_taken_it")
    failed = f", {work.error}" if work.error else ""
    again = f", {both('cli.again')} {when(work.next_try)}" if work.next_try else ""
    return f"{work.work}: {both('cli.since')} {when(work.since)}, {tried}{failed}{again}"


def work_rows(found: Iterable[MachineWork]) -> list[dict[str, Any]]:
    """The same as plain data, with instants in UTC."""
    return [
        {
            "work": one.work,
            "since": one.since.isoformat(),
            "attempts": one.attempts,
            "error": one.error,
            "next_try": one.next_try and one.next_try.isoformat(),
        }
        for one in found
    ]


def action_table(actions: list[Action]) -> Table:
    """What an actor can do, and why not the rest."""
    table = Table("Command", "Now", "Why not")
    for action in actions:
        why = beside(action.problem.message) if action.problem else ""
        table.add_row(action.name, "[green]yes[/]" if action.allowed else "[dim]no[/]", escape(why))
    return table


def clock_table(runs: list[ClockState]) -> Table:
    """The ledger of a filing's clocks."""
    table = Table()
    for name in (
        both("cli.clock"),
        both("cli.limit"),
        both("cli.from"),
        both("cli.stood_still"),
        both("cli.due"),
        both("cli.ended"),
    ):
        table.add_column(name, overflow="fold")
    for run in runs:
        ended = "" if run.ended is None else f"{when(run.ended)} {run.ended_by} {run.outcome or ''}"
        stood = "\n".join(_pause(pause) for pause in run.pauses)
        longer = "".join(f" (+{extension.by} {extension.kind})" for extension in run.extensions)
        due = f"[red]{when(run.due)}[/]" if run.overdue else when(run.due)
        table.add_row(run.clock, f"{run.limit}{longer}", when(run.started), escape(stood), due, ended)
    return table


def _pause(pause: Pause) -> str:
    until = "" if pause.until is None else when(pause.until)
    basis = f" ({pause.basis})" if pause.basis else ""
    return f"{pause.reason}{basis}: {when(pause.since)} – {until}"


def delivery_table(delivery: DeliveryView) -> Table:
    """What opens the result for the applicant."""
    table = _facts_table(both("cli.delivery"))
    for name, words in (
        (both("cli.channel"), str(delivery.channel)),
        (both("cli.desk"), delivery.desk),
        (both("cli.pickup_code"), delivery.pickup_code),
        (both("cli.link"), delivery.link),
        (both("cli.until"), delivery.until and when(delivery.until)),
    ):
        if words:
            table.add_row(name, escape(words))
    return table


def result_table(result: ResultView) -> Table:
    """The decision and its file."""
    table = _facts_table(f"{both('cli.result')} {result.code}")
    file = result.result
    for name, words in (
        (both("cli.outcome"), str(result.outcome)),
        (both("cli.file"), file.key),
        (both("cli.type"), f"{file.media_type}, {file.size} bytes"),
        ("SHA-256", file.sha256),
    ):
        table.add_row(name, escape(words))
    return table


def complaint_table(complaints: Iterable[ComplaintView]) -> Table:
    """The complaints about a filing."""
    table = Table()
    for name in (both("cli.complaint"), both("cli.about"), both("cli.state"), both("cli.due"), both("cli.answer")):
        table.add_column(name, overflow="fold")
    for one in complaints:
        due = "" if one.due is None else when(one.due)
        table.add_row(
            f"{one.n} ({when(one.recorded_at)})",
            f"{one.act} ({one.about})",
            beside(COMPLAINT_STATE_NAMES[one.state]),
            f"[red]{due}[/]" if one.overdue else due,
            escape(one.reason or ""),
        )
    return table


def when(moment: datetime) -> str:
    """A moment in Vietnamese time, as dossier codes and limits have it."""
    return f"{moment.astimezone(VIETNAM):%Y-%m-%d %H:%M:%S %Z}"


def _facts_table(title: str) -> Table:
    """Facts line by line; a key or a digest goes on in the next line rather than be cut off."""
    table = Table(show_header=False, title=title)
    table.add_column()
    table.add_column(overflow="fold")
    return table


def _fee(fee: Fee) -> Iterator[str]:
    yield f"{fee.amount:,} đ, {fee.state}, {fee.channel}"
    if fee.adds_to is not None:
        yield both("cli.difference_to", fee=fee.adds_to)
    if fee.returned:
        yield both("cli.go_back", amount=sum(share.amount for share in fee.returned))
    if fee.charged_back:
        yield both("cli.charged_back", amount=fee.charged_back)


def _represented(given: Authorisation | None) -> Iterator[tuple[str, str]]:
    """Who acts for the applicant and until when, and by which authorisation: what is not said is left open."""
    if given is None:
        return
    who = " ".join(filter(None, (given.representative, given.id_number)))
    since, until = (day.isoformat() if day else "…" for day in (given.valid_from, given.valid_until))
    scope = ", ".join(given.scope) or both("cli.any_procedure")
    yield both("cli.representative"), f"{who or '?'}, {since} – {until}"
    yield both("cli.authorisation"), f"{given.principal or '?'}: {scope}"
    yield both("cli.authorisation_file"), f"{given.key} ({given.media_type}, SHA-256 {given.sha256})"


def _examined(view: FilingView) -> Iterator[tuple[str, str]]:
    """How the signature and the files stand: what an officer must know before they take the filing in."""
    check = view.signature_check
    if check is not None:
        yield both("cli.signature"), beside(SIGNATURE_OUTCOME_NAMES[check.outcome])
        for rule in check.rules:
            yield "", _sentence(rule)
    if view.signature_accepted is not None:
        yield both("cli.the_officer"), both("cli.accepts_it") if view.signature_accepted else both("cli.does_not")
    if view.scan is not None:
        infected = f": {', '.join(view.infected)}" if view.infected else ""
        yield both("cli.viruses"), f"{beside(SCAN_STATE_NAMES[view.scan])}{infected}"


def _sentence(rule: str) -> str:
    """What a rule says; the rule itself, if it is newer than this kit."""
    try:
        return both(rule)
    except KeyError:
        return rule


def _facts(view: FilingView) -> Iterator[tuple[str, str]]:
    yield both("cli.status"), f"{int(view.status)} {beside(view.status_name)}"
    yield both("cli.stage"), view.stage
    yield both("cli.procedure"), f"{view.procedure} ({view.version}), level {int(view.level)}"
    yield both("cli.calendar"), view.calendar
    yield both("cli.agency"), view.agency
    yield both("cli.submitted"), when(view.submitted_at)
    yield from _represented(view.authorisation)
    yield from _examined(view)
    if view.accepted_at:
        yield both("cli.accepted"), when(view.accepted_at)
    if view.fee:
        yield both("cli.fee"), "; ".join(_fee(view.fee))
    if view.supplement:
        yield both("cli.supplement"), "; ".join(f"{item.code}: {item.note}" for item in view.supplement.items)
    if view.decision:
        yield both("cli.decision"), f"{view.decision.outcome}, {view.decision.officer}"
    if view.result:
        yield both("cli.result"), view.result.key
    for task in view.tasks:
        yield both("cli.task"), f"{task.name} ({task.role}): {', '.join(task.actions)}"
    for timer in view.timers:
        yield both("cli.due"), f"{timer.clock} {timer.moment} {when(timer.due)}"
    if view.overdue:
        yield both("cli.overdue"), ", ".join(view.overdue)
    if view.closing:
        yield both("cli.ended"), view.closing
