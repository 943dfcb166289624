"""The time until which an applicant may act, and the time for which an agency may let a filing wait."""

import random
from datetime import datetime
from typing import Any, Final

import pytest

from rules.filing import projections
from rules.papers.sheet import sheet
from rules.require import require
from schemas.base import Text
from schemas.filing import events as ev
from schemas.filing.events import Clock
from schemas.papers.sheet import PaperSheet, Paragraph
from schemas.papers.state import PaperKind
from schemas.people import Actor
from schemas.translate import deadline
from tests.tiers import examples
from tests.unit.complaint.disputes import grounds_of
from tests.unit.filing.clocks import IDENTITY, supplied, suspended, vn
from tests.unit.filing.lives import (
    APPLICANT,
    BUSY,
    FILE,
    LEADER,
    PAPER,
    RECEPTION,
    SPECIALIST,
    Life,
    limited,
    local,
    procedure,
)
from tests.unit.papers.sources import LAW, Filed, supplement_requested
from tests.unit.time import articles as law
from tests.unit.time.chances import SEED, VN, aware, moment

IDENTITY_PAPER: Final = {"papers": [{"code": "identity", "file": FILE.model_dump()}]}
SUBMITTED: Final = datetime(2026, 11, 25, 10, 1)  # noqa: DTZ001 -- the articles' moments are naive
MORE: Final = {"reason": "chờ bản sao"}


def awaited(**changes: Any) -> Life:
    """Returns a filing that waits ten working days for the applicant's paper: from Wednesday 25/11 until 9/12."""
    return Life(procedure(**changes)).supplement_requested(RECEPTION, IDENTITY)


def supplement_at(life: Life, when: str, actor: Actor, **more: Any) -> list[tuple[str, str]]:
    return life.until(when).refusal("supplement", actor, **IDENTITY_PAPER, **more)


def test_a_supplement_may_come_online_at_any_hour_of_the_last_day_and_at_the_desk_in_its_hours() -> None:
    life = awaited()
    assert vn(life.clock("supplement").due) == "2026-12-10 00:00"
    assert supplement_at(life, "2026-12-09 16:59", RECEPTION) == []
    assert supplement_at(life, "2026-12-09 17:00", RECEPTION) == [("received_at", "too_late")]
    assert supplement_at(life, "2026-12-09 23:59", APPLICANT) == []
    assert supplement_at(life, "2026-12-10 00:00", APPLICANT) == [("", "too_late")]


def test_a_limit_in_seconds_ends_at_its_instant_at_the_desk_too() -> None:
    life = (
        Life(procedure(supplement_limit="1800 seconds"))
        .until("2026-12-09 20:00")
        .supplement_requested(RECEPTION, IDENTITY)
    )
    assert life.wait(minutes=29).refusal("supplement", RECEPTION, **IDENTITY_PAPER) == []
    assert life.wait(minutes=1).refusal("supplement", RECEPTION, **IDENTITY_PAPER) != []


def test_random_supplements_are_in_time_when_the_articles_say() -> None:
    chance = random.Random(SEED + 1)
    for n in range(examples(1000, 40)):
        amount, unit = chance.randint(1, 12), chance.choice(["working days", "calendar days"])
        life = Life(procedure(supplement_limit=f"{amount} {unit}"))
        life.filing = life.filing.model_copy(update={"calendar": VN})
        event = max(moment(chance), SUBMITTED)
        life.now = aware(event)
        life.supplement_requested(RECEPTION, IDENTITY)
        ends = (law.applicants_days if unit == "calendar days" else law.applicants_working_days)(event, amount)
        act = ends + chance.choice([-1, 1]) * law.MINUTE * chance.choice([0, 1, 60, 7 * 60, chance.randint(0, 2000)])
        act = max(act, event)
        life.now = aware(act)
        online = not life.refusal("supplement", APPLICANT, **IDENTITY_PAPER)
        at_desk = not life.refusal("supplement", RECEPTION, **IDENTITY_PAPER)
        assert online is law.online_in_time(act, ends), (n, event, amount, unit, act)
        assert at_desk is law.at_the_desk_in_time(act, ends), (n, event, amount, unit, act)


