"""`motcua till`: the cash drawers at the counters: opened with an initial float, counted and closed.

Openings, counts and closings are rows that never change. During a count or a closing, the till's cash movements wait.
"""

import json
from datetime import UTC, datetime
from typing import Annotated, Final

import typer

from activities.ledger.authority.officers import active
from console.agencies import see_agency
from console.database import Connection, ask
from console.operators import refuse_if
from motcua.cli.answer import Column, columns, dong, in_figures, lines, show_all, show_one
from motcua.cli.help import group
from motcua.cli.language import in_words
from motcua.cli.options import Actor, Agency, AsJson, order
from motcua.cli.running import Exit, fail, plain, there
from rules import till as rules
from rules.officers import role_is
from rules.papers.register import period
from rules.require import require
from rules.rule import refuse
from rules.time.working_time import VIETNAM
from schemas.errors import Problem, RefusalCode, problem, refused
from schemas.filing.commands import Command
from schemas.money.till import CloseTill, CountTill, OpenTill, Till, TillShown
from schemas.names import ROLE_NAMES
from schemas.people import Role
from schemas.translate import said
from views.registers.money import till_of, tills


async def open_till(connection: Connection, command: OpenTill) -> TillShown:
    """Opens a till. Idempotent by the command's id. Raises `RefusalError`."""
    actor = command.actor
    refuse_if(role_is(actor, Role.CASHIER))
    async with connection.transaction():
        await connection.execute("select pg_advisory_xact_lock(hashtextextended($1, 0))", f"till {actor.agency}")
        if (opened := await connection.fetchval(_OPENED, command.command_id)) is None:
            await _officer(connection, command)
            if not await connection.fetchval("select tills from agency where agency = $1", actor.agency):
                raise refuse(problem("actor.agency", "no_tills"))
            if (other := await connection.fetchval(_OTHER, actor.agency, actor.subject, command.desk)) is not None:
                raise refuse(problem("", "till_open_already", till=other))
            day = f"{actor.agency}-{datetime.now(UTC).astimezone(VIETNAM):%Y%m%d}-Q"
            row = (actor.agency, command.desk, actor.subject)
            opened = await connection.fetchval(_OPEN, day, *row, command.change_fund, command.command_id)
            await connection.execute(_NOW_OPEN, opened, *row)
        return require(await till_of(connection, opened))


async def count_till(connection: Connection, command: CountTill) -> TillShown:
    """Records a count of a till's cash. Idempotent by the command's id. Raises `RefusalError`."""
    async with connection.transaction():
        till = await _held(connection, command, command.till)
        if not await connection.fetchval(_COUNTED, command.command_id):
            refuse_if(rules.may_handle(till, command.actor))
            notes = None if command.notes is None else json.dumps(command.notes)
            row = (command.actor.subject, command.counted, notes, till.movements, command.command_id)
            await connection.execute(_COUNT, till.number, len(till.counts) + 1, till.agency, *row)
        return require(await till_of(connection, till.number))


async def close_till(connection: Connection, command: CloseTill) -> TillShown:
    """Closes a till. Idempotent by the command's id. Raises `RefusalError`."""
    async with connection.transaction():
        till = await _held(connection, command, command.till)
        if not await connection.fetchval(_CLOSED, command.command_id):
            refuse_if(rules.may_handle(till, command.actor))
            last = rules.last_count(till, command)
            if isinstance(last, Problem):
                raise refuse(last)
            row = (command.actor.subject, till.expected, last.counted, command.reason, command.command_id)
            await connection.execute(_CLOSE, till.number, till.agency, *row)
            await connection.execute("delete from till_open where number = $1", till.number)
        return require(await till_of(connection, till.number))


async def _held(connection: Connection, command: CountTill | CloseTill, number: str) -> TillShown:
    """Returns the till, locked against cash movements until the transaction ends."""
    await connection.execute(_HOLD, number)
    till = await till_of(connection, number)
    if till is None:
        raise refuse(problem("till", "unknown_till"))
    await _officer(connection, command)
    return till


