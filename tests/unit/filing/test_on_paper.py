"""A dossier on paper: incomplete, received before it was recorded, filled in by the desk."""

from __future__ import annotations

from typing import Any, Final

import pytest

from schemas.errors import RefusalError
from schemas.people import Actor, Role
from tests.unit.filing.lives import (
    APPLICANT,
    FILE,
    LEADER,
    PAPER,
    RECEPTION,
    REFUSING,
    REPRESENTATIVE,
    Life,
    fee,
    local,
    officer,
    procedure,
)

POST: Final[dict[str, Any]] = {"channel": "post", "actor": RECEPTION}
INCOMPLETE: Final[dict[str, Any]] = PAPER | {"papers": (), "form": {"copies": 2}}
LACKS: Final = [
    {"target": "paper", "code": "identity", "note": "thiếu"},
    {"target": "field", "code": "name", "note": "thiếu"},
]
ASKING: Final = {"legal_basis": "Đ17"}


def wrong(**changes: Any) -> list[tuple[str, str]]:
    """What is wrong with a submission; it is a Wednesday at half past ten."""
    with pytest.raises(RefusalError) as error:
        Life(**changes)
    for problem in error.value.refusal.problems:
        assert problem.message.vi != problem.message.en
    return [(problem.field, problem.rule) for problem in error.value.refusal.problems]


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
    assert (life.filing.missing, life.status) == ((), 1)
    assert life.accepted().status == 2


def test_it_is_asked_for_once_and_for_all_that_it_lacks() -> None:
    life = Life(**INCOMPLETE)
    other = [{"target": "field", "code": "born", "note": "sai"}]
    for items, missing in ((LACKS[:1], 1), (LACKS[1:], 1), (other, 2)):
        assert (
            life.refusal("request_supplement", RECEPTION, items=items, **ASKING)
            == [("items", "missing_not_asked")] * missing
        )
    assert life.refusal("request_supplement", RECEPTION, items=[*LACKS, *other], **ASKING) == []


def test_or_it_is_refused_in_writing_or_taken_back() -> None:
    assert Life(**INCOMPLETE).do("refuse_intake", RECEPTION, **REFUSING).status == 3
    assert Life(**INCOMPLETE).do("withdraw", APPLICANT, reason="đổi ý").status == 7


def test_a_fee_with_the_submission_is_asked_for_once_it_is_complete() -> None:
    life = Life(procedure(fee=fee("submission")), **INCOMPLETE)
    assert life.stage == "intake"
    life.do("request_supplement", RECEPTION, items=LACKS, **ASKING)
    life.do("supplement", RECEPTION, papers=[{"code": "identity"}], form={"name": "An"})
    assert (life.kinds[-1], life.stage) == ("fee_requested", "fee")


def test_what_is_complete_is_taken_in_at_once() -> None:
    assert Life(**PAPER).kinds == ["submitted", "accepted", "step_started"]


# Received before it was recorded.


def test_time_runs_from_when_the_post_handed_it_over() -> None:
    life = Life(**POST, received_at=local("2026-11-24 16:00"))
    assert (life.filing.received_at, life.filing.accepted_at) == (local("2026-11-24 16:00"),) * 2
    assert life.filing.submitted_at == life.now
    assert life.clock("processing").started == local("2026-11-24 16:00")
    assert life.ringing["processing"] == local("2026-12-01 17:00")  # five working days after the 24th
    assert life.clock("step").started == life.now


def test_so_does_the_intake_of_what_is_incomplete_and_the_rest_once_it_is_taken_in() -> None:
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
def test_the_desk_says_of_the_last_working_day_and_a_leader_of_any(
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
        (
            POST | {"actor": officer(Role.CLERK), "received_at": local("2026-11-25 09:00")},
            [("actor", "reception_records_paper")],
        ),
        (
            POST | {"actor": officer(Role.LEADER, agency="H56.30"), "received_at": local("2026-11-25 09:00")},
            [("actor", "reception_records_paper")],
        ),
    ],
    ids=["later than now", "at the counter", "online", "a leader says none", "a clerk", "another agency's leader"],
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