def test_papers_count_by_their_handing_over_which_the_desk_may_record_until_the_next_close() -> None:
    life = awaited().until("2026-12-10 08:00").rung()
    assert life.status == 5
    stated = {"received_at": local("2026-12-09 16:50"), "by_post": True}
    assert supplement_at(life, "2026-12-10 08:00", RECEPTION, **stated) == []
    assert supplement_at(life, "2026-12-10 08:00", RECEPTION, received_at=local("2026-12-09 17:00")) == [
        ("received_at", "too_late")
    ]
    assert supplement_at(life, "2026-12-10 08:00", RECEPTION, received_at=local("2026-11-25 10:00")) == [
        ("received_at", "received_before_request")
    ]
    assert supplement_at(life, "2026-12-10 08:00", RECEPTION, received_at=local("2026-12-10 08:01")) == [
        ("received_at", "in_the_future")
    ]
    life.do("supplement", RECEPTION, **IDENTITY_PAPER, **stated)
    assert (life.log[-1].event.channel, vn(life.clock("intake").started)) == ("post", "2026-12-09 16:50")
    assert life.runs("supplement")[-1].outcome == "on_time"
    assert awaited().refusal("supplement", APPLICANT, **IDENTITY_PAPER, by_post=True) == [
        ("received_at", "received_now")
    ]


def test_an_unanswered_request_ends_the_filing_when_no_paper_can_have_come_any_more() -> None:
    life = awaited().until("2026-12-10 16:59").rung()
    assert life.status == 5
    assert life.until("2026-12-10 17:00").rung().status == 3


def test_the_last_day_is_shown_and_never_midnight_of_the_next() -> None:
    filed = supplement_requested(("paper", "owner_consent"))
    due = filed.clock("supplement").due
    until = projections.view(filed.filing, filed.now, filed.now).supplement
    assert until is not None
    assert until.until == due
    assert deadline(due).vi == "hết ngày 09/12/2026"
    rows = {
        row.place: row.value
        for block in sheet(PaperKind.SUPPLEMENT, filed.source("supplement_requested")).body
        for row in getattr(block, "rows", ())
    }
    assert rows["due"].vi == "hết ngày 09 tháng 12 năm 2026"
    assert rows["due"].en == "the end of 9 December 2026"


def paragraphs(found: PaperSheet) -> list[Text]:
    return [block.text for block in found.body if isinstance(block, Paragraph)]


# More time.


def test_more_time_is_asked_for_once_and_granted_by_the_agency_with_a_notice() -> None:
    life = awaited().do("request_more_time", APPLICANT, **MORE)
    assert life.refusal("request_more_time", APPLICANT, **MORE) == [("", "more_time_requested_already")]
    assert life.queues == ["applicant", "reception"]
    assert life.refusal("answer_more_time", SPECIALIST, granted=True) == [("actor.role", "role_not_allowed")]
    assert life.refusal("answer_more_time", RECEPTION, granted=True, by="11 working days") == [("by", "too_far")]
    life.do("answer_more_time", RECEPTION, granted=True, by="2 working days")
    assert require(life.filing.supplement).more_time == "granted"
    assert vn(life.clock("supplement").due) == "2026-12-12 00:00"
    assert supplied(life.until("2026-12-11 23:00")).status == 1


def test_a_refusal_of_more_time_names_its_reason_and_leaves_the_limit() -> None:
    life = awaited().do("request_more_time", APPLICANT, **MORE)
    assert life.refusal("answer_more_time", RECEPTION, granted=False) == [("reason", "reason_required")]
    assert life.refusal("answer_more_time", RECEPTION, granted=False, by="1 working days") == [
        ("by", "only_if_granted")
    ]
    life.do("answer_more_time", RECEPTION, granted=False, reason="đã đủ thời gian")
    assert life.refusal("answer_more_time", RECEPTION, granted=True) == [("", "no_more_time_requested")]
    assert vn(life.clock("supplement").due) == "2026-12-10 00:00"
    assert life.until("2026-12-10 17:00").rung().status == 3


def test_nobody_loses_a_right_while_the_agency_owes_an_answer() -> None:
    life = awaited().do("request_more_time", APPLICANT, **MORE).until("2026-12-14 09:00").rung()
    assert (life.status, life.clock_events) == (5, [("supplement", "overdue")])
    assert life.refusal("supplement", APPLICANT, **IDENTITY_PAPER) == []
    assert life.refusal("answer_more_time", RECEPTION, granted=False, reason="muộn") == [
        ("granted", "answered_too_late")
    ]
    assert life.refusal("answer_more_time", RECEPTION, granted=True, by="1 working days") == [("by", "end_over")]
    life.do("answer_more_time", RECEPTION, granted=True)
    assert vn(life.ringing["supplement"]) == "2026-12-24 17:00"


