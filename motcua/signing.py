"""Signed statements of a principal. Each message has one, with the actor and how the actor was authenticated.

A client has a `Line`: its connection, its signer (`Voice`), and the receipts of its earlier commands (`Known`).
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final, Protocol, TypeVar
from uuid import uuid4

from . import contract as c
from .errors import RefusedError
from .payloads.converter import as_sent

AGENT: Final = "MOTCUA_IDENTITY_AGENT"
KEY_FILE: Final = "MOTCUA_IDENTITY_KEY_FILE"
KEY: Final = "MOTCUA_IDENTITY_KEY"

LIFE: Final = 60
"""Seconds for which a statement is valid."""

K = TypeVar("K")
T = TypeVar("T")
V = TypeVar("V")
C = TypeVar("C", bound=c.Command)
Q = TypeVar("Q", bound=c.StrictModel)
A = TypeVar("A", c.CheckAnswer, c.IssueAnswer, c.AnswerAnswer)


class Key(Protocol):
    """A signing key, or an agent that holds a signing key.

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
    """How the principal has authenticated the actor. The default states only that a program has shown its key.

    Attributes:
        acr: The level of assurance about the human, "1" to "4".
        amr: The methods of authentication, as named in RFC 8176: `pwd`, `otp`, `face`.
        auth_time: The time of authentication, in seconds since 1970; None: the moment of each signature.
        token: SHA-256, in hex, of the access token that the actor presented; None without a token.
        received_at: The time of the message's arrival, if it was kept until now (only by the platform's HTTP door).
    """

    acr: str = "1"
    amr: tuple[str, ...] = ("swk",)
    auth_time: int | None = None
    token: str | None = None
    received_at: datetime | None = None


