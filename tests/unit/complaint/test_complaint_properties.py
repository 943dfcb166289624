"""Whatever anybody sends, at any time, a complaint stays lawful, and an open one is never forgotten."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from typing import Any, Final

import hypothesis.strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from rules.complaint import fold
from rules.filing.time.reopening import UNDONE
from rules.streams import COMPLAINT
from schemas.complaint.state import Complaint
from schemas.errors import RefusalError
from schemas.filing.events import Moment
from schemas.people import SYSTEM, Actor, Role
from tests.unit.complaint.disputes import ANSWER, FOUND, SECOND, Dispute
from tests.unit.filing.lives import (
    APPLICANT,
    CALENDAR,
    FILE,
    LEADER,
    RECEPTION,
    REPRESENTATIVE,
    SPECIALIST,
    TEAM_LEAD,
    officer,
)
from tests.unit.profile import PROFILE

PEOPLE: Final = (
    APPLICANT,
    REPRESENTATIVE,
    RECEPTION,
    SPECIALIST,
    LEADER,
    SECOND,
    officer(Role.LEADER, "leader-3"),
    officer(Role.LEADER, "an"),
    officer(Role.LEADER, "leader-2", agency="H56.30"),
    TEAM_LEAD,
    officer(Role.TEAM_LEAD, agency="H56.30"),
    Actor(subject="eve", role=Role.APPLICANT),
    SYSTEM,
)
OTHER: Final = CALENDAR.model_copy(update={"version": "2026.2", "off": tuple(date(2026, 12, day) for day in (8, 9))})
CONTENT: Final[dict[str, st.SearchStrategy[dict[str, Any]]]] = {
    "claim": st.just({}),
    "release": st.just({}),
    "reassign": st.fixed_dictionaries({"officer": st.sampled_from(["leader-1", "leader-2", "leader-3", "an"])}),
    "answer_complaint": st.fixed_dictionaries(
        {
            "outcome": st.sampled_from(["upheld", "rejected"]),
            "reason": st.just("đã xem"),
            "legal_basis": st.just("Đ31"),
            "start_at": st.sampled_from([None, None, "intake", "decide", "nowhere"]),
        }
    ),
    "withdraw": st.fixed_dictionaries({"reason": st.just("đã rõ"), "request": st.sampled_from([None, FILE])}),
    "ring_complaint": st.fixed_dictionaries({"moment": st.sampled_from(Moment)}),
    "settle_upheld": st.fixed_dictionaries({"reopened": st.booleans()}),
    "change_calendar": st.fixed_dictionaries({"calendar": st.sampled_from([CALENDAR, OTHER])}),
}
LEGAL: Final = {
    "recorded": {"taken_up", "withdrawn"},
    "taken_up": {"upheld", "rejected", "withdrawn"},
    "upheld": set[str](),
    "rejected": set[str](),
    "withdrawn": set[str](),
}


def fitting(complaint: Complaint, kind: str) -> dict[str, Any]:
    """Content that leaves nobody a reason to refuse, if the command is allowed at all."""
    contents: dict[str, dict[str, Any]] = {
        "reassign": {"officer": "leader-5" if complaint.answerer == "leader-4" else "leader-4"},
        "answer_complaint": ANSWER,
        "withdraw": {"reason": "đã rõ", "request": FILE},
    }
    return contents.get(kind, {})


class AnyDispute(RuleBasedStateMachine):
    """One complaint under commands of every kind."""

    dispute: Dispute
    replayed: Complaint
    states: list[str]

    @initialize(act=st.sampled_from(["decided", "stopped", "intake_refused", "overdue"]), by_other=st.booleans())
    def made(self, act: str, *, by_other: bool) -> None:
        where = {"step": None, "steps": ()} if act in {"intake_refused", "overdue"} else {}
        maker = None if act == "overdue" else LEADER.subject
        found = FOUND.model_copy(update={"act": act, "officer": maker} | where)
        self.dispute = Dispute(found, REPRESENTATIVE if by_other else APPLICANT)
        self.replayed = Complaint(filing_id=self.complaint.filing_id, n=1, agency=self.complaint.agency)
        self.states = []
        self.replay()

    @property
    def complaint(self) -> Complaint:
        return self.dispute.complaint

    def replay(self) -> None:
        """Fold what is new as the log gives it back: as JSON."""
        for recorded in self.dispute.log[self.replayed.seq :]:
            plain = json.loads(recorded.event.model_dump_json(exclude_none=True))
            self.replayed = fold.evolve(self.replayed, replace(recorded, event=COMPLAINT.event(plain)))
            self.states.append(str(self.replayed.state))

    def attempt(self, kind: str, actor: Actor, content: dict[str, Any]) -> bool:
        before = self.complaint
        try:
            self.dispute.do(kind, actor, **content)
        except RefusalError:
            return self.complaint != before
        self.replay()
        return True

    @rule(kind=st.sampled_from(sorted(CONTENT)), actor=st.sampled_from(PEOPLE), data=st.data())
    def anybody_sends_anything(self, kind: str, actor: Actor, data: st.DataObject) -> None:
        system = kind in {"ring_complaint", "settle_upheld", "change_calendar"}
        self.attempt(kind, SYSTEM if system else actor, data.draw(CONTENT[kind]))

    @rule(actor=st.sampled_from(PEOPLE), data=st.data())
    def somebody_does_what_they_may(self, actor: Actor, data: st.DataObject) -> None:
        actions = COMPLAINT.actions(self.complaint, actor, self.dispute.now)
        for action in actions:
            refused = self.dispute.refusal(action.name, actor, **fitting(self.complaint, action.name))
            assert action.allowed is (refused == []), (action.name, actor, refused)
        may = [action.name for action in actions if action.allowed and action.name != "withdraw"]
        if may:
            kind = data.draw(st.sampled_from(may))
            assert self.attempt(kind, actor, fitting(self.complaint, kind))

    @rule()
    @precondition(lambda self: fold.next_timer(self.complaint) is not None)
    def its_clock_rings(self) -> None:
        timer = fold.next_timer(self.complaint)
        assert timer is not None
        self.dispute.now = max(self.dispute.now, timer.due)
        assert self.attempt("ring_complaint", SYSTEM, {"moment": timer.moment})

    @rule(hours=st.sampled_from([1, 25, 240]))
    def time_passes(self, hours: int) -> None:
        self.dispute.wait(hours=hours)

    @invariant()
    def the_log_folds_to_the_state(self) -> None:
        assert self.replayed == self.complaint
        assert Complaint.model_validate_json(self.complaint.model_dump_json(exclude_none=True)) == self.complaint

    @invariant()
    def every_change_of_state_is_legal(self) -> None:
        for before, after in zip(self.states, self.states[1:], strict=False):
            assert after == before or after in LEGAL[before]

    @invariant()
    def nobody_answers_what_they_have_done_themselves(self) -> None:
        assert self.complaint.answerer not in {self.complaint.officer or "", *self.complaint.side}
        assert self.dispute.kinds.count("complaint_answered") + self.dispute.kinds.count("complaint_withdrawn") <= 1

    @invariant()
    def every_moment_is_told_once(self) -> None:
        told = [(one.event.kind, one.event.due) for one in self.dispute.log if hasattr(one.event, "due")]
        if "complaint_calendar_changed" not in self.dispute.kinds:
            assert len(told) == len(set(told))

    @invariant()
    def an_open_complaint_is_never_forgotten(self) -> None:
        complaint = self.complaint
        standing, tasks = COMPLAINT.standing(complaint), COMPLAINT.rows(complaint).tasks
        assert standing.n == 1
        if not standing.open:
            assert (tasks, fold.next_timer(complaint)) == ((), None)
            return
        assert tasks
        if complaint.state == "upheld":
            assert [(task.role, task.actions) for task in tasks] == [("system", ("settle_upheld",))]
            assert complaint.act in UNDONE
            return
        assert fold.next_timer(complaint) or [task for task in tasks if task.role == "team_lead" and task.overdue]
        for task in tasks:
            actor = officer(Role(task.role), task.officer or "leader-5")
            assert task.actions or task.name.startswith("reminder:")
            for name in task.actions:
                assert self.dispute.refusal(name, actor, **fitting(complaint, name)) == []


def test_whatever_is_sent_a_complaint_stays_lawful() -> None:
    run_state_machine_as_test(AnyDispute, settings=PROFILE)
