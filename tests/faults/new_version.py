"""A new version of a procedure is published while filings of the old one run: `python -m tests.faults.new_version`.

It exits 0 only if the filings that were there keep their version, its digest, their time limits and fees, and end by
them; new ones go by the new rules; `what-if` named exactly the old ones before, `diff` each of the twenty changes; and
the log verifies. Needs a source checkout with its `.venv`; five hundred filings take about three minutes.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final, TypeVar
from uuid import UUID

import yaml

from deploy.stack import Stack
from operations.publishing import catalogue
from operations.publishing.open_filings import open_filings
from rules.publishing.document import parse
from schemas.filing.state import Filing, Stage
from tests.acting import EXTRACT, FILE, NEVER_PAYS, PAYS, Doubtful, Play, extract, whose
from tests.conftest import PARTS, ROOT, World, publish_demo, world_of
from tests.faults.processes import motcua
from verifier import ledger as ledger_verifier

T = TypeVar("T")

OLD: Final = "2026-12"
NEW: Final = "2027-01"
COPIES: Final = 2
AT_ONCE: Final = 20
NAME: Final = {"vi": "Tên mới", "en": "New name"}
FACT: Final = {"source": "unconfirmed"}
PAPER: Final = "declaration"

CHANGES: Final[dict[str, Callable[[dict[str, Any]], Any]]] = {
    "limits.intake": lambda raw: raw["limits"].update(intake="4 working hours"),
    "limits.processing": lambda raw: raw["limits"].update(processing="2 working days"),
    "limits.pickup": lambda raw: raw["limits"].update(pickup="60 calendar days"),
    "fee.items[extract].amount": lambda raw: raw["fee"]["items"][0].update(amount=10_000),
    "fee.items[seal]": lambda raw: raw["fee"]["items"].append(
        FACT | {"code": "seal", "name": NAME, "kind": "phi", "amount": 2_000}
    ),
    "fee.waivers[poor]": lambda raw: raw["fee"]["waivers"].append(
        FACT | {"code": "poor", "name": NAME, "percent": 50, "approver": "reception"}
    ),
    "fee.limit": lambda raw: raw["fee"].update(limit="10 working days"),
    "papers[declaration]": lambda raw: raw.update(papers=[FACT | {"code": PAPER, "name": NAME}]),
    "form[kind].choices[divorce]": lambda raw: raw["form"][0]["choices"].append("divorce"),
    "form[copies].maximum": lambda raw: raw["form"][3].update(maximum=20),
    "form[purpose]": lambda raw: raw["form"].append(
        FACT | {"code": "purpose", "label": NAME, "kind": "text", "required": False}
    ),
    "review[check]": lambda raw: raw["review"].insert(
        0,
        FACT | {"code": "check", "name": NAME, "role": "specialist", "act": "forward", "limit": "2 working hours"},
    ),
    "review[appraise].limit": lambda raw: raw["review"][1].update(limit="8 working hours"),
    "result.channels[post]": lambda raw: raw["result"]["channels"].remove("post"),
    "supplement.rounds": lambda raw: raw["supplement"].update(rounds=2),
    "extension": lambda raw: raw.update(extension=FACT | {"by": "1 working days", "notice": "1 working days"}),
    "decided_by.kinds[province_department]": lambda raw: raw["decided_by"]["kinds"].append("province_department"),
    "information.sets": lambda raw: raw["information"].update(sets=2),
    "result.name": lambda raw: raw["result"].update(name=NAME),
    "fee.source": lambda raw: raw["fee"].update(source="TT 1/2027/TT-BTC"),
}
"""What the new version changes, by the place that `diff` must name; in the order in which they are made."""


@dataclass
class Proof:
    """What was seen. Whatever stands in `wrong` must not be."""

    filings: int = 0
    named_by_what_if: int = 0
    named_by_diff: int = 0
    unmoved: int = 0
    ended_by_the_old_rules: int = 0
    ended_by_the_new_rules: int = 0
    events_verified: int = 0
    seconds: dict[str, float] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    def expect(self, what: str, found: object, wanted: object) -> None:
        """Note what is not as it must be."""
        if found != wanted:
            self.wrong.append(f"{what}: {found!r}, not {wanted!r}")


def new_version(folder: Path) -> Path:
    """The file of the new version."""
    raw = parse((ROOT / "procedures" / f"{EXTRACT}@{OLD}.yaml").read_bytes()).value | {"version": NEW}
    for change in CHANGES.values():
        change(raw)
    file = folder / f"{EXTRACT}@{NEW}.yaml"
    file.write_text(yaml.safe_dump(json.loads(json.dumps(raw)), allow_unicode=True), encoding="utf-8")
    return file


async def prove(world: World, folder: Path, filings: int, sample: int) -> Proof:
    """The whole trial in a world whose worker and back office run; `sample` filings of each version go to their end."""
    proof = Proof(filings)
    old_file, file = ROOT / "procedures" / f"{EXTRACT}@{OLD}.yaml", new_version(folder)
    await catalogue.publish(world.owner_dsn, old_file)

    begun = time.monotonic()
    old = await _all(Play.begin(world, _extract(n)) for n in range(filings))
    await _all(play.accept() for play in old[::2])
    await _all(play.at(Stage.REVIEW) for play in old[::4])
    before = await _states(world)
    proof.seconds["starting"] = time.monotonic() - begun

    await _asked_before(proof, world, folder, file, old, before)
    in_review = old[::4][:sample]
    published = asyncio.create_task(catalogue.publish(world.owner_dsn, file))
    await _all(play.review() for play in in_review)
    digest = (await published).sha256

    begun = time.monotonic()
    papers = [{"code": PAPER, "file": FILE}]
    new = await _all(Play.begin(world, _extract(filings + n, papers=papers)) for n in range(sample))
    await _all(play.accept() for play in new)
    after = await _states(world)
    _unmoved(proof, before, after, {play.filing for play in in_review})
    for play in new:
        state = after[play.filing]
        proof.expect(f"{play.code} is pinned to", (state.procedure.version, state.procedure.sha256), (NEW, digest))
        proof.expect(f"{play.code} has the limit", str(state.procedure.limits.processing), "2 working days")
    await _all(play.review() for play in new)
    proof.ended_by_the_old_rules = await _ended(proof, in_review, COPIES * 8_000, steps=2)
    proof.ended_by_the_new_rules = await _ended(proof, new, COPIES * 10_000 + 2_000, steps=3)
    proof.seconds["to the end"] = time.monotonic() - begun

    ledger = await ledger_verifier.verify(world.app_dsn)
    proof.events_verified = ledger.events
    proof.expect("the log is verified", ledger.verified, wanted=True)
    return proof


async def _asked_before(
    proof: Proof, world: World, folder: Path, file: Path, old: list[Play], before: dict[UUID, Filing]
) -> None:
    """What the two commands say while the new version is only a file."""
    begun = time.monotonic()
    asked = await motcua(world.process_env, "procedures", "what-if", str(file), "--json", folder=folder)
    proof.seconds["what-if"] = time.monotonic() - begun
    (answer,) = json.loads(asked.out)
    proof.named_by_what_if = len(answer["touched"])
    proof.expect("what-if names", {one["code"] for one in answer["touched"]}, {play.code for play in old})
    proof.expect("what-if counts", (answer["open"], answer["stay"]), (len(old), {OLD: len(old)}))
    fees = {(one["fee"], one["fee_then"]) for one in answer["touched"]}
    proof.expect("what-if says of the fee", fees, {(COPIES * 8_000, COPIES * 10_000 + 2_000)})
    missing = {tuple(found["field"] for found in one["problems"]) for one in answer["touched"]}
    proof.expect("what-if says is missing", missing, {(f"papers.{PAPER}",)})
    proof.expect("nothing was written by what-if", await _states(world), before)
    told = await motcua(world.process_env, "procedures", "diff", EXTRACT, str(file), "--json", folder=folder)
    places = [one["where"] for one in json.loads(told.out)]
    proof.named_by_diff = len(places)
    proof.expect("diff names", sorted(places), sorted(CHANGES))


def _unmoved(proof: Proof, before: dict[UUID, Filing], after: dict[UUID, Filing], acted_on: set[UUID]) -> None:
    """Who was acted on meanwhile has moved, and is still pinned; all others are what they were."""
    for filing, was in before.items():
        now = after.get(filing)
        if filing not in acted_on:
            proof.expect(f"{was.code} is unmoved", now, was)
        elif now is not None:
            proof.expect(f"{was.code} is pinned", now.procedure, was.procedure)
        proof.unmoved += 1


async def _ended(proof: Proof, plays: list[Play], amount: int, *, steps: int) -> int:
    """How many of these ended, each after these steps and having paid this."""
    ended = 0
    for play in plays:
        view = await play.at(Stage.CLOSED)
        paid = view.fee.amount if view.fee else None
        begun = (await play.kinds()).count("step_started")
        proof.expect(f"{play.code} paid and went through steps", (paid, begun), (amount, steps))
        ended += view.closed
    return ended


async def _states(world: World) -> dict[UUID, Filing]:
    """Every open filing as its log tells it."""
    master = world.settings.master
    return {one.filing_id: one async for one in open_filings(world.app_dsn, master, lambda *_: None, EXTRACT)}


def _extract(n: int, **overrides: Any) -> Any:
    """Of a person of its own, without a version; every other one of those that will not be reviewed never pays."""
    person = {"subject": f"person-{n}", "name": "Nguyễn Văn An", "id_number": f"001090{n:06}"}
    payer = PAYS if n % 4 == 0 or overrides else NEVER_PAYS
    return extract(version=None, payer_account=payer, **whose(person) | overrides)


async def _all(work: Iterable[Awaitable[T]]) -> list[T]:
    """What each answers, so many at once."""
    places = asyncio.Semaphore(AT_ONCE)

    async def one(awaited: Awaitable[T]) -> T:
        async with places:
            return await awaited

    return list(await asyncio.gather(*map(one, work)))


async def _on_a_stack(folder: Path, filings: int, sample: int) -> Proof:
    async with Stack(folder, parts=PARTS) as stack:
        await publish_demo(stack.env)
        world = await world_of(stack.env, folder)
        async with world.platform(), world.back_office(Doubtful()):
            return await prove(world, folder, filings, sample)


def main() -> int:
    """Exit code 0 if all held."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.new_version")
    parser.add_argument("--filings", type=int, default=500)
    parser.add_argument("--sample", type=int, default=50, help="so many of each version go to their end")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="motcua-new-version-") as name:
        proof = asyncio.run(_on_a_stack(Path(name).resolve(), given.filings, given.sample))
    print(json.dumps(asdict(proof), indent=1, ensure_ascii=False))  # noqa: T201 -- its result
    return 1 if proof.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
