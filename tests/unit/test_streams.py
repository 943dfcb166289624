"""Every kind of stream has one descriptor, derived ids never change, and a workflow remembers its receipts."""

import re
from base64 import b64decode
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from functools import reduce
from string import Formatter
from typing import Any, Final, get_args
from uuid import UUID

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from operations.commands.doctor import THEN
from rules.stream_kind import Origin, StreamKind, Wait
from rules.streams import KINDS
from schemas import ids
from schemas.filing.events import MachineWorkAnswered, MachineWorkFailing
from schemas.ids import StreamId, restarts_stream
from schemas.message_catalogue import AnyEvent
from schemas.payment.events import PaymentChargeBackAhead, PaymentExpired, PaymentOutcomeAwaited, PaymentRequested
from schemas.people import SYSTEM, Role
from schemas.refund.events import (
    RefundApproved,
    RefundBegun,
    RefundChargedBack,
    RefundDecided,
    RefundDisputed,
    RefundGiven,
    RefundOpened,
    RefundUndecided,
)
from schemas.refund.events import RefundLeftToHand as LeftToHand
from schemas.result.events import NumberVoided, ResultEntered, ResultMade, SignatureDeclined
from schemas.stream.ledger import Receipt, Recorded
from schemas.stream.part import OnDemandStart, on_demand
from schemas.stream.restart import Restarted
from schemas.words.catalogue import SENTENCES
from tests.conftest import ROOT
from tests.waits import sample
from verifier import bundle as bundle_verifier
from verifier import ledger as ledger_verifier
from workers.wiring import WORKFLOWS
from workflows.stream.command_receipts import RECENT, Receipts

LEDGER: Final = (ROOT / "docs" / "ledger.md").read_text(encoding="utf-8")
DIGITS: Final = {"YYYYMMDD": "%Y%m%d", "YYYY": "%Y"}


def models(union: Any) -> set[type]:
    return {union} if isinstance(union, type) else {model for part in get_args(union) for model in models(part)}


def table(*heads: str) -> list[list[str]]:
    """Returns the rows of the table in docs/ledger.md that has these headings."""
    _, _, rest = LEDGER.partition(f"| {' | '.join(heads)} |\n")
    rows = re.match(r"\|[-|]+\|\n((?:\|.*\|\n)+)", rest)
    assert rows, heads
    return [[cell.strip().strip("`") for cell in row.strip("|").split(" | ")] for row in rows[1].splitlines()]


def test_the_published_events_are_those_of_the_kinds() -> None:
    of_kinds = set[type]().union(*(kind.event_models for kind in KINDS.values()))
    assert models(AnyEvent) - {type(None)} >= of_kinds
    assert {model.__name__ for model in models(AnyEvent) if hasattr(model, "model_fields")} == {
        model.__name__ for model in of_kinds if hasattr(model, "model_fields")
    }


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_a_kind_begins_with_an_event_of_its_own(kind: StreamKind[Any]) -> None:
    assert kind.first in {str(model.model_fields["kind"].default) for model in kind.event_models}
    assert kind.state.model_fields["snapshot_version"].default >= 1
    assert SYSTEM.role in kind.rules.writers
    assert kind.commands == () or kind.rules.writers > {Role.SYSTEM}


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_a_kind_says_what_it_waits_for_in_words_that_it_can_fill(kind: StreamKind[Any]) -> None:
    filled = {one.name for one in fields(Wait)} | {"agency", "count", "kind", None}
    for waits in kind.waits:
        assert waits.after <= set(kind.event_models)
        for key in (waits.says, f"{waits.says}.fix", f"doctor_check.{waits.check}"):
            assert {name for _, name, _, _ in Formatter().parse(SENTENCES[key][0])} <= filled
        assert waits.check in {check.name for check in THEN}


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_the_kit_knows_of_a_kind_whether_a_command_starts_it(kind: StreamKind[Any]) -> None:
    starts = kind.start is not None and issubclass(kind.start, OnDemandStart)
    assert on_demand(kind.name) == (kind.workflow if starts else None)


def test_every_kind_has_its_workflow() -> None:
    named = {workflow.__temporal_workflow_definition.name for workflow in WORKFLOWS}  # type: ignore[attr-defined]
    assert set(KINDS.workflows) <= named
    assert {kind.name for kind in KINDS.values() if not kind.workflow} == {"papers"}, "somebody else appends to these"


