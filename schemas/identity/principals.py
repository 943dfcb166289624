"""Changes of the register of principals, by an operator; if two are required, a second operator approves."""

from enum import StrEnum
from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints

from ..base import AgencyCode, Instant, Key, Line, Model, unset
from ..people import OfficerCommand
from .statement import KeyId, PrincipalFile, PrincipalKey


class ChangeKind(StrEnum):
    """The act of an operator."""

    ADD = "add"
    ROTATE = "rotate"
    REVOKE = "revoke"
    APPROVE = "approve"
    DECLINE = "decline"
    BY_TWO = "by_two"


Proof = Annotated[str, StringConstraints(max_length=1024, pattern=r"^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$")]
"""A `Possession` as a compact JWS, signed by the key to register."""


class AddPrincipal(OfficerCommand):
    """Register a program with its first key, or change the claims of a registered one."""

    change: Literal["add"] = "add"
    reason: Line
    principal: PrincipalFile
    key: PrincipalKey | None = None
    proof: Proof | None = Field(default=None, exclude_if=unset)


class RotateKey(OfficerCommand):
    """Add a key to a principal. Each of its other keys ends `overlap` hours after the new key begins, or earlier."""

    change: Literal["rotate"] = "rotate"
    reason: Line
    principal: Key
    key: PrincipalKey
    overlap: int = Field(ge=0, le=24 * 366)
    proof: Proof | None = Field(default=None, exclude_if=unset)


class RevokeKey(OfficerCommand):
    """Revoke a key, or all keys of a principal, from now on."""

    change: Literal["revoke"] = "revoke"
    reason: Line
    principal: Key
    key_id: KeyId | None = None


class RequireTwo(OfficerCommand):
    """Require a second operator for changes that extend claims; or end this rule, with a second operator's approval."""

    change: Literal["by_two"] = "by_two"
    reason: Line
    on: bool


class ApproveChange(OfficerCommand):
    """Approve another operator's request."""

    change: Literal["approve"] = "approve"
    asked: int = Field(ge=1)


class DeclineChange(OfficerCommand):
    """Decline a request."""

    change: Literal["decline"] = "decline"
    asked: int = Field(ge=1)
    reason: Line


Said = AddPrincipal | RotateKey | RevokeKey
"""The commands about one principal."""

Asked = Said | RequireTwo
"""The commands that take effect at once, or after another operator's approval."""

AnyPrincipalCommand = Asked | ApproveChange | DeclineChange

WHOLE_REGISTER: Final = "*"
"""The `principal` of a change that concerns the whole register."""


class PrincipalChange(Model):
    """The `n`-th change of the register: its operator, time and reason.

    `waits`: this change is a request that needs another operator's approval; `answer`: the approval or the refusal.
    `asked`: the number of the request that this change approves or declines. `by_two`: whether a second operator is
    required from now on; then `principal` is `*`.
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
