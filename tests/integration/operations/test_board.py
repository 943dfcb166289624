"""`motcua board` on a terminal, and the unusual looks at filings in `motcua access report`."""

import asyncio
import os
import pty
import signal
import sys
import termios
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from temporalio.worker import Worker

from operations.commands.board import SPAN, Pace
from recovery.stalled import count_reported
from schemas.filing import commands as cm
from schemas.filing.state import Stage
from schemas.people import Role
from schemas.reading import Board
from tests.acting import AGENCY, EXTRACT, NEVER_PAYS, Doubtful, Play, birth, eventually, officer, publish_short
from tests.conftest import ROOT, World, database_url
from tests.histories import ASKED, CANARY, with_fee
from tests.shell import Shell
from tests.walking import walked
from tests.workflow.stumbling import Buggy

OTHER: Final = "H01.12"
COPIES: Final = 16_000
"""The price of two copies, in đồng."""

HIDE, SHOW = "\x1b[?25l", "\x1b[?25h"
"""The sequences that hide and show the cursor."""


@pytest.fixture
async def filed(world: World) -> dict[str, Play]:
    """Returns filings that wait for an act, one of them late, one of another agency; no worker runs any more."""
    slow = await publish_short(world, EXTRACT, intake=1)
    async with world.platform(), world.back_office(Doubtful()):
        late = await Play.begin(world, with_fee(version=slow))
        asked = await Play.begin(world, with_fee())
        await asked.act(cm.RequestSupplement, asked.officer(Role.RECEPTION), **ASKED)
        unpaid = await Play.accepted(world, with_fee(payer_account=f"canary{NEVER_PAYS[-5:]}"))
        await eventually(lambda: unpaid.kinds("payment", 1), lambda kinds: "payment_ordered" in kinds)
        elsewhere = await Play.begin(world, with_fee(agency=OTHER))
        await late.until(lambda view: bool(view.overdue))
        paid = await Play.accepted(world, with_fee())
        await paid.at(Stage.REVIEW)
    return {"late": late, "asked": asked, "unpaid": unpaid, "elsewhere": elsewhere, "paid": paid}


async def it_says_what_stands_in_the_record(filed: dict[str, Play], shell: Shell) -> None:
    shown = await shell("board", "--json")
    board = shown.json
    assert (shown.code, shown.err) == (0, "")
    found = {(count["agency"], count["status"]): (count["filings"], count["late"]) for count in board["counts"]}
    ours = {("H56.30", 1): (1, 1), ("H56.30", 4): (1, 0), ("H56.30", 5): (1, 0), ("H56.30", 6): (1, 0)}
    assert found == {(OTHER, 1): (1, 0)} | ours
    money = {sums.pop("state"): tuple(sums.values()) for sums in board["money"]}
    assert money == {"pending": (1, COPIES, 0, 0), "paid": (1, COPIES, COPIES, 0)}
    assert board["stalled"] == 0
    assert board["as_of"].endswith("Z")
    events = (await shell("events", str(filed["paid"].code), "--json")).json
    newest = [(event["code"], event["agency"], event["stream"], event["kind"]) for event in board["newest"]]
    assert len(newest) == 10
    assert (filed["paid"].code, "H56.30", "payment 1", "payment_captured") in newest
    assert newest[0] == (filed["paid"].code, "H56.30", "filing", events[-1]["kind"])
    assert [event["at"] for event in board["newest"]] == sorted((e["at"] for e in board["newest"]), reverse=True)


async def its_tasks_and_appends_are_those_of_the_record(filed: dict[str, Play], shell: Shell) -> None:
    board, tasks = (await shell("board", "--json")).json, (await shell("tasks", "--json")).json
    zone = ZoneInfo("Asia/Ho_Chi_Minh")
    today = datetime.fromisoformat(board["as_of"]).astimezone(zone).date()
    due = [task for task in tasks if not task["overdue"] and task["due_at"] is not None]
    assert board["tasks"] == len(tasks)
    assert board["late"] == sum(task["overdue"] for task in tasks) > 0
    assert board["due_today"] == sum(datetime.fromisoformat(t["due_at"]).astimezone(zone).date() <= today for t in due)
    receipts = await filed["paid"].world.fetchval("select count(*) from receipt where filing_id is not null")
    seen = await eventually(lambda: shell("board", "--json"), lambda seen: seen.json["appends"] >= receipts)
    assert seen.json["appends"] > 0


async def it_is_for_people_and_names_none(filed: dict[str, Play], shell: Shell) -> None:
    for asked in (["--once"], [], ["--json"]):
        shown = await shell("board", *asked)
        assert shown.code == 0, shown.err
        assert CANARY not in shown.out.lower()
        assert not any(str(play.filing) in shown.out for play in filed.values())
        assert str(filed["paid"].code) in shown.out
    shown = await shell("board", "--once", TEMPORAL_ADDRESS="127.0.0.1:1")
    assert shown.code == 0
    lines = [line.split() for line in shown.out.splitlines()]
    assert "?" in lines[3]  # stalled workflows, of which nobody knows now
    for words in ("1 Registered 2 1", "Pending 1 16,000 0 0", "5 Supplement requested"):
        assert any(line[: len(words.split())] == words.split() for line in lines), words
    assert "H56.30 1 0 1 1 1 0 0 4 1" in " ".join(shown.out.split())
    assert "+07" in lines[0]


