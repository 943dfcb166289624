"""Messages that the door stores while Temporal is away: one sealed row each, delivered once, with their own times."""

import asyncio
import re
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import uuid4

import asyncpg
import pytest
from temporalio.client import Client
from temporalio.exceptions import ApplicationError

from activities.ledger.vault import Vault
from gateway.door import writes
from gateway.door.kept.received import Outcome, Received, is_kept
from motcua.payloads.converter import data_converter
from motcua.signing import Speaker
from operations.erasure.sinks import SINKS
from operations.restored import begin
from schemas.errors import RefusalCode, RefusalError
from schemas.filing import commands as cm
from schemas.identity.statement import UNNAMED
from schemas.ids import filing_workflow
from schemas.people import Actor, Role
from schemas.privacy import NO_DIGEST
from tests.acting import EXTRACT, VIA, Play, birth, eventually, extract, of, officer, plain, publish_short, refusal
from tests.at_the_door import NOW, AtTheDoor, at_the_door, caller
from tests.conftest import World
from tests.doors import DOOR, entrance, filed, register_door
from tests.locked import PORTAL, Program, locked
from tests.sandboxes import free_port
from tests.shell import Shell
from tests.speaking import private_key

SPEAKER: Final = Speaker("portal-1", private_key(PORTAL), UNNAMED)
EARLIER: Final = timedelta(minutes=20)
HOW: Final = {"auth_time": int(time.time()) - 7200}


def withdrawal(actor: Actor, command_id: str = "w-1", reason: str = "nộp nhầm CANARY") -> cm.Withdraw:
    return cm.Withdraw(command_id=command_id, actor=actor, via=VIA, reason=reason)


def supplement(play: Play) -> cm.Supplement:
    said = {"command_id": "late", "actor": play.submission.actor, "via": VIA}
    return cm.Supplement.model_validate(said | {"form": {"registered_on": "2020-01-01"}})


async def events(world: World, stream: str) -> list[tuple[str, datetime]]:
    """Returns the kinds and times of a stream's events, without the reminders of its short clocks."""
    kept = "select kind, occurred_at from event where stream = $1 and kind <> 'reminded' order by seq"
    rows = await world.fetch(kept, stream)
    return [(row["kind"], row["occurred_at"]) for row in rows]


async def outcome(door: AtTheDoor, actor: Actor, row: Any) -> Outcome:
    return await door.received.outcome(caller(actor), row.id)


async def refused(call: Any) -> tuple[str, str]:
    with pytest.raises(RefusalError) as error:
        await call
    return error.value.refusal.code, error.value.refusal.problems[0].rule


async def test_a_message_is_one_sealed_row_and_only_its_sender_hears_of_it(world: World) -> None:
    submission = birth()
    stream = filing_workflow(of(submission))
    async with at_the_door(world, SPEAKER) as door:
        both = await asyncio.gather(*(door.keep(stream, submission) for _ in range(2)))
        again = await door.keep(stream, submission, EARLIER)
        assert both[0] == both[1] == again
        other = submission.model_copy(update={"payer_account": "0011"})
        assert await refused(door.keep(stream, other)) == (RefusalCode.SAME_ID_OTHER_CONTENT, "same_id_other_content")
        actor = submission.actor
        assert await outcome(door, actor, again) == Outcome(received_at=again.received_at)
        strangers = [
            (caller(Actor(subject="another", role=Role.APPLICANT)), again.id),
            (caller(actor, "portal-2"), again.id),
            (caller(actor), uuid4()),
        ]
        for who, row_id in strangers:
            assert await refused(door.received.outcome(who, row_id)) == (RefusalCode.NOT_FOUND, "nothing_recorded")
    [row] = await world.fetch("select received::text as whole, done_at from received")
    assert submission.applicant.name not in row["whole"]
    assert row["done_at"] is None


def test_what_the_side_of_an_applicant_says_is_kept_and_a_submission_of_a_desk() -> None:
    desk = officer(Role.RECEPTION)
    assert [is_kept(one) for one in (birth(), birth(actor=desk, channel="counter"))] == [True, True]
    accept = cm.Accept(command_id="a", actor=desk, via=VIA)
    assert [is_kept(withdrawal(birth().actor)), is_kept(accept)] == [True, False]


