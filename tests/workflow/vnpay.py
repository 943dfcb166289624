"""Refunds over VNPay whose calls fail."""

from __future__ import annotations

from typing import Any, Final

from tests.acting import Play, eventually
from tests.workflow.money import Till

HALF: Final = 8_000
HANGS: Final = 2
WHY: Final[dict[str, Any]] = {"reason": "nộp nhầm", "legal_basis": "TT 45/2006"}


def goes_wrong(till: Till, fault: str, times: int = 1, *, always: bool = False) -> None:
    """Switch a fault on for so many calls: for refunds at VNPay only, or with `always` for every call."""
    wire = "vnpay" if always or fault in {"refuse_refund", "next_day"} else "refunds"
    said = {"fault": fault, "times": times, "value": HANGS if "hang" in fault else 0}
    till.bank.client.put(f"/faults/{wire}", json=said).raise_for_status()


async def given(till: Till, reference: str) -> list[int]:
    """Returns VNPay's refunds, in đồng."""
    return [one["amount"] for one in till.ledger(reference)["refunds"]]


ENDED: Final = frozenset({"refund_given", "refund_left_to_hand"})


async def ends(play: Play, case: int = 1) -> str:
    """Returns the event that ended the n-th case of the refund."""

    async def ended() -> list[str]:
        return [kind for kind in await play.kinds("refund", 1001) if kind in ENDED]

    return (await eventually(ended, lambda kinds: len(kinds) >= case))[case - 1]
