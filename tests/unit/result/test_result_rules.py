"""The life of a result, and the rights to its commands; in any order of commands, its numbers have no gap or repeat."""

from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import hypothesis.strategies as st
import pytest
from hypothesis import settings, stateful

from rules.evidence import Entry
from rules.require import require
from rules.result import fold
from rules.result.kind import standing_at
from rules.streams import RESULT
from schemas.errors import RefusalError
from schemas.filing import commands as cm
from schemas.filing.events import MachineWork
from schemas.ids import StreamId
from schemas.people import SYSTEM, Actor, Role
from schemas.result.commands import (
    RESULT_COMMANDS,
    AskOther,
    CorrectResult,
    CorrectResultBy,
    DeclineSignature,
    NameSigners,
    RecordDeclined,
    RecordMade,
    RecordSigned,
    RenewResult,
    RevokeResult,
    SignAgain,
    SignAgainBy,
)
from schemas.result.events import ResultEntered, ResultReleased, ResultSigned, SignatureRequested
from schemas.result.state import MOST_ENTRIES, RegisteredResult, Result, ResultState, Signatory, SigningPlace, Validity
from tests.unit.filing.lives import APPLICANT, CLERK, LEADER, RECEPTION, SPECIALIST, TEAM_LEAD, officer
from tests.unit.profile import PROFILE
from tests.unit.result.signings import FILING, ISSUED, ORDER, SIGNERS, WHY, Signing, file

OPERATOR: Final = officer(Role.OPERATOR)
SECOND: Final = Signatory(place=SigningPlace.INITIALS, officer="specialist-7", role=Role.SPECIALIST)
SIGNED: Final = ["signature_requested", "result_signed"]


def test_each_signs_in_their_turn_and_with_the_last_it_is_in_force() -> None:
    life = Signing().made().signed()
    assert life.kinds == ["result_entered", "result_made", *SIGNED * 3, "result_released"]
    assert life.register == [("1", "in_force")]
    assert life.result.last.issued == file(3)
    assert life.result.last.issued_at == life.now
    assert not fold.is_open(life.result)
    assert RESULT.standing(life.result).heard_as == ("result_issued",)


def test_signers_who_are_named_later_sign_a_result_that_had_none_and_no_other() -> None:
    life = Signing(signers=()).do(NameSigners, signers=SIGNERS)
    assert life.refusal(NameSigners, signers=SIGNERS[1:]) == ["wrong_state"]
    assert life.made().refusal(NameSigners, signers=SIGNERS[1:]) == ["wrong_state"]
    assert life.signed().kinds == ["result_entered", "signers_named", "result_made", *SIGNED * 3, "result_released"]


@pytest.mark.parametrize("place", list(SigningPlace))
def test_nobody_signs_out_of_turn(place: SigningPlace) -> None:
    life = Signing().made().signed(1)
    allowed = place is SigningPlace.SIGNATURE
    assert life.refusal(RecordSigned, place=place, result=file(9)) == ([] if allowed else ["wrong_state"])
    assert life.refusal(RecordDeclined, place=place) == ([] if allowed else ["wrong_state"])


def test_before_it_is_made_nobody_is_asked_and_once_it_is_it_is_not_made_again() -> None:
    life = Signing()
    assert life.result.awaited is None
    assert life.refusal(RecordSigned, place="initials", result=file(1)) == ["wrong_state"]
    assert life.made().refusal(RecordMade, result=file(2)) == ["wrong_state"]


@pytest.mark.parametrize("at_the_service", [True, False])
def test_a_decline_voids_the_number_and_another_signing_takes_the_next(*, at_the_service: bool) -> None:
    life = Signing().made().signed(1)
    if at_the_service:
        life.do(RecordDeclined, place="signature")
    else:
        life.do(DeclineSignature, LEADER, reason="sai họ tên")
    assert (life.kinds[-2:], life.register) == (["signature_declined", "number_voided"], [("1", "voided")])
    assert fold.is_open(life.result)
    assert [task.name for task in RESULT.rows(life.result).tasks or ()] == ["sign_again"]
    life.do(SignAgainBy, LEADER, signers=()).made()
    assert life.register == [("1", "voided"), ("2", "in_force")]
    assert life.refusal(SignAgain, LEADER) == ["nobody_declined"]


