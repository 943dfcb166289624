"""The page where a person pays or refuses to pay: it has a button for every behaviour of a payer."""

import html
from collections.abc import Mapping
from typing import Final

from sandbox.bank.ledger import Json
from sandbox.bank.payers import PAYERS, TRANSFERS, Payer

_STYLE: Final = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:36rem;margin:2rem auto;padding:0 1rem}"
    "button{display:block;width:100%;margin:.4rem 0;padding:.6rem;font:inherit;text-align:left}"
    ".sum{font-size:1.6rem}small{color:#555}"
)
_STATUS: Final = {
    "pending": "Chờ thanh toán · Not yet paid",
    "paid": "Đã thanh toán · Paid",
    "cancelled": "Đã huỷ · Cancelled",
}


def page(order: Json, *, transfer: bool) -> str:
    """Returns the pay page of an order. `transfer`: whether it is a bank transfer, which has more kinds of payers."""
    payers: Mapping[str, Payer] = {**PAYERS, **(TRANSFERS if transfer else {})}
    buttons = "".join(
        f"<button name=payer value={code}>{html.escape(p.vi)}<br><small>{html.escape(p.en)}</small></button>"
        for code, p in payers.items()
    )
    return (
        "<!doctype html><html lang=vi><meta charset=utf-8><meta name=viewport content='width=device-width'>"
        f"<title>Ngân hàng thử nghiệm · Sandbox bank</title><style>{_STYLE}</style>"
        "<h1>Ngân hàng thử nghiệm · Sandbox bank</h1>"
        f"<p>{html.escape(str(order['description']))}</p><p class=sum>{_dong(order['amount'])}</p>"
        f"<p id=status>{_STATUS[str(order['status'])]}{_taken(order)}</p><form method=post>{buttons}</form></html>"
    )


def _taken(order: Json) -> str:
    captures = order["captures"]
    assert isinstance(captures, list)  # noqa: S101 -- the ledger's own
    return "".join(f"<br>+ {_dong(capture['amount'])}" for capture in captures)


def _dong(amount: object) -> str:
    return f"{amount:,} ₫".replace(",", ".")
