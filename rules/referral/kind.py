"""The descriptor of referrals as a kind of stream."""

from typing import Final

from rules.referral import fold, status
from rules.referral.commands import RULES
from rules.referral.evidence import answered_by, evidence
from rules.stream_kind import StreamKind, numbered
from schemas.referral import events
from schemas.referral.commands import REFERRAL_COMMANDS, RequestDecision
from schemas.referral.state import Referral, ReferralStart
from schemas.stream.snapshots import ReferralMemory
from schemas.translate import said

REFERRAL: Final = StreamKind(
    name="referral",
    workflow="Referral",
    state=Referral,
    events=events.ReferralEvent,
    first="referral_requested",
    initial=lambda origin: Referral(**numbered(origin)),
    rules=RULES,
    evolve=fold.evolve,
    standing=status.standing,
    rows=status.rows,
    start=ReferralStart,
    opening=lambda start: RequestDecision(command_id="request", start=start),
    commands=REFERRAL_COMMANDS,
    evidence_of=evidence,
    answered_by=answered_by,
    memory=ReferralMemory,
    shown=frozenset({events.ReferralOverdue, events.ReferralAnswered, events.ReferralCancelled}),
    tells=status.TELLS,
    title=said("many.referrals"),
)
