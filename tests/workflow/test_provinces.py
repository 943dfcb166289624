"""Different provinces, the agencies that decide, and desks; the log has the decisions made at the submission."""

from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import uuid4

import pytest
import yaml

from activities.intake import OpenRequest, OpenResult, Registry
from activities.ledger.vault import Vault
from motcua import BadSubmission, NotAllowed
from operations.rebuilding import rebuild
from publishing.authoring.procedures import publish, seed_directory
from publishing.authoring.provinces import publish_province
from recovery.stalled import stalled
from rules.streams import KINDS
from rules.time.working_time import VIETNAM
from sandbox.presigned import LEADER
from schemas.errors import Problem
from schemas.filing import commands as cm
from schemas.filing.state import FilingView, Stage
from schemas.filing.submission import Submission
from schemas.ids import filing_workflow
from schemas.people import Role
from schemas.publishing.procedure import Term
from tests.acting import ADDRESS, AGENCY, BIRTH, Play, birth, broken, eventually, extract, officer
from tests.conftest import ROOT, World
from tests.provinces import EXTRACT_FILE, UNCONFIRMED, changed, overlay
from tests.restarting import lost_and_restarted
from verifier import ledger as ledger_verifier
from views.log import Log, UnfoldableError
from workers.wiring import open_pool

HAI_PHONG: Final = "H24.10"
HONG_CHAU: Final = "H01.12"
ELSEWHERE: Final = "H56.30"
COPIES: Final = 2


async def provinces(world: World) -> None:
    await publish_province(world.owner_dsn, overlay("H24", "1", 5000))
    await publish_province(world.owner_dsn, overlay("H01", "1", 3000))


async def asked_for(play: Play) -> int:
    """Accepts the filing; returns the fee that is then due."""
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
    assert (await asked_for(begun), await asked_for(elsewhere)) == (COPIES * 5000, COPIES * 8000)
    assert await asked_for(later) == COPIES * 6000
    rebuilt = await rebuild(running.owner_dsn, running.settings.master, lambda *_: None)
    assert set(rebuilt.changed.values()) == {0}
    assert (await ledger_verifier.verify(running.app_dsn)).verified


async def test_the_name_of_another_provinces_version_is_unknown_here(running: World) -> None:
    await provinces(running)
    own = await Play.begin(running, extract(agency=HAI_PHONG, version="2026-12-demo.H24.1"))
    assert (await own.view()).version == "2026-12-demo.H24.1"
    for agency in (HONG_CHAU, ELSEWHERE):
        elsewhere = Play.begin(running, extract(agency=agency, version="2026-12-demo.H24.1"))
        assert await broken(elsewhere, BadSubmission) == [("version", "unknown_version")]


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
        assert (await (await Play.begin(running, extract(**post | actor | at))).view()).version == version


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
    asked = OpenRequest(stream=filing_workflow(uuid4()), code="2.000635", version=version, agency=agency, day=day)
    async with open_pool(world.settings) as pool:
        return await Registry(pool).open(asked)


# Agencies that decide a procedure, and desks that receive for them: what is handed in elsewhere is refused.

HERE: Final = "H56.30"
AGENCIES: Final = {
    "H01.12": ("commune", None),
    "H56.04": ("land_office", None),
    "H56.31": ("commune", None),
    "G12.56": ("tax", "H56"),  # of a ministry, in the province
}
VI, EN = ("Ủy ban nhân dân cấp xã", "commune people's committee")


async def decided_by(world: World, *kinds: str, here: str | None) -> str:
    """Publishes an agency of kind `here`, if any, and a version that agencies of `kinds` decide; returns its name."""
    source = yaml.safe_load((ROOT / "procedures" / f"{BIRTH}@2026-12.yaml").read_bytes())
    changed = source | {"version": "2026-12", "decided_by": {"kinds": list(kinds), "source": "Luật Hộ tịch Đ7"}}
    entries: list[dict[str, Any]] = [
        {"agency": code, "name": {"vi": f"cơ quan {code}", "en": f"agency {code}"}, "kind": kind}
        | ({"province": province} if province else {})
        for code, (kind, province) in (AGENCIES | ({} if here is None else {HERE: (here, None)})).items()
    ]
    await world.execute("update agency set kind = null")
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
            f"thủ tục này do {VI} giải quyết; hãy nộp hồ sơ tại H56.31 (cơ quan H56.31), H01.12 (cơ quan H01.12)",
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
    assert await world.fetchval("select count(*) from event where filing_id is not null") == 0


