"""`motcua papers control`: through whose hands a filing went."""

from __future__ import annotations

import typer
from rich.markup import escape
from rich.table import Table

from activities.ledger.vault import Vault
from motcua.cli.answer import when
from motcua.cli.running import AsJson, Exit, fail, out, print_json
from operations.commands.database import Connection, ask
from operations.commands.ledger import master_key
from operations.commands.printing import wide
from operations.commands.publishing.procedures import published_version
from operations.commands.record import Which, found
from rules.papers.custody.words import deed_name, outcome_name, somebody_else, who
from rules.streams import KINDS
from schemas.base import Text
from schemas.hands import ControlSlip, Deed, Effort, Hand, Holder
from schemas.ids import filing_workflow
from schemas.publishing.procedure import Baseline
from schemas.reading import FilingRecord
from views.control import control_slip
from views.log import Log, UnfoldableError

app = typer.Typer()

_HOUR = 60


@app.command()
def control(which: Which, *, as_json: AsJson = False) -> None:
    """Print a filing's control slip: whoever had it, from when to when, for how much office time, and what they did.

    Officers stand there by name, the applicant does not. What the system did by itself bears the name of the officer
    who answers for it. Below: working days and visits to the counter, against what the procedure took at level 1.

    Needs MOTCUA_DATABASE_URL and MOTCUA_MASTER_KEY, or the stack of this folder.

    Examples: `motcua papers control H01.12-20261125-0000001`, `motcua papers control H01.12-20261125-0000001 --json`
    """
    record = ask(lambda connection: found(connection, which))
    slip = _slip(record, published_version(f"{record.procedure}@{record.version}").baseline)
    if as_json:
        print_json(slip.model_dump(mode="json"))
        return
    wide().print(_table(slip))
    out().print(_effort(slip.effort))


def _slip(record: FilingRecord, baseline: Baseline | None) -> ControlSlip:
    master = master_key()

    async def look(connection: Connection) -> ControlSlip:
        log = Log(connection, Vault(master).find, KINDS)
        return await control_slip(log, filing_workflow(record.filing_id), baseline)

    try:
        return ask(look)
    except UnfoldableError as error:
        fail(f"không đọc được hồ sơ / the filing can't be read: {error}", Exit.REFUSED)


def _table(slip: ControlSlip) -> Table:
    columns = ("#", "Từ / Since", "Đến / Until", "Giờ / Hours", "Ai / Who", "Bước / Step", "Việc / Done", "Hạn / Limit")
    table = Table(*columns, title=f"Phiếu kiểm soát / Control slip {slip.code}")
    for n, hand in enumerate(slip.hands, 1):
        hours = f"{hand.working_minutes // _HOUR}:{hand.working_minutes % _HOUR:02}"
        step, until = hand.part or hand.step or "", "…" if hand.until is None else when(hand.until)
        words = (_who(slip, hand), step, "\n".join(_deed(slip, hand, deed) for deed in hand.done))
        table.add_row(str(n), when(hand.since), until, hours, *map(escape, words), _limit(hand))
    return table


def _who(slip: ControlSlip, hand: Hand) -> str:
    queued = "(chưa ai nhận / in the queue)" if hand.holder is Holder.OFFICER else ""
    acting = f" (thay / for {_named(slip, hand.acting_for)})" if hand.acting_for else ""
    name = _named(slip, hand.subject or hand.accountable) or queued
    return "\n".join(line for line in (_both(who(hand)), name + acting, hand.agency) if line)


def _named(slip: ControlSlip, subject: str | None) -> str:
    """By the name that the directory has, else as the log does."""
    return "" if subject is None else slip.officers.get(subject, subject)


def _deed(slip: ControlSlip, hand: Hand, deed: Deed) -> str:
    """What was done, and by whom where that is not whoever had it."""
    by = somebody_else(hand, deed)
    return _both(deed_name(deed)) + (f" ({_named(slip, by)})" if by else "")


def _limit(hand: Hand) -> str:
    due = "" if hand.due is None else when(hand.due)
    return due if hand.outcome is None else f"{due}\n{_both(outcome_name(hand.outcome))}"


def _effort(effort: Effort) -> str:
    known = effort.baseline
    days, visits = ("?", "?") if known is None else (known.working_days, known.visits)
    unknown = "" if known else "; thủ tục chưa ghi mốc mức độ 1 / the procedure states no level-1 baseline"
    return (
        f"{effort.working_days} ngày làm việc / working days (mức độ / level 1: {days}), "
        f"{effort.visits} lượt đến quầy / visits to a counter (mức độ / level 1: {visits}){unknown}"
    )


def _both(text: Text) -> str:
    return f"{text.vi} / {text.en}"