def test_in_the_review_the_step_or_a_leader_answers() -> None:
    life = Life().accepted().do("claim", SPECIALIST).supplement_requested(SPECIALIST, IDENTITY)
    life.do("request_more_time", APPLICANT, **MORE)
    assert life.queues == ["applicant", "reception", "specialist", "leader"]
    assert [life.refusal("answer_more_time", actor, granted=True) for actor in (SPECIALIST, LEADER)] == [[], []]
    assert life.refusal("answer_more_time", RECEPTION, granted=True) == [("actor.role", "role_not_allowed")]


@pytest.mark.parametrize(
    ("granted", "says"),
    [
        (True, "được kéo dài thêm 5 ngày"),
        (False, "không chấp thuận đề nghị gia hạn thời gian bổ sung hồ sơ, với lý do: đã đủ thời gian."),
    ],
)
def test_the_answer_is_a_notice_with_the_limit_as_it_is_now(*, granted: bool, says: str) -> None:
    filed = (
        Filed().supplement_requested(RECEPTION, ("paper", "owner_consent")).do("request_more_time", RECEPTION, **MORE)
    )
    unit = filed.filing.procedure.supplement_limit.unit
    answer = {"by": f"5 {unit}"} if granted else {"reason": "đã đủ thời gian"}
    filed.do("answer_more_time", RECEPTION, granted=granted, **answer)
    found = sheet(PaperKind.SUPPLEMENT, filed.source(filed.kinds[-1]))
    assert (found.form, found.title.vi) == (None, "Thông báo về đề nghị gia hạn thời gian bổ sung hồ sơ")
    assert says in " ".join(text.vi for text in paragraphs(found))


# From when the processing runs, and a late intake.


def test_the_processing_runs_from_the_acceptance_or_from_the_receipt_of_the_complete_dossier() -> None:
    usual = Life().until("2026-12-01 09:00").accepted()
    from_receipt = Life(procedure(**limited(processing_from="receipt"))).until("2026-12-01 09:00").accepted()
    assert [vn(life.clock("processing").due) for life in (usual, from_receipt)] == [
        "2026-12-08 17:00",
        "2026-12-02 17:00",
    ]
    life = awaited(**limited(processing_from="receipt")).until("2026-11-30 20:00")
    supplied(life).until("2026-12-02 09:00").accepted()
    assert vn(life.clock("processing").started) == "2026-11-30 20:00"
    assert vn(life.clock("processing").due) == "2026-12-08 17:00"


def test_the_intake_has_its_own_limit_at_the_counter_and_by_post() -> None:
    rules = procedure(**limited(intake_at_counter="1 working hours", intake_by_post="1 working days"))
    post: dict[str, Any] = {"channel": "post", "actor": RECEPTION, "papers": ()}
    filed = [Life(rules), Life(rules, **PAPER, papers=()), Life(rules, **post)]
    assert [vn(life.clock("intake").due) for life in filed] == [
        "2026-11-26 10:00",
        "2026-11-25 11:00",
        "2026-11-26 17:00",
    ]


def test_a_late_intake_is_apologised_for_and_open_to_a_complaint() -> None:
    life = Life().until("2026-11-30 09:00").rung()
    assert life.clock_events == [("intake", "reminded"), ("intake", "overdue")]
    assert life.tasks("apology:intake") == [("leader", ("apologise",))]
    assert grounds_of(life, len(life.log)).act == "overdue"
    accepted = life.accepted()
    assert accepted.tasks("apology:intake") == [("leader", ("apologise",))]
    accepted.do("apologise", LEADER, **BUSY)
    assert (accepted.log[-1].event.clock, accepted.tasks("apology:intake")) == (Clock.INTAKE, [])
    assert accepted.refusal("apologise", LEADER, **BUSY) == [("", "not_late")]
    accepted.until("2026-12-08 09:00").rung().do("apologise", LEADER, **BUSY)
    assert accepted.log[-1].event.clock is Clock.PROCESSING


def test_each_further_lateness_of_the_intake_has_its_own_apology_until_it_is_accepted() -> None:
    life = Life().until("2026-11-30 09:00").rung().do("apologise", LEADER, **BUSY)
    for day in ("2026-12-01 09:00", "2026-12-02 09:00"):
        assert life.tells == [("intake", "apology", local(day))]
        assert life.tasks("apology:intake") == []
        life.until(day).rung()
        assert life.log[-1].event == ev.ApologyDrafted(clock=Clock.INTAKE, due=local(day))
        assert life.tasks("apology:intake") == [("leader", ("apologise",))]
        life.do("apologise", LEADER, **BUSY)
    accepted = life.accepted()
    assert accepted.refusal("apologise", LEADER, **BUSY) == [("", "not_late")]
    assert "intake" not in {clock for clock, *_ in accepted.tells}


