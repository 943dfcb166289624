"""The rights to see a filing, and the recorded looks at filings, by the workflow `View` with identity checks."""

import asyncio
import random
import re
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any, Final, cast, get_args
from uuid import UUID, uuid4

import asyncpg
import pytest
from pydantic_core import to_jsonable_python
from temporalio.client import Client, WorkflowFailureError
from temporalio.exceptions import ApplicationError

from activities.ledger.authority.principals import Guard, Keyring, principals
from activities.ledger.authority.readers import Reader, readers_of
from activities.ledger.authority.used import forget
from activities.ledger.database import Pool
from activities.ledger.vault import Vault
from activities.views import Session, Views
from motcua.files.store import open_store
from motcua.identity import sign
from operations.rebuilding import rebuild
from rules.identity.looks import ABOUT_A_FILING, LISTS
from rules.streams import KINDS
from schemas import reading as rd
from schemas.errors import NOT_FOUND, Refusal, RefusalCode, RefusalError
from schemas.files import FileAddress
from schemas.filing.state import Stage
from schemas.identity.statement import (
    ALL_AGENCIES,
    Assurance,
    Claim,
    Grant,
    IdentityStatement,
    KeyId,
    Proved,
    audience,
    message_digest,
    signed,
)
from schemas.ids import TASK_QUEUE, filing_id
from schemas.people import Actor, Role
from tests.acting import (
    BIRTH,
    EXTRACT,
    LEAD,
    POLICE,
    Play,
    birth,
    eventually,
    extract,
    officer,
    publish_short,
    refer,
    refusal,
    stock,
    whose,
)
from tests.any_files import AnyFiles, received_by
from tests.conftest import ROOT, World
from tests.locked import register as register_programs
from tests.speaking import key_of, principal, private_key
from tests.walking import walked
from views.log import Log, no_keys
from views.public import counts, tracked
from workers.file_addresses import FileAddresses
from workers.wiring import activities, open_pool, platform_worker

AUDIENCE: Final = audience("seeing")


@asynccontextmanager
async def guarded(world: World) -> AsyncIterator[Views]:
    """Runs a platform whose views verify identity; all other messages are accepted without a signature."""
    async with open_pool(world.settings) as pool, Keyring(pool) as keyring, activities(world.settings) as functions:
        addresses = FileAddresses(open_store(world.objects), "http://gateway.test", b"k" * 32)
        views = Views(pool, Vault(world.settings.master), KINDS, Guard(keyring, AUDIENCE), addresses)
        kept = [one for one in functions.working if one.__qualname__ != "Views.answer"]
        assert len(kept) == len(functions.working) - 1
        seeing = replace(functions, working=[*kept, views.answer], waiting=[views.changes])
        async with platform_worker(world.temporal, received_by(AnyFiles(), seeing), world.settings):
            yield views


async def register(world: World, name: str, seed: int, *grants: Grant) -> None:
    now = datetime.now(UTC)
    key = key_of(seed, valid_from=now - timedelta(days=1), valid_until=now + timedelta(days=1))
    named = principal(name, *grants, keys=(key,)).model_copy(update={"name": f"Program {name}"})
    await register_programs(world, named)


@dataclass(frozen=True)
class Program:
    """A registered program that asks questions, for an actor or for itself."""

    name: str
    seed: int
    client: Client = field(repr=False)

    def signed(self, question: dict[str, Any], actor: Actor | None, **other: Any) -> dict[str, Any]:
        now = int(time.time())
        said: dict[str, Any] = {
            "iss": self.name,
            "aud": AUDIENCE,
            "iat": now,
            "exp": now + 60,
            "act": f"ask.{question['ask']}",
            "stream": question.get("stream"),
            "actor": actor,
            "jti": uuid4().hex,
            "content": message_digest(question),
            "acr": "2",
            "amr": ("pwd", "otp"),
            "auth_time": now,
        }
        return question | {"statement": sign(IdentityStatement.model_validate(said | other), private_key(self.seed))}

    async def ask(self, question: dict[str, Any], actor: Actor | None = None, **other: Any) -> Any:
        return await self.raw(self.signed(question, actor, **other))

    async def raw(self, question: dict[str, Any]) -> Any:
        return await self.client.execute_workflow("View", question, id=f"view:{uuid4()}", task_queue=TASK_QUEUE)


HERE: Final = "H56.30"
LINK: Final = "L" * 43
AN: Final = {"subject": "an", "name": "Nguyễn Văn An", "id_number": "001090000001"}
BINH: Final = {"subject": "binh", "name": "Trần Thị Bình", "id_number": "001090000077"}
CHI: Final = {"subject": "chi", "name": "Lê Thị Chi", "id_number": "001090000088"}
APPLICANT_AN: Final = Actor(subject="an", role=Role.APPLICANT)
APPLICANT_BINH: Final = Actor(subject="binh", role=Role.APPLICANT)