async def an_agency_sees_its_own(filed: dict[str, Play], shell: Shell) -> None:
    other = (await shell("board", "--agency", OTHER, "--json")).json
    assert [(count["agency"], count["filings"]) for count in other["counts"]] == [(OTHER, 1)]
    assert (other["tasks"], other["late"], other["money"]) == (1, 0, [])
    assert [(event["code"], event["kind"]) for event in other["newest"]] == [(filed["elsewhere"].code, "submitted")]
    assert other["appends"] == (await shell("board", "--json")).json["appends"]
    shown = (await shell("board", "--agency", OTHER)).out
    assert (OTHER in shown, "H56.30" in shown) == (True, False)


@walked(
    "story",
    [
        it_says_what_stands_in_the_record,
        its_tasks_and_appends_are_those_of_the_record,
        it_is_for_people_and_names_none,
        an_agency_sees_its_own,
    ],
    exactly=4,
)
async def test_the_board_of_a_lived_in_record(
    filed: dict[str, Play], shell: Shell, story: Callable[..., Awaitable[None]]
) -> None:
    await story(filed, shell)


async def test_what_stands_still_is_counted_by_temporal(world: World, shell: Shell) -> None:
    async with Worker(world.temporal, task_queue="stumbling", workflows=[Buggy]):
        await world.temporal.start_workflow(Buggy.run, id="filing:x", task_queue="stumbling")
        await eventually(lambda: count_reported(world.temporal), bool)
    assert (await shell("board", "--json")).json["stalled"] == 1
    assert (await shell("board", "--json", TEMPORAL_ADDRESS="127.0.0.1:1")).json["stalled"] is None


def seen(second: float, appends: int) -> Board:
    empty: dict[str, Any] = dict.fromkeys(("counts", "money", "newest"), ()) | dict.fromkeys(("tasks", "due_today"), 0)
    return Board(as_of=datetime(2026, 11, 26, tzinfo=UTC) + timedelta(seconds=second), late=0, appends=appends, **empty)


def test_appends_a_second_are_the_difference_of_two_looks() -> None:
    pace = Pace()
    assert pace.add(seen(0, 1000)) is None
    assert pace.add(seen(2, 1050)) == 25
    assert pace.add(seen(4, 1050)) == 12.5  # the database counts by fits and starts
    assert pace.add(seen(5, 1100)) == 20
    assert pace.add(seen(SPAN.total_seconds() + 4, 1100)) == 5  # from the last look that is old enough
    assert pace.add(seen(60, 1110)) == pytest.approx(10 / 46)
    assert pace.add(seen(62, 10)) is None  # it began to count anew
    assert pace.add(seen(64, 20)) == 5
    assert pace.add(seen(64, 20)) == 5


@dataclass
class Terminal:
    process: asyncio.subprocess.Process
    written: bytearray = field(default_factory=bytearray)
    read: int = 0

    @property
    def text(self) -> str:
        return self.written.decode(errors="replace")

    async def shows(self, words: str) -> None:
        """Waits until the terminal shows these words, after the words of the call before."""
        async with asyncio.timeout(25):
            while words not in self.text[self.read :]:
                await asyncio.sleep(0.05)
        self.read = self.text.index(words, self.read)


@asynccontextmanager
async def terminal(world: World, folder: Path, *arguments: str) -> AsyncIterator[Terminal]:
    """Runs `motcua` on a terminal of 48 lines with 160 columns."""
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(ours, (48, 160))
    kept = {key: value for key, value in os.environ.items() if key in {"PATH", "HOME"}}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "motcua.command", *arguments),
        cwd=folder,
        env=kept | {"LANG": "C.UTF-8", "TERM": "xterm-256color", "PYTHONPATH": str(ROOT)} | world.process_env,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    found = Terminal(process)

    def take() -> None:
        try:
            found.written += os.read(ours, 65_536)
        except OSError:  # nobody has it open any more
            asyncio.get_running_loop().remove_reader(ours)

    asyncio.get_running_loop().add_reader(ours, take)
    os.close(theirs)
    try:
        yield found
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        asyncio.get_running_loop().remove_reader(ours)
        os.close(ours)


