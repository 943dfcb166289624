"""The kit itself signs each of its messages for the actor of the message, and the platform accepts each signature."""

import asyncio
import inspect
import json
import os
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar, Final, cast

import pytest
import typer
from temporalio.client import WorkflowFailureError, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError

import motcua
from motcua import Actor, Authenticated, FilingClient, MotcuaError, NotAuthorised, Role, Speaker, Via
from motcua.cli.running import Exit, end_well, refusing
from motcua.configured_speaker import ACR, AMR, INSTALLATION, PRINCIPAL, speaker_here
from motcua.payloads.converter import data_converter
from motcua.signing import AGENT, KEY, KEY_FILE, LIFE
from rules.identity.statements import Ring, VerificationContext, proved
from schemas.complaint.state import ComplaintStart, content_of_start
from schemas.filing.commands import Command, content_of
from schemas.filing.submission import Submission
from schemas.identity.statement import ALL_AGENCIES, Assurance, Claim, Grant, Message, Proved, message_digest, seconds
from schemas.ids import complaint_workflow, filing_id
from schemas.translate import said
from tests.contract.samples import COMMANDS, OTHERS, SUBMISSION
from tests.speaking import AUDIENCE, PROCEDURE, grant, key_of, principal, private_key, raw_key, verification
from tests.unit.identity.agents import Answering, agent, pem_of
from tests.walking import walked

AN_HOUR_AGO: Final = seconds(datetime.now(UTC)) - 3600
VIA: Final = Via(principal="desk-1")
LEADER: Final = Actor(subject="h01.12-leader-1", role=Role.LEADER, agency="H01.12")
SURELY: Final = Authenticated("2", ("pwd", "otp"), AN_HOUR_AGO)
STREAM: Final = "filing:5c2e2d1e-3f0b-5a6d-9d57-0c7b8a4e61f2"
COMPLAINT: Final = ComplaintStart.model_validate(OTHERS["complaint_input"].model_dump())


def anything(claim: Claim) -> Grant:
    return grant(claim, *(() if claim in {Claim.OWN, Claim.PROGRAMS} else (ALL_AGENCIES,)), least=Assurance.LOW)


@pytest.fixture
def ring() -> Ring:
    now = datetime.now(UTC)
    key = key_of(1, valid_from=now - timedelta(days=1), valid_until=now + timedelta(days=1))
    return Ring((principal("desk-1", *map(anything, Claim), keys=(key,)),))


def refusal(rule: str) -> ApplicationError:
    problem = {"field": "statement", "rule": rule, "message": {"vi": rule, "en": rule}}
    return ApplicationError(rule, {"code": "not_authorised", "problems": [problem]}, type="not_authorised")


@dataclass
class Sent:
    """A message as the receiver gets it, in raw JSON."""

    kind: str
    stream: str
    raw: dict[str, Any]
    own_id: str | None = None


@dataclass
class Temporal:
    """A stand-in for Temporal: keeps messages; refuses one for each rule in `no`, then gives the others `answer`."""

    answer: Any
    no: list[str] = field(default_factory=list)
    namespace: str = "default"
    data_converter: Any = data_converter
    service_client: ClassVar = SimpleNamespace(config=SimpleNamespace(target_host="here:7233"))
    sent: list[Sent] = field(default_factory=list)

    def take(self, kind: str, stream: str, message: Any, own_id: str | None = None) -> None:
        payload = self.data_converter.payload_converter.to_payload(message)
        self.sent.append(Sent(kind, stream, json.loads(payload.data), own_id))

    def get_workflow_handle(self, stream: str) -> Any:
        async def execute_update(kind: str, message: Any, *, id: str, **_: Any) -> Any:  # noqa: A002 -- Temporal's name
            self.take(kind, stream, message, id)
            if self.no:
                raise WorkflowUpdateFailedError(refusal(self.no.pop(0)))
            return self.answer

        return SimpleNamespace(execute_update=execute_update)

    async def execute_update_with_start_workflow(
        self,
        kind: str,
        message: Any,
        *,
        start_workflow_operation: Any,
        id: str,  # noqa: A002 -- Temporal's name
        **_: Any,
    ) -> Any:
        start = start_workflow_operation._start_workflow_input
        self.take(start.workflow, start.id, start.args[0])
        start_workflow_operation._workflow_handle.set_result(None)
        return await self.get_workflow_handle(start.id).execute_update(kind, message, id=id)

    async def start_workflow(self, kind: str, message: Any, *, id: str, **_: Any) -> None:  # noqa: A002 -- Temporal's name
        self.take(kind, id, message)

    async def execute_workflow(self, kind: str, message: Any, *, id: str, **_: Any) -> Any:  # noqa: A002 -- Temporal's name
        self.take(kind, id, message)
        if self.no:
            raise WorkflowFailureError(cause=refusal(self.no.pop(0)))
        return self.answer


