"""Gifts of land, for which a tax office demands money."""

from typing import Any, Final

from schemas.filing import commands as cm
from schemas.filing.state import Stage
from schemas.filing.submission import Submission
from schemas.ids import OBLIGATIONS
from schemas.people import Role
from tests.acting import PAYS, VERSION, Play, birth, officer
from tests.conftest import World

TRANSFER: Final = "1.013833"
LAND: Final = "H01.40"
TAX: Final = "H01.50"
N: Final = OBLIGATIONS + 1
AMOUNT: Final = 4_500_000
PAID: Final = ["payment_requested", "payment_ordered", "payment_captured"]


def transfer(payer: str | None, version: str = VERSION) -> Submission:
    """Returns a submission for a gift of land between relatives, whose tax the tax office sets."""
    said: dict[str, Any] = {
        "procedure": TRANSFER,
        "version": version,
        "agency": LAND,
        "channel": "counter",
        "actor": officer(Role.RECEPTION, LAND),
        "form": {"plot": "thửa 21, tờ 4", "change": "gift", "close_relative": True},
        "papers": [{"code": code} for code in ("application", "certificate", "contract", "kinship", "tax_declaration")],
        "result_channel": "counter",
        "payer_account": payer,
    }
    return birth(**said)


async def takes_money(world: World) -> None:
    await world.execute("update agency set merchants = array['bank'] where agency = $1", TAX)


async def demanded(world: World, payer: str | None = PAYS, version: str = VERSION, **said: Any) -> Play:
    """Returns a filing for which the tax office demands money."""
    play = await Play.begin(world, transfer(payer, version))
    specialist = play.officer(Role.SPECIALIST)
    await play.at(Stage.REVIEW)
    await play.act(cm.Claim, specialist)
    await play.act(cm.Forward, specialist)
    await play.act(cm.Claim, specialist)
    await refer(play, **said)
    return play


async def refer(play: Play, **said: Any) -> None:
    specialist = play.officer(Role.SPECIALIST)
    await play.act(cm.ReferObligation, specialist, reference="13/PC-VPĐK")
    demand = {"reference": "35/TB-CCT", "amount": AMOUNT, "agency": TAX} | said
    await play.act(cm.DemandObligation, specialist, **demand)
