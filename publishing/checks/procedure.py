"""The checks of a procedure file before it is published: its form, its cross-references, the rules of its level."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Final

from publishing.checks import readable_parts as rp
from publishing.checks.condition_mistakes import condition_mistakes
from publishing.checks.facts import fact_mistakes
from publishing.checks.fee_mistakes import fee_mistakes, result_mistakes, reversed_validity
from publishing.checks.list_mistakes import form_mistakes, ground_mistakes, list_mistakes
from publishing.checks.prose_mistakes import prose_mistakes
from publishing.checks.readable_parts import UNREAD, read, whole
from publishing.checks.schema_mistakes import schema_mistakes
from rules.source import Mistake, elsewhere, mistake, parts_of, plain
from schemas.level import CAPABILITIES, Channel, Level
from schemas.limit import Limit, Unit
from schemas.people import Role
from schemas.publishing.fee import FeeDue
from schemas.publishing.procedure import Act, Procedure
from schemas.publishing.time_limits import SUSPENSION

_MOST_AMOUNT: Final = 10_000
"""The maximum number of working days in a limit, about forty years: holidays are not known for longer."""
_SAME_DAY: Final = frozenset({Unit.WORKING_DAYS, Unit.CALENDAR_DAYS})
_BEFORE_THE_END: Final = frozenset({"limits.reminder", "limits.apology", "limits.notice"})
_NOT_NOTHING: Final = _BEFORE_THE_END | {
    "limits.reappointment",
    "limits.reading",
    "limits.unclaimed",
    "limits.suspensions",
    "succession.limit",
}
_LIKE_PROCESSING: Final = ("limits.reappointment", "limits.longest", "extension.by", "cases[")
"""The beginnings of the paths of limits that extend, replace or bound the processing limit."""
_HOURS: Final = {Unit.WORKING_HOURS: 1, Unit.WORKING_DAYS: 8}


def problems(raw: object, *, allow_seconds: bool = False, today: date | None = None) -> list[Mistake]:
    """Returns every mistake of a procedure as read from a file. If there is none, the procedure may be published.

    `allow_seconds` permits limits in seconds, for demonstrations. A check dated after `today` is a mistake; without
    `today`, any date is allowed.
    """
    if not isinstance(raw, dict):
        return [mistake("not_a_mapping", "")]
    found: list[Mistake] = []
    value = plain(raw, "", found)
    found += [mistake("required", path) for path, part in parts_of(value) if isinstance(part, str) and not part.strip()]
    if isinstance(value.get("level"), bool | float):  # pydantic takes true for 1
        found.append(mistake("not_allowed_value", "level", allowed=", ".join(str(int(level)) for level in Level)))
    misfits = list(schema_mistakes(Procedure, value))
    found.extend(elsewhere(misfits, found))
    raw_json = json.dumps(value)
    found.extend(
        elsewhere(_across(rp.ProcedureSketch.model_validate_json(raw_json), allow_seconds=allow_seconds), found)
    )
    procedure = None if misfits else Procedure.model_validate_json(raw_json)
    found.extend(elsewhere(prose_mistakes(value, procedure), found))
    found.extend(elsewhere(fact_mistakes(value, today), found))
    return list({(entry.path, entry.rule): entry for entry in found}.values())


def _across(parts: rp.ProcedureSketch, *, allow_seconds: bool) -> Iterator[Mistake]:
    yield from list_mistakes(parts)
    if isinstance(parts.validity, rp.ValiditySketch):
        if parts.validity.valid_from is None and parts.validity.valid_until is None:
            yield mistake("validity_without_day", "validity")
        yield from reversed_validity(parts.validity, "validity")
    yield from form_mistakes(parts)
    yield from ground_mistakes(parts)
    yield from condition_mistakes(parts)
    yield from _time_limits(rp.limits(parts), allow_seconds=allow_seconds)
    yield from _review(parts)
    yield from fee_mistakes(parts)
    yield from result_mistakes(parts)
    yield from _extension(parts)
    yield from _retention(parts)
    if isinstance(parts.level, Level):
        yield from level_mistakes(parts, parts.level)


def _time_limits(read_limits: Mapping[str, Limit], *, allow_seconds: bool) -> Iterator[Mistake]:
    processing = read_limits.get("limits.processing")
    suspension = read_limits.get("limits.suspension", SUSPENSION)
    for path, limit in read_limits.items():
        if path == "limits.suspensions" and limit.unit is not suspension.unit:
            yield mistake("unit_of_suspension", path, unit=suspension.unit)
        elif limit.unit is Unit.SECONDS and not allow_seconds:
            yield mistake("seconds_not_allowed", path)
        elif limit.unit is not Unit.SECONDS and limit.amount > _MOST_AMOUNT:
            yield mistake("limit_too_long", path, limit=_MOST_AMOUNT)
        elif limit.amount == 0 and limit.unit not in _SAME_DAY:
            yield mistake("limit_zero", path)
        elif limit.amount == 0 and path in _NOT_NOTHING:
            yield mistake("limit_of_nothing", path)
        elif path in _BEFORE_THE_END and processing is not None and _as_long_as(limit, processing):
            yield mistake("notice_not_shorter", path)
        elif path.startswith(_LIKE_PROCESSING) and processing is not None and limit.unit is not processing.unit:
            yield mistake("unit_of_processing", path, unit=processing.unit)


def _review(parts: rp.ProcedureSketch) -> Iterator[Mistake]:
    steps = read(parts.review)
    for n, step in steps.items():
        yield from _step(step, f"review[{n}]")
        yield from _if_needed(step, f"review[{n}]")
    acts = [step.act for step in steps.values()]
    if not whole(parts.review) or UNREAD in acts:
        return
    if acts:
        yield from _acts(acts)
    elif isinstance(parts.level, Level) and parts.level > Level.INFORMATION:
        yield mistake("review_required", "review")
    if parts.silent_approval is not None and Act.REFER in acts:
        yield mistake("silent_approval_skips_part", "silent_approval")


def _acts(acts: Sequence[object]) -> Iterator[Mistake]:
    if acts.count(Act.DECIDE) != 1:
        yield mistake("decide_exactly_once", "review")
    elif acts[-1] is not Act.DECIDE:
        yield mistake("decide_not_last", f"review[{acts.index(Act.DECIDE)}].act")
    if acts.count(Act.PROPOSE) != 1:
        yield mistake("propose_exactly_once", "review")


def _step(step: rp.StepSketch, path: str) -> Iterator[Mistake]:
    if step.act is Act.DECIDE and step.role not in {Role.LEADER, UNREAD}:
        yield mistake("decide_by_leader", f"{path}.role")
    if step.act in NOT_SKIPPED and step.role is Role.LEADER:
        yield mistake("step_not_by_leader", f"{path}.role")
    if step.act is UNREAD:
        return
    own = (("consult", Act.CONSULT), ("obligation", Act.OBLIGATION), ("referral", Act.REFER), ("draft", Act.DRAFT))
    for name, act in own:
        own_act = step.act is act
        if own_act is (getattr(step, name) is None):
            yield mistake(f"{name}_required" if own_act else f"{name}_not_for_act", f"{path}.{name}")


def _if_needed(step: rp.StepSketch, path: str) -> Iterator[Mistake]:
    if step.if_needed is True and step.act not in {Act.INSPECT, Act.CONSULT, UNREAD}:
        yield mistake("if_needed_not_for_act", f"{path}.if_needed")


def _extension(parts: rp.ProcedureSketch) -> Iterator[Mistake]:
    if not isinstance(parts.extension, rp.ExtensionSketch):
        return
    by, notice = parts.extension.by, parts.extension.notice
    if isinstance(by, Limit) and by.amount == 0 and by.unit in _SAME_DAY:
        yield mistake("extension_by_nothing", "extension.by")
    processing = rp.limits(parts).get("limits.processing")
    if processing is not None and isinstance(notice, Limit) and _as_long_as(notice, processing):
        yield mistake("notice_not_shorter", "extension.notice")


def _retention(parts: rp.ProcedureSketch) -> Iterator[Mistake]:
    if not isinstance(parts.retention, rp.RetentionSketch):
        return
    keep, erase = parts.retention.keep_years, parts.retention.erase_years
    if keep is None and erase is None:
        yield mistake("retention_says_nothing", "retention")
    elif isinstance(keep, int) and isinstance(erase, int) and erase < keep:
        yield mistake("erased_while_kept", "retention.erase_years")


def _as_long_as(notice: Limit, processing: Limit) -> bool:
    """Whether the limit `notice` is as long as `processing` or longer; False if their units can't be compared."""
    if notice.unit in _HOURS and processing.unit in _HOURS:
        return notice.amount * _HOURS[notice.unit] >= max(processing.amount * _HOURS[processing.unit], 1)
    never_shorter = (notice.unit, processing.unit) == (Unit.WORKING_DAYS, Unit.CALENDAR_DAYS)
    return (notice.unit is processing.unit or never_shorter) and notice.amount >= max(processing.amount, 1)