async def _officer(connection: Connection, command: Command) -> None:
    actor = command.actor
    if not await active(connection, str(actor.agency), actor.subject, actor.role):
        why = problem("actor", "not_in_directory", role_name=ROLE_NAMES[actor.role])
        raise refused(RefusalCode.NOT_AUTHORISED, why)


_OPENED: Final = "select number from till where command_id = $1"
_OTHER: Final = "select number from till_open where agency = $1 and (cashier = $2 or desk = $3) limit 1"
_OPEN: Final = """
insert into till (number, agency, desk, cashier, change_fund, command_id)
select $1 || (select count(*) + 1 from till where starts_with(number, $1)), $2, $3, $4, $5, $6 returning number
"""
_NOW_OPEN: Final = "insert into till_open (number, agency, desk, cashier) values ($1, $2, $3, $4)"
_HOLD: Final = "select from till_open where number = $1 for update"
_COUNTED: Final = "select exists (select from till_count where command_id = $1)"
_COUNT: Final = """
insert into till_count (till, n, agency, officer, counted, notes, movements, command_id)
values ($1, $2, $3, $4, $5, $6::jsonb, $7, $8)
"""
_CLOSED: Final = "select exists (select from till_closing where command_id = $1)"
_CLOSE: Final = """
insert into till_closing (till, agency, officer, expected, counted, reason, command_id)
values ($1, $2, $3, $4, $5, $6, $7)
"""


app = group("till")

Number = Annotated[str, typer.Argument(metavar="NUMBER", help="option.till.number")]


@app.command("open")
def open_(
    desk: Annotated[str, typer.Argument(metavar="DESK", help="option.till.desk")],
    *,
    actor: Actor,
    change: Annotated[int, typer.Option("--float", metavar="DONG", min=0, help="option.till.float")] = 0,
    as_json: AsJson = False,
) -> None:
    command = order(OpenTill, actor, desk=desk, change_fund=change)
    _show(ask(lambda connection: open_till(connection, command)), as_json=as_json)


@app.command()
def count(
    number: Number,
    *,
    actor: Actor,
    total: Annotated[int | None, typer.Option("--total", metavar="DONG", min=0, help="option.till.total")] = None,
    note: Annotated[list[str] | None, typer.Option("--note", metavar="VALUE=N", help="option.till.note")] = None,
    as_json: AsJson = False,
) -> None:
    pairs = [one.partition("=") for one in note or ()]  # `500000=3`: three notes of 500,000 đồng
    notes = {value: n for value, _, n in pairs if value.isdecimal() and n.isdecimal()}
    if len(notes) < len(pairs):  # a malformed pair, or the same note twice
        fail(said("refused.tills.note"), Exit.USAGE)
    command = order(CountTill, actor, till=number, total=total, notes=notes or None)
    _show(ask(lambda connection: count_till(connection, command)), as_json=as_json)


@app.command()
def close(
    number: Number,
    *,
    actor: Actor,
    reason: Annotated[str | None, typer.Option("--reason", metavar="TEXT", help="option.till.reason")] = None,
    as_json: AsJson = False,
) -> None:
    command = order(CloseTill, actor, till=number, reason=reason)
    _show(ask(lambda connection: close_till(connection, command)), as_json=as_json)


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
    see_agency(agency)
    found = ask(lambda connection: tills(connection, agency, asked))
    show_all(found, _TILL, as_json=as_json, data=[_plain(one) for one in found])


@app.command()
def show(number: Number, *, as_json: AsJson = False) -> None:
    found = there(ask(lambda connection: till_of(connection, number)), said("refused.tills.none", number=number))
    _show(found, as_json=as_json)


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
    return f"{in_figures(at)} {by} {in_words(dong(amount))}"


def _show(till: TillShown, *, as_json: bool) -> None:
    show_one(till, _WHOLE, as_json=as_json, data=_plain(till))
