"""`motcua papers`, and `control`: every holder of a filing, with the times and acts (the control slip)."""

from collections.abc import Iterator
from typing import Final

from console.database import ask
from motcua.cli.answer import Column, columns, lines, show_all
from motcua.cli.help import group
from motcua.cli.language import in_words
from motcua.cli.options import AsJson, WhichFiling
from operations.commands.ledger.record import found, unsealed
from publishing.commands.procedures import published_version
from rules.papers.deeds import OUTCOME_NAMES, deed_name, somebody_else, who
from schemas.base import Text
from schemas.ids import filing_workflow
from schemas.papers.register import ControlSlip, Deed, Effort, Hand, Holder
from schemas.translate import said
from views.registers.papers import control_slip

app = group("papers")


@app.command()
def control(which: WhichFiling, *, as_json: AsJson = False) -> None:
    record = ask(lambda connection: found(connection, which))
    baseline = published_version(f"{record.procedure}@{record.version}").baseline
    slip = unsealed(lambda log: control_slip(log, filing_workflow(record.filing_id), baseline))
    rows = [(n, slip, hand) for n, hand in enumerate(slip.hands, 1)]
    show_all(rows, _COLUMNS, *_effort(slip.effort), as_json=as_json, data=slip.model_dump(mode="json"))


def _who(slip: ControlSlip, hand: Hand) -> str:
    queued = in_words(said("command.control.queued")) if hand.holder is Holder.OFFICER else ""
    acting = said("command.control.acting", officer=_named(slip, hand.acting_for)) if hand.acting_for else ""
    name = _named(slip, hand.subject or hand.accountable) or queued
    return lines(line for line in (who(hand), name, acting, hand.agency) if line)


def _named(slip: ControlSlip, subject: str | None) -> str:
    """Returns an officer's name in the directory, else their subject in the log."""
    return "" if subject is None else slip.officers.get(subject, subject)


def _deed(slip: ControlSlip, hand: Hand, deed: Deed) -> str:
    by = somebody_else(hand, deed)
    return in_words(deed_name(deed)) + (f" ({_named(slip, by)})" if by else "")


_COLUMNS: Final = columns(
    "n:0",
    Column("since", lambda row: row[2].since),
    Column("until", lambda row: row[2].until or "…"),
    Column("hours", lambda row: "{}:{:02}".format(*divmod(row[2].working_minutes, 60))),
    Column("who", lambda row: _who(row[1], row[2])),
    Column("stage", lambda row: row[2].part or row[2].step),
    Column("done", lambda row: lines(_deed(row[1], row[2], deed) for deed in row[2].done)),
    Column("due", lambda row: row[2].due),
    Column("in_time", lambda row: row[2].outcome and OUTCOME_NAMES[row[2].outcome]),
)


def _effort(effort: Effort) -> Iterator[Text]:
    known = effort.baseline
    days, visits = ("?", "?") if known is None else (known.working_days, known.visits)
    counts = {"days": effort.working_days, "visits": effort.visits}
    yield said("command.control.effort", **counts, days_before=days, visits_before=visits)
    if known is None:
        yield said("command.control.no_baseline")
