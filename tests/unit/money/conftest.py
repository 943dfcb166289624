"""Merchants and a demand for tests of codecs."""

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr

from activities.partners.money.platform import Payee, PlatformMerchant
from activities.partners.money.provider import About, Line, NewDemand
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