def client(temporal: Temporal, **other: Any) -> FilingClient:
    said: dict[str, Any] = {"speaker": Speaker("desk-1", private_key(1), temporal.namespace), "patience": 2} | other
    return FilingClient(cast("Any", temporal), **said)


def receipt_of(digest: str, command_id: str = "submit") -> Any:
    return motcua.Receipt(command_id=command_id, digest=digest, seq=1, at=datetime.now(UTC))


def holding(ring: Ring, signed: object, **message: Any) -> Proved:
    about = {"procedure": PROCEDURE, "filed_by": "desk-1"}
    found = verification(signed, ring, datetime.now(UTC), Message.model_validate(about | message))
    assert isinstance(found, Proved), found
    return found


@walked("command", COMMANDS, ids=lambda command: f"{type(command).__name__}", at_least=50)
async def test_every_command_is_signed_as_it_arrives(ring: Ring, command: Command) -> None:
    temporal = Temporal(receipt_of(content_of(command), command.command_id))
    await client(temporal).act(STREAM, command)
    *started, arrived = temporal.sent
    assert [one.kind for one in started] == (["Filing"] if command.kind == "revoke_refusal" else [])
    assert arrived.raw == json.loads(command.model_dump_json(exclude_none=True)) | {
        "statement": arrived.raw["statement"]
    }
    about = {"act": command.kind, "stream": STREAM, "command_id": command.command_id}
    by = {"actor": arrived.raw["actor"], "on_behalf_of": arrived.raw.get("on_behalf_of")}
    found = holding(ring, arrived.raw["statement"], content=message_digest(arrived.raw), **about | by).statement
    assert (found.acr, found.amr, found.auth_time) == ("1", ("swk",), found.iat)
    assert found.exp - found.iat == LIFE


async def test_a_submission_is_signed_beside_the_start_and_beside_the_check(ring: Ring) -> None:
    digest = motcua.content_digest(SUBMISSION.model_dump(mode="json", exclude_none=True))
    temporal = Temporal(receipt_of(digest))
    await client(temporal, authenticated=SURELY).submit(SUBMISSION)
    start, check = temporal.sent
    stream = f"filing:{filing_id(SUBMISSION.client_id, SUBMISSION.submission_id)}"
    assert (start.kind, start.stream, set(start.raw)) == ("Filing", stream, {"submission", "statement"})
    assert (check.kind, check.raw) == ("submit", {"content": digest, "statement": start.raw["statement"]})
    came = message_digest(start.raw["submission"])
    found = holding(ring, start.raw["statement"], act="submit", stream=stream, actor=SUBMISSION.actor, content=came)
    assert came == digest, "whoever takes the Update knows the submission by what it is called there"
    assert (found.statement.acr, found.statement.amr, found.statement.auth_time) == ("2", ("pwd", "otp"), AN_HOUR_AGO)


async def test_a_complaint_is_signed_and_its_receipt_asked_for_by_who_complains(ring: Ring) -> None:
    temporal = Temporal(receipt_of(content_of_start(COMPLAINT), motcua.COMPLAINT_OPENING).model_dump(mode="json"))
    await client(temporal).complain(COMPLAINT)
    start, question = temporal.sent
    about = {"stream": complaint_workflow(COMPLAINT.filing_id, COMPLAINT.n), "actor": COMPLAINT.actor}
    holding(ring, start.raw["statement"], act="complain", content=message_digest(start.raw), **about)
    holding(ring, question.raw["statement"], act="ask.receipt", content=message_digest(question.raw), **about)