def own(least: Assurance = Assurance.LOW, **other: Any) -> Grant:
    return Grant(claim=Claim.OWN, assurance=least, **other)


def may(claim: Claim, *agencies: str, least: Assurance = Assurance.TWO_FACTORS, **other: Any) -> Grant:
    return Grant(claim=claim, agencies=agencies, assurance=least, **other)


PRINCIPALS: Final = {
    "portal-1": (own(client_ids=("portal-1",)),),
    "portal-2": (own(Assurance.TWO_FACTORS),),
    "heir": (own(predecessors=("portal-1",)),),
    "desk-here": (may(Claim.OFFICERS, HERE), may(Claim.AUDITOR, HERE), may(Claim.OPERATOR, HERE)),
    "desk-lead": (may(Claim.OFFICERS, LEAD), may(Claim.AUDITOR, LEAD)),
    "desk-police": (may(Claim.OFFICERS, POLICE),),
    "extracts": (may(Claim.OFFICERS, HERE, procedures=(EXTRACT,)),),
    "office": (may(Claim.OFFICERS, HERE, least=Assurance.LOW),),
    "everywhere": (may(Claim.OPERATOR, ALL_AGENCIES),),
}


@dataclass
class Seen:
    """A world with four filings, its registered programs, and a platform whose views verify identity."""

    world: World
    views: Views
    programs: dict[str, Program]
    an: UUID
    binh: UUID
    joined: UUID
    unread: UUID

    async def access(self, filing: UUID) -> list[tuple[str, str, str | None]]:
        """Returns question, program and role of every look at a filing in the record."""
        looks = "select question, principal, role from access where filing_id = $1 order by at"
        return [tuple(row) for row in await self.world.fetch(looks, filing)]

    async def forgotten(self) -> None:
        """Deletes all recorded looks."""
        await self.world.execute(
            "alter table access disable trigger access_rows; delete from access;"
            "alter table access enable always trigger access_rows"
        )


@pytest.fixture
async def seen(world: World) -> AsyncIterator[Seen]:
    async with world.platform(), world.back_office():
        an = await Play.begin(world, birth(via={"principal": "portal-1"}, client_id="portal-1", **whose(AN)))
        await an.until(lambda view: view.closed)
        binh = await Play.begin(world, extract(via={"principal": "portal-2"}, client_id="portal-2", **whose(BINH)))
        joined = await refer(world, via={"principal": "portal-1"}, client_id="portal-1", **whose(AN))
        parts = (await joined.view()).parts
        await eventually(lambda: joined.kinds("referral", parts[0].n), bool)
        unhurried = await publish_short(world, BIRTH, reading=3600)
        online = birth(version=unhurried, result_channel="online", client_id="portal-3", **whose(CHI))
        unread = await Play.begin(world, online)
        await unread.at(Stage.READING)
    client = await stock(world)
    for seed, (name, grants) in enumerate(PRINCIPALS.items(), 1):
        await register(world, name, seed, *grants)
    programs = {name: Program(name, seed, client) for seed, name in enumerate(PRINCIPALS, 1)}
    async with guarded(world) as views:
        yield Seen(world, views, programs, an.filing, binh.filing, joined.filing, unread.filing)


OWN_FIELDS: Final[dict[type[Any], dict[str, Any]]] = {
    rd.AskLinkedResult: {"link": LINK},
    rd.AskChanges: {"wait": 0},
    rd.AskFile: {"sha256": "0" * 64},
    rd.AskUpload: {"sha256": "0" * 64, "size": 9, "media_type": "application/pdf"},
}
KIND: Final = {rd.AskPayment: "payment", rd.AskParcel: "parcel", rd.AskReferral: "referral"}


def question(kind: type[Any], filing: UUID | str, actor: Actor | None = None) -> dict[str, Any]:
    """Returns a question of this type about a filing, or about the filing's first stream of the question's kind."""
    about = KIND.get(kind, "filing")
    stream = f"{about}:{filing}:1" if kind in KIND else f"{about}:{filing}"
    whom = {"actor": (actor or APPLICANT_AN).model_dump(mode="json", exclude_none=True)}
    own_fields = whom if kind is rd.AskActions else OWN_FIELDS.get(kind, {})
    return {"ask": kind.model_fields["ask"].default, "stream": stream} | own_fields


NOT_FOR_ALL: Final = {rd.AskDelivery, rd.AskAccess, rd.AskFile, rd.AskUpload}
STRANGERS: Final = [
    *(("portal-1", actor) for actor in (APPLICANT_AN, APPLICANT_BINH, None)),
    ("desk-lead", officer(Role.SPECIALIST, LEAD)),
    ("desk-lead", officer(Role.AUDITOR, LEAD)),
    ("desk-police", officer(Role.SPECIALIST, POLICE)),
]


