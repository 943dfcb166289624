"""How it changes who may speak to the platform: an operator adds, rotates or revokes; where it says so, by two."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, Literal

from pydantic import Field

from .base import AgencyCode, Instant, Key, Line, Model, StrictModel
from .identity import KeyId, PrincipalFile, PrincipalKey
from .people import Actor


class ChangeKind(StrEnum):
    """What an operator has said."""

    ADD = "add"
    ROTATE = "rotate"
    REVOKE = "revoke"
    APPROVE = "approve"
    DECLINE = "decline"


WIDENING: Final = frozenset({ChangeKind.ADD, ChangeKind.ROTATE})
"""What lets somebody speak who could not: these wait for a second one. To revoke, one is enough, at once."""


class PrincipalCommand(StrictModel):
    """What an operator says. `command_id` is its identity."""

    command_id: Key
    actor: Actor


class AddPrincipal(PrincipalCommand):
    """Register a program with its first key, or change what one may claim that is registered."""

    change: Literal["add"] = "add"
    reason: Line
    principal: PrincipalFile
    key: PrincipalKey | None = None


class RotateKey(PrincipalCommand):
    """Add a key to a principal. The others end `overlap` hours after it begins, if they do not before."""

    change: Literal["rotate"] = "rotate"
    reason: Line
    principal: Key
    key: PrincipalKey
    overlap: int = Field(ge=0, le=24 * 366)


class RevokeKey(PrincipalCommand):
    """Take a key back, or all keys of a principal, from now on."""

    change: Literal["revoke"] = "revoke"
    reason: Line
    principal: Key
    key_id: KeyId | None = None


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
AnyPrincipalCommand = Said | ApproveChange | DeclineChange


class PrincipalChange(Model):
    """A change in the register, the `n`-th: who said it, when and why.

    `waits` until another approves it; `asked` is what was approved or declined; `answer` what became of it.
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