@pytest.mark.parametrize("here", ["commune", None], ids=["of the kind", "of no kind that the directory tells"])
async def test_who_decides_it_takes_it_and_keeps_it_whatever_it_becomes(world: World, here: str | None) -> None:
    version = await decided_by(world, "commune", "land_office", here=here)
    async with world.platform():
        play = await Play.begin(world, birth(version=version))
    await world.execute("update agency set kind = 'tax' where agency = $1", HERE)
    stream = filing_workflow(play.filing)
    async with open_pool(world.settings) as pool:
        begun = await Registry(pool).open(OpenRequest(stream=stream, code=BIRTH, version=version, agency=AGENCY))
    assert begun.elsewhere is None


PARENT: Final = "parent_commune"
THERE: Final = "00004"


async def decided_by_place(world: World, *fields: str, **territories: list[str]) -> str:
    """Publishes territories, and a version for births in which these fields determine the commune; returns its name."""
    source = yaml.safe_load((ROOT / "procedures" / f"{BIRTH}@2026-12.yaml").read_bytes())
    place = {"place": {"fields": list(fields), "source": "Luật Hộ tịch Đ13"}} if fields else {}
    rule = {"kinds": ["commune"], "source": "Luật Hộ tịch Đ13"} | place
    changed = source | {"version": "2026-12" if fields else "2026-12-any", "decided_by": rule}
    await world.execute("update agency set territory = null")
    entries = [
        {"agency": agency, "name": {"vi": "xã", "en": "commune"}, "kind": "commune", "territory": territory}
        | ({"phone": "024 3000 0112"} if agency == HONG_CHAU else {})
        for agency, territory in territories.items()
    ]
    await seed_directory(world.owner_dsn, yaml.safe_dump({"agencies": entries}).encode(), world.publisher)
    return (await publish(world.owner_dsn, yaml.safe_dump(changed, allow_unicode=True).encode())).version


@pytest.mark.parametrize(
    ("territories", "commune", "named"),
    [
        ({HERE: ["16012"], HONG_CHAU: [THERE]}, THERE, [HONG_CHAU]),
        ({HERE: ["16012", THERE], HONG_CHAU: [THERE]}, THERE, None),
        ({HERE: ["16012"], HONG_CHAU: [THERE]}, None, None),
        ({HERE: [], HONG_CHAU: [THERE]}, THERE, [HONG_CHAU]),
        ({HERE: [], HONG_CHAU: [THERE]}, "99999", None),
        ({HERE: ["16012"], HONG_CHAU: [THERE]}, "99999", []),
    ],
    ids=["of another's", "its own", "nowhere", "of another's, here none is known", "of nobody's", "of nobody's here"],
)
async def test_who_decides_by_place_is_the_agency_of_the_commune(
    world: World, territories: dict[str, list[str]], commune: str | None, named: list[str] | None
) -> None:
    version = await decided_by_place(world, PARENT, **territories)
    asked = OpenRequest(stream=filing_workflow(uuid4()), code=BIRTH, version=version, agency=HERE)
    communes = {"birth_place": "16012"} | ({} if commune is None else {PARENT: commune})
    async with open_pool(world.settings) as pool:
        found = await Registry(pool).open(asked.model_copy(update={"communes": communes}))
    assert (found.elsewhere and [one.agency for one in found.elsewhere]) == (named or (None if named is None else ()))


async def test_at_the_wrong_place_it_is_refused_online_and_at_the_desk_and_any_place_does_without_a_rule(
    world: World,
) -> None:
    territories = {HERE: ["16012"], HONG_CHAU: [THERE]}
    version = await decided_by_place(world, PARENT, **territories)
    form = birth().form | {PARENT: THERE}
    desk = {"channel": "counter", "actor": officer(Role.RECEPTION), "result_channel": "counter"}
    async with world.platform():
        for way in ({}, desk):
            [problem] = await refused(world, birth(version=version, form=form, **way))
            assert (problem.field, problem.rule) == ("agency", "not_competent")
            assert f"{HONG_CHAU} (xã, điện thoại 024 3000 0112)" in problem.message.vi
        [problem] = await refused(world, birth(version=version, form=form | {PARENT: "Hồng Hà"}))
        assert (problem.field, problem.rule) == (f"form.{PARENT}", "not_a_commune")
        play = await Play.begin(world, birth(version=version, form=form | {PARENT: "16012"}))
        assert (await play.view()).agency == HERE
        anywhere = await decided_by_place(world, **territories)
        assert (await (await Play.begin(world, birth(version=anywhere, form=form))).view()).agency == HERE