async def foreign_and_unknown_filings_answer_alike(seen: Seen) -> None:
    for kind, (name, actor) in product(ABOUT_A_FILING, STRANGERS):
        whichever = (seen.binh, uuid4(), UUID(int=0), str(seen.binh).upper(), "x")
        program = seen.programs[name]
        told = [await refusal(program.ask(question(kind, which, actor), actor)) for which in whichever]
        assert len({one.model_dump_json() for one in told}) == 1, (kind, name, actor)
        not_theirs = kind in NOT_FOR_ALL and told[0] != NOT_FOUND
        assert told[0].code is (RefusalCode.NOT_AUTHORISED if not_theirs else RefusalCode.NOT_FOUND)
    assert await seen.access(seen.binh) == []


AGENCIES: Final = {"an": {HERE}, "binh": {HERE}, "joined": {LEAD, POLICE, "H01.60"}, "unread": {HERE}}
FILED_BY: Final = {"an": "portal-1", "binh": "portal-2", "joined": "portal-1"}
GOES_ON: Final = {"portal-1": {"portal-1"}, "portal-2": {"portal-2"}, "heir": {"heir", "portal-1"}}
DESKS: Final = {"desk-here": HERE, "desk-lead": LEAD, "desk-police": POLICE, "office": HERE, "extracts": HERE}


def expected(name: str, actor: Actor | None, kind: type[Any], filing: str) -> bool:
    """Returns whether the asker may see this filing, by docs/access.md.

    The filings are An's at H56.30 and at H01.12, and Bình's at H56.30.
    """
    filed = FILED_BY.get(filing) in GOES_ON.get(name, set())
    if actor is None:
        ordinary = kind not in {rd.AskDelivery, rd.AskAccess}
        return (filed and name != "portal-2") or (name == "office" and HERE in AGENCIES[filing] and ordinary)
    if actor.role is Role.APPLICANT:
        return filed and actor.subject == ("binh" if filing == "binh" else "an")
    overseers = actor.role in {Role.AUDITOR, Role.OPERATOR} and name.startswith("desk-")
    asked = kind is not rd.AskDelivery and (overseers or kind is not rd.AskAccess)
    about = name != "extracts" or filing == "binh"
    return asked and about and actor.agency in AGENCIES[filing] and actor.agency == DESKS.get(name)


ASKERS: Final = [
    *STRANGERS[:3],
    *(("portal-2", actor) for actor in (APPLICANT_BINH, None)),
    *(("heir", actor) for actor in (APPLICANT_AN, None)),
    *(("desk-here", officer(role)) for role in (Role.SPECIALIST, Role.AUDITOR, Role.OPERATOR)),
    ("desk-here", officer(Role.SPECIALIST, LEAD)),
    ("desk-lead", officer(Role.LEADER, LEAD)),
    ("desk-police", officer(Role.SPECIALIST, POLICE)),
    ("extracts", officer(Role.CASHIER)),
    ("office", officer(Role.RECEPTION)),
    ("office", None),
]
OVERSEERS: Final = {Role.AUDITOR, Role.OPERATOR}
_PAPER: Final = """
select convert_from(body, 'UTF8')::jsonb #>> '{paper_digests,birth_notice}' from event where stream = $1 and seq = 1
"""
NOT_THERE: Final = {rd.AskLinkedResult, rd.AskPayment, rd.AskParcel, rd.AskReferral, rd.AskResult, rd.AskFile}
"""Questions about things that only some of these filings have."""


async def why_not(call: Awaitable[Any]) -> RefusalCode | None:
    try:
        await call
    except WorkflowFailureError as error:
        cause: Any = error.cause
        return Refusal.model_validate(cause.details[0]).code
    return None


async def an_applicant_sees_exactly_who_looked_at_their_filing(seen: Seen) -> None:
    """Of sixty questions by many askers, half are refused; the list of looks has exactly the answered ones."""
    draw = random.Random(17)
    filings = {"an": seen.an, "binh": seen.binh, "joined": seen.joined, "unread": seen.unread}
    looks: dict[str, list[tuple[Any, ...]]] = {name: [] for name in filings}
    kinds, said = (
        [kind for kind in ABOUT_A_FILING if kind not in {*NOT_THERE, rd.AskUpload}],
        Counter[RefusalCode | None](),
    )
    for n in range(60):
        (name, actor), kind = draw.choice(ASKERS), draw.choice(kinds)
        allowed = [one for one in filings if expected(name, actor, kind, one)]
        which = draw.choice(allowed if allowed and n % 3 else sorted(filings))
        whom = officer(Role.RECEPTION) if name == "office" else actor
        asked = question(kind, filings[which], whom) | ({"reason": f"look {n}"} if n % 4 == 0 else {})
        why = await why_not(seen.programs[name].ask(asked, actor))
        assert (why is None) is expected(name, actor, kind, which), (name, actor, kind, which)
        said[why] += 1
        if why is None:
            looks[which].append((asked["ask"], name, actor and actor.role, asked.get("reason")))
    assert said.keys() == {None, RefusalCode.NOT_FOUND, RefusalCode.NOT_AUTHORISED}
    assert min(said[None], 60 - said[None]) > 15
    for which, program in FILED_BY.items():
        applicant = APPLICANT_BINH if which == "binh" else APPLICANT_AN
        page = await seen.programs[program].ask(question(rd.AskAccess, filings[which]), applicant)
        listed = [rd.AccessEntry.model_validate(row) for row in page["rows"]]
        assert [(one.question, one.principal, one.role, one.reason) for one in reversed(listed)] == looks[which]
        assert all(one.principal_name == f"Program {one.principal}" for one in listed)


