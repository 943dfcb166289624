"""Merchants, a demand, and a provider with one fixed answer, for tests of the providers' formats."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
from pydantic import SecretStr

from activities.partners.http import RejectedError
from activities.partners.money.platform import Payee, PlatformMerchant
from activities.partners.money.provider import (
    CAPABILITIES,
    About,
    Demand,
    Expected,
    Kind,
    Line,
    NewDemand,
    Notice,
    Outcome,
)
from activities.partners.money.provider_queries import NEVER_MADE, Asking
from activities.partners.money.vietqr import VietQrMerchant
from activities.partners.money.vnpay import VnPayMerchant

NOW = datetime(2026, 11, 27, 3, 0, tzinfo=UTC)


@pytest.fixture
def vnpay() -> VnPayMerchant:
    return VnPayMerchant(
        kind="vnpay",
        terminal="MOTCUA01",
        secret=SecretStr("a key"),
        pay_url="https://vnpay.test/pay",
        api_url="https://vnpay.test/api",
        return_url="https://portal.test/back?x=1",
    )


@pytest.fixture
def platform() -> PlatformMerchant:
    return PlatformMerchant(
        kind="platform",
        partner="MOTCUA",
        secret=SecretStr("a key"),
        payee=Payee(account="1234567890", bank="NCB", name="Sở Tư pháp"),
        init_url="https://platform.test/init",
        query_url="https://platform.test/query",
    )


@pytest.fixture
def vietqr() -> VietQrMerchant:
    return VietQrMerchant(kind="vietqr", bank="970400", account="1903001234567", secret=SecretStr("a key"))


@pytest.fixture
def demand() -> NewDemand:
    return NewDemand(
        key="fee:0d9c2f4e-7a51-5b0e-9c57-3f1f6a0c2b11:1",
        amount=135_000,
        description="Lệ phí: Đổi giấy phép | lái xe",
        made=NOW,
        expires=NOW + timedelta(minutes=15),
        about=About(
            procedure="1.002835",
            procedure_name="Đổi giấy phép lái xe",
            agency="H01.12",
            agency_name="Sở Xây dựng",
            filing="H01.12-20261127-0000001",
            lines=(Line(code="licence", name="Lệ phí", amount=135_000),),
        ),
    )


MADE: Final = datetime(2026, 11, 27, tzinfo=UTC)
REFERENCE: Final = "MC234567ABCDEFGHIJ"
OTHER: Final = "MC765432JIHGFEDCBA"
KNOWN: Final = {REFERENCE: Expected(amount=135_000, settled=False), OTHER: Expected(amount=20_000, settled=False)}
"""The known demands, by their references."""


@dataclass
class Wire:
    """A provider with one fixed answer, which keeps the requests that it receives."""

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

    async def confirm(self, demand: Demand, transaction: str) -> tuple[Notice, ...]:
        self.asked.append(transaction)
        if transaction == "unknown":
            raise RejectedError("x", 200, NEVER_MADE)
        [found] = self._answer("confirm", demand)
        return (found.model_copy(update={"transaction": transaction, "outcome": Outcome(transaction)}),)

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