NOT_SKIPPED: Final = frozenset({Act.INSPECT, Act.CONSULT, Act.OBLIGATION, Act.REFER, Act.DRAFT})
"""Acts that must happen before a decision, so that a standing order can't replace them."""


def level_mistakes(parts: rp.ProcedureSketch, level: Level) -> Iterator[Mistake]:
    """Yields the mistakes of parts that the level does not allow, and of missing parts that it requires."""
    allowed = CAPABILITIES[level]
    fee = parts.fee if isinstance(parts.fee, rp.FeeSketch) else rp.FeeSketch()
    result = parts.result if isinstance(parts.result, rp.ResultSketch) else rp.ResultSketch()
    yield from _channels("fee", fee.channels, allowed.fee, level)
    yield from _channels("result", result.channels, allowed.result, level)
    partly = level is Level.ONLINE_FILING
    if partly is (parts.partial is None):
        yield mistake("partial_required" if partly else "partial_not_at_level", "partial")
    if isinstance(parts.signature, rp.SignatureSketch):
        yield from _signature(parts.signature, fee, level)
    if parts.paper_on_incident is not None and Channel.ONLINE not in allowed.filing:
        yield mistake("incident_needs_online_filing", "paper_on_incident")
    if fee.due is FeeDue.SUBMISSION and Channel.ONLINE not in allowed.filing:
        yield mistake("due_submission_needs_online_filing", "fee.due")
    yield from _without_officers(parts, level)