async def officers_are_named_and_applicants_are_not(seen: Seen) -> None:
    specialist = officer(Role.SPECIALIST)
    await seen.programs["desk-here"].ask(question(rd.AskFiling, seen.an) | {"reason": "khiếu nại"}, specialist)
    await seen.programs["portal-1"].ask(question(rd.AskFiling, seen.an), APPLICANT_AN)
    page = await seen.programs["desk-here"].ask(question(rd.AskAccess, seen.an), officer(Role.AUDITOR))
    applicant, desk = page["rows"]
    assert {"subject", "officer", "agency"} & applicant.keys() == set()
    assert (desk["subject"], desk["agency"], desk["officer"]) == (specialist.subject, HERE, "Phan Văn Phúc")
    assert desk["reason"] == "khiếu nại"
    text = str([dict(row) for row in await seen.world.fetch("select * from access")])
    assert ("khiếu nại" in text, "'an'" in text) == (False, False)


async def pages_of_looks_follow_one_another(seen: Seen) -> None:
    portal = seen.programs["portal-1"]
    for _ in range(5):
        await portal.ask(question(rd.AskClocks, seen.an), APPLICANT_AN)
    asked, found = question(rd.AskAccess, seen.an) | {"limit": 2}, []
    first = page = await portal.ask(asked, APPLICANT_AN)
    while page.get("next"):
        found += page["rows"]
        page = await portal.ask(asked | {"after": page["next"]}, APPLICANT_AN)
    found += page["rows"]
    assert first["rows"] == found[:2]
    assert [row["question"] for row in found] == ["clocks"] * 5


async def a_list_is_a_look_at_each_filing_that_it_shows(seen: Seen) -> None:
    here, lead, portal = (seen.programs[name] for name in ("desk-here", "desk-lead", "portal-1"))
    tasks = await lead.ask({"ask": "tasks", "agency": LEAD}, officer(Role.SPECIALIST, LEAD))
    assert {row["filing_id"] for row in tasks["rows"]} <= {str(seen.joined)}
    person = {"ask": "persons_filings", "id_number": AN["id_number"]}
    assert [row["filing_id"] for row in (await here.ask(person, officer(Role.SPECIALIST)))["rows"]] == [str(seen.an)]
    police = await seen.programs["desk-police"].ask(person, officer(Role.SPECIALIST, POLICE))
    assert [row["filing_id"] for row in police["rows"]] == [str(seen.joined)]
    assert {row["filing_id"] for row in (await portal.ask(person))["rows"]} == {str(seen.an), str(seen.joined)}
    assert (await portal.ask(person | {"id_number": BINH["id_number"]}))["rows"] == []
    clients = await portal.ask({"ask": "filings", "client_id": "portal-1"})
    assert {row["filing_id"] for row in clients["rows"]} == {str(seen.an), str(seen.joined)}
    assert (await portal.ask({"ask": "filings", "client_id": "portal-2"}))["rows"] == []
    extracts = await seen.programs["extracts"].ask({"ask": "tasks", "agency": HERE}, officer(Role.SPECIALIST))
    assert {row["procedure"] for row in extracts["rows"]} <= {EXTRACT}
    assert await seen.access(seen.an) == [
        ("persons_filings", "desk-here", "specialist"),
        ("persons_filings", "portal-1", None),
        ("filings", "portal-1", None),
    ]


def looking(seen: Seen) -> rd.QuestionRequest:
    raw = seen.programs["portal-1"].signed(question(rd.AskFiling, seen.an), APPLICANT_AN)
    return rd.QuestionRequest(question=rd.QUESTION.validate_python(raw), content=message_digest(raw), look=uuid4())


