"""By PostgreSQL's plans for 300,000 filings, no statement for which a person waits reads a whole large table."""

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import attrgetter
from pathlib import Path
from typing import Any, Final, cast
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import asyncpg
import pytest
from temporalio.client import Client

from activities.ledger.stream_status import IN_FORCE, NEXT_ON_ANOTHER
from activities.looks import RECORD
from activities.reprojection import PAGE
from operations.doctor.record.events import UNRECORDED
from operations.evidence.bundle import export
from publishing.effects import calendar_rollout
from publishing.effects.what_if import OPEN_FILINGS, OPEN_FILINGS_OF_PROCEDURE
from recovery.behind import NEWEST
from recovery.restart import Restarter
from recovery.unbegun import ordered
from recovery.unheard import at_rest
from rules.identity.looks import Reach
from rules.papers.register import period
from rules.require import require
from rules.streams import KINDS
from rules.time.working_time import VIETNAM
from schemas.ids import filing_workflow
from schemas.people import Actor, Role
from schemas.reading import AskAccess, AskFilings, AskTasks, Audience
from tests.conftest import database_url
from views.access import about, access
from views.applicant import filings_of_client, filings_of_person, receipt
from views.auditor import events
from views.log import Log, UnfoldableError, no_keys
from views.officer import absences, tasks
from views.operator import codes, find, newest
from views.order import events_after
from views.registers.filings import entries, register
from views.timeline import timeline
from views.waiting import waiting
from workers.wiring import ONE_PLAN

PROVINCE: Final = (Path(__file__).parent / "province.sql").read_text()
EXPLAIN: Final = """
alter database {name} set session_preload_libraries = 'auto_explain';
alter database {name} set auto_explain.log_min_duration = 0;
alter database {name} set auto_explain.log_analyze = on;
alter database {name} set auto_explain.log_timing = off;
alter database {name} set auto_explain.log_format = 'json';
alter database {name} set auto_explain.log_level = 'notice';
alter database {name} set jit = off;
"""
BIG: Final = frozenset(
    {"event", "receipt", "stream", "standing", "filing", "payment", "parcel", "task", "position", "finding"}
)
OFTEN: Final = 7
"""The number of executions: from the sixth on, PostgreSQL may plan a statement without its parameters."""


SOME: Final = """
select filing_id, code, agency, person, client_id from filing where closed_at is null order by submitted_at limit 1
"""


@dataclass(frozen=True)
class Some:
    """The subject of the queries: an open filing of the province with a payment, with all its keys."""

    filing_id: UUID
    code: str
    agency: str
    person: bytes
    client_id: str

    @property
    def stream(self) -> str:
        return filing_workflow(self.filing_id)


Ask = Callable[[Any, Some], Awaitable[Any]]


async def on(dsn: str, *statements: str) -> None:
    connection = await asyncpg.connect(dsn)
    for statement in statements:
        await connection.execute(statement)
    await connection.close()


@pytest.fixture(scope="module")
def province(stack: Mapping[str, str]) -> Iterator[str]:
    """Yields the address, for the application's role, of a database of 300,000 filings that sends clients each plan."""
    superuser = stack["MOTCUA_SUPERUSER_DATABASE_URL"]
    maintenance, name = database_url(superuser, "postgres"), f"t{uuid4().hex[:12]}"
    asyncio.run(on(maintenance, f"create database {name} template motcua owner motcua_owner"))
    try:
        asyncio.run(on(database_url(superuser, name), PROVINCE, EXPLAIN.format(name=name)))
        yield database_url(stack["MOTCUA_DATABASE_URL"], name)
    finally:
        asyncio.run(on(maintenance, f"drop database {name} with (force)"))


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", ()):
        yield from nodes(below)


def wrong(plan: dict[str, Any]) -> list[str]:
    scanned = [one["Relation Name"] for one in nodes(plan) if one["Node Type"] == "Seq Scan"]
    dropped = sum(one.get("Rows Removed by Filter", 0) * one["Actual Loops"] for one in nodes(plan))
    scans = [f"scans {table}" for table in scanned if table in BIG]
    # A plan that walks a whole index is no better than a scan.
    return scans + ([f"reads {dropped:.0f} rows for nothing"] if dropped > 2_000 else [])


async def plan_faults(dsn: str, ask: Ask, often: int = OFTEN, **settings: str) -> dict[str, list[str]]:
    """Returns the faults in the plan of each executed statement, by statement."""
    found: dict[str, list[str]] = {}
    executed = Counter[str]()
    connection = await asyncpg.connect(dsn, server_settings=settings)
    some = Some(*(await connection.fetch(SOME))[0])

    def note(_: Any, message: Any) -> None:
        if "plan:" in message.message:
            told = json.loads(message.message[message.message.index("{") :])
            executed[told["Query Text"]] += 1
            found.setdefault(told["Query Text"], []).extend(wrong(told["Plan"]))

    try:
        while not executed or min(executed.values()) < often:
            with suppress(UnfoldableError):  # its events are not such as happen
                await ask(connection, some)
            # After the first time, in which asyncpg asks for types once and for all.
            connection.add_log_listener(note)
    finally:
        await connection.close()
    return found


