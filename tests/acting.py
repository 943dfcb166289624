"""Submissions of each procedure, officers of the directory, and filings played move by move, for tests."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from itertools import count
from time import monotonic
from typing import Any, Final, Self, TypeVar
from uuid import UUID

import asyncpg
import httpx
import pytest
import yaml
from temporalio.client import Client, WorkflowFailureError, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError

from activities.partners.http import partner_client
from motcua import RefusedError, testing
from publishing.authoring import procedures
from publishing.authoring.calendars import CALENDAR, publish_calendar
from rules.source import parse
from schemas import ids
from schemas.backoffice import Dossier
from schemas.errors import Refusal
from schemas.filing import commands as cm
from schemas.filing.events import Outcome
from schemas.filing.state import FilingPart, FilingView, Stage
from schemas.filing.submission import Submission
from schemas.payment.commands import RenewPayment
from schemas.people import Actor, Role, Via
from schemas.referral.commands import AnswerPart
from schemas.refund.commands import ApproveRefund
from schemas.stream.ledger import Receipt
from tests.conftest import ROOT, Signed, World

T = TypeVar("T")
AGENCY: Final = "H56.30"
VERSION: Final = "2026-12-demo"
VIA: Final = Via(principal="test")
FILE: Final = {"key": "papers/sample/file", "sha256": "0" * 64, "size": 1}
AUTHORISATION: Final = FILE | {"principal": "001090000001", "id_number": "001090000002"}
"""The paper by which the samples' applicant authorises the representative."""
ADDRESS: Final = {"recipient": "Nguyễn Văn An", "phone": "0900000001", "address": "1 Phố Thử", "postcode": "10000"}
PAYS: Final = "970400-0001"
PAYS_TWICE: Final = "970400-0003"
PAYS_TOO_LITTLE: Final = "970400-0005"
CHARGES_BACK: Final = "970400-0008"
NEVER_PAYS: Final = "970400-0004"
STAYS_IN_TRANSIT: Final = "99904"
BIRTH: Final = "1.001193"
EXTRACT: Final = "2.000635"
MARRIAGE: Final = "1.000894"
CONTRACT: Final = "2.001035"
JOINED: Final = "2.000986"
LEAD: Final = "H01.12"
POLICE: Final = "H01.31"
INSURANCE: Final = "H01.60"
"""The agencies of a joined filing: the leading one, and those that decide the parts."""
CHILD: Final = {
    "child_name": "Nguyễn Văn An",
    "child_birth_date": "2026-11-02",
    "child_sex": "male",
    "birth_place": "Bệnh viện",
    "child_ethnicity": "Kinh",
    "child_nationality": "Việt Nam",
    "residence": "1 Hàng Bài",
    "clinic": "Trạm y tế",
}
SPOUSES: Final = {
    "first_party_name": "Nguyễn Văn An",
    "first_party_ethnicity": "Kinh",
    "first_party_nationality": "Việt Nam",
    "second_party_name": "Trần Thị Bích",
    "second_party_ethnicity": "Tày",
    "second_party_nationality": "Việt Nam",
}


def birth(**overrides: Any) -> Submission:
    """Returns a birth submission at level 4: free, and approved at once if the back office finds it complete."""
    return testing.submission(**{"version": VERSION} | overrides)


def extract(**overrides: Any) -> Submission:
    """Returns a signed level-4 submission for an extract; its fee, 8,000 đồng a copy, is due at acceptance, online."""
    fields: dict[str, Any] = {
        "procedure": EXTRACT,
        "form": {"kind": "birth", "person_name": "Nguyễn Văn An", "copies": 2},
        "papers": [],
        "signature": FILE,
        "payer_account": PAYS,
    }
    return birth(**fields | overrides)


def posted(**overrides: Any) -> Submission:
    """Returns a submission for an extract whose result goes by post; the parcel arrives."""
    return extract(**{"result_channel": "post", "address": ADDRESS} | overrides)


def marriage(**overrides: Any) -> Submission:
    """Returns a level-3 marriage submission; copies of the extract are paid at the counter once the result is made."""
    fields: dict[str, Any] = {
        "procedure": MARRIAGE,
        "form": SPOUSES | {"copies": 1},
        "papers": [],
        "result_channel": "counter",
    }
    return birth(**fields | overrides)


