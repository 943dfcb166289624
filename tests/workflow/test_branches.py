"""Courses of filings outside the demo's stories: complaints, parts at other agencies, unrequested messages."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowHandle
from temporalio.common import WorkflowIDConflictPolicy

from motcua import BackOffice, BadSubmission, FilingClosed, NotAllowed, SameIdOtherContent
from publishing.authoring import procedures
from recovery.restart import Restarter
from schemas.backoffice import AnswerRequest, Dossier, PartDecision
from schemas.complaint.commands import (
    AnswerComplaint,
    InviteToDialogue,
    LiftStay,
    RecordDialogue,
    SendAnswer,
    StayAct,
    TakeUp,
    VerifyComplaint,
)
from schemas.filing import commands as cm
from schemas.filing.events import Outcome
from schemas.filing.state import FeeState, Stage, Status
from schemas.ids import TASK_QUEUE, complaint_workflow, fee_key, filing_workflow, payment_workflow, reference_of
from schemas.payment.state import PaymentState
from schemas.people import Actor, Role
from schemas.reading import Audience
from tests import acting
from tests.acting import (
    BIRTH,
    CHILD,
    INSURANCE,
    JOINED,
    LEAD,
    NEVER_PAYS,
    Play,
    broken,
    eventually,
    extract,
    joined,
    officer,
    stock,
)
from tests.conftest import ROOT, World
from tests.integration.papers.relays import Desk, work
from tests.shell import Shell
from tests.sound import sound
from tests.workflow.complaints import SECOND, UPHELD, answered, complained, complaint, refused, reopened, seq_of
from tests.workflow.delivery import fetched
from tests.workflow.obligations import LAND, PAID, N, demanded, takes_money
from workers.wiring import open_pool


async def test_after_a_withdrawal_nothing_is_owed_and_late_money_goes_back(running: World) -> None:
    play = await Play.accepted(running, extract(payer_account=NEVER_PAYS))
    await eventually(play.order, lambda order: order != {})
    await play.withdraw()
    assert (await play.view()).status is Status.WITHDRAWN
    await eventually(play.order, lambda order: order["status"] == "cancelled")
    await play.pay_by_hand()
    await play.approve_refund()
    order = await eventually(play.order, lambda order: bool(order["refunds"]))
    assert [refund["amount"] for refund in order["refunds"]] == [8000 * 2]
    kinds = await eventually(lambda: play.kinds("payment", 1), lambda kinds: kinds[-1] == "payment_refunded")
    assert kinds == [
        *("payment_requested", "payment_ordered", "payment_cancelled", "payment_captured", "payment_refunded"),
    ]


async def test_whoever_pays_twice_what_is_not_owed_gets_both_back(running: World) -> None:
    play = await Play.accepted(running, extract(payer_account=NEVER_PAYS))
    await eventually(play.order, bool)
    await play.withdraw()
    await eventually(play.order, lambda order: order.get("status") == "cancelled")
    for _ in range(2):
        await play.pay_by_hand()
    for capture in (1001, 1002):
        await play.approve_refund(capture)
    order = await eventually(play.order, lambda order: len(order["refunds"]) == 2)
    assert {refund["capture_id"] for refund in order["refunds"]} == {c["capture_id"] for c in order["captures"]}


async def events(play: Play, wanted: str, n: int = N) -> list[str]:
    return await eventually(lambda: play.kinds("payment", n), lambda kinds: wanted in kinds)


async def test_nothing_is_demanded_for_an_agency_that_is_no_tax_office(running: World) -> None:
    await takes_money(running)
    for agency in (LAND, "H01.12", "H99.99"):
        assert await broken(demanded(running, agency=agency), NotAllowed) == [("agency", "no_tax_office")]


async def test_a_filing_that_was_lost_hears_of_the_money_when_it_goes_on_from_its_log(running: World) -> None:
    await takes_money(running)
    play = await demanded(running, NEVER_PAYS)
    await events(play, "payment_ordered")
    await running.temporal.get_workflow_handle(filing_workflow(play.filing)).terminate("it is lost")
    await play.pay_by_hand(N)
    await events(play, "payment_captured")
    await running.temporal.get_workflow_handle(payment_workflow(play.filing, N)).terminate("it is lost")
    async with open_pool(running.settings) as pool:
        restarter = Restarter(pool, running.temporal)
        assert await restarter.unfinished("payment", play.filing) == [payment_workflow(play.filing, N)]
        await restarter.restart(filing_workflow(play.filing))
    await play.at(Stage.REVIEW)
    assert await play.kinds("payment", N) == PAID
    await sound(running)


SIGNED: Final[dict[str, Any]] = {"recipient": "Nguyễn Văn An", "signed_on_paper": True}


async def read(world: World, **seconds: int) -> Play:
    """Returns a filing whose applicant has not read the result yet; the time to read it is by default an hour."""
    version = await acting.publish_short(world, BIRTH, **{"reading": 3600} | seconds)
    play = await Play.begin(world, acting.birth(version=version, result_channel="online"))
    await play.at(Stage.READING)
    return play


async def stored(world: World, kind: str) -> list[str]:
    """Returns the public parts of the events of this kind in the log."""
    rows = await world.fetch("select body from event where kind = $1", kind)
    return [row["body"].decode() for row in rows]


async def test_the_pick_up_code_is_sealed_and_told_to_the_applicant_alone(running: World) -> None:
    play = await fetched(running)
    told = await running.client.delivery(play.filing)
    assert told.pickup_code is not None
    assert (told.desk, told.link) == ("H56.30", None)
    assert await stored(running, "pickup_offered") == ["{}"]
    assert told.pickup_code not in (await play.view()).model_dump_json()
    for audience in Audience:
        entries = await running.client.timeline(play.filing, audience)
        [offered] = [entry for entry in entries if entry.kind == "pickup_offered"]
        seen = (offered.personal or {}).get("code")
        assert seen == (told.pickup_code if audience is Audience.APPLICANT else None), audience


async def test_a_wrong_code_is_refused_and_counted_once_for_each_command(running: World) -> None:
    play = await fetched(running)
    code = (await running.client.delivery(play.filing)).pickup_code
    assert code is not None
    wrong = SIGNED | {"code": f"{(int(code) + 1) % 10**6:06d}", "command_id": "fetched-1"}
    for _ in range(2):
        handing = play.act(cm.HandOver, play.officer(Role.HANDOVER), **wrong)
        assert [rule for _, rule in await broken(handing, NotAllowed)] == ["wrong_code"]
    assert (await play.kinds())[-2:] == ["pickup_offered", "wrong_code_given"]
    await play.hand_over()
    assert (await play.view()).status is Status.RETURNED
    assert (await play.kinds())[-2:] == ["wrong_code_given", "handed_over"]


# Complaints on a real server: answered, and upheld their filing starts again, once, whatever is lost meanwhile.


async def settled(world: World, stream: str) -> Any:
    await world.temporal.get_workflow_handle(stream).result()
    return (await world.client.complaints(stream.split(":")[1]))[-1]


async def test_upheld_a_refusal_is_decided_again_though_temporal_loses_both(running: World) -> None:
    """Temporal loses the complaint and the filing after the answer, before the filing's new decision."""
    play = await refused(running)
    stream = await complained(play, "decided")
    await answered(play, stream, UPHELD)
    await reopened(play)
    view = await play.view()
    assert (view.status, view.stage, view.decision, view.result) == (Status.PROCESSING, Stage.REVIEW, None, None)
    assert view.fee is not None
    assert view.fee.state == "paid"
    for name in (stream, f"filing:{play.filing}"):
        handle = running.temporal.get_workflow_handle(name)
        if (await handle.describe()).close_time is None:
            await handle.terminate("lost")
        await running.temporal.start_workflow(name.split(":")[0].title(), {"restart": {}}, id=name, task_queue="motcua")
    found = await settled(running, stream)
    await play.act(cm.Claim, SECOND)
    await play.act(cm.Decide, SECOND, outcome="approved")
    assert (await play.at(Stage.CLOSED)).status is Status.RETURNED
    kinds = await play.kinds()
    counted = [kinds.count(kind) for kind in ("reopened", "decided", "result_issued", "parcel_requested", "fee_paid")]
    assert counted == [1, 2, 2, 2, 1]
    assert await play.kinds("parcel", 2) == ["consignment_requested", "consignment_sent", "consignment_ended"]
    kinds = await play.kinds("complaint", 1)
    assert kinds[:4] == ["complained", "claimed", "complaint_taken_up", "complaint_answered"]
    assert sorted(kinds[4:]) == ["answer_sent", "complaint_settled"]
    assert (found.state, found.reopened, found.answerer) == ("upheld", True, SECOND.subject)
    await sound(running)


