"""Signed statements of a principal: each message carries one, which names its actor and how they were authenticated."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeVar

from motcua import contract as c
from motcua.payloads.converter import as_sent

AGENT: Final = "MOTCUA_IDENTITY_AGENT"
KEY_FILE: Final = "MOTCUA_IDENTITY_KEY_FILE"
KEY: Final = "MOTCUA_IDENTITY_KEY"

LIFE: Final = 60
"""Seconds for which a statement is valid."""

C = TypeVar("C", bound=c.Command)
Q = TypeVar("Q", bound=c.StrictModel)
A = TypeVar("A", c.CheckAnswer, c.IssueAnswer, c.AnswerAnswer)


class Key(Protocol):
    """A signing key, or an agent that holds one.

    Attributes:
        waits: True if signing waits for another process or device.
    """

    waits: bool

    @property
    def key_id(self) -> str:
        """The thumbprint of the public key (RFC 7638)."""

    def signed(self, header: dict[str, str], payload: bytes) -> str:
        """Returns the compact JWS. Raises `MotcuaError` if it can't be signed."""


@dataclass(frozen=True)
class Authenticated:
    """How the principal has authenticated its actor. The default claims only that a program has shown its key.

    Attributes:
        acr: The level of assurance about the human, "1" to "4".
        amr: The methods, in the words of RFC 8176: `pwd`, `otp`, `face`.
        auth_time: The time, in seconds since 1970; None: the moment of each signature.
    """

    acr: str = "1"
    amr: tuple[str, ...] = ("swk",)
    auth_time: int | None = None


class Speaker:
    """A principal with its key, for one installation.

    Attributes:
        principal: Its id in the register.
        audience: The installation, as statements name it.
        waits: True if signing waits for another process or device.
    """

    def __init__(self, principal: str, key: Key, installation: str) -> None:
        """Make a speaker. `installation`: the value of the installation's `MOTCUA_INSTALLATION`."""
        self.principal = principal
        self.audience = c.audience(installation)
        self.waits = key.waits
        self._key = key

    def command(self, stream: str, command: C, how: Authenticated) -> C:
        """Returns the command with a signed statement that names its actor. Raises `MotcuaError` if an agent fails."""
        about = {"act": command.kind, "stream": stream, "command_id": command.command_id}
        who = {"actor": command.actor, "on_behalf_of": command.on_behalf_of}
        return command.model_copy(update={"statement": self._signed(as_sent(command), about | who, how)})

    def complaint(self, complaint: c.ComplaintStart, how: Authenticated) -> c.ComplaintStart:
        """Returns the complaint with a signed statement of its actor. Raises `MotcuaError` if an agent fails."""
        stream = c.complaint_workflow(complaint.filing_id, complaint.n)
        about = {"act": "complain", "stream": stream, "actor": complaint.actor}
        return complaint.model_copy(update={"statement": self._signed(as_sent(complaint), about, how)})

    def question(self, question: Q, how: Authenticated, asker: c.Actor | None = None) -> Q:
        """Returns the question with a signed statement. Without `asker` the principal asks. Raises `MotcuaError`."""
        sent = as_sent(question)
        about = {"act": f"ask.{sent['ask']}", "stream": sent.get("stream"), "actor": asker}
        return question.model_copy(update={"statement": self._signed(sent, about, how)})

    def submission(self, submission: c.Submission, how: Authenticated) -> str:
        """Returns the signed statement for a submission.

        It goes beside `submission` in the start input of the workflow `Filing`, and beside `content` in the Update
        `submit`. Raises `MotcuaError` if an agent does not sign.
        """
        stream = c.filing_workflow(c.filing_id(submission.client_id, submission.submission_id))
        about = {"act": "submit", "stream": stream, "actor": submission.actor}
        return self._signed(as_sent(submission), about, how)

    def answer(self, stream: str, act: str, request: Mapping[str, Any], answer: A) -> A:
        """Returns a back office's answer with the program's own statement. Raises `MotcuaError` if an agent fails."""
        about = {"act": act, "stream": stream, "command_id": request["request_id"]}
        message = as_sent(answer) | {"request": c.digest(request)}
        return answer.model_copy(update={"statement": self._signed(message, about, Authenticated())})

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
    """Returns the statement as a compact JWS. Raises `MotcuaError` if an agent does not sign."""
    header = {"alg": "Ed25519", "kid": key.key_id, "typ": c.STATEMENT_TYPE}
    return key.signed(header, statement.model_dump_json().encode())
