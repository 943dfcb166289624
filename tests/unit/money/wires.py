"""A provider with one fixed answer, and the requests to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from activities.partners.money.provider import CAPABILITIES, Demand, Expected, Kind, Notice, Outcome
from activities.partners.money.provider_queries import Asking

MADE: Final = datetime(2026, 11, 27, tzinfo=UTC)
REFERENCE: Final = "MC234567ABCDEFGHIJ"
OTHER: Final = "MC765432JIHGFEDCBA"
KNOWN: Final = {REFERENCE: Expected(amount=135_000, settled=False), OTHER: Expected(amount=20_000, settled=False)}
"""What is demanded, by its reference."""


@dataclass
class Wire:
    """A provider with one fixed answer, which keeps the requests to it."""

    kind: Kind
    says: str | Exception | None = None
    asked: list[str] = field(default_factory=list)

    @property
    def can(self) -> Any:
        return CAPABILITIES[self.kind]

    async def query(self, demand: Demand) -> tuple[Notice, ...]:
        return self._answer("query", demand)

    async def cancel(self, demand: Demand) -> tuple[Notice, ...]:
        return self._answer("cancel", demand)

    def _answer(self, how: str, demand: Demand) -> tuple[Notice, ...]:
        self.asked.append(how)
        if isinstance(self.says, Exception):
            raise self.says
        if self.says is None:
            return ()
        said: dict[str, Any] = {"provider": "x", "amount": demand.amount, "said": ("00",), "outcome": Outcome.PAID}
        return (Notice(reference=demand.reference, transaction=self.says, at=MADE, **said),)


def asking(provider: str, attempt: int = 1, *, over: bool = False) -> Asking:
    demand = Demand(key=f"fee:x:1:{attempt}", amount=16_000, description="d", made=MADE, expires=MADE)
    return Asking(provider=provider, demand=demand, attempt=attempt, over=over)