def contract(**overrides: Any) -> Submission:
    """Returns a contract submission at level 2, handed in on paper and recorded by a reception officer."""
    fields: dict[str, Any] = {
        "procedure": CONTRACT,
        "channel": "counter",
        "actor": officer(Role.RECEPTION),
        "form": {},
        "papers": [{"code": "draft"}, {"code": "identity"}, {"code": "title"}],
        "result_channel": "counter",
    }
    return birth(**fields | overrides)


def joined(**overrides: Any) -> Submission:
    """Returns an electronic birth submission whose residence, insurance and identity card other agencies decide."""
    fields: dict[str, Any] = {"procedure": JOINED, "agency": LEAD, "form": CHILD, "result_channel": "online"}
    return birth(**fields | overrides)


def whose(person: Mapping[str, Any]) -> dict[str, Any]:
    return {"applicant": person, "actor": {"subject": person["subject"], "role": "applicant"}}


def officer(role: Role, agency: str = AGENCY, n: int = 1) -> Actor:
    return Actor(subject=f"{agency.lower()}-{role.replace('_', '-')}-{n}", role=role, agency=agency)


def of(submission: Submission) -> UUID:
    return ids.filing_id(submission.client_id, submission.submission_id)


def plain(submission: Submission) -> dict[str, Any]:
    return submission.model_dump(mode="json", exclude_none=True)


async def publish_short(world: World, code: str, **seconds: int) -> str:
    """Publishes a version of the procedure with these limits in seconds; returns the version's name."""
    file = (ROOT / "procedures" / f"{code}@2026-12.yaml").read_bytes()
    return (
        await procedures.publish(world.owner_dsn, procedures.demo_variant(file, seconds, suffix="short"), demo=True)
    ).version


async def publish_changed(world: World, code: str, change: Callable[[dict[str, Any]], object], **seconds: int) -> str:
    """Publishes a version of the procedure with this change and these limits; returns the version's name."""
    source = (ROOT / "procedures" / f"{code}@2026-12.yaml").read_bytes()
    fields = yaml.safe_load(procedures.demo_variant(source, {"payment": 60} | seconds, suffix="changed"))
    change(fields)
    changed = yaml.safe_dump(fields, allow_unicode=True).encode()
    return (await procedures.publish(world.owner_dsn, changed, demo=True)).version


async def eventually(ask: Callable[[], Awaitable[T]], wanted: Callable[[T], bool], within: float = 60) -> T:
    """Calls `ask` until `wanted` accepts its answer, and returns that; raises `AssertionError` after `within` s."""
    answer = await ask()
    pause = 0.05
    try:
        async with asyncio.timeout(within):
            while not wanted(answer):
                await asyncio.sleep(pause)
                pause = min(1.1 * pause, 0.5)
                answer = await ask()
    except TimeoutError:
        raise AssertionError(f"still not after {within} s: {answer}") from None
    return answer


def sparingly(
    ask: Callable[[], Awaitable[T]], record: asyncpg.Connection[asyncpg.Record]
) -> Callable[[], Awaitable[T]]:
    """Returns a caching form of `ask`: it calls `ask` again only after a new event, or after one second."""
    said: list[T] = []
    events, until = -1, 0.0

    async def answer() -> T:
        nonlocal events, until
        there = await record.fetchval("select count(*) from event")
        if there != events or monotonic() > until:
            said[:] = [await ask()]
            events, until = there, monotonic() + 1
        return said[0]

    return answer


class Doubtful(Signed):
    """A back office that never finds a dossier complete, so that officers do the work."""

    async def check(self, dossier: Dossier) -> bool:  # noqa: ARG002 -- it doubts everything
        return False


