"""`motcua board`: the state of all filings, refreshed until Ctrl-C; `motcua tasks`: the officers' queues."""

import asyncio
import shlex
import signal
import sys
from collections import Counter, deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Annotated, Final, TypeVar

import typer
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.live import Live
from rich.markup import escape
from rich.table import Table
from temporalio.client import Client
from temporalio.service import RPCError

from console.agencies import see_agency
from console.database import APPLICATION, TIMEOUT, Connection, address, answered, ask
from motcua.cli.answer import Column, Whole, columns, in_figures, show_all
from motcua.cli.language import in_words
from motcua.cli.options import AsJson, OfAgency
from motcua.cli.running import out, print_json, use_stack_here
from motcua.cli.showing import late
from motcua.connection import connect
from motcua.errors import MotcuaError
from recovery.stalled import count_reported, reports_problems
from rules.streams import KINDS
from rules.time.working_time import VIETNAM, local_day
from schemas.base import Text
from schemas.filing.state import STATUS_NAMES, Status
from schemas.ids import StreamId
from schemas.payment.state import PaymentState
from schemas.people import OFFICERS, Role
from schemas.reading import AskTasks, Board, Count, TaskSummary
from schemas.translate import said, written
from views import primary
from views.log import DATABASE_ERRORS, Log, no_keys
from views.officer import tasks as read_tasks
from views.operator import board as read_board

K = TypeVar("K", bound=Hashable)

_EVENTS: Final = 3
"""The minimum number of events on the board. A screen too low for this number cuts off the lowest lines."""

_OPEN: Final = tuple(sorted(STATUS_NAMES.keys() - {Status.NOT_ACCEPTED, Status.WITHDRAWN, Status.RETURNED}))
"""The statuses of open filings."""

_AGENCIES: Final = len(_OPEN) - 1
"""The number of agencies in the table beside the statuses: with a line for all others, both tables are as high."""

SPAN: Final = timedelta(seconds=10)
"""The time over which the rate is averaged. The database updates its counter too unevenly for a shorter time."""

FAILURES: Final = (OSError, TimeoutError, *DATABASE_ERRORS)

_STATES: Final = (PaymentState.PENDING, PaymentState.PAID, PaymentState.EXPIRED, PaymentState.CANCELLED)