async def files_are_for_those_who_handle_the_filing(seen: Seen) -> None:
    """Each asker requests An's paper and result; each issued address is recorded as a look, an upload is not."""
    result = (await seen.programs["portal-1"].ask(question(rd.AskResult, seen.an), APPLICANT_AN))["result"]
    paper = await seen.world.fetchval(_PAPER, f"filing:{seen.an}")
    await seen.forgotten()
    looks = []
    for (name, actor), sha256 in product(ASKERS, (paper, result["sha256"])):
        asked = question(rd.AskFile, seen.an) | {"sha256": sha256}
        allowed = expected(name, actor, rd.AskFile, "an") and (actor is None or actor.role not in OVERSEERS)
        if not allowed:
            assert await why_not(seen.programs[name].ask(asked, actor)) in {
                RefusalCode.NOT_FOUND,
                RefusalCode.NOT_AUTHORISED,
            }
            continue
        found = FileAddress.model_validate(await seen.programs[name].ask(asked, actor))
        assert (found.method, found.file.key) == ("GET", f"files/{seen.an}/{sha256}")
        looks.append(("file", name, actor and actor.role))
    assert (await seen.access(seen.an), len(looks) > 8) == (looks, True)
    portal = seen.programs["portal-1"]
    other = question(rd.AskFile, seen.joined) | {"sha256": result["sha256"]}
    assert (await refusal(portal.ask(other, APPLICANT_AN))).problems[0].rule == "file_not_shown", (
        "it is another filing's"
    )
    linked = question(rd.AskFile, seen.an) | {"sha256": result["sha256"], "link": LINK}
    assert await refusal(seen.programs["desk-police"].ask(linked)) == NOT_FOUND, "the link is wrong"


async def what_may_be_uploaded_is_for_the_filings_own(seen: Seen) -> None:
    portal, ids = seen.programs["portal-1"], {"client_id": "portal-1", "submission_id": "to-come"}
    to_come = filing_id(*ids.values())
    found = FileAddress.model_validate(await portal.ask(question(rd.AskUpload, to_come) | ids, APPLICANT_AN))
    assert (found.method, found.file.key) == ("PUT", f"files/{to_come}/{'0' * 64}")
    [row] = await seen.world.fetch("select client_id, submission_id from filing where filing_id = $1", seen.binh)
    refused = [
        question(rd.AskUpload, to_come),
        question(rd.AskUpload, to_come) | ids | {"submission_id": "another"},
        question(rd.AskUpload, seen.binh),
        question(rd.AskUpload, "x") | ids,
    ]
    for asked in refused:
        assert await refusal(portal.ask(asked, APPLICANT_AN)) == NOT_FOUND, asked
    others = await refusal(portal.ask(question(rd.AskUpload, seen.binh) | dict(row), APPLICANT_AN))
    assert others.problems[0].rule == "client_not_granted"
    await portal.ask(question(rd.AskUpload, seen.an), APPLICANT_AN)
    assert await why_not(seen.programs["everywhere"].ask(question(rd.AskUpload, to_come) | ids)) is not None
    assert await seen.access(seen.an) == []


async def a_look_that_is_tried_again_is_recorded_once(seen: Seen) -> None:
    asked = looking(seen)
    first, again = await seen.views.answer(asked), await seen.views.answer(asked)
    assert first.answer["code"] == again.answer["code"]
    assert await seen.access(seen.an) == [("filing", "portal-1", "applicant")]