async def test_a_supplement_to_a_place_that_another_agency_decides_is_refused_and_names_it(world: World) -> None:
    version = await decided_by_place(world, PARENT, **{HERE: ["16012", "16013"], HONG_CHAU: [THERE]})
    asked = {"target": "field", "code": PARENT, "note": "ghi lại nơi cư trú"}
    async with world.platform():
        play = await Play.begin(world, birth(version=version, form=birth().form | {PARENT: "16012"}))
        await play.act(cm.RequestSupplement, officer(Role.RECEPTION), items=[asked], legal_basis="Luật Hộ tịch, Đ13")
        with pytest.raises(NotAllowed) as refusal:
            await play.act(cm.Supplement, play.submission.actor, form={PARENT: THERE})
        [problem] = refusal.value.refusal.problems
        assert (problem.field, problem.rule) == (f"form.{PARENT}", "not_competent")
        assert f"{HONG_CHAU} (xã, điện thoại 024 3000 0112)" in problem.message.vi
        await play.act(cm.Supplement, play.submission.actor, form={PARENT: "16013"})
        assert (await play.at(Stage.INTAKE)).agency == HERE


CENTRE: Final = "H01.01"
WARD: Final = "H01.12"


def handed_in(desk: str, agency: str) -> Submission:
    """Returns a submission on paper for a birth, handed in at this desk for this agency."""
    recorded_by = officer(Role.RECEPTION, desk)
    there = {"agency": agency, "desk": desk, "channel": "counter", "actor": recorded_by, "result_channel": "counter"}
    return birth(**there)


async def serve(world: World, desk: str, *agencies: str) -> None:
    await world.execute("update agency set receives_for = $2 where agency = $1", desk, list(agencies))


async def test_what_the_directory_does_not_allow_is_refused(world: World) -> None:
    await serve(world, CENTRE, "H01.13")
    async with world.platform():
        assert await broken(Play.begin(world, handed_in(CENTRE, WARD)), BadSubmission) == [("desk", "may_not_receive")]
        await serve(world, CENTRE, "*")
        assert await broken(Play.begin(world, handed_in(CENTRE, HERE)), BadSubmission) == [("desk", "may_not_receive")]
        there = Play.begin(world, birth(agency=HERE, result_desk=CENTRE))
        assert await broken(there, BadSubmission) == [("result_desk", "may_not_receive")]


# What was decided elsewhere when a filing was handed in stands in its log: later it is the same, or nothing moves.

ABOUT_A_MINUTE: Final = 60


async def test_who_answered_when_it_was_handed_in_answers_also_after_he_has_left(world: World) -> None:
    async with world.platform():
        play = await Play.begin(world, birth())
        before = await play.view()
        await world.execute("update officer set active = false where subject = 'h56.30-leader-1'")
        await world.execute("update officer set number = $1 where subject = 'h56.30-leader-2'", LEADER)
        await lost_and_restarted(play.world, filing_workflow(play.filing))
        assert untimed(await play.view()) == untimed(before)
        async with world.back_office():
            view = await play.at(Stage.CLOSED)
    assert view.decision is not None
    assert (view.decision.standing_order, view.decision.officer) == ("01/QĐ-UBND", "h56.30-leader-1")


def untimed(view: FilingView) -> FilingView:
    return view.model_copy(update={"as_of": None})


@pytest.mark.parametrize("table", ["procedure", "calendar"])
async def test_under_other_rules_than_those_pinned_it_stands_still(running: World, table: str) -> None:
    play = await Play.begin(running, extract())
    column = {"procedure": "rules", "calendar": "body"}[table]
    async with running.connection(running.owner_dsn) as connection:
        await connection.execute(f"update {table} set {column} = {column} || convert_to(' ', 'UTF8')")  # noqa: S608 -- ours
        await lost_and_restarted(play.world, filing_workflow(play.filing))
        (still,) = await eventually(lambda: stalled(running.temporal), bool, within=ABOUT_A_MINUTE)
        assert (still.workflow_id, still.error) == (filing_workflow(play.filing), "ValueError")
        told = await Log(connection, Vault(running.settings.master).find, KINDS).read(still.workflow_id)
        with pytest.raises(UnfoldableError, match="its events do not fold: ValueError"):
            next(told.states())
        await connection.execute(f"update {table} set {column} = substring({column}, 1, length({column}) - 1)")  # noqa: S608 -- ours
    await play.accept()
    assert (await play.view()).stage is not Stage.INTAKE
