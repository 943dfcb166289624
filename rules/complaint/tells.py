"""The message to the filing about an upheld complaint."""

from typing import Any, Final

from rules.telling import Telling, read
from schemas.complaint.state import ComplaintFact
from schemas.filing.commands import SettleComplaint


def complaint_command(raw: Any) -> SettleComplaint:
    """The command that settles an upheld complaint in its filing. Raises `ValueError` for any other content."""
    fact = read(ComplaintFact, raw)
    return SettleComplaint(command_id=f"complaint:{fact.n}", **fact.model_dump())


def _answered(n: int, body: dict[str, Any]) -> dict[str, Any] | None:
    return {"n": n} | body if body.get("outcome") == "upheld" else None


TELLS: Final = (Telling("complaint_upheld", complaint_command, {"complaint_answered": _answered}),)
