"""All configured merchants by their names in the settings, and the adapters for them."""

from collections.abc import Mapping
from typing import Annotated, TypeAlias

import httpx
from pydantic import Field

from activities.partners.money.bank import BankDoor, BankMerchant, HttpBank, OwnBank
from activities.partners.money.platform import Platform, PlatformDoor, PlatformMerchant
from activities.partners.money.provider import Door, Provider
from activities.partners.money.vietqr import VietQr, VietQrMerchant
from activities.partners.money.vnpay import VnPay, VnPayDoor, VnPayMerchant
from schemas.base import Code

Merchant: TypeAlias = Annotated[
    VnPayMerchant | PlatformMerchant | VietQrMerchant | BankMerchant, Field(discriminator="kind")
]
Merchants: TypeAlias = Mapping[Code, Merchant]


def provider(name: str, merchant: Merchant, client: httpx.AsyncClient) -> Provider:
    """Returns the adapter that calls the merchant's provider. `client` needs no base address."""
    match merchant:
        case VnPayMerchant():
            return VnPay(name, merchant, client)
        case PlatformMerchant():
            return Platform(name, merchant, client)
        case VietQrMerchant():
            return VietQr(name, merchant)
        case BankMerchant():
            return OwnBank(name, HttpBank(client, merchant.url), push=True)


def door(name: str, merchant: Merchant) -> Door:
    """Returns the receiver of the merchant's callbacks."""
    match merchant:
        case VnPayMerchant():
            return VnPayDoor(name, merchant)
        case PlatformMerchant():
            return PlatformDoor(name, merchant)
        case VietQrMerchant():
            return VietQr(name, merchant)
        case BankMerchant():
            return BankDoor(name, merchant)
