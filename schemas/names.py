"""The names of roles, stages, acts, channels and agencies for people, so that no sentence shows a code."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final

from .base import Text
from .complaint.state import ComplaintState, NotTakenUp
from .files import DocumentType, ScanState
from .filing.events import PaymentMeans
from .filing.state import Stage
from .level import Channel
from .people import Role
from .publishing.fact import AgencyKind
from .publishing.procedure import Act
from .signature import SignatureOutcome
from .translate import joined, said

__all__ = ["COMPLAINT_STATE_NAMES", "SCAN_STATE_NAMES", "SIGNATURE_OUTCOME_NAMES"]

ROLE_NAMES: Final[Mapping[StrEnum, Text]] = {role: said(f"role.{role}") for role in Role}
STAGE_NAMES: Final[Mapping[StrEnum, Text]] = {stage: said(f"stage.{stage}") for stage in Stage}
ACT_NAMES: Final[Mapping[StrEnum, Text]] = {act: said(f"step_act.{act}") for act in Act}
CHANNEL_NAMES: Final[Mapping[StrEnum, Text]] = {channel: said(f"channel.{channel}") for channel in Channel}
COMPLAINT_STATE_NAMES: Final[Mapping[StrEnum, Text]] = {
    state: said(f"complaint_state.{state}") for state in ComplaintState
}
NOT_TAKEN_UP_NAMES: Final[Mapping[StrEnum, Text]] = {one: said(f"complaint_ground.{one}") for one in NotTakenUp}
DOCUMENT_TYPE_NAMES: Final[Mapping[StrEnum, Text]] = {one: said(f"document_type.{one}") for one in DocumentType}
SCAN_STATE_NAMES: Final[Mapping[StrEnum, Text]] = {state: said(f"scan_state.{state}") for state in ScanState}
SIGNATURE_OUTCOME_NAMES: Final[Mapping[StrEnum, Text]] = {
    outcome: said(f"signature_outcome.{outcome}") for outcome in SignatureOutcome
}
MEANS_NAMES: Final[Mapping[StrEnum, Text]] = {means: said(f"payment_means.{means}") for means in PaymentMeans}
AGENCY_KIND_NAMES: Final[Mapping[StrEnum, Text]] = {kind: said(f"agency_kind.{kind}") for kind in AgencyKind}


def listed(names: Mapping[StrEnum, Text], of: Iterable[StrEnum]) -> Text:
    """Returns the names of these values, in this order; a dash if there are no values."""
    return joined(names[one] for one in of)
