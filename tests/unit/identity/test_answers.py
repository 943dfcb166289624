"""A back office's answer counts only if the agency's own program has signed it for exactly this request."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

import pytest

from motcua.identity import sign
from rules.evidence import OfficeAnswer
from rules.filing.kind import FILING
from rules.identity.statements import Directory, Ring, VerificationContext, why_not_signed
from rules.referral.kind import REFERRAL
from schemas.backoffice import ANSWER, CHECK, ISSUE, AnswerAnswer, CheckAnswer, PartDecision
from schemas.filing.events import Accepted, Outcome
from schemas.identity.statement import Message, Principal, PrincipalKind, message_digest, seconds
from schemas.ids import StreamId
from schemas.people import SYSTEM
from schemas.referral.events import ReferralAnswered
from schemas.stream.ledger import AgencyAnswer
from tests.contract.samples import SNAPSHOT
from tests.speaking import AUDIENCE, DAY, NOW, SPECIALIST, key_of, principal, private_key, statement

FILING_ID: Final = SNAPSHOT.filing_id
STREAM: Final = f"filing:{FILING_ID}"
AGENCY, DEFAULT, OWN = "H29.16", "backoffice", "agency.H29.16"
REQUEST: Final = message_digest({"request_id": "check:1", "dossier": {"code": "H29.16-1"}})
COMPLETE: Final[dict[str, Any]] = {"complete": True}
ABOUT: Final = Message(
    act=CHECK, stream=STREAM, command_id="check:1", content=message_digest(COMPLETE | {"request": REQUEST})
)


def office(name: str, agency: str | None, *keys: Any, kind: PrincipalKind = PrincipalKind.BACK_OFFICE) -> Principal:
    return principal(name, keys=keys).model_copy(update={"kind": kind, "agency": agency})


RING: Final = Ring(
    (
        office("ours", AGENCY, key_of(1), key_of(2, revoked_at=NOW), key_of(3, valid_until=NOW - timedelta(hours=2))),
        office("another", "H01.12", key_of(4)),
        office("default", None, key_of(5)),
        office("desk", AGENCY, key_of(6), kind=PrincipalKind.DESK),
    )
)


def signed_answer(answer: dict[str, Any] = COMPLETE, by: str = "ours", seed: int = 1, **other: Any) -> AgencyAnswer:
    """Returns an answer with a statement that the program signed an hour ago."""
    hour_ago = seconds(NOW - timedelta(hours=1))
    when = {"iat": hour_ago, "exp": hour_ago + 60, "auth_time": hour_ago}
    signed = sign(statement(ABOUT, by, **when | other), private_key(seed))
    return AgencyAnswer(act=CHECK, request_id="check:1", request=REQUEST, answer=answer | {"statement": signed})


def why(
    answer: AgencyAnswer, queue: str = OWN, theirs: str | None = None, stream: str = STREAM, agency: str | None = AGENCY
) -> str | None:
    return why_not_signed(
        answer, stream, VerificationContext(RING, AUDIENCE, NOW, fresh=False), Directory(agency, queue, theirs)
    )


UNSIGNED: Final = AgencyAnswer(act=CHECK, request_id="check:1", request=REQUEST, answer=COMPLETE)
ELSEWHERE: Final[dict[str, Any]] = {"stream": "filing:5c2e2d1e-3f0b-5a6d-9d57-0c7b8a4e61f3"}
ASKED_OTHERWISE: Final[dict[str, Any]] = {
    "content": message_digest(COMPLETE | {"request": message_digest({"dossier": {}})})
}
FAULTS: Final = {
    "nobody signed": (UNSIGNED, "statement_missing"),
    "no statement": (UNSIGNED.model_copy(update={"answer": COMPLETE | {"statement": "x"}}), "statement_unreadable"),
    "another number": (UNSIGNED.model_copy(update={"answer": {"complete": 2**60}}), "statement_of_other_content"),
    "unknown program": (signed_answer(by="nobody"), "unknown_principal"),
    "another's key": (signed_answer(seed=4), "unknown_key"),
    "another agency": (signed_answer(by="another", seed=4), "not_of_the_agency"),
    "the default one": (signed_answer(by="default", seed=5), "not_of_the_agency"),
    "no back office": (signed_answer(by="desk", seed=6), "not_of_the_agency"),
    "revoked": (signed_answer(seed=2), "key_revoked"),
    "its key was over": (signed_answer(seed=3), "key_not_in_force"),
    "another installation": (signed_answer(aud="motcua:other"), "statement_for_another_installation"),
    "another act": (signed_answer(act=ISSUE), "statement_of_another_command"),
    "another request": (signed_answer(command_id="check:2"), "statement_of_another_command"),
    "another filing": (signed_answer(**ELSEWHERE), "statement_of_another_filing"),
    "other content": (signed_answer({"complete": False}), "statement_of_other_content"),
    "another dossier": (signed_answer(**ASKED_OTHERWISE), "statement_of_other_content"),
    "somebody's word": (signed_answer(actor=SPECIALIST), "statement_of_another_actor"),
    "to come": (signed_answer(iat=seconds(NOW + DAY) - 60, exp=seconds(NOW + DAY)), "statement_not_yet_valid"),
}


@pytest.mark.parametrize("case", FAULTS)
def test_each_other_answer_has_its_rule(case: str) -> None:
    answer, rule = FAULTS[case]
    assert why(answer) == rule


def test_an_agencys_answer_counts_however_late_it_is_taken_up() -> None:
    assert why(signed_answer()) is None
    assert why(signed_answer(), queue=DEFAULT) is None, "its own, whatever the directory says of the queue"
    assert why(signed_answer(), agency=None) == "not_of_the_agency", "the record has no such stream"


def test_an_answer_counts_of_the_office_that_the_directory_names() -> None:
    default = signed_answer(by="default", seed=5)
    assert why(default, queue=DEFAULT) is None
    assert why(default) == "not_of_the_agency"
    assert why(signed_answer(by="another", seed=4), queue="agency.H01", theirs="agency.H01") is None, "it serves both"
    assert why(signed_answer(by="another", seed=4), queue=DEFAULT, theirs=DEFAULT) == "not_of_the_agency"


def test_events_rest_on_the_answer_that_they_state() -> None:
    stream = StreamId("filing", FILING_ID)
    needed = FILING.office_answer(stream, Accepted(automatic=True), SYSTEM)
    assert needed == OfficeAnswer(CHECK, CheckAnswer(complete=True), "check:1")
    assert FILING.office_answer(stream, Accepted(), SYSTEM) == needed, "no officer has accepted it"
    assert FILING.office_answer(stream, Accepted(), SPECIALIST) is None
    assert needed.is_given(signed_answer())
    others: list[dict[str, Any]] = [{"act": ISSUE}, {"request_id": "check:2"}, {"answer": {"complete": False}}]
    for change in (*others, {"answer": {}}):
        assert not needed.is_given(signed_answer().model_copy(update=change))


def test_a_decision_by_machine_rests_on_all_of_its_answer() -> None:
    stream = StreamId("referral", FILING_ID, 3)
    decision = {"outcome": "refused", "officer": "o-1", "reason": "thiếu", "legal_basis": "điều 1"}
    event = ReferralAnswered(automatic=True, **decision | {"outcome": Outcome.REFUSED})
    needed = REFERRAL.office_answer(stream, event, SYSTEM)
    assert needed == OfficeAnswer(
        ANSWER, AnswerAnswer(decision=PartDecision.model_validate(decision)), request_id="answer:3"
    )
    answer = AgencyAnswer(act=ANSWER, request_id="answer:3", request=REQUEST, answer={"decision": decision})
    assert needed.is_given(answer)
    assert not needed.is_given(answer.model_copy(update={"answer": {"decision": decision | {"reason": "khác"}}}))
    assert not needed.is_given(answer.model_copy(update={"answer": {}}))
    assert REFERRAL.office_answer(stream, event.model_copy(update={"automatic": False}), SPECIALIST) is None
