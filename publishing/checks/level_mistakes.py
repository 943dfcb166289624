"""The parts that a procedure of a level must not have, and the parts that it must have."""

from collections.abc import Iterator
from typing import Final

from publishing.checks.readable_parts import (
    FeeSketch,
    Listed,
    ProcedureSketch,
    ResultSketch,
    SignatureSketch,
    read,
    whole,
)
from rules.source import Mistake, mistake
from schemas.level import CAPABILITIES, Channel, Level
from schemas.publishing.fee import FeeDue
from schemas.publishing.procedure import Act

NOT_SKIPPED: Final = frozenset({Act.INSPECT, Act.CONSULT, Act.OBLIGATION, Act.REFER, Act.DRAFT})
"""Acts that must happen before a decision, so that a standing order can't replace them."""


def level_mistakes(parts: ProcedureSketch, level: Level) -> Iterator[Mistake]:
    """Every part that the level does not allow, and every missing one that it requires."""
    allowed = CAPABILITIES[level]
    fee = parts.fee if isinstance(parts.fee, FeeSketch) else FeeSketch()
    result = parts.result if isinstance(parts.result, ResultSketch) else ResultSketch()
    yield from _channels("fee", fee.channels, allowed.fee, level)
    yield from _channels("result", result.channels, allowed.result, level)
    partly = level is Level.ONLINE_FILING
    if partly is (parts.partial is None):
        yield mistake("partial_required" if partly else "partial_not_at_level", "partial")
    if isinstance(parts.signature, SignatureSketch):
        yield from _signature(parts.signature, fee, level)
    if fee.due is FeeDue.SUBMISSION and Channel.ONLINE not in allowed.filing:
        yield mistake("due_submission_needs_online_filing", "fee.due")
    yield from _without_officers(parts, level)


def _signature(signature: SignatureSketch, fee: FeeSketch, level: Level) -> Iterator[Mistake]:
    if signature.required is False and signature.unless:
        yield mistake("unless_nothing_required", "signature.unless")
    if signature.required is not True:
        return
    if not CAPABILITIES[level].signature:
        yield mistake("signature_not_allowed", "signature.required")
    online_only = whole(fee.channels) and list(read(fee.channels).values()) == [Channel.ONLINE]
    if level is Level.FULLY_ONLINE and online_only:
        yield mistake("unsigned_could_not_pay", "fee.channels")


def _without_officers(parts: ProcedureSketch, level: Level) -> Iterator[Mistake]:
    """The mistakes of decisions by order or silence, and of extensions, that the level or the steps do not allow."""
    if parts.automatic is not None:
        if Channel.ONLINE not in CAPABILITIES[level].filing:
            yield mistake("automatic_needs_online_filing", "automatic")
        if any(step.act in NOT_SKIPPED for step in read(parts.review).values()):
            yield mistake("automatic_skips_step", "automatic")
    if level is not Level.INFORMATION:
        return
    if parts.silent_approval is not None:
        yield mistake("silent_approval_not_at_level_1", "silent_approval")
    if parts.extension is not None and parts.review == ():
        yield mistake("extension_needs_review", "extension")


def _channels(part: str, offered: Listed[Channel], allowed: frozenset[Channel], level: Level) -> Iterator[Mistake]:
    words = ", ".join(sorted(allowed))
    named = read(offered)
    for n, channel in named.items():
        if channel not in allowed:
            yield mistake(f"{part}_channel_not_allowed", f"{part}.channels[{n}]", level=int(level), allowed=words)
    if level is Level.FULLY_ONLINE and named and whole(offered) and Channel.ONLINE not in named.values():
        yield mistake(f"{part}_must_offer_online", f"{part}.channels")
