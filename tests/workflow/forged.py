"""Messages that differ from a registered program's signed statement, each with the rule that refuses it."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent

from motcua import testing
from schemas.filing.submission import Submission
from schemas.identity.statement import MAX_STATEMENT, seconds
from schemas.people import SYSTEM, Role
from tests.acting import VERSION, officer
from tests.conftest import World
from tests.locked import DESK, GONE, OFFICE, OLD, OTHER_PORTAL, PORTAL, Program
from tests.speaking import b64, private_key, raw_key

RECEPTION: Final = officer(Role.RECEPTION)
RSA: Final = rsa.generate_private_key(65537, 2048)


def submission() -> Submission:
    return testing.submission(version=VERSION)


def by(actor: Any, command_id: str = "c-1", **fields: Any) -> dict[str, Any]:
    said = {"actor": actor.model_dump(mode="json", exclude_none=True), "via": {"principal": "whoever"}}
    return {"command_id": command_id} | said | fields


async def counted(world: World) -> dict[str, int]:
    rows = await world.fetch("select stream, count(*) as n from event where filing_id is not null group by stream")
    return {row["stream"]: row["n"] for row in rows}


async def recorded(world: World, stream: str) -> int:
    return (await counted(world)).get(stream, 0)


@dataclass(frozen=True)
class Forgery:
    """A difference between a message and its statement, and the rule by which the message is refused."""

    rule: str
    says: Mapping[str, Any] = field(default_factory=dict)
    sent: dict[str, Any] = field(default_factory=dict)
    seed: int = OFFICE
    actor: Any = RECEPTION
    statement: Callable[[str], Any] = lambda signed: signed
    begins: int | None = None
    ends: int = 0

    @property
    def signed(self) -> dict[str, Any]:
        """Returns the changed fields of the statement. `begins` and `ends` are seconds from now."""
        at = seconds(datetime.now(UTC))
        return dict(self.says) | ({} if self.begins is None else {"iat": at + self.begins, "exp": at + self.ends})


def resigned(header: Mapping[str, Any], sign: Callable[[bytes], bytes]) -> Callable[[str], str]:
    """Returns a function that puts another header before a statement's payload, and signs the two anew."""

    def forged(signed: str) -> str:
        signing = f"{b64(json.dumps(header).encode())}.{signed.split('.')[1]}"
        return f"{signing}.{b64(sign(signing.encode()))}"

    return forged


def header(**other: Any) -> dict[str, Any]:
    return {"alg": "Ed25519", "kid": private_key(OFFICE).key_id, "typ": "motcua-statement+jwt"} | other


CITIZEN: Final = submission().actor
FORGERIES: Final = {
    "no statement": Forgery("statement_missing", statement=lambda _: None),
    "garbage": Forgery("statement_unreadable", statement=lambda _: "a.b.c"),
    "no text": Forgery("statement_unreadable", statement=lambda _: {"alg": "none"}),
    "oversized": Forgery("statement_too_long", statement=lambda signed: signed + "A" * MAX_STATEMENT),
    "alg none": Forgery("statement_algorithm", statement=resigned({"alg": "none"}, lambda _: b"")),
    "HMAC with the public key": Forgery(
        "statement_algorithm", statement=resigned(header(alg="HS256"), lambda _: b"x" * 32)
    ),
    "RSA": Forgery(
        "statement_algorithm",
        statement=resigned(header(alg="RS256"), lambda signing: RSA.sign(signing, PKCS1v15(), SHA256())),
    ),
    "somebody else's signature": Forgery("statement_signature", statement=resigned(header(), raw_key(99).sign)),
    "a header that says more": Forgery(
        "statement_unreadable", statement=resigned(header(crit=["exp"]), raw_key(OFFICE).sign)
    ),
    "expired": Forgery("statement_expired", begins=-900, ends=-840),
    "not yet valid": Forgery("statement_not_yet_valid", begins=900, ends=960),
    "for too long": Forgery("statement_lives_too_long", begins=0, ends=301),
    "wrong audience": Forgery("statement_for_another_installation", {"aud": "motcua:elsewhere"}),
    "another filing's": Forgery(
        "statement_of_another_filing", {"stream": "filing:5c2e2d1e-3f0b-5a6d-9d57-0c7b8a4e61f2"}
    ),
    "another kind of command": Forgery("statement_of_another_command", {"act": "nudge"}),
    "another command's": Forgery("statement_of_another_command", {"command_id": "c-2"}),
    "changed content": Forgery("statement_of_other_content", sent={"reason": "changed"}),
    "another digest": Forgery("statement_of_other_content", {"content": "0" * 64}),
    "unknown program": Forgery("unknown_principal", {"iss": "nobody"}),
    "another program's key": Forgery("unknown_key", {"iss": "desk-1"}),
    "a revoked key": Forgery("key_revoked", seed=GONE),
    "a key that has run out": Forgery("key_not_in_force", seed=OLD),
    "nobody": Forgery("statement_of_another_actor", {"actor": None}),
    "another person": Forgery(
        "statement_of_another_actor",
        {"actor": {"subject": "h56.30-reception-2", "role": "reception", "agency": "H56.30"}},
    ),
    "for somebody": Forgery("statement_of_another_actor", {"on_behalf_of": "vneid:1"}),
    "a role that it was not granted": Forgery("role_not_granted", seed=PORTAL),
    "an agency that it was not granted": Forgery(
        "agency_not_granted", seed=DESK, actor=officer(Role.RECEPTION, "H01.12")
    ),
    "an officer of a desk that is none": Forgery("role_not_granted", seed=DESK, actor=officer(Role.LEADER)),
    "the system": Forgery("role_not_granted", actor=SYSTEM),
    "another's citizen": Forgery("applicant_of_another", seed=OTHER_PORTAL, actor=CITIZEN),
    "a human who is not sure enough": Forgery("assurance_too_low", {"acr": "1"}),
}
SHAPES: Final = {"string_pattern_mismatch", "string_too_long", "string_type"}
"""The error types of a start whose statement is malformed."""


def with_statement(said: dict[str, Any], forgery: Forgery) -> dict[str, Any]:
    statement = forgery.statement(said.pop("statement"))
    return said if statement is None else said | {"statement": statement}


async def history_events(world: World, stream: str) -> list[HistoryEvent]:
    client = (await Program.of(world, PORTAL)).client
    return [event async for event in client.get_workflow_handle(stream).fetch_history_events()]


async def history(world: World, stream: str) -> list[EventType.ValueType]:
    return [event.event_type for event in await history_events(world, stream)]
