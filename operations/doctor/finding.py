"""What a look at one thing brings."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from schemas.base import Text
from schemas.saying import said


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


def ok(key: str, **values: object) -> Finding:
    """It is well, in the sentence of this key in which the `values` stand."""
    return Finding(Health.OK, said(key, **values))


def skipped(key: str, **values: object) -> Finding:
    """It was not looked at, and why."""
    return Finding(Health.SKIPPED, said(key, **values))


def warn(key: str, *, fix: str | None = None, **values: object) -> Finding:
    """It works, but not for long or not well. What to do stands under the key `fix`, or under this one with `.fix`."""
    return Finding(Health.WARN, said(key, **values), said(fix or f"{key}.fix", **values))


def fail(key: str, *, fix: str | None = None, **values: object) -> Finding:
    """The platform can't work like this. What to do stands where it does for `warn`."""
    return Finding(Health.FAIL, said(key, **values), said(fix or f"{key}.fix", **values))
