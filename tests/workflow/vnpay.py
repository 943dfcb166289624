"""Refunds over VNPay whose calls go wrong."""

from __future__ import annotations

from typing import Any, Final

from tests.acting import Play, eventually
from tests.workflow.money import Till

HALF: Final = 8_000
HANGS: Final = 2
WHY: Final[dict[str, Any]] = {"reason": "nộp nhầm", "legal_basis": "TT 45/2006"}


def goes_wrong(till: Till, fault: str, times: int = 1, *, always: bool = False) -> None:
    """From now on this goes wrong, so many times, when VNPay is asked to give money back, or `always`."""
    wire = "vnpay" if always or fault in {"refuse_refund", "next_day"} else "refunds"
    said = {"fault": fault, "times": times, "value": HANGS if "hang" in fault else 0}
    till.bank.client.put(f"/faults/{wire}", json=said).raise_for_status()


async def given(till: Till, reference: str) -> list[int]:
    """What VNPay has given back, in đồng."""
    return [one["amount"] for one in till.ledger(reference)["refunds"]]


ENDED: Final = frozenset({"refund_given", "refund_left_to_hand"})


async def ends(play: Play, case: int = 1) -> str:
    """How the last of so many cases ended."""

    async def ended() -> list[str]:
        return [kind for kind in await play.kinds("refund", 1001) if kind in ENDED]

    return (await eventually(ended, lambda kinds: len(kinds) >= case))[case - 1]
