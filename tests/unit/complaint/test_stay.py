"""A complaint that stops the disputed act: at every stage the filing is stopped until the stay is over."""

from collections.abc import Callable
from datetime import timedelta
from typing import Final

import pytest

from rules.filing import queues
from rules.filing.evidence import evidence
from rules.streams import KINDS
from schemas.filing import events as ev
from schemas.ids import StreamId
from schemas.people import OFFICERS, Role
from tests.unit.complaint.disputes import ANSWER, SECOND, Dispute
from tests.unit.filing.clocks import SILENT, referred, suspended, vn
from tests.unit.filing.fees import paid
from tests.unit.filing.lives import (
    ADDRESS,
    APPLICANT,
    CALENDAR,
    DRAFT,
    FETCHED,
    FILE,
    HANDOVER,
    LEADER,
    RECEPTION,
    SPECIALIST,
    TAX,
    VERIFY,
    Life,
    at,
    fee,
    officer,
    procedure,
)

WHY: Final = {"reason": "hậu quả khó khắc phục"}
ENDS: Final[dict[str, Callable[[Dispute], Dispute]]] = {
    "lifted": lambda dispute: dispute.do("lift_stay", SECOND, **WHY),
    "answered": lambda dispute: dispute.do("answer_complaint", SECOND, **ANSWER),
    "withdrawn": lambda dispute: dispute.do("withdraw", APPLICANT, reason="-"),
    "sued": lambda dispute: dispute.do("report_suit", APPLICANT, court="Tòa án", day="2026-11-25"),
    "out of time": lambda dispute: dispute.wait(days=40).rung().rung(),
}


def following(life: Life, dispute: Dispute, since: int = 0) -> Life:
    """Gives the filing the commands that follow from the complaint's events after `since`."""
    life.now = max(life.now, dispute.now)
    for recorded in dispute.log[since:]:
        body = recorded.event.model_dump(mode="json", exclude={"kind"}, exclude_none=True)
        given = KINDS.following_command(1, recorded.event.kind, body)
        if given is not None and given.kind != "settle_complaint":
            life.give(given)
    return life


def stayed(life: Life, n: int = 1, limit: str = "30 calendar days") -> Life:
    return life.do("record_stay", n=n, stay=1, since=life.now, limit=limit)


def over(life: Life, n: int = 1) -> Life:
    return life.do("end_stay", n=n, stay=1)


PLACES: Final[dict[str, Callable[[], Life]]] = {
    "intake": Life,
    "supplement at intake": lambda: Life().supplement_requested(RECEPTION, ("paper", "identity")),
    "fee at acceptance": lambda: Life(procedure(fee=fee())).accepted(),
    "review": lambda: at(VERIFY),
    "supplement in review": lambda: at(VERIFY).supplement_requested(SPECIALIST, ("paper", "identity")),
    "suspended": lambda: suspended(at(VERIFY)),
    "obligation": lambda: referred(at(TAX)),
    "draft": lambda: at(DRAFT).do("show_draft", SPECIALIST, draft=FILE),
    "issue": lambda: Life().accepted().decided(),
    "pickup": lambda: Life(result_channel="counter").accepted().decided().issued(),
    "succession": lambda: at(VERIFY, succession="60 calendar days").do("record_cessation", RECEPTION, evidence=FILE),
}


@pytest.mark.parametrize("place", PLACES)
def test_at_every_stage_the_filing_stands_still_and_goes_on_where_it_was(place: str) -> None:
    life = PLACES[place]()
    stage, status = life.stage, life.status
    stayed(life)
    assert (life.stage, list(life.ringing), life.queues[0]) == ("stayed", ["stay"], "leader")
    for role in OFFICERS - {Role.SYSTEM}:
        done = set(queues.possible(life.filing, officer(role), life.now))
        assert done <= {"withdraw", "transfer_dossier", "receive_dossier", "succeed"}, role
    assert not life.refusal("withdraw", APPLICANT, reason="-") or place in {"issue", "pickup", "succession"}
    assert {rule for _, rule in life.refusal("issue", result=FILE)} == {"wrong_stage"}
    over(life.wait(days=9))
    assert (life.stage, life.status) == (stage, status)
    assert life.ringing, "somebody's limit runs again"
    assert "stay" not in life.filing.clocks


def test_the_agencys_dates_move_by_the_stay_and_the_applicants_limit_begins_again() -> None:
    life = at(VERIFY)
    due = life.clock("processing").due
    over(stayed(life).wait(days=7))
    assert life.clock("processing").due == due + timedelta(days=7)
    assert life.clock("processing").pauses[-1].reason == "stay"
    asked = at(VERIFY).supplement_requested(SPECIALIST, ("paper", "identity"))
    ends = asked.clock("supplement").due
    over(stayed(asked).wait(days=7))
    assert asked.clock("supplement").due == ends + timedelta(days=7)
    assert asked.clock("processing").pauses[-1].reason == "supplement", "its request still stands"


