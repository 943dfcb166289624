"""After any commands in any order, no more is refunded than was received, and no person refunds alone."""

from typing import Any, Final

import hypothesis.strategies as st
from hypothesis import settings, stateful

from rules.refund import fold
from rules.refund.kind import view
from rules.streams import REFUND
from schemas.errors import RefusalError
from schemas.filing import commands as cm
from schemas.people import SYSTEM, Actor, Role
from schemas.publishing.fee import RefundCase
from schemas.refund import events as ev
from schemas.refund import state
from schemas.refund.commands import (
    AcceptShortPayment,
    AnswerChargeBack,
    ApproveRefund,
    ApproveShortPayment,
    DecideRefund,
    DeclineRefund,
    GiveBackByHand,
    LeaveToHand,
    OpenClaimed,
    RecordAsked,
    RecordGiven,
    RequestRefund,
)
from tests.tiers import examples
from tests.unit.filing.lives import FILE, LEADER, officer
from tests.unit.profile import PROFILE
from tests.unit.refund.givings import AMOUNT, APART, BY_HAND, DEPUTY, PEOPLE, UNOWED, WHY, Giving

CASES: Final = st.integers(1, 6)
DONG: Final = st.integers(1, AMOUNT + 1)
FOR: Final = st.sampled_from([None, None, None, *(one.subject for one in PEOPLE)])
LINES: Final = st.lists(st.fixed_dictionaries({"code": st.just("copy"), "amount": DONG}), max_size=3)
CLAIMS: Final = st.builds(
    state.Claim,
    unowed=st.sampled_from([None, None, *state.UNOWED]),
    excess=st.sampled_from([0, 0, 1, 5_000]),
    short=st.booleans(),
    charged_back=st.sampled_from([0, 0, 1, AMOUNT]),
    rule=st.sampled_from([None, *RefundCase]),
    percent=st.sampled_from([None, 0, 33, 50, 100]),
    reopened=st.sampled_from([0, 0, 1, 2]),
    returned=st.lists(
        st.builds(state.RefundLine, code=st.sampled_from(["copy", "haste"]), amount=DONG), max_size=3
    ).map(tuple),
)
BY_ITSELF: Final[dict[type[cm.Command], st.SearchStrategy[dict[str, Any]]]] = {
    OpenClaimed: st.fixed_dictionaries({"claim": CLAIMS}),
    RecordAsked: st.fixed_dictionaries({"case": CASES, "n": st.sampled_from([1, 1, 2, 3])}),
    RecordGiven: st.fixed_dictionaries({"case": CASES}),
    LeaveToHand: st.fixed_dictionaries({"case": CASES, "rule": st.just("not_offered")}),
}
BY_PEOPLE: Final[dict[type[cm.Command], st.SearchStrategy[dict[str, Any]]]] = {
    RequestRefund: st.fixed_dictionaries({"amount": st.none() | DONG, "lines": LINES, "acting_for": FOR}).map(
        lambda said: said | WHY
    ),
    DecideRefund: st.fixed_dictionaries({"amount": st.just(0) | DONG, "acting_for": FOR}).map(lambda said: said | WHY),
    AcceptShortPayment: st.fixed_dictionaries({"acting_for": FOR}).map(lambda said: said | WHY),
    AnswerChargeBack: st.fixed_dictionaries(
        {"outcome": st.sampled_from(state.ChargeBackOutcome), "acting_for": FOR}
    ).map(lambda said: said | WHY),
    ApproveShortPayment: st.fixed_dictionaries({"acting_for": FOR}),
    ApproveRefund: st.fixed_dictionaries({"case": CASES, "acting_for": FOR}),
    DeclineRefund: st.fixed_dictionaries({"case": CASES, "acting_for": FOR, "reason": st.just("đã dùng")}),
    GiveBackByHand: st.fixed_dictionaries(
        {
            "case": CASES,
            "acting_for": FOR,
            "means": st.sampled_from(state.RefundMeans),
            "evidence": st.just(FILE.model_dump()),
            "bank_reference": st.sampled_from([None, "FT26330123456"]),
        }
    ),
}