def _signature(signature: rp.SignatureSketch, fee: rp.FeeSketch, level: Level) -> Iterator[Mistake]:
    if signature.required is False and signature.unless:
        yield mistake("unless_nothing_required", "signature.unless")
    if signature.required is not True:
        return
    if not CAPABILITIES[level].signature:
        yield mistake("signature_not_allowed", "signature.required")
    online_only = whole(fee.channels) and list(read(fee.channels).values()) == [Channel.ONLINE]
    if level is Level.FULLY_ONLINE and online_only:
        yield mistake("unsigned_could_not_pay", "fee.channels")


def _without_officers(parts: rp.ProcedureSketch, level: Level) -> Iterator[Mistake]:
    """Yields the mistakes of standing orders, silent approval and extensions that the level or steps do not allow."""
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


def _channels(part: str, offered: rp.Listed[Channel], allowed: frozenset[Channel], level: Level) -> Iterator[Mistake]:
    words = ", ".join(sorted(allowed))
    named = read(offered)
    for n, channel in named.items():
        if channel not in allowed:
            yield mistake(f"{part}_channel_not_allowed", f"{part}.channels[{n}]", level=int(level), allowed=words)
    if level is Level.FULLY_ONLINE and named and whole(offered) and Channel.ONLINE not in named.values():
        yield mistake(f"{part}_must_offer_online", f"{part}.channels")