def test_who_is_asked_has_it_among_their_tasks_and_alone_may_decline() -> None:
    life = Signing().made()
    assert life.refusal(DeclineSignature, SPECIALIST, reason="sai") == []
    for other in (LEADER, CLERK, officer(Role.SPECIALIST, "specialist-2"), officer(Role.LEADER, SPECIALIST.subject)):
        assert life.refusal(DeclineSignature, other, reason="sai") == ["not_asked_to_sign"]
    [task] = RESULT.rows(Signing().made().signed(2).result).tasks or ()
    assert (task.name, task.role, task.officer) == ("sign:seal", "clerk", CLERK.subject)


MAY: Final[dict[str, tuple[type[cm.Command], dict[str, Any], tuple[Role, ...]]]] = {
    "revoke_result": (RevokeResult, WHY, (Role.LEADER, Role.CLERK)),
    "correct_result": (CorrectResult, WHY, (Role.LEADER, Role.CLERK)),
    "renew_result": (RenewResult, {"registered": ISSUED.number, "result": file(9)}, (Role.OPERATOR,)),
}


@pytest.mark.parametrize("kind", MAY)
def test_who_may(kind: str) -> None:
    model, said, roles = MAY[kind]
    life = Signing(adopted=ISSUED)
    for actor in (APPLICANT, RECEPTION, SPECIALIST, LEADER, CLERK, TEAM_LEAD, OPERATOR):
        assert life.refusal(model, actor, **said) == ([] if actor.role in roles else ["role_not_allowed"])
    assert life.refusal(model, officer(roles[0], agency="H01.13"), **said) == ["other_agency"]
    assert life.refusal(model, Actor(subject="an", role=roles[0], agency="H01.12"), **said) == ["own_filing"]


def test_a_revoked_result_stays_and_is_marked() -> None:
    life = Signing(adopted=ISSUED).do(RevokeResult, CLERK, **WHY)
    assert (life.kinds, life.register) == (["result_entered", "result_revoked"], [("1", "revoked")])
    for model, said in ((RevokeResult, WHY), (CorrectResult, WHY)):
        assert life.refusal(model, LEADER, **said) == ["result_not_in_force"]


def test_a_correction_replaces_what_it_corrects_only_once_it_is_signed() -> None:
    life = Signing(adopted=ISSUED)
    life.do(CorrectResultBy, LEADER, signers=Signing().result.signers, **WHY)
    assert life.refusal(CorrectResult, LEADER, **WHY) == ["corrected_already"]
    assert [state for _, state in life.register] == ["in_force", "making"]
    life.made().signed()
    assert life.register == [("1", "replaced"), ("2", "in_force")]
    first, second = life.result.entries
    assert (first.replaced_by, second.corrects) == (second.registered, first.registered)


def test_what_was_revoked_stays_so_and_an_unsigned_correction_leaves_the_old_one() -> None:
    life = Signing(adopted=ISSUED).do(CorrectResultBy, LEADER, signers=(), result=file(5), **WHY)
    life.do(RevokeResult, CLERK, **WHY)
    assert life.made().register == [("1", "revoked"), ("2", "in_force")]
    life = Signing(adopted=ISSUED).do(CorrectResultBy, LEADER, signers=Signing().result.signers, **WHY)
    life.made().do(DeclineSignature, SPECIALIST, reason="chưa đúng")
    assert life.register == [("1", "in_force"), ("2", "voided")]
    life.do(SignAgainBy, LEADER, signers=()).made()
    assert life.register == [("1", "replaced"), ("2", "voided"), ("3", "in_force")]
    assert life.result.last.corrects == ISSUED.number


def test_a_result_takes_so_many_numbers_and_no_more() -> None:
    life = Signing(adopted=ISSUED)
    for _ in range(MOST_ENTRIES - 1):
        life.do(CorrectResultBy, LEADER, signers=(), **WHY).made()
    assert life.refusal(CorrectResult, LEADER, **WHY) == ["too_many_numbers"]