class AnyRefund(stateful.RuleBasedStateMachine):
    """A state machine that gives commands of every kind to the refund of one capture."""

    life: Giving

    @stateful.initialize()
    def begun(self) -> None:
        self.life = Giving()

    def attempt(self, model: type[cm.Command], actor: Actor, said: dict[str, Any]) -> bool:
        before = self.life.refund
        try:
            self.life.do(model, actor, **said)
        except RefusalError:
            assert self.life.refund == before
            return False
        return True

    @stateful.rule(model=st.sampled_from(list(BY_ITSELF)), data=st.data())
    def something_is_told(self, model: type[cm.Command], data: st.DataObject) -> None:
        self.attempt(model, SYSTEM, data.draw(BY_ITSELF[model]))

    @stateful.rule(model=st.sampled_from(list(BY_PEOPLE)), actor=st.sampled_from(PEOPLE), data=st.data())
    def anybody_asks_anything(self, model: type[cm.Command], actor: Actor, data: st.DataObject) -> None:
        self.attempt(model, actor, data.draw(BY_PEOPLE[model]))

    @stateful.rule()
    @stateful.precondition(lambda self: fold.left(self.life.refund) > 0)
    def all_that_nobody_owes_is_asked_for(self) -> None:
        assert self.attempt(OpenClaimed, SYSTEM, {"claim": UNOWED})
        assert fold.left(self.life.refund) == 0

    @stateful.rule()
    @stateful.precondition(lambda self: bool(fold.in_state(self.life.refund, state.CaseState.OPEN)))
    def a_leader_who_has_not_asked_approves(self) -> None:
        entry = fold.in_state(self.life.refund, state.CaseState.OPEN)[0]
        others = [
            one for one in (LEADER, DEPUTY, officer(Role.LEADER, "leader-4")) if one.subject not in entry.asked_by
        ]
        assert self.attempt(ApproveRefund, others[-1], {"case": entry.case})

    @stateful.rule()
    @stateful.precondition(lambda self: bool(fold.to_give(self.life.refund)))
    def the_provider_is_asked(self) -> None:
        first = fold.to_give(self.life.refund)[0]
        assert self.attempt(RecordAsked, SYSTEM, {"case": first.case, "n": first.requests + 1})

    @stateful.rule(can=st.booleans())
    @stateful.precondition(lambda self: bool(fold.to_give(self.life.refund)))
    def the_provider_gives_it_or_never_does(self, *, can: bool) -> None:
        case = fold.to_give(self.life.refund)[0].case
        model, said = (RecordGiven, {}) if can else (LeaveToHand, {"rule": "not_offered"})
        assert self.attempt(model, SYSTEM, {"case": case} | said)

    @stateful.rule()
    @stateful.precondition(lambda self: bool(fold.in_state(self.life.refund, state.CaseState.LEFT_TO_HAND)))
    def a_cashier_who_has_not_approved_gives_it_by_hand(self) -> None:
        case = fold.in_state(self.life.refund, state.CaseState.LEFT_TO_HAND)[0].case
        assert self.attempt(GiveBackByHand, officer(Role.CASHIER, "cashier-7"), {"case": case} | BY_HAND)

    @stateful.invariant()
    def no_more_goes_back_than_came(self) -> None:
        refund = self.life.refund
        over = {state.CaseState.DECLINED, state.CaseState.VOID}
        going = sum(entry.amount for entry in refund.entries if entry.state not in over)
        assert going <= AMOUNT
        assert fold.left(refund) == max(AMOUNT - refund.charged_back - going, 0)
        waiting = fold.total(refund, state.CaseState.OPEN, state.CaseState.LEFT_TO_HAND)
        assert not waiting or going + refund.charged_back <= AMOUNT, "nobody is to give back what is gone"
        charged = [one.event for one in self.life.log if one.event.kind == "refund_charged_back"]
        assert sum(one.amount for one in charged) == refund.charged_back
        answered = [one.event for one in self.life.log if one.event.kind == "charge_back_answered"]
        owed = sum(one.amount for one in charged if one.owed) + self.given_too_early
        assert sum(one.amount for one in answered) + refund.unanswered == owed
        assert fold.left(refund) >= 0
        assert all(entry.amount > 0 for entry in refund.entries)
        given = [one.event for one in self.life.log if one.event.kind in {"refund_given", "refund_given_by_hand"}]
        assert sum(one.amount for one in given) == view(refund).given <= AMOUNT
        assert len({one.case for one in given}) == len(given)

    @stateful.invariant()
    def one_is_asked_for_after_another_and_none_that_may_be_going_is_void(self) -> None:
        waiting: set[int] = set()
        for one in self.life.log:
            match one.event:
                case ev.RefundAsked(case=case, n=n):
                    assert waiting <= {case}
                    assert (n > 1) is (case in waiting)
                    waiting.add(case)
                case ev.RefundGiven(case=case) | ev.RefundLeftToHand(case=case):
                    waiting.discard(case)
                case ev.RefundChargedBack(void=void) | ev.RefundCalledOff(void=void):
                    assert not waiting & set(void)
        assert waiting == {one.case for one in fold.to_give(self.life.refund) if one.requests}

    @property
    def given_too_early(self) -> int:
        """The sum refunded because of an end of the filing that a reopening has undone since."""
        return sum(
            one.amount for one in self.life.refund.entries if one.overtaken and one.state is state.CaseState.GIVEN
        )

    @stateful.invariant()
    def what_went_back_went_by_two_and_none_of_the_applicants_side(self) -> None:
        entries = {entry.case: entry for entry in self.life.refund.entries}
        for one in self.life.log:
            match one.event:
                case ev.RefundApproved(case=case, officer=approver, acting_for=acting_for):
                    hands = {approver, acting_for} - {None}
                    assert not hands & set(entries[case].asked_by)
                    assert APART.subject not in hands
                    assert one.actor.role is Role.LEADER
                case ev.ShortfallAccepted(officer=approver, acting_for=acting_for, asked_by=asked_by):
                    assert asked_by
                    assert not {approver, acting_for} & {*asked_by, APART.subject}
                    assert one.actor.role is Role.LEADER
                case ev.RefundGiven(case=case) | ev.RefundGivenByHand(case=case) as given:
                    assert entries[case].separate
                    assert given.amount == entries[case].amount
                    by_hand = {given.officer, given.acting_for} if isinstance(given, ev.RefundGivenByHand) else set()
                    assert not by_hand & set(entries[case].approved_by)

    @stateful.invariant()
    def what_nobody_owes_is_never_declined(self) -> None:
        refund = self.life.refund
        for entry in refund.entries:
            assert entry.cause not in state.NOT_TO_DECLINE or entry.state is not state.CaseState.DECLINED
        assert refund.unowed is None or fold.left(refund) == 0 or fold.is_open(refund)

    @stateful.invariant()
    def a_difference_goes_back_line_by_line(self) -> None:
        for entry in self.life.refund.entries:
            if entry.cause is state.RefundCause.DIFFERENCE:
                assert sum(line.amount for line in entry.lines) == entry.amount

    @stateful.invariant()
    def the_procedure_speaks_once_each_time_that_the_filing_ends(self) -> None:
        since = max((n for n, kind in enumerate(self.life.kinds) if kind == "refund_called_off"), default=0)
        said = [one.event for one in self.life.log[since:]]
        opened = [one for one in said if isinstance(one, ev.RefundOpened) and one.cause is state.RefundCause.RULE]
        assert sum(isinstance(one, ev.RefundUndecided) for one in said) <= 1
        assert len(opened) <= 1

    @stateful.invariant()
    def an_open_refund_is_never_forgotten(self) -> None:
        refund = self.life.refund
        tasks = REFUND.rows(refund).tasks or ()
        to_open = refund.unowed is not None and fold.left(refund) > 0
        assert fold.is_open(refund) is bool(tasks or fold.to_give(refund) or to_open)
        assert REFUND.standing(refund).open is fold.is_open(refund)


def test_whatever_is_asked_no_dong_is_lost_or_goes_back_by_one_alone() -> None:
    stateful.run_state_machine_as_test(
        AnyRefund, settings=settings(PROFILE, max_examples=max(PROFILE.max_examples, examples(60)))
    )