@dataclass
class Play:
    world: World
    submission: Submission
    code: str | None = None
    _moves: count[int] = field(default_factory=lambda: count(1))
    _seen: int = 0

    @classmethod
    async def begin(cls, world: World, submission: Submission) -> Self:
        return cls(world, submission, (await world.client.submit(submission)).code)

    @classmethod
    async def accepted(cls, world: World, submission: Submission) -> Self:
        """Submits a filing, and accepts it; returns its `Play`."""
        play = await cls.begin(world, submission)
        await play.accept()
        return play

    @property
    def filing(self) -> UUID:
        return of(self.submission)

    def officer(self, role: Role, n: int = 1) -> Actor:
        return officer(role, self.submission.agency, n)

    async def act(self, command: type[cm.Command], actor: Actor, **fields: Any) -> Receipt:
        """Gives a command under a new id; the command names the last event that this play has seen."""
        given = {"command_id": f"move-{next(self._moves)}", "actor": actor, "via": VIA, "seen_seq": self._seen} | fields
        receipt = await self.world.client.act(self.filing, command.model_validate(given))
        self._seen = max(self._seen, receipt.seq)
        return receipt

    async def view(self) -> FilingView:
        view = await self.world.client.view(self.filing)
        self._seen = max(self._seen, view.seq)
        return view

    async def until(self, wanted: Callable[[FilingView], bool]) -> FilingView:
        async with self.world.connection() as record:
            return await eventually(sparingly(self.view, record), wanted)

    async def at(self, stage: Stage) -> FilingView:
        return await self.until(lambda view: view.stage is stage)

    async def accept(self) -> Receipt:
        return await self.act(cm.Accept, self.officer(Role.RECEPTION))

    async def review(self, outcome: Outcome = Outcome.APPROVED, reason: str | None = None) -> None:
        """Takes every step of the review to the decision, each by the first officer of its role."""
        judged = {"outcome": outcome, "reason": reason}
        if outcome is Outcome.REFUSED:
            judged["legal_basis"] = "Decree 123/2015"
        finish: dict[str, tuple[type[cm.Command], dict[str, Any]]] = {
            "forward": (cm.Forward, {}),
            "propose": (cm.Propose, judged),
            "decide": (cm.Decide, judged),
        }
        view = await self.at(Stage.REVIEW)
        while view.stage is Stage.REVIEW:
            actor = self.officer(view.tasks[0].role)
            await self.act(cm.Claim, actor)
            (act,) = finish.keys() & set((await self.view()).tasks[0].actions)
            command, fields = finish[act]
            await self.act(command, actor, **fields)
            view = await self.view()

    async def deliver(self, reason: str | None = None) -> FilingView:
        """Brings the filing from intake to its end, and returns it."""
        await self.accept()
        await self.review(reason=reason)
        return await self.at(Stage.CLOSED)

    async def pay_at_counter(self, amount: int) -> Receipt:
        return await self.act(cm.PayAtCounter, self.officer(Role.CASHIER), amount=amount)

    async def hand_over(self) -> Receipt:
        """Hands the result over to a person with the pick-up code."""
        code = (await self.world.client.delivery(self.filing)).pickup_code
        said = {"recipient": "Nguyễn Văn An", "code": code, "signed_on_paper": True}
        return await self.act(cm.HandOver, self.officer(Role.HANDOVER), **said)

    async def withdraw(self) -> Receipt:
        return await self.act(cm.Withdraw, self.submission.actor, reason="no longer needed")

    async def give(self, stream: str, command: type[cm.Command], actor: Actor, **fields: Any) -> Receipt:
        """Gives a command under a new id to one of the filing's streams."""
        given = {"command_id": f"move-{next(self._moves)}", "actor": actor, "via": VIA} | fields
        return await self.world.client.act(stream, command.model_validate(given))

    async def refund(self, command: type[cm.Command], actor: Actor, n: int = 1001, **fields: Any) -> Receipt:
        """Gives a command to refund number `n`; by default to the refund of the first payment's first capture."""
        return await self.give(ids.refund_workflow(self.filing, n), command, actor, **fields)

    async def renew_payment(self, n: int = 1, **fields: Any) -> Receipt:
        """Renew the n-th payment, as the applicant."""
        said = {"actor": self.submission.actor} | fields
        return await self.give(ids.payment_workflow(self.filing, n), RenewPayment, **said)

    async def approve_refund(self, n: int = 1001) -> Receipt:
        """Approves the refund as a leader, once the system has requested it."""
        await eventually(lambda: self.kinds("refund", n), lambda kinds: "refund_opened" in kinds)
        return await self.refund(ApproveRefund, self.officer(Role.LEADER), n, case=1)

    async def kinds(self, stream: str = "filing", n: int | None = None) -> list[str]:
        """Returns the kinds of events in the filing's own stream, or in its n-th stream of another kind."""
        name = f"{stream}:{self.filing}" if n is None else f"{stream}:{self.filing}:{n}"
        rows = await self.world.fetch("select kind from event where stream = $1 order by seq", name)
        return [row["kind"] for row in rows]

    async def order(self) -> dict[str, Any]:
        """Returns the bank's own order for the filing's first payment; an empty dict before the bank has the order."""
        async with partner_client(self.world.env["MOTCUA_BANK_URL"]) as bank:
            answer = await bank.get(f"/orders/{ids.fee_key(self.filing, 1)}")
        found: dict[str, Any] = answer.json() if answer.is_success else {}
        return found

    async def pay_by_hand(self, n: int = 1) -> None:
        """Waits until the bank has the n-th payment's page, and pays there by hand, whatever the state of the order."""
        page = f"/orders/{ids.fee_key(self.filing, n)}/pay"
        async with partner_client(self.world.env["MOTCUA_BANK_URL"]) as bank:
            paid = await eventually(lambda: bank.post(page), lambda answer: answer.status_code != httpx.codes.NOT_FOUND)
            paid.raise_for_status()


