"""What is shown of a filing, and what other streams must have recorded before it may say so itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import pytest

from rules.evidence import Entry, Evidence
from rules.filing import lifecycle, projections
from rules.filing.evidence import evidence
from schemas.filing import events as ev
from schemas.filing.events import Clock
from schemas.filing.state import STATUS_NAMES, FilingView
from schemas.ids import StreamId, filing_id
from schemas.level import Channel
from schemas.stream.rows import FilingRow, TaskRow
from tests.unit.filing.lives import APPLICANT, FILE, RECEPTION, SPECIALIST, VERIFY, Life, at, fee, procedure

DERIVED: Final = {
    *("procedure", "version", "calendar", "status", "status_name", "stage", "tasks"),
    *("timers", "complain_until"),
}
"""Of a view, beside the moment and what is parked: the rest is copied."""


def everything() -> Life:
    """A filing of which most fields say something."""
    asked = {"question": "Ngày sinh?"}
    life = at(VERIFY, fee=fee("result")).do("ask", SPECIALIST, **asked).until("2026-11-30 17:00").rung()
    return life.do("forward", SPECIALIST).proposed()


LIVES: Final[dict[str, Callable[[], Life]]] = {
    "just handed in": Life,
    "a fee to pay": lambda: Life(procedure(fee=fee())).accepted(),
    "late, with a question and a proposal": everything,
    "a supplement to come": lambda: Life().asked(RECEPTION, ("paper", "identity")),
    "ended": lambda: Life().do("withdraw", APPLICANT, reason="nhầm"),
    "issued": lambda: Life(result_channel="counter").accepted().decided().issued(),
}


@pytest.mark.parametrize("name", LIVES)
def test_a_view_shows_what_the_filing_says(name: str) -> None:
    life = LIVES[name]()
    filing = life.filing.model_copy(update={"code": "H01.12-1", "possible_duplicates": ("H01.12-0",)})
    view = projections.view(filing, life.now, 3)
    copied = FilingView.model_fields.keys() - DERIVED - {"parked", "as_of"}
    assert {field: getattr(view, field) for field in copied} == {field: getattr(filing, field) for field in copied}
    rules = filing.procedure
    assert (view.procedure, view.version, view.calendar) == (rules.code, rules.version, "vn@2026.1")
    assert (view.status, view.stage) == (lifecycle.status(filing), lifecycle.stage(filing))
    assert view.status_name == STATUS_NAMES[view.status]
    assert view.tasks == tuple(lifecycle.tasks(filing, life.now))
    assert view.timers == tuple(lifecycle.timers(filing))
    assert (view.parked, view.as_of) == (3, life.now)


@pytest.mark.parametrize("name", LIVES)
def test_the_rows_say_what_the_view_says(name: str) -> None:
    life = LIVES[name]()
    filing = life.filing.model_copy(update={"possible_duplicates": ("H01.12-0",)})
    view, rows = projections.view(filing, life.now, 0), projections.rows(filing)
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


def test_a_filing_stands_open_until_it_has_ended() -> None:
    stood = [projections.standing(life().filing) for life in (Life, LIVES["ended"])]
    assert [(one.calendar, one.open) for one in stood] == [("vn@2026.1", True), ("vn@2026.1", False)]


def test_a_filing_without_a_code_yet_is_shown_without_one() -> None:
    assert projections.view(Life().filing.model_copy(update={"code": None}), Life().now, 0).code == ""


FILING: Final = filing_id("portal", "1")
STREAM: Final = StreamId("filing", FILING)
PAYMENT: Final = f"payment:{FILING}:2"
REFERRAL: Final = f"referral:{FILING}:2"
DELIVERED: Final = Entry(("consignment_ended",), {"outcome": "delivered"}, f"parcel:{FILING}:2")
BROUGHT: Final = Entry(("consignment_ended",), {"outcome": "delivered", "fee": 8000}, f"parcel:{FILING}:2")
UPHELD: Final = Entry(("complaint_answered",), {"about": 9, "outcome": "upheld"}, f"complaint:{FILING}:3")


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
        (by(Channel.POST), ((DELIVERED,),)),
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
        (ev.Reopened(complaint=3, about=9, officer="leader-2"), ((UPHELD,),)),
        (ev.Released(), None),
    ],
    ids=lambda case: getattr(case, "kind", ""),
)
def test_what_another_stream_must_have_recorded(event: Any, needed: Evidence | None) -> None:
    assert evidence(STREAM, event) == needed
