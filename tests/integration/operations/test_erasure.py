"""An applicant's data is erased everywhere, by two people; everything else continues."""

import json
from functools import partial
from operator import not_
from pathlib import Path

import pytest

from activities.ledger.vault import Vault
from motcua.errors import BadSubmission, FilingClosed, NotAllowed
from motcua.files.store import Store, open_store
from operations.erasure.erasing import back
from operations.erasure.sinks import SINKS
from operations.evidence import bundle as bundles
from publishing.authoring import procedures
from recovery.checkpoint_store import SecondPlace
from rules.require import require
from rules.streams import KINDS
from schemas.errors import RefusalError
from schemas.people import Role
from schemas.privacy import ERASED_WORDS, ErasureState
from tests.acting import Play, eventually, of
from tests.conftest import ROOT, World
from tests.histories import CANARY, PERSON, with_fee
from tests.integration.operations.doctor import Doctor
from tests.integration.operations.erasure import (
    ASKS,
    AUDITS,
    approved,
    code_of,
    ended,
    let_it_pass,
    listed,
    request_erasure,
    sound,
    worked,
)
from tests.shell import Shell
from verifier import bundle as bundle_verifier
from views.log import Log


def rules(error: pytest.ExceptionInfo[RefusalError]) -> list[str]:
    return [why.rule for why in error.value.refusal.problems]


async def test_a_table_that_nobody_has_thought_of_is_found(world: World) -> None:
    rows = await world.fetch("select tablename from pg_tables where schemaname = 'public'")
    assert {row["tablename"] for row in rows} - set(SINKS) == set()


async def test_who_filed_is_erased_everywhere_and_all_else_goes_on(running: World) -> None:
    world = running
    play, other = await ended(world), await Play.begin(world, with_fee())
    assert CANARY in repr(await world.client.timeline(play.filing)).lower()
    await let_it_pass(world, play)
    code = await code_of(world, play)
    assert (await approved(world, (await request_erasure(world, code)).n)).state is ErasureState.UNDER_WAY
    done = await worked(world)
    assert (done.finished, done.refused) == ([code], {})
    assert done.executions >= 2

    await sound(world)
    async with world.connection() as connection:
        log = Log(connection, Vault(world.settings.master).find, KINDS)
        for stream in await connection.fetch("select stream from standing where filing_id = $1", play.filing):
            told = await log.read(stream["stream"])
            assert told.events[-1].event.kind == "erased"
            assert CANARY not in repr([recorded.event for recorded in told.events]).lower()
        row = require(
            await connection.fetchrow("select person, erased_at from filing where filing_id = $1", play.filing)
        )
        assert row["person"] is None
        assert row["erased_at"] is not None
        assert not await connection.fetchval("select count(*) from filing_key where filing_id = $1", play.filing)
        kinds = "select array_agg(distinct split_part(reader, ':', 1)) from reader where filing_id = $1"
        whose = [{*await connection.fetchval(kinds, one.filing)} for one in (play, other)]
        assert whose == [{"agency", "filer"}, {"agency", "filer", "applicant"}]

        bundle = require(await bundles.export(connection, code, None))
    report = bundle_verifier.verify(bundle_verifier.canonical(bundle))
    assert (report.verified, report.problems) == (True, [])

    assert (await world.client.view(play.filing)).erased_at is not None
    shown = repr(await world.client.timeline(play.filing))
    assert CANARY not in shown.lower()
    assert ERASED_WORDS in shown
    with pytest.raises(FilingClosed, match=r"has ended \(delivered, and erased since\)"):
        await play.withdraw()
    offered = await world.client.actions(play.filing, play.officer(Role.RECEPTION))
    assert {(action.allowed, action.problem and action.problem.rule) for action in offered} == {(False, "erased")}
    with pytest.raises(NotAllowed, match=r"\[erased\]"):
        await world.client.submit(play.submission)

    await other.accept()
    assert CANARY in repr(await world.client.timeline(other.filing)).lower()
    await sound(world)