async def test_it_outlives_the_database_until_ctrl_c_and_gives_the_terminal_back(world: World, tmp_path: Path) -> None:
    name = urlsplit(world.app_dsn).path[1:]
    async with (
        world.connection(database_url(world.superuser_dsn, "postgres")) as maintenance,
        terminal(world, tmp_path, "board", "--every", "0.3") as board,
    ):
        await board.shows("tất cả cơ quan")
        await maintenance.execute(f"alter database {name} allow_connections false")
        await maintenance.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = $1", name)
        await board.shows("cơ sở dữ liệu không trả lời, đang thử lại")
        await maintenance.execute(f"alter database {name} allow_connections true")
        async with world.platform():
            await board.shows(str((await Play.begin(world, with_fee())).code))
        assert "đang thử lại" not in board.text.rpartition("tất cả cơ quan")[2]
        board.process.send_signal(signal.SIGINT)
        assert await asyncio.wait_for(board.process.wait(), 10) == 130
        await board.shows("\x1b[?1049l")
        assert board.text.rindex(SHOW) > board.text.rindex(HIDE)
        assert "Traceback" not in board.text
        assert CANARY not in board.text.lower()


# `motcua access report`: what is out of the ordinary among the looks of a record, and nothing that is not.

MONDAY: Final = datetime.fromisoformat("2026-11-23T10:00:00+07:00")
SINCE: Final = ("--since", "2026-11-01", "--json")
LOOK: Final = """
insert into access (look, filing_id, agency, stream, question, role, actor_agency, subject, principal, key_id,
    statement, at)
values ($1, $2, $3, 'filing:' || $2::uuid, $4, $5, $6, $7, 'desk', 'k', 's', $8)
"""


async def looked(
    world: World, at: datetime, role: Role | None, *filings: UUID, n: int = 1, question: str = "filing"
) -> None:
    """Records looks at these filings by an officer of this role; without a role, by a program for itself."""
    who: Any = None if role is None else officer(role, n=n)
    async with world.connection() as connection:
        for filing in filings:
            said = (who and who.role, who and who.agency, who and who.subject)
            await connection.execute(LOOK, uuid4(), filing, AGENCY, question, *said, at)


async def test_nothing_is_out_of_the_ordinary_where_nobody_has_looked(shell: Shell) -> None:
    found = (await shell("access", "report", *SINCE)).json
    kinds = ("busy_days", "out_of_hours", "not_theirs", "by_itself")
    assert [found[kind] for kind in ("looks", *kinds)] == [0, [], [], [], []]
    assert "0 looks since" in (await shell("access", "report")).out


async def test_a_day_is_busy_against_the_officers_own_days(world: World, shell: Shell) -> None:
    for day, many in enumerate((3, 3, 2, 10, 9)):
        await looked(world, MONDAY + timedelta(days=day), Role.CLERK, *(uuid4() for _ in range(many)))
        await looked(world, MONDAY + timedelta(days=day), Role.LEADER, *(uuid4() for _ in range(12)))
        await looked(world, MONDAY + timedelta(days=day), Role.CLERK, *(uuid4() for _ in range(50)), question="tasks")
    found = (await shell("access", "report", *SINCE)).json["busy_days"]
    clerk = {"agency": AGENCY, "officer": officer(Role.CLERK).subject, "median": 3.0}
    assert found == [clerk | {"day": "2026-11-26", "filings": 10}]
    assert (await shell("access", "report", "--agency", "H01.12", *SINCE)).json["busy_days"] == []


async def test_looks_while_the_office_is_closed(world: World, shell: Shell) -> None:
    filing = uuid4()
    for hours in (0, 10, 11, 24 * 5):  # Monday at 10, 20 and 21 o'clock; Saturday
        await looked(world, MONDAY + timedelta(hours=hours), Role.CLERK, filing)
    await looked(world, MONDAY + timedelta(hours=10), None, filing)
    found = (await shell("access", "report", *SINCE)).json["out_of_hours"]
    assert [(one["day"], one["looks"]) for one in found] == [("2026-11-23", 2), (date(2026, 11, 28).isoformat(), 1)]
    assert {one["officer"] for one in found} == {officer(Role.CLERK).subject}


async def test_looks_at_what_is_no_business_of_theirs_and_by_nobody(world: World, shell: Shell) -> None:
    async with world.platform(), world.back_office(Doubtful()):
        play = await Play.accepted(world, birth())
    filing = play.filing
    for role in (Role.RECEPTION, Role.SPECIALIST, Role.AUDITOR, Role.OPERATOR):
        await looked(world, MONDAY, role, filing)
    await looked(world, MONDAY, Role.CASHIER, filing, filing)
    await looked(world, MONDAY, Role.HANDOVER, filing, question="tasks")
    await looked(world, MONDAY, None, filing, uuid4())
    found = (await shell("access", "report", *SINCE)).json
    [cashier] = found["not_theirs"]
    assert (cashier["officer"], cashier["code"], cashier["looks"]) == (officer(Role.CASHIER).subject, play.code, 2)
    [program] = found["by_itself"]
    assert (program["principal"], program["looks"], program["filings"]) == ("desk", 2, 2)
    shown = (await shell("access", "report", "--since", "2026-11-01")).out
    assert (str(play.code) in shown, "By programs, for nobody" in shown) == (True, True)