async def refer(world: World, version: str = VERSION, **overrides: Any) -> Play:
    """Returns a filing that has reached the step in which other agencies decide."""
    play = await registering(world, version, **overrides)
    await play.act(cm.Forward, play.officer(Role.LEADER))
    return play


async def registering(world: World, version: str = VERSION, **overrides: Any) -> Play:
    """Returns a birth filing that a leader has claimed, before other agencies get and decide their parts."""
    play = await Play.begin(world, joined(version=version, **overrides))
    if play.submission.channel == "online":
        await play.accept()
    await play.act(cm.Claim, play.officer(Role.SPECIALIST))
    await play.act(cm.Forward, play.officer(Role.SPECIALIST))
    await play.act(cm.Claim, play.officer(Role.LEADER))
    return play


async def decide_part(play: Play, part: FilingPart, **said: Any) -> Receipt:
    """Claims a part and answers it, as the first specialist of the agency that decides it."""
    stream = ids.referral_workflow(play.filing, part.n)
    await eventually(lambda: play.kinds("referral", part.n), bool)
    given = {"actor": officer(Role.SPECIALIST, part.agency), "via": VIA}
    await play.world.client.act(stream, cm.Claim.model_validate(given | {"command_id": "claim"}))
    answer = given | {"command_id": "answer", "outcome": Outcome.APPROVED} | said
    return await play.world.client.act(stream, AnswerPart.model_validate(answer))


async def stock(world: World) -> Client:
    """Returns a Temporal client without the project's data converter: it sends and receives plain data."""
    return await Client.connect(world.env["TEMPORAL_ADDRESS"], namespace=world.namespace)


async def refusal(call: Awaitable[Any]) -> Refusal:
    """Returns the platform's refusal of a stock client's call. Fails if there is none, or if it is malformed."""
    with pytest.raises((WorkflowUpdateFailedError, WorkflowFailureError)) as error:
        await call
    cause = error.value.cause
    assert isinstance(cause, ApplicationError)
    found = Refusal.model_validate(cause.details[0])
    assert cause.type == found.code
    assert all(problem.message.vi and problem.message.en for problem in found.problems)
    return found


async def broken(call: Awaitable[Any], refused: type[Any] = RefusedError) -> list[tuple[str, str]]:
    """Awaits the call, which must raise `refused`; returns the field and the rule of each problem in that error."""
    with pytest.raises(refused) as error:
        await call
    return [(one.field, one.rule) for one in error.value.refusal.problems]


async def bodies(world: World) -> str:
    """Returns the public parts of all events, as text."""
    rows = await world.fetch("select convert_from(body, 'UTF8') as body from event")
    return "\n".join(row["body"] for row in rows)


async def record(world: World) -> dict[str, list[str]]:
    """Returns every row of the record and of the read models, as text."""
    tables = ("event", "stream", "receipt", "counter", "filing_key", "filing", "task", "payment", "parcel")
    async with world.connection() as connection:
        return {
            table: [row[0] for row in await connection.fetch(f"select t::text from {table} t order by 1")]  # noqa: S608
            for table in tables
        }


async def on_another_calendar(world: World) -> Play:
    """Returns a filing that was moved to another calendar with its payment and parcel; the parcel stays in transit."""
    play = await Play.accepted(world, extract(result_channel="post", address=ADDRESS | {"postcode": STAYS_IN_TRANSIT}))
    await play.review()
    await eventually(lambda: play.kinds("parcel", 1), lambda kinds: "consignment_sent" in kinds)
    calendar = parse(CALENDAR.read_bytes(), as_text=True).value | {"version": "2026-12-test", "cut_off": "16:00"}
    name = (await publish_calendar(world.owner_dsn, yaml.safe_dump(calendar).encode())).name
    streams = (
        ids.filing_workflow(play.filing),
        ids.payment_workflow(play.filing, 1),
        ids.parcel_workflow(play.filing, 1),
    )
    for stream in streams:
        handle = world.temporal.get_workflow_handle(stream)
        await handle.execute_update("adopt_calendar", cm.AdoptCalendar(calendar=name))
    return play