def test_the_page_and_the_verifiers_number_as_the_kinds_do() -> None:
    ours = {name: (how.mark, how.period) for name, how in KINDS.numberings.items()}
    page = {
        kind: (written.partition("<period>-")[2].removesuffix("<7 digits>"), DIGITS[period])
        for kind, _, _, written, period in table(
            "Counter `kind`", "Carried by", "Field of `body`", "Format", "`period`"
        )
    }
    verifier = {
        kind: (mark, {8: "%Y%m%d", 4: "%Y"}[digits]) for kind, (mark, digits) in ledger_verifier.NUMBERS.items()
    }
    assert ours == page == verifier
    assert set(ledger_verifier.FIRST_CARRIES) == {
        kind.name for kind in KINDS.values() if kind.start is not None and kind.numberings
    }


def test_the_page_and_the_verifier_know_how_streams_begin() -> None:
    ours = {kind.name: kind.first for kind in KINDS.values()}
    assert ours == dict(table("Kind", "First event"))
    assert ours | {restarts_stream("").rstrip(":"): Restarted.model_fields["kind"].default} == bundle_verifier.BEGINS
    also = {kind.name: kind.or_first for kind in KINDS.values() if kind.or_first}
    assert also == bundle_verifier.OR_BEGINS
    assert all(f"with a `{name}` too" in LEDGER for names in also.values() for name in names)


AT: Final = datetime(2026, 11, 25, 3, 0, 30, tzinfo=UTC)
SOON: Final = AT + timedelta(hours=23)
LATE: Final = AT + timedelta(hours=24)
WEEK: Final = AT + timedelta(days=7)


APPROVED: Final = (sample(RefundBegun), sample(RefundOpened), sample(RefundApproved))
GIVEN: Final = (*APPROVED, sample(RefundGiven))
ASKED: Final = sample(PaymentRequested, due=LATE)
UNKNOWN: Final = (ASKED, sample(PaymentOutcomeAwaited, attempt=1))
ENTERED: Final = sample(ResultEntered, adopted=None, result=None)
FAILING: Final = sample(MachineWorkFailing)
DECLINED: Final = (sample(SignatureDeclined), sample(NumberVoided, registered=ENTERED.number))


@pytest.mark.parametrize(
    ("stream", "events", "now", "waits"),
    [
        ("refund", APPROVED[:2], WEEK - timedelta(seconds=1), []),
        ("refund", APPROVED[:2], WEEK, ["refunds.undecided"]),
        ("refund", (APPROVED[0], sample(RefundUndecided)), WEEK, ["refunds.undecided"]),
        ("refund", (APPROVED[0], sample(RefundUndecided), sample(RefundDecided)), WEEK, []),
        ("refund", (APPROVED[0], sample(RefundDisputed)), WEEK, ["refunds.undecided"]),
        ("refund", (APPROVED[0], sample(RefundChargedBack, owed=True, void=())), WEEK, ["refunds.undecided"]),
        ("refund", APPROVED, SOON, []),
        ("refund", APPROVED, LATE, ["refunds.under_way"]),
        ("refund", (*APPROVED, sample(LeftToHand)), SOON, ["refunds.by_hand"]),
        ("refund", GIVEN, LATE, []),
        ("refund", (*GIVEN, sample(RefundChargedBack, void=())), LATE, ["refunds.twice"]),
        ("payment", UNKNOWN, SOON, []),
        ("payment", UNKNOWN, LATE, ["outcomes.awaited"]),
        ("payment", (*UNKNOWN, sample(PaymentExpired)), LATE, []),
        ("payment", (ASKED, sample(PaymentChargeBackAhead, attempt=None)), LATE, ["refunds.ahead"]),
        ("result", (ENTERED,), LATE, []),
        ("result", (ENTERED, FAILING), LATE, ["signing.no_file"]),
        ("result", (ENTERED, sample(ResultMade), FAILING), LATE, ["signing.waiting"]),
        ("result", (ENTERED, sample(ResultMade), FAILING, sample(MachineWorkAnswered)), LATE, []),
        ("result", (ENTERED, sample(ResultMade), *DECLINED), SOON, []),
        ("result", (ENTERED, sample(ResultMade), *DECLINED), LATE, ["signing.declined"]),
        ("result", (ENTERED, sample(ResultMade), *DECLINED, ENTERED), LATE, []),
    ],
)
def test_it_waits_for_what_its_state_says(
    stream: str, events: tuple[Any, ...], now: datetime, waits: list[str]
) -> None:
    kind = KINDS[stream]
    recorded = (
        Recorded(seq=n, at=AT, command_id=f"c{n}", actor=SYSTEM, event=event) for n, event in enumerate(events, 1)
    )
    n = 1001 if stream == "refund" else 1
    state = reduce(kind.evolve, recorded, kind.initial(Origin(StreamId(stream, UUID(int=1), n), "H01.12")))
    assert [each.says.removeprefix("doctor.") for each in kind.waits for _ in each.long(state, now)] == waits


