"""Parts that other agencies decide, on a real server, worker and database: asked for, decided, late, taken back."""

from __future__ import annotations

from typing import Final

import pytest
import yaml

from motcua import BackOffice, BadSubmission, NotAllowed, NotAuthorised
from operations.evidence.bundle import export
from publishing.authoring import procedures
from publishing.authoring.calendars import CALENDAR, publish_calendar
from rules.source.document import parse
from schemas import ids
from schemas.backoffice import AnswerRequest, Dossier, PartDecision
from schemas.filing import commands as cm
from schemas.filing.events import Outcome
from schemas.filing.state import PartStage, Stage
from schemas.people import Role
from schemas.reading import AskTasks
from tests.acting import (
    CHILD,
    INSURANCE,
    JOINED,
    LEAD,
    POLICE,
    Play,
    decide_part,
    eventually,
    joined,
    refer,
)
from tests.conftest import ROOT, World
from verifier.bundle import Rule, canonical, digest, verify

MINISTRY: Final = "G18.01"
REFUSED: Final = {"outcome": Outcome.REFUSED, "reason": "chỗ ở chưa hợp pháp", "legal_basis": "Luật Cư trú Đ20"}


async def test_what_is_electronic_is_asked_at_once_and_the_lead_sees_every_answer(running: World) -> None:
    play = await refer(running)
    residence, insurance = (await play.view()).parts
    assert [(part.agency, part.stage) for part in (residence, insurance)] == [
        (POLICE, PartStage.REFERRED),
        (INSURANCE, PartStage.REFERRED),
    ]
    await decide_part(play, insurance)
    await decide_part(play, residence, **REFUSED)
    view = await play.until(lambda seen: all(part.outcome for part in seen.parts))
    assert [(part.outcome, part.officer) for part in view.parts] == [
        ("refused", "h01.31-specialist-1"),
        ("approved", "h01.60-specialist-1"),
    ]
    shown = await running.client.referral(play.filing, 1)
    assert shown.decision is not None
    assert (shown.lead, shown.agency, shown.decision.reason) == (LEAD, POLICE, REFUSED["reason"])
    await play.review()
    await play.at(Stage.CLOSED)
    kinds = await play.kinds()
    assert kinds[4:].count("part_answered") == 2
    assert kinds.index("parts_decided") < kinds.index("proposed")


async def test_its_tasks_and_its_officers_are_the_deciding_agencys_own(running: World) -> None:
    play = await refer(running)
    stream = ids.referral_workflow(play.filing, 1)
    found = await eventually(lambda: running.client.tasks(AskTasks(agency=POLICE)), lambda page: bool(page.rows))
    [task] = found.rows
    assert (task.stream, task.name, task.role, task.actions) == (stream, "residence", "specialist", ("claim",))
    claim = cm.Claim.model_validate(
        {"command_id": "c1", "actor": play.officer(Role.SPECIALIST), "via": {"principal": "d"}}
    )
    with pytest.raises(NotAllowed) as no:
        await running.client.act(stream, claim)
    assert [problem.rule for problem in no.value.refusal.problems] == ["other_agency"]
    nobody = claim.actor.model_copy(update={"subject": "h01.31-nobody", "agency": POLICE})
    with pytest.raises(NotAuthorised):
        await running.client.act(stream, claim.model_copy(update={"actor": nobody}))
    async with running.connection() as connection:
        agencies = await connection.fetch("select distinct agency from event where stream = $1", stream)
        sealed = await connection.fetchval("select body from event where stream = $1 and seq = 1", stream)
    assert [row["agency"] for row in agencies] == [POLICE]
    assert "Nguyễn".encode() not in sealed


class Police(BackOffice):
    """Decides about residences by machine, and leaves everything else to officers."""

    asked: list[AnswerRequest]

    def __init__(self) -> None:
        self.asked = []

    async def check(self, dossier: Dossier) -> bool:  # noqa: ARG002 -- it doubts everything
        return False

    async def answer(self, request: AnswerRequest) -> PartDecision | None:
        self.asked.append(request)
        if request.part != "residence":
            return None
        return PartDecision(outcome=Outcome.APPROVED, officer="h01.31-leader-1")


async def test_the_agencys_back_office_is_asked_and_what_it_leaves_its_officers_decide(world: World) -> None:
    police = Police()
    async with world.platform(), world.back_office(police):
        play = await refer(world)
        view = await play.until(lambda seen: seen.parts[0].outcome is not None)
        assert (view.parts[0].officer, view.parts[1].outcome) == ("h01.31-leader-1", None)
        shown = {request.part: (request.lead, request.dossier.form) for request in police.asked}
        assert shown == {"residence": (LEAD, CHILD), "health_insurance": (LEAD, CHILD)}
        await decide_part(play, view.parts[1])
        await play.until(lambda seen: seen.parts[1].outcome is not None)
    assert await play.kinds("referral", 1) == ["referral_requested", "referral_answered"]


async def test_where_the_province_has_nobody_for_a_part_the_submission_is_refused(running: World) -> None:
    async with running.connection() as connection:
        await connection.execute("update agency set province = 'H29' where agency = $1", INSURANCE)
    with pytest.raises(BadSubmission) as no:
        await Play.begin(running, joined())
    [problem] = no.value.refusal.problems
    assert (problem.field, problem.rule) == ("agency", "no_partner")
    assert "health_insurance" in problem.message.vi


async def test_a_ministry_is_asked_whatever_the_province(running: World) -> None:
    source = yaml.safe_load((ROOT / "procedures" / f"{JOINED}@2026-12.yaml").read_bytes()) | {"version": "2026-12"}
    source["review"][1]["referral"]["parts"][1]["kinds"] = ["ministry"]
    version = (await procedures.publish(running.owner_dsn, yaml.safe_dump(source, allow_unicode=True).encode())).version
    play = await Play.begin(running, joined(version=version))
    assert [part.agency for part in (await play.view()).parts] == [POLICE, MINISTRY]


async def test_another_calendar_reaches_what_another_agency_decides(running: World) -> None:
    play = await refer(running)
    await eventually(lambda: play.kinds("referral", 1), bool)
    raw = parse(CALENDAR.read_bytes(), as_text=True).value | {"version": "2026-12-test"}
    name = (await publish_calendar(running.owner_dsn, yaml.safe_dump(raw).encode())).name
    handle = running.temporal.get_workflow_handle(ids.referral_workflow(play.filing, 1))
    await handle.execute_update("adopt_calendar", cm.AdoptCalendar(calendar=name))
    assert (await play.kinds("referral", 1))[-1] == "referral_calendar_changed"


async def test_a_bundle_holds_what_each_agency_decided_to_what_the_filing_says_of_it(running: World) -> None:
    play = await refer(running)
    for part in (await play.view()).parts:
        await decide_part(play, part)
    await play.until(lambda seen: all(part.outcome for part in seen.parts))
    async with running.connection(running.app_dsn) as connection:
        bundle = await export(connection, str(play.filing), None)
    assert bundle is not None
    assert verify(canonical(bundle)).verified
    alone = bundle | {"streams": [stream for stream in bundle["streams"] if not stream["stream"].endswith(":2")]}
    broken = verify(canonical(alone | {"digest": digest(alone)}))
    assert [problem.message.partition(":")[0] for problem in broken.problems if problem.rule is Rule.BELONGS] == [
        "part_answered"
    ]
