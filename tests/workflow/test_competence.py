"""Agencies that decide a procedure, and desks that receive for them: what is handed in elsewhere is refused."""

from __future__ import annotations

from typing import Any, Final

import pytest
import yaml

from activities.intake import OpenRequest, Registry
from motcua import BadSubmission
from publishing.authoring.procedures import publish, seed_directory
from schemas.errors import Problem
from schemas.filing.submission import Submission
from schemas.ids import filing_workflow
from schemas.people import Role
from tests.acting import AGENCY, BIRTH, Play, birth, officer
from tests.conftest import ROOT, World
from workers.wiring import open_pool

HERE: Final = "H56.30"
AGENCIES: Final = {
    "H01.12": ("commune", None),
    "H56.04": ("land_office", None),
    "H56.31": ("commune", None),
    "G12.56": ("tax", "H56"),  # of a ministry, in the province
}
VI, EN = ("Ủy ban nhân dân cấp xã", "commune people's committee")


async def decided_by(world: World, *kinds: str, here: str | None) -> str:
    """Publish a version that these kinds decide, and a directory in which the agency is of this kind; its name."""
    source = yaml.safe_load((ROOT / "procedures" / f"{BIRTH}@2026-12.yaml").read_bytes())
    changed = source | {"version": "2026-12", "decided_by": {"kinds": list(kinds), "source": "Luật Hộ tịch Đ7"}}
    said = AGENCIES | ({} if here is None else {HERE: (here, None)})
    entries: list[dict[str, Any]] = [
        {"agency": code, "name": {"vi": f"cơ quan {code}", "en": f"agency {code}"}, "kind": kind}
        | ({"province": province} if province else {})
        for code, (kind, province) in said.items()
    ]
    async with world.connection() as connection:
        await connection.execute("update agency set kind = null")
    await seed_directory(world.owner_dsn, yaml.safe_dump({"agencies": entries}).encode(), world.publisher)
    return (await publish(world.owner_dsn, yaml.safe_dump(changed, allow_unicode=True).encode())).version


async def refused(world: World, submission: Submission) -> list[Problem]:
    with pytest.raises(BadSubmission) as error:
        await Play.begin(world, submission)
    return list(error.value.refusal.problems)


@pytest.mark.parametrize(
    ("kinds", "here", "vi", "en"),
    [
        (
            ["commune"],
            "land_office",
            f"thủ tục này do {VI} giải quyết; hãy nộp tại: H56.31 (cơ quan H56.31), H01.12 (cơ quan H01.12)",
            f"this procedure is decided by: {EN}; file with: H56.31 (agency H56.31), H01.12 (agency H01.12)",
        ),
        (["tax", "commune"], "land_office", "G12.56", "G12.56 (agency G12.56), H56.31 (agency H56.31), H01.12"),
        (["province_police"], "commune", "danh bạ chưa có cơ quan nào như thế", "the directory has none"),
    ],
    ids=["the nearest first", "a ministry's is near in the province where it sits", "nobody"],
)
async def test_who_does_not_decide_names_who_does(world: World, kinds: list[str], here: str, vi: str, en: str) -> None:
    version = await decided_by(world, *kinds, here=here)
    async with world.platform():
        problem, other = await refused(world, birth(version=version, papers=[]))
    assert (problem.field, problem.rule, other.rule) == ("agency", "not_competent", "paper_required")
    assert (vi in problem.message.vi, en in problem.message.en) == (True, True)
    async with world.connection() as connection:
        assert await connection.fetchval("select count(*) from event where filing_id is not null") == 0


@pytest.mark.parametrize("here", ["commune", None], ids=["of the kind", "of no kind that the directory tells"])
async def test_who_decides_it_takes_it_and_keeps_it_whatever_it_becomes(world: World, here: str | None) -> None:
    version = await decided_by(world, "commune", "land_office", here=here)
    async with world.platform():
        play = await Play.begin(world, birth(version=version))
    async with world.connection() as connection:
        await connection.execute("update agency set kind = 'tax' where agency = $1", HERE)
    stream = filing_workflow(play.filing)
    async with open_pool(world.settings) as pool:
        begun = await Registry(pool).open(OpenRequest(stream=stream, code=BIRTH, version=version, agency=AGENCY))
    assert begun.elsewhere is None


CENTRE: Final = "H01.01"
WARD: Final = "H01.12"


def handed_in(desk: str, agency: str) -> Submission:
    """A birth on paper, at this desk."""
    recorded_by = officer(Role.RECEPTION, desk)
    there = {"agency": agency, "desk": desk, "channel": "counter", "actor": recorded_by, "result_channel": "counter"}
    return birth(**there)


async def serve(world: World, desk: str, *agencies: str) -> None:
    async with world.connection() as connection:
        await connection.execute("update agency set receives_for = $2 where agency = $1", desk, list(agencies))


async def test_what_the_directory_does_not_allow_is_refused(world: World) -> None:
    await serve(world, CENTRE, "H01.13")
    async with world.platform():
        assert await rules(world, handed_in(CENTRE, WARD)) == [("desk", "may_not_receive")]
        await serve(world, CENTRE, "*")
        assert await rules(world, handed_in(CENTRE, HERE)) == [("desk", "may_not_receive")]
        assert await rules(world, birth(agency=HERE, result_desk=CENTRE)) == [("result_desk", "may_not_receive")]


async def rules(world: World, submission: Submission) -> list[tuple[str, str]]:
    return [(problem.field, problem.rule) for problem in await refused(world, submission)]
