"""The report of a run: lines and a table for people, JSON for machines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any, Final

from rich.markup import escape
from rich.table import Column, Table

from demo.player import Played
from demo.running import Outcome, Verdict
from motcua.cli.language import in_words
from operations.commands.ledger.ledger import summary, where
from schemas.filing.state import STATUS_NAMES
from schemas.translate import in_dong, said, written

Json = dict[str, Any]


def ended_line(played: Played) -> str:
    """Returns the progress line of an ended filing."""
    what = played.code or (in_words(said("demo.refused")) if played.refusal else "–")
    return f"{in_words(written(played.seconds, '6.1f'))} s  {what}  {in_words(played.scenario.title)}"


_TITLES: Final = (
    ("label.code", True),
    ("label.procedure", True),
    ("label.level", False),
    ("label.path", True),
    ("label.status", False),
    ("label.fee", False),
    ("label.result", False),
    ("label.seconds", False),
)
"""The columns of the table by label, and whether their cells are never broken."""


def table(outcome: Outcome) -> Table:
    """Returns a table with a row for every filing."""
    found = Table(
        "",
        *(Column(in_words(said(name)), no_wrap=whole) for name, whole in _TITLES),
    )
    for verdict in outcome.verdicts:
        row = as_json(verdict)
        mark = "[red]✗[/]" if verdict.problems else "[green]✓[/]"
        cells = (
            row["code"] or "–",
            row["procedure"],
            _level(row),
            _path(row),
            _status(verdict),
            _fee(row),
            _result(row),
        )
        found.add_row(mark, *(escape(cell) for cell in cells), in_words(written(verdict.played.seconds, ".1f")))
    return found


def summary_lines(outcome: Outcome) -> Iterator[str]:
    """Yields the problems by filing, then the summaries of the ledger, the bank and the whole run."""
    wrong = [verdict for verdict in outcome.verdicts if verdict.problems]
    for verdict in wrong:
        played = verdict.played
        for problem in verdict.problems:
            yield f"[red]✗ {played.scenario.name}[/] {played.code or played.filing_id}: {escape(problem)}"
    for broken in outcome.ledger.problems:
        yield f"[red]✗ {escape(where(broken))}[/] {escape(broken.message)}"
    yield in_words(summary(outcome.ledger))
    money = outcome.money
    yield in_words(said("demo.bank", paid=money.paid_fees, captures=money.captures))
    right, every = len(outcome.verdicts) - len(wrong), len(outcome.verdicts)
    colour = "green" if outcome.ok else "red"
    yield f"[{colour}]{in_words(said('demo.right', right=right, every=every))}[/]"


def document(outcome: Outcome) -> Json:
    """Returns the whole run as a JSON object."""
    report, money = outcome.ledger, outcome.money
    return {
        "filings": [as_json(verdict) for verdict in outcome.verdicts],
        "ledger": asdict(report),
        "bank": {
            "paid_fees": money.paid_fees,
            "captures": money.captures,
            "one_capture_each": money.one_capture_each,
        },
        "ok": outcome.ok,
    }


def as_json(verdict: Verdict) -> Json:
    """Returns one filing as a JSON object. A refused submission has no code, path or status."""
    played, told = verdict.played, verdict.recorded
    filing = told.filing if told else None
    fee = filing.fee if filing else None
    return {
        "scenario": played.scenario.name,
        "code": played.code,
        "filing_id": str(played.filing_id),
        "procedure": played.scenario.procedure,
        "version": played.version,
        "level": int(filing.level) if filing else None,
        "channel": str(played.scenario.channel),
        "path": [int(status) for status in told.path] if told else [],
        "events": list(told.kinds) if told else [],
        "status": int(told.path[-1]) if told else None,
        "fee": fee.amount if fee else None,
        "fee_channel": str(fee.channel) if fee else None,
        "fee_state": str(fee.state) if fee else None,
        "result_channel": str(filing.result_channel) if filing else None,
        "handed_over": str(told.handed_over) if told and told.handed_over else None,
        "refusal": [problem.rule for problem in played.refusal.problems] if played.refusal else None,
        "ok": not verdict.problems,
        "seconds": round(played.seconds, 2),
        "problems": verdict.problems,
    }


def _level(row: Json) -> str:
    return "–" if row["level"] is None else f"{row['level']} {row['channel']}"


def _path(row: Json) -> str:
    return "→".join(map(str, row["path"])) or "–"


def _status(verdict: Verdict) -> str:
    if verdict.recorded is None:
        return in_words(said("demo.refused")) if verdict.played.refusal else "–"
    return in_words(STATUS_NAMES[verdict.recorded.path[-1]])


def _fee(row: Json) -> str:
    return "–" if row["fee"] is None else f"{in_words(in_dong(row['fee']))} {row['fee_channel']} {row['fee_state']}"


def _result(row: Json) -> str:
    if row["handed_over"] in {None, row["result_channel"]}:
        return row["handed_over"] or "–"
    return f"{row['result_channel']} → {row['handed_over']}"
