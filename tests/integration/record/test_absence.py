"""An officer is absent: the directory names the last day and the substitute, who gets all claimed tasks."""

from datetime import datetime, timedelta
from typing import Any, Final

import pytest

from motcua import NotAuthorised
from operations.doctor.record import long_waits
from publishing.authoring.absences import Absence, AbsenceRefusedError, record_absence, withdraw_absence
from rules.require import require
from rules.time.working_time import VIETNAM
from schemas.filing import commands as cm
from schemas.people import Actor, Role
from tests.acting import AGENCY, AUTHORISATION, VIA, Doubtful, Play, broken, marriage, officer
from tests.conftest import World
from tests.shell import Shell
from tests.waits import around

TODAY: Final = datetime.now(VIETNAM).date()
DAY: Final = timedelta(days=1)
FIRST, SECOND, THIRD = (officer(Role.SPECIALIST, n=n) for n in (1, 2, 3))
LEADER: Final = officer(Role.LEADER)
LEAD: Final = officer(Role.TEAM_LEAD)
ILL: Final = Absence(AGENCY, FIRST.subject, "specialist", TODAY, TODAY + 7 * DAY, SECOND.subject)


@pytest.fixture
async def staffed(office: World) -> World:
    hired = "insert into officer (agency, subject, role, name) values ($1, $2, 'specialist', 'Vũ Thị Sáu')"
    await office.execute(hired, AGENCY, THIRD.subject)
    return office


async def claimed(world: World, who: Actor, **changes: Any) -> Play:
    play = await Play.accepted(world, marriage(**changes))
    await play.act(cm.Claim, who)
    return play


async def test_in_whose_place_somebody_acts_is_asked_of_the_directory_again_when_they_act(staffed: World) -> None:
    play = await claimed(staffed, FIRST)
    given = {"officer": SECOND.subject, "acting_for": FIRST.subject}
    assert await broken(play.act(cm.Reassign, LEAD, **given), NotAuthorised) == [("acting_for", "not_the_substitute")]
    await record_absence(staffed.owner_dsn, ILL)
    other = given | {"officer": THIRD.subject}
    assert await broken(play.act(cm.Reassign, LEAD, **other), NotAuthorised) == [("acting_for", "not_the_substitute")]
    await play.act(cm.Reassign, LEAD, **given)
    await play.act(cm.Forward, SECOND)
    await play.act(cm.Claim, THIRD)
    assert await broken(play.act(cm.Reassign, LEAD, officer=FIRST.subject), NotAuthorised) == [("officer", "absent")]

    await play.act(cm.Release, THIRD)
    mine = await claimed(staffed, THIRD)
    await mine.act(cm.Forward, THIRD)
    await withdraw_absence(staffed.owner_dsn, *ILL[:4])
    await mine.act(cm.Claim, FIRST)
    await record_absence(staffed.owner_dsn, ILL)
    await mine.act(cm.Reassign, LEAD, **given)
    await withdraw_absence(staffed.owner_dsn, *ILL[:4])
    assert await broken(mine.act(cm.Propose, SECOND, outcome="approved"), NotAuthorised) == [
        ("actor.subject", "not_the_substitute")
    ]
    await mine.act(cm.Release, SECOND)
    await mine.act(cm.Claim, SECOND)
    await mine.act(cm.Propose, SECOND, outcome="approved")
    proposal = (await mine.view()).proposal
    assert require(proposal).acting_for is None


WRONG: Final = {
    "ends_before_it_begins": ILL._replace(last_day=TODAY - DAY),
    "not_in_directory": ILL._replace(officer="nobody"),
    "substitute_not_in_directory": ILL._replace(substitute=LEADER.subject),
    "same_person": ILL._replace(substitute=FIRST.subject),
    "absent_already": ILL._replace(first_day=TODAY + 7 * DAY, last_day=TODAY + 8 * DAY),
    "substitute_absent": Absence(AGENCY, THIRD.subject, "specialist", TODAY, TODAY, FIRST.subject),
    "acts_for_another": Absence(AGENCY, SECOND.subject, "specialist", TODAY + DAY, TODAY + DAY, THIRD.subject),
}


async def test_what_is_wrong_with_an_absence_is_said_and_nothing_recorded(staffed: World) -> None:
    assert await record_absence(staffed.owner_dsn, ILL) is False
    assert await record_absence(staffed.owner_dsn, ILL) is True
    for rule, wrong in WRONG.items():
        with pytest.raises(AbsenceRefusedError) as no:
            await record_absence(staffed.owner_dsn, wrong)
        assert [one.rule for one in no.value.problems if one.message.vi and one.message.en] == [rule]
    longer = ILL._replace(last_day=TODAY + 9 * DAY, substitute=THIRD.subject)
    assert await record_absence(staffed.owner_dsn, longer) is False
    [one] = await staffed.client.absences(AGENCY)
    assert (one.last_day, one.substitute) == longer[4:]
    assert await record_absence(staffed.owner_dsn, WRONG["acts_for_another"]) is False


