"""A world that requires identity statements for questions, and programs that ask in it."""

import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import uuid4

from temporalio.client import Client

from activities.identity import Guard
from activities.ledger.authority.principals import Keyring
from activities.ledger.vault import Vault
from activities.views import Views
from motcua.identity import sign
from rules.streams import KINDS
from schemas.identity.statement import Grant, IdentityStatement, audience, message_digest
from schemas.ids import TASK_QUEUE
from schemas.people import Actor
from tests.any_files import AnyFiles, received_by
from tests.conftest import World
from tests.locked import register as register_programs
from tests.speaking import key_of, principal, private_key
from workers.wiring import activities, open_pool, platform_worker

AUDIENCE: Final = audience("seeing")


@asynccontextmanager
async def guarded(world: World) -> AsyncIterator[Views]:
    """Runs a platform whose views verify identity; it accepts all other messages from anybody."""
    async with (
        open_pool(world.settings) as pool,
        Keyring(pool) as keyring,
        activities(world.settings) as functions,
    ):
        views = Views(pool, Vault(world.settings.master), KINDS, Guard(keyring, AUDIENCE))
        seeing = replace(functions, working=_other(functions.working, views), waiting=[views.changes])
        async with platform_worker(world.temporal, received_by(AnyFiles(), seeing), world.settings):
            yield views


def _other(working: Sequence[Callable[..., Any]], views: Views) -> Sequence[Callable[..., Any]]:
    kept = [one for one in working if one.__qualname__ != "Views.answer"]
    assert len(kept) == len(working) - 1
    return [*kept, views.answer]


async def register(world: World, name: str, seed: int, *grants: Grant) -> None:
    now = datetime.now(UTC)
    key = key_of(seed, valid_from=now - timedelta(days=1), valid_until=now + timedelta(days=1))
    named = principal(name, *grants, keys=(key,)).model_copy(update={"name": f"Program {name}"})
    await register_programs(world, named)


@dataclass(frozen=True)
class Program:
    """A registered program that asks, for an actor or for itself."""

    name: str
    seed: int
    client: Client = field(repr=False)

    def signed(self, question: dict[str, Any], actor: Actor | None, **other: Any) -> dict[str, Any]:
        """Returns the question with a statement of the asker."""
        now = int(time.time())
        said: dict[str, Any] = {
            "iss": self.name,
            "aud": AUDIENCE,
            "iat": now,
            "exp": now + 60,
            "act": f"ask.{question['ask']}",
            "stream": question.get("stream"),
            "actor": actor,
            "content": message_digest(question),
            "acr": "2",
            "amr": ("pwd", "otp"),
            "auth_time": now,
        }
        statement = IdentityStatement.model_validate(said | other)
        return question | {"statement": sign(statement, private_key(self.seed))}

    async def ask(self, question: dict[str, Any], actor: Actor | None = None, **other: Any) -> Any:
        """Returns the answer to a signed question. Raises the errors of Temporal's client."""
        return await self.raw(self.signed(question, actor, **other))

    async def raw(self, question: dict[str, Any]) -> Any:
        """Returns the answer to a question sent unchanged."""
        return await self.client.execute_workflow("View", question, id=f"view:{uuid4()}", task_queue=TASK_QUEUE)