async def test_a_person_is_given_all_that_is_held_and_it_is_erased(
    running: World, shell: Shell, tmp_path: Path
) -> None:
    world = running
    closed, still = await ended(world), await Play.begin(world, with_fee())
    household = {
        "applicant": PERSON | {"id_number": "OTHER-000002", "subject": "canary-other"},
        "actor": {"subject": "canary-other", "role": "applicant"},
    }
    naming = {"kind": "birth", "person_name": PERSON["id_number"], "copies": 1}
    shared = await Play.begin(world, with_fee(**household, form=naming))
    refused = with_fee(form={"kind": "birth"})
    others = with_fee(**household, form={"kind": "birth"})
    for submission in (refused, others):
        with pytest.raises(BadSubmission):
            await world.client.submit(submission)
        await Store(open_store(world.objects)).put(of(submission), b"%PDF", "application/pdf")
    plays = {"closed": closed, "open": still, "other": shared}
    codes = {name: await code_of(world, play) for name, play in plays.items()}
    await let_it_pass(world, closed)
    giving = ("person", "export", "--id", PERSON["id_number"], "--reason", "14/PYC", "--as", ASKS, "--json", "--out")
    assert (await shell(*giving, tmp_path / "given")).json["filings"] == 2
    held = json.loads((tmp_path / "given" / "held.json").read_text())
    assert {one["code"] for one in held["filings"]} == {codes["closed"], codes["open"]}
    assert [one["code"] for one in held["named_in"]] == [codes["other"]]
    assert PERSON["phone"] in repr(held)

    asking = ("person", "erase", "--id", PERSON["id_number"], "--reason", "12/PYC", "--json")
    told = (await shell(*asking, "--as", ASKS)).json
    assert told["request"]["filings"] == 1
    not_yet = [(one["code"], [why["rule"] for why in one["problems"]]) for one in told["not_yet"]]
    assert not_yet == [(codes["open"], ["erase_open"])]
    assert [one["code"] for one in told["named_in"]] == [codes["other"]]
    n = str(told["request"]["n"])
    for wrong in (ASKS, "auditor:h01.12-nobody-1@H01.12"):
        assert (await shell("erasures", "approve", n, "--as", wrong)).code == 1
    done = await shell("erasures", "approve", n, "--as", AUDITS, "--json")
    assert done.json["finished"] == [codes["closed"]]
    left = Path(world.objects.removeprefix("file://"), "files")
    for submission, stays in ((refused, False), (others, True)):
        assert bool(list((left / str(of(submission))).glob("*"))) is stays
        await eventually(partial(listed, world, f"filing:{of(submission)}"), bool if stays else not_)
    assert len(done.json["left"]) >= 5
    assert [one["state"] for one in (await shell("erasures", "list", "--json")).json] == ["done"]
    await sound(world)
    assert (await shell(*giving, tmp_path / "left")).json["filings"] == 1
    again = await shell("filing", "erase", codes["closed"], "--reason", "again", "--as", ASKS)
    assert (again.code, "erased" in again.err) == (1, True)


async def test_a_declined_erasure_is_answered_once_and_erases_nothing(running: World, shell: Shell) -> None:
    world = running
    play = await ended(world)
    await let_it_pass(world, play)
    code = await code_of(world, play)
    n = str((await request_erasure(world, code)).n)
    declining = ("erasures", "decline", n, "--reason", "13/TC", "--json", "--as")
    own = await shell(*declining, ASKS)
    assert (own.code, own.json["problems"][0]["rule"]) == (1, "role_not_allowed")
    declined = (await shell(*declining, AUDITS)).json
    assert (declined["state"], declined["declined_because"], declined["finished"]) == ("declined", "13/TC", 0)
    for again in (declining, ("erasures", "approve", n, "--json", "--as")):
        refused = await shell(*again, AUDITS)
        assert (refused.code, refused.json["problems"][0]["rule"]) == (1, "no_change_asked")
    assert (await worked(world)).finished == []
    assert CANARY in repr(await world.client.timeline(play.filing)).lower()
    assert (await request_erasure(world, code)).filings == 1, "a new request may be made"


async def test_a_register_of_requests_does_not_say_who_asked(world: World, shell: Shell, tmp_path: Path) -> None:
    async def doctor() -> tuple[str, str]:
        [found] = (await Doctor(shell.env)()).of("erasures")
        return found

    asking = ("exports", "ask", "--reason", "14/PYC", "--json", "--as")
    assert (await shell(*asking, AUDITS)).code == 1
    assert (await shell(*asking, ASKS)).json == {"n": 1}
    assert (await doctor())[0] == "ok"
    await world.execute("update export_request set asked_at = asked_at - interval '73 hours'")
    assert await doctor() == ("warn", "1 requests for what is held about somebody wait over 72 hours")
    giving = ("person", "export", "--id", PERSON["id_number"], "--as", ASKS, "--json", "--out")
    assert (await shell(*giving, tmp_path / "given")).code == 2, "of which request?"
    gone = await shell(*giving, tmp_path / "gone", "--request", "1")
    assert (gone.code, "the index key is gone" in gone.err) == (1, True)
    async with world.connection() as superuser:
        await Vault(world.settings.master).begin(superuser)
    given = await shell(*giving, tmp_path / "given", "--request", "1")
    assert given.json == {"folder": str(tmp_path / "given"), "request": 1, "filings": 0, "named_in": 0}
    assert (await doctor())[0] == "ok"
    twice = await shell(*giving, tmp_path / "twice", "--request", "1")
    assert (twice.code, "no request of this number waits" in twice.err) == (1, True)
    assert not (tmp_path / "twice").exists()

    await shell(*asking, ASKS)
    declining = ("exports", "decline", "2", "--reason", "nobody came", "--as", ASKS)
    assert (await shell(*declining)).code == 0
    again = await shell(*declining, "--json")
    assert (again.code, [one["rule"] for one in again.json["problems"]]) == (1, ["no_export_asked"])
    there = await shell(*giving, tmp_path / "given", "--reason", "15/PYC")
    assert (there.code, "is there already" in there.err) == (2, True)
    found = (await shell("exports", "list", "--json")).json
    states = [(one["n"], one["state"], one["officer"]) for one in found]
    assert states == [(1, "given", "h01.12-operator-1"), (2, "declined", "h01.12-operator-1")]
    assert PERSON["id_number"] not in repr(found)