def log(connection: Any) -> Log:
    return Log(connection, no_keys, KINDS)


def restarter(connection: Any) -> Restarter:
    return Restarter(connection, cast("Client", None))


async def every_page(ask: Callable[[str | None], Awaitable[Any]]) -> None:
    """Reads a few pages; a page far from the start must cost no more than the first one."""
    following = (await ask(None)).next
    for _ in range(2):
        if following is not None:
            following = (await ask(following)).next


async def unfinished(connection: Any, _: Some) -> None:
    for kind in KINDS:
        async for page in restarter(connection).all_unfinished(kind):
            del page


async def unfinished_of_one(connection: Any, some: Some) -> None:
    for kind in KINDS:
        await restarter(connection).unfinished(kind, some.filing_id)
    await restarter(connection).streams(some.filing_id)


async def calendar_pages(connection: Any, _: Some) -> None:
    await connection.fetchval(IN_FORCE)
    for kind in KINDS:
        after = ""
        while rows := await connection.fetch(NEXT_ON_ANOTHER, "vn-2027", kind, after, PAGE):
            after = rows[-1]["stream"]


async def calendar_state(connection: Any, _: Some) -> None:
    await calendar_rollout.waiting(connection, "vn-2027")
    await calendar_rollout.first_waiting(connection, "vn-2027", 10)


async def calendar_what_if(connection: Any, _: Some) -> None:
    after = UUID(int=0)
    for _page in range(20):
        after = (await connection.fetch(OPEN_FILINGS, after, PAGE))[-1]["filing_id"]


async def version_what_if(connection: Any, _: Some) -> None:
    for procedure in ("1.001193", "9.999999"):
        after = UUID(int=0)
        while page := await connection.fetch(OPEN_FILINGS_OF_PROCEDURE, after, PAGE, procedure):
            after = page[-1]["filing_id"]


def tasks_of(**what: Any) -> Ask:
    return lambda c, some: every_page(
        lambda after: tasks(
            log(c),
            AskTasks(after=after, **{key: value(some) if callable(value) else value for key, value in what.items()}),
        )
    )


async def register_of_a_month(connection: Any, some: Some) -> None:
    """Reads the register of the month in which this agency's filings are newest, at the far end of the index."""
    month = require(period(f"{datetime.now(VIETNAM):%Y-%m}"))
    head = await register(connection, some.agency, month)
    assert sum([len(page) async for page in entries(log(connection), some.agency, month)]) == head.filings > 0


async def order(connection: Any, _: Some) -> None:
    for position in (0, 150_000, 299_000):
        assert len(await events_after(connection, position, 500)) == 500
    assert await connection.fetch(NEWEST, 100)


agency: Final = attrgetter("agency")
REACH: Final = (Reach(agencies=("H01.12", "H56.30"), procedures=("1.001193",)), Reach(filers=("portal",)))
ASKS: Final[Mapping[str, Ask]] = {
    "by code": lambda c, some: find(c, some.code),
    "by id": lambda c, some: find(c, str(some.filing_id).upper()),
    "codes": lambda c, some: codes(c, [some.filing_id]),
    "bundle": lambda c, some: export(c, str(some.filing_id)),
    "events": lambda c, some: events(c, some.filing_id),
    "timeline": lambda c, some: timeline(log(c), some.stream, Audience.APPLICANT),
    "ordered streams": lambda c, _: ordered(c, 299_500, 300_000),
    "streams at rest": lambda c, _: at_rest(c, 299_500, 300_000),
    "receipt": lambda c, some: receipt(log(c), some.stream, "submit"),
    "restart of all": unfinished,
    "restart of one": unfinished_of_one,
    "pages of the calendar": calendar_pages,
    "state of the calendar": calendar_state,
    "what another calendar would change": calendar_what_if,
    "what another version would change": version_what_if,
    "filings of a person": lambda c, some: every_page(
        lambda after: filings_of_person(log(c), some.person, after, limit=1)
    ),
    "filings of a client": lambda c, some: every_page(
        lambda after: filings_of_client(log(c), AskFilings(client_id=some.client_id, after=after))
    ),
    "open filings of a client": lambda c, some: every_page(
        lambda after: filings_of_client(log(c), AskFilings(client_id=some.client_id, open_only=True, after=after))
    ),
    "who may see a filing": lambda c, some: about(
        c, no_keys, KINDS["filing"], some.stream, Actor(subject="o-60", role=Role.SPECIALIST, agency=some.agency)
    ),
    "filings of a person in reach": lambda c, some: filings_of_person(log(c), some.person, None, 10, REACH),
    "filings of a client in reach": lambda c, some: filings_of_client(
        log(c), AskFilings(client_id=some.client_id), REACH
    ),
    "who has looked": lambda c, some: access(log(c), AskAccess(stream=some.stream), no_keys),
    "all tasks": tasks_of(),
    "late tasks": tasks_of(overdue=True),
    "tasks of an agency": tasks_of(agency=agency),
    "tasks of a role": tasks_of(agency=agency, role=Role.SPECIALIST),
    "tasks of a role that are late": tasks_of(agency=agency, role=Role.SPECIALIST, overdue=True),
    "tasks of an officer": tasks_of(officer="o-60"),
    "tasks of an officer in a role": tasks_of(agency=agency, role=Role.SPECIALIST, officer="o-60"),
    "tasks in the place of an officer": tasks_of(agency=agency, role=Role.SPECIALIST, acting_for="o-60"),
    "register of a month": register_of_a_month,
    "absences": lambda c, some: absences(log(c), some.agency),
    "order of all events": order,
    "newest events": lambda c, _: newest(c),
    "outcomes that no event states": lambda c, _: c.fetch(UNRECORDED),
    "tasks that are due soon": tasks_of(agency=agency, due_before=datetime(2026, 1, 1, tzinfo=UTC)),
}


