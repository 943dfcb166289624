"""A new version of a procedure is published while filings run: they keep theirs, its digest, its limits and fees."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import yaml

from publishing.authoring import procedures
from publishing.effects.open_filings import open_filings
from rules.source.document import parse
from schemas.filing.state import Filing, Stage
from tests.acting import EXTRACT, FILE, NEVER_PAYS, PAYS, Doubtful, Play, extract, whose
from tests.conftest import ROOT, World
from tests.faults.processes import motcua
from verifier import ledger as ledger_verifier

OLD: Final = "2026-12"
NEW: Final = "2027-01"
COPIES: Final = 2
FILINGS: Final = 10
SAMPLE: Final = 3
"""So many of each version go to their end."""
NAME: Final = {"vi": "Tên mới", "en": "New name"}
FACT: Final = {"source": "unconfirmed"}
PAPER: Final = "declaration"
CHANGES: Final[dict[str, Callable[[dict[str, Any]], Any]]] = {
    "limits.processing": lambda raw: raw["limits"].update(processing="2 working days"),
    "fee.items[extract].amount": lambda raw: raw["fee"]["items"][0].update(amount=10_000),
    "fee.items[seal]": lambda raw: raw["fee"]["items"].append(
        FACT | {"code": "seal", "name": NAME, "kind": "phi", "amount": 2_000}
    ),
    "papers[declaration]": lambda raw: raw.update(papers=[FACT | {"code": PAPER, "name": NAME}]),
    "review[check]": lambda raw: raw["review"].insert(
        0,
        FACT | {"code": "check", "name": NAME, "role": "specialist", "act": "forward", "limit": "2 working hours"},
    ),
    "supplement.rounds": lambda raw: raw["supplement"].update(rounds=2),
}
"""What the new version changes, by the place that `diff` must name."""


def new_version(folder: Path) -> Path:
    """The file of the new version."""
    raw = parse((ROOT / "procedures" / f"{EXTRACT}@{OLD}.yaml").read_bytes()).value | {"version": NEW}
    for change in CHANGES.values():
        change(raw)
    file = folder / f"{EXTRACT}@{NEW}.yaml"
    file.write_text(yaml.safe_dump(json.loads(json.dumps(raw)), allow_unicode=True), encoding="utf-8")
    return file


async def states(world: World) -> dict[UUID, Filing]:
    """Every open filing as its log tells it."""
    master = world.settings.master
    return {one.filing_id: one async for one in open_filings(world.app_dsn, master, lambda *_: None, EXTRACT)}


async def begun(world: World, n: int, **overrides: Any) -> Play:
    """Of a person of its own, without a version; every other one of those that will not be reviewed never pays."""
    person = {"subject": f"person-{n}", "name": "Nguyễn Văn An", "id_number": f"001090{n:06}"}
    payer = PAYS if n % 4 == 0 or overrides else NEVER_PAYS
    return await Play.begin(world, extract(version=None, payer_account=payer, **whose(person) | overrides))


async def asked_before(world: World, file: Path, old: list[Play]) -> None:
    """What the two commands say while the new version is only a file."""
    asked = await motcua(world.process_env, "procedures", "what-if", str(file), "--json", folder=file.parent)
    (answer,) = json.loads(asked.out)
    assert {one["code"] for one in answer["touched"]} == {play.code for play in old}
    assert (answer["open"], answer["stay"]) == (len(old), {OLD: len(old)})
    fees = {(one["fee"], one["fee_then"]) for one in answer["touched"]}
    assert fees == {(COPIES * 8_000, COPIES * 10_000 + 2_000)}
    assert {tuple(found["field"] for found in one["problems"]) for one in answer["touched"]} == {(f"papers.{PAPER}",)}
    told = await motcua(world.process_env, "procedures", "diff", EXTRACT, str(file), "--json", folder=file.parent)
    assert sorted(one["where"] for one in json.loads(told.out)) == sorted(CHANGES)


async def ended(plays: list[Play], amount: int, *, steps: int) -> None:
    """Each ends after so many steps, and has paid this."""
    for play in plays:
        await play.review()
        view = await play.at(Stage.CLOSED)
        begun = (await play.kinds()).count("step_started")
        assert (view.closed, view.fee and view.fee.amount, begun) == (True, amount, steps)


async def test_filings_keep_the_version_that_they_were_received_under(world: World, tmp_path: Path) -> None:
    file = new_version(tmp_path)
    await procedures.publish(world.owner_dsn, ROOT / "procedures" / f"{EXTRACT}@{OLD}.yaml")
    async with world.platform(), world.back_office(Doubtful()):
        old = await asyncio.gather(*(begun(world, n) for n in range(FILINGS)))
        for play in old[::2]:
            await play.accept()
        in_review = old[::4][:SAMPLE]
        for play in in_review:
            await play.at(Stage.REVIEW)
        before = await states(world)
        await asked_before(world, file, old)
        assert await states(world) == before, "nothing was written by what-if"
        publishing = asyncio.create_task(procedures.publish(world.owner_dsn, file))
        await in_review[0].review()
        digest = (await publishing).sha256
        papers = [{"code": PAPER, "file": FILE}]
        new = [await begun(world, FILINGS + n, papers=papers) for n in range(SAMPLE)]
        for play in new:
            await play.accept()
        after = await states(world)
        moved = in_review[0].filing
        assert {filing: after[filing] for filing in before.keys() - {moved}} == {
            filing: was for filing, was in before.items() if filing != moved
        }
        for play in new:
            pinned = after[play.filing].procedure
            assert (pinned.version, pinned.sha256, str(pinned.limits.processing)) == (NEW, digest, "2 working days")
        await ended(in_review[1:], COPIES * 8_000, steps=2)
        assert (await in_review[0].kinds()).count("step_started") == 2
        await ended(new, COPIES * 10_000 + 2_000, steps=3)
    assert (await ledger_verifier.verify(world.app_dsn)).verified
