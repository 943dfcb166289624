"""Refusals: what was wrong, by which rule, and what to do, in Vietnamese and English. Never a personal value."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from pydantic import ValidationError

from .base import Model, Text


class Problem(Model):
    """One thing wrong. `field` is a path such as `papers[0].file`; `rule` a stable code; `message` says what to do."""

    field: str
    rule: str
    message: Text


class RefusalCode(StrEnum):
    """Stable codes of refusals; over Temporal they are the `type` of the `ApplicationError`."""

    BAD_START = "bad_start"
    BAD_COMMAND = "bad_command"
    BAD_SUBMISSION = "bad_submission"
    NOT_ALLOWED = "not_allowed"
    NOT_AUTHORISED = "not_authorised"
    SAME_ID_OTHER_CONTENT = "same_id_other_content"
    NOT_READY = "not_ready"
    LEDGER_CONFLICT = "ledger_conflict"
    INTERNAL = "internal_error"


class Refusal(Model):
    """Why a submission or a command was refused. `allowed` names the actions open to the actor now."""

    code: RefusalCode
    problems: tuple[Problem, ...]
    allowed: tuple[str, ...] = ()

    def __str__(self) -> str:
        said = "; ".join(f"{p.field}: {p.message.en} [{p.rule}]".removeprefix(": ") for p in self.problems)
        return f"{said} (allowed now: {', '.join(self.allowed)})" if self.allowed else said


class Refused(Exception):  # noqa: N818 -- a refusal is an answer, not an error
    """Raised by the rules; carries the refusal."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(str(refusal))
        self.refusal = refusal


def refused(code: RefusalCode, *problems: Problem, allowed: tuple[str, ...] = ()) -> Refused:
    """A refusal to raise."""
    return Refused(Refusal(code=code, problems=problems, allowed=allowed))


def problem(field: str, rule: str, vi: str, en: str) -> Problem:
    """One thing wrong with `field`, by `rule`, in both languages."""
    return Problem(field=field, rule=rule, message=Text(vi=vi, en=en))


def path(loc: tuple[Any, ...]) -> str:
    """A pydantic location as a path: `("papers", 0, "file")` → `papers[0].file`."""
    parts = [f"[{part}]" if isinstance(part, int) else f".{part}" for part in loc]
    return "".join(parts).removeprefix(".")


def shape_refusal(code: RefusalCode, error: ValidationError) -> Refused:
    """A refusal for input that does not fit its model: each place and rule, never the value."""
    return refused(
        code,
        *(
            problem(
                path(tuple(e["loc"])),
                e["type"],
                f"không hợp lệ: {e['msg']}",
                e["msg"],
            )
            for e in error.errors(include_input=False, include_url=False, include_context=False)
        ),
    )