ASKED: Final[dict[str, Callable[[Any], Any]]] = {
    "filing": lambda asking: asking.view(STREAM[7:]),
    "clocks": lambda asking: asking.clocks(STREAM[7:]),
    "timeline": lambda asking: asking.timeline(STREAM[7:]),
    "changes": lambda asking: asking.changes(STREAM[7:], wait=0.5),
    "filings": lambda asking: asking.filings("desk-1"),
    "tasks": lambda asking: asking.tasks(),
    "counts": lambda asking: asking.counts(),
}


@pytest.mark.parametrize("ask", ASKED)
async def test_a_question_is_the_programs_own_or_that_of_who_is_spoken_for(ring: Ring, ask: str) -> None:
    temporal = Temporal(answer=None, no=["role_not_granted"] * 2)
    filings = client(temporal)
    for asking in (filings, filings.as_(LEADER, VIA, authenticated=SURELY)):
        with pytest.raises(NotAuthorised):
            await ASKED[ask](asking)
    by_itself, for_somebody = (one.raw for one in temporal.sent)
    for asked, who in ((by_itself, None), (for_somebody, LEADER)):
        about = {"act": f"ask.{ask}", "stream": asked.get("stream"), "content": message_digest(asked)}
        found = proved(
            asked["statement"], Message.model_validate(about), VerificationContext(ring, AUDIENCE, datetime.now(UTC))
        )
        assert (found.statement.actor, found.statement.acr) == (who, "1" if who is None else "2")


def test_who_is_spoken_for_asks_whatever_the_program_does() -> None:
    def public_calls(of: type) -> set[str]:
        return {name for name, value in inspect.getmembers(of) if callable(value) and not name.startswith("_")}

    assert public_calls(FilingClient) - public_calls(motcua.ActingClient) == {"as_", "connect"}
    assert public_calls(motcua.BlockingFilingClient) - public_calls(motcua.BlockingActingClient) == {
        "as_",
        "connect",
        "close",
    }


@pytest.mark.parametrize("rule", ["statement_expired", "principals_not_at_hand", "clock_is_off"])
async def test_what_passes_is_signed_and_sent_anew(ring: Ring, rule: str, monkeypatch: pytest.MonkeyPatch) -> None:
    seconds_passed = count(int(time.time()) - 30)
    monkeypatch.setattr("motcua.signing.time.time", lambda: next(seconds_passed))
    command = COMMANDS[0]
    temporal = Temporal(receipt_of(content_of(command), command.command_id), no=[rule])
    await client(temporal).act(STREAM, command)
    first, again = temporal.sent
    assert first.own_id != again.own_id
    assert first.raw["statement"] != again.raw["statement"]
    for arrived in temporal.sent:
        about = {"act": command.kind, "stream": STREAM, "command_id": command.command_id, "actor": command.actor}
        by = {"on_behalf_of": command.on_behalf_of, "content": message_digest(arrived.raw)}
        holding(ring, arrived.raw["statement"], **about | by)

    digest = motcua.content_digest(SUBMISSION.model_dump(mode="json", exclude_none=True))
    temporal = Temporal(receipt_of(digest), no=[rule])
    await client(temporal).submit(SUBMISSION)
    checks = [one for one in temporal.sent if one.kind == "submit"]
    assert len({one.own_id for one in checks}) == len({one.raw["statement"] for one in checks}) == 2

    temporal = Temporal([], no=[rule])
    assert await client(temporal).counts() == []
    assert len({one.raw["statement"] for one in temporal.sent}) == len({one.stream for one in temporal.sent}) == 2


async def test_without_a_speaker_nothing_is_signed() -> None:
    command = COMMANDS[0]
    temporal = Temporal(receipt_of(content_of(command), command.command_id))
    await client(temporal, speaker=None).act(STREAM, command)
    temporal.answer = receipt_of(motcua.content_digest(SUBMISSION.model_dump(mode="json", exclude_none=True)))
    await client(temporal, speaker=None).submit(Submission.model_validate(SUBMISSION.model_dump()))
    assert [one.kind for one in temporal.sent] == [command.kind, "Filing", "submit"]
    assert not [one for one in temporal.sent if "statement" in one.raw]


