"""What of a filing may be complained about, by whom and until when, as its log tells it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from rules.complaint.grounds import ACTS
from rules.filing import projections
from rules.filing.time.reopening import UNDONE
from schemas.complaint.state import ComplaintState
from schemas.people import Role
from schemas.publishing.time_limits import COMPLAINT, TAKE_UP
from tests.unit.complaint.disputes import SECOND, Dispute, told
from tests.unit.filing.lives import (
    AN,
    APPLICANT,
    ENDING,
    FETCHED,
    LEADER,
    MANDATE,
    PAPER,
    RECEPTION,
    REFUSING,
    REPRESENTATIVE,
    SPECIALIST,
    STOP,
    VERIFY,
    Life,
    at,
    limited,
    procedure,
)


def seq_of(life: Life, kind: str) -> int:
    return life.kinds.index(kind) + 1


def unsupplied() -> Life:
    life = at(VERIFY).asked(SPECIALIST, ("paper", "identity"))
    return life.until("2026-12-10 09:00").rung()


@pytest.mark.parametrize(
    ("made", "kind", "officer", "step", "steps"),
    [
        (lambda: Life().do("refuse_intake", RECEPTION, **REFUSING), "intake_refused", "reception-1", None, ()),
        (lambda: at(VERIFY).do("stop", LEADER, mode="suspend", **STOP), "suspended", "leader-1", "verify", ("verify",)),
        (lambda: at(VERIFY).do("stop", LEADER, mode="end", **ENDING), "stopped", "leader-1", "verify", ("verify",)),
        (unsupplied, "supplement_expired", "specialist-1", "verify", ("verify",)),
        (
            lambda: Life().accepted().decided("refused").issued(),
            "decided",
            "leader-1",
            "decide",
            ("appraise", "decide"),
        ),
    ],
)
def test_it_tells_whose_act_it_was_and_where(
    made: Callable[[], Life], kind: str, officer: str, step: str | None, steps: tuple[str, ...]
) -> None:
    life = made()
    found = told(life, seq_of(life, kind))
    assert (found.act, found.officer, found.step, found.steps) == (kind, officer, step, steps)
    assert found.until == projections.view(life.filing, life.now, 0).complain_until
    assert (found.take_up, found.answer) == (TAKE_UP, COMPLAINT)


def test_what_a_complaint_undoes_can_be_complained_about_and_a_late_result_besides() -> None:
    assert {*UNDONE, "overdue"} == set(ACTS)
    assert all(act.article and act.name.vi and act.name.en for act in ACTS.values())


def test_a_late_result_is_nobodys_act() -> None:
    life = at(VERIFY).until("2026-12-10 09:00").rung()
    late = [n for n, each in enumerate(life.log, 1) if each.event.kind == "overdue"]
    found = [told(life, n) for n in late]
    assert {one.act for one in found} == {None, "overdue"}  # a late step is between officers
    (one,) = (one for one in found if one.act)
    assert (one.officer, one.until is not None) == (None, True)


def test_a_decision_is_known_with_the_result_and_not_before() -> None:
    life = Life(result_channel="counter").accepted().decided()
    about = seq_of(life, "decided")
    assert told(life, about).until is None
    life.issued()
    assert told(life, about).until is None
    life.wait(days=3).do("hand_over", officer := RECEPTION.model_copy(update={"role": Role.HANDOVER}), **FETCHED)
    assert officer.role is Role.HANDOVER
    assert told(life, about).until == life.filing.clocks["appeal"].due  # type: ignore[index]


def test_the_procedure_says_how_long_all_of_it_lasts() -> None:
    rules = procedure(**limited(appeal="30 calendar days", take_up="2 working days", complaint="9 calendar days"))
    life = Life(rules).do("refuse_intake", RECEPTION, **REFUSING)
    found = told(life, 2)
    assert (str(found.take_up), str(found.answer)) == ("2 working days", "9 calendar days")
    assert found.until == life.filing.clocks["appeal"].due  # type: ignore[index]


@pytest.mark.parametrize("about", [1, 3, 99])
def test_nothing_else_can_be_complained_about(about: int) -> None:
    found = told(Life().accepted(), about)
    assert (found.act, found.until, found.step) == (None, None, None)


def test_whose_filing_it_is_and_who_filed_it_may_complain() -> None:
    assert told(Life(), 1).complainants == (APPLICANT, REPRESENTATIVE)
    assert told(Life(), 1).represented_until is None
    until = date(2026, 12, 31)
    assert told(Life(authorisation=MANDATE.model_copy(update={"valid_until": until})), 1).represented_until == until
    assert told(Life(actor=APPLICANT), 1).complainants == (APPLICANT,)
    on_paper = told(Life(**PAPER), 1)
    assert on_paper.complainants == (APPLICANT,)
    company = AN.model_copy(update={"kind": "organisation", "stands_for_it": "chi"})
    assert told(Life(applicant=company), 1).side == ("an", "binh", "chi")


def test_one_that_waits_for_its_answer_is_told_and_one_that_was_answered_is_not() -> None:
    life = Life().accepted().decided("refused").issued()
    about = seq_of(life, "decided")
    open_one = Dispute().complaint.model_copy(update={"about": about})
    assert [told(life, about, open_one).disputed, told(life, about - 1, open_one).disputed] == [True, False]
    over = open_one.model_copy(update={"state": ComplaintState.REJECTED})
    assert (told(life, about, over).disputed, told(life, about, over).earlier) == (False, 1)


def test_a_decision_that_a_complaint_has_undone_before_it_was_returned_has_no_notice() -> None:
    life = Life().accepted().decided("refused").issued()
    about = life.filing.act
    life.do("settle_complaint", n=1, about=about, step="decide", officer=SECOND.subject)
    life.do("claim", SECOND).do("decide", SECOND, outcome="approved")
    assert told(life, int(life.filing.act or 0)).until is None
    assert told(life, int(about or 0)).until is not None
