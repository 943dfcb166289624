"""The message to the filing about the outcome of a payment."""

from typing import Any, Final

from rules.telling import Telling, read
from schemas.filing.commands import SettleFee
from schemas.filing.events import FeeSettlement
from schemas.filing.state import FeeFact
from schemas.ids import of_obligation


def fee_command(raw: Any) -> SettleFee:
    """The command that settles a fee. Raises `ValueError` for any other content."""
    fact = read(FeeFact, raw)
    return SettleFee(command_id=f"fee:{fact.n}:{FeeSettlement(fact.settlement)}", **fact.model_dump())


def _captured(n: int, body: dict[str, Any]) -> dict[str, Any] | None:
    if body.get("owed") is not True:
        return None
    return {"n": n, "settlement": FeeSettlement.PAID, "amount": body.get("asked", body["amount"])}


def _accepted(n: int, body: dict[str, Any]) -> dict[str, Any]:
    return {"n": n, "settlement": FeeSettlement.PAID, "amount": body["amount"], "forgone": body["forgone"]}


def _expired(n: int, _: dict[str, Any]) -> dict[str, Any] | None:
    return None if of_obligation(n) else {"n": n, "settlement": FeeSettlement.EXPIRED}


TELLS: Final = (
    Telling(
        "fee_settled",
        fee_command,
        {"payment_captured": _captured, "payment_accepted": _accepted, "payment_expired": _expired},
    ),
)