async def test_a_stayed_act_stops_the_filing_until_the_stay_is_lifted_or_its_complaint_ends(running: World) -> None:
    """The same holds if Temporal loses both workflows meanwhile; the fee is then paid through a new request."""
    play = await Play.accepted(running, extract(payer_account=NEVER_PAYS))
    await eventually(lambda: play.kinds("payment", 1), lambda kinds: "payment_ordered" in kinds)
    stream, why = await complained(play, "accepted"), {"reason": "hậu quả khó khắc phục"}
    await play.give(stream, cm.Claim, SECOND)
    await play.give(stream, TakeUp, SECOND)
    await play.give(stream, StayAct, SECOND, **why)
    view = await play.at(Stage.STAYED)
    [task] = [one for one in view.tasks if one.name == "stayed"]
    [own] = await running.client.complaints(play.filing)
    assert (task.role, task.due) == (Role.LEADER, own.due)
    assert await broken(play.act(cm.WaiveFee, officer(Role.LEADER), waiver="poor", reason="-"), NotAllowed) == [
        ("", "stayed")
    ]
    await eventually(lambda: play.kinds("payment", 1), lambda kinds: kinds[-1] == "payment_cancelled")
    for name in (stream, filing_workflow(play.filing)):
        await running.temporal.get_workflow_handle(name).terminate("lost")
        await running.temporal.start_workflow(name.split(":")[0].title(), {"restart": {}}, id=name, task_queue="motcua")
    await play.give(stream, LiftStay, SECOND, **why)
    view = await play.at(Stage.FEE)
    assert (view.fee and view.fee.n, view.fee and view.fee.state) == (2, FeeState.DUE)
    await play.give(stream, StayAct, SECOND, **why)
    await play.at(Stage.STAYED)
    await play.give(stream, cm.Withdraw, play.submission.actor, reason="đã rõ")
    await play.at(Stage.FEE)
    kinds = await play.kinds()
    assert [kind for kind in kinds if kind.startswith("stay")] == ["stayed", "stay_over"] * 2
    assert [kind for kind in await play.kinds("complaint", 1) if "stay" in kind] == [
        *("act_stayed", "stay_lifted", "stay_ended", "act_stayed", "stay_ended"),
    ]
    await sound(running)


