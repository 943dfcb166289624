"""An erasure that fails delays no other erasure, and is reported until it is done."""

import os
import signal
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from obstore.store import from_url

from activities.ledger.vault import Vault
from operations.erasure import requests
from operations.erasure.working import Gone, Outside, erase_outside
from rules.streams import KINDS
from schemas.privacy import AskErasure, ErasureCause
from schemas.reading import AskTimeline
from tests.acting import Play, eventually, marriage
from tests.conftest import World
from tests.integration.operations.doctor import Doctor
from tests.integration.operations.erasure import (
    OPERATOR,
    approved,
    finished,
    let_it_pass,
    listed,
    request_erasure,
    sound,
    worked,
)
from tests.sealed import ring, sealed
from tests.shell import Shell
from views.log import Log

NOT_DONE = "request {} to erase: 1 filings could not be erased: {}"


async def withdrawn(world: World) -> Play:
    """Returns a withdrawn filing that can be erased."""
    play = await Play.begin(world, marriage())
    await play.withdraw()
    await let_it_pass(world, play)
    return play


async def erasure_findings(world: World) -> list[tuple[str, str]]:
    return (await Doctor(world.process_env)()).of("erasures")


async def test_one_that_fails_holds_up_no_other_and_the_doctor_says_which_until_it_is_done(running: World) -> None:
    world = running
    broken, watched, filed, well = [await withdrawn(world) for _ in range(4)]
    n = [(await approved(world, (await request_erasure(world, str(one.code))).n)).n for one in (broken, watched, filed)]
    both = (await approved(world, (await request_erasure(world, str(broken.code), str(well.code))).n)).n
    folder = Path(world.objects.removeprefix("file://")) / "files" / str(filed.filing)
    folder.mkdir(parents=True, exist_ok=True)
    (file := Path(os.fsdecode(os.fsencode(folder) + b"/\xff"))).touch()  # a name that no store can read
    key = await world.fetchval("select wrapped from filing_key where filing_id = $1", broken.filing)
    change = "update filing_key set wrapped = $2 where filing_id = $1"
    await world.execute(change, broken.filing, bytes(len(key)))
    until = "update standing set watched_until = now() + $2 where filing_id = $1"
    await world.execute(until, watched.filing, timedelta(days=1))

    shell = Shell(world.process_env)
    done = await shell("erasures", "finish", "--json")
    assert (done.code, done.json["finished"]) == (1, [well.code])
    assert [one["code"] for one in done.json["refused"]] == [watched.code]
    why = {one["code"]: one["problem"] for one in done.json["failed"]}
    assert why.keys() == {broken.code, filed.code}
    assert why[str(broken.code)] == "a filing's key can't be unwrapped: it was changed, or wrapped otherwise"
    assert why[str(filed.code)].startswith("InvalidPathError (")
    assert "not done: InvalidPathError (" in (await shell("erasures", "finish")).out
    said = {
        ("fail", NOT_DONE.format(n[0], why[str(broken.code)])),
        ("fail", NOT_DONE.format(both, why[str(broken.code)])),
        ("warn", f"request {n[1]} to erase: 1 filings can't be erased yet (erase_watched)"),
        ("fail", NOT_DONE.format(n[2], why[str(filed.code)])),
    }
    assert set(await erasure_findings(world)) == said
    assert "InvalidPathError" in (await shell("erasures", "list")).out

    file.unlink()
    await world.execute(change, broken.filing, key)
    await world.execute(until, watched.filing, timedelta(0))
    assert (await shell("erasures", "finish")).code == 0
    assert [health for health, _ in await erasure_findings(world)] == ["ok"]
    await sound(world)


async def test_one_that_cant_be_read_is_left_out_of_what_is_asked_for(running: World) -> None:
    world = running
    broken, well = [await withdrawn(world) for _ in range(2)]
    async with world.connection() as superuser:
        await superuser.execute("update filing_key set wrapped = '' where filing_id = $1", broken.filing)
        log = Log(superuser, Vault(world.settings.master).find, KINDS)
        both = {"command_id": "ask", "reason": "on request", "filings": (str(broken.code), str(well.code))}
        told = AskErasure.model_validate(both | {"actor": OPERATOR, "cause": ErasureCause.PERSON})
        request, left_out = await requests.ask(log, told)
    assert request.filings == 1
    assert {code: [one.rule for one in why] for code, why in left_out.items()} == {broken.code: ["erase_unreadable"]}


async def test_a_killed_run_is_seen_at_once_and_one_under_way_is_not(running: World, tmp_path: Path) -> None:
    world = running
    play = await withdrawn(world)
    n = (await approved(world, (await request_erasure(world, str(play.code))).n)).n
    (tmp_path / "erasure.erased").touch()
    env = world.process_env | {"PATH": os.environ["PATH"], "MOTCUA_FAILPOINTS": str(tmp_path)}
    assert await finished(env) == -signal.SIGKILL
    nobody = ("warn", f"request {n} to erase: 1 filings are approved and not done, and nobody is at it")
    assert await eventually(lambda: erasure_findings(world), lambda said: said == [nobody])
    async with world.connection(world.owner_dsn) as another:
        await another.execute("select pg_advisory_lock(hashtext('motcua erase'))")
        assert [health for health, _ in await erasure_findings(world)] == ["ok"]
    assert (await worked(world)).finished == [play.code]
    assert [health for health, _ in await erasure_findings(world)] == ["ok"]


@pytest.mark.parametrize("keys", [("one",), ("two",)], ids=["that can be opened", "that nobody can open here"])
async def test_a_sealed_question_goes_too(world: World, keys: tuple[str, ...]) -> None:
    """A question that can't be decrypted is deleted, since it may be about anybody."""
    filing, other, asking = uuid4(), uuid4(), await sealed(world, ring(*keys))
    both = {
        about: await asking.temporal.start_workflow(
            "View",
            AskTimeline(stream=f"filing:{about}"),
            id=f"view:{uuid4()}",
            task_queue="nobody",
            execution_timeout=timedelta(seconds=1),
        )
        for about in (filing, other)
    }
    for one in both.values():
        await eventually(lambda one=one: listed(world, one.id), bool)  # type: ignore[misc]
    erasing = await sealed(world, ring("one"))
    async with world.connection() as connection:
        gone = await erase_outside(connection, Outside(from_url(world.objects), erasing.temporal), [filing])
    gone_too = keys == ("two",)
    assert gone == Gone(files=0, executions=1 + gone_too)
    for about, one in both.items():
        left = about == other and not gone_too
        await eventually(lambda one=one: listed(world, one.id), lambda ids, left=left: bool(ids) is left)  # type: ignore[misc]
