"""A message without a registered signature is taken from nobody: each forgery is refused with a reason."""

import asyncio
import json
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import cycle, islice, product
from typing import Any, Final
from uuid import UUID, uuid4

import pytest
from temporalio.api.enums.v1 import EventType

from activities.ledger.authority import principals as register_in_memory
from activities.ledger.authority.statements import may_speak, missing, parameters
from activities.ledger.vault import Vault
from motcua import NotAuthorised
from motcua.identity import sign
from motcua.signing import Speaker
from operations.evidence.bindings import Claimed, claimed
from rules.identity.grants import not_granted, speaks_for
from rules.identity.looks import OPEN
from rules.streams import FILING, PAYMENT
from schemas.errors import Refusal, RefusalCode
from schemas.identity import statement as st
from schemas.ids import (
    OFFICERS_QUEUE,
    TASK_QUEUE,
    canonical,
    complaint_workflow,
    filing_workflow,
    parcel_workflow,
    payment_workflow,
)
from schemas.people import SYSTEM, Actor, Role, Via
from schemas.refund.commands import ApproveRefund, DeclineRefund, GiveBackByHand, RequestRefund
from schemas.stream.ledger import Batch
from tests.acting import (
    EXTRACT,
    FILE,
    NEVER_PAYS,
    Play,
    broken,
    eventually,
    extract,
    of,
    officer,
    plain,
    publish_short,
    refusal,
)
from tests.conftest import World
from tests.contract.samples import QUESTIONS
from tests.locked import (
    EVERYBODY,
    LEADERS,
    OFFICE,
    OTHER_PORTAL,
    PORTAL,
    Program,
    locked,
    now_in_force,
    programs,
    register,
    register_with,
    signing,
)
from tests.locked import closed as closed
from tests.speaking import grant, principal, private_key, statement
from tests.workflow import forged
from tests.workflow.forged import FORGERIES, RECEPTION, Forgery, by, counted, history, submission, with_statement
from verifier import bundle as bundle_verifier
from verifier import ledger as ledger_verifier

ORDERED: Final = 2
"""The number of events of a payment that waits for its payer: the request, and the order."""


async def test_what_is_signed_goes_through_and_the_log_keeps_who_claimed_what(closed: World) -> None:
    portal, office = await Program.of(closed, PORTAL), await Program.of(closed, OFFICE)
    filed = submission()
    receipt = await portal.submit(filed)
    assert await portal.submit(filed) == receipt
    stream = filing_workflow(of(filed))
    signed = office.signed(stream, "accept", by(RECEPTION))
    accepted = await office.give(stream, "accept", signed)
    old = st.seconds(datetime.now(UTC)) - 600
    assert await office.act(stream, "accept", by(RECEPTION), iat=old, exp=old + 60) == accepted, "as a repeat it holds"
    async with closed.connection() as connection:
        rows = await connection.fetch("select * from event where stream = $1 order by seq", stream)
        row = next(one for one in rows if one["command_id"] == "c-1")
        key = await Vault(closed.settings.master).key(connection, of(filed), filed.agency)
    assert rows[0]["via"].split("/")[:2] == ["portal-1", "online"]
    way = ["office-1", "online", private_key(OFFICE).key_id, st.statement_digest(signed["statement"])]
    assert row["via"].split("/") == way
    sealed = json.loads(key.unseal(row["sealed"], f"{stream}\n{row['seq']}"))
    assert sealed["statement"] == signed["statement"]
    found = await claimed_of(closed, stream, row["seq"])
    assert found is not None
    assert (found.proved, found.text) == (True, signed["statement"])
    assert found.statement.actor == RECEPTION
    assert await claimed_of(closed, stream, 99) is None
    told = {name: b64encode(row[name]).decode() for name in ("actor", "body")} | {"via": row["via"]}
    assert list(bundle_verifier._says_the_same(told, sealed, key.secret)) == []
    (wrong,) = bundle_verifier._says_the_same(told, sealed | {"statement": "a.b.c"}, key.secret)
    assert "statement" in wrong
    assert not (await ledger_verifier.verify(closed.owner_dsn)).problems