async def test_an_agent_is_waited_for_in_a_thread() -> None:
    threads = []

    class Slow:
        waits = True
        key_id = private_key(1).key_id

        def signed(self, header: dict[str, str], payload: bytes) -> str:
            threads.append(threading.current_thread())
            return private_key(1).signed(header, payload)

    await client(Temporal([]), speaker=Speaker("desk-1", Slow(), "default")).counts()
    (thread,) = threads
    assert thread is not threading.main_thread()


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in [*os.environ]:
        if name.startswith(("MOTCUA_IDENTITY_", INSTALLATION)):
            monkeypatch.delenv(name)
    return monkeypatch


def test_nothing_said_nobody_speaks(bare: pytest.MonkeyPatch) -> None:
    assert speaker_here() is None
    bare.setenv(PRINCIPAL, "")
    assert speaker_here() is None


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({PRINCIPAL: "desk-1"}, KEY_FILE),
        ({KEY: "x"}, PRINCIPAL),
        ({KEY_FILE: "/nowhere"}, PRINCIPAL),
        ({PRINCIPAL: "desk-1", KEY: "x"}, "ed25519"),
        ({PRINCIPAL: "desk-1", KEY_FILE: "/nowhere"}, "can't be read"),
    ],
)
async def test_half_of_it_is_said_to_be_wrong(bare: pytest.MonkeyPatch, said: dict[str, str], words: str) -> None:
    for name, value in said.items():
        bare.setenv(name, value)
    with pytest.raises(MotcuaError, match=words):
        await FilingClient.connect("127.0.0.1:1")


async def test_the_environment_says_who_speaks_to_whom(bare: pytest.MonkeyPatch, ring: Ring, tmp_path: Any) -> None:
    bare.setenv(PRINCIPAL, "desk-1")
    with agent(tmp_path, Answering) as path:
        bare.setenv(AGENT, path)
        there = await FilingClient.connect("127.0.0.1:1", namespace="somewhere")
    assert there._line.voice.speaker is not None
    assert there._line.voice.speaker.audience == "motcua:default"
    bare.delenv(AGENT)
    bare.setenv(KEY, pem_of(raw_key(1)).decode())
    bare.setenv(INSTALLATION, "default")
    bare.setenv(ACR, "3")
    bare.setenv(AMR, "pwd face")
    voice = (await FilingClient.connect("127.0.0.1:1", namespace="somewhere"))._line.voice
    question = await voice.of(LEADER).question(motcua.AskTasks())
    asked = json.loads(question.model_dump_json(exclude_none=True))
    found = holding(ring, question.statement, act="ask.tasks", actor=LEADER, content=message_digest(asked)).statement
    assert (found.acr, found.amr) == ("3", ("pwd", "face"))
    assert abs(found.auth_time - seconds(datetime.now(UTC))) < 60
    bare.setenv(ACR, "5")
    with pytest.raises(MotcuaError, match=ACR):
        await FilingClient.connect("127.0.0.1:1")


def pem(tmp_path: Path, mode: int, text: str) -> dict[str, str]:
    file = tmp_path / "key.pem"
    file.write_text(text)
    file.chmod(mode)
    return {"MOTCUA_IDENTITY_KEY_FILE": str(file)}


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        (lambda _: {}, "no key is"),
        (lambda place: {"MOTCUA_IDENTITY_KEY_FILE": str(place / "none.pem")}, "No such file"),
        (lambda place: {"MOTCUA_IDENTITY_KEY_FILE": str(place)}, "chmod 600|directory"),
        (lambda place: pem(place, 0o644, "x"), "chmod 600"),
        (lambda place: pem(place, 0o600, "x"), "no ed25519 private key"),
        (lambda _: {"MOTCUA_IDENTITY_KEY": "x"}, "no ed25519 private key"),
    ],
)
def test_a_key_that_cant_be_used_is_a_wrong_usage_in_a_sentence(
    settings: Callable[[Path], dict[str, str]], why: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def work() -> None:
        speaker_here({"MOTCUA_IDENTITY_PRINCIPAL": "desk"} | settings(tmp_path))

    with pytest.raises(typer.Exit) as ended:
        end_well(work())
    assert ended.value.exit_code == 2
    why_not = said("refused.temporal", where="x")
    with pytest.raises(typer.Exit) as refused, refusing(MotcuaError, Exit.UNREACHABLE, why_not):
        asyncio.run(work())
    assert refused.value.exit_code == 2
    assert re.search(why, capsys.readouterr().err)
