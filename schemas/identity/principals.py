"""Changes of the register of principals (registered programs), by an operator.

The first programs are registered in one act. From then on, a second operator must approve changes that extend claims.
"""

from enum import StrEnum
from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints

from ..base import AgencyCode, Instant, Key, Line, Model, StrictModel, unset
from ..people import OfficerCommand
from .statement import KeyId, PrincipalFile, PrincipalKey


class ChangeKind(StrEnum):
    """The kind of a change of the register. `begin`: its first programs are registered."""

    BEGIN = "begin"
    ADD = "add"
    ROTATE = "rotate"
    REVOKE = "revoke"
    APPROVE = "approve"
    DECLINE = "decline"


Proof = Annotated[str, StringConstraints(max_length=1024, pattern=r"^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$")]
"""The signed form of a `Possession`: a compact JWS by the key that is to be registered."""


class AddPrincipal(OfficerCommand):
    """Register a program with its first key, or change the claims of a registered program."""

    change: Literal["add"] = "add"
    reason: Line
    principal: PrincipalFile
    key: PrincipalKey | None = None
    proof: Proof | None = Field(default=None, exclude_if=unset)


class RotateKey(OfficerCommand):
    """Add a key to a principal. Each older key ends at most `overlap` hours after the new key begins."""

    change: Literal["rotate"] = "rotate"
    reason: Line
    principal: Key
    key: PrincipalKey
    overlap: int = Field(ge=0, le=24 * 366)
    proof: Proof | None = Field(default=None, exclude_if=unset)


class RevokeKey(OfficerCommand):
    """Revoke the key `key_id` of a principal from now on, or all its keys if `key_id` is None."""

    change: Literal["revoke"] = "revoke"
    reason: Line
    principal: Key
    key_id: KeyId | None = None


class FirstProgram(StrictModel):
    """One of the first programs of the register, with its key and the proof that it holds the key."""

    principal: PrincipalFile
    key: PrincipalKey
    proof: Proof


class BeginRegister(OfficerCommand):
    """Register the first programs of an empty register; at least two of them may speak for operators."""

    change: Literal["begin"] = "begin"
    reason: Line
    programs: tuple[FirstProgram, ...] = Field(min_length=2, max_length=10)


class ApproveChange(OfficerCommand):
    """Approve another operator's request. `asked` is the number of the request."""

    change: Literal["approve"] = "approve"
    asked: int = Field(ge=1)


class DeclineChange(OfficerCommand):
    """Decline a request. `asked` is the number of the request."""

    change: Literal["decline"] = "decline"
    asked: int = Field(ge=1)
    reason: Line


PrincipalCommand = AddPrincipal | RotateKey | RevokeKey
"""The commands about one principal."""

AnyPrincipalCommand = PrincipalCommand | BeginRegister | ApproveChange | DeclineChange

WHOLE_REGISTER: Final = "*"
"""The `principal` of a change that concerns the whole register."""


class PrincipalChange(Model):
    """The `n`-th change of the register: its operator, time and reason.

    `waits`: whether this change is a request that needs another operator's approval. `answer` is the approval or the
    refusal of this request; None while there is none. `asked` is the number of the request that this change approves or
    declines; None for any other change. For the register's beginning, `principal` is `*`.
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