async def claimed_of(world: World, stream: str, seq: int) -> Claimed | None:
    async with world.connection() as connection:
        return await claimed(connection, stream, seq, Vault(world.settings.master))


FULLY: Final = {"accept", "withdraw", "renew_payment"}
"""The commands on which every forgery is tried; on the other commands, the forgeries take turns."""
LET_IN: Final = {
    *("statement_expired", "key_revoked", "role_not_granted", "agency_not_granted", "applicant_of_another"),
    "assurance_too_low",
}
"""The rules by which the log, not the door, refuses a program if the run has not heard from the log lately."""
REFUSED_BY_THE_LOG: Final = (
    EventType.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED,
    EventType.EVENT_TYPE_WORKFLOW_TASK_STARTED,
    EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED,
    EventType.EVENT_TYPE_MARKER_RECORDED,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_COMPLETED,
)


async def as_forged(program: Program, stream: str, kind: str, forgery: Forgery) -> Any:
    """Gives a forged command, whose id begins with the rule that should refuse it."""
    command_id = f"{forgery.rule}:{uuid4().hex[:16]}"
    said = (
        program.signed(stream, kind, by(forgery.actor, command_id, reason="because"), **forgery.signed) | forgery.sent
    )
    return await program.give(stream, kind, with_statement(said, forgery))


async def let_in(world: World, stream: str, since: int) -> set[str]:
    """Returns the rules by which the log has refused the Updates since this event. Fails if anything else happened."""
    found = set()
    for event in (await forged.history_events(world, stream))[since:]:
        assert event.event_type in REFUSED_BY_THE_LOG, "no task fails"
        if event.event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED:
            asked = event.workflow_execution_update_accepted_event_attributes.accepted_request.input.args.payloads[0]
            found.add(json.loads(asked.data)["command_id"].partition(":")[0])
    return found


async def test_no_forged_command_comes_to_a_stream(closed: World) -> None:
    portal, office = await Program.of(closed, PORTAL), await Program.of(closed, OFFICE)
    long = await publish_short(closed, EXTRACT, intake=3600, payment=3600, processing=3600)
    filed = extract(payer_account=NEVER_PAYS, version=long)
    await portal.submit(filed)
    filing, payment = filing_workflow(of(filed)), payment_workflow(of(filed), 1)
    await office.act(filing, "accept", by(officer(Role.RECEPTION, filed.agency)))
    await eventually(lambda: counted(closed), lambda streams: streams.get(payment) == ORDERED)
    programs = {one.seed: await Program.of(closed, one.seed) for one in FORGERIES.values()}
    before, seen = await counted(closed), len(await history(closed, filing))

    async def refused_rules(stream: str, kind: str, forgery: Forgery) -> str:
        async with at_once:
            said = (await refusal(as_forged(programs[forgery.seed], stream, kind, forgery))).problems
        return ", ".join(f"{why.field} {why.rule}" for why in said)

    wrong, turn, at_once = [], cycle(FORGERIES.items()), asyncio.Semaphore(8)  # Temporal takes ten at once, no more
    for kinds, stream in ((FILING, filing), (PAYMENT, payment)):
        for command in (one.model_fields["kind"].default for one in kinds.commands):
            some = list(FORGERIES.items() if command in FULLY else islice(turn, 5))
            if stream == payment:  # whose citizen it is, the record says, once the command is one that could be
                some = [one for one in some if one[0] != "another's citizen"]
            found = await asyncio.gather(*(refused_rules(stream, command, forgery) for _, forgery in some))
            both = zip(some, found, strict=True)
            wrong += [(command, name, was) for (name, one), was in both if was != f"statement {one.rule}"]
    assert not wrong
    assert await counted(closed) == before, "nothing is recorded"
    assert await let_in(closed, filing, seen) <= LET_IN


