"""An officer is absent: the directory says until when and who acts for them, and their tasks pass over, all at once."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

import pytest

from motcua import NotAuthorised, NotFound, PassedOver
from operations.doctor.record import absences as looking
from operations.doctor.surroundings import Surroundings
from publishing.authoring.absences import Absence, AbsenceRefusedError, record_absence, withdraw_absence
from rules.time.working_time import VIETNAM
from schemas.errors import Problem
from schemas.filing import commands as cm
from schemas.people import Actor, Role
from schemas.reading import AskTasks
from tests.acting import AGENCY, AUTHORISATION, VIA, Play, marriage, officer
from tests.conftest import World

TODAY: Final = datetime.now(VIETNAM).date()
DAY: Final = timedelta(days=1)
FIRST, SECOND, THIRD = (officer(Role.SPECIALIST, n=n) for n in (1, 2, 3))
LEADER: Final = officer(Role.LEADER)
LEAD: Final = officer(Role.TEAM_LEAD)
BOTH: Final = SECOND.model_copy(update={"role": Role.LEADER})
"""The second specialist is a leader too."""

ILL: Final = Absence(AGENCY, FIRST.subject, "specialist", TODAY, TODAY + 7 * DAY, SECOND.subject)
AWAY: Final = Absence(AGENCY, LEADER.subject, "leader", TODAY, TODAY, BOTH.subject)


_HIRED: Final = """
insert into officer (agency, subject, role, name) values ($1, $2, $3, 'Vũ Thị Sáu') on conflict do nothing
"""


@pytest.fixture
async def staffed(office: World) -> World:
    """An agency with a third specialist, and a second one who is a leader too."""
    async with office.connection() as connection:
        await connection.executemany(_HIRED, [(AGENCY, who.subject, who.role) for who in (THIRD, BOTH)])
    return office


async def claimed(world: World, who: Actor, **changes: Any) -> Play:
    """A filing whose first step of review somebody has claimed."""
    play = await Play.begin(world, marriage(**changes))
    await play.accept()
    await play.act(cm.Claim, who)
    return play


def rules(problems: tuple[Problem, ...] | list[Problem]) -> list[tuple[str, str]]:
    assert all(one.message.vi and one.message.en for one in problems)
    return [(one.field, one.rule) for one in problems]


async def refused(call: Any) -> list[tuple[str, str]]:
    with pytest.raises(NotAuthorised) as no:
        await call
    return rules(no.value.refusal.problems)


def outcomes(done: list[PassedOver]) -> dict[str, str]:
    return {one.stream: str(one.outcome) for one in done}


async def test_all_that_an_absent_officer_has_claimed_passes_over_once_and_nothing_else(staffed: World) -> None:
    first, own, other = await claimed(staffed, FIRST), await claimed(staffed, FIRST), await claimed(staffed, THIRD)
    lead = staffed.client.as_(LEAD, VIA)
    with pytest.raises(NotFound):
        await lead.pass_over(FIRST.subject)
    await record_absence(staffed.owner_dsn, ILL)
    [absence] = await staffed.client.absences(AGENCY)
    assert (absence.officer, absence.substitute, absence.begun, absence.tasks) == (
        FIRST.subject,
        SECOND.subject,
        True,
        2,
    )

    steps: list[tuple[int, int]] = []
    done = await lead.pass_over(FIRST.subject, lambda n, of: steps.append((n, of)))

    assert steps == [(1, 2), (2, 2)]
    names = {f"filing:{play.filing}" for play in (first, own)}
    assert outcomes(done) == dict.fromkeys(names, "passed_over")
    assert all(one.receipt is not None for one in done)
    assert outcomes(await lead.pass_over(FIRST.subject)) == dict.fromkeys(names, "already")
    assert [(await play.view()).tasks[0].officer for play in (first, own, other)] == [
        SECOND.subject,
        SECOND.subject,
        THIRD.subject,
    ]
    passed = (await staffed.client.tasks(AskTasks(acting_for=FIRST.subject))).rows
    assert {task.stream for task in passed} == names
    assert (await staffed.client.absences(AGENCY))[0].tasks == 0
    assert [kind for kind in await first.kinds() if kind == "reassigned"] == ["reassigned"]


async def test_what_the_substitute_may_not_have_stays_where_it_is_with_its_reason(staffed: World) -> None:
    """The leader is absent; their substitute proposed the one, and filed the other for the applicant."""
    proposed, theirs, free = [
        await claimed(staffed, SECOND),
        await claimed(
            staffed, FIRST, authorisation=AUTHORISATION, actor={"subject": BOTH.subject, "role": "representative"}
        ),
        await claimed(staffed, FIRST),
    ]
    for play, specialist in ((proposed, SECOND), (theirs, FIRST), (free, FIRST)):
        await play.act(cm.Forward, specialist)
        await play.act(cm.Claim, specialist)
        await play.act(cm.Propose, specialist, outcome="approved")
        await play.act(cm.Claim, LEADER)
    await record_absence(staffed.owner_dsn, AWAY)
    done = {one.stream: one for one in await staffed.client.as_(LEAD, VIA).pass_over(LEADER.subject)}
    said = [done[f"filing:{play.filing}"] for play in (proposed, theirs, free)]
    assert [str(one.outcome) for one in said] == ["refused", "refused", "passed_over"]
    assert [rules(one.problems) for one in said] == [[("officer", "four_eyes")], [("officer", "own_filing")], []]
    assert (await proposed.view()).tasks[0].officer == LEADER.subject

    await free.act(cm.Decide, BOTH, outcome="approved")
    decision = (await free.view()).decision
    assert decision is not None
    assert (decision.officer, decision.acting_for) == (BOTH.subject, LEADER.subject)


async def test_in_whose_place_somebody_acts_is_asked_of_the_directory_again_when_they_act(staffed: World) -> None:
    play = await claimed(staffed, FIRST)
    given = {"officer": SECOND.subject, "acting_for": FIRST.subject}
    assert await refused(play.act(cm.Reassign, LEAD, **given)) == [("acting_for", "not_the_substitute")]
    await record_absence(staffed.owner_dsn, ILL)
    other = given | {"officer": THIRD.subject}
    assert await refused(play.act(cm.Reassign, LEAD, **other)) == [("acting_for", "not_the_substitute")]
    await play.act(cm.Reassign, LEAD, **given)
    await play.act(cm.Forward, SECOND)
    await play.act(cm.Claim, THIRD)
    assert await refused(play.act(cm.Reassign, LEAD, officer=FIRST.subject)) == [("officer", "absent")]

    await play.act(cm.Release, THIRD)
    mine = await claimed(staffed, THIRD)
    await mine.act(cm.Forward, THIRD)
    await withdraw_absence(staffed.owner_dsn, *ILL[:4])
    await mine.act(cm.Claim, FIRST)
    await record_absence(staffed.owner_dsn, ILL)
    await mine.act(cm.Reassign, LEAD, **given)
    await withdraw_absence(staffed.owner_dsn, *ILL[:4])
    propose = mine.act(cm.Propose, SECOND, outcome="approved")
    assert await refused(propose) == [("actor.subject", "not_the_substitute")]
    await mine.act(cm.Release, SECOND)
    await mine.act(cm.Claim, SECOND)
    await mine.act(cm.Propose, SECOND, outcome="approved")
    proposal = (await mine.view()).proposal
    assert proposal is not None
    assert proposal.acting_for is None


async def test_a_substitute_who_has_left_does_nothing_any_more(staffed: World) -> None:
    play = await claimed(staffed, FIRST)
    await record_absence(staffed.owner_dsn, ILL)
    await play.act(cm.Reassign, LEAD, officer=SECOND.subject, acting_for=FIRST.subject)
    async with staffed.connection() as connection:
        await connection.execute("update officer set active = false where subject = $1", SECOND.subject)
    assert await refused(play.act(cm.Forward, SECOND)) == [("actor", "not_in_directory")]


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
        assert [one[1] for one in rules(no.value.problems)] == [rule]
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
    around = replace(Surroundings.here(), settings={"MOTCUA_DATABASE_URL": staffed.app_dsn})
    assert [one.health for one in await looking.absences(around)] == ["ok"]
    await claimed(staffed, FIRST)
    await record_absence(staffed.owner_dsn, ILL)
    [found] = await looking.absences(around)
    assert found.health == "warn"
    assert FIRST.subject in found.what.en
