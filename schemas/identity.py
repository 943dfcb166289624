"""Who is speaking: the programs that may speak to the platform, and the statement that each signs of what it sends."""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Annotated, Any, Final, Literal

from pydantic import Field, StringConstraints, model_validator

from .base import AgencyCode, Instant, Key, Line, Model, Sha256, StrictModel, Subject, unset
from .ids import digest
from .people import OFFICERS, Actor, Role
from .publishing.procedure import ProcedureCode

STATEMENT_TYPE: Final = "motcua-statement+jwt"
"""The `typ` in the header of a statement: nothing else that a key has signed passes for one."""

ALGORITHMS: Final = ("Ed25519", "EdDSA")
"""The `alg` in its header: two names of the same, of RFC 9864 and of RFC 8037, always with a key on Ed25519."""

MAX_STATEMENT: Final = 4096
"""Characters of a signed statement."""

LONGEST_LIFE: Final = 300
"""Seconds from `iat` to `exp`, at most."""

ALL_AGENCIES: Final = "*"

PublicKey = Annotated[str, StringConstraints(max_length=43, pattern=r"^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$")]
"""An ed25519 public key: its 32 bytes in base64url, which is `x` of the key as JWK."""

KeyId = Annotated[str, StringConstraints(max_length=43, pattern=r"^[A-Za-z0-9_-]{43}$")]
"""What a key is known by: its thumbprint by RFC 7638, which follows from the key."""


def key_id(public_key: PublicKey) -> KeyId:
    """The thumbprint of an ed25519 public key (RFC 7638, SHA-256, base64url)."""
    jwk = f'{{"crv":"Ed25519","kty":"OKP","x":"{public_key}"}}'
    return urlsafe_b64encode(hashlib.sha256(jwk.encode()).digest()).rstrip(b"=").decode()


SignedStatement = Annotated[
    str, StringConstraints(max_length=MAX_STATEMENT, pattern=r"^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$")
]
"""A statement of who is speaking, as a compact JWS: what a message carries as its `statement`."""


class PrincipalKind(StrEnum):
    """What a program that speaks to the platform is."""

    PORTAL = "portal"
    DESK = "desk"
    SOFTWARE = "software"
    BACK_OFFICE = "back_office"
    OPERATION = "operation"


class Claim(StrEnum):
    """Whom a principal may speak for.

    `own` are applicants and representatives, of what it has filed itself; `officers` those of an agency; `desk` those
    of them who receive, take cash and hand over.
    """

    OWN = "own"
    OFFICERS = "officers"
    DESK = "desk"
    OPERATOR = "operator"
    AUDITOR = "auditor"


class Assurance(IntEnum):
    """How surely it is known who the human is (NĐ 69/2024/NĐ-CP): the higher, the surer. `acr` holds it as a text."""

    LOW = 1
    TWO_FACTORS = 2
    BIOMETRIC = 3
    STRONGEST = 4


CLAIMED: Final[Mapping[Claim, frozenset[Role]]] = {
    Claim.OWN: frozenset({Role.APPLICANT, Role.REPRESENTATIVE}),
    Claim.OFFICERS: OFFICERS - {Role.OPERATOR, Role.AUDITOR},
    Claim.DESK: frozenset({Role.RECEPTION, Role.CASHIER, Role.HANDOVER}),
    Claim.OPERATOR: frozenset({Role.OPERATOR}),
    Claim.AUDITOR: frozenset({Role.AUDITOR}),
}
"""The roles that may be claimed. The system is nobody's to claim."""


class Grant(StrictModel):
    """Something that a principal may claim.

    `agencies` are whose officers they are, `*` for all of them; none for applicants. Without `procedures` it is for all
    of them. The human must have been authenticated with at least this `assurance`.
    """

    claim: Claim
    agencies: tuple[AgencyCode | Literal["*"], ...] = Field(default=(), max_length=1000)
    procedures: tuple[ProcedureCode, ...] = Field(default=(), max_length=1000)
    assurance: Assurance

    @model_validator(mode="after")
    def _of_agencies(self) -> Grant:
        if (self.claim is Claim.OWN) is bool(self.agencies):
            msg = "officers are of `agencies`, applicants of none"
            raise ValueError(msg)
        return self