def test_nothing_is_owed_decided_or_handed_out_meanwhile() -> None:
    life = stayed(Life(result_channel="counter").accepted().decided().issued())
    assert [rule for _, rule in life.refusal("hand_over", HANDOVER, **FETCHED)] == ["stayed"]
    assert over(life).kinds[-1] == "pickup_offered"
    posted = Life(result_channel="post", address=ADDRESS).accepted().decided().issued()
    assert stayed(posted).kinds[-1] == "parcel_recalled"
    owing = Life(procedure(fee=fee())).accepted()
    assert stayed(owing).filing.payments_to_cancel == (1,)
    assert over(owing).kinds[-1] == "fee_requested"
    assert paid(owing).stage == "review"
    proposed = Life().accepted().do("claim", SPECIALIST).do("propose", SPECIALIST, outcome="approved")
    claimed = stayed(proposed.do("claim", LEADER))
    assert [rule for _, rule in claimed.refusal("decide", LEADER, outcome="approved")] == ["stayed"]
    there = {"to": "H01.13", "reason": "-", "legal_basis": "-"}
    assert stayed(at(VERIFY)).do("pass_on", LEADER, **there).stage == "stayed"
    making = stayed(Life().accepted().decided())
    assert [rule for _, rule in making.refusal("pass_on", LEADER, **there)] == ["wrong_stage"]
    silent = stayed(at(VERIFY, **SILENT), limit="90 calendar days").wait(days=60).rung()
    assert (silent.stage, silent.filing.decision) == ("stayed", None)


@pytest.mark.parametrize("how", ENDS)
def test_every_end_of_the_complaint_and_every_lifting_tells_the_filing_to_go_on(how: str) -> None:
    dispute, life = Dispute().taken_up(SECOND).do("stay_act", SECOND, **WHY), at(VERIFY)
    assert following(life, dispute).stage == "stayed"
    assert life.clock("stay").due == dispute.complaint.due
    before = len(dispute.log)
    ENDS[how](dispute)
    assert not dispute.complaint.stayed
    assert following(life, dispute, before).stage == "review"


def test_a_stay_ends_by_its_own_time_though_its_complaint_says_nothing() -> None:
    life = stayed(at(VERIFY))
    assert vn(life.ringing["stay"]) == vn(life.now + timedelta(days=30))[:10] + " 17:00"
    life.wait(days=31).rung()
    assert (life.stage, life.kinds[-1]) == ("review", "stay_over")
    assert life.log[-1].event.lapsed


def test_of_two_stays_the_last_end_counts_whichever_was_first() -> None:
    for limits in (("30 calendar days", "10 calendar days"), ("10 calendar days", "30 calendar days")):
        life = at(VERIFY)
        stayed(life, 1, limits[0])
        stayed(life, 2, limits[1])
        assert life.ringing["stay"] > life.now + timedelta(days=29)
        assert over(life, 1).stage == "stayed"
        assert life.clock("processing").paused
        assert over(life, 2).stage == "review"
        assert not life.clock("processing").paused


def test_whoever_dies_or_withdraws_meanwhile_and_a_calendar_that_changes() -> None:
    life = stayed(at(VERIFY, succession="60 calendar days"))
    life.do("record_cessation", RECEPTION, evidence=FILE)
    assert over(life).stage == "succession"
    assert life.clock("processing").pauses[-1].reason == "succession"
    assert stayed(Life()).do("withdraw", APPLICANT, reason="-").stage == "closed"
    days = CALENDAR.model_copy(update={"version": "2026.2", "off": ()})
    working = stayed(at(VERIFY), limit="30 working days").do("change_calendar", calendar=days)
    assert working.stage == "stayed"


def test_a_mistaken_record_of_a_death_is_taken_back_during_a_stay_too() -> None:
    life = stayed(at(VERIFY, succession="60 calendar days")).do("record_cessation", RECEPTION, evidence=FILE)
    life.do("revoke_cessation", RECEPTION, reason="ghi nhầm hồ sơ")
    assert (life.stage, list(life.ringing)) == ("stayed", ["stay"])
    assert over(life).stage == "review"
    assert not life.clock("processing").paused


def test_a_complaint_upheld_during_another_ones_stay_starts_the_filing_again_after_it() -> None:
    life = stayed(suspended(at(VERIFY)), 2)
    life.do("settle_complaint", n=1, about=life.filing.act, step="verify", officer=SECOND.subject)
    assert (life.stage, list(life.ringing)) == ("stayed", ["stay"])
    assert over(life, 2).stage == "review"
    assert {"processing", "step"} <= set(life.ringing)


def test_neither_event_is_written_without_that_of_the_complaint() -> None:
    stream, limit = StreamId("filing", Life().filing.filing_id, 0), {"since": "2026-11-25T03:00:00Z"}
    begun = ev.Stayed.model_validate({"complaint": 1, "stay": 2, "limit": "30 calendar days"} | limit)
    (([entry],), ([end],)) = evidence(stream, begun) or (), evidence(stream, ev.StayOver(complaint=1, stay=2)) or ()
    assert (entry.kinds, entry.fields["stay"], entry.fields["limit"]) == (("act_stayed",), 2, "30 calendar days")
    assert (end.kinds, end.fields) == (("stay_ended",), {"stay": 2})
    assert evidence(stream, ev.StayOver(complaint=1, stay=2, lapsed=True)) is None