async def test_no_forged_start_becomes_a_filing_and_who_may_files_the_same_afterwards(closed: World) -> None:
    portal = await Program.of(closed, PORTAL)

    async def outcome_of(name: str, forgery: Forgery) -> tuple[str, str, str] | None:
        program = await Program.of(closed, forgery.seed)
        filed = submission().model_copy(update={"actor": forgery.actor})
        start = with_statement(program.submitting(filed, **forgery.signed), forgery)
        start["submission"] |= forgery.sent
        stream = filing_workflow(of(filed))
        handle = await program.client.start_workflow("Filing", start, id=stream, task_queue="motcua")
        said = [(why.field, why.rule) for why in (await refusal(handle.result())).problems]
        assert EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED not in await history(closed, stream)
        assert await forged.recorded(closed, stream) == 0
        await portal.submit(filed.model_copy(update={"actor": forged.CITIZEN}))
        return (
            None
            if said == [("statement", forgery.rule)] or said[0][1] in forged.SHAPES
            else (name, forgery.rule, str(said))
        )

    forgeries = [(name, one) for name, one in FORGERIES.items() if one.actor not in {forged.CITIZEN, SYSTEM}]
    assert not [
        one for one in (await asyncio.gather(*(outcome_of(name, one) for name, one in forgeries))) if one is not None
    ]
    assert len(await counted(closed)) == len(forgeries)


async def test_who_files_by_a_statement_that_is_over_is_told_so_and_may_file_again(closed: World) -> None:
    portal, filed, at = await Program.of(closed, PORTAL), submission(), st.seconds(datetime.now(UTC)) - 600
    (why,) = (await refusal(portal.submit(filed, iat=at, exp=at + 60))).problems
    assert (why.field, why.rule) == ("statement", "statement_expired")
    assert EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED not in await history(closed, filing_workflow(of(filed)))
    assert await counted(closed) == {}
    assert (await portal.submit(filed))["seq"] == 1


async def test_nobody_files_under_the_client_id_of_another_program(closed: World) -> None:
    filed, before = submission(), await counted(closed)
    stranger = await Program.of(closed, OTHER_PORTAL)
    for by_which in (stranger.submit(filed), (await stranger.start(filed)).result()):
        (why,) = (await refusal(by_which)).problems
        assert (why.field, why.rule) == ("statement", "client_not_granted")
    assert await counted(closed) == before
    assert (await (await Program.of(closed, PORTAL)).submit(filed))["seq"] == 1
    assert (await stranger.submit(filed.model_copy(update={"client_id": "portal-2"})))["seq"] == 1


async def test_a_refund_takes_two_programs_whoever_they_name(world: World) -> None:
    both = await signing(world)
    alone = replace(both, speaker=Speaker("everybody", private_key(EVERYBODY), st.UNNAMED))
    cashier, leader, counter = officer(Role.CASHIER), officer(Role.LEADER), 1000
    async with both.platform(), both.back_office():
        play = await Play.accepted(both, extract(fee_channel="counter", payer_account=None))
        await eventually(play.kinds, lambda kinds: "fee_requested" in kinds)
        await play.pay_at_counter(16_000)
        await play.refund(RequestRefund, cashier, counter, reason="nộp nhầm", legal_basis="TT 45/2006")
        one = replace(play, world=alone)
        for command, more in ((ApproveRefund, {}), (DeclineRefund, {"reason": "đã dùng"})):
            why = await broken(one.refund(command, leader, counter, case=1, **more), NotAuthorised)
            assert why == [("statement", "needs_another_key")]
        await play.refund(ApproveRefund, leader, counter, case=1)
        await eventually(lambda: play.kinds("refund", counter), lambda kinds: "refund_left_to_hand" in kinds)
        by_hand = {"case": 1, "means": "transfer", "bank_reference": "FT26332000001", "evidence": FILE}
        leaders = replace(play, world=replace(both, speaker=Speaker("leaders", private_key(LEADERS), st.UNNAMED)))
        why = await broken(leaders.refund(GiveBackByHand, cashier, counter, **by_hand), NotAuthorised)
        assert why == [("statement", "needs_another_key")]


