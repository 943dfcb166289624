"""Columns and texts for a filing, its clocks, its complaints and its result."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from motcua.cli.answer import Column, Marked, columns, dong, in_figures, lines
from motcua.cli.language import in_words
from motcua.contract import (
    Authorisation,
    Clock,
    ClockState,
    Fee,
    FilingView,
    Pause,
    PauseReason,
    SignatureRecord,
    Text,
    deadline,
    joined,
    said,
)
from motcua.machine_work import MachineWork


def work_words(work: MachineWork) -> Text:
    """Returns a line on a back office's work: attempts, last error, next attempt."""
    parts = [said("command.work.since", work=work.work, since=work.since)]
    parts.append(said("command.work.tries", tries=work.attempts) if work.attempts else said("command.work.untaken"))
    if work.error:
        parts.append(Text(vi=work.error, en=work.error))
    if work.next_try:
        parts.append(said("command.work.again", next_try=work.next_try))
    return joined(parts)


def view_line(view: FilingView) -> str:
    """Returns one line of `motcua track`."""
    late = f" {in_words(said('command.track.overdue', clocks=', '.join(view.overdue)))}" if view.overdue else ""
    at = "–" if view.changed_at is None else in_figures(view.changed_at)
    return f"{at} {view.code} {in_words(view.status_name)} ({view.stage}){late}"


def late(due: datetime | None, *, overdue: bool) -> Marked | None:
    """Returns the end of a limit, in red if it is overdue; None if there is no limit."""
    return None if due is None else Marked(deadline(due), "red" if overdue else "")


ACTIONS: Final = columns("command:name allowed_now:allowed why_not:problem.message")


_ENDS: Final = {
    PauseReason.SUPPLEMENT: Clock.SUPPLEMENT,
    PauseReason.FEE: Clock.PAYMENT,
    PauseReason.OBLIGATION: Clock.OBLIGATION,
    PauseReason.SUSPENSION: Clock.SUSPENSION,
    PauseReason.SUCCESSION: Clock.SUCCESSION,
    PauseReason.STAY: Clock.STAY,
}
"""The clock that bounds a pause, by the reason of the pause: the pause ends at this clock's limit at the latest."""


def clock_columns(runs: Iterable[ClockState]) -> tuple[Column, ...]:
    """Returns the columns for all runs of one filing's clocks. A clock's limit may end the pause of another clock."""
    ends = {run.clock: run.due for run in runs if run.ended is None}

    def pause(one: Pause) -> Text:
        end = one.until or ends.get(_ENDS[one.reason])
        state = "ended" if one.until else "ends" if end else "lasts"
        basis = f" ({one.basis})" if one.basis else ""
        until = end and deadline(end)
        return said(f"command.clocks.{state}", reason=one.reason, basis=basis, since=one.since, until=until)

    return columns(
        "clock",
        Column("limit", lambda run: f"{run.limit}{''.join(f' (+{one.by} {one.kind})' for one in run.extensions)}"),
        "from:started",
        Column("stood_still", lambda run: lines(map(pause, run.pauses))),
        Column("due", lambda run: late(run.due, overdue=run.overdue)),
        "ended",
        Column("ended_by", lambda run: " ".join(filter(None, (run.ended_by, run.outcome)))),
    )


DELIVERY: Final = columns(
    "channel|channel desk pickup_code link", Column("until", lambda view: view.until and deadline(view.until))
)
RESULT: Final = columns(
    "code outcome file:result.key media_type:result.media_type bytes:result.size sha256:result.sha256"
)
COMPLAINTS: Final = columns(
    "n recorded:recorded_at agency act event:about state|complaint_state",
    Column("due", lambda one: late(one.due, overdue=one.overdue)),
    "reply:reason",
)


def _fee(fee: Fee) -> str:
    parts = [said("command.show.fee", amount=dong(fee.amount), state=fee.state, channel=said(f"channel.{fee.channel}"))]
    if fee.adds_to is not None:
        parts.append(said("command.show.fee_adds_to", fee=fee.adds_to))
    if fee.returned:
        parts.append(said("command.show.fee_goes_back", amount=dong(sum(share.amount for share in fee.returned))))
    if fee.charged_back:
        parts.append(said("command.show.fee_charged_back", amount=dong(fee.charged_back)))
    return lines(parts)


def _representative(given: Authorisation) -> str:
    """Returns the representative and the validity of the authorisation, with `?` and `…` for missing values."""
    who = " ".join(filter(None, (given.representative, given.id_number)))
    since, until = (in_figures(day) if day else "…" for day in (given.valid_from, given.valid_until))
    return f"{who or '?'}, {since} – {until}"


def _scope(given: Authorisation) -> Text:
    scope = ", ".join(given.scope) or said("command.show.any_procedure")
    return said("command.show.authorised", principal=given.principal or "?", scope=scope)


def _signature(check: SignatureRecord) -> str:
    uncovered = [] if check.corrected_at is None else [said("signature_before_correction")]
    return lines([said(f"signature_outcome.{check.outcome}"), *map(_sentence, check.rules), *uncovered])


def _sentence(rule: str) -> Text | str:
    """Returns the sentence of a rule; the rule's key if this kit is older and has no sentence for it."""
    try:
        return said(rule)
    except KeyError:
        return rule


def _scan(view: FilingView) -> str | None:
    if view.scan is None:
        return None
    infected = f": {', '.join(view.infected)}" if view.infected else ""
    return f"{in_words(said(f'scan_state.{view.scan}'))}{infected}"


VIEW: Final = columns(
    "code",
    Column("status", lambda view: f"{int(view.status)} {in_words(view.status_name)}"),
    "stage|stage",
    Column("procedure", lambda view: f"{view.procedure}@{view.version}"),
    "level calendar agency submitted:submitted_at",
    Column("representative", "authorisation", _representative),
    Column("authorisation", "authorisation", _scope),
    Column(
        "authorisation_file", "authorisation", lambda file: f"{file.key} ({file.media_type}, SHA-256 {file.sha256})"
    ),
    Column("signature", "signature_check", _signature),
    Column(
        "signature_accepted",
        "signature_accepted",
        lambda yes: said("command.show.signature_accepted" if yes else "command.show.signature_not_accepted"),
    ),
    Column("viruses", _scan),
    "accepted:accepted_at",
    Column("fee", "fee", _fee),
    Column("supplement", "supplement", lambda asked: lines(f"{item.code}: {item.note}" for item in asked.items)),
    Column("decision", "decision", lambda decision: f"{decision.outcome}, {decision.officer}"),
    "result:result.key",
    Column("task", lambda view: lines(f"{task.name} ({task.role}): {', '.join(task.actions)}" for task in view.tasks)),
    Column(
        "due",
        lambda view: lines(f"{timer.clock} {timer.moment} {in_words(deadline(timer.due))}" for timer in view.timers),
    ),
    Column("overdue", lambda view: Marked(view.overdue, "red")),
    "ended:closing",
)


def work_column(work: Iterable[MachineWork] | None) -> Column:
    """Returns the column with the work that a filing awaits from its agency's back office; `?` if that is unknown."""
    return Column("machine_work", lambda _: "?" if work is None else lines(map(work_words, work)))


RECEIPT: Final = columns("code recorded:at event:seq")
"""Columns of a receipt: dossier code, time, number of the event."""
