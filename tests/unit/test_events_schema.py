"""What the events declare of themselves: clocks, kinds, and what is personal."""

import json
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import pytest

from activities.ledger.event_rows import columns
from activities.ledger.vault import FilingKey
from rules.streams import KINDS
from schemas.base import Model, Personal, fields_marked, numbered_fields
from schemas.filing.events import EFFECTS, Clock, Effect
from schemas.people import Actor, Role, Via
from schemas.privacy.erasure import Erased
from schemas.stream.ledger import Batch, Recorded
from tests.contract.samples import EVENTS
from tests.walking import walked
from views.log import opened

OF_KIND = {name: [model for model in kind.event_models if model is not Erased] for name, kind in KINDS.items()}
FILING = OF_KIND["filing"]
EVERY = tuple(dict.fromkeys(model for models in OF_KIND.values() for model in models))

PERSONAL = {
    "submitted": {
        *("applicant", "filed_by", "form", "papers", "authorisation", "signature", "address"),
        *("payer_account", "possible_duplicates", "read_back"),
    },
    "fee_waived": {"reason"},
    "signature_judged": {"reason"},
    "asked": {"question"},
    "answered": {"answer"},
    "inspected": {"place", "participants", "findings"},
    "opinion_recorded": {"note"},
    "suspended": {"reason", "legal_basis", "awaits"},
    "suspension_prolonged": {"reason"},
    "stopped": {"reason", "legal_basis", "unproposed_reason"},
    "extended": {"reason"},
    "case_applied": {"reason"},
    "reappointed": {"reason"},
    "apologised": {"reason"},
    "intake_refused": {"reason", "legal_basis"},
    "supplement_requested": {"notes", "legal_basis", "late_reason"},
    "supplemented": {"form", "papers"},
    "dossier_received": {"note"},
    "forwarded": {"note"},
    "draft_shown": {"draft"},
    "draft_corrected": {"note", "form"},
    "proposed": {"reason", "legal_basis"},
    "decided": {"reason", "legal_basis"},
    "delivery_changed": {"address"},
    "result_offered": {"link"},
    "pickup_offered": {"code"},
    "handed_over": {"recipient", "identity", "authorisation", "signature"},
    "withdrawn": {"reason", "request"},
    "payment_requested": {"payer_account"},
    "consignment_requested": {"address"},
    "consignment_reported": {"message"},
    "referral_requested": {"dossier", "filed_by"},
    "referral_answered": {"reason", "legal_basis"},
    "complained": {"words", "document", "side"},
    "complaint_answered": {"reason", "legal_basis"},
    "complaint_withdrawn": {"reason", "request"},
    "result_entered": {"order", "reason", "legal_basis"},
    "signature_declined": {"reason"},
    "result_revoked": {"reason", "legal_basis"},
    "refund_begun": {"apart"},
    "refund_decided": {"reason", "legal_basis"},
    "refund_opened": {"reason", "legal_basis"},
    "refund_declined": {"reason"},
    "shortfall_proposed": {"reason", "legal_basis"},
    "charge_back_answered": {"reason", "legal_basis"},
    "receipt_voided": {"reason"},
}
NUMBERED = {
    "submitted": {"code": "dossier"},
    "fee_paid": {"receipt_no": "receipt"},
    "result_issued": {"number": "result"},
    "result_entered": {"number": "result"},
    "receipt_issued": {"number": "receipt"},
    "payment_requested": {"number": "payment"},
    "consignment_requested": {"number": "parcel"},
}


def kind_of(event: type[Model]) -> str:
    kind: str = event.model_fields["kind"].default
    return kind


@walked("event", EVERY, ids=kind_of, at_least=130)
def test_an_event_marks_exactly_what_is_personal_and_what_is_numbered(event: type[Model]) -> None:
    assert fields_marked(event, Personal) == PERSONAL.get(kind_of(event), set())
    assert numbered_fields(event) == NUMBERED.get(kind_of(event), {})


