"""`motcua till`: the cash drawers at the counters, opened with some change, counted and closed."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Any, Final, TypeVar

import typer

from console.database import Connection, ask
from motcua.cli.answer import Column, columns, dong, lines, show_all, show_one
from motcua.cli.answer import when as moment
from motcua.cli.help import group
from motcua.cli.language import in_words
from motcua.cli.options import Actor, Agency, AsJson, order
from motcua.cli.running import Exit, fail, plain, there
from operations import tills as handling
from rules.papers.register import period
from schemas.filing.commands import Command
from schemas.money.till import CloseTill, CountTill, OpenTill, Till, TillShown
from schemas.translate import said
from views.registers.money import till_of, tills

app = group("till")

Number = Annotated[str, typer.Argument(metavar="NUMBER", help="option.till.number")]
C = TypeVar("C", bound=Command)


@app.command("open")
def open_(
    desk: Annotated[str, typer.Argument(metavar="DESK", help="option.till.desk")],
    *,
    actor: Actor,
    change: Annotated[int, typer.Option("--float", metavar="DONG", min=0, help="option.till.float")] = 0,
    as_json: AsJson = False,
) -> None:
    _done(OpenTill, handling.open_, actor, {"desk": desk, "change_fund": change}, as_json=as_json)


@app.command()
def count(
    number: Number,
    *,
    actor: Actor,
    total: Annotated[int | None, typer.Option("--total", metavar="DONG", min=0, help="option.till.total")] = None,
    note: Annotated[list[str] | None, typer.Option("--note", metavar="VALUE=N", help="option.till.note")] = None,
    as_json: AsJson = False,
) -> None:
    notes = None if not note else _notes(note)
    _done(CountTill, handling.count, actor, {"till": number, "total": total, "notes": notes}, as_json=as_json)


@app.command()
def close(
    number: Number,
    *,
    actor: Actor,
    reason: Annotated[str | None, typer.Option("--reason", metavar="TEXT", help="option.till.reason")] = None,
    as_json: AsJson = False,
) -> None:
    _done(CloseTill, handling.close, actor, {"till": number, "reason": reason}, as_json=as_json)


@app.command("list")
def list_tills(
    agency: Agency,
    when: Annotated[str | None, typer.Argument(metavar="[PERIOD]", help="option.till.period")] = None,
    *,
    as_json: AsJson = False,
) -> None:
    asked = None if when is None else period(when)
    if when is not None and asked is None:
        fail(said("refused.period", period=when), Exit.USAGE)
    found = ask(lambda connection: tills(connection, agency, asked))
    show_all(found, _TILL, as_json=as_json, data=[_plain(one) for one in found])


@app.command()
def show(number: Number, *, as_json: AsJson = False) -> None:
    found = there(ask(lambda connection: till_of(connection, number)), said("refused.tills.none", number=number))
    _show(found, as_json=as_json)


def _done(
    model: type[C],
    work: Callable[[Connection, C], Awaitable[TillShown]],
    actor: str,
    fields: dict[str, Any],
    *,
    as_json: bool,
) -> None:
    command = order(model, actor, **fields)
    _show(ask(lambda connection: work(connection, command)), as_json=as_json)


def _notes(given: list[str]) -> dict[str, str]:
    """Parses counts of notes: `500000=3` is three notes of 500,000 đồng. A mistake ends the command."""
    pairs = [one.partition("=") for one in given]
    notes = {note: n for note, _, n in pairs if note.isdecimal() and n.isdecimal()}
    if len(notes) < len(pairs):  # a pair is no such pair, or a note is there twice
        fail(said("refused.tills.note"), Exit.USAGE)
    return notes


def _plain(till: Till) -> dict[str, object]:
    difference = None if till.closing is None else till.closing.difference
    return dict(plain(till)) | {"expected": till.expected, "difference": difference}


_TILL: Final = columns(
    "n:number desk cashier opened:opened_at float:change_fund|dong taken|dong given|dong expected|dong",
    Column("counted", lambda till: till.counts[-1].counted if till.counts else None, dong),
    "difference:closing.difference|dong closed:closing.closed_at",
)
_WHOLE: Final = columns(
    *_TILL,
    "reason:closing.reason",
    Column("counts", lambda till: lines(_moved(one.counted_at, one.officer, one.counted) for one in till.counts)),
    Column("cash", lambda till: lines(_moved(one.at, one.code or one.stream, one.amount) for one in till.cash)),
)


def _moved(at: datetime, by: str, amount: int) -> str:
    return f"{moment(at)} {by} {in_words(dong(amount))}"


def _show(till: TillShown, *, as_json: bool) -> None:
    show_one(till, _WHOLE, as_json=as_json, data=_plain(till))
