"""Lists of filings and tasks, page by page, and how many there are."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

from motcua import FilingClient
from rules.streams import KINDS
from schemas import reading as rd
from schemas.filing import commands as cm
from schemas.ids import filing_id, filing_workflow
from schemas.people import Role
from tests.acting import (
    AGENCY,
    BIRTH,
    Play,
    birth,
    publish_short,
    whose,
)
from tests.conftest import World
from tests.histories import CANARY, PERSON
from views.log import Log, no_keys
from views.officer import tasks

ELSEWHERE: Final = "H01.12"


def ids_around(client_id: str, cursor: UUID) -> tuple[str, str]:
    """Submissions whose filings stand before and behind another in the order of their ids."""
    found = {filing_id(client_id, f"more-{n}") < cursor: f"more-{n}" for n in range(200)}
    return found[True], found[False]


async def every_page(ask: Callable[[str | None], Awaitable[rd.Page[Any]]]) -> list[rd.Page[Any]]:
    pages = [await ask(None)]
    while pages[-1].next is not None:
        pages.append(await ask(pages[-1].next))
    return pages


def rows(pages: list[rd.Page[Any]]) -> list[Any]:
    return [row for page in pages for row in page.rows]


async def test_pages_of_filings_have_no_gaps_and_no_repeats_while_more_are_filed(office: World) -> None:
    client, mine = office.client, f"portal-{uuid4()}"
    plays = [await Play.begin(office, birth(client_id=mine, submission_id=f"s-{n}")) for n in range(5)]
    await Play.begin(office, birth(client_id=f"portal-{uuid4()}"))
    wanted = sorted(play.filing for play in plays)

    first = await client.filings(mine, limit=2)
    assert [row.filing_id for row in first.rows] == wanted[:2]
    before, behind = ids_around(mine, wanted[1])
    for submission_id in (before, behind):
        await Play.begin(office, birth(client_id=mine, submission_id=submission_id))
    rest = await every_page(lambda after: client.filings(mine, limit=2, after=after or first.next))

    found = [row.filing_id for row in (*first.rows, *rows(rest))]
    assert found == sorted({*wanted, filing_id(mine, behind)})
    assert [len(page.rows) for page in rest] == [2, 2]
    exactly = await every_page(lambda after: client.filings(mine, limit=7, after=after))
    assert [len(page.rows) for page in exactly] == [7]
    assert {row.submission_id for row in exactly[0].rows} == {*(f"s-{n}" for n in range(5)), before, behind}


async def test_open_filings_only(office: World) -> None:
    client, mine = office.client, f"portal-{uuid4()}"
    plays = [await Play.begin(office, birth(client_id=mine)) for _ in range(4)]
    await plays[0].withdraw()
    still_open = await every_page(lambda after: client.filings(mine, open_only=True, after=after, limit=1))
    assert [row.filing_id for row in rows(still_open)] == sorted(play.filing for play in plays[1:])
    closed = {row.filing_id: row for row in (await client.filings(mine)).rows}[plays[0].filing]
    view = await plays[0].view()
    assert closed.closed_at is not None
    assert (closed.status, closed.status_name, closed.seq) == (view.status, view.status_name, view.seq)
    assert (closed.code, closed.client_id, closed.stage) == (view.code, mine, "closed")


async def test_the_filings_of_a_person_through_whichever_client(office: World) -> None:
    person = PERSON | {"id_number": "CANARY-000042"}
    submissions = [birth(client_id=f"portal-{n}-{uuid4()}", **whose(person)) for n in range(3)]
    plays = [await Play.begin(office, submission) for submission in submissions]
    await Play.begin(office, birth(**whose(PERSON)))
    found = await every_page(lambda after: office.client.filings_of("CANARY-000042", after=after, limit=2))
    assert [row.filing_id for row in rows(found)] == sorted(play.filing for play in plays)
    assert (await office.client.filings_of("CANARY-000043")).rows == ()
    assert CANARY not in "".join(page.model_dump_json() for page in found).lower()


async def streams(client: FilingClient, **asked: Any) -> set[str]:
    return {task.stream for task in (await client.tasks(rd.AskTasks(**asked))).rows}


async def test_tasks_are_found_by_whose_they_are_and_when_they_are_due(office: World) -> None:
    client, short = office.client, await publish_short(office, BIRTH, intake=1)
    waiting, claimed, reviewed = [await Play.begin(office, birth()) for _ in range(3)]
    late, elsewhere = await Play.begin(office, birth(version=short)), await Play.begin(office, birth(agency=ELSEWHERE))
    reception = claimed.officer(Role.RECEPTION)
    await claimed.act(cm.Claim, reception)
    await reviewed.accept()
    await late.until(lambda view: bool(view.overdue))
    names = {play.filing: filing_workflow(play.filing) for play in (waiting, claimed, reviewed, late, elsewhere)}
    here = set(names.values()) - {names[elsewhere.filing]}

    assert await streams(client) == set(names.values())
    assert await streams(client, agency=AGENCY) == here
    assert await streams(client, agency=ELSEWHERE) == {names[elsewhere.filing]}
    assert await streams(client, agency=AGENCY, role=Role.RECEPTION) == here - {names[reviewed.filing]}
    assert await streams(client, officer=reception.subject) == {names[claimed.filing]}
    assert await streams(client, overdue=True) == {names[late.filing]}
    (due,) = {task.due_at for task in (await client.tasks(rd.AskTasks(officer=reception.subject))).rows}
    assert due is not None
    assert names[claimed.filing] not in await streams(client, due_before=due)
    assert names[claimed.filing] in await streams(client, due_before=due + timedelta(microseconds=1))
    assert await streams(client, due_before=datetime(2020, 1, 1, tzinfo=UTC)) == set()
    await queues_of_a_team_lead(office, names[late.filing])


async def queues_of_a_team_lead(world: World, late: str) -> None:
    async with world.connection(world.app_dsn) as connection:
        log = Log(connection, no_keys, KINDS)
        assert {task.stream for task in (await tasks(log, rd.AskTasks(agency=AGENCY, overdue=True))).rows} == {late}
        assert (await tasks(log, rd.AskTasks(agency=ELSEWHERE, overdue=True))).rows == ()


async def test_pages_of_tasks_come_by_what_is_due_first(office: World) -> None:
    plays = [await Play.begin(office, birth()) for _ in range(5)]
    await plays[0].accept()
    whole = (await office.client.tasks(rd.AskTasks(agency=AGENCY))).rows
    assert len(whole) >= 5
    assert [task.due_at for task in whole] == sorted(due for task in whole if (due := task.due_at) is not None)
    for limit in (1, 2, len(whole)):
        pages = await every_page(
            lambda after, limit=limit: office.client.tasks(rd.AskTasks(agency=AGENCY, limit=limit, after=after))  # type: ignore[misc]
        )
        assert rows(pages) == list(whole)
        assert len(pages) == -(-len(whole) // limit)


async def test_counts_are_by_agency_and_status_and_say_how_many_are_late(office: World) -> None:
    short = await publish_short(office, BIRTH, intake=1)
    first, _, ended = [await Play.begin(office, birth()) for _ in range(3)]
    late, _ = await Play.begin(office, birth(version=short)), await Play.begin(office, birth(agency=ELSEWHERE))
    await first.accept()
    status = int((await first.view()).status)
    await ended.withdraw()
    await late.until(lambda view: bool(view.overdue))

    counted = {(row.agency, row.status): (row.filings, row.late) for row in await office.client.counts()}
    assert counted == {(AGENCY, 1): (2, 1), (AGENCY, status): (1, 0), (ELSEWHERE, 1): (1, 0)}
    (elsewhere,) = await office.client.counts(ELSEWHERE)
    assert (elsewhere.agency, elsewhere.filings, elsewhere.status_name.en) == (ELSEWHERE, 1, "Registered")
    assert await office.client.counts("H99") == []