class PrincipalKey(Model):
    """A public key of a principal: what is signed from `valid_from` on, before `valid_until`, until it is revoked."""

    public_key: PublicKey
    valid_from: Instant
    valid_until: Instant
    revoked_at: Instant | None = Field(default=None, exclude_if=unset)

    @property
    def key_id(self) -> KeyId:
        """Its thumbprint."""
        return key_id(self.public_key)

    @model_validator(mode="after")
    def _in_order(self) -> PrincipalKey:
        if self.valid_until <= self.valid_from:
            msg = "a key ends after it begins"
            raise ValueError(msg)
        return self


class PrincipalFile(StrictModel):
    """What is said of a principal: who it is, and what it may claim. The file that `motcua principals add` takes."""

    id: Key
    name: Line
    kind: PrincipalKind
    agency: AgencyCode | None = None
    grants: tuple[Grant, ...] = Field(min_length=1, max_length=100)


class Principal(PrincipalFile):
    """A registered program, with its keys. `agency` is whose it is, if an agency's."""

    keys: tuple[PrincipalKey, ...] = ()


Acr = Literal["1", "2", "3", "4"]
Method = Annotated[str, StringConstraints(max_length=16, pattern=r"^[a-z0-9_-]{1,16}$")]
Seconds = Annotated[int, Field(strict=True, ge=0, lt=1 << 37)]
"""Since 1970, UTC (`NumericDate` of RFC 7519), in whole seconds."""


class IdentityStatement(Model):
    """What a principal signs of a message, so that it is known later who claimed what. It is no part of the message.

    Attributes:
        iss: The principal that speaks. Which of its keys has signed stands in the header, as `kid`.
        aud: The installation that is spoken to; see `audience`.
        iat: When it was signed.
        exp: From when on it is not taken any more: at most 300 seconds later.
        actor: Who acts, as the principal has authenticated them.
        on_behalf_of: The subject for whom the actor acts.
        act: What is done: `submit`, the kind of a command, or `ask.` and the question: `accept`, `ask.timeline`.
        stream: What it is done to: `filing:<uuid>`, also of one that is being submitted; None for a list of many.
        command_id: That of the command; None of a submission and a question.
        content: SHA-256 of the message as it is sent, as RFC 8785 JSON; see `message_digest`.
        acr: How surely the human is known, "1" to "4".
        amr: How they were authenticated, in the words of RFC 8176: `pwd`, `otp`, `hwk`, `face`.
        auth_time: When they were.
    """

    iss: Key
    aud: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,255}$")
    iat: Seconds
    exp: Seconds
    actor: Actor
    on_behalf_of: Subject | None = Field(default=None, exclude_if=unset)
    act: str = Field(pattern=r"^[a-z][a-z_.]{0,63}$")
    stream: str | None = Field(default=None, exclude_if=unset, pattern=r"^[^\x00-\x1f\x7f]{1,128}$")
    command_id: Key | None = Field(default=None, exclude_if=unset)
    content: Sha256
    acr: Acr
    amr: tuple[Method, ...] = Field(min_length=1, max_length=8)
    auth_time: Seconds

    @property
    def assurance(self) -> Assurance:
        """How surely the human is known."""
        return Assurance(int(self.acr))


class Message(Model):
    """What a statement has to be about: a message as it has come in, and who has filed what it is about.

    `filed_by` is the principal that has filed the filing; of a submission the one that it says it came by.
    """

    audience: str
    act: str
    actor: Actor
    on_behalf_of: str | None = None
    stream: str | None = None
    command_id: str | None = None
    content: Sha256
    procedure: ProcedureCode | None = None
    filed_by: str | None = None


class Verified(Model):
    """A statement that holds: by which key, and its digest, which the log records. The statement itself is sealed."""

    statement: IdentityStatement
    key_id: KeyId
    sha256: Sha256


def audience(namespace: str) -> str:
    """The installation behind a namespace of Temporal, as a statement names it."""
    return f"motcua:{namespace}"


def message_digest(message: Mapping[str, Any]) -> Sha256:
    """SHA-256 of a command, a submission or a question as it is sent, without its `statement`, as RFC 8785 JSON.

    Raises `ValueError` for what has no such form.
    """
    return digest({name: value for name, value in message.items() if name != "statement"})


def seconds(moment: datetime) -> int:
    """An instant as a statement has it."""
    return int(moment.timestamp())
