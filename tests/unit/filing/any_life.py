"""A filing that gets any command from anybody at any time, and the invariants that must hold."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from operator import is_
from typing import Any, Final, TypeVar

import hypothesis.strategies as st
import pytest
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from recovery.unbegun import ORDERS, Due, of_filing
from rules.filing import lifecycle, queues
from rules.filing.reopening import places
from rules.streams import FILING
from schemas.errors import RefusalError
from schemas.filing import commands as cm
from schemas.filing import events as ev
from schemas.filing.events import Clock, Moment
from schemas.filing.state import MOST_BY_POST, FeeState, Filing, Stage, Task
from schemas.ids import OBLIGATIONS, of_obligation
from schemas.level import CAPABILITIES
from schemas.people import SYSTEM, Actor, Role
from schemas.publishing.calendar import Calendar
from schemas.publishing.procedure import Act
from schemas.publishing.procedure_rules import ProcedureRules
from schemas.stream.ledger import Recorded
from tests.unit.filing.contents import ANY_CONTENT, CALENDARS, DUAL, all_fitting, fitting
from tests.unit.filing.lives import (
    ADDRESS,
    APPLICANT,
    AT_DESK,
    CASHIER,
    CLERK,
    CODE,
    DESK,
    FILE,
    HANDOVER,
    LEADER,
    PAPER,
    RECEPTION,
    REPRESENTATIVE,
    SPECIALIST,
    TEAM_LEAD,
    Life,
    command,
    officer,
    procedure,
)

T = TypeVar("T")
ORDERED: Final = {(order.event, order.kind) for order in ORDERS}
TURNS: Final = 5
"""The number of turns: after each step, one actor in five is queried about all commands, since all take too long."""

PEOPLE: Final = (
    APPLICANT,
    REPRESENTATIVE,
    RECEPTION,
    officer(Role.RECEPTION, "reception-2"),
    SPECIALIST,
    officer(Role.SPECIALIST, "specialist-2"),
    LEADER,
    officer(Role.LEADER, DUAL),
    CLERK,
    CASHIER,
    HANDOVER,
    TEAM_LEAD,
    officer(Role.OPERATOR),
    officer(Role.AUDITOR),
    officer(Role.RECEPTION, "an"),
    officer(Role.SPECIALIST, agency="H56.30"),
    *(officer(role, agency=DESK) for role in (Role.RECEPTION, Role.CASHIER, Role.HANDOVER, Role.TEAM_LEAD)),
    Actor(subject="eve", role=Role.APPLICANT),
    Actor(subject="eve", role=Role.REPRESENTATIVE),
    SYSTEM,
)
# domain.md §2.2, event by event, from nothing (0). The additions to its table; 2, 4, 6 → 1 take an acceptance back, and
# 2, 6 → 8 end a filing whose applicant died, and for whom nobody stepped in; 6 → 2 ends what a dead applicant owes:
LEGAL: Final[dict[int, set[int]]] = {
    0: {1},  # ∅ → 2 of a paper filing is 1 and then 2, by one command
    1: {2, 3, 5, 7},
    2: {1, 4, 6, 7, 8},  # 2 → 6: a fee due at acceptance is asked for before anybody works on the filing
    4: {1, 5, 6, 7, 8, 9},
    5: {1, 3, 4, 7, 8},  # 5 → 8: the supplement of an accepted filing expired, a stop notice (§2.2, the row 5 → 3)
    6: {1, 2, 4, 7, 8},  # 6 → 8: not paid in time, so the agency stops
    9: {10},
    3: {1},  # 3, 8, 10 → 1, 8, 10 → 4: a complaint was upheld, and the filing starts again
    7: set(),
    8: {1, 4},
    10: {1, 4},
}
ENDS: Final = {
    "delivered": {10},
    "intake_refused": {3},
    "withdrawn": {7},
    "supplement_expired": {3, 8},
    "fee_expired": {3, 8},
    "stopped": {8},
    "lapsed": {3, 8, 9},
}
CLOSINGS: Final = {
    *("intake_refused", "supplement_expired", "fee_expired", "handed_over", "withdrawn", "stopped", "lapsed"),
}
FILERS: Final[tuple[dict[str, Any], ...]] = ({"actor": APPLICANT}, {"actor": REPRESENTATIVE}, PAPER, AT_DESK)
NOTICES: Final = ("reminder:", "apology:", "finished_early", "machine_work:", "part_overdue:", "stayed")
"""Beginnings of the names of tasks that need no action: notices, and a stay, which an act on its complaint ends."""

ONWARDS: Final = {
    *("accept", "supplement", "forward", "propose", "decide", "pay_at_counter", "hand_over"),
    *("acknowledge_result", "issue", "settle_parcel", "inspect", "show_draft", "confirm_draft"),
    *("record_opinion", "refer_obligation", "demand_obligation", "fulfil_obligation", "resume", "succeed"),
}


_FROM_OTHERS: Final = [("settle_part", SYSTEM), ("report_overdue_part", SYSTEM)]
AWAITED: Final[dict[Stage, list[tuple[str, Actor]]]] = {
    Stage.FEE: [("settle_fee", SYSTEM), ("pay_at_counter", CASHIER)],
    Stage.SUPPLEMENT: [("supplement", APPLICANT)],
    Stage.CONFIRMATION: [("correct_draft", APPLICANT), ("confirm_draft", RECEPTION)],
    Stage.ISSUE: [("issue", SYSTEM)],
    Stage.DELIVERY: [("settle_parcel", SYSTEM)],
    Stage.PICKUP: [("hand_over", HANDOVER), ("count_wrong_code", HANDOVER), ("change_delivery", APPLICANT)],
    Stage.READING: [("acknowledge_result", APPLICANT), ("renew_link", HANDOVER), ("change_delivery", APPLICANT)],
    Stage.SUSPENDED: [("stop", LEADER), *_FROM_OTHERS],
    Stage.REVIEW: [*_FROM_OTHERS, ("ask_fee_again", SYSTEM)],
    Stage.SUCCESSION: [("succeed", RECEPTION), *_FROM_OTHERS],
    Stage.STAYED: [("end_stay", SYSTEM), *_FROM_OTHERS],
}


def somebody(task: Task) -> Actor:
    """Returns an actor for a task: the officer who has claimed it, or anybody in its role."""
    found = officer(task.role, task.officer, task.agency)
    return {Role.APPLICANT: APPLICANT, Role.SYSTEM: SYSTEM}.get(task.role, found)


def carried(filing: Filing, given: cm.TransferDossier | cm.ReceiveDossier) -> bool:
    """Returns True if the sender's agency has the papers, or if they are on the way to the receiver's agency."""
    if isinstance(given, cm.ReceiveDossier):
        return given.actor.agency == filing.agency and filing.under_way != ()
    return given.actor.agency == filing.desk and set(given.originals) <= set(filing.at_desk) > set()


def sound(filing: Filing, given: cm.Command, now: datetime) -> bool:  # noqa: C901, PLR0911, PLR0912 -- one line for each
    """Returns True if an accepted command meets its conditions, by a check that is independent of the rules."""
    fee_due = filing.fee
    match given:
        case cm.TimerFired(clock=clock, moment=moment):
            state = filing.clocks[clock]
            rings = {"reminder": state.remind_at, "apology": state.apologise_at, "due": state.due}[moment]
            told = state.overdue and moment is not Moment.APOLOGY
            return not state.paused and not told and rings is not None and rings <= now
        case cm.SettleFee(n=n) if of_obligation(n):
            owed = {demand.n: demand.amount for demand in filing.demands_to_collect}
            return given.settlement == "paid" and owed.get(n) == given.amount
        case cm.SettleFee():
            paid_wrong = given.settlement == "paid" and (fee_due is None or given.amount != fee_due.amount)
            return fee_due is not None and fee_due.channel == "online" and given.n == fee_due.n and not paid_wrong
        case cm.AskFeeAgain(fee=n):
            return filing.decision is None and filing.fees[n - 1].state == "paid"
        case cm.PayAtCounter(amount=amount):
            return fee_due is not None and amount == fee_due.amount
        case cm.SettleParcel(n=n):
            return 1 <= n <= filing.parcels
        case cm.HandOver():
            known = given.code in {None, CODE} and filing.wrong_codes < 5
            return given.signed_on_paper and (given.identity is not None or (given.code is not None and known))
        case cm.CountWrongCode(code=code):
            return code != CODE and filing.wrong_codes < 5
        case cm.SettleComplaint(about=about, step=step):
            return about == filing.act and step in places(filing)
        case cm.SettlePart(n=n) | cm.ReportOverduePart(n=n):
            told = isinstance(given, cm.ReportOverduePart)
            return n in {part.n for part in filing.parts_under_way if not (told and part.overdue)}
        case cm.EndStay(n=n, stay=stay):
            return (n, stay) in {(one.complaint, one.stay) for one in filing.stays}
        case cm.Issue(result=result):
            return result is not None
        case cm.SettleResult(n=n):
            return n == len(filing.results) + 1
        case cm.Propose() | cm.Decide():
            return given.outcome == "approved" or None not in {given.reason, given.legal_basis}
        case cm.TransferDossier() | cm.ReceiveDossier():
            return carried(filing, given)
        case cm.Withdraw():
            return given.actor.role != "reception" or given.request is not None
        case cm.Stop(mode="end", unproposed_reason=None):
            return filing.proposal is not None and filing.proposal.outcome == "refused"
        case cm.Supplement():
            given_codes = {("paper", paper.code) for paper in given.papers} | {("field", code) for code in given.form}
            asked = {(item.target.value, item.code) for item in filing.supplement.items} if filing.supplement else set()
            return given_codes == asked and given.form.get("name", "An") != ""
        case _:
            return True


def remembering(function: Callable[..., T]) -> Callable[..., T]:
    """Returns the pure function with a cache of its last result, since each refusal computes the same actions again."""
    last: list[tuple[tuple[Any, ...], T]] = []

    def remembered(*given: Any) -> T:
        if not last or not all(map(is_, given, last[0][0])):
            last[:] = [(given, function(*given))]
        return last[0][1]

    return remembered


class AnyLife(RuleBasedStateMachine):
    life: Life
    replayed: Filing
    statuses: list[int]
    ordered: set[Due]
    shape: dict[str, Any]
    turn = 0

    @initialize(
        filer=st.sampled_from([*FILERS, *FILERS[:2]]),
        copies=st.sampled_from([0, 1, 2]),
        result=st.sampled_from(["online", "counter", "post"]),
        complete=st.sampled_from([True, True, False]),
    )
    def file(self, filer: dict[str, Any], result: str, copies: int, *, complete: bool) -> None:
        rules = procedure(**self.shape)
        filed_online = rules.level >= 3 and "channel" not in filer
        changes = dict(filer if filed_online or "channel" in filer else PAPER)
        changes["result_channel"] = result if result in CAPABILITIES[rules.level].result else "counter"
        changes["form"] = {"name": "An", "copies": copies}
        handed_in = complete or filed_online
        changes["papers"] = [
            {"code": paper.code, "file": FILE} for paper in rules.papers if paper.required and handed_in
        ]
        self.start(rules, changes | {"address": ADDRESS})

    def start(self, rules: ProcedureRules, changes: dict[str, Any]) -> None:
        self.life = Life(rules, **changes)
        before = self.life.filing
        self.replayed = Filing(
            filing_id=before.filing_id, agency=before.agency, procedure=rules, calendar=before.calendar
        )
        self.statuses, self.ordered = [0], set[Due]()
        self.replay()

    def replay(self) -> None:
        """Folds the new events as the log returns them, from JSON."""
        for recorded in self.life.log[self.replayed.seq :]:
            read = replace(recorded, event=FILING.event(json.loads(recorded.event.model_dump_json(exclude_none=True))))
            self.replayed = lifecycle.evolve(self.replayed, read)
            for due in {*of_filing(self.replayed)} - self.ordered:
                assert (type(read.event), due.kind) in ORDERED, (read.event, due)
                self.ordered.add(due)
            self.statuses.append(int(lifecycle.status(self.replayed)))

    def attempt(self, kind: str, actor: Actor, content: dict[str, Any]) -> bool:
        """Gives a command after two trial calls of `decide`, which must agree and leave the filing unchanged.

        Returns True if the command was accepted.
        """
        before = self.life.filing.model_copy(deep=True)
        given = command(kind, actor, len(self.life.log), **content)
        answers: list[Any] = []
        for _ in range(2):
            try:
                answers.append(lifecycle.decide(self.life.filing, given, self.life.now))
            except RefusalError as no:
                answers.append(no.refusal)
        assert answers[0] == answers[1]
        assert self.life.filing == before
        if not isinstance(answers[0], tuple):
            return False
        assert answers[0]
        assert sound(before, given, self.life.now), given
        self.life.give(given)
        self.replay()
        return True

    @rule(kind=st.sampled_from(sorted(ANY_CONTENT)), actor=st.sampled_from(PEOPLE), data=st.data())
    def anybody_sends_anything(self, kind: str, actor: Actor, data: st.DataObject) -> None:
        self.attempt(kind, actor, data.draw(ANY_CONTENT[kind]))

    @rule(data=st.data())
    @precondition(lambda self: self.life.stage in AWAITED)
    def what_is_awaited_comes_right_or_wrong(self, data: st.DataObject) -> None:
        kind, actor = data.draw(st.sampled_from(AWAITED[self.life.stage]))
        self.attempt(kind, actor, data.draw(ANY_CONTENT[kind]))

    @rule(data=st.data())
    @precondition(lambda self: bool(self.life.filing.clocks))
    def a_clock_rings_that_may_not_be_due(self, data: st.DataObject) -> None:
        clock = data.draw(st.sampled_from(sorted(self.life.filing.clocks)))
        self.attempt("timer_fired", SYSTEM, {"clock": clock, "moment": data.draw(st.sampled_from(Moment))})

    @rule(data=st.data())
    @precondition(lambda self: not self.life.filing.closed)
    def somebody_does_what_they_may(self, data: st.DataObject) -> None:
        may = [
            (action.name, actor)
            for actor in PEOPLE
            for action in FILING.actions(self.life.filing, actor, self.life.now)
            if action.allowed and action.name not in {"withdraw", "refuse_intake", "stop", "recuse", "record_cessation"}
        ]
        if may:
            kind, actor = data.draw(st.sampled_from(may))
            assert self.attempt(kind, actor, fitting(self.life.filing, kind))

    @precondition(lambda self: not self.life.filing.closed)
    @rule(steps=st.integers(min_value=1, max_value=3), data=st.data())
    def the_filing_moves_on(self, steps: int, data: st.DataObject) -> None:
        for _ in range(steps):
            ways = self.ways_on()
            if ways:
                kind, actor, content = data.draw(st.sampled_from(ways))
                assert self.attempt(kind, actor, content)

    def ways_on(self) -> list[tuple[str, Actor, dict[str, Any]]]:
        """Returns commands that bring the filing nearer to its end; if none is possible, commands that claim a task."""
        filing = self.life.filing
        may = [(name, somebody(task)) for task in lifecycle.tasks(filing, self.life.now) for name in task.actions]
        ways = [(name, actor, fitting(filing, name)) for name, actor in may if name in ONWARDS]
        if self.life.stage is Stage.FEE and filing.fee and filing.fee.channel == "online":
            ways.append(("settle_fee", SYSTEM, {"n": filing.fee.n, "settlement": "paid", "amount": filing.fee.amount}))
        ways += [
            ("settle_fee", SYSTEM, {"n": demand.n, "settlement": "paid", "amount": demand.amount})
            for demand in filing.demands_to_collect
        ]
        if filing.parts_under_way:
            ways += [("settle_part", SYSTEM, fitting(filing, "settle_part"))]
        if self.life.stage is Stage.DELIVERY:
            ends = ("returned", "lost", "cancelled")
            ways += [("settle_parcel", SYSTEM, {"n": filing.parcels, "outcome": end}) for end in ends]
        return ways or [(name, actor, {}) for name, actor in may if name == "claim"]

    @rule(data=st.data())
    @precondition(lambda self: self.life.stage in {Stage.CLOSED, Stage.SUSPENDED} and self.life.filing.act)
    def a_complaint_is_upheld(self, data: st.DataObject) -> None:
        filing = self.life.filing
        step = data.draw(st.sampled_from(places(filing)))
        said = {"n": filing.reopened + 1, "about": filing.act, "step": step, "officer": "leader-2"}
        assert self.attempt("settle_complaint", SYSTEM, said)
        assert not self.life.filing.closed
        assert self.life.refusal("settle_complaint", SYSTEM, **said)

    @rule(data=st.data())
    @precondition(lambda self: bool(lifecycle.timers(self.life.filing)))
    def a_timer_rings(self, data: st.DataObject) -> None:
        timer = data.draw(st.sampled_from(lifecycle.timers(self.life.filing)))
        self.life.now = max(self.life.now, timer.due)
        assert self.attempt("timer_fired", SYSTEM, {"clock": timer.clock, "moment": timer.moment})

    @rule(calendar=st.sampled_from(CALENDARS))
    @precondition(lambda self: not (self.life.filing.closed or self.silence_speaks))
    def another_calendar_is_in_force(self, calendar: Calendar) -> None:
        changed = calendar != self.life.filing.calendar
        assert self.attempt("change_calendar", SYSTEM, {"calendar": calendar}) is changed

    @rule(hours=st.sampled_from([0, 1, 7, 25, 240]))
    def time_passes(self, hours: int) -> None:
        self.life.now += timedelta(hours=hours, seconds=hours)

    @invariant()
    def papers_at_another_desk_are_somebodys_until_they_are_there(self) -> None:
        filing = self.life.filing
        asked = {task.actions for task in lifecycle.tasks(filing, self.life.now) if task.name == "dossier"}
        if filing.accepted_at and not filing.closed and not self.silence_speaks:
            owed = {("transfer_dossier",)} if filing.at_desk else set()
            owed |= {("receive_dossier",)} if filing.under_way else set()
            assert asked == owed
            assert bool(owed) == (Clock.TRANSFER in filing.clocks)

    @invariant()
    def every_change_of_status_is_legal(self) -> None:
        for before, after in zip(self.statuses, self.statuses[1:], strict=False):
            assert after == before or after in LEGAL[before], f"{before} → {after}"

    @property
    def kinds(self) -> list[str]:
        """The kinds of events since the start, the last reopening, or the last revocation of an act at intake."""
        kinds = self.life.kinds
        return kinds[
            max(
                (n for n, kind in enumerate(kinds) if kind in {"reopened", "acceptance_revoked", "refusal_revoked"}),
                default=0,
            ) :
        ]

    @invariant()
    def one_decision_and_one_end(self) -> None:
        kinds = self.kinds
        ends = [n for n, kind in enumerate(kinds, 1) if kind in CLOSINGS]
        assert kinds.count("decided") <= 1
        lost = kinds.count("reissue_requested")
        assert lost <= kinds.count("result_issued") <= 1 + lost
        paid = [fee for fee in self.life.filing.fees if fee.state is FeeState.PAID]
        assert self.life.kinds.count("fee_paid") == len(paid)
        assert len([fee for fee in paid if fee.adds_to is None and fee.charged_back < fee.amount]) <= 1
        assert kinds.count("parcel_requested") <= 1 + lost + kinds.count("delivery_changed")
        assert ends == ([len(kinds)] if self.life.filing.closed else [])

    @invariant()
    def every_end_has_its_status_and_its_reason(self) -> None:
        filing = self.life.filing
        assert filing.closing is None or self.statuses[-1] in ENDS[filing.closing]
        assert not (filing.closing == "withdrawn" and filing.decision)
        at_hand = filing.parcel_end in {"returned", "cancelled"} or filing.copy_number > MOST_BY_POST
        assert not (filing.pickup and filing.result_channel == "post" and not at_hand)

    @invariant()
    def four_eyes_saw_a_decision_and_a_standing_order_made_the_others(self) -> None:
        decision, proposal = self.life.filing.decision, self.life.filing.proposal
        if decision is not None and decision.silence is not None:
            assert (decision.outcome, decision.officer) == ("approved", "leader-2")
        elif decision is not None and decision.standing_order is None:
            assert proposal is not None
            proposers = {proposal.officer, proposal.acting_for}
            assert decision.officer not in proposers
            assert decision.acting_for is None or decision.acting_for not in proposers
        elif decision is not None:
            assert (decision.outcome, decision.officer) == ("approved", "leader-1")

    @invariant()
    def other_agencies_are_asked_in_the_order_of_the_law_and_heard_before_anybody_decides(self) -> None:
        filing, kinds = self.life.filing, self.life.kinds
        stages = [part.stage for part in filing.parts]
        asked = [r.event.n for r in self.life.log if isinstance(r.event, ev.Referred)]
        answered = [r.event.n for r in self.life.log if isinstance(r.event, ev.PartAnswered)]
        assert len(set(asked)) == len(asked)
        assert filing.reopened or asked == list(range(1, len(asked) + 1))
        assert sorted(set(answered)) == sorted(answered)
        assert stages == [
            "answered" if part.n in answered else "referred" if part.n in asked else "planned" for part in filing.parts
        ]
        if filing.channel != "online":
            assert len(filing.parts_under_way) <= 1
        elif filing.parts and "referred" in self.kinds:
            assert {part.n for part in filing.parts} <= set(asked)
        if filing.proposal is not None or filing.decision is not None:
            assert set(stages) <= {"answered"}
            assert ("parts_decided" in kinds) is bool(stages)
            assert self.kinds.count("parts_decided") <= 1

    @invariant()
    def money_that_was_due_was_paid_before_the_result_was_given(self) -> None:
        filing = self.life.filing
        if self.life.stage in {Stage.DELIVERY, Stage.PICKUP} or filing.closing == "delivered":
            assert not filing.fee_pending
            asked_for = filing.procedure.fee is not None and filing.procedure.fee.due == "result"
            if asked_for and filing.decision and filing.decision.outcome == "approved" and filing.form.get("copies"):
                assert filing.fee is not None

    @invariant()
    def every_demand_was_met_by_its_payment_or_is_awaited_or_its_payment_asks_no_more(self) -> None:
        filing = self.life.filing
        awaited = {filing.obligation.n} if filing.obligation and not filing.closed else set()
        met = {recorded.event.n for recorded in self.life.log if recorded.event.kind == "obligation_fulfilled"}
        asked = [demand.n for demand in filing.demands]
        assert asked == list(range(OBLIGATIONS + 1, OBLIGATIONS + 1 + len(asked)))
        assert {n for n in filing.payments_to_cancel if of_obligation(n)} == set(asked) - awaited - met
        assert {demand.n for demand in filing.demands_to_collect} <= awaited

    @invariant()
    def the_log_is_gapless_and_folds_to_the_state(self) -> None:
        assert [recorded.seq for recorded in self.life.log] == list(range(1, len(self.life.log) + 1))
        assert self.replayed == self.life.filing
        assert Filing.model_validate_json(self.life.filing.model_dump_json(exclude_none=True)) == self.life.filing

    @invariant()
    def what_is_offered_is_done_and_what_is_not_is_refused(self) -> None:
        self.turn += 1
        contents = all_fitting(self.life.filing)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(lifecycle, "possible", remembering(queues.possible))
            for actor in PEOPLE[self.turn % TURNS :: TURNS]:
                for action in FILING.actions(self.life.filing, actor, self.life.now):
                    content = contents.get(action.name, {})
                    if not content.get("items", True):
                        content["items"] = [{"target": "paper", "code": "identity", "note": "mờ"}]
                    refused = self.life.refusal(action.name, actor, **content)
                    assert action.allowed is (refused == []), (action.name, actor.role, refused)

    @invariant()
    def what_is_awaited_and_comes_wrong_is_refused(self) -> None:
        filing, owed = self.life.filing, self.life.filing.fee.amount if self.life.filing.fee else 0
        wrong: dict[Stage, list[tuple[str, Actor, dict[str, Any]]]] = {
            Stage.FEE: [
                ("pay_at_counter", CASHIER, {"amount": owed + 1}),
                ("pay_at_counter", CASHIER, {"amount": owed - 1}),
                ("settle_fee", SYSTEM, {"n": len(filing.fees), "settlement": "paid", "amount": owed + 1}),
                ("settle_fee", SYSTEM, {"n": len(filing.fees) + 1, "settlement": "paid", "amount": owed}),
            ],
            Stage.ISSUE: [("issue", SYSTEM, {}), ("withdraw", APPLICANT, {"reason": "đổi ý"})],
            Stage.DELIVERY: [("settle_parcel", SYSTEM, {"n": filing.parcels + 1, "outcome": "delivered"})],
        }
        for kind, actor, content in wrong.get(self.life.stage, []):
            assert self.life.refusal(kind, actor, **content), (kind, content)

    @invariant()
    def nobody_is_given_in_somebodys_place_what_is_not_theirs(self) -> None:
        whose = self.life.filing.whose_task
        for absent in ("reception-1", "specialist-1", "specialist-3", "leader-1"):
            refused = self.life.refusal("reassign", TEAM_LEAD, officer="nobody-yet", acting_for=absent)
            assert (refused == []) <= (absent == whose)

    @invariant()
    def who_acts_for_somebody_has_the_task(self) -> None:
        filing = self.life.filing
        assert filing.acting_for is None or filing.officer not in {None, filing.acting_for}

    @property
    def silence_speaks(self) -> bool:
        """True if a limit after which silence means approval is over, but its timer has not fired yet."""
        state = self.life.filing.clocks.get(Clock.PROCESSING)
        silent = self.life.filing.procedure.silent_officer is not None and self.life.filing.decision is None
        return silent and state is not None and not state.paused and self.life.now >= state.due

    @invariant()
    def an_open_filing_is_never_forgotten(self) -> None:
        filing = self.life.filing
        tasks = lifecycle.tasks(filing, self.life.now)
        late = [clock for clock, state in filing.clocks.items() if state.overdue]
        if filing.closed:
            assert tasks == []
            assert lifecycle.timers(filing) == []
            return
        assert lifecycle.timers(filing) or late
        assert tasks
        for task in tasks:
            assert task.actions or task.role == "team_lead" or task.name.startswith(NOTICES) or self.silence_speaks
            for name in task.actions:
                assert self.life.refusal(name, somebody(task), **fitting(filing, name)) == []

    @invariant()
    def the_clocks_run_through_all_of_their_time_once(self) -> None:
        filing = self.life.filing
        assert all(state.ended is None for state in filing.clocks.values())
        for state in filing.past_clocks:
            assert state.ended is not None
            assert (state.outcome is None) or not {state.ended_by} & {"withdrawn", "stopped", "supplement_expired"}
        for state in lifecycle.clock_history(filing):
            instants = [state.started, *(at for pause in state.pauses for at in (pause.since, pause.until) if at)]
            assert instants == sorted(instants)
            assert all(pause.until for pause in state.pauses[:-1])
            assert sum(extension.kind == "reappointed" for extension in state.extensions) <= 1
            again = state.clock is Clock.PICKUP  # its reminder is repeated
            told = (state.reminded_at and not again, state.remind_at), (state.apologised_at, state.apologise_at)
            assert not any(done and to_do for done, to_do in told)

    @invariant()
    def every_moment_of_a_due_instant_is_told_once(self) -> None:
        kinds = self.life.kinds
        assert kinds.count("reappointed") <= 1
        postponed = kinds.count("extended") + kinds.count("reappointed")
        assert postponed <= 1
        if "calendar_changed" not in kinds:
            apologies = len(self.life.runs("processing")) + kinds.count("apologised")
            assert kinds.count("apology_drafted") <= apologies + postponed
            events = [r.event for r in self.life.log[-len(self.kinds) :]]
            told = [(e.kind, e.clock, e.due) for e in events if isinstance(e, ev.Reminded | ev.Overdue)]
            assert len(told) == len(set(told))

    @invariant()
    def to_project_again_on_the_same_calendar_changes_nothing(self) -> None:
        filing = self.life.filing
        same = Recorded(
            seq=filing.seq + 1,
            at=self.life.now,
            command_id="calendar",
            actor=SYSTEM,
            event=ev.CalendarChanged(calendar=filing.calendar),
        )
        again = lifecycle.evolve(filing, same)
        assert (again.clocks, again.overdue) == (filing.clocks, filing.overdue)

    @invariant()
    def silence_that_has_approved_cannot_be_broken(self) -> None:
        state = self.life.filing.clocks.get(Clock.PROCESSING)
        silent = self.life.filing.procedure.silent_officer and self.life.filing.decision is None
        if state and silent and not state.paused and state.due <= self.life.now:
            for kind in ("decide", "reappoint", "stop"):
                assert self.life.refusal(kind, LEADER, **fitting(self.life.filing, kind))

    @invariant()
    def a_review_step_is_where_the_procedure_says(self) -> None:
        step = lifecycle.current_step(self.life.filing)
        if step is not None:
            assert (self.life.filing.proposal is not None) is (step.act is Act.DECIDE)
