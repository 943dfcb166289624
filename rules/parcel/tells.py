"""The message to the filing about the end of a parcel."""

from typing import Any, Final

from rules.telling import Telling, read
from schemas.filing.commands import SettleParcel
from schemas.filing.events import ParcelOutcome
from schemas.filing.state import ParcelFact


def parcel_command(raw: Any) -> SettleParcel:
    """The command that settles a parcel in its filing. Raises `ValueError` for any other content."""
    fact = read(ParcelFact, raw)
    return SettleParcel(command_id=f"parcel:{fact.n}:{ParcelOutcome(fact.outcome)}", **dict(fact))


def _ended(n: int, body: dict[str, Any]) -> dict[str, Any]:
    return {"n": n, "outcome": body["outcome"], "fee": body.get("fee")}


TELLS: Final = (Telling("parcel_settled", parcel_command, {"consignment_ended": _ended}),)
