"""What a look at one thing brings."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from schemas.base import Text


class Health(StrEnum):
    """How a thing is. What stands on something that fails is not looked at."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Finding:
    """How one thing is, and what to do about it if it is not well. Holds no secret and nothing of a person."""

    health: Health
    what: Text
    fix: Text | None = None


def ok(vi: str, en: str) -> Finding:
    """It is well."""
    return Finding(Health.OK, Text(vi=vi, en=en))


def skipped(vi: str, en: str) -> Finding:
    """It was not looked at, and why."""
    return Finding(Health.SKIPPED, Text(vi=vi, en=en))


def warn(vi: str, en: str, *, fix_vi: str, fix_en: str) -> Finding:
    """It works, but not for long or not well."""
    return Finding(Health.WARN, Text(vi=vi, en=en), Text(vi=fix_vi, en=fix_en))


def fail(vi: str, en: str, *, fix_vi: str, fix_en: str) -> Finding:
    """The platform can't work like this."""
    return Finding(Health.FAIL, Text(vi=vi, en=en), Text(vi=fix_vi, en=fix_en))