def test_a_renewed_file_is_known_by_both_digests() -> None:
    life = Signing().made().signed()
    life.do(RenewResult, OPERATOR, registered=life.result.last.registered, result=file(9))
    [row] = RESULT.results(life.result)
    assert (row["sha256"], row["renewed"]) == (file(3).sha256, [file(9).sha256])
    assert fold.issued_first(life.result) == life.result.last
    assert life.refusal(RenewResult, OPERATOR, registered="H01.12-2026-K9", result=file(9)) == ["no_such_result"]


def test_what_the_filing_issued_itself_is_told_to_nobody_and_only_what_became_of_it_is_registered() -> None:
    life = Signing(adopted=ISSUED)
    assert fold.issued_first(life.result) is None
    assert RESULT.standing(life.result).heard_as == ()
    [row] = RESULT.results(life.result)
    assert set(row) == {"number", "n", "state", "ended_at", "replaced_by", "renewed"}


def test_a_back_office_that_fails_is_told_to_the_team_lead_until_it_answers() -> None:
    life = Signing().do(cm.ReportFailing, work=MachineWork.ISSUE, tries=10)
    assert [task.role for task in RESULT.rows(life.result).tasks or ()] == ["team_lead"]
    assert life.refusal(cm.ReportFailing, work=MachineWork.ISSUE, tries=10) == ["wrong_state"]
    life.do(cm.ReportAnswered, work=MachineWork.ISSUE)
    assert RESULT.rows(life.result).tasks == ()


def test_whoever_the_directory_names_by_then_is_asked_and_signs() -> None:
    life = Signing().do(RecordMade, result=file(0), asks=SECOND)
    assert life.result.awaited == SECOND
    life.do(RecordSigned, place="initials", result=file(1), asks=SECOND)
    assert require(life.result.awaited).place == "signature", "what is of another place is nobody's"
    for wrong in (SECOND, require(life.result.awaited)):
        assert life.refusal(AskOther, signer=wrong) == ["wrong_state"]
    life.do(AskOther, signer=require(life.result.awaited).model_copy(update={"officer": "leader-7"})).signed(1)
    assert [one.event.officer for one in life.log if one.event.kind == "result_signed"] == ["specialist-7", "leader-7"]


def test_what_nobody_can_sign_is_told_until_somebody_has_signed_or_another_is_asked() -> None:
    life = Signing().made().do(cm.ReportFailing, work=MachineWork.ISSUE, tries=1, error="certificate_expired")
    assert life.refusal(cm.ReportFailing, work=MachineWork.ISSUE, tries=1) == ["wrong_state"]
    life.signed(1)
    assert life.kinds[-3:] == ["machine_work_answered", "result_signed", "signature_requested"]
    life.do(cm.ReportFailing, work=MachineWork.ISSUE, tries=1, error="certificate_expired")
    life.do(AskOther, signer=require(life.result.awaited).model_copy(update={"officer": "leader-7"}))
    assert life.kinds[-2:] == ["machine_work_answered", "signature_requested"]
    life.do(cm.ReportFailing, work=MachineWork.ISSUE, tries=1, error="certificate_expired")
    life.do(RecordDeclined, place="signature").do(SignAgainBy, LEADER, signers=())
    assert life.result.machine_failing is None


def test_a_filing_that_waits_for_signatures_or_has_issued_it_bears_it_out() -> None:
    stream, filing = StreamId("result", FILING, 1), f"filing:{FILING}"
    decided = Entry(("decided",), {"outcome": ORDER.outcome.value}, filing)
    assert RESULT.evidence(stream, Signing().log[0].event) == (
        (Entry(("submitted",), {"signs": True}, filing), decided),
        (Entry(("machine_work_failing",), {"work": "issue"}, filing), decided),
    )
    adopted = require(RESULT.evidence(stream, Signing(adopted=ISSUED).log[0].event))
    [[entry]] = adopted
    assert (entry.kinds, entry.fields["number"], entry.stream) == (("result_issued",), ISSUED.number, filing)
    assert RESULT.evidence(stream, Signing().made().log[-1].event) is None


SINCE: Final = datetime(2026, 11, 26, 3, tzinfo=UTC)
DAY: Final = timedelta(days=1)
LATER: Final = SINCE + 2 * DAY