async def test_what_is_delivered_has_its_own_moment_and_its_sender_the_receipt_or_the_refusal(world: World) -> None:
    """Messages are delivered in the order of their times: the withdrawal is not tried before the earlier submission."""
    submission, actor = birth(), birth().actor
    stream = filing_workflow(of(submission))
    async with locked(world) as closed, at_the_door(closed, SPEAKER) as door:
        filed = await door.keep(stream, submission, timedelta(seconds=3))
        withdrawn = await door.keep(stream, withdrawal(actor), timedelta(seconds=2))
        late = await door.keep(stream, withdrawal(actor, "w-2"), timedelta(seconds=1))
        due = [await door.delivery.some() for _ in range(4)]
        assert due == [True, True, True, False]
        assert await events(world, stream) == [("submitted", filed.received_at), ("withdrawn", withdrawn.received_at)]
        told = [await outcome(door, actor, one) for one in (filed, withdrawn, late)]
        assert [one.receipt and one.receipt.seq for one in told] == [1, 2, None]
        assert [one.refusal and one.refusal.code for one in told] == [None, None, RefusalCode.NOT_ALLOWED]
        await world.execute("update received set done_at = null, outcome = null")
        assert [await door.delivery.some() for _ in range(4)] == [True, True, True, False]
        assert [await outcome(door, actor, one) for one in (filed, withdrawn, late)] == told
    assert "CANARY" not in str(await world.fetch("select received::text from received"))
    assert len(await events(world, stream)) == 2


async def test_a_moment_that_no_row_bears_out_is_refused(world: World) -> None:
    """A registered portal can sign a false time of receipt, also that of another message of its own."""
    async with locked(world) as closed, at_the_door(closed, SPEAKER) as door:
        portal = await Program.of(closed, PORTAL)
        submission = birth()
        stream, moment = filing_workflow(of(submission)), datetime.now(UTC) - EARLIER
        never = [("statement", "moment_not_received")]
        found = await refusal(portal.submit(birth(submission_id="other"), received_at=moment, **HOW))
        assert [(one.field, one.rule) for one in found.problems] == never
        await portal.submit(submission)
        kept = await door.keep(stream, withdrawal(submission.actor), EARLIER)
        said = withdrawal(submission.actor, "w-2").model_dump(mode="json", exclude_none=True)
        for at in (moment, kept.received_at):
            found = await refusal(portal.act(stream, "withdraw", said, received_at=at, **HOW))
            assert [(one.field, one.rule) for one in found.problems] == never
        own = withdrawal(submission.actor).model_dump(mode="json", exclude_none=True)
        found = await refusal(portal.act(stream, "withdraw", own, received_at=kept.received_at - EARLIER, **HOW))
        assert [(one.field, one.rule) for one in found.problems] == never
        await portal.act(stream, "withdraw", own, received_at=kept.received_at, **HOW)
    assert [kind for kind, _ in await events(world, stream)] == ["submitted", "withdrawn"]


async def test_a_submission_that_temporal_had_already_has_the_moment_of_its_row(world: World) -> None:
    """The submission was started before Temporal went down, and no worker had taken it: its statement names no time."""
    submission = birth()
    stream = filing_workflow(of(submission))
    async with at_the_door(world, SPEAKER) as door:
        await (await Program.of(world, PORTAL)).start(submission)
        kept = await door.keep(stream, submission, EARLIER)
        async with locked(world):
            assert await door.delivery.some()
        assert (await outcome(door, submission.actor, kept)).receipt is not None
    assert await events(world, stream) == [("submitted", kept.received_at)]


async def test_a_row_that_nobody_can_open_waits_no_longer(world: World) -> None:
    async with at_the_door(world, SPEAKER) as door:
        submission = birth()
        kept = await door.keep(filing_workflow(of(submission)), submission)
        await world.execute("delete from filing_key where filing_id = $1", kept.id)
        assert [await door.delivery.some() for _ in range(2)] == [True, False]
        assert await refused(outcome(door, submission.actor, kept)) == (RefusalCode.NOT_FOUND, "nothing_recorded")


async def test_the_end_of_a_limit_waits_for_what_came_before_it(world: World) -> None:
    """Two filings' limits for a supplement end while the supplements are undelivered; one supplement came late."""
    version = await publish_short(world, EXTRACT, supplement=2, payment=600)
    item = {"target": "field", "code": "registered_on", "note": "Cần ngày đăng ký"}
    async with world.platform(), at_the_door(world, SPEAKER) as door:
        plays = [await Play.begin(world, extract(version=version)) for _ in range(2)]
        in_time, late = plays
        for play in plays:
            await play.act(cm.RequestSupplement, play.officer(Role.RECEPTION), items=(item,), legal_basis="NĐ 61/2018")
        kept = await door.keep(filing_workflow(in_time.filing), supplement(in_time))
        await eventually(late.kinds, lambda kinds: kinds[-1] == "supplement_expired")
        await door.keep(filing_workflow(late.filing), supplement(late))
        assert (await in_time.kinds())[-1] == "supplement_requested"
        assert await door.delivery.some()
        assert (await events(world, filing_workflow(in_time.filing)))[-1] == ("supplemented", kept.received_at)
        assert (await late.kinds())[-1] == "supplement_expired"


