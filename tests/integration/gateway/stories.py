"""The demo's stories, played over HTTP: each message goes to the door, with a token of its actor.

A story is played unchanged, or with other roles in some of its lines; it stops after its last wanted pair.
"""

import asyncio
import secrets
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from http import HTTPStatus
from typing import Any, Final, Self, cast
from uuid import NAMESPACE_URL, UUID, uuid4, uuid5

import httpx
from obstore.store import from_url
from temporalio.client import Client

from demo import running as demo
from demo.applicant import CLIENT, Filer, via
from demo.insisting import Insisting
from demo.player import Player, officer
from demo.scenario import BESIDE, COMPLAINING, REFUNDING, REGISTERING, Act, Scenario
from demo.world.absence import Absences
from demo.world.paying import Paying
from demo.world.tills import Tills
from gateway.door.operations import OPERATIONS, Place
from motcua import FilingClient, FilingClosed, FilingNotAvailable, MotcuaError, NotAllowed, NotFound, NotReady, errors
from motcua.calls.questions import stream_of
from motcua.files.store import Store
from motcua.signing import Speaker
from schemas.complaint.state import ComplaintStart
from schemas.errors import Refusal
from schemas.filing.commands import Command
from schemas.filing.submission import Submission
from schemas.identity.statement import UNNAMED, Assurance, Claim, Grant
from schemas.ids import StreamId, filing_id, filing_workflow
from schemas.level import Channel
from schemas.people import OFFICERS, Actor, Role
from schemas.stream.ledger import Receipt
from tests.acting import eventually
from tests.conftest import World
from tests.doors import DOOR, Entrance, entrance, register_door
from tests.locked import now_in_force, register
from tests.speaking import grant, principal, private_key
from tests.unit.door.providers import Town

BY_NAME: Final = {("complaint.complain" if one.name == "complain" else one.name): one for one in OPERATIONS}
PROGRAMS: Final = {"portal": CLIENT, "oversight": "oversight-http"}
"""The programs, by their names at the issuer. The door acts for operators and auditors only through the second."""
TELLER: Final = 72
"""The seed of the key with which the stories' program signs its questions."""
AT_ONCE: Final = 16

BY_ROLE: Final = "role_not_allowed"
ELSEWHERE: Final = "H29.16"
"""An agency that takes no part in these stories."""
NOBODY: Final = Actor(subject="nobody@id.example", role=Role.APPLICANT)
FILE: Final = "FILE"
PAUSE: Final = 0.3
LONGEST: Final = 200.0
"""The seconds within which the commands after a script must be done."""
OVERSEERS: Final = frozenset({Role.OPERATOR, Role.AUDITOR})
EVERY_ROLE: Final = frozenset(Role) - {Role.SYSTEM}
Pair = tuple[str, Role]
"""A command's operation, and the role that gives the command."""
Message = Command | ComplaintStart


class Person(Filer):
    """An applicant whose submission has a UUID as its id, as the door requires."""

    @property
    def submission_id(self) -> str:
        return str(uuid5(NAMESPACE_URL, f"{self.run}-{self.n}"))

    @cached_property
    def canary(self) -> str:
        return f"CANARY-{self.run}-{self.n:05d}"


