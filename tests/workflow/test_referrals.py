"""Parts that other agencies decide, on a real server, worker and database: asked for, decided, late, taken back."""

from __future__ import annotations

from typing import Final

import pytest
import yaml

from motcua import BackOffice, BadSubmission
from publishing.authoring import procedures
from schemas.backoffice import AnswerRequest, Dossier, PartDecision
from schemas.filing.events import Outcome
from tests.acting import CHILD, INSURANCE, JOINED, LEAD, POLICE, Play, decide_part, joined, refer
from tests.conftest import ROOT, World

MINISTRY: Final = "G18.01"
REFUSED: Final = {"outcome": Outcome.REFUSED, "reason": "chỗ ở chưa hợp pháp", "legal_basis": "Luật Cư trú Đ20"}


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