def other_signature(text: str) -> str:
    """Returns the same signature in another encoding: only the first two bits of the last letter count."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return text[:-1] + letters[letters.index(text[-1]) ^ 1]


async def a_statement_of_a_question_counts_once(seen: Seen) -> None:
    portal = seen.programs["portal-1"]
    for kind, again in ((rd.AskFiling, {}), (rd.AskChanges, {"wait": 20})):
        signed = portal.signed(question(kind, seen.an) | again, APPLICANT_AN)
        assert await portal.raw(signed)
        for same in (signed, signed | {"statement": other_signature(signed["statement"])}):
            (why,) = (await refusal(portal.raw(same))).problems
            assert (why.field, why.rule) == ("statement", "statement_used")
    signed = portal.signed({"ask": "filings", "client_id": "portal-1"}, None)
    at_once = await asyncio.gather(*(portal.raw(signed) for _ in range(5)), return_exceptions=True)
    assert len([one for one in at_once if isinstance(one, dict)]) == 1
    looked = [("changes", "portal-1", "applicant"), ("filing", "portal-1", "applicant"), ("filings", "portal-1", None)]
    assert sorted(await seen.access(seen.an)) == looked


async def used_statements_are_kept_until_they_expire(seen: Seen) -> None:
    async with seen.world.connection() as superuser, seen.world.connection(seen.world.app_dsn) as connection:
        await superuser.execute("delete from question_statement")
        for _ in range(3):
            await seen.views.answer(looking(seen))
        ends = "select extract(epoch from min(until) - clock_timestamp()) from question_statement"
        assert 115 < await superuser.fetchval(ends) <= 120  # 60 s, and 60 s by which clocks may differ
        assert await forget(connection) == 0
        [(first,), *_] = await superuser.fetch("select signed from question_statement")
        await superuser.execute("update question_statement set until = clock_timestamp() where signed = $1", first)
        assert (await forget(connection), await forget(connection)) == (1, 0)
        assert await superuser.fetchval("select count(*) from question_statement") == 2
        await superuser.execute(
            "insert into signed_out select '1', now() - make_interval(hours => n) from unnest('{1,47,49}'::int[]) as n"
        )
        assert (await forget(connection), await forget(connection)) == (1, 0)
        assert await superuser.fetchval("select count(*) from signed_out") == 2


async def there_is_no_answer_without_its_row(seen: Seen) -> None:
    await seen.world.execute("revoke insert on access from motcua_app")
    with pytest.raises(ApplicationError, match="ledger could not be reached"):
        await seen.views.answer(looking(seen))


async def waiting_for_changes_shows_nothing_until_there_is_something(seen: Seen) -> None:
    portal, waiting = seen.programs["portal-1"], question(rd.AskChanges, seen.an)
    nothing = await portal.ask(waiting | {"after": 1000, "wait": 1}, APPLICANT_AN)
    assert "views" not in nothing or not nothing["views"]
    assert await seen.access(seen.an) == []
    assert (await portal.ask(waiting | {"wait": 1}, APPLICANT_AN))["views"]
    assert await seen.access(seen.an) == [("changes", "portal-1", "applicant")]
    others = question(rd.AskChanges, seen.binh) | {"after": 1000, "wait": 20}
    assert await refusal(portal.ask(others, APPLICANT_AN)) == NOT_FOUND


async def what_was_recorded_stays(seen: Seen) -> None:
    await seen.programs["portal-1"].ask(question(rd.AskFiling, seen.an), APPLICANT_AN)
    for change in ("update access set role = null", "delete from access", "truncate access"):
        for dsn in (seen.world.app_dsn, seen.world.owner_dsn):
            async with seen.world.connection(dsn) as connection:
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await connection.execute(change)


@asynccontextmanager
async def door(world: World) -> AsyncIterator[Pool]:
    """Yields connections with the rights of the door's role."""
    role = {"role": "motcua_gateway"}
    async with asyncpg.create_pool(world.superuser_dsn, min_size=1, max_size=3, server_settings=role) as pool:
        yield pool


def unchecked(seen: Seen, pool: Pool) -> Views:
    """Returns views that answer every asker: only PostgreSQL limits the rows of a reader."""
    addresses = FileAddresses(open_store(seen.world.objects), "http://gateway.test", b"k" * 32)
    return Views(pool, Vault(seen.world.settings.master), KINDS, None, addresses)


def request_of(raw: dict[str, Any]) -> rd.QuestionRequest:
    return rd.QuestionRequest(question=rd.QUESTION.validate_python(raw), content=message_digest(raw), look=uuid4())


async def readers(seen: Seen, pool: Pool, name: str, actor: Actor | None, **other: Any) -> tuple[Reader, ...]:
    async with pool.acquire() as connection:
        [program] = await principals(connection, name)
        return await readers_of(connection, Vault(seen.world.settings.master), program, actor, **other)


def unsigned(text: object) -> tuple[IdentityStatement, KeyId]:
    statement, key_id, _ = signed(str(text))
    return statement, key_id


def without_filing(answer: rd.Answer, filing: UUID) -> str:
    """Returns an answer without the values that differ between any two filings: the id, and the present time."""
    told = answer.model_dump_json().replace(str(filing), "-")
    return re.sub(r'"(as_of|expires_at)":"[^"]*"|"url":"[^"]*"', "", told)


READERS: Final = [*ASKERS, ("portal-2", APPLICANT_AN), ("desk-lead", officer(Role.SPECIALIST, HERE))]
ABOUT_NONE: Final = {rd.AskCounts, rd.AskAgency}


def shown_to(name: str, actor: Actor | None) -> set[str]:
    """Returns the names of the filings, of any procedure, whose rows the door's role may see for this asker."""
    programs = {"extracts": "desk-here"}
    return {filing for filing in AGENCIES if expected(programs.get(name, name), actor, rd.AskFiling, filing)}


async def answered(
    views: Views, asked: rd.QuestionRequest, *readers: Reader, proved: Proved | None = None
) -> rd.Answer:
    """Returns the views' answer to these readers, as workers give it; views that verify identity need `proved`."""
    try:
        found = await views.answer_model(asked, Session(cast("Proved", proved), readers))
    except RefusalError as error:
        return rd.Answer(refusal=to_jsonable_python(error.refusal, exclude_none=True))
    return rd.Answer(answer=to_jsonable_python(found, exclude_none=True))