def result(**changes: Any) -> RegisteredResult:
    said = {"number": "H01.12-2026-K0000001", "filing_id": UUID(int=1), "agency": "H01.12", "n": 1}
    return RegisteredResult.model_validate(said | {"state": ResultState.IN_FORCE, "issued_at": SINCE} | changes)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, Validity.IN_FORCE),
        ({"issued_at": None, "state": ResultState.MAKING}, Validity.NOT_ISSUED),
        ({"issued_at": None, "state": ResultState.VOIDED, "ended_at": SINCE}, Validity.VOIDED),
        ({"state": ResultState.REVOKED, "ended_at": LATER - DAY}, Validity.REVOKED),
        ({"state": ResultState.REPLACED, "ended_at": LATER - DAY, "replaced_by": "2"}, Validity.REPLACED),
        ({"overtaken_at": LATER - DAY}, Validity.OVERTAKEN),
        ({"expires_on": date(2026, 11, 27)}, Validity.EXPIRED),
        ({"expires_on": date(2026, 11, 28)}, Validity.IN_FORCE),
        ({"overtaken_at": LATER - DAY, "state": ResultState.REVOKED, "ended_at": LATER - DAY}, Validity.REVOKED),
    ],
)
def test_a_result_is_in_force_until_something_has_ended_that(changes: dict[str, Any], expected: Validity) -> None:
    assert standing_at(result(**changes), LATER).validity is expected


@pytest.mark.parametrize("state", [ResultState.REVOKED, ResultState.REPLACED])
def test_what_happened_later_is_not_told_of_the_moment_before(state: ResultState) -> None:
    ended = result(state=state, ended_at=LATER, replaced_by="2")
    assert standing_at(ended, SINCE - DAY).validity is Validity.NOT_ISSUED
    before = standing_at(ended, LATER - timedelta(seconds=1))
    assert (before.validity, before.ended_at, before.replaced_by) == (Validity.IN_FORCE, None, None)
    after = standing_at(ended, LATER)
    assert (after.ended_at, after.replaced_by) == (LATER, "2" if state is ResultState.REPLACED else None)


def test_the_last_day_is_one_in_vietnam() -> None:
    last = result(expires_on=date(2026, 11, 28))
    midnight = datetime(2026, 11, 28, 17, tzinfo=UTC)
    assert standing_at(last, midnight - timedelta(seconds=1)).validity is Validity.IN_FORCE
    assert standing_at(last, midnight).validity is Validity.EXPIRED


# Whatever happens to a result, in any order: no number twice, none missing, and what has ended stays ended.

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
"""The least number of random lives of a result: each is short and quick, and most of its commands are refused."""