async def test_over_http_a_filing_is_answered_202_and_its_sender_asks_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writes, "PATIENCE", 0.5)
    temporal = await Client.connect(f"127.0.0.1:{free_port()}", lazy=True, data_converter=data_converter)
    await register_door(world)
    said = plain(birth(client_id="portal-http", submission_id=str(uuid4())))
    body = {name: value for name, value in said.items() if name not in {"actor", "via"}}
    body["applicant"] = said["applicant"] | {"subject": "citizens|an"}
    async with entrance(replace(world, temporal=temporal)) as there:
        both = [await there.http.post("/v1/filings", json=body, headers=there.citizen("an")) for _ in range(2)]
        assert [one.status_code for one in both] == [202, 202]
        assert both[0].headers["location"] == both[1].headers["location"]
        other = await there.http.post("/v1/filings", json=body | {"payer_account": "1"}, headers=there.citizen("an"))
        assert (other.status_code, other.json()["code"]) == (422, "same_id_other_content")
        address = both[0].headers["location"]
        own = await there.http.get(address, headers=there.citizen("an"))
        assert (own.status_code, own.json()) == (200, {"received_at": both[0].json()["received_at"]})
        for who, where in ((there.citizen("binh"), address), (there.citizen("an"), "/v1/received/x")):
            assert (await there.http.get(where, headers=who)).status_code == 404
    assert await world.fetchval("select count(*) from received") == 1


async def test_over_http_a_complaint_is_kept_and_recorded_in_its_own_stream(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporal = await Client.connect(f"127.0.0.1:{free_port()}", lazy=True, data_converter=data_converter)
    await register_door(world)
    async with locked(world) as closed, entrance(closed) as there:
        filing, _ = await filed(there)
        where = f"/v1/filings/{filing}"
        accepted = await there.http.post(
            f"{where}/commands/accept", json={"command_id": "a-1"}, headers=there.officer("reception")
        )
        assert accepted.status_code == 200, accepted.text
        monkeypatch.setattr(writes, "PATIENCE", 0.5)
        body = {"n": 1, "about": accepted.json()["seq"], "words": "xem xét lại"}
        async with entrance(replace(closed, temporal=temporal)) as cut_off:
            kept = await cut_off.http.post(f"{where}/complaints", json=body, headers=cut_off.citizen("an"))
        assert kept.status_code == 202, kept.text
        speaker = Speaker("door-1", private_key(DOOR), UNNAMED).of_client("portal-of-citizens")
        async with at_the_door(closed, speaker) as door:
            assert await door.delivery.some()
        told = await there.http.get(kept.headers["location"], headers=there.citizen("an"))
        assert told.json()["receipt"]["seq"] == 1, told.text
    moment = datetime.fromisoformat(kept.json()["received_at"])
    assert await events(world, f"complaint:{filing}:1") == [("complained", moment)]


async def test_without_postgresql_nothing_is_kept(world: World) -> None:
    away = re.sub(r":\d+/", f":{free_port()}/", world.app_dsn)
    async with asyncpg.create_pool(away, min_size=0) as pool:
        received = Received(pool, Vault(world.settings.master), asyncio.Event())
        submission = birth()
        with pytest.raises(ApplicationError) as error:
            await received.keep(caller(submission.actor), filing_workflow(of(submission)), submission, NOW)
    assert error.value.type == "ledger_unavailable"


async def test_a_kept_message_is_erased_with_its_filing_withheld_in_a_backup_and_forgotten_after_30_days(
    world: World, shell: Shell
) -> None:
    keys = "select count(*) from filing_key where not withheld and filing_id in (select id from received)"
    erased, again, told = (birth(submission_id=str(uuid4())) for _ in range(3))
    async with at_the_door(world, SPEAKER) as door:
        for one in (erased, again, told):
            await door.keep(filing_workflow(of(one)), one)
    async with world.connection(world.owner_dsn) as owner:
        for table in ("filing_key", "received"):
            await owner.execute(str(SINKS[table].statement), of(erased))
        assert await owner.fetchval("select content from received where filing_id = $1", of(erased)) == NO_DIGEST
        assert await owner.fetchval(keys) == 2
        await begin(owner, "restored", [of(again)])
        assert await owner.fetchval(keys) == 1
    delivered = "update received set done_at = clock_timestamp() - $2::interval where filing_id = $1"
    for days, left in ((29, 1), (31, 0)):
        await world.execute(delivered, of(told), timedelta(days=days))
        assert (await shell("ledger", "sweep")).code == 0
        assert await world.fetchval(keys) == left