async def rows_of_lists(views: Views, *those: Reader) -> set[str]:
    """Returns the ids of the filings in all lists for these readers, and "an absence" for a row without a filing."""
    lists: list[dict[str, Any]] = [{"ask": "tasks"}, *({"ask": "filings", "client_id": f"portal-{n}"} for n in (1, 2))]
    for agency in (HERE, LEAD, POLICE, "H01.60"):
        lists += [{"ask": "tasks", "agency": agency}, {"ask": "absences", "agency": agency}]
    lists += [{"ask": "persons_filings", "id_number": who["id_number"]} for who in (AN, BINH)]
    pages = [(await answered(views, request_of(one), *those)).answer for one in lists]
    rows = [row for page in pages for row in (page["rows"] if isinstance(page, dict) else page)]
    return {str(row["filing_id"]) if "filing_id" in row else "an absence" for row in rows}


async def no_foreign_row_is_shown(seen: Seen, pool: Pool) -> Counter[bool]:
    """Asks each question as each reader, about own and foreign filings; returns how many answers showed something."""
    views, whole = (
        unchecked(seen, pool),
        {"an": seen.an, "binh": seen.binh, "joined": seen.joined, "unread": seen.unread},
    )
    found = Counter[bool]()
    for name, actor in READERS:
        those = await readers(seen, pool, name, actor)
        theirs = shown_to(name, actor)
        assert await rows_of_lists(views, *those) <= {str(whole[one]) for one in theirs} | {"an absence"}
        for kind in ABOUT_A_FILING:
            nobodys = uuid4()
            unknown = without_filing(await answered(views, request_of(question(kind, nobodys, actor)), *those), nobodys)
            for which, filing in whole.items():
                told = without_filing(await answered(views, request_of(question(kind, filing, actor)), *those), filing)
                assert which in theirs or told == unknown, (name, actor, kind, which)
                found[told != unknown] += 1
    return found


async def the_role_of_the_door_sees_no_foreign_row_without_any_check_of_ours(seen: Seen) -> None:
    assert {*ABOUT_A_FILING, *LISTS, rd.AskAbsences} | ABOUT_NONE == set(get_args(rd.Question))
    await seen.world.execute(
        "insert into absence select agency, subject, role, current_date, current_date, other "
        "from (select agency, role, min(subject) as subject, max(subject) as other from officer group by 1, 2) as one "
        "where subject <> other"
    )
    assert (await seen.views.answer(looking(seen))).refusal is None
    async with door(seen.world) as pool:
        found = await no_foreign_row_is_shown(seen, pool)
        assert min(found.values()) > 100, "both were asked often"
        anywhere = await readers(seen, pool, "everywhere", officer(Role.OPERATOR))
        assert [getattr(one, "reader", one) for one in anywhere] == ["*"]
        assert len(await rows_of_lists(unchecked(seen, pool), *anywhere)) > 2
        unlisted = await readers(seen, pool, "everywhere", officer(Role.OPERATOR, n=9))
        assert await rows_of_lists(unchecked(seen, pool), *unlisted) == set()
        assert len(await rows_of_lists(unchecked(seen, pool), "*")) > 2
        await hides_everything(seen, pool, *GUARDED, "access", "absence")
        await rebuild(seen.world.owner_dsn, seen.world.settings.master, lambda *_: None)
        assert await no_foreign_row_is_shown(seen, pool) == found
        await hides_everything(seen, pool, *GUARDED)


GUARDED: Final = ("event", "stream", "receipt", "filing", "filing_key", "task", "reader")


async def hides_everything(seen: Seen, pool: Pool, *tables: str) -> None:
    """Checks that these tables show no row if no reader is set."""
    assert await rows_of_lists(unchecked(seen, pool)) == set()
    for table in tables:
        assert await seen.world.fetchval(f"select count(*) from {table}") > 0, table  # noqa: S608 -- names of ours
        assert await pool.fetchval(f"select count(*) from {table}") == 0, table  # noqa: S608 -- the same


RIGHTS: Final = """
select relname, coalesce(columns, '{}') as columns, array(
    select one from unnest('{select,insert,update,delete,truncate,references,trigger}'::text[]) as one
    where has_table_privilege('motcua_gateway', t.oid, one)
) as rights
from pg_class as t, lateral (
    select array_agg(attname::text order by attname) as columns from pg_attribute
    where attrelid = t.oid and attnum > 0 and has_column_privilege('motcua_gateway', t.oid, attnum, 'select')
        and not has_table_privilege('motcua_gateway', t.oid, 'select')
) as part
where relnamespace = 'public'::regnamespace and relkind in ('r', 'v', 'm', 'S', 'p', 'f')
"""
DEFINERS: Final = """
select proname from pg_proc where prosecdef and prorettype <> 'trigger'::regtype
    and pronamespace = 'public'::regnamespace and has_function_privilege('motcua_gateway', oid, 'execute')
"""
RIGHT_OF: Final = {"read": "select", "add": "insert", "change": "update", "delete": "delete"}
TRIED: Final = {
    "select": "select count(1) from {}",
    "delete": "delete from {} where false",
    "truncate": "truncate {}",
}