async def test_what_its_procedure_wants_erased_is_worked_off_and_what_has_to_be_kept_stays(
    running: World, shell: Shell
) -> None:
    world = running
    plays = {years: await ended(world) for years in (None, 20)}
    await let_it_pass(world, plays[20])
    asking = ("filing", "erase", "--due", "--reason", "retention", "--as", ASKS)
    assert "no filing to erase" in (await shell(*asking)).out

    await keep(world, "0", keep_years=20)
    code = await code_of(world, plays[20])
    kept = await shell("filing", "erase", code, "--reason", "asked", "--as", ASKS)
    assert (kept.code, "it has to be kept until" in kept.err) == (1, True)
    await keep(world, "1", erase_years=0)
    assert "no filing to erase" in (await shell(*asking)).out, "not on the day of its end"
    await world.execute("update filing set closed_at = closed_at - interval '1 day' where code = $1", code)
    asked = (await shell(*asking, "--json")).json
    assert (asked["cause"], asked["filings"], asked["state"], asked["not_yet"]) == ("retention", 1, "waiting", [])
    assert "no filing to erase" in (await shell(*asking)).out, "somebody has asked"
    assert (await shell(*asking, "--json")).json is None
    done = await shell("erasures", "approve", str(asked["n"]), "--as", AUDITS, "--json")
    assert done.json["finished"] == [code]
    await sound(world)


async def keep(world: World, version: str, **years: int) -> None:
    """Publishes a version of the extract with a retention period."""
    said = "".join(f"  {name}: {value}\n" for name, value in years.items())
    text = (ROOT / "procedures" / "2.000635@2026-12.yaml").read_text().replace('2026-12"', f'2026-12-kept{version}"', 1)
    await procedures.publish(world.owner_dsn, f"{text}retention:\n{said}  source: unconfirmed\n".encode(), demo=True)


async def test_an_erasure_is_told_at_the_second_place_before_it_is_done(running: World, tmp_path: Path) -> None:
    world = running
    play = await ended(world)
    await let_it_pass(world, play)
    code = await code_of(world, play)
    await approved(world, (await request_erasure(world, code)).n)
    url = (tmp_path / "second").as_uri()
    place, told = SecondPlace.at(url), tmp_path / "second" / "erased"
    told.write_text("no folder")
    [(failed, why)] = (await worked(world, place)).failed.items()
    assert failed == code
    assert why.startswith("the second place (MOTCUA_CHECKPOINTS) can't keep that it is: ")
    assert await world.fetchval("select count(*) from filing_key where filing_id = $1", play.filing)
    told.unlink()
    assert (await worked(world, place)).finished == [code]
    mark = told / str(play.filing)
    assert (list(told.iterdir()), mark.read_bytes()) == ([mark], b""), "its id, and nothing else"

    mark.unlink()
    await worked(world, place)
    assert mark.exists(), "as if it had been erased before there was a second place"
    async with world.connection() as superuser:
        assert await back(superuser, place) == []
        await superuser.execute("update filing set erased_at = null where filing_id = $1", play.filing)
        assert await back(superuser, place) == [(code, True)]
    mark.with_name("what is this").touch()
    found = (await Doctor(world.process_env)(MOTCUA_CHECKPOINTS=url)).of("erasures")[0]
    assert found == ("fail", "what was erased can't be read: ValueError")
    refused = await Shell(world.process_env)("erasures", "finish", MOTCUA_CHECKPOINTS=url)
    assert (refused.code, "the second place (MOTCUA_CHECKPOINTS) can't be read: ValueError" in refused.err) == (1, True)