class Speaker:
    """A principal with its key, for one installation.

    Attributes:
        principal: The principal's id in the register.
        client: The id of the program for which the principal speaks; None: it speaks for itself.
        audience: The name of the installation in statements.
        waits: True if signing waits for another process or device.
    """

    def __init__(self, principal: str, key: Key, installation: str) -> None:
        """Makes a speaker. `installation`: the value of the installation's `MOTCUA_INSTALLATION`."""
        self.principal = principal
        self.client: str | None = None
        self.audience = c.audience(installation)
        self.waits = key.waits
        self._key = key

    @property
    def key_id(self) -> str:
        """The thumbprint of the principal's public key (RFC 7638)."""
        return self._key.key_id

    def of_client(self, client: str) -> "Speaker":
        """Returns a copy that speaks for this registered program, within the program's rights."""
        speaker = copy(self)
        speaker.client = client
        return speaker

    def command(self, stream: str, command: C, how: Authenticated) -> C:
        """Returns the command with a signed statement that names its actor. Raises `MotcuaError` if an agent fails."""
        about = {"act": command.kind, "stream": stream, "command_id": command.command_id}
        who = {"actor": command.actor, "on_behalf_of": command.on_behalf_of}
        return command.model_copy(update={"statement": self._signed(as_sent(command), about | who, how)})

    def order(self, act: str, order: dict[str, Any], how: Authenticated) -> str:
        """Returns the signed statement for an act of a platform command. Raises `MotcuaError` if an agent fails."""
        about = {"act": act, "command_id": order["command_id"], "actor": order["actor"]}
        return self._signed(order, about, how)

    def complaint(self, complaint: c.ComplaintStart, how: Authenticated) -> c.ComplaintStart:
        """Returns the complaint with a signed statement that names its actor. Raises `MotcuaError`: an agent fails."""
        stream = c.complaint_workflow(complaint.filing_id, complaint.n)
        about = {"act": "complain", "stream": stream, "actor": complaint.actor}
        return complaint.model_copy(update={"statement": self._signed(as_sent(complaint), about, how)})

    def question(self, question: Q, how: Authenticated, asker: c.Actor | None = None) -> Q:
        """Returns the question, signed for `asker`; if None, for the principal itself. Raises `MotcuaError`."""
        return question.model_copy(update={"statement": sign(self.about_question(question, how, asker), self._key)})

    def about_question(self, question: c.StrictModel, how: Authenticated, asker: c.Actor | None) -> c.IdentityStatement:
        """Returns the unsigned statement for a question asked by `asker`; if None, by the principal itself."""
        sent = as_sent(question)
        about = {"act": f"ask.{sent['ask']}", "stream": sent.get("stream"), "actor": asker, "jti": uuid4().hex}
        return self._statement(sent, about, how)

    def submission(self, submission: c.Submission, how: Authenticated) -> str:
        """Returns the signed statement for a submission.

        It is sent beside `submission` in the start input of the workflow `Filing`, and beside `content` in the Update
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
        return sign(self._statement(message, about, how), self._key)

    def _statement(self, message: dict[str, Any], about: dict[str, Any], how: Authenticated) -> c.IdentityStatement:
        now = int(time.time())
        said = {
            "iss": self.principal,
            "client": self.client,
            "aud": self.audience,
            "iat": now,
            "exp": now + LIFE,
            "content": c.message_digest(message),
            "acr": how.acr,
            "amr": how.amr,
            "auth_time": now if how.auth_time is None else how.auth_time,
            "token": how.token,
            "received_at": how.received_at,
        }
        return c.IdentityStatement(**said | about)


def sign(statement: c.IdentityStatement, key: Key) -> str:
    """Returns the statement as a compact JWS. Raises `MotcuaError` if an agent does not sign."""
    header = {"alg": "Ed25519", "kid": key.key_id, "typ": c.STATEMENT_TYPE}
    return key.signed(header, statement.model_dump_json().encode())


@dataclass(frozen=True)
class Voice:
    """Signs a client's messages. Without a speaker nothing is signed.

    Each attempt to send a message gets a statement of its own, since statements soon expire.

    Attributes:
        speaker: The principal with its key.
        authenticated: How the speaker has authenticated its actors.
        asker: The actor for whom the speaker signs questions; None if the questions are the principal's own.
    """

    speaker: Speaker | None = None
    authenticated: Authenticated = field(default_factory=Authenticated)
    asker: c.Actor | None = None

    @property
    def speaks_for_officer(self) -> bool:
        """Whether questions are signed for an officer."""
        return self.asker is not None and self.asker.role in c.OFFICERS

    def of(self, asker: c.Actor, authenticated: Authenticated | None = None) -> "Voice":
        """Returns a copy that signs questions for this actor. Without `authenticated`, its authentication is kept."""
        return replace(self, asker=asker, authenticated=authenticated or self.authenticated)

    async def command(self, stream: str, command: C) -> C:
        """Returns the command with a signed statement that names its actor."""
        return await self._by(lambda by: by.command(stream, command, self.authenticated), command)

    async def complaint(self, complaint: c.ComplaintStart) -> c.ComplaintStart:
        """Returns the complaint with a signed statement that names its actor."""
        return await self._by(lambda by: by.complaint(complaint, self.authenticated), complaint)

    async def question(self, question: Q) -> Q:
        """Returns the question with a signed statement that names its asker."""
        return await self._by(lambda by: by.question(question, self.authenticated, self.asker), question)

    async def submission(self, submission: c.Submission) -> dict[str, str]:
        """Returns the additional field to send with a submission: its signed statement; empty without a speaker."""
        return await self._by(lambda by: {"statement": by.submission(submission, self.authenticated)}, {})

    async def _by(self, signed: Callable[[Speaker], T], unsigned: T) -> T:
        """Returns the signed message. If another process signs, waits in a thread, so that other calls go on."""
        if self.speaker is None:
            return unsigned
        return await asyncio.to_thread(signed, self.speaker) if self.speaker.waits else signed(self.speaker)


_MOST: Final = 1_000
"""The number of latest commands, and of latest streams, that a client remembers."""


class Known:
    """The latest commands of a client: the receipt of each, or the fact that the command got no answer."""

    def __init__(self) -> None:
        self._sent: OrderedDict[tuple[str, str], c.Receipt | None] = OrderedDict()
        self._seen: OrderedDict[str, int] = OrderedDict()

    def seen_seq(self, stream: str) -> int:
        """Returns the highest event number in this stream's receipts; 0 if none is known.

        The next command is sent with this `seen_seq`: the actor has seen the stream up to this event. The workflow may
        not have the event yet, since a receipt may come from the record.
        """
        return self._seen.get(stream, 0)

    def receipt(self, stream: str, command_id: str) -> c.Receipt | None:
        """Returns the command's receipt; None if this client has none."""
        return self._sent.get((stream, command_id))

    def is_open(self, stream: str, command_id: str) -> bool:
        """Returns True if the command was sent before and got no answer. In that case the record is queried first."""
        key = (stream, command_id)
        return key in self._sent and self._sent[key] is None

    def keep(self, stream: str, command_id: str, receipt: c.Receipt | None) -> None:
        """Remembers the command's receipt; None: remembers that the command got no answer."""
        _put(self._sent, (stream, command_id), receipt)
        if receipt is not None:
            _put(self._seen, stream, max(receipt.seq, self.seen_seq(stream)))

    @contextmanager
    def asking(self, stream: str, command_id: str) -> Iterator[None]:
        """Surrounds a call. If the call ends without an answer, such as by cancellation, keeps the command as open."""
        try:
            yield
        except RefusedError:
            self._sent.pop((stream, command_id), None)
            raise
        except BaseException:
            self.keep(stream, command_id, None)
            raise


def _put(cache: OrderedDict[K, V], key: K, value: V) -> None:
    cache[key] = value
    cache.move_to_end(key)
    if len(cache) > _MOST:
        cache.popitem(last=False)
