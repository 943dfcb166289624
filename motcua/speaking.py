"""A principal speaks for somebody: it signs, beside each message, who that is and how they were authenticated.

Needs the extra `identity` of the kit.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from pydantic_core import to_json

from . import contract as c
from .identity import Key, sign

LIFE: Final = 60
"""Seconds for which what is signed here is taken."""

C = TypeVar("C", bound=c.Command)
Q = TypeVar("Q", bound=c.StrictModel)


@dataclass(frozen=True)
class Human:
    """Who is spoken for, and how the principal has authenticated them.

    Attributes:
        actor: As in the message.
        acr: How surely they are known, "1" to "4".
        amr: By what, in the words of RFC 8176: `pwd`, `otp`, `face`.
        auth_time: When, in seconds since 1970.
        on_behalf_of: The subject for whom they act.
    """

    actor: c.Actor
    acr: str
    amr: tuple[str, ...]
    auth_time: int
    on_behalf_of: str | None = None


class Speaker:
    """A principal with its key, in front of one namespace of Temporal."""

    def __init__(self, principal: str, key: Key, namespace: str) -> None:
        self._principal = principal
        self._key = key
        self._audience = c.audience(namespace)

    def command(self, stream: str, command: C, human: Human) -> C:
        """The command with a statement, to be given soon. Raises `MotcuaError` where an agent does not sign."""
        about = {"act": command.kind, "stream": stream, "command_id": command.command_id}
        return command.model_copy(update={"statement": self._signed(_sent(command), about, human)})

    def question(self, question: Q, human: Human) -> Q:
        """The question with a statement. Raises `MotcuaError` where an agent does not sign."""
        sent = _sent(question)
        about = {"act": f"ask.{sent['ask']}", "stream": sent.get("stream")}
        return question.model_copy(update={"statement": self._signed(sent, about, human)})

    def submission(self, submission: c.Submission, human: Human) -> str:
        """The statement of a submission: it goes beside `submission` in the input of the workflow `Filing`."""
        filing = c.filing_workflow(c.filing_id(submission.client_id, submission.submission_id))
        return self._signed(_sent(submission), {"act": "submit", "stream": filing}, human)

    def _signed(self, message: dict[str, Any], about: dict[str, Any], human: Human) -> str:
        now = int(time.time())
        said = {
            "iss": self._principal,
            "aud": self._audience,
            "iat": now,
            "exp": now + LIFE,
            "actor": human.actor,
            "on_behalf_of": human.on_behalf_of,
            "content": c.message_digest(message),
            "acr": human.acr,
            "amr": human.amr,
            "auth_time": human.auth_time,
        }
        return sign(c.IdentityStatement(**said | about), self._key)


def _sent(message: c.Model) -> dict[str, Any]:
    """The message as the kit's converter writes it."""
    found = json.loads(to_json(message, exclude_none=True))
    return dict(found)
