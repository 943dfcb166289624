"""A dossier on paper: incomplete, received before its recording, filled in by a desk, handed in elsewhere."""

from typing import Any, Final

import pytest

from rules.filing import lifecycle
from rules.filing.commands.intake import desk_problems
from schemas.people import Actor, Role
from tests.unit.filing.lives import (
    APPLICANT,
    AT_DESK,
    CASHIER,
    DESK,
    FETCHED,
    FILE,
    HANDOVER,
    LEADER,
    PAPER,
    RECEPTION,
    REPRESENTATIVE,
    RESULT,
    SPECIALIST,
    TEAM_LEAD,
    Life,
    fee,
    local,
    officer,
    procedure,
    submission,
    wrong,
)

POST: Final[dict[str, Any]] = {"channel": "post", "actor": RECEPTION}
INCOMPLETE: Final[dict[str, Any]] = PAPER | {"papers": (), "form": {"copies": 2}}
LACKS: Final = [
    {"target": "paper", "code": "identity", "note": "thiếu"},
    {"target": "field", "code": "name", "note": "thiếu"},
]
ASKING: Final = {"legal_basis": "Đ17"}


# Incomplete.


def test_what_lacks_something_is_recorded_as_received() -> None:
    life = Life(**INCOMPLETE)
    assert (life.kinds, life.status, life.stage, life.queues) == (["submitted"], 1, "intake", ["reception"])
    assert [(need.target, need.code) for need in life.log[0].event.missing] == [
        ("paper", "identity"),
        ("field", "name"),
    ]
    assert life.ringing == {"intake": local("2026-11-26 10:00")}


def test_it_is_taken_in_once_what_it_lacked_has_come() -> None:
    life = Life(**INCOMPLETE)
    assert life.refusal("accept", RECEPTION) == [("", "dossier_incomplete")]
    assert "accept" not in life.tasks("intake")[0][1]
    life.do("request_supplement", RECEPTION, items=LACKS, **ASKING)
    life.do("supplement", RECEPTION, papers=[{"code": "identity"}], form={"name": "An"})
    assert (life.filing.missing, life.status, life.accepted().status) == ((), 1, 2)


def test_it_is_asked_for_once_and_for_all_that_it_lacks() -> None:
    life = Life(**INCOMPLETE)
    other = [{"target": "field", "code": "born", "note": "sai"}]
    for items, missing in ((LACKS[:1], 1), (LACKS[1:], 1), (other, 2)):
        assert (
            life.refusal("request_supplement", RECEPTION, items=items, **ASKING)
            == [("items", "missing_not_asked")] * missing
        )
    assert life.refusal("request_supplement", RECEPTION, items=[*LACKS, *other], **ASKING) == []


def test_a_fee_with_the_submission_is_asked_for_once_it_is_complete() -> None:
    life = Life(procedure(fee=fee("submission")), **INCOMPLETE)
    assert life.stage == "intake"
    life.do("request_supplement", RECEPTION, items=LACKS, **ASKING)
    life.do("supplement", RECEPTION, papers=[{"code": "identity"}], form={"name": "An"})
    assert (life.kinds[-1], life.stage) == ("fee_requested", "fee")


# Received before it was recorded.


def test_time_runs_from_when_the_post_handed_it_over_for_all_clocks() -> None:
    life = Life(**POST, received_at=local("2026-11-24 16:00"))
    assert (life.filing.received_at, life.filing.accepted_at) == (local("2026-11-24 16:00"),) * 2
    assert life.filing.submitted_at == life.now
    assert life.clock("processing").started == local("2026-11-24 16:00")
    assert life.ringing["processing"] == local("2026-12-01 17:00")  # five working days after the 24th
    assert life.clock("step").started == life.now
    life = Life(**POST | {"papers": (), "received_at": local("2026-11-25 08:00")})
    assert life.ringing == {"intake": local("2026-11-26 08:00")}  # 7 of its 8 hours are that day's
    life.do("request_supplement", RECEPTION, items=LACKS[:1], **ASKING)
    life.do("supplement", RECEPTION, papers=[{"code": "identity"}]).accepted()
    assert life.filing.accepted_at == life.clock("processing").started == life.now


