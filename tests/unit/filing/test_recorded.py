"""The content of events and of the filing's state; a failing back office; the content of a reopened filing."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any, Final

import pytest

from rules.evidence import Entry, Evidence
from rules.filing import lifecycle, projections
from rules.filing.evidence import evidence
from schemas.errors import RefusalCode, RefusalError
from schemas.filing import events as ev
from schemas.filing.events import Clock, MachineWork
from schemas.filing.state import STATUS_NAMES, FilingView, Task
from schemas.ids import StreamId, filing_id
from schemas.level import Channel
from schemas.people import Role
from schemas.stream.rows import FilingRow, TaskRow
from tests.unit.filing.clocks import IDENTITY, events, off, supplied, tells, vn
from tests.unit.filing.lives import (
    ADDRESS,
    AGENCY,
    APPLICANT,
    APPRAISE,
    BUSY,
    CONSULT,
    DECIDE,
    ENDING,
    FILE,
    LEADER,
    PARTS,
    RECEPTION,
    REFUSING,
    SECOND,
    SPECIALIST,
    STOP,
    TEAM_LEAD,
    VERIFY,
    Life,
    at,
    command,
    fee,
    limited,
    procedure,
    reopened,
)

SAID: Final[dict[str, Any]] = {
    "address": ADDRESS,
    "result_channel": "post",
    "payer_account": "970400-0001",
    "payer_address": "203.0.113.9",
    "signature": FILE,
    "fee_channel": "online",
}


def test_a_submission_is_recorded_whole() -> None:
    life = Life(procedure(fee=fee(), standing_order="01", standing_officer="leader-1"), **SAID)
    submission, rules = life.submit(**SAID).submission, life.filing.procedure
    event = life.log[0].event
    assert isinstance(event, ev.Submitted)
    same = ev.Submitted.model_fields.keys() & type(submission).model_fields.keys() - {"version", "level", "assisted"}
    assert {name: getattr(event, name) for name in same} == {name: getattr(submission, name) for name in same}
    assert (event.filed_by, event.version, event.procedure_sha256) == (submission.actor, rules.version, rules.sha256)
    assert (event.calendar, event.agency, event.level) == ("vn@2026.1", "H01.12", 4)
    assert event.paper_digests == {"identity": FILE.sha256}
    assert event.accountable == ev.Accountable(standing="leader-1")
    kept = type(life.filing).model_fields.keys() & ev.Submitted.model_fields.keys() - {"procedure", "calendar"}
    digests = {name for name in kept if name not in {"digests", "code"}}
    assert {name: getattr(life.filing, name) for name in digests} == {name: getattr(event, name) for name in digests}


def test_what_it_goes_by_stands_in_its_first_event_and_nothing_else_is_folded() -> None:
    life = Life()
    pinned = ev.Digests(rules="1" * 64, calendar="2" * 64)
    begun = life.filing.model_copy(update={"seq": 0, "digests": pinned})
    first = lifecycle.decide(begun, life.submit(), life.now)[0]
    assert isinstance(first, ev.Submitted)
    assert first.digests == pinned
    recorded = replace(life.log[0], event=first.model_copy(update={"code": "H01.12-1"}))
    assert lifecycle.evolve(begun, recorded).code == "H01.12-1"
    other = begun.model_copy(update={"digests": ev.Digests(rules="3" * 64, calendar="2" * 64)})
    with pytest.raises(ValueError, match="handed in under"):
        lifecycle.evolve(other, recorded)


def test_the_last_moment_of_a_filing_is_that_of_its_last_event() -> None:
    life = Life().wait(hours=1).accepted()
    assert (life.filing.changed_at, life.filing.accepted_at) == (life.now, life.now)


def test_a_calendar_comes_too_late_for_what_ran_out_or_was_approved() -> None:
    life = at(VERIFY).until("2026-11-30 17:30").do("change_calendar", **off(date(2026, 12, 1)))
    assert life.kinds[-2:] == ["overdue", "calendar_changed"]
    life = at(VERIFY, silent_officer="leader-1", silent_basis="Đ5").until("2026-12-02 17:00")
    assert life.refusal("change_calendar", **off(date(2026, 12, 1))) == [("", "silence_has_approved")]
    assert life.until("2026-12-02 16:59").refusal("change_calendar", **off(date(2026, 12, 1))) == []


def test_an_apology_at_the_instant_of_the_start_is_none() -> None:
    life = Life(procedure(**limited(apology="6 working days"))).until("2026-11-25 17:00").accepted()
    assert vn(life.clock("processing").due) == "2026-12-03 17:00"  # six working days after the start
    assert "apology" not in tells(life, "processing")
    life = Life(procedure(**limited(apology="5 working days"))).until("2026-11-25 17:00").accepted()
    assert tells(life, "processing")["apology"] == "2026-11-26 17:00"


def test_without_waivers_nothing_is_waived() -> None:
    asked = {"waiver": "poor", "reason": "hộ nghèo"}
    assert Life(procedure(fee=fee())).accepted().refusal("waive_fee", LEADER, **asked) == [("", "no_waivers")]
    assert Life().accepted().refusal("waive_fee", LEADER, **asked) == [("", "no_waivers")]


def test_a_move_is_taken_back_also_after_what_its_clocks_have_told() -> None:
    life = at(VERIFY).until("2026-11-26 09:00").do("forward", SPECIALIST)
    life.until("2026-12-01 16:00").rung()
    assert "apology_drafted" in life.kinds
    life.do("reappoint", LEADER, by="1 working days", **BUSY)
    assert life.refusal("recall", SPECIALIST) == []
    life.until("2026-12-03 17:00").rung().do("apologise", LEADER, **BUSY)
    assert "overdue" in life.kinds
    assert life.refusal("recall", SPECIALIST) == []
    life.do("change_calendar", **off(date(2027, 3, 1)))
    assert life.refusal("recall", SPECIALIST) == []


def test_an_appointment_is_put_off_by_as_much_as_the_filing_stood_still_too() -> None:
    life = at(VERIFY | {"limit": "20 working days"}, resumption={"supplement": "resume"})
    life.until("2026-11-26 07:00").supplement_requested(SPECIALIST, IDENTITY)
    supplied(life.until("2026-11-30 07:00"))  # two working days
    assert vn(life.clock("processing").due) == "2026-12-04 17:00"
    life.until("2026-12-03 17:00").rung()
    [drafted] = events(life, ev.ApologyDrafted)
    assert (vn(drafted.due), vn(drafted.proposed)) == ("2026-12-04 17:00", "2026-12-11 17:00")


def test_a_refusal_keeps_its_code_and_only_what_is_not_allowed_names_what_is() -> None:
    life = Life()
    with pytest.raises(RefusalError) as refused:
        lifecycle.decide(life.filing.model_copy(update={"seq": 0}), life.submit(form={}), life.now)
    assert (refused.value.refusal.code, refused.value.refusal.allowed) == (RefusalCode.BAD_SUBMISSION, ())
    with pytest.raises(RefusalError) as refused:
        lifecycle.decide(at(VERIFY).filing, command("reassign", TEAM_LEAD, officer="specialist-1"), life.now)
    assert refused.value.refusal.code is RefusalCode.NOT_ALLOWED
    assert "reassign" in refused.value.refusal.allowed


def test_taking_back_a_step_after_the_proposal_leaves_the_proposal() -> None:
    life = Life(procedure(review=[APPRAISE, VERIFY, DECIDE])).accepted().proposed()
    life.do("claim", SPECIALIST).do("forward", SPECIALIST).do("recall", SPECIALIST)
    assert (life.filing.step, life.filing.proposal is not None) == ("verify", True)


ISSUE: Final[dict[str, Any]] = {"work": MachineWork.ISSUE, "tries": 10}
CHECK: Final[dict[str, Any]] = {"work": MachineWork.CHECK, "tries": 10}


def notices(life: Life) -> list[Task]:
    """Returns the tasks of the team lead, which serve as notices."""
    return [task for task in lifecycle.tasks(life.filing, life.now) if task.role is Role.TEAM_LEAD]


def notice(work: str) -> Task:
    return Task(name=f"machine_work:{work}", agency=AGENCY, role=Role.TEAM_LEAD, actions=())


def test_a_result_that_is_not_made_is_told_once_until_it_is() -> None:
    life = Life().accepted().decided()
    ringing = life.ringing
    life.do("report_failing", **ISSUE, error="LookupError")
    assert notices(life) == [notice("issue")]
    assert life.ringing == ringing
    assert life.refusal("report_failing", **ISSUE) == [("work", "told_already")]
    assert notices(life.issued()) == []


def test_a_failing_check_ends_by_an_answer_or_by_hand() -> None:
    life = Life().do("report_failing", **CHECK).do("report_answered", work=MachineWork.CHECK)
    assert notices(life) == []
    assert life.refusal("report_answered", work=MachineWork.CHECK) == [("work", "not_failing")]
    assert notices(life.do("report_failing", **CHECK)) == [notice("check")]
    life = Life().do("report_failing", **CHECK).accepted()
    assert notices(life) == []
    assert notices(life.decided()) == []
    assert Life().accepted().decided().refusal("report_failing", **CHECK) == [("work", "not_asked")]
    life = Life().accepted().decided()
    assert life.refusal("report_failing", LEADER, **ISSUE) == [("actor.role", "role_not_allowed")]


ANSWER: dict[str, Any] = {"outcome": "approved", "officer": "h01.31-specialist-1"}


def refused() -> Life:
    return Life().accepted().decided("refused").issued()


def unsupplied_at_intake() -> Life:
    return Life().supplement_requested(RECEPTION, ("paper", "identity")).until("2026-12-10 17:00").rung()


@pytest.mark.parametrize(
    ("made", "before", "step", "status", "stage", "rings"),
    [
        (lambda: Life().do("refuse_intake", RECEPTION, **REFUSING), 3, None, 1, "intake", {"intake"}),
        (unsupplied_at_intake, 3, None, 1, "intake", {"intake"}),
        (
            lambda: at(VERIFY).do("stop", LEADER, mode="suspend", **STOP),
            8,
            "verify",
            4,
            "review",
            {"processing", "step"},
        ),
        (lambda: at(VERIFY).do("stop", LEADER, mode="end", **ENDING), 8, "verify", 4, "review", {"processing", "step"}),
        (lambda: at(VERIFY).do("stop", LEADER, mode="end", **ENDING), 8, None, 1, "intake", {"intake"}),
        (refused, 10, "decide", 4, "review", {"processing", "step"}),
        (refused, 10, "appraise", 4, "review", {"processing", "step"}),
        (refused, 10, None, 1, "intake", {"intake"}),
    ],
)
def test_it_stands_where_it_starts_again_and_only_the_clocks_of_that_run(
    made: Callable[[], Life], before: int, step: str | None, status: int, stage: str, rings: set[str]
) -> None:
    life = made()
    assert life.status == before
    reopened(life.wait(days=20), step)
    assert (life.status, life.stage, set(life.ringing)) == (status, stage, rings)
    assert life.filing.step == step
    assert {str(clock) for clock in life.filing.clocks} == rings
    assert all(life.clock(clock).started == life.now for clock in rings)


def test_what_came_of_the_act_is_gone_and_the_proposal_stays_for_who_decides() -> None:
    filing = reopened(refused(), "decide").filing
    assert (filing.closing, filing.closed_at, filing.decision, filing.result, filing.officer) == (None,) * 5
    assert filing.proposal is not None
    assert reopened(refused(), "appraise").filing.proposal is None


def test_a_second_result_goes_in_a_second_parcel() -> None:
    life = Life(result_channel="post", address=ADDRESS).accepted().decided("refused").issued()
    life.do("settle_parcel", n=1, outcome="delivered")
    reopened(life, "decide").do("claim", LEADER).do("decide", LEADER, outcome="approved").issued()
    assert (life.filing.parcels, life.stage) == (2, "delivery")
    life.do("settle_parcel", n=1, outcome="delivered")
    assert (life.stage, life.kinds[-1]) == ("delivery", "parcel_found")
    assert life.do("settle_parcel", n=2, outcome="delivered").status == 10
    assert [each.event.n for each in life.log if each.event.kind == "handed_over"] == [1, 2]


def test_what_nobody_had_paid_is_asked_for_anew_and_its_payment_let_go() -> None:
    life = Life(procedure(fee=fee(), review=[VERIFY, APPRAISE, DECIDE])).accepted()
    reopened(life.do("stop", LEADER, mode="end", **ENDING), "verify")
    assert [fee.state for fee in life.filing.fees] == ["cancelled", "due"]
    assert (life.filing.payments_to_cancel, [fee.n for fee in life.filing.fees_to_collect]) == ((1,), [2])
    assert life.refusal("settle_fee", n=1, settlement="paid", amount=16_000) == [("n", "no_such_fee")]
    assert life.do("settle_fee", n=2, settlement="paid", amount=16_000).kinds[-1] == "step_started"


def test_a_standing_order_approves_nothing_that_was_complained_about() -> None:
    life = Life(procedure(standing_order="01/QĐ-UBND", standing_officer="leader-1")).do("accept").issued()
    assert life.filing.decision is not None
    reopened(life, None).accepted()
    assert (life.stage, life.filing.automatic) == ("review", False)


def test_a_supplement_may_be_asked_for_once_more() -> None:
    life = reopened(unsupplied_at_intake(), None)
    supplied(life.supplement_requested(RECEPTION, IDENTITY))
    asking = {"items": [{"target": "paper", "code": "identity", "note": "mờ"}], "legal_basis": "Đ15"}
    assert life.refusal("request_supplement", RECEPTION, **asking) == [("", "supplement_rounds_used")]
    assert [each.event.n for each in life.log if each.event.kind == "supplement_requested"] == [1, 2]


def test_those_who_were_consulted_after_the_act_are_asked_again() -> None:
    life = at(CONSULT)
    for party in ("police", "health"):
        life.do("record_opinion", SPECIALIST, party=party, consent=False)
    life.do("claim", SPECIALIST).do("propose", SPECIALIST, outcome="refused", **REFUSING)
    life.do("claim", LEADER).do("decide", LEADER, outcome="refused", **REFUSING).issued()
    assert len(reopened(life, "appraise").filing.opinions) == 2
    life.do("claim", SPECIALIST).do("propose", SPECIALIST, outcome="refused", **REFUSING)
    life.do("claim", LEADER).do("decide", LEADER, outcome="refused", **REFUSING).issued()
    assert reopened(life, "consult", 2).filing.opinions == ()
    assert life.stage == "review"


@pytest.mark.parametrize(
    ("made", "said", "rule"),
    [
        (refused, {"about": 1}, "act_over"),
        (refused, {"step": "nowhere"}, "no_such_step"),
        (lambda: Life().do("refuse_intake", RECEPTION, **REFUSING), {"step": "appraise"}, "no_such_step"),
        (lambda: at(VERIFY).do("stop", LEADER, mode="end", **ENDING), {"step": "decide"}, "no_such_step"),
        (lambda: reopened(refused(), "decide"), {"about": 8}, "wrong_stage"),
    ],
)
def test_only_what_still_stands_is_undone(made: Callable[[], Life], said: dict[str, Any], rule: str) -> None:
    life = made()
    content = {"n": 1, "about": life.filing.act, "step": None, "officer": SECOND.subject} | said
    assert [found for _, found in life.refusal("settle_complaint", **content)] == [rule]


def test_another_agencys_part_is_asked_for_anew_unless_it_was_decided_or_goes_on() -> None:
    life = at(PARTS).do("settle_part", n=1, **ANSWER).do("stop", LEADER, mode="end", **ENDING)
    reopened(life, "parts")
    assert [(part.n, part.stage) for part in life.filing.parts] == [(1, "answered"), (3, "referred")]
    assert (life.kinds[-1], life.log[-1].event.n) == ("referred", 3)
    assert life.refusal("settle_part", n=2, **ANSWER) == [("n", "no_such_part")]
    assert life.do("settle_part", n=3, **ANSWER).kinds[-3:] == ["part_answered", "parts_decided", "step_started"]
    life = at(PARTS).do("stop", LEADER, mode="suspend", **STOP)
    reopened(life, "parts")
    assert [(part.n, part.stage) for part in life.filing.parts] == [(1, "referred"), (2, "referred")]


# What is shown of a filing, and what other streams must have recorded before it may say so itself.

DERIVED: Final = {
    *("procedure", "version", "calendar", "status", "status_name", "stage", "tasks"),
    *("timers", "complain_until", "supplement", "stretched"),
}
"""The fields of a view that are derived, beside `as_of`; all others are copied from the filing."""


def everything() -> Life:
    """Returns a filing in which most fields have a value."""
    asked = {"question": "Ngày sinh?"}
    life = at(VERIFY, fee=fee("result")).do("ask", SPECIALIST, **asked).until("2026-11-30 17:00").rung()
    return life.do("forward", SPECIALIST).proposed()


LIVES: Final[dict[str, Callable[[], Life]]] = {
    "just handed in": Life,
    "a fee to pay": lambda: Life(procedure(fee=fee())).accepted(),
    "late, with a question and a proposal": everything,
    "a supplement to come": lambda: Life().supplement_requested(RECEPTION, ("paper", "identity")),
    "ended": lambda: Life().do("withdraw", APPLICANT, reason="nhầm"),
    "issued": lambda: Life(result_channel="counter").accepted().decided().issued(),
}


@pytest.mark.parametrize("name", LIVES)
def test_a_view_shows_what_the_filing_says(name: str) -> None:
    life = LIVES[name]()
    filing = life.filing.model_copy(update={"code": "H01.12-1", "possible_duplicates": ("H01.12-0",)})
    view = projections.view(filing, life.now, life.now)
    copied = FilingView.model_fields.keys() - DERIVED - {"as_of"}
    assert {field: getattr(view, field) for field in copied} == {field: getattr(filing, field) for field in copied}
    rules = filing.procedure
    assert (view.procedure, view.version, view.calendar) == (rules.code, rules.version, "vn@2026.1")
    assert (view.status, view.stage) == (lifecycle.status(filing), lifecycle.stage(filing))
    assert view.status_name == STATUS_NAMES[view.status]
    assert view.tasks == tuple(lifecycle.tasks(filing, life.now))
    assert view.timers == tuple(lifecycle.timers(filing))
    assert view.as_of == life.now


@pytest.mark.parametrize("name", LIVES)
def test_the_rows_say_what_the_view_says(name: str) -> None:
    life = LIVES[name]()
    filing = life.filing.model_copy(update={"possible_duplicates": ("H01.12-0",)})
    view, rows = projections.view(filing, life.now, life.now), projections.rows(filing)
    said = FilingRow.model_validate(rows.row)
    same = FilingRow.model_fields.keys() & FilingView.model_fields.keys() - {"code"}
    assert {field: getattr(said, field) for field in same} == {field: getattr(view, field) for field in same}
    processing = filing.clocks.get(Clock.PROCESSING)
    assert (said.code, said.procedure_sha256, said.due_at) == (
        filing.code,
        filing.procedure.sha256,
        processing and processing.due,
    )
    assert (said.closed_at, said.outcome) == (filing.closed_at, filing.closing)
    assert (said.client_id, said.submission_id) == ("portal", "1")
    shared = TaskRow.model_fields.keys() - {"due_at"}
    assert [{field: getattr(row, field) for field in shared} | {"due": row.due_at} for row in rows.tasks or ()] == [
        {field: getattr(task, field) for field in shared | {"due"}} for task in view.tasks
    ]


def test_a_filing_is_shown_open_until_it_has_ended_and_without_a_code() -> None:
    stood = [projections.standing(life().filing) for life in (Life, LIVES["ended"])]
    assert [(one.calendar, one.open) for one in stood] == [("vn@2026.1", True), ("vn@2026.1", False)]
    assert projections.view(Life().filing.model_copy(update={"code": None}), Life().now, Life().now).code == ""


FILING: Final = filing_id("portal", "1")
PAYMENT: Final = f"payment:{FILING}:2"
REFERRAL: Final = f"referral:{FILING}:2"
BROUGHT: Final = Entry(("consignment_ended",), {"outcome": "delivered", "fee": 8000}, f"parcel:{FILING}:2")
UPHELD, PARTLY = (
    Entry(("complaint_answered",), {"about": 9, "outcome": outcome}, f"complaint:{FILING}:3")
    for outcome in ("upheld", "partly_upheld")
)


def by(channel: Channel) -> ev.HandedOver:
    return ev.HandedOver.model_construct(channel=channel, n=2)


@pytest.mark.parametrize(
    ("event", "needed"),
    [
        (
            ev.FeePaid(n=2, amount=8000, channel=Channel.ONLINE),
            tuple(
                (
                    Entry(("payment_captured",), {"owed": True, way: 8000}, PAYMENT),
                    Entry(("payment_cancelled",), {}, PAYMENT, absent=True),
                )
                for way in ("amount", "asked")
            ),
        ),
        (ev.FeePaid(n=2, amount=8000, channel=Channel.COUNTER), None),
        (ev.FeePaid(n=2, amount=8000, channel=Channel.POST), None),
        (ev.FeePaid(n=2, amount=8000, channel=Channel.POST, parcel=2), ((BROUGHT,),)),
        (
            ev.ObligationFulfilled(step="tax", officer="system", reference="MC", n=2),
            tuple(
                (found, Entry(("payment_cancelled",), {}, PAYMENT, absent=True))
                for found in (
                    Entry(("payment_captured",), {"owed": True}, PAYMENT),
                    Entry(("payment_accepted",), {}, PAYMENT),
                )
            ),
        ),
        (ev.ObligationFulfilled(step="tax", officer="cashier-1", reference="56/GNT"), None),
        (
            ev.FeeExpired(n=2),
            (
                (Entry(("payment_expired",), {}, PAYMENT),),
                (Entry(("fee_requested",), {"n": 2, "channel": "online"}, f"filing:{FILING}", absent=True),),
            ),
        ),
        (by(Channel.POST), ((Entry(("consignment_ended",), {"outcome": "delivered"}, f"parcel:{FILING}:2"),),)),
        (by(Channel.COUNTER), None),
        *(
            (
                told(n=1, outcome=outcome, **more),
                ((Entry(("consignment_ended",), {"outcome": outcome.value}, f"parcel:{FILING}:1"),),),
            )
            for told, more in ((ev.ParcelFailed, {}), (ev.ParcelFound, {"copy_number": 2}))
            for outcome in ev.ParcelOutcome
        ),
        (ev.PartOverdue(n=2, part="residence"), ((Entry(("referral_overdue",), {}, REFERRAL),),)),
        (
            ev.PartAnswered(n=2, part="residence", outcome=ev.Outcome.REFUSED, officer="police-1", result=FILE),
            (
                (
                    Entry(
                        ("referral_answered",),
                        {"outcome": "refused", "officer": "police-1", "result": FILE.model_dump(exclude_none=True)},
                        REFERRAL,
                    ),
                ),
            ),
        ),
        (ev.Reopened(complaint=3, about=9, officer="leader-2"), ((UPHELD,), (PARTLY,))),
        (ev.Released(), None),
    ],
    ids=lambda case: getattr(case, "kind", ""),
)
def test_what_another_stream_must_have_recorded(event: Any, needed: Evidence | None) -> None:
    assert evidence(StreamId("filing", FILING), event) == needed
