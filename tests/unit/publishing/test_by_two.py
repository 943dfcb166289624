"""What of a publication waits for a second operator: whatever changes fees, limits or roles, and nothing else."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from publishing.record.by_two import Published, needs_two, unapproved
from publishing.record.publications import AGENCY, OFFICER, Fold, changes, place_of
from schemas.ids import canonical
from schemas.publishing.events import (
    PublicationApproved,
    PublicationAsked,
    PublicationDeclined,
    PublicationEvent,
    TwoRequired,
)
from tests.contract.samples import PUBLICATIONS

AT: Final = datetime(2026, 11, 28, tzinfo=UTC)
KINDS: Final[dict[str, PublicationEvent]] = {event.kind: event for event in PUBLICATIONS}
FOLD: Final = Fold()
for _event in PUBLICATIONS:
    for _change in changes(_event, AT):
        FOLD.add(_change)


def waits(event: PublicationEvent) -> bool:
    return needs_two(event, changes(event, AT), FOLD.rows)


@pytest.mark.parametrize(
    ("kind", "change", "needed"),
    [
        ("procedure_published", {}, True),
        ("province_published", {}, True),
        ("calendar_published", {}, True),
        ("absence_recorded", {}, True),
        ("absence_withdrawn", {}, False),
        ("template_published", {}, False),
        ("officer_erased", {}, False),
        ("publication_approved", {}, False),
        ("two_required", {}, False),
        ("two_required", {"on": False}, True),
        ("officer_entered", {"name": "Trần Văn Bảo"}, False),
        ("officer_entered", {"active": False}, False),
        ("officer_entered", {"number": "001080000778"}, True),
        ("officer_entered", {"roles": ("leader", "clerk")}, True),
        ("officer_entered", {"subject": "o-99"}, True),
        ("agency_entered", {}, False),
        ("agency_entered", {"merchants": ("vnpay",)}, True),
        ("agency_entered", {"queue": "agency.H01.12"}, True),
        ("agency_entered", {"receives_for": ("*",)}, True),
        ("agency_entered", {"agency": "H01.99"}, True),
    ],
)
def test_what_changes_fees_limits_or_roles_waits(kind: str, change: dict[str, Any], *, needed: bool) -> None:
    event = KINDS[kind]
    assert waits(event.model_validate(event.model_dump() | change)) is needed


def test_an_officer_is_not_named_by_the_stream_nor_told_without_a_key() -> None:
    place = place_of(KINDS["officer_entered"])
    assert place.agency == "H01.12"
    assert place.stream.startswith("publication:officer:H01.12:")
    assert "leader" not in place.stream
    rows = [next(changes(KINDS[kind], AT, read=False)).row for kind in ("officer_entered", "agency_entered")]
    assert OFFICER.personal.isdisjoint(rows[0])
    assert AGENCY.personal.isdisjoint(rows[1])


FIRST, SECOND = "h01.12-operator-1", "h01.12-operator-2"
PROCEDURE: Final = KINDS["procedure_published"].model_copy(update={"asked": None})


def said(event: PublicationEvent) -> str:
    return canonical(event.model_dump(mode="json", exclude_none=True)).decode()


def told(*events: tuple[str, PublicationEvent]) -> list[Published]:
    """One after the other, each by an officer, after two were required."""
    log = [(FIRST, TwoRequired(on=True)), *events]
    return [
        Published(place_of(event).stream, n, AT + timedelta(minutes=n), officer, event, read=True)
        for n, (officer, event) in enumerate(log)
    ]


ASKED: Final = (FIRST, PublicationAsked(asked=1, events=(said(PROCEDURE),)))
APPROVED: Final = (SECOND, PublicationApproved(asked=1))
NOW: Final = (FIRST, PROCEDURE.model_copy(update={"asked": 1}))
OTHERWISE: Final = (FIRST, PROCEDURE.model_copy(update={"asked": 1, "version": "another"}))
NO_APPROVAL: Final[dict[str, list[tuple[str, PublicationEvent]]]] = {
    "nobody asked": [(FIRST, PROCEDURE)],
    "it says it was": [NOW],
    "only asked for": [ASKED, NOW],
    "approved by who asked": [ASKED, (FIRST, PublicationApproved(asked=1)), NOW],
    "approved and not asked for": [APPROVED, NOW],
    "approved afterwards": [ASKED, NOW, APPROVED],
    "something else was approved": [ASKED, APPROVED, OTHERWISE],
    "declined": [ASKED, (SECOND, PublicationDeclined(asked=1, reason="-")), NOW],
    "another number": [ASKED, APPROVED, (FIRST, PROCEDURE.model_copy(update={"asked": 2}))],
}


@pytest.mark.parametrize("how", NO_APPROVAL)
def test_what_nobody_has_approved_is_named(how: str) -> None:
    log = told(*NO_APPROVAL[how])
    assert [one.event.kind for one in unapproved(log)] == ["procedure_published"]


def test_only_what_needs_another_waits_and_an_erasure_always() -> None:
    assert unapproved(told(ASKED, APPROVED, NOW)) == []
    assert unapproved(told((FIRST, KINDS["template_published"]))) == []
    assert unapproved(told((FIRST, PROCEDURE))[1:]) == [], "when two were not required"
    at_once = [one._replace(at=AT + timedelta(hours=1)) for one in told(ASKED, APPROVED, NOW)[2:]]
    assert unapproved([*at_once, *told(ASKED)]) == [], "in any order, and approved at the moment of the event"
    erased = KINDS["officer_erased"].model_copy(update={"asked": None})
    asked = (FIRST, PublicationAsked(asked=1, events=(said(erased),)))
    now = (FIRST, erased.model_copy(update={"asked": 1}))
    assert [one.event.kind for one in unapproved(told(asked, now)[1:])] == ["officer_erased"]
    assert unapproved(told(asked, APPROVED, now)[1:]) == []
