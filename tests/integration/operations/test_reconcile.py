"""Acts at bank and post that no event orders are found; so are refunds and outcomes that wait."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import pytest

from activities.partners.http import partner_client
from operations.doctor.check import Health
from operations.doctor.record.long_waits import waits
from operations.reconciling import Act, acts_in
from rules.streams import KINDS
from schemas import ids
from schemas.filing.state import Stage
from schemas.payment.events import PaymentChargeBackAhead, PaymentChargedBack, PaymentOutcomeAwaited, PaymentRequested
from schemas.people import SYSTEM
from schemas.refund import events as ev
from tests.acting import ADDRESS, CHARGES_BACK, PAYS_TWICE, Play, birth, eventually, extract
from tests.conftest import World
from tests.integration.operations.doctor import Doctor
from tests.shell import Shell
from tests.waits import around, sample


async def reconciled(shell: Shell, *statement: Path) -> tuple[int, list[tuple[str, str, bool]]]:
    """Returns the exit code and the findings: for each, the act, its key, and whether its stream is in this record."""
    ended = await shell("reconcile", *statement, "--json")
    return ended.code, [(one["act"]["deed"], one["act"]["key"], one["ours"]) for one in ended.json["unordered"]]


async def of_ours(shell: Shell) -> list[tuple[str, str, bool]]:
    """Returns the findings about this record's streams, since other tests' records use the same bank and post."""
    return [one for one in (await reconciled(shell))[1] if one[2]]


async def told_of(shell: Shell) -> list[str]:
    return [words for health, words in (await Doctor(shell.env)()).of("acts") if health == "fail"]


async def test_what_was_ordered_is_not_found_and_what_was_not_is(running: World, shell: Shell) -> None:
    twice = await Play.accepted(running, extract(payer_account=PAYS_TWICE))
    await twice.approve_refund(1002)
    await eventually(lambda: twice.kinds("refund", 1002), lambda kinds: "refund_given" in kinds)
    sent = await Play.begin(running, birth(result_channel="post", address=ADDRESS))
    await sent.at(Stage.CLOSED)
    assert (await of_ours(shell), await told_of(shell)) == ([], [])

    order = await twice.order()
    key, capture = order["key"], order["captures"][0]["capture_id"]
    async with partner_client(running.env["MOTCUA_BANK_URL"]) as bank:
        forged = {"order_key": key, "capture_id": capture, "amount": 1_000}
        (await bank.put(f"/refunds/forged:{uuid4()}", json=forged)).raise_for_status()
        another = ids.fee_key(twice.filing, 1, 2)
        asked = {"amount": order["amount"], "currency": "VND", "description": "x"}
        (await bank.put(f"/orders/{another}", json=asked)).raise_for_status()
    found = [("refund", key, True), ("order", another, True)]
    assert sorted(await of_ours(shell)) == sorted(found)
    [words] = await told_of(shell)
    assert words.startswith("done outside, and ordered by no event: ")
    assert all(f"{deed} {key}" in words for deed, key, _ in found)


async def test_a_statement_is_compared_line_by_line(running: World, shell: Shell, tmp_path: Path) -> None:
    late = await Play.accepted(running, extract(payer_account=CHARGES_BACK))
    await eventually(lambda: late.kinds("payment", 1), lambda kinds: "payment_ordered" in kinds)
    amount = (await running.client.payment(late.filing)).amount
    key, parcel = ids.fee_key(late.filing, 1), ids.parcel_workflow(late.filing, 1)
    reference = f"bank:{ids.reference_of(key)}"
    acts: list[dict[str, Any]] = [
        {"deed": "order", "key": key, "amount": amount},
        {"deed": "order", "key": reference, "amount": amount},
        {"deed": "order", "key": key, "amount": amount + 1},
        {"deed": "refund", "key": reference, "amount": 1, "capture": "c1", "number": "9"},
        {"deed": "consignment", "key": parcel, "amount": 135_000},
        {"deed": "order", "key": "anything", "amount": 1},
    ]
    file = tmp_path / "statement.jsonl"
    file.write_text("\n".join(map(json.dumps, acts)), encoding="utf-8")
    ours = [("order", key, True), ("refund", reference, True)]
    others = [("consignment", parcel, False), ("order", "anything", False)]
    assert await reconciled(shell, file) == (1, [*ours, *others])
    file.write_text(json.dumps(acts[0]), encoding="utf-8")
    assert await reconciled(shell, file) == (0, [])


@pytest.mark.parametrize(
    "line",
    ['{"deed": "theft", "key": "x"}', '{"key": "x"}', "[]", "no json", '{"deed": "order", "key": "x", "more": 1}'],
)
def test_a_line_that_says_nothing_is_named(line: str) -> None:
    with pytest.raises(ValueError, match=r"^3: "):
        acts_in([Act(deed="order", key="x").model_dump_json(), "", line])


EVENT: Final = """
insert into event
select $1, $2, gen_random_uuid(), $3, 'H01.12', $4, $5, $6, null, null, 'c', $7, 'system', told, told,
    pg_current_xact_id(), sha256('a'), sha256('b')