async def test_the_same_complaint_again_is_the_same_and_another_under_its_number_is_refused(running: World) -> None:
    play = await refused(running)
    about = await seq_of(play, "decided")
    first = await running.client.complain(complaint(play, about))
    assert await running.client.complain(complaint(play, about)) == first
    with pytest.raises(SameIdOtherContent):
        await running.client.complain(complaint(play, about, words="khác"))
    [(_, rule)] = await broken(running.client.complain(complaint(play, about, 2)), NotAllowed)
    assert rule == "disputed_already"
    stream = complaint_workflow(play.filing, 1)
    before = await play.kinds()
    await answered(play, stream, UPHELD | {"outcome": "rejected"})
    found = await settled(running, stream)
    assert (found.state, found.reopened, found.reason) == ("rejected", None, "giấy tờ hợp lệ")
    assert await play.kinds() == before
    assert await running.client.complain(complaint(play, about)) == first
    [(_, rule)] = await broken(running.client.complain(complaint(play, about, 2)), NotAllowed)
    assert rule == "answered_already"
    with pytest.raises(FilingClosed):
        await play.give(stream, cm.Release, SECOND)
    await sound(running)


def of_the_province(role: Role) -> Actor:
    return Actor(subject=f"h56-{role}-1", role=role, agency="H56")


async def test_rejected_by_the_head_about_their_own_act_it_goes_to_the_province_and_is_upheld(running: World) -> None:
    play, author, head = await refused(running), officer(Role.LEADER), of_the_province(Role.LEADER)
    first, second = await complained(play, "decided"), complaint_workflow(play.filing, 2)
    rejected = UPHELD | {"outcome": "rejected"}
    await play.give(first, cm.Claim, author)
    await play.give(first, TakeUp, author)
    assert await broken(play.give(first, AnswerComplaint, author, **rejected), NotAllowed) == [("", "not_verified")]
    await play.give(first, VerifyComplaint, officer(Role.SPECIALIST), findings="tên sai thật")
    await play.give(first, AnswerComplaint, author, **rejected)
    await play.give(first, SendAnswer, officer(Role.CLERK), how="trực tuyến")
    await running.client.complain(complaint(play, await seq_of(play, "decided"), 2, against=1))
    assert await broken(play.give(second, cm.Claim, SECOND), NotAllowed) == [("actor.agency", "other_agency")]
    await play.give(second, cm.Claim, head)
    await play.give(second, TakeUp, head)
    meeting = {"at": datetime.now(UTC) + timedelta(seconds=2), "place": "trụ sở", "topics": "tên"}
    await play.give(second, InviteToDialogue, head, **meeting)

    async def allowed() -> set[str]:
        return {one.name for one in await running.client.actions(second, head) if one.allowed}

    await eventually(allowed, lambda names: "record_dialogue" in names)
    await play.give(second, RecordDialogue, head, attended=True, minutes="tên đúng")
    await play.give(second, AnswerComplaint, head, **UPHELD)
    await reopened(play)
    await play.give(second, SendAnswer, of_the_province(Role.CLERK), how="trực tuyến")
    found = await settled(running, second)
    assert (found.state, found.agency, found.against, found.reopened) == ("upheld", "H56", 1, True)
    async with open_pool(running.settings) as pool:  # the province's papers stand in the filing's stream of papers
        assert await work(Desk(running, pool).relay()) > 0
    await sound(running)


