"""A part of a filing that another agency decides: rights to its commands, notices of its clock, its open task."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Final

import hypothesis.strategies as st
import pytest
from hypothesis import stateful

from rules.evidence import Entry
from rules.referral.fold import next_moment
from rules.stream_kind import Origin
from rules.streams import REFERRAL
from rules.time import working_time
from schemas.backoffice import Dossier, PartDecision
from schemas.filing import commands as cm
from schemas.filing import events as ev
from schemas.ids import StreamId, filing_id
from schemas.limit import Limit, Unit
from schemas.people import SYSTEM, Actor, Role
from schemas.referral.commands import (
    REFERRAL_COMMANDS,
    AnswerByMachine,
    CancelReferral,
    LookAtDeadline,
    RequestDecision,
)
from schemas.referral.events import ReferralAnswered, ReferralCancelled
from schemas.referral.state import ReferralStart, ReferralState
from schemas.stream.part import Deadline
from tests.unit.alive import Alive
from tests.unit.filing.lives import AN, CALENDAR, REFUSING, REPRESENTATIVE, START, local, officer
from tests.unit.profile import PROFILE

POLICE: Final = "H01.31"
LEAD: Final = "H01.12"
FILING: Final = filing_id("portal", "1")
STREAM: Final = StreamId("referral", FILING, 1)
NOTICE: Final = Limit(amount=1, unit=Unit.WORKING_DAYS)
OTHER: Final = CALENDAR.model_copy(update={"version": "2026.2", "off": (date(2026, 11, 26), date(2026, 11, 27))})

SPECIALIST: Final = officer(Role.SPECIALIST, agency=POLICE)
SECOND: Final = officer(Role.SPECIALIST, "specialist-2", agency=POLICE)
TEAM_LEAD: Final = officer(Role.TEAM_LEAD, agency=POLICE)
APPROVED: Final = {"outcome": "approved"}
SYSTEMS: Final[tuple[type[cm.Command], ...]] = (
    RequestDecision,
    AnswerByMachine,
    LookAtDeadline,
    CancelReferral,
    cm.ChangeCalendar,
)
COMMANDS: Final = {str(model.model_fields["kind"].default): model for model in (*REFERRAL_COMMANDS, *SYSTEMS)}


def start(limit: str = "7 working days") -> ReferralStart:
    """Returns the start of a referral that its filing made at `START`."""
    lasts = Limit.model_validate(limit)
    due = working_time.due(START, lasts, CALENDAR)
    return ReferralStart(
        filing_id=FILING,
        n=1,
        agency=POLICE,
        part="residence",
        lead=LEAD,
        dossier=Dossier(
            filing_id=FILING,
            code="H01.12-20261125-0000001",
            agency=LEAD,
            procedure="2.000986",
            version="2026-12",
            level=4,
            applicant=AN,
            form={},
            papers=(),
        ),
        filed_by=REPRESENTATIVE,
        reminder=NOTICE,
        remind_at=working_time.remind_at(START, lasts, due, NOTICE, CALENDAR),
        **dict(Deadline(limit=lasts, since=START, calendar=CALENDAR.name, due=due)),
    )


class Life(Alive):
    """A referral that gets commands, with its events and the present time."""

    kind = REFERRAL
    commands = COMMANDS

    def __init__(self, limit: str = "7 working days") -> None:
        super().__init__(REFERRAL.initial(Origin(STREAM, POLICE)))
        self.do("request_decision", start=start(limit))

    def named(self, kind: str, actor: Actor = SYSTEM, **content: Any) -> list[tuple[str, str]]:
        """Returns field and rule of each problem for which a command would be refused."""
        return [(problem.field, problem.rule) for problem in self.problems(kind, actor, **content)]

    def rung(self) -> Life:
        """Fires the due timers until none is due."""
        while (moment := next_moment(self.state)) is not None and moment <= self.now:
            self.do("look_at_deadline")
        return self

    @property
    def tasks(self) -> list[tuple[str, str, tuple[str, ...], bool]]:
        return [(row.name, row.role, row.actions, row.overdue) for row in REFERRAL.rows(self.state).tasks or ()]


def test_it_stands_in_the_queue_of_the_agency_that_decides() -> None:
    life = Life()
    [task] = REFERRAL.rows(life.state).tasks or ()
    assert (task.agency, task.role, task.officer, task.actions) == (POLICE, "specialist", None, ("claim",))
    assert task.due_at == life.state.due == local("2026-12-04 17:00")
    life.do("claim", SPECIALIST)
    [task] = REFERRAL.rows(life.state).tasks or ()
    assert (task.officer, task.actions) == ("specialist-1", ("release", "answer_part"))
    life.do("answer_part", SPECIALIST, **APPROVED)
    assert REFERRAL.rows(life.state).tasks == ()
    assert REFERRAL.standing(life.state).heard_as == ("part_answered",)
    assert life.named("claim", SPECIALIST) == [("", "referral_ended")]


@pytest.mark.parametrize(
    ("kind", "actor", "content", "why"),
    [
        ("claim", officer(Role.SPECIALIST), {}, ("actor.agency", "other_agency")),
        ("claim", officer(Role.SPECIALIST, "an", agency=POLICE), {}, ("actor.subject", "own_filing")),
        ("claim", TEAM_LEAD, {}, ("actor.role", "role_not_allowed")),
        ("release", SPECIALIST, {}, ("", "not_claimed")),
        ("answer_part", SPECIALIST, APPROVED, ("", "not_claimed")),
        ("reassign", SPECIALIST, {"officer": "specialist-2"}, ("actor.role", "role_not_allowed")),
        ("reassign", TEAM_LEAD, {"officer": "an"}, ("officer", "own_filing")),
        ("change_calendar", SYSTEM, {"calendar": CALENDAR}, ("", "wrong_state")),
    ],
)
def test_what_nobody_may(kind: str, actor: Actor, content: dict[str, Any], why: tuple[str, str]) -> None:
    assert Life().named(kind, actor, **content) == [why]


def test_a_claimed_part_is_its_officers_and_their_team_lead_moves_it() -> None:
    life = Life().do("claim", SPECIALIST)
    assert life.named("claim", SPECIALIST) == [("", "claimed_already")]
    assert life.named("claim", SECOND) == [("", "claimed_by_other")]
    assert life.named("answer_part", SECOND, **APPROVED) == [("", "claimed_by_other")]
    assert life.named("release", SECOND) == [("", "claimed_by_other")]
    assert life.named("reassign", TEAM_LEAD, officer="specialist-1") == [("officer", "claimed_already")]
    life.do("reassign", TEAM_LEAD, officer="specialist-2").do("release", TEAM_LEAD)
    assert life.kinds[-2:] == ["reassigned", "released"]
    assert life.state.officer is None


def test_in_the_place_of_an_absent_officer_it_is_answered_for_them() -> None:
    life = Life().do("claim", SPECIALIST)
    assert life.named("reassign", TEAM_LEAD, officer="specialist-2", acting_for="specialist-3") == [
        ("acting_for", "not_their_task")
    ]
    life.do("reassign", TEAM_LEAD, officer="specialist-2", acting_for="specialist-1")
    [task] = REFERRAL.rows(life.state).tasks or ()
    assert (task.officer, task.acting_for) == ("specialist-2", "specialist-1")
    life.do("answer_part", SECOND, **APPROVED)
    answered = life.log[-1].event
    assert isinstance(answered, ReferralAnswered)
    assert (answered.officer, answered.acting_for) == ("specialist-2", "specialist-1")


def test_a_back_office_answers_as_an_officer_would_and_too_little_of_a_refusal_is_left_to_them() -> None:
    decision = PartDecision(outcome=ev.Outcome.APPROVED, officer="leader-1")
    [_, answered] = Life().do("answer_by_machine", decision=decision).log
    assert answered.event == ReferralAnswered(outcome=ev.Outcome.APPROVED, officer="leader-1", automatic=True)
    bare = PartDecision(outcome=ev.Outcome.REFUSED, officer="leader-1")
    assert Life().named("answer_by_machine", decision=bare) == [("", "wrong_state")]


def test_its_clock_reminds_and_then_tells_both_team_leads() -> None:
    life = Life()
    assert next_moment(life.state) == local("2026-12-03 17:00")
    life.until("2026-12-03 16:59")
    assert life.named("look_at_deadline") == [("", "wrong_state")]
    life.until("2026-12-03 17:00").rung()
    assert life.kinds[-1] == "referral_reminded"
    assert [(name, role) for name, role, _, _ in life.tasks] == [
        ("residence", "specialist"),
        ("reminder:residence", "specialist"),
        ("reminder:residence", "team_lead"),
    ]
    life.until("2026-12-04 17:00").rung()
    assert life.kinds[-1] == "referral_overdue"
    seen = life.tasks
    assert seen == [("residence", "specialist", ("claim",), True), ("residence", "team_lead", ("reassign",), True)]
    assert next_moment(life.state) is None
    life.do("claim", SPECIALIST).do("answer_part", SPECIALIST, **APPROVED)
    assert life.state.overdue


def test_what_the_filing_must_have_recorded() -> None:
    requested, filing = Life().log[0].event, f"filing:{FILING}"
    asked = Entry(("referred",), {"n": 1, "part": "residence", "agency": POLICE}, filing)
    assert REFERRAL.evidence(STREAM, requested) == ((asked,),)
    [[ended]] = REFERRAL.evidence(STREAM, ReferralCancelled()) or ()
    assert (ended.stream, "withdrawn" in ended.kinds, "decided" in ended.kinds) == (filing, True, False)
    assert REFERRAL.evidence(STREAM, ev.Released()) is None


ENDED: Final = ("referral_answered", "referral_cancelled")
PEOPLE: Final = (
    SPECIALIST,
    SECOND,
    TEAM_LEAD,
    officer(Role.LEADER, agency=POLICE),
    officer(Role.SPECIALIST),
    officer(Role.TEAM_LEAD),
    officer(Role.SPECIALIST, "an", agency=POLICE),
    Actor(subject="an", role=Role.APPLICANT),
    SYSTEM,
)
ANY: Final[dict[str, st.SearchStrategy[dict[str, Any]]]] = {
    "claim": st.just({}),
    "release": st.just({}),
    "reassign": st.sampled_from(["specialist-1", "specialist-2", "an"]).map(lambda name: {"officer": name}),
    "answer_part": st.sampled_from([APPROVED, {"outcome": "refused"}, {"outcome": "refused"} | REFUSING]),
    "look_at_deadline": st.just({}),
    "cancel_referral": st.just({}),
    "change_calendar": st.sampled_from([CALENDAR, OTHER]).map(lambda calendar: {"calendar": calendar}),
    "answer_by_machine": st.sampled_from([APPROVED, {"outcome": "refused"}]).map(
        lambda said: {"decision": {"officer": "leader-1"} | said}
    ),
}


class AnyLife(stateful.RuleBasedStateMachine):
    """A state machine that gives commands of every kind to one referral."""

    life: Life

    @stateful.initialize(limit=st.sampled_from(["7 working days", "4 working hours", "0 working days", "30 seconds"]))
    def refer(self, limit: str) -> None:
        self.life = Life(limit)

    @stateful.rule(kind=st.sampled_from(sorted(ANY)), actor=st.sampled_from(PEOPLE), data=st.data())
    def anybody_sends_anything(self, kind: str, actor: Actor, data: st.DataObject) -> None:
        content = data.draw(ANY[kind])
        before = self.life.state
        if self.life.named(kind, actor, **content) == []:
            self.life.do(kind, actor, **content)
            assert before.state is ReferralState.OPEN or kind == "change_calendar"

    @stateful.rule(data=st.data())
    def somebody_does_what_they_may(self, data: st.DataObject) -> None:
        actor = data.draw(st.sampled_from(PEOPLE))
        may = [action.name for action in REFERRAL.actions(self.life.state, actor, self.life.now) if action.allowed]
        if may and (kind := data.draw(st.sampled_from(may))) != "answer_part":
            another = "specialist-4" if self.life.state.officer == "specialist-3" else "specialist-3"
            self.life.do(kind, actor, **({"officer": another} if kind == "reassign" else {}))

    @stateful.rule()
    @stateful.precondition(lambda self: next_moment(self.life.state) is not None)
    def its_clock_rings(self) -> None:
        moment = next_moment(self.life.state)
        assert moment is not None
        self.life.now = max(self.life.now, moment)
        self.life.do("look_at_deadline")

    @stateful.rule(hours=st.sampled_from([0, 1, 25, 240]))
    def time_passes(self, hours: int) -> None:
        self.life.now += timedelta(hours=hours)

    @stateful.invariant()
    def it_ends_once_and_is_told_of_once(self) -> None:
        kinds = self.life.kinds
        ends = [kind for kind in kinds if kind in ENDED]
        assert len(ends) == (0 if self.life.state.state is ReferralState.OPEN else 1)
        assert kinds.count("referral_overdue") <= 1
        assert kinds.count("referral_reminded") <= 1
        assert set(kinds[kinds.index(ends[0]) + 1 :] if ends else []) <= {"referral_calendar_changed"}

    @stateful.invariant()
    def what_is_open_has_a_timer_or_is_late_an_owner_and_something_to_do(self) -> None:
        state, tasks = self.life.state, REFERRAL.rows(self.life.state).tasks or ()
        assert REFERRAL.standing(state).open is (state.state is ReferralState.OPEN)
        if state.state is not ReferralState.OPEN:
            assert tasks == ()
            return
        assert next_moment(state) is not None or state.overdue
        assert {task.agency for task in tasks} == {POLICE}
        assert any(task.role == "specialist" and task.actions for task in tasks)
        assert any(task.role == "team_lead" for task in tasks) or not (state.overdue or state.reminded)
        for task in tasks:
            for name in task.actions:
                actor = officer(Role(task.role), task.officer or "somebody", agency=POLICE)
                content = {"reassign": {"officer": "specialist-9"}, "answer_part": APPROVED}.get(name, {})
                assert self.life.named(name, actor, **content) == []


def test_whatever_is_sent_a_referral_stays_lawful() -> None:
    stateful.run_state_machine_as_test(AnyLife, settings=PROFILE)
