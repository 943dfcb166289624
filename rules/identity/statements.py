"""The verification of statements, which a sender signs about a message, and an agency about an answer."""

from __future__ import annotations

from base64 import urlsafe_b64decode
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from rules.identity.grants import not_authorised, not_granted, speaks_for
from schemas.errors import RefusalCode, RefusalError, refused
from schemas.identity import statement as st
from schemas.identity.jws import AlgorithmError, signed_and_signature
from schemas.identity.statement import IdentityStatement, Message, Principal, Proved, seconds, signed
from schemas.ids import DEFAULT_BACK_OFFICE_QUEUE
from schemas.stream.ledger import AgencyAnswer


class Ring:
    """Principals with their keys, revoked ones included. Immutable: a change makes a new ring."""

    def __init__(self, principals: Iterable[Principal] = ()) -> None:
        self._principals = {one.id: one for one in principals}
        self._keys = {key.key_id: (one.id, key) for one in self._principals.values() for key in one.keys}

    def principal(self, name: str) -> Principal | None:
        """The principal of this id; None if it is unknown."""
        return self._principals.get(name)

    def key(self, principal: str, key_id: str) -> st.PrincipalKey | None:
        """The principal's key of this id; None if it is unknown."""
        owner, key = self._keys.get(key_id, (None, None))
        return key if owner == principal else None


@lru_cache(1024)
def is_signed(text: str, public_key: st.PublicKey) -> bool:
    """Whether this key signed the JWS. The answer is cached: a submission is verified again at its start and check."""
    try:
        said, signature = signed_and_signature(text)
        _public_key(public_key).verify(signature, said)
    except (InvalidSignature, ValueError):
        return False
    return True


@lru_cache(1024)
def _public_key(public_key: st.PublicKey) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(urlsafe_b64decode(public_key + "="))


LEEWAY: Final = timedelta(seconds=60)
"""The allowed difference between the clocks of signer and verifier."""

LONGEST_SESSION: Final = timedelta(hours=24)
"""The longest time between a person's authentication and a statement for them: a shift at a desk, or a citizen's day.
After it the person must authenticate again, so that an open session ends within a day."""


@dataclass(frozen=True, slots=True)
class VerificationContext:
    """The basis of a verification: the known principals, the installation, and the time.

    `fresh`: whether an expired statement is refused. `known`: whether the log may have the statement already; then the
    statement counts even if it has expired, its key was revoked, or the signer has lost the grants.
    """

    ring: Ring
    audience: str
    now: datetime
    fresh: bool = True
    known: bool = False


def proved(said: object, message: Message, context: VerificationContext) -> Proved:
    """The statement in `said`, if a known principal signed it for exactly this message; else raises `RefusalError`.

    If the statement names a client, a grant must let the signer speak for it.
    """
    text, (statement, key_id, sha256) = _read(said)
    signer, key = _signer(statement, key_id, context)
    if not is_signed(text, key.public_key):
        raise not_authorised("statement_signature")
    _expect_timely(statement, context)
    _expect_about(statement, message, context.audience)
    return Proved(statement, _program(signer, statement, context), key_id, sha256)


def proved_here(statement: IdentityStatement, key_id: st.KeyId, context: VerificationContext) -> Proved:
    """This process's own statement about a message that it handles itself. Being never sent, it needs no signature.

    Raises `RefusalError` as `proved` does if a statement signed with this key would be refused.
    """
    signer, _ = _signer(statement, key_id, context)
    _expect_timely(statement, context)
    sha256 = st.statement_digest(statement.model_dump_json())
    return Proved(statement, _program(signer, statement, context), key_id, sha256)


def _signer(
    statement: IdentityStatement, key_id: st.KeyId, context: VerificationContext
) -> tuple[Principal, st.PrincipalKey]:
    """The signer of a statement, and the key that signed it. Raises `RefusalError` if this key may not sign."""
    principal = context.ring.principal(statement.iss)
    if principal is None:
        raise not_authorised("unknown_principal")
    key = context.ring.key(statement.iss, key_id)
    if key is None:
        raise not_authorised("unknown_key")
    if key.revoked_at is not None and not context.known:
        raise not_authorised("key_revoked")
    if not seconds(key.valid_from) <= statement.iat < seconds(key.valid_until):  # it may have expired since
        raise not_authorised("key_not_in_force")
    return principal, key


