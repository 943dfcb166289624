"""Questions through the kit: open and ended filings as the log has them, lists page by page, and counts."""

import asyncio
import base64
import dataclasses
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

import pytest

from motcua import FilingClient, FilingNotAvailable, NotReady
from rules.require import require
from rules.streams import KINDS
from schemas import reading as rd
from schemas.errors import RefusalCode
from schemas.filing import commands as cm
from schemas.filing.state import Closing, Stage
from schemas.ids import TASK_QUEUE, filing_id, filing_workflow, payment_workflow
from schemas.people import Role
from tests.acting import (
    AGENCY,
    BIRTH,
    NEVER_PAYS,
    Doubtful,
    Play,
    birth,
    eventually,
    officer,
    posted,
    publish_short,
    refusal,
    stock,
    whose,
)
from tests.conftest import World, empty_namespace
from tests.histories import CANARY, PERSON, REASON, with_fee
from tests.sound import sound
from tests.walking import walked
from views import auditor
from views.log import Log, no_keys
from views.officer import tasks


def cursor(*parts: Any) -> str:
    """Returns a text in the form of a page's `next`."""
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode()


ON_HER_BEHALF: Final = "canary-behalf"


async def test_what_is_not_there_yet_is_not_ready_and_then_it_is_there(office: World) -> None:
    client, play = office.client, await Play.begin(office, posted())
    for early in (client.result(play.filing), client.receipt(play.filing, "move-1")):
        with pytest.raises(NotReady):
            await early
    accepted = await play.accept()
    assert await client.receipt(play.filing, "move-1") == accepted
    assert await client.receipt(str(play.filing)) == await client.submit(play.submission)
    assert (await client.access(play.filing)).rows == (), "looks are recorded where everybody says who they are"
    await play.review()
    view = await play.at(Stage.CLOSED)
    result = await client.result(play.filing)
    assert (result.code, result.outcome, result.result) == (play.code, "approved", view.result)
    assert view.closing is Closing.DELIVERED


async def test_nothing_of_what_never_was_is_available(office: World) -> None:
    client, never = office.client, uuid4()
    calls: list[Awaitable[Any]] = [
        client.view(never),
        client.clocks(never),
        client.result(never),
        client.receipt(never),
        client.receipt(payment_workflow(never, 1), "request"),
        client.actions(never, officer(Role.TEAM_LEAD)),
        client.payment(never),
        client.parcel(never),
        client.access(never),
        client.timeline(never),
        client.changes(never),
        client.changes(never, 7, wait=0),
    ]
    async with asyncio.timeout(10):
        for call in calls:
            with pytest.raises(FilingNotAvailable):
                await call


async def ask(world: World, **question: Any) -> Any:
    client = await stock(world)
    return await client.execute_workflow("View", question, id=f"view:{uuid4()}", task_queue=TASK_QUEUE)


async def test_a_stream_of_another_kind_is_not_found(office: World) -> None:
    play = await Play.accepted(office, posted(payer_account=NEVER_PAYS))
    await eventually(lambda: play.kinds("payment", 1), bool)
    filing, payment = filing_workflow(play.filing), payment_workflow(play.filing, 1)
    assert (await ask(office, ask="payment", stream=payment))["amount"] == 16_000
    for name, stream in (("filing", payment), ("parcel", payment), ("clocks", payment), ("payment", filing)):
        assert (await refusal(ask(office, ask=name, stream=stream))).code is RefusalCode.NOT_FOUND
    assert (await refusal(ask(office, ask="changes", stream=payment, wait=0))).code is RefusalCode.NOT_FOUND