async def a_shell_in_the_door_reaches_what_the_page_lists(seen: Seen) -> None:
    page = (ROOT / "docs" / "access.md").read_text("utf-8").partition("\n| Tables | It may |\n|---|---|\n")[2]
    listed: dict[str, tuple[set[str], set[str]]] = {}
    for tables, may in re.findall(r"^\| (.*) \| (.*) \|$", page.partition("\n\n")[0], re.MULTILINE):
        columns = set(re.findall(r"`(\w+)`", "".join(re.findall(r"\((.*)\)", tables))))
        rights = {RIGHT_OF[word] for word in re.findall(r"\w+", may.partition(":")[0]) if word in RIGHT_OF}
        listed |= dict.fromkeys(re.findall(r"`(\w+)`", re.sub(r"\(.*\)", "", tables)), (columns, rights))
    there = {
        row["relname"]: ({*row["columns"]}, {*row["rights"]} | ({"select"} if row["columns"] else set()))
        for row in await seen.world.fetch(RIGHTS)
        if row["rights"] or row["columns"]
    }
    assert there == listed
    definers = {row["proname"] for row in await seen.world.fetch(DEFINERS)}
    assert definers == {"open_filings", "tracked", "heads_of", "result_of"}
    assert all(f"`{name}`" in page for name in definers)
    async with door(seen.world) as pool:
        for row in await seen.world.fetch("select tablename from pg_tables where schemaname = 'public'"):
            _, rights = listed.get(row["tablename"], (set[str](), set[str]()))
            for right, statement in TRIED.items():
                with nullcontext() if right in rights else pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await pool.execute(statement.format(row["tablename"]))


async def the_door_answers_and_records_as_the_workers_do(seen: Seen) -> None:
    async with door(seen.world) as pool, Keyring(pool, of_door=True) as keyring:
        addresses = FileAddresses(open_store(seen.world.objects), "http://gateway.test", b"k" * 32)
        guard = Guard(keyring, AUDIENCE)
        views = Views(pool, Vault(seen.world.settings.master), KINDS, guard, addresses)
        those = await readers(seen, pool, "portal-1", APPLICANT_AN)
        one = looking(seen)
        proved = guard.proved_here(*unsigned(one.question.statement))
        for _ in range(2):  # a retried look is recorded once
            assert (await answered(views, one, *those, proved=proved)).refusal is None
            assert await seen.access(seen.an) == [("filing", "portal-1", "applicant")]
        delivery = request_of(question(rd.AskDelivery, seen.unread))
        link = (await answered(unchecked(seen, pool), delivery, "*")).answer["link"]
        result = request_of(question(rd.AskLinkedResult, seen.unread) | {"link": link})
        by_link = await readers(seen, pool, "portal-2", None, link=link)
        assert (await answered(unchecked(seen, pool), result, *by_link)).answer["result"]
        assert (await answered(unchecked(seen, pool), result)).refusal["code"] == RefusalCode.NOT_FOUND
        code = await seen.world.fetchval("select code from filing where filing_id = $1", seen.an)
        async with pool.acquire() as connection:
            log = Log(connection, no_keys, KINDS)
            assert (await tracked(connection, code)).code == code
            assert len(await counts(log)) == await seen.world.fetchval(
                "select count(distinct (agency, status)) from filing where closed_at is null"
            )


@walked(
    "story",
    [
        foreign_and_unknown_filings_answer_alike,
        an_applicant_sees_exactly_who_looked_at_their_filing,
        officers_are_named_and_applicants_are_not,
        pages_of_looks_follow_one_another,
        a_list_is_a_look_at_each_filing_that_it_shows,
        files_are_for_those_who_handle_the_filing,
        what_may_be_uploaded_is_for_the_filings_own,
        a_look_that_is_tried_again_is_recorded_once,
        a_statement_of_a_question_counts_once,
        used_statements_are_kept_until_they_expire,
        waiting_for_changes_shows_nothing_until_there_is_something,
        what_was_recorded_stays,
        the_role_of_the_door_sees_no_foreign_row_without_any_check_of_ours,
        a_shell_in_the_door_reaches_what_the_page_lists,
        the_door_answers_and_records_as_the_workers_do,
        there_is_no_answer_without_its_row,
    ],
    exactly=16,
)
async def test_who_may_see_a_filing_and_who_has(seen: Seen, story: Callable[[Seen], Awaitable[None]]) -> None:
    await seen.forgotten()
    await story(seen)