async def test_nobody_learns_a_receipt_by_a_forged_submit(closed: World) -> None:
    filed = submission()
    await (await Program.of(closed, PORTAL)).submit(filed)
    stream, told = filing_workflow(of(filed)), {}
    for name, forgery in FORGERIES.items():
        if name == "expired":
            continue  # of what was recorded it need not be fresh
        program = await Program.of(closed, forgery.seed)
        start = program.submitting(filed.model_copy(update={"actor": forgery.actor}), **forgery.signed)
        check = with_statement({"content": st.message_digest(plain(filed)), "statement": start["statement"]}, forgery)
        (why,) = (await refusal(program.give(stream, "submit", check))).problems
        told[name] = (why.field, why.rule)
    assert {field for field, _ in told.values()} == {"statement"}
    assert told["no statement"][1] == "statement_missing"
    assert told["another filing's"][1] == "statement_of_another_filing"
    stranger = await Program.of(closed, OTHER_PORTAL)
    assert (await refusal(stranger.submit(filed))).problems[0].rule == "applicant_of_another"


async def test_a_process_that_knows_the_register_of_before_writes_nothing_that_it_forbids(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("ASK_EVERY", "KNOWN_WITHIN"):
        monkeypatch.setattr(register_in_memory, name, 3600.0)
    async with locked(world) as closed:
        portal, office = await Program.of(closed, PORTAL), await Program.of(closed, OFFICE)
        filed = submission()
        await portal.submit(filed)
        before, stream = await counted(closed), filing_workflow(of(filed))
        known = programs()[OFFICE]
        elsewhere = grant(st.Claim.OFFICERS, "H01.12"), grant(st.Claim.OFFICERS, "*", procedures=("2.000635",))
        for grants, rule in zip(elsewhere, ("agency_not_granted", "procedure_not_granted"), strict=True):
            await register(closed, known.model_copy(update={"grants": (grants,)}))
            (why,) = (await refusal(office.act(stream, "accept", by(RECEPTION)))).problems
            assert (why.field, why.rule) == ("statement", rule)
        await register(closed, known.model_copy(update={"subject": "h56.30-reception-9"}))
        (why,) = (await refusal(office.act(stream, "accept", by(RECEPTION)))).problems
        assert (why.field, why.rule) == ("statement", "subject_not_granted")
        revoked = known.keys[0].model_copy(update={"revoked_at": datetime.now(UTC)})
        await register(closed, known.model_copy(update={"keys": (revoked,)}))
        (why,) = (await refusal(office.act(stream, "accept", by(RECEPTION)))).problems
        assert (why.field, why.rule) == ("statement", "key_revoked")
        assert await counted(closed) == before


@pytest.mark.parametrize("claim", [one for one in st.Claim if one is not st.Claim.PROGRAMS])
async def test_the_record_grants_by_brute_force_what_the_rules_grant(world: World, claim: st.Claim) -> None:
    """SQL and Python agree about each role, agency, filing and grant."""
    agencies = ((),) if claim is st.Claim.OWN else (("H56.30",), ("H01.12", "H56.30"), ("*",))
    predecessors = ((), ("portal-9",)) if claim is st.Claim.OWN else ((),)
    filings = {uuid4(): (by_whom, code) for by_whom in ("p", "portal-9", "q") for code in ("1.001193", "2.000635")}
    async with world.connection() as connection, connection.transaction():
        await connection.execute("alter table event disable trigger user")
        for filing, (by_whom, code) in filings.items():
            body = canonical({"procedure": code})
            await connection.execute(_FIRST, f"filing:{filing}", filing, body, f"{by_whom}/online/k/0")
        wrong, given = [], cycle((None, "p", "portal-9"))
        keys = cycle((None, "somebody", "another"))
        for agency, before, least in product(agencies, predecessors, (st.Assurance.LOW, st.Assurance.BIOMETRIC)):
            for procedures in ((), ("1.001193",)):
                clients = {} if claim in {st.Claim.OPERATOR, st.Claim.AUDITOR} else {"client_ids": ("p",)}
                one = grant(claim, *agency, least=least, predecessors=before, procedures=procedures, **clients)
                own = None if claim is st.Claim.OWN else next(keys)
                known = principal("p", one, keys=(now_in_force(1),)).model_copy(update={"subject": own})
                await register_with(connection, known)
                for (filing, (by_whom, code)), role, whose in product(filings.items(), Role, (None, "H56.30", "H9.9")):
                    actor = Actor(subject="somebody", role=role, agency=whose)
                    client = next(given)
                    about = st.Message(
                        act="a", actor=actor, content="0" * 64, procedure=code, filed_by=by_whom, client_id=client
                    )
                    said = statement(about, "p", content="0" * 64)
                    batch = batch_of(filing, actor, sign(said, private_key(1)), client)
                    query = f"select {may_speak('$1', '$2', 3)}"
                    may = await connection.fetchval(query, filing, whose, *parameters(batch))
                    rules = not_granted(st.Proved(said, known, private_key(1).key_id, "0" * 64), about)
                    if may is not (rules is None) or [why.rule for why in await missing(connection, batch)] != (
                        [] if rules is None else [rules.rule]
                    ):
                        wrong.append((one, about, may, rules))
    assert not wrong


async def test_the_record_lets_a_program_speak_for_a_client_as_the_rules_do(world: World) -> None:
    """SQL and Python agree about each signer and client; without a client, a statement counts for its signer."""
    operates, own = grant(st.Claim.OPERATOR, "*"), grant(st.Claim.OFFICERS, "H56.30")
    gone, live = now_in_force(3, revoked_at=datetime.now(UTC)), now_in_force(4)
    keys: tuple[tuple[st.PrincipalKey, ...], ...] = ((), (gone,), (gone, live))
    clients = [
        principal("p", *grants, keys=held).model_copy(update={"kind": kind, "subject": subject})
        for kind, grants, held in product(st.PrincipalKind, ((own,), (own, operates)), keys)
        for subject in (None, "somebody")
    ]
    signers = [
        principal("door", *grants, keys=(now_in_force(1),))
        for grants in (
            *((grant(st.Claim.PROGRAMS, programs=named),) for named in (("*",), ("p",), ("x",), ("x", "p"))),
            (grant(st.Claim.PROGRAMS, least=st.Assurance.BIOMETRIC),),
            (own,),
        )
    ]
    officer_, filing, told = Actor(subject="somebody", role=Role.RECEPTION, agency="H56.30"), uuid4(), set()
    async with world.connection() as connection, connection.transaction():
        for client, signer in product(clients, signers):
            await connection.execute("delete from principal_key")
            await connection.execute("delete from principal")
            for one in (client, signer):
                await register_with(connection, one)
            said = statement(st.Message(act="a", actor=officer_, content="0" * 64), "door", client="p")
            batch = batch_of(filing, officer_, sign(said, private_key(1)), None)
            query = f"select {may_speak('$1', '$2', 3, for_client=True)}"
            may = await connection.fetchval(query, filing, "H56.30", *parameters(batch))
            rules = [] if speaks_for(signer, client, said.assurance) else ["program_not_spoken_for"]
            assert [why.rule for why in await missing(connection, batch)] == rules
            assert may is (not rules), (client, signer)
            told.add(may)
        assert told == {True, False}


@pytest.mark.parametrize("off", [50, -50, 300, -300])
async def test_a_clock_that_is_a_little_off_changes_nothing_and_one_that_is_far_off_takes_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch, off: int
) -> None:
    class Off(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return datetime.now(tz) + timedelta(seconds=off)

    monkeypatch.setattr(register_in_memory, "datetime", Off)
    async with locked(world) as closed:
        portal, office, filed = await Program.of(closed, PORTAL), await Program.of(closed, OFFICE), submission()
        if abs(off) == 50:
            await portal.submit(filed)
            await office.act(filing_workflow(of(filed)), "accept", by(RECEPTION))
            return
        (why,) = (await refusal((await portal.start(filed)).result())).problems
        assert (why.field, why.rule) == ("statement", "clock_is_off")
        assert await counted(closed) == {}


def batch_of(filing: UUID, actor: Actor, text: str, client_id: str | None) -> Batch:
    return Batch(
        events=() if client_id is None else ({"kind": "submitted", "client_id": client_id},),
        stream=f"filing:{filing}",
        filing_id=filing,
        agency="H56.30",
        next_seq=2,
        command_id="c",
        digest="0" * 64,
        actor=actor,
        via=Via(principal="whoever"),
        statement=text,
        at=datetime.now(UTC),
    )


_FIRST: Final = """
insert into event (stream, filing_id, agency, seq, event_id, kind, version, body, command_id, actor, via, occurred_at,
    recorded_at, prev_hash, hash)
values ($1, $2, 'H56.30', 1, $2, 'submitted', 1, $3, 'submit', '{}', $4, now(), now(), sha256(''), sha256(''))
"""


# Nobody sees, and nobody complains, by a statement that is forged: each is refused in words, no look is recorded.

OF_WHOM: Final = {
    "nobody",
    "another person",
    "a role that it was not granted",
    "an agency that it was not granted",
    "an officer of a desk that is none",
    "the system",
    "another's citizen",
    "a human who is not sure enough",
}
"""Forgeries about the speaker: in a question, only the statement names the speaker."""
OF_A_START: Final = set(FORGERIES) - {"another command's", "another kind of command"}


async def looks(world: World) -> int:
    return int(await world.fetchval("select count(*) from access"))


async def refusal_of(program: Program, question: dict[str, Any], forgery: Forgery, streams: set[str]) -> Refusal:
    """Returns the refusal of a forged question, whose workflow ends at once without a failed task."""
    about = {"act": f"ask.{question['ask']}", "stream": question.get("stream")}
    who = {"actor": forgery.actor.model_dump(mode="json", exclude_none=True)}
    signed = program.statement(
        question, {name: value for name, value in about.items() if value} | who, **forgery.signed
    )
    said = with_statement(question | forgery.sent | {"statement": signed}, forgery)
    id_ = f"view:{uuid4()}"
    handle = await program.client.start_workflow("View", said, id=id_, task_queue=TASK_QUEUE)
    streams.add(id_)
    return await refusal(handle.result())


async def test_the_queue_of_officers_questions_takes_nobody_elses(closed: World) -> None:
    portal, office, question = await Program.of(closed, PORTAL), await Program.of(closed, OFFICE), {"ask": "counts"}

    async def on_it(program: Program, **who: Actor) -> Any:
        said = question | {"statement": program.statement(question, {"act": "ask.counts"} | who)}
        return await program.client.execute_workflow("View", said, id=f"view:{uuid4()}", task_queue=OFFICERS_QUEUE)

    assert await on_it(office, actor=RECEPTION) == []
    for others in (on_it(portal), on_it(portal, actor=Actor(subject="an", role=Role.APPLICANT)), on_it(office)):
        assert [(one.field, one.rule) for one in (await refusal(others)).problems] == [("statement", "officers_queue")]


async def test_no_forged_question_is_answered(closed: World) -> None:
    portal, office = await Program.of(closed, PORTAL), await Program.of(closed, OFFICE)
    filed = submission()
    await portal.submit(filed)
    stream, streams = filing_workflow(of(filed)), set[str]()
    programs = {one.seed: await Program.of(closed, one.seed) for one in FORGERIES.values()}
    wrong, turn = [], cycle(FORGERIES.items())

    async def fault_of(question: dict[str, Any], name: str, forgery: Forgery) -> str | None:
        said = await refusal_of(programs[forgery.seed], question, forgery, streams)
        if name in OF_WHOM:
            return None if said.code in {RefusalCode.NOT_FOUND, RefusalCode.NOT_AUTHORISED} else str(said)
        why = [(one.field, one.rule) for one in said.problems]
        return None if why == [("statement", forgery.rule)] or why[0][1] in forged.SHAPES else f"{name}: {why}"

    for sample in QUESTIONS:
        question = _of(sample.model_dump(mode="json", exclude_none=True), stream)
        some = FORGERIES.items() if question["ask"] in {"filing", "changes", "tasks"} else islice(turn, 9)
        these = [one for one in some if type(sample) not in OPEN or one[0] not in OF_WHOM]
        found = await asyncio.gather(*(fault_of(question, *one) for one in these))
        wrong += [(question["ask"], was) for was in found if was is not None]
    assert not wrong
    assert await looks(closed) == 0
    tasks = await asyncio.gather(*(history(closed, one) for one in streams))
    assert not [one for one in tasks if EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED in one]
    await office.act(stream, "accept", by(RECEPTION))


def _of(question: dict[str, Any], stream: str) -> dict[str, Any]:
    """Returns the sample question, with a stream of the existing filing in place of the stream that it names."""
    kind, *_ = question.get("stream", "").split(":")
    n = {"payment": payment_workflow, "parcel": parcel_workflow}
    filing = stream.removeprefix("filing:")
    named = {"stream": stream if kind == "filing" else n[kind](filing, 1)} if kind in {"filing", *n} else {}
    return question | named


async def test_no_forged_start_becomes_a_complaint(closed: World) -> None:
    portal, office = await Program.of(closed, PORTAL), await Program.of(closed, OFFICE)
    filed = submission()
    await portal.submit(filed)
    stream = filing_workflow(of(filed))
    refusing = {"reason": "không thuộc thẩm quyền", "legal_basis": "NĐ 61/2018 Đ17"}
    await office.act(stream, "refuse_intake", by(RECEPTION, **refusing))
    about, before = (await counted(closed))[stream], await counted(closed)

    async def outcome_at(n: int, name: str, forgery: Forgery) -> tuple[str, Any] | None:
        program = await Program.of(closed, forgery.seed)
        said = _complaint(filed, n, about, forgery)
        id_ = complaint_workflow(of(filed), n)
        signed = program.statement(said, {"act": st.COMPLAIN, "stream": id_}, **forgery.signed)
        start = with_statement(said | forgery.sent | {"statement": signed}, forgery)
        handle = await program.client.start_workflow("Complaint", start, id=id_, task_queue=TASK_QUEUE)
        why = [(one.field, one.rule) for one in (await refusal(handle.result())).problems]
        assert EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED not in await history(closed, id_)
        return None if why == [("statement", forgery.rule)] or why[0][1] in forged.SHAPES else (name, why)

    found = await asyncio.gather(
        *(outcome_at(n, name, FORGERIES[name]) for n, name in enumerate(sorted(OF_A_START - {"changed content"}), 1))
    )
    assert not [one for one in found if one is not None]
    assert await counted(closed) == before
    await (await portal.complain(_complaint(filed, 1, about, Forgery("", actor=forged.CITIZEN)))).describe()


def _complaint(filed: Any, n: int, about: int, forgery: Forgery) -> dict[str, Any]:
    actor = forgery.actor.model_dump(mode="json", exclude_none=True)
    said: Mapping[str, Any] = {"filing_id": str(of(filed)), "n": n, "about": about, "words": "không đúng"}
    return dict(said) | {"actor": actor, "via": {"principal": "whoever"}}
