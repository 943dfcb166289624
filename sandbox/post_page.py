"""The public tracking page of the sandbox post: it shows a parcel by its item code, without the recipient."""

import html
from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from sandbox.post_ledger import Consignment
from sandbox.store import EPOCH

WORDS: Final = {
    "accepted": ("C01", "Chấp nhận gửi"),
    "in_transit": ("C02", "Đang vận chuyển"),
    "invited": ("C03", "Phát không thành công, đã để giấy mời"),
    "delivered": ("C04", "Phát thành công"),
    "returned": ("C05", "Đã chuyển hoàn cho người gửi"),
    "lost": ("C06", "Thất lạc"),
    "damaged": ("C07", "Hư hỏng"),
    "cancelled": ("C08", "Đã huỷ"),
    "strange": ("Z77", "Đang chờ thông quan"),
}
"""The post's code and text of each status."""

_HANOI: Final = timedelta(hours=7)


def page(waybill: str, found: Consignment | None) -> str:
    """Returns the tracking page for an item code. `found`: the consignment with this code, if any."""
    code = html.escape(waybill)
    said = "<p>Không tìm thấy mã bưu gửi này.</p>" if found is None else _steps(found.history)
    return (
        "<!doctype html><html lang=vi><meta charset=utf-8>"
        f"<title>Tra cứu bưu gửi {code}</title>"
        "<form><label>Mã bưu gửi <input name=code></label> <button>Tra cứu</button></form>"
        f"<h1>{code}</h1>{said}</html>"
    )


def _steps(history: Iterable[tuple[str, int]]) -> str:
    rows = "".join(f"<tr><td>{_hour(at)}<td>{WORDS[status][1]}" for status, at in history)
    return f"<table><tr><th>Thời gian<th>Trạng thái{rows}</table>"


def _hour(at: int) -> str:
    return f"{EPOCH + timedelta(microseconds=at) + _HANOI:%d/%m/%Y %H:%M:%S}"
