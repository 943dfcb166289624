"""The bank's one merchant on each wire, with keys of its own making: `merchants.json` in its folder.

Whoever wants to be that merchant reads them there.
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
STRANGER: Final = "STRANGER"
BANK: Final = "970400"

# What the wires say where nobody has found what the real ones say: VNPay of money that was taken back, the platform of
# that and of what failed.
VNPAY_REVERSED: Final = "12"
PLATFORM_FAILED: Final = "02"
PLATFORM_REVERSED: Final = "12"
PLATFORM_STATE_REVERSED: Final = "5"


def as_settings(data: Path, url: str, return_url: str) -> Mapping[str, Mapping[str, object]]:
    """What is set for whoever is these merchants of a bank at `url`, with the codes that are the sandbox's own.

    It is not waited for what the bank does not know once the time to pay is over: nobody has paid then.
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


def merchants(data: Path) -> Mapping[str, Merchant]:
    """Those of this folder, made when they are first wanted."""
    file = data / FILE
    if not file.exists():
        data.mkdir(parents=True, exist_ok=True)
        made = {wire: {"name": name, "secret": secrets.token_urlsafe(24)} for wire, name in _NAMES.items()}
        beside = file.with_suffix(".new")
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as new:
            json.dump(made, new)
        beside.replace(file)
    return {wire: Merchant(**found) for wire, found in json.loads(file.read_text()).items()}