async def test_another_substitute_takes_over_from_the_first_one(staffed: World) -> None:
    play, lead = await claimed(staffed, FIRST), staffed.client.as_(LEAD, VIA)
    await record_absence(staffed.owner_dsn, ILL)
    await lead.pass_over(FIRST.subject)
    await record_absence(staffed.owner_dsn, ILL._replace(substitute=THIRD.subject))
    assert (await staffed.client.absences(AGENCY))[0].tasks == 1
    [done] = await lead.pass_over(FIRST.subject)
    assert (await staffed.client.absences(AGENCY))[0].tasks == 0
    assert (str(done.outcome), done.substitute) == ("passed_over", THIRD.subject)
    task = (await play.view()).tasks[0]
    assert (task.officer, task.acting_for) == (THIRD.subject, FIRST.subject)


async def test_the_doctor_names_whoever_is_absent_and_still_holds_tasks(staffed: World) -> None:
    assert [one.health for one in await long_waits.absences(around(staffed))] == ["ok"]
    await claimed(staffed, FIRST)
    await record_absence(staffed.owner_dsn, ILL)
    [found] = await long_waits.absences(around(staffed))
    assert found.health == "warn"
    assert FIRST.subject in found.what.en


UNTIL: Final = TODAY + 7 * DAY
ABSENCE: Final = ("directory", "absence", AGENCY, FIRST.subject, "specialist", "--from", str(TODAY), "--to", str(UNTIL))
PASS_OVER: Final = ("pass-over", FIRST.subject, "--actor", f"team_lead:{LEAD.subject}@{AGENCY}")


async def test_an_absence_is_recorded_once_shown_changed_and_taken_back(shell: Shell) -> None:
    recorded = await shell(*ABSENCE, "--substitute", SECOND.subject, "--json")
    said = {"role": "specialist", "first_day": str(TODAY), "last_day": str(UNTIL), "substitute": SECOND.subject}
    assert (recorded.code, recorded.json) == (0, {"agency": AGENCY, "officer": FIRST.subject, "already": False} | said)
    assert "recorded already" in (await shell(*ABSENCE, "--substitute", SECOND.subject)).out
    listed = (await shell("directory", "list", "--json")).json
    [away] = [one["absences"] for agency in listed for one in agency["officers"] if one["subject"] == FIRST.subject]
    assert away == [said]
    assert SECOND.subject in (await shell("directory", "list")).out
    refused = await shell(*ABSENCE, "--substitute", FIRST.subject, "--json")
    assert (refused.code, [one["rule"] for one in refused.json["problems"]]) == (1, ["same_person"])
    assert "nobody is their own substitute" in refused.err
    assert "thay chính mình" not in refused.err
    assert (await shell(*ABSENCE[:-1], "tomorrow", "--substitute", SECOND.subject)).code == 2
    present = ("directory", "present", AGENCY, FIRST.subject, "specialist", "--from", str(TODAY), "--json")
    assert [(await shell(*present)).json for _ in range(2)] == [{"withdrawn": True}, {"withdrawn": False}]


async def test_all_tasks_pass_over_with_a_receipt_each_and_what_is_left_is_said(world: World, shell: Shell) -> None:
    async with world.platform(), world.back_office(Doubtful()):
        by = {"actor": {"subject": SECOND.subject, "role": "representative"}, "authorisation": AUTHORISATION}
        plays = [await claimed(world, FIRST, **own) for own in ({}, by)]
        unknown = await shell(*PASS_OVER, "--json")
        assert (unknown.code, unknown.json["problems"][0]["rule"]) == (1, "not_absent")
        await shell(*ABSENCE, "--substitute", SECOND.subject)

        first, again = [await shell(*PASS_OVER, "--json") for _ in range(2)]
        assert [first.code, again.code] == [1, 1]
        told = {one["code"]: one for one in first.json}
        passed, left = [told[str(play.code)] for play in plays]
        told_of = (passed["outcome"], passed["receipt"]["code"], passed["substitute"])
        assert told_of == ("passed_over", plays[0].code, SECOND.subject)
        assert (left["outcome"], left["receipt"], left["problems"][0]["rule"]) == ("refused", None, "own_filing")
        outcomes = {one["code"]: one["outcome"] for one in again.json}
        assert outcomes == {plays[0].code: "already", plays[1].code: "refused"}
        assert "the substitute's already" in (await shell(*PASS_OVER)).out
        assert FIRST.subject in (await shell("tasks", "--officer", SECOND.subject)).out
        other = await shell(*PASS_OVER[:3], f"leader:{LEADER.subject}@{AGENCY}", "--json")
        assert {rule for one in other.json for rule in [why["rule"] for why in one["problems"]]} == {"role_not_allowed"}


async def test_who_left_is_erased_once_another_operator_approves(world: World, shell: Shell) -> None:
    by = ("--reason", "15/PYC", "--as", "operator:h01.12-operator-1@H01.12")
    erase = ("directory", "erase", AGENCY, FIRST.subject, *by)
    in_office = await shell(*erase)
    assert (in_office.code, "the officer is in office" in in_office.err) == (1, True)
    await world.execute("update officer set active = false where subject = $1", FIRST.subject)
    kept = await shell(*erase)
    assert (kept.code, "left less than 10 years ago" in kept.err) == (1, True)
    await world.execute("alter table event disable trigger all")
    await world.execute("update event set occurred_at = occurred_at - interval '2 days'")
    waits = await shell(*erase, "--json", MOTCUA_OFFICER_YEARS="0")
    assert (waits.code, waits.json["asked"]) == (3, 1)
