"""Whatever happens to a result, in any order: no number twice, none missing, and what has ended stays ended."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any, Final

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from rules.result import fold
from rules.streams import RESULT
from schemas.errors import RefusalError
from schemas.filing import commands as cm
from schemas.filing.events import MachineWork
from schemas.people import SYSTEM, Actor, Role
from schemas.result.commands import (
    RESULT_COMMANDS,
    AskOther,
    CorrectResultBy,
    DeclineSignature,
    RecordDeclined,
    RecordMade,
    RecordSigned,
    RenewResult,
    RevokeResult,
    SignAgainBy,
)
from schemas.result.events import ResultEntered, ResultReleased, ResultSigned, SignatureRequested
from schemas.result.state import MOST_ENTRIES, Result, ResultState, Signatory, SigningPlace
from tests.unit.filing.lives import APPLICANT, CLERK, LEADER, SPECIALIST, TEAM_LEAD, officer
from tests.unit.profile import PROFILE
from tests.unit.result.signings import ISSUED, SIGNERS, WHY, Signing, file

OPERATOR: Final = officer(Role.OPERATOR)
SUBSTITUTE: Final = officer(Role.LEADER, "leader-2")
PEOPLE: Final = (APPLICANT, SPECIALIST, LEADER, SUBSTITUTE, CLERK, TEAM_LEAD, OPERATOR, officer(Role.CLERK, "clerk-9"))
INSTEAD: Final = Signatory(
    place=SigningPlace.SIGNATURE, officer=SUBSTITUTE.subject, role=Role.LEADER, acting_for=LEADER.subject
)
WHOEVER: Final = st.sampled_from([None, INSTEAD, *SIGNERS])
FILES: Final = st.builds(file, st.integers(1, 9))
NUMBERS: Final = st.integers(1, MOST_ENTRIES).map(lambda n: f"H01.12-2026-K{n:07d}")
SIGNING: Final = st.sampled_from([(), SIGNERS[1:], SIGNERS])
FAILING: Final = {"work": MachineWork.ISSUE}

BY_ITSELF: Final[dict[type[cm.Command], st.SearchStrategy[dict[str, Any]]]] = {
    RecordMade: st.fixed_dictionaries({"result": FILES, "asks": WHOEVER, "copies": st.sampled_from([None, 2])}),
    RecordSigned: st.fixed_dictionaries({"place": st.sampled_from(SigningPlace), "result": FILES, "asks": WHOEVER}),
    RecordDeclined: st.fixed_dictionaries({"place": st.sampled_from(SigningPlace)}),
    AskOther: st.fixed_dictionaries({"signer": st.sampled_from([INSTEAD, *SIGNERS])}),
    cm.ReportFailing: st.just(FAILING | {"tries": 1, "error": "certificate_expired"}),
    cm.ReportAnswered: st.just(FAILING),
}
BY_PEOPLE: Final[dict[type[cm.Command], st.SearchStrategy[dict[str, Any]]]] = {
    DeclineSignature: st.just({"reason": "sai họ tên"}),
    SignAgainBy: st.fixed_dictionaries({"signers": SIGNING}),
    RevokeResult: st.just(WHY),
    CorrectResultBy: st.fixed_dictionaries({"signers": SIGNING, "result": st.sampled_from([None, file(8)])}).map(
        lambda said: said | WHY
    ),
    RenewResult: st.fixed_dictionaries({"registered": NUMBERS, "result": FILES}),
}
ENDED: Final = {ResultState.VOIDED, ResultState.REVOKED, ResultState.REPLACED}


FEWEST: Final = 60
"""Lives: they are short and quick, and most of what is sent to them is refused."""


class AnyResult(RuleBasedStateMachine):
    """One result under commands of every kind."""

    life: Signing
    replayed: Result
    ended: dict[str, ResultState]

    @initialize(signers=SIGNING, adopted=st.booleans())
    def entered(self, signers: tuple[Signatory, ...], *, adopted: bool) -> None:
        self.life = Signing(signers, ISSUED if adopted else None)
        self.replayed = self.life.begun
        self.ended = {}
        self.replay()

    @property
    def result(self) -> Result:
        return self.life.result

    def replay(self) -> None:
        """Fold what is new as the log gives it back: as JSON."""
        for recorded in self.life.log[self.replayed.seq :]:
            plain = json.loads(recorded.event.model_dump_json(exclude_none=True))
            self.replayed = fold.evolve(self.replayed, replace(recorded, event=RESULT.event(plain)))

    def attempt(self, model: type[cm.Command], actor: Actor, content: dict[str, Any]) -> bool:
        before = self.result
        try:
            self.life.do(model, actor, **content)
        except RefusalError:
            assert self.result == before
            return False
        self.replay()
        return True

    @rule(model=st.sampled_from(list(BY_ITSELF)), data=st.data())
    def something_is_told(self, model: type[cm.Command], data: st.DataObject) -> None:
        self.attempt(model, SYSTEM, data.draw(BY_ITSELF[model]))

    @rule(model=st.sampled_from(list(BY_PEOPLE)), actor=st.sampled_from(PEOPLE), data=st.data())
    def anybody_sends_anything(self, model: type[cm.Command], actor: Actor, data: st.DataObject) -> None:
        self.attempt(model, actor, data.draw(BY_PEOPLE[model]))

    @rule(asks=WHOEVER)
    @precondition(lambda self: fold.in_the_making(self.result))
    def it_goes_on(self, asks: Signatory | None) -> None:
        awaited = self.result.awaited
        if awaited is None:
            assert self.attempt(RecordMade, SYSTEM, {"result": file(0), "asks": asks})
        else:
            assert self.attempt(RecordSigned, SYSTEM, {"place": awaited.place, "result": file(1), "asks": asks})

    @rule()
    @precondition(lambda self: fold.in_the_making(self.result))
    def it_is_in_vain_as_things_are(self) -> None:
        content = FAILING | {"tries": 1, "error": "certificate_expired"}
        told_already = self.result.machine_failing is not None
        assert self.attempt(cm.ReportFailing, SYSTEM, content) is not told_already

    @rule(says_why=st.booleans())
    @precondition(lambda self: self.result.awaited is not None)
    def who_is_asked_declines_and_the_number_is_void(self, *, says_why: bool) -> None:
        awaited, number = self.result.awaited, self.result.last.registered
        assert awaited is not None
        if says_why:
            who = officer(awaited.role, awaited.officer)
            assert self.attempt(DeclineSignature, who, {"reason": "sai họ tên"})
        else:
            assert self.attempt(RecordDeclined, SYSTEM, {"place": awaited.place})
        declined, voided = (recorded.event for recorded in self.life.log[-2:])
        assert (declined.kind, declined.officer) == ("signature_declined", awaited.officer)
        assert declined.reason == ("sai họ tên" if says_why else None)
        assert (voided.kind, voided.registered) == ("number_voided", number)

    @rule()
    @precondition(lambda self: self.result.in_force is not None)
    def what_a_clerk_revokes_is_revoked(self) -> None:
        before = self.result.in_force
        assert self.attempt(RevokeResult, CLERK, WHY)
        assert before is not None
        assert self.ended.setdefault(str(before.registered), ResultState.REVOKED) is ResultState.REVOKED

    @rule(signers=SIGNING)
    @precondition(lambda self: fold.declined(self.result) and len(self.result.entries) < MOST_ENTRIES)
    def a_leader_has_it_signed_again(self, signers: tuple[Signatory, ...]) -> None:
        before = self.result.last
        assert self.attempt(SignAgainBy, LEADER, {"signers": signers})
        assert (self.result.last.corrects, self.result.last.brought) == (before.corrects, before.brought)

    @invariant()
    def no_number_is_taken_twice_and_none_is_missing(self) -> None:
        numbers = [entry.registered for entry in self.result.entries]
        assert numbers == [f"H01.12-2026-K{n:07d}" for n in range(1, len(numbers) + 1)]
        assert 1 <= len(numbers) <= MOST_ENTRIES
        *before, last = self.result.entries
        assert last.state is not ResultState.MAKING or last.issued_at is None
        for entry in self.result.entries:
            unissued = entry.state in {ResultState.MAKING, ResultState.VOIDED}
            assert unissued is (entry.issued_at is None)
            assert (entry.ended_at is not None) is (entry.state in ENDED)
        assert ResultState.MAKING not in {entry.state for entry in before}
        assert [row["number"] for row in RESULT.results(self.result)] == numbers

    @invariant()
    def what_has_ended_never_is_in_force_again(self) -> None:
        states = {str(entry.registered): entry.state for entry in self.result.entries}
        assert all(states[number] is state for number, state in self.ended.items())
        self.ended |= {number: state for number, state in states.items() if state in ENDED}
        assert sum(state is ResultState.IN_FORCE for state in states.values()) <= 1

    @invariant()
    def whatever_replaced_another_is_there(self) -> None:
        entries = {entry.registered: entry for entry in self.result.entries}
        for entry in entries.values():
            assert (entry.replaced_by is not None) is (entry.state is ResultState.REPLACED)
            if entry.replaced_by is not None:
                assert entries[entry.replaced_by].issued_at == entry.ended_at

    @invariant()
    def nothing_is_released_that_not_all_have_signed(self) -> None:
        wanted, signed = 0, 0
        for recorded in self.life.log:
            match recorded.event:
                case ResultEntered(signers=signers):
                    wanted, signed = len(signers), 0
                case ResultSigned():
                    signed += 1
                case ResultReleased():
                    assert signed == wanted

    @invariant()
    def whoever_signed_had_been_asked_in_the_place_of_the_same(self) -> None:
        asked: Signatory | None = None
        for recorded in self.life.log:
            match recorded.event:
                case SignatureRequested() as request:
                    asked = Signatory(**request.model_dump(exclude={"kind"}))
                case ResultSigned() as signed:
                    assert asked is not None
                    assert (signed.place, signed.officer) == (asked.place, asked.officer)
                    assert signed.acting_for == asked.acting_for

    @invariant()
    def the_log_is_gapless_and_folds_to_the_state(self) -> None:
        assert [recorded.seq for recorded in self.life.log] == list(range(1, len(self.life.log) + 1))
        assert self.replayed == self.result
        assert Result.model_validate_json(self.result.model_dump_json(exclude_none=True)) == self.result

    @invariant()
    def an_open_result_is_never_forgotten(self) -> None:
        tasks = RESULT.rows(self.result).tasks or ()
        if not fold.is_open(self.result):
            assert tasks == ()
            return
        going_on = fold.in_the_making(self.result) and self.result.awaited is None
        assert tasks or going_on, "somebody has a task, or the back office makes it"
        for task in tasks:
            who = officer(Role(task.role), task.officer or f"{task.role}-1")
            full = task.name == "sign_again" and len(self.result.entries) == MOST_ENTRIES
            said = {"reason": "sai"} if "decline_signature" in task.actions else {}
            for action in task.actions:
                model = next(one for one in RESULT_COMMANDS if one.model_fields["kind"].default == action)
                assert self.life.refusal(model, who, **said) == (["too_many_numbers"] if full else [])

    @invariant()
    def what_is_in_vain_is_told_of_what_is_being_made_alone(self) -> None:
        assert self.result.machine_failing is None or fold.in_the_making(self.result)


def test_whatever_is_sent_the_register_stays_whole() -> None:
    many = max(PROFILE.max_examples, FEWEST)
    run_state_machine_as_test(AnyResult, settings=settings(PROFILE, max_examples=many))
