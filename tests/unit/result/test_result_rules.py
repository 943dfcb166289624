"""What happens to a result, who may have it happen, and whether a registered one can be relied on as of an instant."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import pytest

from rules.evidence import Entry
from rules.require import require
from rules.result import fold
from rules.result.validity import standing
from rules.streams import RESULT
from schemas.filing import commands as cm
from schemas.filing.events import MachineWork
from schemas.ids import StreamId
from schemas.people import Actor, Role
from schemas.result.commands import (
    AskOther,
    CorrectResult,
    CorrectResultBy,
    DeclineSignature,
    RecordDeclined,
    RecordMade,
    RecordSigned,
    RenewResult,
    RevokeResult,
    SignAgain,
    SignAgainBy,
)
from schemas.result.state import MOST_ENTRIES, RegisteredResult, ResultState, Signatory, SigningPlace, Validity
from tests.unit.filing.lives import APPLICANT, CLERK, LEADER, RECEPTION, SPECIALIST, TEAM_LEAD, officer
from tests.unit.result.signings import FILING, ISSUED, ORDER, WHY, Signing, file

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
    assert life.kinds[-2:] == ["signature_declined", "number_voided"]
    assert life.register == [("1", "voided")]
    assert fold.is_open(life.result)
    assert [task.name for task in RESULT.rows(life.result).tasks or ()] == ["sign_again"]
    life.do(SignAgainBy, LEADER, signers=()).made()
    assert life.register == [("1", "voided"), ("2", "in_force")]
    assert life.refusal(SignAgain, LEADER) == ["nobody_declined"]


def test_only_who_is_asked_may_decline() -> None:
    life = Signing().made()
    assert life.refusal(DeclineSignature, SPECIALIST, reason="sai") == []
    for other in (LEADER, CLERK, officer(Role.SPECIALIST, "specialist-2"), officer(Role.LEADER, SPECIALIST.subject)):
        assert life.refusal(DeclineSignature, other, reason="sai") == ["not_asked_to_sign"]


def test_who_is_asked_has_it_among_their_tasks() -> None:
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
    assert life.kinds == ["result_entered", "result_revoked"]
    assert life.register == [("1", "revoked")]
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


def test_what_was_revoked_meanwhile_stays_revoked() -> None:
    life = Signing(adopted=ISSUED).do(CorrectResultBy, LEADER, signers=(), result=file(5), **WHY)
    life.do(RevokeResult, CLERK, **WHY)
    assert life.made().register == [("1", "revoked"), ("2", "in_force")]


def test_a_correction_that_nobody_signs_leaves_the_old_one_in_force() -> None:
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
    number = life.result.last.registered
    life.do(RenewResult, OPERATOR, registered=number, result=file(9))
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
    third = require(life.result.awaited).model_copy(update={"officer": "leader-7"})
    life.do(AskOther, signer=third).signed(1)
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
    entered = Signing().log[0].event
    assert RESULT.evidence(stream, entered) == (
        (Entry(("submitted",), {"signs": True}, filing), Entry(("decided",), {"outcome": ORDER.outcome.value}, filing)),
    )
    adopted = RESULT.evidence(stream, Signing(adopted=ISSUED).log[0].event)
    assert adopted is not None
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
    assert standing(result(**changes), LATER).validity is expected


@pytest.mark.parametrize("state", [ResultState.REVOKED, ResultState.REPLACED])
def test_what_happened_later_is_not_told_of_the_moment_before(state: ResultState) -> None:
    ended = result(state=state, ended_at=LATER, replaced_by="2")
    assert standing(ended, SINCE - DAY).validity is Validity.NOT_ISSUED
    before = standing(ended, LATER - timedelta(seconds=1))
    assert (before.validity, before.ended_at, before.replaced_by) == (Validity.IN_FORCE, None, None)
    after = standing(ended, LATER)
    assert after.ended_at == LATER
    assert after.replaced_by == ("2" if state is ResultState.REPLACED else None)


def test_the_last_day_is_one_in_vietnam() -> None:
    last = result(expires_on=date(2026, 11, 28))
    midnight = datetime(2026, 11, 28, 17, tzinfo=UTC)
    assert standing(last, midnight - timedelta(seconds=1)).validity is Validity.IN_FORCE
    assert standing(last, midnight).validity is Validity.EXPIRED