@pytest.mark.parametrize(
    ("now", "earliest"),
    [
        ("2026-11-25 10:00", "2026-11-24 00:00"),
        ("2026-11-23 08:00", "2026-11-20 00:00"),  # a Monday: the last working day was Friday
        ("2026-11-22 08:00", "2026-11-20 00:00"),  # recorded on a Sunday
    ],
)
def test_a_desk_says_the_last_working_day_a_leader_any(
    monkeypatch: pytest.MonkeyPatch, now: str, earliest: str
) -> None:
    monkeypatch.setattr("tests.unit.filing.lives.START", local(now))
    at = local(earliest)
    assert Life(**POST, received_at=at).filing.received_at == at
    before = at.replace(minute=59, hour=at.hour - 1)
    assert wrong(**POST, received_at=before) == [("received_at", "received_too_early")]
    assert Life(**POST | {"actor": LEADER}, received_at=before).filing.received_at == before


@pytest.mark.parametrize(
    ("changes", "problems"),
    [
        (POST | {"received_at": local("2026-11-25 10:01")}, [("received_at", "in_the_future")]),
        (PAPER | {"received_at": local("2026-11-25 09:00")}, [("received_at", "received_now")]),
        ({"received_at": local("2026-11-25 09:00")}, [("received_at", "received_now")]),
        (POST | {"actor": LEADER}, [("actor", "reception_records_paper")]),
    ],
    ids=["later than now", "at the counter", "online", "a leader says none"],
)
def test_nobody_else_says_and_of_nothing_else(changes: dict[str, Any], problems: list[tuple[str, str]]) -> None:
    assert wrong(**changes) == problems


# Filled in by the desk.


def test_what_was_filled_in_for_somebody_is_recorded_as_such_and_what_they_signed_is_kept() -> None:
    [submitted, *_] = Life(**PAPER, assisted=FILE).log
    assert (submitted.event.assisted, submitted.event.read_back) == (True, FILE)
    [submitted, *_] = Life(**PAPER).log
    assert (submitted.event.assisted, submitted.event.read_back) == (False, None)


@pytest.mark.parametrize("actor", [APPLICANT, REPRESENTATIVE])
def test_nobody_is_assisted_elsewhere(actor: Actor) -> None:
    assert wrong(actor=actor, assisted=FILE) == [("assisted", "assisted_at_the_counter")]
    assert wrong(**POST, assisted=FILE) == [("assisted", "assisted_at_the_counter")]


# After an incident.


def test_a_filing_that_the_desk_takes_only_after_an_incident_states_it() -> None:
    rules, incident = procedure(paper_on_incident=True), "Cổng dịch vụ công ngừng hoạt động"
    for paper in (PAPER, POST):
        assert wrong(rules, **paper) == [("incident", "incident_required")]
        assert Life(rules, **paper, incident=incident).log[0].event.incident == incident
        assert wrong(**paper, incident=incident) == [("incident", "incident_not_asked_for")]
    assert wrong(rules) == []
    assert wrong(rules, incident=incident) == [("incident", "incident_not_asked_for")]


# At another agency's desk.

THERE: Final = officer(Role.RECEPTION, agency=DESK)
DESK_LACKS_IT: Final[dict[str, Any]] = AT_DESK | {"papers": ()}
PAPERS: Final = [{"code": "identity", "file": FILE.model_dump()}]


def queued(life: Life) -> list[tuple[str, str, str]]:
    """Returns the tasks of a filing: agency, role and name of each."""
    return [(task.agency, str(task.role), task.name) for task in lifecycle.tasks(life.filing, life.now)]


