"""Nobody sees, and nobody complains, by a statement that is forged: each is refused in words, no look is recorded."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from itertools import cycle, islice
from typing import Any, Final
from uuid import uuid4

from temporalio.api.enums.v1 import EventType

from rules.identity.looks import OPEN
from schemas.errors import Refusal, RefusalCode
from schemas.identity.statement import COMPLAIN
from schemas.ids import TASK_QUEUE, complaint_workflow, filing_workflow, parcel_workflow, payment_workflow
from tests.acting import of, refusal
from tests.conftest import World
from tests.contract.samples import QUESTIONS
from tests.locked import OFFICE, PORTAL, Program
from tests.locked import closed as closed
from tests.workflow.forged import (
    CITIZEN,
    FORGERIES,
    RECEPTION,
    SHAPES,
    Forgery,
    by,
    counted,
    history,
    submission,
    with_statement,
)

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
"""The forgeries of who is speaking: what a question says of that, the statement alone does."""
OF_A_START: Final = set(FORGERIES) - {"another command's", "another kind of command"}
UNKNOWN: Final = {RefusalCode.NOT_FOUND, RefusalCode.NOT_AUTHORISED}


async def looks(world: World) -> int:
    async with world.connection() as connection:
        return int(await connection.fetchval("select count(*) from access"))


async def asked(program: Program, question: dict[str, Any], forgery: Forgery, streams: set[str]) -> Refusal:
    """What a forged question is told; its workflow ends at once, and no task of it fails."""
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


async def test_no_forged_question_is_answered(closed: World) -> None:
    portal, office = await Program.of(closed, PORTAL), await Program.of(closed, OFFICE)
    filed = submission()
    await portal.submit(filed)
    stream, streams = filing_workflow(of(filed)), set[str]()
    programs = {one.seed: await Program.of(closed, one.seed) for one in FORGERIES.values()}
    wrong, turn = [], cycle(FORGERIES.items())

    async def told(question: dict[str, Any], name: str, forgery: Forgery) -> str | None:
        said = await asked(programs[forgery.seed], question, forgery, streams)
        if name in OF_WHOM:
            return None if said.code in UNKNOWN else str(said)
        why = [(one.field, one.rule) for one in said.problems]
        return None if why == [("statement", forgery.rule)] or why[0][1] in SHAPES else f"{name}: {why}"

    for sample in QUESTIONS:
        question = _of(sample.model_dump(mode="json", exclude_none=True), stream)
        some = FORGERIES.items() if question["ask"] in {"filing", "changes", "tasks"} else islice(turn, 9)
        these = [one for one in some if type(sample) not in OPEN or one[0] not in OF_WHOM]
        found = await asyncio.gather(*(told(question, *one) for one in these))
        wrong += [(question["ask"], was) for was in found if was is not None]
    assert not wrong
    assert await looks(closed) == 0
    tasks = await asyncio.gather(*(history(closed, one) for one in streams))
    assert not [one for one in tasks if EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED in one]
    await office.act(stream, "accept", by(RECEPTION))


def _of(question: dict[str, Any], stream: str) -> dict[str, Any]:
    """The sample, about the filing that there is."""
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

    async def told(n: int, name: str, forgery: Forgery) -> tuple[str, Any] | None:
        program = await Program.of(closed, forgery.seed)
        said = _complaint(filed, n, about, forgery)
        id_ = complaint_workflow(of(filed), n)
        signed = program.statement(said, {"act": COMPLAIN, "stream": id_}, **forgery.signed)
        start = with_statement(said | forgery.sent | {"statement": signed}, forgery)
        handle = await program.client.start_workflow("Complaint", start, id=id_, task_queue=TASK_QUEUE)
        why = [(one.field, one.rule) for one in (await refusal(handle.result())).problems]
        assert EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED not in await history(closed, id_)
        return None if why == [("statement", forgery.rule)] or why[0][1] in SHAPES else (name, why)

    found = await asyncio.gather(
        *(told(n, name, FORGERIES[name]) for n, name in enumerate(sorted(OF_A_START - {"changed content"}), 1))
    )
    assert not [one for one in found if one is not None]
    assert await counted(closed) == before
    await (await portal.complain(_complaint(filed, 1, about, Forgery("", actor=CITIZEN)))).describe()


def _complaint(filed: Any, n: int, about: int, forgery: Forgery) -> dict[str, Any]:
    actor = forgery.actor.model_dump(mode="json", exclude_none=True)
    said: Mapping[str, Any] = {"filing_id": str(of(filed)), "n": n, "about": about, "words": "không đúng"}
    return dict(said) | {"actor": actor, "via": {"principal": "whoever"}}
