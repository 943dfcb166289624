"""An HTTP door over a world's real record: it stores messages, and delivers them when a test calls for it."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from pydantic import SecretStr

from activities.ledger.vault import Vault
from gateway.door.identity.tokens import Caller
from gateway.door.kept.delivery import Delivery
from gateway.door.kept.received import Kept, Message, Received
from motcua.signing import Authenticated, Speaker, Voice
from schemas.people import Actor
from tests.conftest import World
from workers.wiring import open_pool

NOW: Final = timedelta()


def caller(actor: Actor, client: str = "portal-1", **other: Any) -> Caller:
    """Returns this actor as a door's caller, with a token of this program, two hours after signing in."""
    said: dict[str, Any] = {"acr": "2", "amr": ("pwd", "otp"), "auth_time": int(time.time()) - 7200, "token": "0" * 64}
    return Caller("vneid", client, actor, **said | other)


@dataclass(frozen=True)
class AtTheDoor:
    """The parts of a door that keep messages and deliver them."""

    received: Received
    delivery: Delivery

    async def keep(self, stream: str, message: Message, waited: timedelta = NOW) -> Kept:
        return await self.received.keep(caller(message.actor), stream, message, waited)


@asynccontextmanager
async def at_the_door(world: World, speaker: Speaker) -> AsyncIterator[AtTheDoor]:
    """Yields a door over the world's record that signs with `speaker`; it delivers messages only on a call."""
    kept, vault = asyncio.Event(), Vault(world.settings.master)

    def voice(who: Caller) -> Voice:
        return Voice(speaker, Authenticated(who.acr, who.amr, who.auth_time), asker=who.actor)

    settings = world.settings.model_copy(update={"database_url": SecretStr(world.door_dsn)})
    async with open_pool(settings) as pool:
        yield AtTheDoor(Received(pool, vault, kept), Delivery(pool, vault, world.temporal, voice, kept))


def ago(moment: datetime) -> timedelta:
    """Returns how long ago a moment was; negative for one that is still to come."""
    return datetime.now(moment.tzinfo) - moment