def test_the_agency_decides_from_receipt_at_the_desk_and_the_papers_follow() -> None:
    life = Life(**AT_DESK)
    assert (life.kinds, life.filing.agency, life.filing.at_desk) == (
        ["submitted", "accepted", "step_started"],
        "H01.12",
        ("identity",),
    )
    assert queued(life) == [("H01.12", "specialist", "appraise"), (DESK, "reception", "dossier")]
    assert life.ringing["processing"] == local("2026-12-02 17:00")
    assert life.ringing["transfer"] == local("2026-11-26 17:00")
    life.do("transfer_dossier", THERE, originals=["identity"])
    assert queued(life)[1] == ("H01.12", "reception", "dossier")
    life.do("receive_dossier", RECEPTION, note="mờ")
    assert "dossier" not in [task for *_, task in queued(life)]
    assert "transfer" not in life.ringing
    sent, signed = (recorded for recorded in life.log if recorded.event.kind.startswith("dossier_"))
    assert (sent.actor.agency, sent.event.papers, sent.event.originals) == (DESK, ("identity",), ("identity",))
    assert (signed.actor.agency, signed.event.papers, signed.event.note) == ("H01.12", ("identity",), "mờ")


def test_the_desk_asks_for_what_is_missing_takes_it_and_takes_the_filing_in() -> None:
    life = Life(**DESK_LACKS_IT)
    assert queued(life) == [(DESK, "reception", "intake")]
    assert life.refusal("request_supplement", RECEPTION, items=LACKS[:1], legal_basis="Đ17") == [
        ("actor.agency", "other_agency")
    ]
    life.do("request_supplement", THERE, items=LACKS[:1], legal_basis="Đ17")
    assert (DESK, "reception", "supplement") in queued(life)
    life.do("supplement", THERE, papers=PAPERS)
    assert (life.filing.at_desk, "transfer" in life.ringing) == (("identity",), False)
    life.do("accept", THERE)
    assert "transfer" in life.ringing


@pytest.mark.parametrize(("reception", "at_desk"), [(RECEPTION, ()), (THERE, ("identity",))])
def test_a_supplement_of_the_review_may_be_brought_to_either_desk(reception: Actor, at_desk: tuple[str, ...]) -> None:
    life = Life(**AT_DESK).do("transfer_dossier", THERE).do("receive_dossier", RECEPTION).do("claim", SPECIALIST)
    life.do("request_supplement", SPECIALIST, items=LACKS[:1], legal_basis="Đ19")
    life.do("supplement", reception, papers=PAPERS)
    assert (life.filing.at_desk, "transfer" in life.ringing) == (at_desk, bool(at_desk))


def test_what_is_brought_to_the_desk_while_other_papers_are_under_way_is_sent_after_them() -> None:
    life = Life(**AT_DESK).do("claim", SPECIALIST).do("transfer_dossier", THERE)
    life.do("request_supplement", SPECIALIST, items=LACKS[:1], legal_basis="Đ19")
    life.do("supplement", THERE, papers=PAPERS).do("receive_dossier", RECEPTION)
    assert (life.filing.at_desk, "transfer" in life.ringing) == (("identity",), True)
    assert (DESK, "reception", "dossier") in queued(life)
    life.do("transfer_dossier", THERE).do("receive_dossier", RECEPTION)
    assert "transfer" not in life.ringing


def test_papers_that_do_not_arrive_are_late_and_the_team_lead_is_told() -> None:
    life = Life(**AT_DESK).do("transfer_dossier", THERE)
    life.until("2026-11-26 17:00").rung()
    assert life.filing.overdue == ("transfer",)
    assert ("H01.12", "team_lead", "appraise") in queued(life)


def test_the_result_is_fetched_at_the_desk_and_nowhere_else() -> None:
    life = Life(**AT_DESK, result_channel="counter").do("transfer_dossier", THERE)
    life.do("claim", SPECIALIST).do("propose", SPECIALIST, outcome="approved").do("claim", LEADER)
    life.do("decide", LEADER, outcome="approved").do("issue", result=RESULT)
    assert [place for place in queued(life) if place[2] == "pickup"] == [(DESK, "handover", "pickup")]
    assert life.refusal("hand_over", HANDOVER, **FETCHED) == [("actor.agency", "other_agency")]
    life.do("hand_over", officer(Role.HANDOVER, agency=DESK), **FETCHED)
    assert life.filing.closing == "delivered"


