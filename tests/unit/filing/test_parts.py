"""Parts of a procedure that other agencies decide, as their lead sees them."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

import pytest

from rules.filing import lifecycle
from rules.filing.competence import without_partner
from rules.stream_kind import Origin
from rules.streams import FILING
from schemas.errors import RefusalError
from schemas.filing import events as ev
from schemas.filing.state import FilingPart
from schemas.ids import StreamId, filing_id
from tests.unit.filing.lives import (
    AGENCY,
    APPLICANT,
    APPRAISE,
    CALENDAR,
    DECIDE,
    LEADER,
    PAPER,
    PARTNERS,
    PARTS,
    SPECIALIST,
    START,
    VERIFY,
    Life,
    at,
    local,
    procedure,
)

OTHER: Final = CALENDAR.model_copy(update={"version": "2026.2", "off": (date(2026, 11, 26), date(2026, 11, 27))})
ANSWER: Final[dict[str, Any]] = {"outcome": "approved", "officer": "h01.31-specialist-1"}


def part(life: Life, n: int) -> FilingPart:
    return life.filing.parts[n - 1]


def on_paper() -> Life:
    return Life(procedure(review=[PARTS, APPRAISE, DECIDE]), **PAPER, result_channel="counter")


def test_what_is_electronic_goes_to_all_agencies_at_once() -> None:
    life = Life(procedure(review=[PARTS, APPRAISE, DECIDE])).accepted()
    assert life.kinds[-3:] == ["step_started", "referred", "referred"]
    assert [(p.n, p.code, p.agency, p.stage) for p in life.filing.parts] == [
        (1, "residence", "H01.31", "referred"),
        (2, "insurance", "H01.60", "referred"),
    ]
    assert life.status == 4
    assert [p.due for p in life.filing.parts] == [local("2026-11-27 17:00"), local("2026-11-26 17:00")]


def test_what_is_on_paper_goes_to_one_agency_after_another() -> None:
    life = on_paper()
    assert [p.stage for p in life.filing.parts] == ["referred", "planned"]
    life.wait(days=1).do("settle_part", n=1, **ANSWER)
    assert life.kinds[-2:] == ["part_answered", "referred"]
    assert part(life, 2).referred_at == life.now
    life.do("settle_part", n=2, **ANSWER)
    assert life.kinds[-3:] == ["part_answered", "parts_decided", "step_started"]


def test_the_step_ends_with_the_last_answer_whatever_it_is() -> None:
    life = at(PARTS)
    life.do("settle_part", n=2, outcome="refused", officer="h01.60-specialist-1")
    assert life.kinds[-1] == "part_answered"
    life.do("settle_part", n=1, **ANSWER)
    assert life.kinds[-3:] == ["part_answered", "parts_decided", "step_started"]
    assert [(p.outcome, p.officer, p.answered_at) for p in life.filing.parts] == [
        ("approved", "h01.31-specialist-1", life.now),
        ("refused", "h01.60-specialist-1", life.now),
    ]
    assert life.runs("step")[0].ended_by == "parts_decided"
    assert life.filing.officer is None


def test_nobody_ends_the_step_but_the_agencies_that_were_asked() -> None:
    life = at(PARTS)
    assert life.refusal("forward", SPECIALIST) == [("", "wrong_act")]
    assert life.refusal("propose", SPECIALIST, outcome="approved") == [("", "wrong_act")]
    assert life.refusal("settle_part", SPECIALIST, n=1, **ANSWER) == [("actor.role", "role_not_allowed")]
    assert life.refusal("settle_part", n=3, **ANSWER) == [("n", "no_such_part")]
    life.do("settle_part", n=1, **ANSWER)
    assert life.refusal("settle_part", n=1, **ANSWER) == [("n", "no_such_part")]
    assert on_paper().refusal("settle_part", n=2, **ANSWER) == [("n", "no_such_part")]


def test_a_part_that_is_late_is_told_once_to_the_team_lead_until_it_is_answered() -> None:
    life = at(PARTS).do("report_overdue_part", n=2)
    assert life.tasks("part_overdue:insurance") == [("team_lead", ())]
    assert life.refusal("report_overdue_part", n=2) == [("n", "told_already")]
    life.do("settle_part", n=2, **ANSWER)
    assert life.tasks("part_overdue:insurance") == []
    assert part(life, 2).overdue
    assert life.refusal("report_overdue_part", n=2) == [("n", "no_such_part")]


def test_other_agencies_go_on_while_the_filing_is_suspended_and_the_next_is_asked_after_it() -> None:
    life = on_paper().do("claim", SPECIALIST).do("stop", LEADER, mode="suspend", reason="chờ", legal_basis="Đ19")
    life.do("settle_part", n=1, **ANSWER)
    assert [p.stage for p in life.filing.parts] == ["answered", "planned"]
    life.do("recall", LEADER)
    assert life.kinds[-2:] == ["resumed", "referred"]


def test_what_was_referred_is_not_taken_back_by_who_sent_the_filing_on() -> None:
    life = at(VERIFY, PARTS).do("forward", SPECIALIST)
    assert life.kinds[-1] == "referred"
    assert life.refusal("recall", SPECIALIST) == [("", "nothing_to_recall")]


def test_a_filing_that_ends_waits_for_nobody() -> None:
    life = at(PARTS).do("settle_part", n=1, **ANSWER)
    assert not life.filing.parts_to_cancel
    life.do("withdraw", APPLICANT, reason="đổi ý")
    assert life.filing.parts_to_cancel == (part(life, 2),)
    assert life.refusal("settle_part", n=2, **ANSWER) == [("", "filing_closed")]


def test_another_calendar_moves_what_is_still_to_be_decided() -> None:
    life = at(PARTS).do("settle_part", n=1, **ANSWER)
    answered = part(life, 1)
    life.do("change_calendar", calendar=OTHER)
    assert part(life, 1) == answered
    assert part(life, 2).due == local("2026-11-30 17:00")


@pytest.mark.parametrize(
    ("partners", "missing"),
    [((), ["residence", "insurance"]), ((ev.Partner(part="residence", agency="H01.31"),), ["insurance"])],
)
def test_a_part_that_nobody_near_decides_is_named_with_the_kinds_that_would(
    partners: tuple[ev.Partner, ...], missing: list[str]
) -> None:
    problems = list(without_partner(procedure(review=[PARTS, APPRAISE, DECIDE]), partners))
    assert [(problem.field, problem.rule) for problem in problems] == [("agency", "no_partner")] * len(missing)
    for code, problem in zip(missing, problems, strict=True):
        assert code in problem.message.vi
        assert code in problem.message.en
    assert "cơ quan bảo hiểm xã hội" in problems[-1].message.vi
    assert "social insurance office" in problems[-1].message.en


def test_a_submission_without_partners_is_refused() -> None:
    rules = procedure(review=[PARTS, APPRAISE, DECIDE])
    handed_in = Life(rules).submit().model_copy(update={"partners": ()})
    fresh = FILING.initial(Origin(StreamId("filing", filing_id("portal", "1")), AGENCY, rules, CALENDAR))
    with pytest.raises(RefusalError) as no:
        lifecycle.decide(fresh, handed_in, START)
    assert [problem.rule for problem in no.value.refusal.problems] == ["no_partner", "no_partner"]


def test_who_decides_what_is_what_the_first_event_says() -> None:
    event = at(PARTS).log[0].event
    assert isinstance(event, ev.Submitted)
    assert {partner.part: partner.agency for partner in event.partners} == PARTNERS
