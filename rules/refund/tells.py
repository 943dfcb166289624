"""The message to the filing about a fee that is requested again."""

from typing import Any, Final

from rules.telling import Telling, read
from schemas.filing.commands import AskFeeAgain
from schemas.filing.state import ChargeBackFact
from schemas.refund.state import CAPTURES


def charge_back_command(raw: Any) -> AskFeeAgain:
    """The command that requests a charged-back fee again. Raises `ValueError` for any other content."""
    fact = read(ChargeBackFact, raw)
    said = fact.model_dump(exclude={"again"})
    return AskFeeAgain(command_id=f"fee:{fact.fee}:again:{fact.n}:{fact.again}", **said)


def _answered(n: int, body: dict[str, Any]) -> dict[str, Any] | None:
    if body.get("again") is None:
        return None
    return {"n": n, "fee": n // CAPTURES, "amount": body["amount"], "again": body["again"]}


TELLS: Final = (Telling("fee_charged_back", charge_back_command, {"charge_back_answered": _answered}),)
