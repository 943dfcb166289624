"""Two provinces side by side: each files under its own, and what was begun keeps what it was begun with."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final
from uuid import uuid4

import pytest

from activities.intake import OpenRequest, OpenResult, Registry
from motcua import BadSubmission
from operations.rebuilding.rebuild import rebuild
from publishing.authoring.procedures import publish
from publishing.authoring.provinces import publish_province
from rules.time.working_time import VIETNAM
from schemas.ids import filing_workflow
from schemas.people import Role
from schemas.publishing.procedure import Term
from tests.acting import ADDRESS, Play, extract, officer
from tests.conftest import World
from tests.provinces import EXTRACT_FILE, UNCONFIRMED, changed, overlay
from tests.restarting import lost_and_restarted
from verifier import ledger as ledger_verifier
from workers.wiring import open_pool

HAI_PHONG: Final = "H24.10"
HONG_CHAU: Final = "H01.12"
ELSEWHERE: Final = "H56.30"
COPIES: Final = 2


async def provinces(world: World) -> None:
    await publish_province(world.owner_dsn, overlay("H24", "1", 5000))
    await publish_province(world.owner_dsn, overlay("H01", "1", 3000))


async def asked_for(play: Play) -> int:
    """What is to be paid, once it is taken in."""
    await play.accept()
    view = await play.until(lambda view: view.fee is not None)
    assert view.fee is not None
    return view.fee.amount


async def test_each_province_asks_for_its_own_fee(running: World) -> None:
    await provinces(running)
    plays = {agency: await Play.begin(running, extract(agency=agency)) for agency in (HAI_PHONG, HONG_CHAU, ELSEWHERE)}

    assert {agency: await asked_for(play) for agency, play in plays.items()} == {
        HAI_PHONG: COPIES * 5000,
        HONG_CHAU: COPIES * 3000,
        ELSEWHERE: COPIES * 8000,
    }
    assert {agency: (await play.view()).version for agency, play in plays.items()} == {
        HAI_PHONG: "2026-12-demo.H24.1",
        HONG_CHAU: "2026-12-demo.H01.1",
        ELSEWHERE: "2026-12-demo",
    }


async def test_what_was_begun_keeps_its_version_across_a_restart(running: World) -> None:
    await provinces(running)
    begun = await Play.begin(running, extract(agency=HAI_PHONG))
    elsewhere = await Play.begin(running, extract(agency=ELSEWHERE))
    await publish_province(running.owner_dsn, overlay("H24", "2", 6000))
    await publish_province(running.owner_dsn, overlay("H56", "1", 7000))

    await lost_and_restarted(running, *(filing_workflow(play.filing) for play in (begun, elsewhere)))
    later = await Play.begin(running, extract(agency=HAI_PHONG))

    assert await asked_for(begun) == COPIES * 5000
    assert await asked_for(elsewhere) == COPIES * 8000
    assert await asked_for(later) == COPIES * 6000
    rebuilt = await rebuild(running.owner_dsn, running.settings.master, lambda *_: None)
    assert set(rebuilt.changed.values()) == {0}
    assert (await ledger_verifier.verify(running.app_dsn)).verified


async def test_the_name_of_another_provinces_version_is_unknown_here(running: World) -> None:
    await provinces(running)
    own = await Play.begin(running, extract(agency=HAI_PHONG, version="2026-12-demo.H24.1"))
    assert (await own.view()).version == "2026-12-demo.H24.1"
    for agency in (HONG_CHAU, ELSEWHERE):
        with pytest.raises(BadSubmission) as error:
            await Play.begin(running, extract(agency=agency, version="2026-12-demo.H24.1"))
        assert [(p.field, p.rule) for p in error.value.refusal.problems] == [("version", "unknown_version")]


async def test_by_post_the_law_of_the_day_before_holds_for_what_came_the_day_before(running: World) -> None:
    today = datetime.now(VIETNAM).date()
    source = EXTRACT_FILE.read_bytes()
    await publish(running.owner_dsn, source)
    await publish(
        running.owner_dsn, changed(source, version="9-new", validity={"valid_from": str(today)} | UNCONFIRMED)
    )
    midnight = datetime.combine(today, datetime.min.time(), VIETNAM)
    leader = officer(Role.LEADER)
    post = {"channel": "post", "actor": leader, "result_channel": "post", "address": ADDRESS, "version": None}

    for received, version in ((midnight - timedelta(minutes=1), "2026-12"), (midnight, "9-new"), (None, "9-new")):
        at = {} if received is None else {"received_at": received}
        actor = {} if received else {"actor": officer(Role.RECEPTION)}
        play = await Play.begin(running, extract(**post | actor | at))
        assert (await play.view()).version == version


@pytest.mark.parametrize(
    ("day", "version", "term"),
    [
        (date(2027, 2, 28), "old", None),
        (date(2027, 3, 1), "new", None),
        (date(2027, 12, 31), "new", None),
        (date(2028, 1, 1), "newest", None),
        (date(2026, 12, 31), "new", Term(valid_from=date(2027, 3, 1), valid_until=date(2027, 12, 31))),
    ],
)
async def test_both_borders_of_a_validity_are_inside(world: World, day: date, version: str, term: Term | None) -> None:
    source = EXTRACT_FILE.read_bytes()
    validities = {
        "2-newest": {"valid_from": "2028-01-01"},
        "1-new": {"valid_from": "2027-03-01", "valid_until": "2027-12-31"},
        "0-old": {"valid_from": "2027-01-01", "valid_until": "2027-02-28"},
    }
    for name, days in validities.items():
        await publish(world.owner_dsn, changed(source, version=name, validity=days | UNCONFIRMED))
    await publish_province(world.owner_dsn, overlay("H24", "1", 5000))
    named = f"1-{version}" if term else None

    found = await opened(world, ELSEWHERE, day, named)
    here = await opened(world, HAI_PHONG, day, named)

    assert found.procedure is not None
    assert here.procedure is not None
    assert found.procedure.version.endswith(f"-{version}")
    assert here.procedure.version == f"{found.procedure.version}.H24.1"
    assert found.not_in_force == here.not_in_force == term


async def opened(world: World, agency: str, day: date, version: str | None) -> OpenResult:
    stream = filing_workflow(uuid4())
    asked = OpenRequest(stream=stream, code="2.000635", version=version, agency=agency, day=day)
    async with open_pool(world.settings) as pool:
        return await Registry(pool).open(asked)
