"""Identity: the programs that may send messages to the platform, and their signed statements about messages."""

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum
from functools import lru_cache
from typing import Annotated, Any, Final, Literal, NamedTuple

from pydantic import Field, StringConstraints, model_validator

from ..base import AgencyCode, Instant, Key, Line, Model, Sha256, StrictModel, Subject, unset
from ..ids import digest
from ..people import OFFICERS, Actor, Role
from ..publishing.procedure import ProcedureCode
from .jws import read

__all__ = ["POSSESSION_TYPE", "STATEMENT_TYPE", "UNNAMED", "IdentityStatement", "Possession", "audience", "key_id"]
__all__ += ["message_digest"]

STATEMENT_TYPE: Final = "motcua-statement+jwt"
"""The `typ` in the header of a statement: no other text that the same key has signed can pass for a statement."""

POSSESSION_TYPE: Final = "motcua-possession+jwt"
"""The `typ` in the header of a proof of possession of a key; see `Possession`."""

MAX_STATEMENT: Final = 4096
"""The maximum length of a signed statement, in characters."""

LONGEST_LIFE: Final = 300
"""The maximum time from `iat` to `exp`, in seconds."""

ALL_AGENCIES: Final = "*"

ALL_CLIENTS: Final = "*"
"""In a grant's `client_ids`: every client id, also those of other programs."""

ALL_PROGRAMS: Final = "*"
"""In a grant's `programs`: every program that serves people; see `rules.identity.grants.speaks_for`."""

UNNAMED: Final = "default"
"""The name of an installation that has no name of its own."""

SUBMIT: Final = "submit"
COMPLAIN: Final = "complain"
"""The `act` of the statement for the start of a complaint. `SUBMIT` is that for the start of a filing."""

PublicKey = Annotated[str, StringConstraints(max_length=43, pattern=r"^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$")]
"""An ed25519 public key: its 32 bytes in base64url, as in the member `x` of a JWK."""

KeyId = Annotated[str, StringConstraints(max_length=43, pattern=r"^[A-Za-z0-9_-]{43}$")]
"""The id of a key: its thumbprint by RFC 7638, derived from the key."""


def key_id(public_key: PublicKey) -> KeyId:
    """Returns the thumbprint of an ed25519 public key (RFC 7638, SHA-256, base64url)."""
    jwk = f'{{"crv":"Ed25519","kty":"OKP","x":"{public_key}"}}'
    return urlsafe_b64encode(hashlib.sha256(jwk.encode()).digest()).rstrip(b"=").decode()


SignedStatement = Annotated[
    str, StringConstraints(max_length=MAX_STATEMENT, pattern=r"^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$")
]
"""A signed statement of identity, as a compact JWS: the `statement` of a message."""


class PrincipalKind(StrEnum):
    """The kind of a program that sends messages to the platform."""

    PORTAL = "portal"
    DESK = "desk"
    SOFTWARE = "software"
    BACK_OFFICE = "back_office"
    OPERATION = "operation"


class Claim(StrEnum):
    """The kind of people for whom a principal may send messages.

    `own`: the applicants and representatives of the principal's own filings; `officers`: the officers of an agency;
    `desk`: only those officers who receive filings, take cash and hand results out. `programs`: no people, but a
    principal with this claim may speak for other programs, and then has the claims of these programs.
    """

    OWN = "own"
    OFFICERS = "officers"
    DESK = "desk"
    OPERATOR = "operator"
    AUDITOR = "auditor"
    PROGRAMS = "programs"


class Assurance(IntEnum):
    """How reliably a person was authenticated (NĐ 69/2024/NĐ-CP), in ascending order. `acr` has this number as text."""

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
    Claim.PROGRAMS: frozenset(),
}
"""The roles that each claim allows. Nobody may claim the system's role."""

_FILING: Final = frozenset({Claim.OWN, Claim.OFFICERS, Claim.DESK})
"""The claims of those who submit filings: applicants, and officers who enter a filing on paper."""


