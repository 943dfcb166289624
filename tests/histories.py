"""A record with filings in every state; each text that identifies a person contains a marker (canary)."""

import asyncio
from typing import Any, Final

from schemas.filing import commands as cm
from schemas.filing.state import Stage
from schemas.filing.submission import Submission
from schemas.people import Role
from tests import acting
from tests.acting import BIRTH, EXTRACT, NEVER_PAYS, PAYS_TWICE, SPOUSES, Play, birth, eventually, publish_short
from tests.conftest import World

CANARY: Final = "canary"
PERSON: Final = {
    "subject": "canary-subject",
    "name": "Canary Name",
    "id_number": "CANARY-000001",
    "phone": "canary phone",
    "email": "canary@example.invalid",
}
ASKED: Final = {
    "items": [{"target": "field", "code": "person_name", "note": "canary note"}],
    "legal_basis": "canary basis",
}
REASON: Final = "canary reason"


def told_on(postcode: str = "10000") -> dict[str, Any]:
    """Returns the fields of a submission that identify a person."""
    return {
        "applicant": PERSON,
        "actor": {"subject": PERSON["subject"], "role": "applicant"},
        "address": {name: f"canary {name}" for name in ("recipient", "phone", "address")} | {"postcode": postcode},
        "result_channel": "post",
    }


def by_post(postcode: str = "10000") -> Submission:
    """Returns a submission without a fee, with its result by post."""
    return birth(**told_on(postcode))


def with_fee(**overrides: Any) -> Submission:
    """Returns a submission with a fee, paid online at acceptance, and its result online."""
    form = {"kind": "birth", "person_name": "Canary Person", "copies": 2}
    return acting.extract(**told_on() | {"form": form, "result_channel": "online"} | overrides)


async def mixed(world: World) -> dict[str, Play]:
    """Waits until there is a filing in every state; returns the filings by state, after the workers have stopped."""
    slow_payer = await publish_short(world, EXTRACT, payment=1)
    slow_desk = await publish_short(world, BIRTH, intake=1)
    async with world.platform(), world.back_office(acting.Doubtful()), asyncio.TaskGroup() as group:
        lives = {
            "waiting": Play.begin(world, with_fee()),
            "claimed": _claimed(world),
            "refused": _refused(world),
            "asked": _supplement_requested(world),
            "supplemented": _supplemented(world),
            "unpaid": _unpaid(world),
            "reviewed": _reviewed(world),
            "suspended": _suspended(world),
            "delivered": _delivered(world, with_fee()),
            "paid twice": _paid_twice(world),
            "expired": _expired(world, slow_payer),
            "withdrawn": _withdrawn(world),
            "paid after withdrawal": _paid_after_withdrawal(world),
            "overdue": _overdue(world, slow_desk),
            "posted": _delivered(world, by_post()),
            "returned": _returned(world),
            "under way": _under_way(world),
            "on paper": Play.begin(world, acting.contract(applicant=PERSON)),
            "fee at the counter": _at_the_counter(world),
        }
        playing = {name: group.create_task(life) for name, life in lives.items()}
    return {name: task.result() for name, task in playing.items()}


async def _claimed(world: World) -> Play:
    play = await Play.begin(world, with_fee())
    await play.act(cm.Claim, play.officer(Role.RECEPTION), on_behalf_of="canary-behalf")
    return play


async def _refused(world: World) -> Play:
    play = await Play.begin(world, with_fee())
    await play.act(cm.RefuseIntake, play.officer(Role.RECEPTION), reason=REASON, legal_basis="canary basis")
    return play


async def _supplement_requested(world: World) -> Play:
    play = await Play.begin(world, with_fee())
    await play.act(cm.RequestSupplement, play.officer(Role.RECEPTION), **ASKED)
    return play


async def _supplemented(world: World) -> Play:
    play = await _supplement_requested(world)
    await play.act(cm.Supplement, play.submission.actor, form={"person_name": "Canary Other"})
    return play


async def _unpaid(world: World) -> Play:
    play = await Play.accepted(world, with_fee(payer_account=f"canary{NEVER_PAYS[-5:]}"))
    await eventually(lambda: play.kinds("payment", 1), lambda kinds: "payment_ordered" in kinds)
    return play


async def _reviewed(world: World) -> Play:
    play = await Play.accepted(world, with_fee())
    await play.act(cm.Claim, play.officer((await play.at(Stage.REVIEW)).tasks[0].role))
    return play


async def _suspended(world: World) -> Play:
    """Returns a filing suspended with an unanswered question."""
    play = await _reviewed(world)
    await play.act(cm.Ask, play.officer(Role.SPECIALIST), question="canary question")
    await play.act(cm.Stop, play.officer(Role.LEADER), mode="suspend", reason=REASON, legal_basis="canary basis")
    return play


async def _delivered(world: World, submission: Submission) -> Play:
    play = await Play.accepted(world, submission)
    await play.review(reason=REASON)
    await play.at(Stage.CLOSED)
    return play


async def _paid_twice(world: World) -> Play:
    play = await Play.accepted(world, with_fee(payer_account=f"canary{PAYS_TWICE[-5:]}"))
    await play.approve_refund(1002)
    await eventually(lambda: play.kinds("payment", 1), lambda kinds: "payment_refunded" in kinds)
    return play


async def _expired(world: World, version: str) -> Play:
    play = await Play.accepted(world, with_fee(payer_account=f"canary{NEVER_PAYS[-5:]}", version=version))
    await play.at(Stage.CLOSED)
    return play


async def _withdrawn(world: World) -> Play:
    play = await Play.begin(world, with_fee())
    await play.act(cm.Withdraw, play.submission.actor, reason=REASON)
    return play


async def _paid_after_withdrawal(world: World) -> Play:
    play = await _unpaid(world)
    await play.act(cm.Withdraw, play.submission.actor, reason=REASON)
    await eventually(lambda: play.kinds("payment", 1), lambda kinds: "payment_cancelled" in kinds)
    await play.pay_by_hand()
    await play.approve_refund()
    await eventually(lambda: play.kinds("payment", 1), lambda kinds: "payment_refunded" in kinds)
    return play


async def _overdue(world: World, version: str) -> Play:
    play = await Play.begin(world, birth(**told_on() | {"version": version}))
    await play.until(lambda view: bool(view.overdue))
    return play


async def _returned(world: World) -> Play:
    play = await Play.accepted(world, by_post("99902"))
    await play.review()
    await play.at(Stage.PICKUP)
    return play


async def _under_way(world: World) -> Play:
    play = await Play.accepted(world, by_post("99904"))
    await play.review()
    await eventually(lambda: play.kinds("parcel", 1), lambda kinds: "consignment_sent" in kinds)
    return play


async def _at_the_counter(world: World) -> Play:
    form = SPOUSES | {"first_party_name": "Canary An", "second_party_name": "Canary Bích", "copies": 1}
    play = await Play.accepted(world, acting.marriage(applicant=PERSON, actor=told_on()["actor"], form=form))
    await play.review()
    await play.at(Stage.FEE)
    return play
