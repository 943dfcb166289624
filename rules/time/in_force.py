"""The validity of rules, from a first day to a last day, both included."""

from datetime import date
from typing import TypeAlias

from schemas.base import Text
from schemas.publishing.fee import FeeItem, WaiverRule
from schemas.publishing.procedure import Term
from schemas.publishing.procedure_rules import FeeItemPart, WaiverPart
from schemas.translate import said

InForce: TypeAlias = FeeItem | FeeItemPart | Term | WaiverPart | WaiverRule
"""A rule that is valid on certain days; without a first day it was always valid, without a last day it has no end."""


def in_force(rule: InForce, day: date) -> bool:
    """Whether the rule is in force on `day`."""
    begun = rule.valid_from is None or rule.valid_from <= day
    return begun and (rule.valid_until is None or day <= rule.valid_until)


def validity_in_words(rule: InForce) -> Text | None:
    """The validity in words: `từ ngày 15/8/2026 đến hết ngày 28/2/2027`; None for a rule that is always in force."""
    since, until = (day and _day(day) for day in (rule.valid_from, rule.valid_until))
    if since and until:
        return said("validity", since=since, until=until)
    if since:
        return said("validity_from", since=since)
    return said("validity_until", until=until) if until else None


def _day(day: date) -> Text:
    return Text(vi=f"{day.day}/{day.month}/{day.year}", en=f"{day.day} {day:%B} {day.year}")