from (select clock_timestamp() - interval '2 days' as told) as before
"""
STANDS: Final = """
insert into standing (stream, kind, filing_id, agency, n, calendar, open, watched_until, heard_as)
values ($1, split_part($1, ':', 1), $2, 'H01.12', split_part($1, ':', 3)::int, 'vn', $3, null, '{}')
"""


BEFORE: Final = (sample(ev.RefundBegun, provider="vnpay"), sample(ev.RefundOpened), sample(ev.RefundApproved))
LEFT: Final = sample(ev.RefundLeftToHand)
OFF: Final = sample(ev.RefundCalledOff, void=(1,))
GONE: Final = sample(ev.RefundChargedBack)
GIVEN: Final = (*BEFORE, sample(ev.RefundGiven), sample(ev.RefundChargedBack, void=()))
UNPAID: Final = (sample(PaymentRequested), sample(PaymentOutcomeAwaited, attempt=1))
AHEAD: Final = sample(PaymentChargeBackAhead, attempt=None)

NOTHING: Final = ("refunds", "nothing waits to be given back by hand")
NOT_SAID: Final = (
    "refunds",
    "H01.12: 1 refunds were approved more than a day ago, and vnpay has not said that they are given",
)
BY_HAND: Final = ("refunds", "H01.12: 1 approved refunds wait for people: vnpay does not give them back")
TWICE: Final = ("refunds", "H01.12: 1 payments, 8,000 đồng, were refunded and charged back too by vnpay")
NEVER_CAME: Final = ("refunds", "H01.12: 1 payments, 16,000 đồng, were charged back and have not come")
AWAITED: Final = (
    "outcomes",
    (
        "H01.12: of 1 payments whose time is over it is not known whether they were made, "
        f"and it is awaited until {UNPAID[1].until:%Y-%m-%d} at the latest"
    ),
)
KNOWN: Final = ("outcomes", "it is known what became of every payment in time")
REFUND: Final = "refund:{}:1001"
PAYMENT: Final = "payment:{}:1"


@pytest.mark.parametrize(
    ("stream", "events", "stands", "said"),
    [
        (REFUND, BEFORE, "open", NOT_SAID),
        (REFUND, (*BEFORE, sample(ev.RefundCalledOff, void=(2,))), "open", NOT_SAID),
        (REFUND, (*BEFORE, OFF), "open", NOTHING),
        (REFUND, (*BEFORE, GONE), "open", NOTHING),
        (REFUND, (*BEFORE, LEFT), "open", BY_HAND),
        (REFUND, (*BEFORE, LEFT, OFF), "open", NOTHING),
        (REFUND, (*BEFORE, LEFT, GONE), "open", NOTHING),
        (REFUND, GIVEN, "closed", TWICE),
        (PAYMENT, (UNPAID[0], AHEAD), "closed", NEVER_CAME),
        (PAYMENT, (UNPAID[0], AHEAD, sample(PaymentChargedBack, transaction=AHEAD.transaction)), "closed", NOTHING),
        (PAYMENT, UNPAID, "open", AWAITED),
        (PAYMENT, UNPAID[:1], "open", KNOWN),
    ],
    ids=[
        *("approved", "of another case", "called off", "charged back"),
        *("by hand", "by hand, off", "by hand, gone", "went twice", "never came", "came", "awaited", "pending"),
    ],
)
async def test_what_is_void_or_over_waits_for_nobody(
    world: World, stream: str, events: Sequence[Any], stands: str, said: tuple[str, str]
) -> None:
    filing = uuid4()
    name = stream.format(filing)
    actor = SYSTEM.model_dump_json(exclude_none=True).encode()
    async with world.connection() as connection:
        for n, event in enumerate(events, 1):
            version, body = KINDS.of(name).event_version(event.kind), event.model_dump_json(exclude_none=True).encode()
            await connection.execute(EVENT, name, n, filing, event.kind, version, body, actor)
        await connection.execute(STANDS, name, filing, stands == "open")
    check, sentence = said
    [finding] = await waits(check, none=f"doctor.{check}.none")(around(world))
    assert (finding.what.en, finding.health is Health.OK) == (sentence, said in {NOTHING, KNOWN})
