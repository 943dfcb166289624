"""A principal for tests: its key, its permitted claims, and its statements of messages."""

from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from motcua.identity import PrivateKey
from rules.identity.statements import Ring, VerificationContext, verified
from schemas.errors import Refusal, RefusalError
from schemas.identity import statement as st
from schemas.people import Actor, Role

NOW: Final = datetime(2026, 11, 28, 3, tzinfo=UTC)
DAY: Final = timedelta(days=1)
SPECIALIST: Final = Actor(subject="h01.12-specialist-1", role=Role.SPECIALIST, agency="H01.12")
APPLICANT: Final = Actor(subject="citizen-1", role=Role.APPLICANT)
PROCEDURE: Final = "2.000635"
AUDIENCE: Final = st.audience("default")


def raw_key(seed: int) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)


def private_key(seed: int) -> PrivateKey:
    return PrivateKey(private_pem(seed))


def private_pem(seed: int) -> bytes:
    return raw_key(seed).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def public_pem(seed: int) -> str:
    return raw_key(seed).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def b64(value: bytes) -> str:
    return urlsafe_b64encode(value).rstrip(b"=").decode()


def key_of(seed: int, **other: Any) -> st.PrincipalKey:
    said = {"valid_from": NOW - DAY, "valid_until": NOW + DAY} | other
    return st.PrincipalKey(public_key=private_key(seed).public_key, **said)


def principal(name: str, *grants: st.Grant, keys: tuple[st.PrincipalKey, ...]) -> st.Principal:
    return st.Principal(id=name, name=name, kind=st.PrincipalKind.DESK, grants=grants, keys=keys)


def grant(claim: st.Claim, *agencies: str, least: st.Assurance = st.Assurance.TWO_FACTORS, **other: Any) -> st.Grant:
    """Returns a grant for all client ids or programs, if the claim has such a field; `other` replaces fields."""
    clients = {} if claim in {st.Claim.OPERATOR, st.Claim.AUDITOR} else {"client_ids": (st.ALL_CLIENTS,)}
    named = {"programs": (st.ALL_PROGRAMS,)} if claim is st.Claim.PROGRAMS else clients
    return st.Grant(claim=claim, agencies=agencies, assurance=least, **named | other)


COMMAND: Final = {"kind": "accept", "command_id": "c-1", "actor": SPECIALIST.model_dump(mode="json")}
MESSAGE: Final = st.Message(
    act="accept",
    actor=SPECIALIST,
    stream="filing:5c2e2d1e-3f0b-5a6d-9d57-0c7b8a4e61f2",
    command_id="c-1",
    content=st.message_digest(COMMAND),
    procedure=PROCEDURE,
    filed_by="portal-1",
)


def statement(message: st.Message = MESSAGE, by: str = "desk-1", **other: Any) -> st.IdentityStatement:
    """Returns the statement of a message by the principal `by`; `other` replaces fields of the statement."""
    own = message.model_dump(include={"actor", "on_behalf_of", "act", "stream", "command_id", "content"})
    how = {"acr": "2", "amr": ("pwd", "otp"), "auth_time": other.get("iat", st.seconds(NOW)) - 900}
    when = {"iss": by, "aud": AUDIENCE, "iat": st.seconds(NOW), "exp": st.seconds(NOW) + 300}
    return st.IdentityStatement.model_validate(own | how | when | other)


def verification(
    signed: object, ring: Ring, now: datetime, message: st.Message = MESSAGE, aud: str = AUDIENCE
) -> st.Proved | Refusal:
    """Returns the result of the verification of a statement: the proof, or the refusal."""
    try:
        return verified(signed, message, VerificationContext(ring, aud, now))
    except RefusalError as error:
        return error.refusal
