"""An upheld complaint, as its filing hears of it."""

from __future__ import annotations

from typing import Any, Final

from rules.telling import Telling, read
from schemas.complaint.state import ComplaintFact
from schemas.filing.commands import SettleComplaint


def complaint_command(raw: Any) -> SettleComplaint:
    """The remedy of an upheld complaint. Raises `ValueError` for anything else."""
    fact = read(ComplaintFact, raw)
    return SettleComplaint(command_id=f"complaint:{fact.n}", **fact.model_dump())


def _answered(n: int, body: dict[str, Any]) -> dict[str, Any] | None:
    return {"n": n} | body if body.get("outcome") == "upheld" else None


TELLS: Final = (Telling("complaint_upheld", complaint_command, {"complaint_answered": _answered}),)