@pytest.mark.parametrize("what", ASKS)
@pytest.mark.parametrize(("often", "settings"), [(OFTEN, {}), (1, ONE_PLAN)], ids=["commands", "worker"])
async def test_no_big_table_is_read_whole(province: str, what: str, often: int, settings: Mapping[str, str]) -> None:
    found = await plan_faults(province, ASKS[what], often, **settings)
    assert found
    assert {statement: problems for statement, problems in found.items() if problems} == {}


async def test_waits_of_open_streams_are_looked_up(province: str) -> None:
    """The statement looks each open stream up, so that its cost depends on these streams, not on the whole record."""
    found = await plan_faults(province, lambda c, _: waiting(c, KINDS, "outcomes", datetime.now(UTC)))
    assert found
    assert not [one for problems in found.values() for one in problems if one.startswith("scans")]


async def test_a_scan_is_seen(province: str) -> None:
    found = await plan_faults(province, lambda c, _: c.fetch("select stage from filing where outcome = 'refused'"))
    assert [problems[:2] for problems in found.values()] == [["scans filing", "reads 300000 rows for nothing"]]


BUSY: Final = """
insert into agency (agency, name_vi, name_en) values ('H99.99', 'x', 'x');
insert into officer (agency, subject, role, name) values ('H99.99', 'o-60', 'specialist', 'o');
insert into task (filing_id, name, role, agency, officer, actions, due_at, overdue, stream)
select filing_id, 'review', 'specialist', 'H99.99', case when code like '%77' then 'o-60' end, '{decide}',
    submitted_at, false, 'filing:' || filing_id
from filing order by code desc limit 100000;
insert into reader (reader, filing_id)
select distinct 'agency:' || agency, filing_id from event where filing_id is not null
union select 'agency:' || agency, filing_id from task
union all select 'filer:portal', filing_id from filing
union all select 'applicant:' || md5(filing_id::text), filing_id from filing;
analyze task, reader;
"""
"""The SQL that adds an agency with 100,000 tasks, and the readers of all filings."""


async def recorded_look(connection: Any, some: Some) -> None:
    shown = ([some.stream], [None], [None], [None])
    await connection.execute(RECORD, uuid4(), None, "filing", None, None, None, "portal", "k", "s", *shown)


FOR_ALL: Final = {
    *("timeline", "receipt", "who has looked", "absences", "filings of a person", "open filings of a client"),
    *("filings of a person in reach", "filings of a client in reach"),
}
AS_DOOR: Final[Mapping[str, Ask]] = {
    **{name: ask for name, ask in ASKS.items() if name in FOR_ALL},
    "who may see a filing": lambda c, some: about(
        c, no_keys, KINDS["filing"], some.stream, Actor(subject="o-60", role=Role.SPECIALIST, agency="H99.99")
    ),
    "a recorded look": recorded_look,
    "tasks of an agency": tasks_of(agency="H99.99"),
    "tasks of a role": tasks_of(agency="H99.99", role=Role.SPECIALIST),
    "tasks of an officer": tasks_of(agency="H99.99", role=Role.SPECIALIST, officer="o-60"),
    "tasks that are due soon": tasks_of(agency="H99.99", due_before=datetime(2026, 1, 1, tzinfo=UTC)),
}


@pytest.fixture(scope="module")
def busy(province: str, stack: Mapping[str, str]) -> str:
    """Returns the superuser's address of the database `province`, with `BUSY` in it."""
    superuser = database_url(stack["MOTCUA_SUPERUSER_DATABASE_URL"], urlsplit(province).path[1:])
    asyncio.run(on(superuser, BUSY))
    return superuser


async def test_under_the_policies_of_the_door_no_more_is_read_than_is_shown(busy: str) -> None:
    settings = {"role": "motcua_gateway", "motcua.readers": "agency:H99.99", **ONE_PLAN}
    for what, ask in AS_DOOR.items():
        found = await plan_faults(busy, ask, 1, **settings)
        assert found, what
        assert {statement: problems for statement, problems in found.items() if problems} == {}, what
