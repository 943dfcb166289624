"""Who is speaking: the programs that may speak to the platform, and the statement that each signs of what it sends."""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum
from functools import lru_cache
from typing import Annotated, Any, Final, Literal, NamedTuple

from pydantic import Field, StringConstraints, model_validator

from .base import AgencyCode, Instant, Key, Line, Model, Sha256, StrictModel, Subject, unset
from .compact import read
from .ids import digest
from .people import OFFICERS, Actor, Role
from .publishing.procedure import ProcedureCode

STATEMENT_TYPE: Final = "motcua-statement+jwt"
"""The `typ` in the header of a statement: nothing else that a key has signed passes for one."""

POSSESSION_TYPE: Final = "motcua-possession+jwt"
"""The `typ` in the header of a proof that somebody has a key; see `Possession`."""

MAX_STATEMENT: Final = 4096
"""Characters of a signed statement."""

LONGEST_LIFE: Final = 300
"""Seconds from `iat` to `exp`, at most."""

ALL_AGENCIES: Final = "*"

UNNAMED: Final = "default"
"""What an installation is called that has no name of its own."""

SUBMIT: Final = "submit"
COMPLAIN: Final = "complain"
"""What is said to be done by who begins a filing, or a complaint."""

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
    of them. The human must have been authenticated with at least this `assurance`. `predecessors` are the programs
    whose filings this one goes on with, by what the record has as their `via`.
    """

    claim: Claim
    agencies: tuple[AgencyCode | Literal["*"], ...] = Field(default=(), max_length=1000)
    procedures: tuple[ProcedureCode, ...] = Field(default=(), max_length=1000)
    predecessors: tuple[Key, ...] = Field(default=(), max_length=100, exclude_if=unset)
    assurance: Assurance

    @model_validator(mode="after")
    def _of_agencies(self) -> Grant:
        if (self.claim is Claim.OWN) is bool(self.agencies):
            msg = "officers are of `agencies`, applicants of none"
            raise ValueError(msg)
        if self.predecessors and self.claim is not Claim.OWN:
            msg = "`predecessors` are whose filings are gone on with: they belong to `own`"
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
    """What is said of a principal: who it is, and what it may claim. The file that `motcua principals add` takes.

    Without grants it speaks for nobody, and asks only what anybody may: that is enough for a back office.
    """

    id: Key
    name: Line
    kind: PrincipalKind
    agency: AgencyCode | None = None
    grants: tuple[Grant, ...] = Field(default=(), max_length=100)


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
        actor: Who acts, as the principal has authenticated them; None where the principal itself asks, for nobody.
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
    actor: Actor | None = Field(default=None, exclude_if=unset)
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


class Possession(StrictModel):
    """What a key signs of itself before it is registered: for which principal it is to sign, and when it said so."""

    principal: Key
    iat: Seconds


class Message(Model):
    """What a statement has to be about: a message as it has come in. `actor` is None of a question, which names none.

    `content` is its digest, empty where it has none. What the filing is about, `procedure`, and by whom it was `filed`,
    is None where only the record knows it.
    """

    act: str
    actor: Actor | None = None
    on_behalf_of: str | None = None
    stream: str | None = None
    command_id: str | None = None
    content: str
    procedure: ProcedureCode | None = None
    filed_by: str | None = None


class Spoken(Model):
    """A message on its way to where it is asked who says it, with the `statement` that came beside it."""

    statement: str | None = Field(default=None, repr=False)
    message: Message


class Signed(NamedTuple):
    """A statement as it is written: what it says, by which key, and its digest, which the log records."""

    statement: IdentityStatement
    key_id: KeyId
    sha256: Sha256


@dataclass(frozen=True, slots=True)
class Proved:
    """A statement that is its principal's, by which key, and its digest, which the log records."""

    statement: IdentityStatement
    principal: Principal
    key_id: KeyId
    sha256: Sha256


@lru_cache(1024)
def signed(text: str) -> Signed:
    """A statement as it is written, whether it holds or not. What is needed again, to be recorded, is read once.

    Raises `ValueError` for what is none, `AlgorithmError` for one by another algorithm.
    """
    key, payload = read(text, STATEMENT_TYPE)
    return Signed(IdentityStatement.model_validate_json(payload, strict=True), key, statement_digest(text))


def statement_digest(text: str) -> Sha256:
    """What the log records of a statement: the SHA-256 of its text."""
    return hashlib.sha256(text.encode()).hexdigest()


def audience(installation: str) -> str:
    """An installation, as a statement names it."""
    return f"motcua:{installation}"


def message_digest(message: Mapping[str, Any]) -> Sha256:
    """SHA-256 of a command, a submission or a question as it is sent, without its `statement`, as RFC 8785 JSON.

    Raises `ValueError` for what has no such form.
    """
    return digest({name: value for name, value in message.items() if name != "statement"})


def seconds(moment: datetime) -> int:
    """An instant as a statement has it."""
    return int(moment.timestamp())
