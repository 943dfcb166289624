"""Reads the cases of working time from their files."""

from datetime import UTC, datetime
from typing import Any

from rules.time import working_time
from schemas.limit import Limit


def at(text: str) -> datetime:
    instant = datetime.fromisoformat(text)
    return (instant if instant.tzinfo else instant.replace(tzinfo=working_time.VIETNAM)).astimezone(UTC)


def limit(text: str) -> Limit:
    return Limit.model_validate(text)


def name(case: dict[str, Any]) -> str:
    pauses = f", {len(case['pauses'])} pauses" if "pauses" in case else ""
    return f"{case['received']} {case['limit']}{pauses} {case.get('agency', '')}"