@walked(
    "question",
    [
        {},
        {"ask": "everything"},
        {"ask": "filing"},
        {"ask": "filing", "stream": 7},
        {"ask": "filing", "stream": "filing:\0"},
        {"ask": "receipt", "stream": "filing:\0"},
        {"ask": "changes", "stream": "filing:\0"},
        {"ask": "changes", "stream": "filing:x", "wait": 21},
        {"ask": "timeline", "stream": "filing:x", "audience": "press"},
        {"ask": "tasks", "limit": 0},
        {"ask": "tasks", "officer": "\0"},
        {"ask": "tasks", "due_before": "2026-11-26"},
        {"ask": "tasks", "after": cursor("soon", "a", "b", "c", "d")},
        {"ask": "tasks", "after": cursor("2026-11-26 10:00:00+00", "a\0", "b", "c", "d")},
        {"ask": "tasks", "after": cursor("infinity")},
        {"ask": "filings", "client_id": "portal", "after": "first"},
        {"ask": "filings", "client_id": "portal", "after": cursor("first")},
        {"ask": "filings", "client_id": "portal", "after": cursor(7)},
        {"ask": "persons_filings", "id_number": "\0"},
    ],
    ids=str,
    exactly=19,
)
async def test_a_question_that_makes_no_sense_is_refused_at_once(office: World, question: dict[str, Any]) -> None:
    async with asyncio.timeout(10):
        refused = await refusal(ask(office, **question))
    assert refused.code is RefusalCode.BAD_COMMAND
    if isinstance(question.get("after"), str):
        assert [(one.field, one.rule) for one in refused.problems] == [("after", "no_such_page")]


async def test_where_no_gateway_serves_files_no_address_is_given(office: World) -> None:
    ids = {"client_id": "portal", "submission_id": str(uuid4())}
    of = {"stream": filing_workflow(filing_id(*ids.values())), "sha256": "0" * 64, "size": 1}
    refused = await refusal(ask(office, ask="upload", media_type="application/pdf", **of, **ids))
    assert (refused.code, refused.problems[0].rule) == (RefusalCode.NOT_ALLOWED, "files_not_served")


async def test_everything_is_answered_after_the_end_and_after_the_engine_has_forgotten(world: World) -> None:
    client_id, person = f"portal-{uuid4()}", PERSON | {"id_number": "CANARY-000077"}
    async with world.platform(), world.back_office(Doubtful()):
        play = await Play.begin(world, posted(client_id=client_id, **whose(person)))
        await play.deliver()
        await eventually(lambda: play.kinds("parcel", 1), lambda kinds: "consignment_ended" in kinds)
        first = await answers(world.client, play, client_id, person["id_number"])
    amnesia = dataclasses.replace(world, temporal=await empty_namespace(world))
    async with amnesia.platform():
        assert await answers(amnesia.client, play, client_id, person["id_number"]) == first
        with pytest.raises(FilingNotAvailable):
            await amnesia.client.parcel(play.filing, 2)
        async with asyncio.timeout(20):
            followed = [view.seq async for view in amnesia.client.follow(play.filing)]
    assert followed == list(range(1, len(await play.kinds()) + 1))
    assert [row["filing_id"] for row in first["filings"]["rows"]] == [play.filing]
    assert first["filings"]["rows"] == first["of person"]["rows"]
    assert (first["payment"]["state"], first["parcel"]["state"]) == ("paid", "delivered")
    assert (first["tasks"]["rows"], first["counts"]) == ((), [])


async def answers(client: FilingClient, play: Play, client_id: str, id_number: str) -> dict[str, Any]:
    filing = play.filing
    found: dict[str, Any] = {
        "filing": await client.view(filing),
        "clocks": await client.clocks(filing),
        "result": await client.result(filing),
        "receipt": await client.receipt(filing),
        "receipt of a command": await client.receipt(filing, "move-2"),
        "receipt of the payment": await client.receipt(payment_workflow(filing, 1), "request"),
        "actions": await client.actions(filing, play.submission.actor),
        "payment": await client.payment(filing),
        "parcel": await client.parcel(filing),
        "changes": await client.changes(filing, wait=0),
        "filings": await client.filings(client_id),
        "of person": await client.filings_of(id_number),
        "tasks": await client.tasks(),
        "counts": await client.counts(),
        "agency": await client.agency(play.submission.agency),
    }
    for audience in rd.Audience:
        found[audience] = await client.timeline(filing, audience)
    return {name: timeless(answer) for name, answer in found.items()}