def test_no_two_events_share_a_kind() -> None:
    kinds = [kind_of(event) for event in EVERY]
    assert len(kinds) == len(set(kinds)) == 68 + 13 + 9 + 6 + 7 + 3 + 10 + 16


def test_every_event_of_a_filing_says_what_it_does_to_the_clocks() -> None:
    assert set(EFFECTS) == {kind_of(event) for event in FILING}
    for effects in EFFECTS.values():
        assert set(effects) <= set(Clock)
        assert set(effects.values()) <= set(Effect)


@pytest.mark.parametrize("end", ["fee_expired", "withdrawn"])
def test_the_end_of_a_filing_stops_every_clock(end: str) -> None:
    assert EFFECTS[end] == dict.fromkeys(Clock, Effect.STOP)


NOTICES = ["intake_refused", "supplement_expired", "stopped", "handed_over"]
"""What ends a filing, and can be complained about."""


def test_a_reopened_filing_begins_with_its_intake_or_its_review_and_no_other_clock() -> None:
    begins = dict.fromkeys((Clock.INTAKE, Clock.PROCESSING, Clock.TRANSFER), Effect.START)
    assert EFFECTS["reopened"] == dict.fromkeys(Clock, Effect.STOP) | begins


@pytest.mark.parametrize("end", NOTICES)
def test_what_the_agency_ends_stops_every_clock_but_the_time_to_complain_which_it_starts(end: str) -> None:
    assert EFFECTS[end] == dict.fromkeys(Clock, Effect.STOP) | {Clock.APPEAL: Effect.START}


def test_the_time_to_complain_runs_from_the_notice_of_each() -> None:
    starts = {kind for kind, effects in EFFECTS.items() if effects.get(Clock.APPEAL) is Effect.START}
    assert starts == {*NOTICES, "suspended"}


def test_only_what_puts_an_end_off_and_another_case_make_a_limit_longer() -> None:
    longer = {(kind, clock) for kind, does in EFFECTS.items() for clock, effect in does.items() if effect == "extend"}
    assert longer == {
        ("extended", "processing"),
        ("case_applied", "processing"),
        ("reappointed", "processing"),
        ("suspension_prolonged", "suspension"),
    }


PASSING: Final = (
    *("claimed", "released", "reassigned", "asked", "answered", "opinion_recorded"),
    *("referred", "part_overdue", "part_answered", "parcel_recalled", "parcel_found"),
)
TELLING: Final = ("reminded", "apology_drafted", "overdue", "finished_early")
MACHINE: Final = ("machine_work_failing", "machine_work_answered")


@walked("kind", [*PASSING, *TELLING, *MACHINE], exactly=17)
def test_what_passes_between_people_and_what_clocks_tell_leaves_every_clock_alone(kind: str) -> None:
    assert EFFECTS[kind] == {}


@walked(
    ("clock", "starts", "stops"),
    [
        ("intake", ["submitted"], ["accepted"]),
        ("processing", ["accepted"], ["result_issued"]),
        (
            "step",
            ["step_started", "recalled"],
            [
                *("inspected", "consultation_closed", "parts_decided", "obligation_fulfilled", "forwarded"),
                *("draft_shown", "proposed", "decided"),
            ],
        ),
        ("supplement", ["supplement_requested"], ["supplemented"]),
        (
            "payment",
            ["fee_requested", "parcel_failed", "delivery_changed"],
            ["fee_paid", "fee_waived", "parcel_requested"],
        ),
        ("obligation", ["obligation_referred", "obligation_demanded"], ["recalled", "obligation_fulfilled"]),
        ("confirmation", ["draft_shown"], ["recalled", "draft_confirmed", "draft_corrected", "decided"]),
        ("suspension", ["suspended"], ["resumed"]),
        ("transfer", ["accepted", "supplemented"], ["dossier_received"]),
        ("issue", ["decided", "reissue_requested"], ["result_issued"]),
        ("delivery", ["parcel_requested"], ["parcel_failed"]),
        ("reading", ["result_offered"], ["delivery_changed"]),
        ("pickup", ["pickup_offered"], ["delivery_changed"]),
    ],
    exactly=13,
)
def test_a_clock_runs_from_its_first_event_to_its_last(clock: str, starts: list[str], stops: list[str]) -> None:
    ends = {"intake_refused", "supplement_expired", "fee_expired", "handed_over", "withdrawn", "stopped", "reopened"}
    does = {kind: effects.get(Clock(clock)) for kind, effects in EFFECTS.items() if kind not in ends}
    assert [kind for kind, effect in does.items() if effect is Effect.START] == starts
    assert [kind for kind, effect in does.items() if effect is Effect.STOP] == stops


