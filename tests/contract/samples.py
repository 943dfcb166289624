"""One message of every kind, with every field filled, from its line in `messages.jsonl`.

A new kind needs a new line there; `make golden` then writes the line as the platform would.
"""

from typing import Any, Final, get_args

from motcua import PUBLIC_MESSAGES
from schemas.base import Model
from schemas.complaint.state import ComplaintFact, StayEndFact, StayFact
from schemas.filing import commands as cm
from schemas.filing import state as fl
from schemas.parcel.state import ParcelStart
from schemas.payment.state import CaptureAccepted, GivenBack, PaymentStart
from schemas.publishing.calendar import Calendar
from schemas.publishing.events import PublicationEvent
from schemas.reading import Question
from schemas.referral.state import ReferralStart
from schemas.result.state import ResultFact
from schemas.stream.restart import Restarted
from schemas.stream.snapshots import Snapshot
from tests.contract.kept import golden, golden_names

WITHIN: Final[dict[str, type[Model]]] = {
    "agency_calendar": Calendar,
    "filing_start": fl.FilingStart,
    "filing_result": fl.ResultView,
    "filing_state": fl.Filing,
    "snapshot": Snapshot,
    "fee_settled": fl.FeeFact,
    "fee_charged_back": fl.ChargeBackFact,
    "parcel_settled": fl.ParcelFact,
    "part_overdue": fl.OverduePartFact,
    "part_settled": fl.PartFact,
    "referral_start": ReferralStart,
    "payment_start": PaymentStart,
    "parcel_start": ParcelStart,
    "complaint_upheld": ComplaintFact,
    "act_stayed": StayFact,
    "stay_ended": StayEndFact,
    "refunded": GivenBack,
    "accepted": CaptureAccepted,
    "result_settled": ResultFact,
}
"""The models of the platform's internal messages, and of messages that have another name here."""
UNSAMPLED: Final = {"filing_input", "result_view", "event_actor", "procedure", "province"}
"""Messages without a sample of their own name: they are sampled under another name, inside others, or in the catalogue.
"""
MODELS: Final[dict[str, type[Model]]] = {
    message.name: message.event or message.model for message in PUBLIC_MESSAGES if message.name not in UNSAMPLED
} | WITHIN
SAMPLES: Final[dict[str, Any]] = {
    name: model.model_validate(golden(name)) for name, model in MODELS.items() if name in golden_names()
}
_OF_STREAMS: Final = tuple(sample for name, sample in SAMPLES.items() if name.startswith("event."))
PUBLICATIONS: Final[tuple[PublicationEvent, ...]] = tuple(
    event for event in _OF_STREAMS if isinstance(event, get_args(get_args(PublicationEvent)[0]))
)
BESIDE: Final = tuple(event for event in _OF_STREAMS if isinstance(event, Restarted))
"""The samples of `Restarted`, which belongs to no kind of stream and is not folded."""
EVENTS: Final[tuple[Any, ...]] = tuple(event for event in _OF_STREAMS if event not in (*PUBLICATIONS, *BESIDE))
COMMANDS: Final[tuple[cm.Command, ...]] = tuple(
    sample for name, sample in SAMPLES.items() if name.startswith("command.")
)
QUESTIONS: Final[tuple[Question, ...]] = tuple(
    sample.model_copy(update={"reason": None}) for name, sample in SAMPLES.items() if name.startswith("ask.")
)
OTHERS: Final[dict[str, Any]] = {name: SAMPLES[name] for name in SAMPLES if "." not in name}
SUBMISSION: Final = SAMPLES["submission"]
SNAPSHOT: Final[fl.Filing] = SAMPLES["filing_state"]
CLOCK: Final[fl.ClockState] = SAMPLES["clock_state"]
APPLICANT: Final = SUBMISSION.actor
FILE: Final = SUBMISSION.papers[0].file
