"""What happened to a filing and its other streams: each audience what it may see."""

from __future__ import annotations

from typing import Any, Final

from rules.filing.lifecycle import status
from schemas.base import Personal, fields_marked
from schemas.errors import NOT_FOUND, RefusalError
from schemas.filing.state import Filing
from schemas.people import OFFICERS
from schemas.reading import Audience, TimelineEntry
from schemas.stream.ledger import Recorded
from views.log import Log, Told


async def timeline(log: Log, stream: str, audience: Audience) -> tuple[TimelineEntry, ...]:
    """The events of all streams of a filing, in the order of time."""
    names = [row["stream"] for row in await log.connection.fetch(_STREAMS, stream)]
    if not names:
        raise RefusalError(NOT_FOUND)
    entries = [entry for name in names for entry in _entries(name, await log.read(name), audience)]
    return tuple(sorted(entries, key=lambda entry: (entry.at, entry.stream, entry.seq)))


def _entries(stream: str, told: Told, audience: Audience) -> list[TimelineEntry]:
    return [
        _entry(stream, recorded, state, audience)
        for recorded, state in zip(told.events, told.states(), strict=True)
        if audience is not Audience.PUBLIC or isinstance(state, Filing)
    ]


def _entry(stream: str, recorded: Recorded, state: Any, audience: Audience) -> TimelineEntry:
    at_status = int(status(state)) if isinstance(state, Filing) else None
    known = TimelineEntry(stream=stream, seq=recorded.seq, kind=recorded.event.kind, at=recorded.at, status=at_status)
    if audience is Audience.PUBLIC or (
        audience is Audience.APPLICANT and recorded.event.kind not in _FOR_THE_APPLICANT
    ):
        return known
    actor, sealed = recorded.actor, fields_marked(type(recorded.event), Personal)
    fields = recorded.event.model_dump(mode="json", exclude_none=True, exclude={"kind"})
    seen: dict[str, Any] = {
        "role": actor.role,
        "agency": actor.agency,
        "subject": actor.subject if actor.role in OFFICERS or audience is Audience.OFFICER else None,
        "body": {name: value for name, value in fields.items() if name not in sealed},
    }
    if audience in _MAY_SEE_PERSONS:
        hidden = _WARNINGS if audience is Audience.APPLICANT else _SECRETS.get(recorded.event.kind, frozenset())
        seen["personal"] = {name: value for name, value in fields.items() if name in sealed - hidden} or None
    return known.model_copy(update=seen)


_MAY_SEE_PERSONS: Final = frozenset({Audience.APPLICANT, Audience.OFFICER})
"""An applicant sees what is sealed of their own filing."""

_WARNINGS: Final = frozenset({"possible_duplicates"})
"""What is told to officers only."""

_SECRETS: Final = {"pickup_offered": frozenset({"code"}), "result_offered": frozenset({"link"})}
"""What is told to the applicant alone."""

_FOR_THE_APPLICANT: Final = frozenset(
    {
        "submitted",
        "accepted",
        "intake_refused",
        "files_scanned",
        "signature_judged",
        "supplement_requested",
        "supplemented",
        "supplement_expired",
        "dossier_transferred",
        "dossier_received",
        "fee_requested",
        "fee_paid",
        "fee_waived",
        "fee_reduced",
        "fee_charged_back",
        "fee_expired",
        "result_unclaimed",
        "asked",
        "answered",
        "obligation_demanded",
        "obligation_fulfilled",
        "draft_shown",
        "draft_confirmed",
        "draft_corrected",
        "referred",
        "part_overdue",
        "part_answered",
        "parts_decided",
        "suspended",
        "suspension_prolonged",
        "resumed",
        "stopped",
        "extended",
        "case_applied",
        "reappointed",
        "apologised",
        "overdue",
        "decided",
        "result_issued",
        "result_offered",
        "pickup_offered",
        "wrong_code_given",
        "parcel_requested",
        "parcel_recalled",
        "parcel_failed",
        "delivery_changed",
        "reissue_requested",
        "parcel_found",
        "handed_over",
        "withdrawn",
        "reopened",
        "payment_requested",
        "payment_ordered",
        "payment_captured",
        "payment_expired",
        "payment_cancelled",
        "payment_refunded",
        "payment_accepted",
        "payment_charged_back",
        "payment_charge_back_ahead",
        "payment_request_expired",
        "payment_outcome_awaited",
        "payment_renewed",
        "consignment_requested",
        "consignment_sent",
        "consignment_invited",
        "consignment_reported",
        "consignment_left",
        "consignment_ended",
        "referral_overdue",
        "referral_answered",
        "referral_cancelled",
        "complained",
        "complaint_overdue",
        "complaint_answered",
        "complaint_withdrawn",
        "complaint_settled",
        "result_released",
        "result_replaced",
        "result_revoked",
        "refund_opened",
        "refund_approved",
        "refund_declined",
        "refund_given",
        "refund_given_by_hand",
        "refund_disputed",
        "shortfall_accepted",
    }
)
"""What is said to the applicant, or by them. Of all else they see that and when it happened, not what was said."""

_STREAMS: Final = """
select distinct stream from event
where filing_id = (select filing_id from stream where stream = $1 and head_seq > 0)
    and not starts_with(stream, 'restarts:')
order by stream
"""