@dataclass
class Answers:
    """The answers by pair (an operation and a role): the accepted pairs, and the rules that refused the others.

    `refused`: the rule for a role without a right to the command. `again`: the rule for a command given once more or,
    if this is accepted, for the command of a stranger in the same role.
    """

    taken: set[Pair] = field(default_factory=set)
    refused: dict[Pair, str] = field(default_factory=dict)
    again: dict[Pair, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Further:
    """A command to give after a script: once the platform offers it; or if `refused`, at once, to test the refusal.

    `n`: the number of the command's stream.
    """

    operation: str
    role: Role
    fields: Mapping[str, Any] = field(default_factory=dict)
    n: int = 1
    refused: bool = False

    @property
    def kind(self) -> str:
        """Returns the kind of the command's stream."""
        return self.operation.partition(".")[0]

    @property
    def at_once(self) -> bool:
        """Returns whether the command needs no offer: it shall be refused, begins a stream, or is an overseer's."""
        return self.refused or self.operation == "refund.request_refund" or self.role in OVERSEERS


@dataclass(frozen=True)
class Telling:
    """A story to play. `instead`: by operation, a role in place of the script's; `then`: commands after the script."""

    scenario: Scenario
    instead: Mapping[str, Role] = field(default_factory=dict)
    then: tuple[Further, ...] = ()

    @classmethod
    def of(cls, scenario: Scenario, lines: int, *then: Further, **changed: Any) -> Self:
        """Returns the story of the script's first `lines` lines and of the commands `then`, with fields `changed`."""
        return cls(scenario.model_copy(update={"script": scenario.script[:lines]} | changed), then=then)


def operation_of(act: Act) -> str | None:
    """Returns the operation of a script's line; None for a line that sends the platform no message."""
    names = dict.fromkeys(COMPLAINING, "complaint") | dict.fromkeys(REGISTERING, "result")
    names |= dict.fromkeys(REFUNDING, "refund") | {"renew_payment": "payment"}
    if act.command in {"complain", "complain_again"}:
        return "complaint.complain"
    if act.command not in names and act.command in BESIDE:
        return None
    return f"{names.get(act.command, 'referral' if act.part else 'filing')}.{act.command}"


def as_they_stand(scenarios: Sequence[Scenario], wanted: AbstractSet[Pair]) -> list[Telling]:
    """Returns unchanged stories with as many wanted pairs as possible, each cut after its last wanted pair."""
    chosen, left = list[Telling](), {*wanted}

    def adds(scenario: Scenario) -> list[int]:
        """Returns the numbers of the script's lines at which a pair that is still wanted occurs first."""
        pairs = [(operation_of(act), act.role) for act in scenario.acts]
        return [n for n, pair in enumerate(pairs, 1) if pair in left and pair not in pairs[: n - 1]]

    while lines := adds(best := max(scenarios, key=lambda one: len(adds(one)))):
        chosen.append(Telling.of(best, lines[-1]))
        left -= {(operation_of(act), act.role) for act in chosen[-1].scenario.acts}
    return chosen


def with_other_roles(scenarios: Sequence[Scenario], wanted: AbstractSet[Pair]) -> list[Telling]:
    """Returns stories that cover the wanted pairs: their roles give commands that other roles give in the script."""
    chosen, left = list[Telling](), {*wanted}

    def swaps(scenario: Scenario) -> dict[str, tuple[int, Role]]:
        """Returns, for each operation in a wanted pair, the number of its last line and the wanted role."""
        lines = {name: n for n, act in enumerate(scenario.acts, 1) if (name := operation_of(act))}
        return {name: (lines[name], role) for name, role in sorted(left, reverse=True) if name in lines}

    while found := swaps(best := max(scenarios, key=lambda one: len(swaps(one)))):
        instead = {name: role for name, (_, role) in found.items()}
        represented = best.represented or Role.REPRESENTATIVE in instead.values()
        cut = Telling.of(best, max(n for n, _ in found.values()), represented=represented)
        chosen.append(replace(cut, instead=instead))
        left -= {*instead.items()}
    return chosen


class Teller(FilingClient):
    """A client of the kit that sends all messages over HTTP; its questions go through Temporal, as the kit's do."""

    def __init__(self, client: Client, door: Entrance, roles: Mapping[str, frozenset[Role]]) -> None:
        super().__init__(client, speaker=Speaker(CLIENT, private_key(TELLER), UNNAMED), patience=180)
        self._door, self._roles = door, roles
        self.answers = Answers()
        self.tellings: dict[UUID, tuple[Telling, Filer]] = {}
        self._given = defaultdict[UUID, list[tuple[str, str, Message | Submission, Actor]]](list)

    async def submit(self, submission: Submission) -> Receipt:
        stream = filing_workflow(filing_id(submission.client_id, submission.submission_id))
        return await self._give("submit", stream, submission, submission.actor)

    async def complain(self, complaint: ComplaintStart) -> Receipt:
        return await self._by_each("complaint.complain", filing_workflow(complaint.filing_id), complaint)

    async def act(self, target: UUID | str, command: Command) -> Receipt:
        stream = stream_of(target)
        return await self._by_each(f"{StreamId.parse(stream).kind}.{command.kind}", stream, command)

    async def further(self, telling: Telling, filer: Filer) -> None:
        """Gives the commands after a script. Raises `MotcuaError` if an answer is not the expected one."""
        for number, one in enumerate(telling.then):
            actor = _actor(one.role, telling.scenario.agency, telling, filer)
            stream = str(StreamId(one.kind, filer.filing_id, 0 if one.kind == "filing" else one.n))
            command = await _command(one, f"further_{number}", actor, filer)
            if not one.at_once:
                await eventually(partial(self._offers, stream, actor, command.kind), bool, LONGEST)
            try:
                await self.act(stream, command)
            except NotAllowed:
                if not one.refused:
                    raise
            else:
                if one.refused:
                    raise MotcuaError(f"{one.operation} was taken")

    async def _by_each(self, name: str, stream: str, message: Message) -> Receipt:
        """Gives a command as each role that has no right to it, and then as the role that is to give it."""
        telling, filer = self.tellings[StreamId.parse(stream).filing]
        actor, agency = message.actor, message.actor.agency or telling.scenario.agency
        for role in sorted(EVERY_ROLE - self._roles[name]):
            if self.answers.refused.get((name, role)) != BY_ROLE:
                await self._refused(name, stream, message, _actor(role, agency, telling, filer))
        role = telling.instead.get(name, actor.role)
        if role is not actor.role and (name, role) not in self.answers.taken:
            actor = _actor(role, agency, telling, filer)
            if role is Role.RECEPTION and "document" in type(message).model_fields:
                [signed] = await filer.papers(["signed"])
                message = message.model_copy(update={"document": signed.file})
        return await self._give(name, stream, message, actor)

    async def _refused(self, name: str, stream: str, message: Message, actor: Actor) -> None:
        """Gives a command as an actor without a right to it, unless the platform offers it to them in this filing."""
        by_filing = BY_NAME[name].roles is None and actor.role not in OVERSEERS
        if by_filing and isinstance(message, Command) and await self._offers(stream, actor, message.kind):
            return
        answer = await self._post(name, stream, message, actor, anew=True)
        assert not answer.is_success, f"{name} was taken from {actor.role}"
        self.answers.refused[name, actor.role] = rule(answer)

    async def _offers(self, stream: str, actor: Actor, command: str) -> bool:
        """Returns whether the platform offers a command to an actor; False also if the actor can't see the filing."""
        try:
            offered = await self.actions(stream, actor)
        except (NotFound, NotReady, FilingNotAvailable):
            return False
        return any(one.allowed and one.name == command for one in offered)

    async def _give(self, name: str, stream: str, message: Message | Submission, actor: Actor) -> Receipt:
        answer = await self._post(name, stream, message, actor)
        if not answer.is_success:
            self.answers.again[name, actor.role] = rule(answer)
            raise _error(answer)
        self.answers.taken.add((name, actor.role))
        self._given[StreamId.parse(stream).filing].append((name, stream, message, actor))
        return Receipt.model_validate_json(answer.content)

    async def again(self, filing: UUID) -> None:
        """Gives each command of a story again under a new id; if accepted, also as a stranger in the same role."""
        for name, stream, message, actor in self._given.pop(filing, []):
            if (name, actor.role) not in self.answers.again:
                answer = await self._post(name, stream, message, actor, anew=True)
                if answer.is_success:
                    stranger = officer(ELSEWHERE, actor.role) if actor.agency else NOBODY
                    other = actor.model_copy(update={"subject": stranger.subject, "agency": stranger.agency})
                    answer = await self._post(name, stream, message, other, anew=True)
                assert not answer.is_success, f"{name} was taken from another {actor.role}"
                self.answers.again[name, actor.role] = rule(answer)

    async def _post(
        self, name: str, stream: str, message: Message | Submission, actor: Actor, *, anew: bool = False
    ) -> httpx.Response:
        operation, about = BY_NAME[name], StreamId.parse(stream)
        beyond = {*operation.at(Place.DOOR), *operation.at(Place.PATH), "seen_seq"}
        body = message.model_dump(mode="json", exclude_none=True, exclude=beyond)
        program = "oversight" if actor.role in OVERSEERS else "portal"
        body |= {"actor": actor.model_dump(mode="json", exclude_none=True)}
        body["via"]["principal"] = PROGRAMS[program]
        if anew and "command_id" in body:
            body["command_id"] = str(uuid4())
        self._door.town.now = time.time()
        path = operation.path.format(filing_id=about.filing, n=about.n)
        while True:
            answer = await self._door.http.post(path, json=body, headers=self._door.actor(actor, client_id=program))
            if answer.status_code != HTTPStatus.SERVICE_UNAVAILABLE:
                assert answer.status_code < HTTPStatus.INTERNAL_SERVER_ERROR, answer.text
                return answer
            await asyncio.sleep(PAUSE)


async def _command(one: Further, own_id: str, actor: Actor, filer: Filer) -> Command:
    """Returns the command; a field with the value `FILE` gets a file of the filing."""
    [paper] = await filer.papers([own_id])
    fields = {key: paper.file if value == FILE else value for key, value in one.fields.items()}
    if one.operation == "filing.name_representative":
        fields["representative"] = filer.actor(Role.REPRESENTATIVE).subject
        fields["authorisation"] = await filer._authorisation()
    channel = Channel.COUNTER if actor.agency else Channel.ONLINE
    who = {"command_id": own_id, "actor": actor, "via": via(channel)}
    return cast("Command", BY_NAME[one.operation].message.model_validate(who | fields))


def _actor(role: Role, agency: str, telling: Telling, filer: Filer) -> Actor:
    if role not in OFFICERS:
        return filer.actor(role)
    at_desk = role is Role.RECEPTION and agency == telling.scenario.agency
    return officer(telling.scenario.receiving if at_desk else agency, role)


def rule(answer: httpx.Response) -> str:
    problems = answer.json()["problems"]
    return str(problems[0]["rule"]) if problems else str(answer.json()["code"])


def _error(answer: httpx.Response) -> Exception:
    problem = answer.json()
    if problem["code"] == "filing_closed":
        return FilingClosed("closed")
    if answer.status_code == HTTPStatus.NOT_FOUND:
        return FilingNotAvailable("not found")
    return errors.refused(
        Refusal.model_validate({k: problem[k] for k in ("code", "problems", "allowed") if k in problem})
    )


class ToTheEndOfTheScript(Player):
    """Plays a script, and does not wait for the filing's end."""

    async def _end(self, page: Insisting) -> None:
        pass


@asynccontextmanager
async def door_of_stories(world: World) -> AsyncIterator[Entrance]:
    """Opens a door for the stories' program, and for the program of operators and auditors."""
    own = grant(Claim.OWN, least=Assurance.LOW)
    officers, operator, auditor = (
        grant(claim, "*", least=Assurance.LOW) for claim in (Claim.OFFICERS, Claim.OPERATOR, Claim.AUDITOR)
    )
    speaks = Grant(claim=Claim.PROGRAMS, programs=("*", PROGRAMS["oversight"]), assurance=Assurance.LOW)
    await register_door(world)
    await register(
        world,
        principal("door-1", speaks, keys=(now_in_force(DOOR),)),
        principal(CLIENT, own, officers, keys=(now_in_force(TELLER),)),
        principal(PROGRAMS["oversight"], operator, auditor, keys=()),
    )
    town = Town()
    town.settings["agency"] |= {"applicants": True, "clients": PROGRAMS}
    async with entrance(world, town) as door:
        yield door


async def tell(world: World, teller: Teller, tellings: Sequence[Telling]) -> dict[str, list[str]]:
    """Plays all stories, several at once; returns the problems, by story."""
    env = world.process_env
    versions = await demo.publish(world.owner_dsn, world.publisher, [one.scenario for one in tellings])
    beside = {
        **Absences(teller, env["MOTCUA_OWNER_DATABASE_URL"]).words,
        **Paying(env["MOTCUA_BANK_URL"]).words,
        **Tills(env["MOTCUA_DATABASE_URL"]).words,
    }
    player, places = ToTheEndOfTheScript(teller, versions, beside), asyncio.Semaphore(AT_ONCE)
    run, store = secrets.token_hex(4)[:7].upper(), Store(from_url(world.objects))

    async def one(n: int, telling: Telling) -> tuple[str, list[str]]:
        filer = Person(run, n, store, env["MOTCUA_TRUST_URL"])
        teller.tellings[filer.filing_id] = telling, filer
        async with places:
            played = await player.play(telling.scenario, filer)
            problems = [str(one) for one in (played.refusal, *played.problems) if one]
            if not problems:
                try:
                    await asyncio.wait_for(teller.further(telling, filer), LONGEST)
                except (MotcuaError, TimeoutError) as error:
                    problems = [repr(error)]
            await teller.again(filer.filing_id)
        return telling.scenario.name, problems

    ended = await asyncio.gather(*(one(n, telling) for n, telling in enumerate(tellings, 1)))
    return {name: problems for name, problems in ended if problems}