def timeless(answer: Any) -> Any:
    if isinstance(answer, list):
        return [timeless(each) for each in answer]
    return answer.model_dump(exclude={"as_of"})


# The timeline: each audience what it may see.


@pytest.fixture
async def seen(world: World) -> dict[str, Any]:
    """A finished filing, its timeline for each audience, and the code of the same person's open filing."""
    async with world.platform(), world.back_office(Doubtful()):
        other = await Play.begin(world, with_fee())
        play = await Play.begin(world, with_fee())
        await play.act(cm.Claim, play.officer(Role.RECEPTION), on_behalf_of=ON_HER_BEHALF)
        await play.deliver(reason=REASON)
        timelines = {str(audience): await world.client.timeline(play.filing, audience) for audience in rd.Audience}
    return {"world": world, "play": play, "other": other.code, **timelines}


def without(entries: list[rd.TimelineEntry], *fields: str) -> str:
    return "\n".join(entry.model_dump_json(exclude=set(fields)) for entry in entries)


def by_kind(entries: list[rd.TimelineEntry]) -> dict[str, rd.TimelineEntry]:
    return {entry.kind: entry for entry in entries}


async def the_public_sees_what_happened_and_when_and_nothing_else(seen: dict[str, Any]) -> None:
    entries, play = seen[rd.Audience.PUBLIC], seen["play"]
    assert [entry.kind for entry in entries] == await play.kinds()
    assert {entry.stream for entry in entries} == {filing_workflow(play.filing)}
    for entry in entries:
        assert set(entry.model_dump(exclude_none=True)) == {"stream", "seq", "kind", "at", "status"}
    assert CANARY not in without(entries).lower()


async def an_applicant_sees_their_own_filing_but_not_what_officers_do_among_themselves(seen: dict[str, Any]) -> None:
    entries, play = seen[rd.Audience.APPLICANT], seen["play"]
    kinds = by_kind(entries)
    assert {entry.stream for entry in entries} == {filing_workflow(play.filing), payment_workflow(play.filing, 1)}
    assert [entry.at for entry in entries] == sorted(entry.at for entry in entries)
    for inside in ("claimed", "proposed"):
        assert (kinds[inside].subject, kinds[inside].body, kinds[inside].personal) == (None, None, None)
    submitted = require(kinds["submitted"].personal)
    assert submitted["applicant"]["name"] == PERSON["name"]
    assert "possible_duplicates" not in submitted
    assert kinds["accepted"].subject == play.officer(Role.RECEPTION).subject
    assert seen["other"] not in without(entries)
    assert ON_HER_BEHALF not in without(entries)
    assert CANARY not in without(entries, "personal").lower()


async def an_officer_sees_who_it_was_and_what_else_they_have_filed(seen: dict[str, Any]) -> None:
    kinds = by_kind(seen[rd.Audience.OFFICER])
    submitted = require(kinds["submitted"].personal)
    assert submitted["possible_duplicates"] == [seen["other"]]
    assert submitted["applicant"]["id_number"] == PERSON["id_number"]
    assert kinds["submitted"].subject == PERSON["subject"]
    assert kinds["proposed"].personal == {"reason": REASON}
    assert kinds["decided"].subject == seen["play"].officer(Role.LEADER).subject
    assert CANARY not in without(seen[rd.Audience.OFFICER], "personal", "subject").lower()


async def an_auditor_sees_every_body_and_no_person(seen: dict[str, Any]) -> None:
    entries, officers = seen[rd.Audience.AUDITOR], seen[rd.Audience.OFFICER]
    assert [entry.body for entry in entries] == [entry.body for entry in officers]
    assert all(entry.body is not None and entry.personal is None for entry in entries)
    assert by_kind(entries)["submitted"].subject is None
    assert by_kind(entries)["decided"].subject
    assert CANARY not in without(entries).lower()
    assert seen["other"] not in without(entries)