async def test_a_complaint_by_hand_and_its_end(running: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # beside no running stack
    shell, play = Shell(running.process_env), await refused(running)
    about, who = await seq_of(play, "decided"), f"applicant:{play.submission.applicant.subject}"
    words: tuple[str, ...] = ("--about", str(about), "--words", "xem lại", "--actor", who, "--json")
    neighbour = json.dumps({"name": "Bà Tư", "address": "số 3", "how": "che mất lối đi"})
    known = (*words, "--known-on", "2026-11-30")
    touched = await shell("complain", play.filing.hex, *known, "--touched", neighbour)
    assert (touched.code, touched.json["problems"][0]["rule"]) == (1, "not_the_complainant"), "the desk records it"
    ill = ("--obstacle", json.dumps({"first": "2026-11-01", "last": "2026-11-20", "reason": "ốm"}))
    assert (await shell("complain", play.filing.hex, *words, *ill, "--obstacle", "[]")).code == 2
    words = (*words, *ill)
    first = await shell("complain", play.filing.hex, *words)
    assert (first.code, first.json["command_id"]) == (0, "complain"), first.err
    assert (await shell("complain", play.filing.hex, *words, "--n", "1")).json == first.json
    again = await shell("complain", play.filing.hex, *words)
    assert (again.code, again.json["problems"][0]["rule"]) == (1, "disputed_already")
    assert [one["state"] for one in (await shell("complaints", play.filing.hex, "--json")).json] == ["recorded"]
    assert "waits to be taken up" in (await shell("complaints", play.filing.hex)).out


# Parts that other agencies decide, on a real server, worker and database: asked for, decided, late, taken back.

MINISTRY: Final = "G18.01"
REFUSED: Final = {"outcome": Outcome.REFUSED, "reason": "chỗ ở chưa hợp pháp", "legal_basis": "Luật Cư trú Đ20"}


class Police(BackOffice):
    """A back office that decides about residences by itself, and leaves all other cases to officers."""

    asked: list[AnswerRequest]

    def __init__(self) -> None:
        self.asked = []

    async def check(self, dossier: Dossier) -> bool:  # noqa: ARG002 -- it doubts everything
        return False

    async def answer(self, request: AnswerRequest) -> PartDecision | None:
        self.asked.append(request)
        if request.part != "residence":
            return None
        return PartDecision(outcome=Outcome.APPROVED, officer="h01.31-leader-1")


async def test_the_agencys_back_office_is_asked_and_what_it_leaves_its_officers_decide(world: World) -> None:
    police = Police()
    async with world.platform(), world.back_office(police):
        play = await acting.refer(world)
        view = await play.until(lambda seen: len(police.asked) == len(seen.parts) and seen.parts[0].outcome is not None)
        assert (view.parts[0].officer, view.parts[1].outcome) == ("h01.31-leader-1", None)
        shown = {request.part: (request.lead, request.dossier.form) for request in police.asked}
        assert shown == dict.fromkeys(("residence", "health_insurance", "identity_card"), (LEAD, CHILD))
        await acting.decide_part(play, view.parts[1])
        await play.until(lambda seen: seen.parts[1].outcome is not None)
    assert await play.kinds("referral", 1) == ["referral_requested", "referral_answered"]


async def test_where_the_province_has_nobody_for_a_part_the_submission_is_refused(running: World) -> None:
    await running.execute("update agency set province = 'H29' where agency = $1", INSURANCE)
    with pytest.raises(BadSubmission) as no:
        await Play.begin(running, joined())
    [problem] = no.value.refusal.problems
    assert (problem.field, problem.rule) == ("agency", "no_partner")
    assert "health_insurance" in problem.message.vi


async def test_a_ministry_is_asked_whatever_the_province(running: World) -> None:
    source = yaml.safe_load((ROOT / "procedures" / f"{JOINED}@2026-12.yaml").read_bytes()) | {"version": "2026-12"}
    source["review"][2]["referral"]["parts"][1]["kinds"] = ["ministry"]
    version = (await procedures.publish(running.owner_dsn, yaml.safe_dump(source, allow_unicode=True).encode())).version
    play = await Play.begin(running, joined(version=version))
    assert [part.agency for part in (await play.view()).parts] == [acting.POLICE, MINISTRY, acting.POLICE]


# Payments and parcels that nobody asked for, and partners that will not play: nothing moves that the record denies.

SIGNALED = EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED


async def markers_since_signalled(handle: WorkflowHandle[Any, Any]) -> int:
    """Returns how often the run has read the record since the signal came into its history."""
    kinds = [event.event_type async for event in handle.fetch_history_events()]
    return kinds[kinds.index(SIGNALED) :].count(EventType.EVENT_TYPE_MARKER_RECORDED) if SIGNALED in kinds else 0


async def test_a_payment_that_no_filing_asked_for_ends_before_the_bank_hears_of_it(running: World) -> None:
    play = await Play.begin(running, extract(payer_account=NEVER_PAYS))
    client = await stock(running)
    start = {
        "filing_id": str(play.filing),
        "n": 1,
        "agency": play.submission.agency,
        "amount": 1,
        "description": "squatting",
        "limit": "5 working days",
        "since": "2029-12-25T00:00:00Z",
        "calendar": "vn@2026-12",
        "due": "2030-01-01T00:00:00Z",
    }
    squatter = await client.start_workflow("Payment", start, id=payment_workflow(play.filing, 1), task_queue="motcua")
    assert (await acting.refusal(squatter.result())).problems[0].rule == "not_recorded"
    assert await play.order() == {}
    await play.accept()
    assert (await eventually(play.order, bool))["amount"] == 16000
    assert (await running.client.payment(play.filing)).amount == 16000


async def test_a_payment_that_is_owed_is_not_cancelled_by_a_stranger(running: World) -> None:
    play = await Play.accepted(running, extract(payer_account=NEVER_PAYS))
    await eventually(play.order, bool)
    await (await stock(running)).get_workflow_handle(payment_workflow(play.filing, 1)).signal("cancel", "because")
    await play.pay_by_hand()
    view = await play.until(lambda view: view.fee is not None and view.fee.state is FeeState.PAID)
    assert view.status is Status.PROCESSING
    assert (await running.client.payment(play.filing)).state is PaymentState.PAID
    assert await play.kinds("payment", 1) == ["payment_requested", "payment_ordered", "payment_captured"]


async def test_money_that_only_a_stranger_tells_of_never_came(running: World) -> None:
    """An intruder signals a payment as the gateway does, with a reference that anybody can compute; no money came."""
    play = await Play.accepted(running, extract(payer_account=NEVER_PAYS))
    await eventually(play.order, bool)
    handle = (await stock(running)).get_workflow_handle(payment_workflow(play.filing, 1))
    notice = {"reference": reference_of(fee_key(play.filing, 1)), "transaction": "T1", "amount": 16000}

    async def marker_count() -> int:
        return await markers_since_signalled(handle)

    for outcome in ("paid", "reversed"):
        await handle.signal("noticed", notice | {"outcome": outcome})
    await eventually(marker_count, lambda n: n >= 2)
    assert await play.kinds("payment", 1) == ["payment_requested", "payment_ordered"]
    await play.pay_by_hand()
    await eventually(lambda: play.kinds("payment", 1), lambda kinds: "payment_captured" in kinds)


async def test_what_a_stranger_says_of_money_that_went_back_is_not_believed(running: World) -> None:
    """An intruder reports a refund, or requests another reading of the logs; no money moves."""
    play = await Play.accepted(running, extract(payer_account=acting.PAYS_TWICE))
    await eventually(lambda: play.kinds("refund", 1002), lambda kinds: "refund_opened" in kinds)
    client = await stock(running)
    captures = [capture["capture_id"] for capture in (await play.order())["captures"]]
    payment = client.get_workflow_handle(payment_workflow(play.filing, 1))
    for capture_id in ("none", *captures):
        await payment.signal("refunded", {"capture_id": capture_id, "case": 1, "amount": 16000})
    await payment.signal("refunded", None)
    for n in (1001, 1002):
        await client.start_workflow(
            "Refund",
            {"filing_id": str(play.filing), "n": n},
            id=f"refund:{play.filing}:{n}",
            task_queue=TASK_QUEUE,
            start_signal="look",
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        )
    await play.approve_refund(1002)
    await eventually(lambda: play.kinds("payment", 1), lambda kinds: "payment_refunded" in kinds)
    assert len((await play.order())["refunds"]) == 1
    assert await play.kinds("refund", 1001) == ["refund_begun"]
    view = await running.client.payment(play.filing)
    assert (view.captured, view.refunded) == (32000, 16000)
