"""Every event has evidence: another stream, a finding, a callback, an agency's answer, or its own stream alone."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

import pytest

from activities.ledger.authority.answers import CALLED_BACK
from rules.evidence import Finding
from rules.stream_kind import StreamKind
from rules.streams import KINDS
from schemas.ids import StreamId
from schemas.people import SYSTEM
from schemas.privacy import Erased
from tests.contract.samples import EVENTS, SNAPSHOT

ITS_OWN: Final = {
    "filing": frozenset(
        {
            *(
                "acceptance_revoked",
                "refusal_revoked",
                "applicant_corrected",
                "answered",
                "apologised",
                "apology_drafted",
                "asked",
                "calendar_changed",
                "case_applied",
                "claimed",
            ),
            *("consultation_closed", "decided", "delivery_changed", "dossier_received", "dossier_transferred"),
            *("draft_confirmed", "draft_corrected", "draft_shown", "extended", "fee_reduced", "fee_requested"),
            *(
                "fee_waived",
                "fee_waiver_declined",
                "fee_waiver_revoked",
                "finished_early",
                "forwarded",
                "inspected",
                "intake_refused",
                "machine_work_answered",
            ),
            *("machine_work_failing", "obligation_demanded", "obligation_referred", "opinion_recorded", "overdue"),
            *("parcel_recalled", "parcel_requested", "parts_decided", "pickup_offered", "proposed", "reappointed"),
            *("reassigned", "recalled", "referred", "reissue_requested", "released", "reminded", "result_offered"),
            *("resumed", "signature_judged", "step_started", "stopped", "submitted", "supplement_expired"),
            *("more_time_granted", "more_time_refused", "more_time_requested"),
            *("supplement_cancelled", "supplement_requested", "supplemented", "suspended", "suspension_prolonged"),
            *("passed_on", "recused", "withdrawn", "mandate_revoked", "representative_named"),
            *("applicant_ceased", "cessation_revoked", "succeeded", "lapsed"),
            *("wrong_code_given", "fee_paid"),
        }
    ),
    "payment": frozenset({"payment_calendar_changed", "payment_renewed"}),
    "parcel": frozenset({"compensation_claimed", "consignment_calendar_changed"}),
    "referral": frozenset(
        {"claimed", "reassigned", "referral_calendar_changed", "referral_overdue", "referral_reminded", "released"}
    ),
    "complaint": frozenset(
        {
            *("act_stayed", "answer_sent", "claimed", "complaint_answered", "complaint_calendar_changed"),
            *("complaint_not_taken_up", "complaint_overdue", "complaint_reminded", "complaint_taken_up"),
            *("complaint_verified", "complaint_withdrawn", "dialogue_called", "dialogue_held", "reassigned"),
            *("released", "stay_ended", "stay_lifted", "suit_reported"),
        }
    ),
    "papers": frozenset[str](),
    "result": frozenset(
        {
            *("machine_work_answered", "machine_work_failing", "number_voided", "result_released", "result_renewed"),
            *("result_replaced", "result_revoked", "signature_requested", "signers_named"),
        }
    ),
    "refund": frozenset(
        {
            *("charge_back_answered", "refund_approved", "refund_decided", "refund_declined"),
            *("refund_given_by_hand", "shortfall_accepted", "shortfall_proposed"),
        }
    ),
}
"""The events that people, rules or the clock decide from the event's own stream; any files in them are examined."""


AGENCYS: Final = {"filing": {"accepted", "result_issued"}, "referral": {"referral_answered"}}
"""The system's events that rest on an answer of an agency's back office, signed by the agency's program."""


def bodies(kind: StreamKind[Any]) -> list[Any]:
    """Returns two samples of each event: a complete one, and one without optional fields."""
    samples = [event for event in EVENTS if type(event) in kind.event_models and not isinstance(event, Erased)]
    return samples + [
        event.model_copy(
            update={n: field.default for n, field in type(event).model_fields.items() if not field.is_required()}
        )
        for event in samples
    ]


@pytest.mark.parametrize("name", list(KINDS))
def test_every_event_is_borne_out_or_its_own_streams(name: str) -> None:
    kind = KINDS[name]
    stream = StreamId(kind.name, SNAPSHOT.filing_id, {"filing": 0, "papers": 0, "refund": 1001}.get(name, 1))
    borne_out = {event.kind for event in bodies(kind) if kind.evidence(stream, event) is not None}
    answered = {event.kind for event in bodies(kind) if kind.office_answer(stream, event, SYSTEM) is not None}
    assert answered == AGENCYS.get(name, set())
    called_back = {str(model.model_fields["kind"].default) for model in CALLED_BACK}
    all_of = {str(model.model_fields["kind"].default) for model in kind.event_models} - {"erased"}
    assert borne_out & ITS_OWN[name] <= {"fee_paid"}, "of a fee paid online only the payment knows"
    assert all_of == borne_out | ITS_OWN[name] | answered | (all_of & called_back)


def test_a_finding_has_one_name_for_each_content() -> None:
    one = Finding("payment_captured", {"capture_id": "c1", "attempt": None, "amount": 1})
    assert one.body == '{"amount": 1, "capture_id": "c1"}'
    assert one.id == Finding("payment_captured", {"amount": 1, "capture_id": "c1"}).id == UUID(str(one.id))
    others = [Finding("payment_captured", {"capture_id": "c1", "amount": 2}), Finding("payment_ordered", one.fields)]
    assert one.id not in {other.id for other in others}


def test_a_callback_bears_its_event_out_without_a_finding() -> None:
    kind = KINDS["payment"]
    stream = StreamId("payment", SNAPSHOT.filing_id, 1)
    [captured] = [event for event in EVENTS if event.kind == "payment_captured"]
    evidence = kind.evidence(stream, captured)
    assert evidence is not None
    assert [entry.finding is not None for entry in evidence[0]] == [True]
    assert kind.evidence(stream, captured, called_back=True) is None
