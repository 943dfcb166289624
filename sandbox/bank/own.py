"""The bank's reports of captures of its own orders: JSON, with HMAC-SHA256 in hex over the body as `x-signature`."""

import hashlib
import hmac
import json
from datetime import timedelta
from typing import Final

from sandbox.bank.wire import Call, Fact, Merchant, Wire
from sandbox.store import EPOCH


def _tell(merchant: Merchant, fact: Fact) -> Call:
    at = (EPOCH + timedelta(microseconds=fact.at)).isoformat()
    report = {"key": fact.reference, "capture_id": fact.details["capture_id"], "amount": fact.amount, "at": at}
    body = json.dumps(report)
    signature = hmac.new(merchant.secret.encode(), body.encode(), hashlib.sha256).hexdigest()
    return Call("POST", body=body, headers={"content-type": "application/json", "x-signature": signature})


WIRE: Final = Wire(tell=_tell, acknowledged=lambda status, _answer: 200 <= status < 300)  # noqa: PLR2004 -- HTTP's fine
