"""An HTTP door in memory, to a world that requires identity; and the tokens by which persons and programs use it."""

import asyncio
import time
from base64 import b64decode
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4

import httpx
from obstore.store import from_url
from pydantic import SecretStr

from activities.ledger.authority.budgets import Budgets
from activities.ledger.authority.principals import Guard, Keyring
from activities.views import Views
from gateway.connections import Connections
from gateway.door.app import Door, application
from gateway.door.drafts.routes import Drafts
from gateway.door.drafts.stored import Stored
from gateway.door.identity.signed_out import SignedOutPersons
from gateway.door.identity.speaking import Interpreter
from gateway.door.kept.received import Received
from gateway.door.public.by_hand import Public
from gateway.door.reads import Reads
from gateway.door.writes import Writes
from gateway.serving import Service, listening
from motcua.signing import Speaker
from rules.streams import KINDS
from schemas.filing.submission import Submission
from schemas.identity.statement import UNNAMED, Assurance, Claim, Grant
from schemas.ids import filing_id
from schemas.people import Actor, Role
from tests.acting import extract, plain
from tests.conftest import FILES_KEY, World
from tests.locked import AUDIENCE, now_in_force, register
from tests.speaking import grant, principal, private_key
from tests.unit.door.providers import Provider, Town, persons
from workers.file_addresses import FileAddresses
from workers.wiring import open_pool, open_vault

DOOR: Final = 71
"""The seed of the door's signing key."""
CLIENT: Final = "portal-http"
JSON: Final = {"content-type": "application/json"}


@dataclass(frozen=True)
class Entrance:
    """A door and the providers that it accepts: of citizens, officers, programs (`town`), and one more (`others`)."""

    town: Town
    others: Provider
    http: httpx.AsyncClient
    door: Door

    def citizen(self, sub: str, **claims: Any) -> dict[str, str]:
        """Returns the headers of a citizen's request."""
        return self._of(self.town.citizens, sub=sub, **claims)

    def officer(self, role: str, agency: str = "H56.30", **claims: Any) -> dict[str, str]:
        """Returns the headers of a request by an officer in this role of the agency."""
        own = {"sub": f"{agency.lower()}-{role}-1", "role": role, "agency": agency}
        return self._of(self.town.agency, **own | claims)

    def actor(self, actor: Actor, **claims: Any) -> dict[str, str]:
        """Returns the headers of a request by any actor, even an applicant, as if the officers' provider knew them."""
        role = Role.APPLICANT if actor.agency is None else actor.role
        return self._of(self.town.agency, sub=actor.subject, role=role, agency=actor.agency, **claims)

    def of_another_issuer(self, **claims: Any) -> dict[str, str]:
        """Returns the headers of a person of another issuer, whose persons have the same names as the others'."""
        return self._of(self.others, **claims)

    def program(self, client: str = "portal") -> dict[str, str]:
        """Returns the headers of a program that acts for itself."""
        return self._of(self.town.programs, client_id=client, sub=client)

    @staticmethod
    def _of(provider: Provider, **claims: Any) -> dict[str, str]:
        now = int(time.time())
        when = {"iat": now, "exp": now + 600} | ({"auth_time": now - 60} if "auth_time" in provider.claims else {})
        return {"authorization": f"Bearer {provider.token(**when | claims)}"}


async def register_door(world: World) -> None:
    """Registers the door, and the programs whose requests pass through it."""
    own = grant(Claim.OWN, least=Assurance.LOW)
    officers = grant(Claim.OFFICERS, "*", least=Assurance.LOW)
    speaks = Grant(claim=Claim.PROGRAMS, programs=("*",), assurance=Assurance.LOW)
    clients = (
        principal("portal-of-citizens", own, keys=()),
        principal("other-portal", own, keys=()),
        principal("portal-of-agency", officers, keys=()),
        principal("portal-of-programs", own, keys=()),
    )
    await register(world, principal("door-1", speaks, keys=(now_in_force(DOOR),)), *clients)


@asynccontextmanager
async def entrance(world: World, town: Town | None = None) -> AsyncIterator[Entrance]:
    """Opens a door that is registered in a locked world. `town`: the identity providers; by default, new ones."""
    town = town or Town()
    town.settings["agency"] |= {"namespaced": False, "officers": ["*"]}
    town.settings["citizens"]["clients"]["other"] = "other-portal"
    town.settings["programs"]["clients"] = {"portal": "portal-of-citizens", "other": "other-portal"}
    others = Provider("https://others.example", "RS256", persons())
    town.web.bodies[f"{others.url}/jwks"] = others.jwks
    own = {"issuer": others.url, "jwks": f"{others.url}/jwks", "officers": ["*"]}
    town.settings["others"] = town.settings["citizens"] | own
    town.now = time.time()
    interpreter = Interpreter(Speaker("door-1", private_key(DOOR), UNNAMED))
    settings = world.settings
    addresses = FileAddresses(from_url(world.objects), world.files_url, b64decode(FILES_KEY))
    settings = settings.model_copy(update={"database_url": SecretStr(world.door_dsn)})
    async with open_pool(settings) as pool, open_vault(settings) as vault, Keyring(pool, of_door=True) as keyring:
        guard = Guard(keyring, AUDIENCE, Budgets(world.budgets))
        reads = Reads(Views(pool, vault, KINDS, guard, addresses), guard, interpreter, pool, vault)
        received = Received(pool, vault, asyncio.Event())
        signed_out = SignedOutPersons(pool, vault)
        issuers = town.issuers(signed_out)
        public = Public.over(pool, issuers, signed_out)
        drafts = Drafts(issuers, reads, Stored(pool, vault, days=30))
        door = Door(issuers, reads, Writes(world.temporal, reads, interpreter), received, public, drafts)

        async def works() -> bool:
            return True

        transport = httpx.ASGITransport(application(door, works))
        async with httpx.AsyncClient(transport=transport, base_url="http://door.test") as http:
            yield Entrance(town, others, http, door)


def submission(person: str, sample: Callable[..., Submission] = extract, **other: Any) -> dict[str, Any]:
    """Returns the body of a request in which a person of the citizens' provider submits a filing."""
    said = plain(sample(client_id=CLIENT, submission_id=str(uuid4())))
    subject = f"citizens|{person}"
    said["applicant"] |= {"subject": subject}
    return {name: value for name, value in said.items() if name not in {"actor", "via"}} | other


async def filed(there: Entrance, person: str = "an") -> tuple[str, dict[str, Any]]:
    """Submits a filing as this person; returns its id, and the body of the request."""
    body = submission(person)
    answer = await there.http.post("/v1/filings", json=body, headers=there.citizen(person))
    assert answer.status_code == 201, answer.text
    return str(filing_id(CLIENT, body["submission_id"])), body


@asynccontextmanager
async def open_to_all(door: Door, head_seconds: float = 10.0) -> AsyncIterator[str]:
    """Serves a door over HTTP as its process does; yields its address."""

    async def works() -> bool:
        return True

    stop = asyncio.Event()
    with listening("127.0.0.1", 0) as listener:
        connections = Connections(100, 100, head_seconds)
        service = Service(application(door, works), listener, connections, None, works)
        serving = asyncio.create_task(service.serve(stop))
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            stop.set()
            await serving
