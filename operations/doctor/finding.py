"""The result of a check."""

from dataclasses import dataclass
from enum import StrEnum

from schemas.base import Text
from schemas.translate import said


class Health(StrEnum):
    """The health of a thing. `SKIPPED`: not checked, since it depends on something that failed."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Finding:
    """The health of one thing, and the remedy if it is not well. Has no secrets and no personal data."""

    health: Health
    what: Text
    fix: Text | None = None


def ok(key: str, **values: object) -> Finding:
    """Returns a finding that all is well. Its sentence has this key, and is filled with the `values`."""
    return Finding(Health.OK, said(key, **values))


def skipped(key: str, **values: object) -> Finding:
    """Returns the finding of a skipped check, with the reason."""
    return Finding(Health.SKIPPED, said(key, **values))


def warn(key: str, *, fix: str | None = None, **values: object) -> Finding:
    """Returns a warning: it works, but not well, or not for long.

    The remedy's key is `fix`, or this key with `.fix`.
    """
    return Finding(Health.WARN, said(key, **values), said(fix or f"{key}.fix", **values))


def fail(key: str, *, fix: str | None = None, **values: object) -> Finding:
    """Returns a failure: the platform can't work like this. The remedy's key is as in `warn`."""
    return Finding(Health.FAIL, said(key, **values), said(fix or f"{key}.fix", **values))