def test_or_where_the_applicant_chose_and_the_usual_desk_is_none_of_another_agency() -> None:
    for filed in (AT_DESK, {}):
        chosen = Life(**filed, result_desk="H01.13").filing
        assert (chosen.returning, chosen.result_desk) == ("H01.13", "H01.13")
    own = Life(channel="counter", desk="H01.12", result_desk="H01.12", actor=RECEPTION).filing
    assert (own.desk, own.result_desk, own.at_desk) == (None, None, ())
    back = Life(**AT_DESK, result_desk=DESK).filing
    assert (back.result_desk, back.returning) == (None, DESK)
    assert Life(**AT_DESK, result_desk="H01.12").filing.returning == "H01.12"


def test_the_fee_may_be_paid_at_either_counter() -> None:
    rules = procedure(fee=fee(channels=("counter",)))
    for cashier in (CASHIER, officer(Role.CASHIER, agency=DESK)):
        life = Life(rules, **AT_DESK)
        assert queued(life)[0] == (DESK, "cashier", "fee")
        assert life.do("pay_at_counter", cashier, amount=16_000).stage == "review"


def test_the_desks_own_team_lead_gives_its_tasks_away_and_the_agencys_the_others() -> None:
    theirs = officer(Role.TEAM_LEAD, agency=DESK)
    life = Life(**DESK_LACKS_IT)
    assert life.refusal("reassign", TEAM_LEAD, officer="reception-2") == [("actor.agency", "other_agency")]
    life.do("reassign", theirs, officer="reception-2")
    taken_in = Life(**AT_DESK)
    assert taken_in.refusal("reassign", theirs, officer="specialist-2") == [("actor.agency", "other_agency")]
    taken_in.do("reassign", TEAM_LEAD, officer="specialist-2")


SENT: Final = ("transfer_dossier",)
NOWHERE: Final = AT_DESK | {"result_desk": "H56.30"}


@pytest.mark.parametrize(
    ("before", "kind", "actor", "said", "field", "rule"),
    [
        ((), "transfer_dossier", RECEPTION, {}, "actor.agency", "other_desk"),
        ((), "transfer_dossier", officer(Role.RECEPTION, agency="H56.30"), {}, "actor.agency", "other_agency"),
        ((), "transfer_dossier", officer(Role.HANDOVER, agency=DESK), {}, "actor.role", "role_not_allowed"),
        ((), "transfer_dossier", THERE, {"originals": ["diploma"]}, "originals", "not_at_desk"),
        ((), "receive_dossier", RECEPTION, {}, "", "nothing_under_way"),
        (SENT, "transfer_dossier", THERE, {}, "", "nothing_to_transfer"),
        (SENT, "receive_dossier", THERE, {}, "actor.agency", "other_desk"),
        (SENT, "receive_dossier", SPECIALIST, {}, "actor.role", "role_not_allowed"),
    ],
)
def test_who_may_not_send_or_sign(
    before: tuple[str, ...], kind: str, actor: Actor, said: dict[str, Any], field: str, rule: str
) -> None:
    life = Life(**AT_DESK)
    for done in before:
        life.do(done, THERE)
    assert life.refusal(kind, actor, **said) == [(field, rule)]


def test_nothing_is_sent_before_the_filing_is_taken_in() -> None:
    life = Life(**AT_DESK | {"papers": PAPERS, "form": {"copies": 1}})
    assert (life.filing.at_desk, life.stage) == (("identity",), "intake")
    assert life.refusal("transfer_dossier", THERE) == [("", "nothing_to_transfer")]


@pytest.mark.parametrize(
    ("changes", "none_of", "expected"),
    [
        ({"desk": DESK}, (), [("desk", "desk_takes_paper")]),
        (AT_DESK, (DESK,), [("desk", "may_not_receive")]),
        (NOWHERE, ("H56.30",), [("result_desk", "may_not_receive")]),
        (NOWHERE, (DESK, "H56.30"), [("desk", "may_not_receive"), ("result_desk", "may_not_receive")]),
        (AT_DESK, (), []),
    ],
)
def test_what_is_wrong_with_the_desks_of_a_submission(
    changes: dict[str, Any], none_of: tuple[str, ...], expected: list[tuple[str, str]]
) -> None:
    assert [(one.field, one.rule) for one in desk_problems(submission(**changes), none_of)] == expected
