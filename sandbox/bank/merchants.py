"""The bank's merchants, one for each provider's interface. The bank makes their keys: `merchants.json` in its folder.

A client that acts as a merchant reads the merchant's key there.
"""

import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from sandbox.bank.wire import Merchant

FILE: Final = "merchants.json"
_NAMES: Final = {"vnpay": "MOTCUA01", "platform": "MOTCUA", "vietqr": "1903001234567"}
OWN: Final = "bank"
"""The merchant of the bank's own JSON. Only a bank with this merchant reports the captures of its own orders."""
STRANGER: Final = "STRANGER"
BANK: Final = "970400"

# Invented codes, where those of the real wires are not known: VNPay's for reversed money, the platform's for reversed
# money and for a failed payment.
VNPAY_REVERSED: Final = "12"
PLATFORM_FAILED: Final = "02"
PLATFORM_REVERSED: Final = "12"
PLATFORM_STATE_REVERSED: Final = "5"


def own_settings(data: Path, url: str) -> Mapping[str, object]:
    """Returns the settings with which a client uses the bank's own JSON; also makes the bank report its captures."""
    return {"kind": "bank", "url": url, "secret": merchants(data, reports=True)[OWN].secret, "pending_minutes": 0}


def as_settings(data: Path, url: str, return_url: str) -> Mapping[str, Mapping[str, object]]:
    """Returns the settings with which a client acts as these merchants at the bank's address `url`.

    `pending_minutes` is 0, because this bank knows every payment at once: it reports none late.
    """
    at_once = {"pending_minutes": 0}
    vnpay, platform, vietqr = (merchants(data)[wire] for wire in _NAMES)
    return {
        "vnpay": {
            "kind": "vnpay",
            "terminal": vnpay.name,
            "secret": vnpay.secret,
            "pay_url": f"{url}/vnpay/paymentv2/vpcpay.html",
            "api_url": f"{url}/vnpay/merchant_webapi/api/transaction",
            "return_url": return_url,
            "reversed": [VNPAY_REVERSED],
            **at_once,
        },
        "platform": {
            "kind": "platform",
            "partner": platform.name,
            "secret": platform.secret,
            "payee": {"account": vietqr.name, "bank": BANK, "name": "Kho bạc Nhà nước thử nghiệm"},
            "init_url": f"{url}/platform/init",
            "query_url": f"{url}/platform/query",
            "states": {"1": "paid", "3": "pending", "4": "failed", PLATFORM_STATE_REVERSED: "reversed"},
            "failed": [PLATFORM_FAILED],
            "reversed": [PLATFORM_REVERSED],
            **at_once,
        },
        "vietqr": {"kind": "vietqr", "bank": BANK, "account": vietqr.name, "secret": vietqr.secret, **at_once},
    }


def merchants(data: Path, *, reports: bool = False) -> Mapping[str, Merchant]:
    """Returns the merchants in a folder, by interface; makes missing ones. With `reports`, one is `OWN`."""
    file, names = data / FILE, {**_NAMES, OWN: OWN} if reports else _NAMES
    known = json.loads(file.read_text()) if file.exists() else {}
    if names.keys() - known.keys():
        data.mkdir(parents=True, exist_ok=True)
        made = {wire: {"name": name, "secret": secrets.token_urlsafe(24)} for wire, name in names.items()} | known
        beside = file.with_suffix(".new")
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as new:
            json.dump(made, new)
        beside.replace(file)
    return {wire: Merchant(**found) for wire, found in json.loads(file.read_text()).items()}
