"""The report of a run: lines and a table for people, JSON for machines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from rich.markup import escape
from rich.table import Column, Table

from demo.player import Played
from demo.running import Outcome, Verdict
from motcua.cli.language import in_words
from operations.commands.ledger.ledger import summary, where
from schemas.filing.state import STATUS_NAMES

Json = dict[str, Any]


def ended_line(played: Played) -> str:
    """Returns the progress line of an ended filing."""
    what = played.code or ("từ chối / refused" if played.refusal else "–")
    return f"{played.seconds:6.1f} s  {what}  {played.scenario.title.vi} / {played.scenario.title.en}"


def table(outcome: Outcome) -> Table:
    """Returns a table with a row for every filing."""
    found = Table(
        "",
        Column("Mã hồ sơ / Code", no_wrap=True),
        Column("Thủ tục / Procedure", no_wrap=True),
        "Mức / Level",
        Column("Đường đi / Path", no_wrap=True),
        "Trạng thái / Status",
        "Phí / Fee",
        "Kết quả / Result",
        "Giây / s",
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
        found.add_row(mark, *(escape(cell) for cell in cells), f"{row['seconds']:.1f}")
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
    yield (
        f"Ngân hàng / Bank: {money.paid_fees} khoản nộp trực tuyến / payments online, "
        f"{money.captures} lần thu / captures"
    )
    right, every = len(outcome.verdicts) - len(wrong), len(outcome.verdicts)
    colour = "green" if outcome.ok else "red"
    yield f"[{colour}]{right}/{every} hồ sơ kết thúc đúng như phải có / filings ended exactly as they must[/]"


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
    played, told = verdict.played, verdict.told
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
    if verdict.told is None:
        return "bị từ chối / refused" if verdict.played.refusal else "–"
    name = STATUS_NAMES[verdict.told.path[-1]]
    return f"{name.vi} / {name.en}"


def _fee(row: Json) -> str:
    return "–" if row["fee"] is None else f"{row['fee']:,} đ {row['fee_channel']} {row['fee_state']}"


def _result(row: Json) -> str:
    if row["handed_over"] in {None, row["result_channel"]}:
        return row["handed_over"] or "–"
    return f"{row['result_channel']} → {row['handed_over']}"
