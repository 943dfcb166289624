"""`make golden` writes the golden histories again. The name of this file keeps it out of other test runs."""

import json
from typing import Any, Final
from uuid import UUID

import httpx
import pytest
from temporalio.service import RPCError, RPCStatusCode

from demo import running as demo
from demo.scenario import SCENARIOS, load
from rules.streams import FILING, KINDS, PAYMENT, REFUND
from schemas.filing.commands import Supplement
from schemas.filing.state import Stage
from schemas.ids import StreamId
from tests.acting import FILE, PAYS_TWICE, Play, birth, eventually, extract, on_another_calendar
from tests.any_files import FoundLate, Orders
from tests.conftest import World
from tests.replay.conftest import COUNTED, HISTORIES, PAIRS, replay
from tests.replay.fingerprint import neighbours
from tests.workflow.obligations import N, demanded, takes_money


@pytest.mark.timeout(600)
async def test_write_the_histories_anew(world: World, states: dict[str, Any]) -> None:
    """Plays the demo's scenarios except those for a whole stack; stores the histories and their final states."""
    scenarios = [scenario for scenario in load(SCENARIOS) if not scenario.in_whole_stack]
    versions = await demo.publish(world.owner_dsn, world.publisher, scenarios)
    async with world.real_platform(), world.back_office():
        played = await demo.play(world.process_env, scenarios, versions, 4, lambda _: None)
    HISTORIES.mkdir(exist_ok=True)
    for old in HISTORIES.iterdir():
        old.unlink()
    for each in played:
        assert not each.problems
        await write(world, each.scenario.name, each.filing_id, states)
    async with world.platform(), world.back_office():
        await write(world, "calendar-changed", (await on_another_calendar(world)).filing, states)
    async with world.platform(FoundLate(Orders(world.settings))), world.back_office():
        await write(world, "virus-found-late", await virus_found_late(world), states)
    async with world.platform(), world.back_office():
        await write(world, "paid-twice", await paid_twice(world), states)
    async with world.platform(), world.back_office():
        await write(world, "paid-by-another-request", await paid_by_another_request(world), states)
    async with world.platform(), world.back_office():
        await write(world, "obligation-paid", await obligation_paid(world), states)
    cut()


def cut() -> None:
    """Keeps a few histories that together show every pair of neighbouring commands, and writes the pairs down."""
    shown = {file: neighbours(file) for file in sorted(HISTORIES.glob("*.history.json"))}
    kept = {file for file in shown if file.name.startswith(COUNTED)}
    missing = set().union(*shown.values()) - set().union(*(shown[file] for file in kept))
    PAIRS.write_text(
        "".join(f"{' / '.join(pair)}\n" for pair in sorted(set().union(*shown.values()))), encoding="utf-8"
    )
    while missing:
        best = max(shown, key=lambda file: (len(shown[file] & missing), -file.stat().st_size))
        kept.add(best)
        missing -= shown[best]
    for file in shown.keys() - kept:
        file.with_name(file.name.replace(".history.", ".state.")).unlink()
        file.unlink()


async def virus_found_late(world: World) -> UUID:
    """Returns a filing whose paper had to be sent again, because the scanner found a virus in it later."""
    play = await Play.begin(world, birth())
    await play.at(Stage.SUPPLEMENT)
    await play.act(Supplement, play.submission.actor, papers=[{"code": "birth_notice", "file": FILE}])
    await play.deliver()
    return play.filing


async def paid_twice(world: World) -> UUID:
    """Returns a filing whose fee was paid twice, with the second payment refunded."""
    play = await Play.accepted(world, extract(payer_account=PAYS_TWICE))
    await play.approve_refund(REFUNDS[1])
    await eventually(lambda: play.kinds("payment", 1), lambda kinds: "payment_refunded" in kinds)
    return play.filing


async def paid_by_another_request(world: World) -> UUID:
    """Returns a filing whose applicant renewed the payment, and paid the new request."""
    play = await Play.accepted(world, extract(payer_account=None))
    await play.renew_payment()
    asked = await eventually(
        lambda: world.client.payment(play.filing), lambda view: view.attempt == SECOND and view.pay_url is not None
    )
    async with httpx.AsyncClient(trust_env=False) as browser:
        await browser.post(str(asked.pay_url), data={"payer": "0001"}, headers={"accept": "text/html"})
    await eventually(play.kinds, lambda kinds: "fee_paid" in kinds)
    return play.filing


async def obligation_paid(world: World) -> UUID:
    """Returns a filing whose tax is paid through the tax office's own merchant."""
    await takes_money(world)
    play = await demanded(world)
    await play.at(Stage.REVIEW)
    return play.filing


SECOND: Final = 2
REFUNDS: Final = (1001, 1002)
"""The refund numbers of the first and the second capture of a filing's first payment."""


async def write(world: World, name: str, filing: UUID, states: dict[str, Any]) -> None:
    """Writes the histories of a filing, and of its first stream of each other kind, if any.

    The payment of an obligation is written to the file of a fee's payment.
    """
    numbers = {FILING.name: (0,), PAYMENT.name: (1, N), REFUND.name: REFUNDS}
    for kind, n in [(of, n) for of in KINDS for n in numbers.get(of, (1,))]:
        workflow_id = str(StreamId(kind, filing, n))
        try:
            history = await world.temporal.get_workflow_handle(workflow_id).fetch_history()
        except RPCError as error:
            assert error.status is RPCStatusCode.NOT_FOUND  # noqa: PT017 -- there is none
            continue
        file = HISTORIES / f"{name}.{kind}.history.json"
        content = {"workflow_id": workflow_id, "history": portable(history.to_json_dict())}
        file.write_text(json.dumps(content, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")
        states.clear()
        await replay(file)
        state = json.dumps(states.get("state"), ensure_ascii=False, indent=1, sort_keys=True)
        file.with_name(f"{name}.{kind}.state.json").write_text(state + "\n", encoding="utf-8")


def portable(part: Any) -> Any:
    """Returns a history without the data about the machine that made it."""
    if isinstance(part, list):
        return [portable(each) for each in part]
    if not isinstance(part, dict):
        return part
    return {name: portable(value) for name, value in part.items() if name not in {"stackTrace", "identity"}}