class AnyResult(stateful.RuleBasedStateMachine):
    """A state machine that gives commands of every kind to one result."""

    life: Signing
    ended: dict[str, ResultState]

    @stateful.initialize(signers=SIGNING, adopted=st.booleans())
    def entered(self, signers: tuple[Signatory, ...], *, adopted: bool) -> None:
        self.life = Signing(signers, ISSUED if adopted else None)
        self.ended = {}

    @property
    def result(self) -> Result:
        return self.life.result

    def attempt(self, model: type[cm.Command], actor: Actor, content: dict[str, Any]) -> bool:
        before = self.result
        try:
            self.life.do(model, actor, **content)
        except RefusalError:
            assert self.result == before
            return False
        return True

    @stateful.rule(model=st.sampled_from(list(BY_ITSELF)), data=st.data())
    def something_is_told(self, model: type[cm.Command], data: st.DataObject) -> None:
        self.attempt(model, SYSTEM, data.draw(BY_ITSELF[model]))

    @stateful.rule(model=st.sampled_from(list(BY_PEOPLE)), actor=st.sampled_from(PEOPLE), data=st.data())
    def anybody_sends_anything(self, model: type[cm.Command], actor: Actor, data: st.DataObject) -> None:
        self.attempt(model, actor, data.draw(BY_PEOPLE[model]))

    @stateful.rule(asks=WHOEVER)
    @stateful.precondition(lambda self: fold.in_the_making(self.result))
    def it_goes_on(self, asks: Signatory | None) -> None:
        awaited = self.result.awaited
        if awaited is None:
            assert self.attempt(RecordMade, SYSTEM, {"result": file(0), "asks": asks})
        else:
            assert self.attempt(RecordSigned, SYSTEM, {"place": awaited.place, "result": file(1), "asks": asks})

    @stateful.rule()
    @stateful.precondition(lambda self: fold.in_the_making(self.result))
    def it_is_in_vain_as_things_are(self) -> None:
        content = FAILING | {"tries": 1, "error": "certificate_expired"}
        told_already = self.result.machine_failing is not None
        assert self.attempt(cm.ReportFailing, SYSTEM, content) is not told_already

    @stateful.rule(says_why=st.booleans())
    @stateful.precondition(lambda self: self.result.awaited is not None)
    def who_is_asked_declines_and_the_number_is_void(self, *, says_why: bool) -> None:
        awaited, number = self.result.awaited, self.result.last.registered
        assert awaited is not None
        if says_why:
            assert self.attempt(DeclineSignature, officer(awaited.role, awaited.officer), {"reason": "sai họ tên"})
        else:
            assert self.attempt(RecordDeclined, SYSTEM, {"place": awaited.place})
        declined, voided = (recorded.event for recorded in self.life.log[-2:])
        assert (declined.kind, declined.officer) == ("signature_declined", awaited.officer)
        assert declined.reason == ("sai họ tên" if says_why else None)
        assert (voided.kind, voided.registered) == ("number_voided", number)

    @stateful.rule()
    @stateful.precondition(lambda self: self.result.in_force is not None)
    def what_a_clerk_revokes_is_revoked(self) -> None:
        before = self.result.in_force
        assert self.attempt(RevokeResult, CLERK, WHY)
        assert before is not None
        assert self.ended.setdefault(str(before.registered), ResultState.REVOKED) is ResultState.REVOKED

    @stateful.rule(signers=SIGNING)
    @stateful.precondition(lambda self: fold.declined(self.result) and len(self.result.entries) < MOST_ENTRIES)
    def a_leader_has_it_signed_again(self, signers: tuple[Signatory, ...]) -> None:
        before = self.result.last
        assert self.attempt(SignAgainBy, LEADER, {"signers": signers})
        assert (self.result.last.corrects, self.result.last.brought) == (before.corrects, before.brought)

    @stateful.invariant()
    def no_number_is_taken_twice_and_none_is_missing(self) -> None:
        numbers = [entry.registered for entry in self.result.entries]
        assert numbers == [f"H01.12-2026-K{n:07d}" for n in range(1, len(numbers) + 1)]
        assert 1 <= len(numbers) <= MOST_ENTRIES
        *before, last = self.result.entries
        assert last.state is not ResultState.MAKING or last.issued_at is None
        for entry in self.result.entries:
            assert (entry.state in {ResultState.MAKING, ResultState.VOIDED}) is (entry.issued_at is None)
            assert (entry.ended_at is not None) is (entry.state in ENDED)
        assert ResultState.MAKING not in {entry.state for entry in before}
        assert [row["number"] for row in RESULT.results(self.result)] == numbers

    @stateful.invariant()
    def what_has_ended_never_is_in_force_again(self) -> None:
        states = {str(entry.registered): entry.state for entry in self.result.entries}
        assert all(states[number] is state for number, state in self.ended.items())
        self.ended |= {number: state for number, state in states.items() if state in ENDED}
        assert sum(state is ResultState.IN_FORCE for state in states.values()) <= 1

    @stateful.invariant()
    def whatever_replaced_another_is_there(self) -> None:
        entries = {entry.registered: entry for entry in self.result.entries}
        for entry in entries.values():
            assert (entry.replaced_by is not None) is (entry.state is ResultState.REPLACED)
            if entry.replaced_by is not None:
                assert entries[entry.replaced_by].issued_at == entry.ended_at

    @stateful.invariant()
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

    @stateful.invariant()
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

    @stateful.invariant()
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

    @stateful.invariant()
    def what_is_in_vain_is_told_of_what_is_being_made_alone(self) -> None:
        assert self.result.machine_failing is None or fold.in_the_making(self.result)


def test_whatever_is_sent_the_register_stays_whole() -> None:
    stateful.run_state_machine_as_test(
        AnyResult, settings=settings(PROFILE, max_examples=max(PROFILE.max_examples, FEWEST))
    )
