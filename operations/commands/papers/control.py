"""`motcua papers control`: through whose hands a filing went."""

from __future__ import annotations

from datetime import datetime

import typer
from rich.markup import escape
from rich.table import Table

from activities.ledger.vault import Vault
from motcua.cli.running import AsJson, Exit, fail, out, print_json
from motcua.cli.showing import when
from operations.commands.database import Connection, ask
from operations.commands.ledger import master_key
from operations.commands.printing import wide
from operations.commands.publishing.procedures import published_version
from operations.commands.record import Which, found
from rules.papers.hand_words import deed_name, outcome_name, who
from rules.streams import KINDS
from schemas.base import Text
from schemas.hands import ControlSlip, Deed, Effort, Hand
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
        step = hand.part or hand.step or ""
        table.add_row(
            str(n), when(hand.since), _moment(hand.until), hours, escape(_who(hand)), step, _done(hand), _limit(hand)
        )
    return table


def _moment(moment: datetime | None) -> str:
    return when(moment) if moment else "…"


def _who(hand: Hand) -> str:
    acting = f" (thay / for {hand.acting_for})" if hand.acting_for else ""
    name = hand.subject or hand.accountable
    lines = (_both(who(hand)), None if name is None else name + acting, hand.agency)
    return "\n".join(line for line in lines if line)


def _done(hand: Hand) -> str:
    return escape("\n".join(_deed(hand, deed) for deed in hand.done))


def _deed(hand: Hand, deed: Deed) -> str:
    """What was done, and by whom where that is not whoever had it."""
    by = deed.subject or deed.accountable
    own = by is None or by in {hand.subject, hand.accountable}
    return _both(deed_name(deed)) + ("" if own else f" ({by})")


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