class Grant(StrictModel):
    """A claim that a principal may make.

    `agencies` are the agencies of the officers for whom the principal acts, `*` for all agencies; empty for applicants
    and programs. If `procedures` is empty, the claim covers all procedures. The person must have been authenticated
    with at least this `assurance`. `predecessors` are the ids of the programs whose filings this principal may act on,
    as on its own. `client_ids` are the ids under which this principal may submit filings, `*` for every id; empty if it
    may submit none. `programs` are the ids of the programs for which the principal may speak, `*` for all programs that
    serve people; set only for the claim `programs`.
    """

    claim: Claim
    agencies: tuple[AgencyCode | Literal["*"], ...] = Field(default=(), max_length=1000)
    procedures: tuple[ProcedureCode, ...] = Field(default=(), max_length=1000)
    predecessors: tuple[Key, ...] = Field(default=(), max_length=100, exclude_if=unset)
    client_ids: tuple[Key | Literal["*"], ...] = Field(default=(), max_length=1000, exclude_if=unset)
    programs: tuple[Key | Literal["*"], ...] = Field(default=(), max_length=1000, exclude_if=unset)
    assurance: Assurance

    @model_validator(mode="after")
    def _of_agencies(self) -> "Grant":
        if (self.claim in {Claim.OWN, Claim.PROGRAMS}) is bool(self.agencies):
            msg = "officers are of `agencies`, applicants and programs of none"
            raise ValueError(msg)
        if self.predecessors and self.claim is not Claim.OWN:
            msg = "`predecessors` are whose filings are gone on with: they belong to `own`"
            raise ValueError(msg)
        if self.client_ids and self.claim not in _FILING:
            msg = "`client_ids` are those of filings: they belong to `own`, `officers` and `desk`"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _for_programs(self) -> "Grant":
        if (self.claim is Claim.PROGRAMS) is not bool(self.programs) or (self.programs and self.procedures):
            msg = "`programs` belong to the claim `programs`, which names no `procedures`"
            raise ValueError(msg)
        return self


class PrincipalKey(Model):
    """A public key of a principal. Unless revoked, it is valid from `valid_from` until just before `valid_until`."""

    public_key: PublicKey
    valid_from: Instant
    valid_until: Instant
    revoked_at: Instant | None = Field(default=None, exclude_if=unset)

    @property
    def key_id(self) -> KeyId:
        """The thumbprint of the key."""
        return key_id(self.public_key)

    @model_validator(mode="after")
    def _in_order(self) -> "PrincipalKey":
        if self.valid_until <= self.valid_from:
            raise ValueError("a key ends after it begins")
        return self


class PrincipalFile(StrictModel):
    """The identity of a principal and its claims. It is the file for `motcua principals add`.

    A principal without grants acts for nobody and may ask only the open questions. This is enough for a back office.
    `subject` is set for the key of one officer: the principal acts for this person alone, and asks nothing by itself.
    """

    id: Key
    name: Line
    kind: PrincipalKind
    agency: AgencyCode | None = None
    subject: Subject | None = Field(default=None, exclude_if=unset)
    grants: tuple[Grant, ...] = Field(default=(), max_length=100)

    @model_validator(mode="after")
    def _of_an_officer(self) -> "PrincipalFile":
        if self.subject is not None and any(grant.claim is Claim.OWN for grant in self.grants):
            msg = "`subject` is an officer: an applicant's identity must not stand in the register"
            raise ValueError(msg)
        if self.subject is not None and any(grant.claim is Claim.PROGRAMS for grant in self.grants):
            msg = "`subject` is one officer, whose key speaks for no other program"
            raise ValueError(msg)
        return self


class Principal(PrincipalFile):
    """A registered program with its keys. `agency` is the agency that owns the program; None if no agency does."""

    keys: tuple[PrincipalKey, ...] = ()


Acr = Literal["1", "2", "3", "4"]
Method = Annotated[str, StringConstraints(max_length=16, pattern=r"^[a-z0-9_-]{1,16}$")]
Seconds = Annotated[int, Field(strict=True, ge=0, lt=1 << 37)]
"""Whole seconds since 1970, UTC (`NumericDate` of RFC 7519)."""


