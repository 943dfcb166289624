"""Refusals: each problem, its rule, its remedy, in Vietnamese and English. They never contain a personal value."""

from enum import StrEnum
from functools import lru_cache
from typing import Final

from pydantic import Field, ValidationError

from .base import Model, problems_of, unset
from .base import MotcuaError as MotcuaError
from .base import Problem as Problem
from .base import UnfitError as UnfitError
from .level import Channel, Level
from .translate import said
from .words.shape_errors import path as path

__all__ = ["OTHER_CONTENT", "OTHER_SUBMISSION", "MotcuaError", "Offer", "Problem", "Refusal", "RefusalCode"]
__all__ += ["RefusalError", "UnfitError", "problem"]


class RefusalCode(StrEnum):
    """Stable codes of refusals; over Temporal they are the `type` of the `ApplicationError`."""

    BAD_START = "bad_start"
    BAD_COMMAND = "bad_command"
    BAD_SUBMISSION = "bad_submission"
    NOT_ALLOWED = "not_allowed"
    CHANGED_MEANWHILE = "changed_meanwhile"
    NOT_AUTHORISED = "not_authorised"
    SAME_ID_OTHER_CONTENT = "same_id_other_content"
    NOT_READY = "not_ready"
    NOT_FOUND = "not_found"
    LEDGER_CONFLICT = "ledger_conflict"
    TOO_MANY = "too_many"
    INTERNAL = "internal_error"


class Offer(Model):
    """A level at which the same submission can be filed, and the changes of channel that this level needs."""

    level: Level
    """level at which the submission can be filed"""
    result_channel: Channel | None = None
    """new channel of the result; not set if the chosen channel fits this level"""
    fee_channel: Channel | None = None
    """new channel of the fee; not set if the chosen channel fits this level"""


class Refusal(Model):
    """The reasons for refusing a submission or a command.

    `allowed` are the names of the commands that the actor can give now. `offer` is a way to file a submission that
    lacks its signature. `again_in` are the seconds after which a program that has sent too much may send again.
    """

    code: RefusalCode
    """stable code of the refusal"""
    problems: tuple[Problem, ...]
    """each error, with the wrong field and the remedy"""
    allowed: tuple[str, ...] = ()
    """names of the commands that the actor could give now"""
    offer: Offer | None = None
    """a way to file the submission without the required signature; not set for any other refusal"""
    again_in: float | None = Field(default=None, ge=0, exclude_if=unset)
    """seconds after which the message may be sent again; only with the code `too_many`"""

    def __str__(self) -> str:
        said = "; ".join(f"{p.field}: {p.message.en} [{p.rule}]".removeprefix(": ") for p in self.problems)
        return f"{said} (allowed now: {', '.join(self.allowed)})" if self.allowed else said


class RefusalError(Exception):
    """The error of a refusal, raised by the rules; `refusal` has the problems."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(str(refusal))
        self.refusal = refusal


def refused(
    code: RefusalCode, *problems: Problem, allowed: tuple[str, ...] = (), offer: Offer | None = None
) -> RefusalError:
    """Returns the error that states this refusal; the caller raises it."""
    return RefusalError(Refusal(code=code, problems=problems, allowed=allowed, offer=offer))


def problem(field: str, rule: str, *, says: str | None = None, **values: object) -> Problem:
    """Returns a problem: `field` breaks `rule`.

    Its message is the catalogue's sentence with the key `says`, or with the key `rule` if `says` is None. The sentence
    is filled with `values`.
    """
    if not values:
        return _plain(field, rule, says or rule)
    return Problem(field=field, rule=rule, message=said(says or rule, **values))


@lru_cache(maxsize=1000)
def _plain(field: str, rule: str, says: str) -> Problem:
    """Returns a problem without values.

    Cached, since the guards of all commands create problems, and few of these are ever read.
    """
    return Problem(field=field, rule=rule, message=said(says))


def shape_refusal(code: RefusalCode, error: ValidationError) -> RefusalError:
    """Returns the refusal of input that does not fit its model: each wrong part with its rule, without its value."""
    return refused(code, *problems_of(error))


OTHER_CONTENT: Final = Refusal(
    code=RefusalCode.SAME_ID_OTHER_CONTENT, problems=(problem("command_id", "same_id_other_content"),)
)
OTHER_SUBMISSION: Final = Refusal(
    code=RefusalCode.SAME_ID_OTHER_CONTENT,
    problems=(problem("submission_id", "same_id_other_content", says="other_submission"),),
)
SUPERSEDED: Final = Refusal(code=RefusalCode.LEDGER_CONFLICT, problems=(problem("", "taken_over"),))
NOT_RECORDED: Final = Refusal(code=RefusalCode.BAD_START, problems=(problem("workflow_id", "nothing_recorded"),))
NOT_READY: Final = Refusal(code=RefusalCode.NOT_READY, problems=(problem("", "not_ready"),))
NOT_FOUND: Final = Refusal(code=RefusalCode.NOT_FOUND, problems=(problem("stream", "nothing_recorded"),))