# Derived ids are the same on every machine and for ever: literal values.

FILING = UUID("f6fae566-a33a-5e3d-be63-33acc1539c0f")


def test_ids_and_digests_are_the_same_for_ever() -> None:
    assert ids.filing_id("portal", "1") == FILING
    assert ids.filing_id("portal1", "1") != ids.filing_id("portal", "11")
    assert ids.event_id("filing:1", "submit", 0) == UUID("26b01f10-39eb-53fe-9ce0-9f37e5093814")
    assert ids.event_id("filing:1", "submit", 1) == UUID("33ac36c3-960f-5b67-8c29-c9836ad2c899")
    assert (ids.TASK_QUEUE, ids.DEFAULT_BACK_OFFICE_QUEUE) == ("motcua", "backoffice")
    assert ids.filing_workflow(FILING) == f"filing:{FILING}"
    assert ids.payment_workflow(FILING, 1) == f"payment:{FILING}:1"
    assert ids.parcel_workflow(FILING, 2) == f"parcel:{FILING}:2"
    assert ids.fee_key(FILING, 3) == f"fee:{FILING}:3"
    assert ids.canonical({"b": 1, "a": "Đ", "c": [True, None]}) == '{"a":"Đ","b":1,"c":[true,null]}'.encode()
    known = "5749977faec0c57c2c45952aec9d150cf712371f2fd47cffdfc6a355d44e6f96"
    assert ids.digest({"form": {"copies": 2}, "name": "An"}) == known
    assert ids.digest({"name": "An", "form": {"copies": 2}}) == known
    filing = ids.filing_id("c", "s")
    assert ids.StreamId.parse(ids.filing_workflow(filing)) == ("filing", filing, 0)
    assert ids.StreamId.parse(ids.payment_workflow(filing, 3)) == ("payment", filing, 3)
    assert ids.StreamId.parse(ids.parcel_workflow(filing, 12)) == ("parcel", filing, 12)
    assert str(ids.StreamId("parcel", filing, 12)) == ids.parcel_workflow(filing, 12)


TEXT = st.text(
    st.characters(exclude_categories=["Cs"]) | st.sampled_from('\x00\x1f\x7f\u2028\uffff\U0001f600"\\'), max_size=5
)
VALUE = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(1 - 2**53, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


@given(VALUE)
def test_canonical_json_is_what_the_library_writes(value: Any) -> None:
    assert ids.canonical(value) == rfc8785.dumps(value)


@given(VALUE, st.sampled_from([2**53, -(2**53), float("nan"), float("inf"), "\ud800", {1: "a"}, {"\ud800": 1}, {1}]))
def test_what_canonical_json_cannot_hold_is_refused_wherever_it_stands(value: Any, no_json: Any) -> None:
    for whole in (no_json, [value, no_json], {"a": value, "b": {"c": no_json}}):
        with pytest.raises(ValueError, match=r"."):
            ids.canonical(whole)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "filing:",
        f"filing:{UUID(int=1)}:0",
        f"filing:{str(UUID(int=10)).upper()}",
        f"payment:{{{UUID(int=1)}}}:1",
        f"payment:{UUID(int=1)}:1:1",
    ],
)
def test_what_is_written_in_another_way_is_no_id(name: str) -> None:
    with pytest.raises(ValueError, match=r"id|UUID|int"):
        ids.StreamId.parse(name)


# What a workflow remembers of its commands, however many there were.


def receipt(n: int) -> Receipt:
    return Receipt(command_id=f"c-{n}", digest="d", seq=n, at=datetime(2026, 11, 26, tzinfo=UTC))


def test_the_first_and_the_newest_are_kept_whole_and_the_others_known() -> None:
    found = Receipts()
    for n in range(1, RECENT + 6):
        found.add((receipt(n),))
    assert found.kept == (receipt(1), *(receipt(n) for n in range(6, RECENT + 6)))
    assert found.get("c-1") == receipt(1)
    assert (found.get("c-5"), "c-5" in found, found.may_hold("c-5")) == (None, False, True)
    assert not found.may_hold("c-0")


def test_the_next_run_knows_as_much() -> None:
    found = Receipts(map(receipt, range(1, RECENT + 6)))
    again = Receipts(found.kept, found.older)
    assert (again.kept, again.older) == (found.kept, found.older)
    assert len(b64decode(found.older)) == 4 * 8
    assert all(again.may_hold(f"c-{n}") for n in range(1, RECENT + 6))
    assert Receipts().older == ""