class IdentityStatement(Model):
    """A principal's signed statement about a message, kept as proof of its claim. It is no part of the message.

    Attributes:
        iss: The principal. The `kid` in the header names its key.
        client: The program for which the principal speaks, and whose grants then count; None if it speaks for itself.
        aud: The installation that may accept the statement; see `audience`.
        iat: The time of the signature.
        exp: The time from which the statement is refused: at most 300 seconds after `iat`.
        actor: The actor, as the principal has authenticated them; None if the principal asks in its own name.
        on_behalf_of: The subject for whom the actor acts; None if the actor acts for nobody else.
        act: The action: `submit`, the kind of a command such as `accept`, or `ask.` with a question: `ask.timeline`.
        stream: The stream concerned, such as `filing:<uuid>`, also for a submission; None for a list.
        command_id: The id of the command; None for a submission or a question.
        jti: A text that is unique among the statements of the key, so that a question may be repeated in a second.
        content: SHA-256 of the message as sent, as RFC 8785 JSON; see `message_digest`.
        acr: How reliably the person was authenticated, "1" to "4".
        amr: The methods of authentication, by their names in RFC 8176: `pwd`, `otp`, `hwk`, `face`.
        auth_time: The time of the authentication.
        token: SHA-256 of the access token with which the person came to the principal; None without a token.
        received_at: The time at which the message reached the door, if the door had to keep it; the message is judged
            as of this time. The time counts only with the door's row of the message.
    """

    iss: Key
    client: Key | None = Field(default=None, exclude_if=unset)
    aud: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,255}$")
    iat: Seconds
    exp: Seconds
    actor: Actor | None = Field(default=None, exclude_if=unset)
    on_behalf_of: Subject | None = Field(default=None, exclude_if=unset)
    act: str = Field(pattern=r"^[a-z][a-z_.]{0,63}$")
    stream: str | None = Field(default=None, exclude_if=unset, pattern=r"^[^\x00-\x1f\x7f]{1,128}$")
    command_id: Key | None = Field(default=None, exclude_if=unset)
    jti: str | None = Field(default=None, exclude_if=unset, pattern=r"^[A-Za-z0-9_-]{1,64}$")
    content: Sha256
    acr: Acr
    amr: tuple[Method, ...] = Field(min_length=1, max_length=8)
    auth_time: Seconds
    token: Sha256 | None = Field(default=None, exclude_if=unset)
    received_at: Instant | None = Field(default=None, exclude_if=unset)

    @property
    def program(self) -> Key:
        """The program whose grants count: the client, or the signer itself."""
        return self.client or self.iss

    @property
    def assurance(self) -> Assurance:
        """How reliably the person was authenticated."""
        return Assurance(int(self.acr))


class Possession(StrictModel):
    """A proof of possession, signed by a new key before its registration: the key's principal, and the time."""

    principal: Key
    iat: Seconds


class Message(Model):
    """The facts about a received message with which its statement is compared.

    `actor` is None for a question. `content` is the digest of the message as received. `procedure` is the filing's
    procedure, and `filed_by` the program that submitted the filing; each is None if the message does not state it.
    `client_id` is that of a submission; None for any other message.
    """

    act: str
    actor: Actor | None = None
    on_behalf_of: str | None = None
    stream: str | None = None
    command_id: str | None = None
    content: str
    procedure: ProcedureCode | None = None
    filed_by: str | None = None
    client_id: str | None = None


class Spoken(Model):
    """A message to verify, with the `statement` that was sent with the message; None if none was."""

    statement: str | None = Field(default=None, repr=False)
    message: Message


class Signed(NamedTuple):
    """A parsed statement, verified or not: its content, the id of its key, and its digest for the log."""

    statement: IdentityStatement
    key_id: KeyId
    sha256: Sha256


@dataclass(frozen=True, slots=True)
class Proved:
    """A verified statement: its content, the id of its key, and its digest for the log.

    `principal` is the program whose grants count: the client, if the signer speaks for one, else the signer.
    """

    statement: IdentityStatement
    principal: Principal
    key_id: KeyId
    sha256: Sha256


@lru_cache(1024)
def signed(text: str) -> Signed:
    """Returns the statement in a JWS, not verified yet.

    Cached, since the statement is parsed again when its message is recorded. Raises `ValueError` for a text that is no
    such JWS, and `AlgorithmError` for another algorithm.
    """
    key, payload = read(text, STATEMENT_TYPE)
    return Signed(IdentityStatement.model_validate_json(payload, strict=True), key, statement_digest(text))


def received_at(text: str | None) -> datetime | None:
    """Returns the moment of receipt that a signed statement contains.

    None if there is no text, if the text is no signed statement, or if the statement has no moment of receipt.
    """
    try:
        return None if text is None else signed(text).statement.received_at
    except ValueError:
        return None


def statement_digest(text: str) -> Sha256:
    """Returns the SHA-256 of a signed statement, by which the log refers to it."""
    return hashlib.sha256(text.encode()).hexdigest()


def audience(installation: str) -> str:
    """Returns the `aud` of a statement for this installation."""
    return f"motcua:{installation}"


def message_digest(message: Mapping[str, Any]) -> Sha256:
    """Returns the SHA-256 of a command, a submission or a question as sent: as RFC 8785 JSON, without its `statement`.

    Raises `ValueError` if the message has no such form.
    """
    return digest({name: value for name, value in message.items() if name != "statement"})


def seconds(moment: datetime) -> int:
    """Returns an instant as whole seconds since 1970, as a statement has it."""
    return int(moment.timestamp())