async def the_record_as_an_auditor_reads_it_holds_nobody(seen: dict[str, Any]) -> None:
    world, play = seen["world"], seen["play"]
    async with world.connection(world.app_dsn) as connection:
        events = await auditor.events(connection, play.filing)
    assert len([event for event in events if event.stream == filing_workflow(play.filing)]) == len(await play.kinds())
    assert any(event.sealed for event in events)
    assert CANARY not in "".join(event.model_dump_json() for event in events).lower()


@walked(
    "story",
    [
        the_public_sees_what_happened_and_when_and_nothing_else,
        an_applicant_sees_their_own_filing_but_not_what_officers_do_among_themselves,
        an_officer_sees_who_it_was_and_what_else_they_have_filed,
        an_auditor_sees_every_body_and_no_person,
        the_record_as_an_auditor_reads_it_holds_nobody,
    ],
    exactly=5,
)
async def test_each_audience_is_told_its_part_of_what_happened(
    seen: dict[str, Any], story: Callable[[dict[str, Any]], Awaitable[None]]
) -> None:
    await story(seen)


ELSEWHERE: Final = "H01.12"


def ids_around(client_id: str, cursor: UUID) -> tuple[str, str]:
    """Returns two ids of submissions: the first one's filing sorts before the id `cursor`, the second's after it."""
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
    assert [row.filing_id for row in (*first.rows, *rows(rest))] == sorted({*wanted, filing_id(mine, behind)})
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


async def test_the_filings_of_a_person_follow_a_number_that_is_corrected(office: World) -> None:
    wrong, right = f"{uuid4().int % 10**12:012d}", f"{uuid4().int % 10**12:012d}"
    play = await Play.begin(office, birth(applicant={"subject": "applicant-1", "name": "An", "id_number": wrong}))
    said: dict[str, Any] = {"name": f"{CANARY} Ân", "id_number": right, "reason": f"{CANARY} viết nhầm"}
    await play.act(cm.CorrectApplicant, play.officer(Role.RECEPTION), **said)
    found = {number: (await office.client.filings_of(number)).rows for number in (wrong, right)}
    assert [row.filing_id for row in found[right]] == [play.filing]
    assert found[wrong] == ()
    [event] = [one for one in await office.client.timeline(play.filing) if one.kind == "applicant_corrected"]
    assert event.personal is not None
    assert (event.personal["before"]["id_number"], event.personal["after"]["id_number"]) == (wrong, right)
    rows = await office.fetch("select body from event where filing_id = $1", play.filing)
    assert not any(word in row["body"].decode() for row in rows for word in (wrong, right, CANARY))
    await sound(office)


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
    async with office.connection(office.app_dsn) as connection:
        log = Log(connection, no_keys, KINDS)
        queue = (await tasks(log, rd.AskTasks(agency=AGENCY, overdue=True))).rows
        assert {task.stream for task in queue} == {names[late.filing]}
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


async def test_tasks_that_are_never_due_come_last_page_by_page(office: World) -> None:
    plays = [await Play.begin(office, birth()) for _ in range(4)]
    never = {filing_workflow(play.filing) for play in plays[:3]}
    async with office.connection() as connection:
        change = connection.transaction()
        await change.start()
        await connection.execute("update task set due_at = null where stream = any($1)", list(never))
        log = Log(connection, no_keys, KINDS)
        pages = await every_page(lambda after: tasks(log, rd.AskTasks(agency=AGENCY, limit=1, after=after)))
        await change.rollback()
    listed = rows(pages)
    assert [task.due_at for task in listed[-3:]] == [None] * 3
    assert {task.stream for task in listed[-3:]} == never
    assert len({(task.stream, task.name) for task in listed}) == len(listed)


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