def test_a_supplement_pauses_what_runs_and_its_answer_starts_it_again() -> None:
    running = ("intake", "processing", "step")
    assert {clock: EFFECTS["supplement_requested"][Clock(clock)] for clock in running} == dict.fromkeys(
        running, Effect.PAUSE
    )
    assert {clock: EFFECTS["supplemented"][Clock(clock)] for clock in running} == dict.fromkeys(running, Effect.RESTART)


def test_a_fee_pauses_the_processing_and_its_payment_resumes_it() -> None:
    assert EFFECTS["fee_requested"][Clock.PROCESSING] is Effect.PAUSE
    assert EFFECTS["fee_paid"][Clock.PROCESSING] is Effect.RESUME


SUBMITTED, ACCEPTED = EVENTS[:2]
KEY = FilingKey("k1", bytes(32))
AN = Actor(subject="vneid:001099000001", role=Role.APPLICANT)
AT = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)


def of(event: Any) -> Any:
    """A kind of stream that has such events."""
    return next(kind for kind in KINDS.values() if type(event) in kind.event_models)


def row(event: Any, actor: Actor = AN) -> Any:
    """The columns under which the ledger keeps an event."""
    batch = Batch(
        stream="filing:1",
        filing_id=UUID(int=1),
        agency="H01.12",
        next_seq=1,
        command_id="c1",
        digest="",
        actor=actor,
        on_behalf_of="vneid:001099000002",
        via=Via(principal="portal"),
        at=AT,
    )
    recorded = Recorded(seq=1, at=AT, command_id="c1", actor=actor, event=event)
    return columns(batch, recorded, event.model_dump(mode="json", exclude_none=True), 1, 0, KEY)


@walked("event", EVENTS, ids=lambda event: event.kind, at_least=130)
def test_what_is_personal_leaves_the_public_part_and_comes_back_with_the_key(event: Any) -> None:
    kept = row(event)
    assert set(json.loads(kept["body"])) == set(type(event).model_fields) - {"kind"} - PERSONAL.get(event.kind, set())
    assert opened(of(event), "filing:1", kept, KEY) == Recorded(seq=1, at=AT, command_id="c1", actor=AN, event=event)


@walked("event", EVENTS, ids=lambda event: event.kind, at_least=130)
def test_without_the_key_what_was_personal_is_told_as_erased(event: Any) -> None:
    found = opened(of(event), "filing:1", row(event), None)
    assert found.actor.subject.startswith("p-")
    said = {name: value for name, value in event if name not in PERSONAL.get(event.kind, set())}
    assert {name: getattr(found.event, name) for name in said} == said
    for name in PERSONAL.get(event.kind, set()) - {"possible_duplicates"}:
        assert getattr(found.event, name) != getattr(event, name)


def test_who_the_applicant_is_stands_nowhere_in_the_clear() -> None:
    kept = row(SUBMITTED)
    for column in ("body", "actor", "sealed"):
        for identity in (b"001099000001", b"001099000002", "Nguyễn Văn An".encode(), b"0900000000"):
            assert identity not in kept[column]
    assert json.loads(kept["actor"])["subject"].startswith("p-")


def test_an_officer_stands_in_the_clear() -> None:
    clerk = Actor(subject="h01.12-clerk-1", role=Role.CLERK, agency="H01.12")
    assert json.loads(row(ACCEPTED, clerk)["actor"]) == {
        "subject": "h01.12-clerk-1",
        "role": "clerk",
        "agency": "H01.12",
    }
