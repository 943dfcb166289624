"""A principal speaks for somebody: it signs, beside each message, who that is and how they were authenticated."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeVar

from . import contract as c
from .converter import as_sent

AGENT: Final = "MOTCUA_IDENTITY_AGENT"
KEY_FILE: Final = "MOTCUA_IDENTITY_KEY_FILE"
KEY: Final = "MOTCUA_IDENTITY_KEY"

LIFE: Final = 60
"""Seconds for which what is signed here is taken."""

C = TypeVar("C", bound=c.Command)
Q = TypeVar("Q", bound=c.StrictModel)


class Key(Protocol):
    """Something that signs: a key, or an agent that has one.

    Attributes:
        waits: Whether to sign is to wait for another process or device.
    """

    waits: bool

    @property
    def key_id(self) -> str:
        """The thumbprint of the public key (RFC 7638)."""

    def signed(self, header: dict[str, str], payload: bytes) -> str:
        """The compact JWS. Raises `MotcuaError`."""


@dataclass(frozen=True)
class Authenticated:
    """How the principal has authenticated whom it speaks for. By itself it vouches for a program with a key, no more.

    Attributes:
        acr: How surely the human is known, "1" to "4".
        amr: By what, in the words of RFC 8176: `pwd`, `otp`, `face`.
        auth_time: When, in seconds since 1970; None: just now, whenever something is signed.
    """

    acr: str = "1"
    amr: tuple[str, ...] = ("swk",)
    auth_time: int | None = None


class Speaker:
    """A principal with its key, in front of one installation.

    Attributes:
        principal: Its id in the register.
        audience: The installation, as statements name it.
        waits: Whether to sign is to wait for another process or device.
    """

    def __init__(self, principal: str, key: Key, installation: str) -> None:
        """`installation` is what its `MOTCUA_INSTALLATION` says."""
        self.principal = principal
        self.audience = c.audience(installation)
        self.waits = key.waits
        self._key = key

    def command(self, stream: str, command: C, how: Authenticated) -> C:
        """The command with a statement of its actor. Raises `MotcuaError` where an agent does not sign."""
        about = {"act": command.kind, "stream": stream, "command_id": command.command_id}
        who = {"actor": command.actor, "on_behalf_of": command.on_behalf_of}
        return command.model_copy(update={"statement": self._signed(as_sent(command), about | who, how)})

    def complaint(self, complaint: c.ComplaintStart, how: Authenticated) -> c.ComplaintStart:
        """The complaint with a statement of its actor. Raises `MotcuaError` where an agent does not sign."""
        stream = c.complaint_workflow(complaint.filing_id, complaint.n)
        about = {"act": "complain", "stream": stream, "actor": complaint.actor}
        return complaint.model_copy(update={"statement": self._signed(as_sent(complaint), about, how)})

    def question(self, question: Q, how: Authenticated, asker: c.Actor | None = None) -> Q:
        """The question with a statement of who asks; without one the principal asks by itself.

        Raises `MotcuaError` where an agent does not sign.
        """
        sent = as_sent(question)
        about = {"act": f"ask.{sent['ask']}", "stream": sent.get("stream"), "actor": asker}
        return question.model_copy(update={"statement": self._signed(sent, about, how)})

    def submission(self, submission: c.Submission, how: Authenticated) -> str:
        """The statement of a submission.

        It goes beside `submission` in what the workflow `Filing` is started with, and beside `content` in the Update
        `submit`. Raises `MotcuaError` where an agent does not sign.
        """
        stream = c.filing_workflow(c.filing_id(submission.client_id, submission.submission_id))
        about = {"act": "submit", "stream": stream, "actor": submission.actor}
        return self._signed(as_sent(submission), about, how)

    def _signed(self, message: dict[str, Any], about: dict[str, Any], how: Authenticated) -> str:
        now = int(time.time())
        said = {
            "iss": self.principal,
            "aud": self.audience,
            "iat": now,
            "exp": now + LIFE,
            "content": c.message_digest(message),
            "acr": how.acr,
            "amr": how.amr,
            "auth_time": now if how.auth_time is None else how.auth_time,
        }
        return sign(c.IdentityStatement(**said | about), self._key)


def sign(statement: c.IdentityStatement, key: Key) -> str:
    """The statement as a compact JWS. Raises `MotcuaError` where an agent does not sign."""
    header = {"alg": "Ed25519", "kid": key.key_id, "typ": c.STATEMENT_TYPE}
    return key.signed(header, statement.model_dump_json().encode())