def test_the_second_apology_for_a_late_intake_names_the_date_that_the_first_one_told() -> None:
    filed = Filed().until("2026-12-08 09:00").rung().do("apologise", LEADER, **BUSY)
    filed.until("2026-12-09 09:00").rung().do("apologise", LEADER, **BUSY)
    rows = (
        row for block in sheet(PaperKind.APOLOGY, filed.source("apologised")).body for row in getattr(block, "rows", ())
    )
    values = {row.place: row.value.vi for row in rows}
    assert values["before"] == "09 giờ 00 phút, ngày 09 tháng 12 năm 2026"
    assert values["expected"] == "09 giờ 00 phút, ngày 10 tháng 12 năm 2026"


def test_the_apology_for_a_late_intake_names_what_was_promised() -> None:
    filed = Filed().until("2026-12-08 09:00").rung().do("apologise", LEADER, **BUSY)
    found = sheet(PaperKind.APOLOGY, filed.source("apologised"))
    labels = {row.place: row.label.vi for block in found.body for row in getattr(block, "rows", ())}
    assert labels["before"] == "Hạn trả lời về việc tiếp nhận hồ sơ"
    values = {row.place: row.value.vi for block in found.body for row in getattr(block, "rows", ())}
    assert values["expected"] == "09 giờ 00 phút, ngày 09 tháng 12 năm 2026"
    assert "không trả lời đúng thời hạn về việc tiếp nhận" in " ".join(text.vi for text in paragraphs(found))


# What stretches the processing.

STRETCH: Final = {
    "extension": {"times": 1, "by": "3 working days", "notice": "1 working days"},
    "cases": [{"code": "verified", "processing": "10 working days"}],
}


def stretched(life: Life) -> list[tuple[str, str]]:
    found = projections.view(life.filing, life.now, life.now).stretched
    return [(one.kind, str(one.by)) for one in found]


def handled(**changes: Any) -> Life:
    return Life(procedure(**STRETCH, **changes)).accepted().do("claim", SPECIALIST)


def test_the_sums_of_what_stretches_the_processing_are_shown() -> None:
    life = handled().do("extend", LEADER, **BUSY).do("apply_case", LEADER, case="verified", **BUSY)
    assert str(life.clock("processing").limit) == "13 working days"
    suspended(life).wait(days=4).do("resume", LEADER)
    suspended(life)
    assert stretched(life) == [
        ("case_applied", "5 working days"),
        ("extended", "3 working days"),
        ("suspended", "34 calendar days"),
    ]


def test_the_law_of_the_procedure_bounds_them() -> None:
    life = handled(**limited(longest="10 working days", suspensions="40 calendar days"))
    life.do("apply_case", LEADER, case="verified", **BUSY)
    assert life.refusal("extend", LEADER, **BUSY) == [("", "stretched_long_enough")]
    assert life.refusal("reappoint", LEADER, by="1 working days", **BUSY) == [("by", "stretched_long_enough")]
    suspended(life)
    assert life.refusal("prolong", LEADER, reason="chưa xong") == [("by", "suspended_long_enough")]
    life.do("prolong", LEADER, reason="chưa xong", by="10 calendar days").wait(days=35).do("resume", LEADER)
    stop = {"mode": "suspend"} | LAW
    assert life.refusal("stop", LEADER, **stop) == [("limit", "suspended_long_enough")]
    assert life.refusal("stop", LEADER, **stop, limit="5 calendar days") == []
    again = handled(**limited(longest="9 working days"))
    assert again.refusal("apply_case", LEADER, case="verified", **BUSY) == [("case", "stretched_long_enough")]


def test_a_question_for_papers_is_a_supplement_request() -> None:
    items = [{"target": "paper", "code": "identity", "note": "mờ"}]
    life = Life().accepted().do("claim", SPECIALIST)
    assert life.refusal("ask", SPECIALIST, question="Bản rõ?", items=items) == [("legal_basis", "required")]
    life.do("ask", SPECIALIST, question="Bản rõ?", items=items, legal_basis="Đ15")
    assert (life.kinds[-2:], life.status) == (["asked", "supplement_requested"], 5)
    supplied(life)
    assert life.refusal("ask", SPECIALIST, question="Bản khác?", items=items, legal_basis="Đ15") == [
        ("", "supplement_rounds_used")
    ]