@dataclass(frozen=True)
class Picture:
    """The board of one agency, or of all, for printing: in full to a file; to a screen, as much as fits.

    `every`: seconds between readings, None for a file; `pace`: appends per second; `lost`: the last reading's error.
    """

    board: Board
    agency: str | None = None
    every: float | None = None
    pace: float | None = None
    lost: str | None = None

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Lays the board out for the terminal's present size. In a small terminal, omits agencies, then events."""
        room, board = console.height if self.every else None, self.board
        agencies = _agencies(board, None if room is None else max(_AGENCIES, room // 6))
        above = Group(self._title(), "", self._figures(), "", _pair(console, _statuses(board), agencies), "")
        below = _pair(console, _money(board), _newest(board, None))
        if room is not None:
            over = sum(len(console.render_lines(part, options)) for part in (above, below)) - room
            below = _pair(console, _money(board), _newest(board, max(_EVENTS, len(board.newest) - max(0, over))))
        yield above
        yield below

    def _title(self) -> RenderableType:
        whose = _words("command.board.all_agencies") if self.agency is None else escape(self.agency)
        ending = "" if self.every is None else f"  [dim]{self.every:g} s, Ctrl-C[/]"
        as_of = in_figures(self.board.as_of)
        line = f"[bold]motcua[/]  {whose}  [bold]{as_of}[/]{ending}"
        return line if self.lost is None else Group(line, f"[bold red]{_words('command.board.silent')}: {self.lost}[/]")

    def _figures(self) -> Table:
        board = self.board
        of_all = "" if self.agency is None else f", {_words('command.board.of_all')}"
        pace = "–" if self.pace is None else in_words(written(self.pace, ",.1f"))
        stalled = "?" if board.stalled is None else _alarm(board.stalled)
        figures = (
            (_words("label.open"), in_figures(sum(one.filings for one in board.counts))),
            (_words("label.late"), _alarm(sum(one.late for one in board.counts))),
            (_words("label.tasks"), in_figures(board.tasks)),
            (_words("label.due_today"), in_figures(board.due_today)),
            (_words("label.late_tasks"), _alarm(board.late)),
            (_words("label.stalled") + of_all, stalled),
            (_words("label.appends") + of_all, pace),
        )
        table = _table(*(name for name, _ in figures), words=0)
        table.add_row(*(f"[bold]{figure}[/]" for *_, figure in figures))
        return table


def _statuses(board: Board) -> Table:
    table = _table(*map(_words, ("label.status", "label.open", "label.late")))
    filings, late = _sums(board, lambda one: one.status)
    for status in _OPEN:
        name = f"{status.value} {in_words(STATUS_NAMES[status])}"
        table.add_row(name, _number(filings[status]), _alarm(late[status]))
    return table


def _agencies(board: Board, most: int | None) -> Table:
    """Returns a table of filings by agency and status: at most `most` agencies, those with the most late filings."""
    numbers = (str(status.value) for status in _OPEN)
    table = _table(_words("label.agency"), *numbers, _words("label.all"), _words("label.late"))
    filings, late = _sums(board, lambda one: one.agency)
    at, _ = _sums(board, lambda one: (one.agency, one.status))
    ordered = sorted(filings, key=lambda agency: (-late[agency], -filings[agency], agency))
    for agency in ordered[:most]:
        cells = (_number(at[agency, status]) for status in _OPEN)
        table.add_row(escape(agency), *cells, _number(filings[agency]), _alarm(late[agency]))
    if most is not None and len(ordered) > most:
        table.add_row(f"[dim]… +{len(ordered) - most}[/]")
    return table


def _money(board: Board) -> Table:
    table = _table(*map(_words, ("label.payments", "label.count", "label.owed", "label.captured", "label.refunded")))
    found = {money.state: money for money in board.money}
    for state in dict.fromkeys((*_STATES, *found)):
        money = found.get(state)
        figures = (money.payments, money.asked, money.captured, money.refunded) if money else (0,) * 4
        name = _words(f"command.board.{state}") if state in _STATES else escape(state)
        table.add_row(name, *map(_number, figures))
    return table


def _newest(board: Board, most: int | None) -> Table:
    headers = ("label.when", "label.agency", "label.filing", "label.stream", "label.event")
    table = _table(*map(_words, headers), words=5)
    today = local_day(board.as_of)
    for event in board.newest[:most]:
        local = event.at.astimezone(VIETNAM)
        at = (
            f"{local:%H:%M:%S}"
            if local.date() == today
            else in_words(Text(vi=f"{local:%d/%m %H:%M}", en=f"{local:%m-%d %H:%M}"))
        )
        table.add_row(at, *map(escape, (event.agency, event.code or "", event.stream, event.kind)))
    return table


def _table(*headers: str, words: int = 1) -> Table:
    """Returns an empty table. The first `words` columns hold words, the other columns numbers."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="cyan")
    for n, header in enumerate(headers):
        table.add_column(header, justify="left" if n < words else "right", overflow="fold")
    return table


def _pair(console: Console, left: Table, right: Table) -> RenderableType:
    grid = Table.grid(padding=(0, 4, 0, 0))
    grid.add_row(left, right)
    needed = console.measure(grid, options=console.options.update_width(1000)).maximum
    return grid if needed <= console.width else Group(left, "", right)


def _sums(board: Board, key: Callable[[Count], K]) -> tuple[Counter[K], Counter[K]]:
    filings: Counter[K] = Counter()
    late: Counter[K] = Counter()
    for one in board.counts:
        filings[key(one)] += one.filings
        late[key(one)] += one.late
    return filings, late


def _words(key: str) -> str:
    return in_words(said(key))


def _number(number: int) -> str:
    return in_figures(number) if number else "[dim]0[/]"


def _alarm(number: int) -> str:
    return f"[bold red]{in_figures(number)}[/]" if number else "[dim]0[/]"


class Looks:
    """Repeated readings of the record and of Temporal on the same connections; call `close` after the last."""

    def __init__(self, dsn: str, agency: str | None) -> None:
        self._dsn = dsn
        self._agency = agency
        self._connection: Connection | None = None
        self._temporal: Client | None = None

    async def only(self) -> Board:
        """Returns one board, and then closes the connections."""
        try:
            return await self.look()
        finally:
            self.close()

    async def look(self) -> Board:
        """Returns the board of this moment. Raises asyncpg's errors; the next reading then opens a new connection."""
        found, stalled = await asyncio.gather(self._record(), self._stalled())
        return found.model_copy(update={"stalled": stalled})

    def close(self) -> None:
        """Ends the database connection without its closing messages, since the server may be gone."""
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None

    async def _record(self) -> Board:
        try:
            if self._connection is None:
                self._connection = await primary.connect(self._dsn, timeout=TIMEOUT, command_timeout=TIMEOUT)
            return await read_board(Log(self._connection, no_keys, KINDS), self._agency)
        except FAILURES:
            self.close()
            raise

    async def _stalled(self) -> int | None:
        """Returns the number of stalled workflows; None if Temporal does not answer or does not mark these."""
        try:
            async with asyncio.timeout(2):
                client = self._temporal = self._temporal or await connect()
                return await count_reported(client) if await reports_problems(client) else None
        except (MotcuaError, RPCError, RuntimeError, TimeoutError):
            return None


class Pace:
    """The rate of appends to the log, computed from the boards of the last seconds."""

    def __init__(self) -> None:
        self._seen: deque[Board] = deque()

    def add(self, seen: Board) -> float | None:
        """Returns the appends per second up to this board; None for the first board, or if the counter was reset."""
        if self._seen and seen.appends < self._seen[-1].appends:
            self._seen.clear()
        while len(self._seen) > 1 and seen.as_of - self._seen[1].as_of >= SPAN:
            self._seen.popleft()
        self._seen.append(seen)
        first = self._seen[0]
        passed = (seen.as_of - first.as_of).total_seconds()
        return (seen.appends - first.appends) / passed if passed > 0 else None


app = typer.Typer()


@app.command()
def board(
    *,
    agency: OfAgency = None,
    every: Annotated[float, typer.Option("--every", min=0.2, metavar="SECONDS", help="option.board.every")] = 2.0,
    once: Annotated[bool, typer.Option("--once", help="option.board.once")] = False,
    as_json: AsJson = False,
) -> None:
    use_stack_here()
    see_agency(agency)
    looks = Looks(address(APPLICATION), agency)
    if as_json:
        print_json(answered(looks.only).model_dump(mode="json"))
    elif once or not sys.stdout.isatty() or out().is_dumb_terminal:
        wide().print(Picture(answered(looks.only), agency))
    else:
        answered(lambda: _watch(looks, agency, every))


async def _watch(looks: Looks, agency: str | None, every: float) -> None:
    """Shows boards until Ctrl-C or SIGTERM, then restores the terminal. Raises the errors of the first reading."""
    watching = asyncio.create_task(_show(looks, agency, every))
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, watching.cancel)
    try:
        await watching
    except asyncio.CancelledError:
        raise typer.Exit(130) from None
    finally:
        looks.close()


async def _show(looks: Looks, agency: str | None, every: float) -> None:
    pace, found = Pace(), await looks.look()
    picture = Picture(found, agency, every, pace.add(found))
    with Live(picture, console=Console(highlight=False), screen=True, auto_refresh=False) as live:
        asyncio.get_running_loop().add_signal_handler(signal.SIGWINCH, live.refresh)
        while True:
            live.update(picture, refresh=True)
            await asyncio.sleep(every)
            try:
                found = await looks.look()
            except FAILURES as error:
                picture = replace(picture, lost=type(error).__name__)
            else:
                picture = Picture(found, agency, every, pace.add(found))


WIDTH: Final = 170
"""The width of a line in a file or a pipe, in characters."""


def wide() -> Console:
    """Returns a console for standard output, of a fixed width if that is no terminal."""
    return Console(soft_wrap=True, highlight=False, width=None if sys.stdout.isatty() else WIDTH)


@app.command()
def tasks(
    *,
    agency: OfAgency = None,
    role: Annotated[Role | None, typer.Option("--role", help="option.tasks.role")] = None,
    officer: Annotated[str | None, typer.Option("--officer", metavar="SUBJECT", help="option.tasks.officer")] = None,
    overdue: Annotated[bool, typer.Option("--overdue", help="option.tasks.overdue")] = False,
    limit: Annotated[int, typer.Option("--limit", min=1, max=500, metavar="N", help="option.limit")] = 500,
    as_json: AsJson = False,
) -> None:
    see_agency(agency)
    asked = AskTasks(agency=agency, role=role, officer=officer, overdue=overdue, limit=limit)
    page = ask(lambda connection: read_tasks(Log(connection, no_keys, KINDS), asked))
    below = [said("command.tasks.count", tasks=len(page.rows))]
    below += [] if page.next is None else [said("command.tasks.more")]
    data = [task.model_dump(mode="json") for task in page.rows]
    below += [said("command.tasks.act")] if page.rows else []
    show_all(page.rows, _TASKS, *below, as_json=as_json, data=data)


def _act(task: TaskSummary) -> Whole:
    """Returns the command line of the task's first action; with `SUBJECT` if no officer has claimed the task."""
    stream = StreamId.parse(task.stream)
    target = task.code if stream.kind == "filing" else task.stream.replace(str(stream.filing), task.code)
    agency = f"@{task.agency}" if task.role in OFFICERS else ""
    by = f"{task.role}:{task.officer or 'SUBJECT'}{agency}"
    return Whole(shlex.join(("motcua", "act", target, *task.actions[:1], "--as", by)))


_TASKS: Final = columns(
    Column("due", lambda task: late(task.due_at, overdue=task.overdue)),
    "code procedure task:name role|role officer acting_for actions",
    Column("command", _act),
)
