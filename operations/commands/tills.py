"""`motcua till`: the cash at the counters, opened with some change, counted and closed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Final, TypeVar

import typer

from motcua.cli.answer import Column, columns, dong, lines, show_all, show_one
from motcua.cli.answer import when as moment
from motcua.cli.filings import actor_of
from motcua.cli.language import in_words
from motcua.cli.running import AsJson, Exit, fail, parse, plain
from motcua.client import command_id
from operations import tills as handling
from operations.commands.database import Connection, ask
from operations.commands.help_words import group
from rules.papers.register import period
from schemas.filing.commands import Command
from schemas.till import CloseTill, CountTill, OpenTill, Till, TillShown
from views.tills import till_of, tills

app = group("till")

Number = Annotated[str, typer.Argument(metavar="NUMBER", help="The till's number, as `till open` has told it.")]
By = Annotated[
    str, typer.Option("--as", "--actor", metavar="ROLE:SUBJECT@AGENCY", help="Its cashier, or a leader of the agency.")
]
C = TypeVar("C", bound=Command)


@app.command("open")
def open_(
    desk: Annotated[str, typer.Argument(metavar="DESK", help="The counter, as the agency names it.")],
    *,
    actor: Annotated[
        str, typer.Option("--as", "--actor", metavar="ROLE:SUBJECT@AGENCY", help="The cashier who works there.")
    ],
    change: Annotated[int, typer.Option("--float", metavar="ĐỒNG", min=0, help="The change that is in it.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Open a till, as a cashier of an agency whose directory says `tills: true`; one for a cashier and for a desk.

    Example: `motcua till open 3 --float 500000 --as cashier:h01.12-cashier-1@H01.12`
    """
    _done(OpenTill, handling.open_, actor, {"desk": desk, "change_fund": change}, as_json=as_json)


@app.command()
def count(
    number: Number,
    *,
    actor: By,
    total: Annotated[int | None, typer.Option("--total", metavar="ĐỒNG", min=0, help="What is in it.")] = None,
    note: Annotated[list[str] | None, typer.Option("--note", metavar="VALUE=N", help="So many of a note.")] = None,
    as_json: AsJson = False,
) -> None:
    """Record what is in a till: the total, or how many of each note. It may be counted often; the last one counts.

    Example: `motcua till count H01.12-20261127-Q1 --note 500000=3 --note 20000=7 --as cashier:h01.12-cashier-1@H01.12`
    """
    notes = None if not note else _notes(note)
    _done(CountTill, handling.count, actor, {"till": number, "total": total, "notes": notes}, as_json=as_json)


@app.command()
def close(
    number: Number,
    *,
    actor: By,
    reason: Annotated[
        str | None, typer.Option("--reason", metavar="TEXT", help="Why it is not what it should be.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Close a till, as it was counted last, after all of its cash. What is too much or missing needs a reason.

    Example: `motcua till close H01.12-20261127-Q1 --as cashier:h01.12-cashier-1@H01.12`
    """
    _done(CloseTill, handling.close, actor, {"till": number, "reason": reason}, as_json=as_json)


@app.command("list")
def list_tills(
    agency: Annotated[str, typer.Argument(metavar="AGENCY", help="The code of the agency.")],
    when: Annotated[
        str | None,
        typer.Argument(metavar="[PERIOD]", help="A month, as 2026-11, or a year; without it, those that are open."),
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """List the tills of an agency that are open, or all that were opened in a month or a year.

    Examples: `motcua till list H01.12`, `motcua till list H01.12 2026-11 --json`
    """
    asked = None if when is None else period(when)
    if when is not None and asked is None:
        fail(f"{when}: viết 2026-11 hoặc 2026 / a period is written 2026-11 or 2026", Exit.USAGE)

    async def read(connection: Connection) -> list[Till]:
        return await tills(connection, agency, asked)

    found = ask(read)
    show_all(found, _TILL, as_json=as_json, data=[_plain(one) for one in found])


@app.command()
def show(number: Number, *, as_json: AsJson = False) -> None:
    """Show one till: all cash that went through it, its counts, and how it was closed.

    Example: `motcua till show H01.12-20261127-Q1`
    """

    async def read(connection: Connection) -> TillShown | None:
        return await till_of(connection, number)

    found = ask(read)
    if found is None:
        fail(f"không có quầy thu số {number} / there is no till of this number", Exit.NOT_AVAILABLE)
    _show(found, as_json=as_json)


def _done(
    model: type[C],
    work: Callable[[Connection, C], Awaitable[TillShown]],
    actor: str,
    said: dict[str, object],
    *,
    as_json: bool,
) -> None:
    command = parse(
        model, {"command_id": command_id(), "actor": actor_of(actor), "via": {"principal": "motcua"}} | said
    )
    _show(ask(lambda connection: work(connection, command)), as_json=as_json)


def _notes(given: list[str]) -> dict[str, str]:
    """`500000=3` for three notes of 500,000 đồng."""
    pairs = [one.partition("=") for one in given]
    if any(not (equals and note.isdecimal() and n.isdecimal()) for note, equals, n in pairs) or len(
        {note for note, _, __ in pairs}
    ) < len(pairs):
        fail("viết --note 500000=3, mỗi mệnh giá một lần / write --note 500000=3, each note once", Exit.USAGE)
    return {note: n for note, _, n in pairs}


def _plain(till: Till) -> dict[str, object]:
    """With what follows from what it says."""
    difference = None if till.closing is None else till.closing.difference
    return dict(plain(till)) | {"expected": till.expected, "difference": difference}


def _counted(till: Till) -> int | None:
    return till.counts[-1].counted if till.counts else None


_TILL: Final = columns(
    "n:number desk cashier opened:opened_at float:change_fund|dong taken|dong given|dong expected|dong",
    Column("counted", _counted, dong),
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
