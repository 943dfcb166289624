"""How it changes who may speak to the platform: an operator adds, rotates, revokes; where it says so, by two."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints

from .base import AgencyCode, Instant, Key, Line, Model, StrictModel, unset
from .identity import KeyId, PrincipalFile, PrincipalKey
from .people import Actor


class ChangeKind(StrEnum):
    """What an operator has said."""

    ADD = "add"
    ROTATE = "rotate"
    REVOKE = "revoke"
    APPROVE = "approve"
    DECLINE = "decline"
    BY_TWO = "by_two"


class PrincipalCommand(StrictModel):
    """What an operator says. `command_id` is its identity."""

    command_id: Key
    actor: Actor


Proof = Annotated[str, StringConstraints(max_length=1024, pattern=r"^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$")]
"""A `Possession` as a compact JWS, signed by the key that is to be registered."""


class AddPrincipal(PrincipalCommand):
    """Register a program with its first key, or change what one may claim that is registered."""

    change: Literal["add"] = "add"
    reason: Line
    principal: PrincipalFile
    key: PrincipalKey | None = None
    proof: Proof | None = Field(default=None, exclude_if=unset)


class RotateKey(PrincipalCommand):
    """Add a key to a principal. The others end `overlap` hours after it begins, if they do not before."""

    change: Literal["rotate"] = "rotate"
    reason: Line
    principal: Key
    key: PrincipalKey
    overlap: int = Field(ge=0, le=24 * 366)
    proof: Proof | None = Field(default=None, exclude_if=unset)


class RevokeKey(PrincipalCommand):
    """Take a key back, or all keys of a principal, from now on."""

    change: Literal["revoke"] = "revoke"
    reason: Line
    principal: Key
    key_id: KeyId | None = None


class RequireTwo(PrincipalCommand):
    """Let what widens the register wait for a second operator from now on, or no longer: the latter waits itself."""

    change: Literal["by_two"] = "by_two"
    reason: Line
    on: bool


class ApproveChange(PrincipalCommand):
    """Approve what another asked for."""

    change: Literal["approve"] = "approve"
    asked: int = Field(ge=1)


class DeclineChange(PrincipalCommand):
    """Decline it."""

    change: Literal["decline"] = "decline"
    asked: int = Field(ge=1)
    reason: Line


Said = AddPrincipal | RotateKey | RevokeKey
"""What is said of one principal."""

Asked = Said | RequireTwo
"""What takes effect at once, or waits until another approves it."""

AnyPrincipalCommand = Asked | ApproveChange | DeclineChange

WHOLE_REGISTER: Final = "*"
"""Stands for the principal in a change that is about none."""


class PrincipalChange(Model):
    """A change in the register, the `n`-th: who said it, when and why.

    `waits` until another approves it; `asked` is what was approved or declined; `answer` what became of it. `by_two` is
    what was said of two operators; `principal` is `*` then.
    """

    n: int
    principal: str
    change: ChangeKind
    asked: int | None = None
    waits: bool
    officer: str
    agency: AgencyCode
    reason: str | None = None
    at: Instant
    answer: ChangeKind | None = None
    by_two: bool | None = None