def _program(signer: Principal, statement: IdentityStatement, context: VerificationContext) -> Principal:
    """The program whose grants count. Raises `RefusalError` for a client for which the signer may not speak."""
    if statement.client is None:
        return signer
    client = context.ring.principal(statement.client)
    if client is None or not (context.known or speaks_for(signer, client, statement.assurance)):
        raise not_authorised("program_not_spoken_for")
    return client


def verified(said: object, message: Message, context: VerificationContext) -> Proved:
    """The statement, if `proved` accepts it and the principal's grants allow it. Raises `RefusalError` if not."""
    found = proved(said, message, context)
    if not context.known and (why := not_granted(found, message)) is not None:
        raise refused(RefusalCode.NOT_AUTHORISED, why)
    return found


def is_over(statement: IdentityStatement, now: datetime) -> bool:
    """Whether a statement has expired."""
    return statement.exp <= seconds(now) - int(LEEWAY.total_seconds())


def _read(said: object) -> tuple[str, st.Signed]:
    """The text of a statement and its content, before any verification. Raises `RefusalError` if it is unreadable."""
    if said is None or said == "":
        raise not_authorised("statement_missing")
    if not isinstance(said, str):
        raise not_authorised("statement_unreadable")
    if len(said) > st.MAX_STATEMENT:
        raise not_authorised("statement_too_long", most=st.MAX_STATEMENT)
    try:
        return said, signed(said)
    except AlgorithmError:
        raise not_authorised("statement_algorithm") from None
    except ValueError:
        raise not_authorised("statement_unreadable") from None


def _expect_timely(statement: IdentityStatement, context: VerificationContext) -> None:
    now, leeway = seconds(context.now), int(LEEWAY.total_seconds())
    if not 0 < statement.exp - statement.iat <= st.LONGEST_LIFE:
        raise not_authorised("statement_lives_too_long", most=st.LONGEST_LIFE)
    if statement.iat > now + leeway:
        raise not_authorised("statement_not_yet_valid")
    if context.fresh and not context.known and is_over(statement, context.now):
        raise not_authorised("statement_expired")
    spoken = statement.iat if statement.received_at is None else seconds(statement.received_at)
    if statement.auth_time > spoken + leeway:
        raise not_authorised("authentication_to_come")
    longest = int(LONGEST_SESSION.total_seconds())
    if spoken - statement.auth_time > longest:
        raise not_authorised("authentication_too_old", hours=longest // 3600)


def _expect_about(statement: IdentityStatement, message: Message, audience: str) -> None:
    """Raises `RefusalError` for the first difference between the statement and the message."""
    if statement.aud != audience:
        raise not_authorised("statement_for_another_installation")
    if statement.stream != message.stream:
        raise not_authorised("statement_of_another_filing")
    if (statement.act, statement.command_id) != (message.act, message.command_id):
        raise not_authorised("statement_of_another_command")
    if statement.content != message.content:
        raise not_authorised("statement_of_other_content")
    named = (message.actor or statement.actor, message.on_behalf_of)
    if (statement.actor, statement.on_behalf_of) != named:
        raise not_authorised("statement_of_another_actor")


@dataclass(frozen=True)
class Directory:
    """The task queues of an asked agency and of the program that signed its answer; one queue may serve many agencies.

    `agency`: the asked agency; None if the record lacks the stream. `queue`: its queue. `theirs`: the program's queue.
    """

    agency: str | None
    queue: str | None
    theirs: str | None = None


def why_not_signed(said: AgencyAnswer, stream: str, context: VerificationContext, directory: Directory) -> str | None:
    """The name of the rule that makes an answer's signature invalid; None if the agency has validly signed it.

    The statement may be older than usual: a workflow may use an answer later.
    """
    try:
        content = st.message_digest(said.answer | {"request": said.request})
        message = Message(act=said.act, stream=stream, command_id=said.request_id, content=content)
        found = proved(said.answer.get("statement"), message, context)
    except RefusalError as error:
        return error.refusal.problems[0].rule
    except ValueError:
        return "statement_of_other_content"
    if found.statement.actor is not None:
        return "statement_of_another_actor"
    return None if _answers_for(found.principal, directory) else "not_of_the_agency"


def _answers_for(program: Principal, directory: Directory) -> bool:
    """Whether a program may answer for the agency.

    A program without an agency may answer for every agency on the default queue.
    """
    if program.kind is not st.PrincipalKind.BACK_OFFICE or directory.agency is None:
        return False
    if program.agency is None:
        return directory.queue == DEFAULT_BACK_OFFICE_QUEUE
    return program.agency == directory.agency or directory.queue == directory.theirs != DEFAULT_BACK_OFFICE_QUEUE
