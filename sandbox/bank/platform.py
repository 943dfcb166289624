"""The bank as the national payment platform: INIT, query, and callbacks.

It shares no code with the adapter that calls it, so that a mistake in one of them does not hide in both.
"""

import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.bank.callbacks import Sender
from sandbox.bank.merchants import PLATFORM_FAILED, PLATFORM_REVERSED, PLATFORM_STATE_REVERSED
from sandbox.bank.wire import Call, Fact, Merchant, State, Wire, number, ordered, said_in, stamp
from sandbox.bank.wired import Standing, WiredLedger

_CODES: Final[Mapping[State, str]] = {"paid": "00", "failed": PLATFORM_FAILED, "reversed": PLATFORM_REVERSED}
_INIT: Final = [
    *("LoaiBanTin", "PhienBan", "MaDoiTac", "MaThamChieu", "SoTien", "LoaiHinhThanhToan", "MaNgonNgu", "MaTienTe"),
    *("MaNganHang", "ThongTinGiaoDich", "ThoiGianGD", "Ip"),
]
_QUERY: Final = ["LoaiBanTin", "PhienBan", "MaDoiTac", "MaThamChieu", "ThoiGianGD"]
_QUERIED: Final = [
    *("LoaiBanTin", "MaLoi", "MaDoiTac", "MaThamChieu", "SoTien", "MaTienTe", "MaGiaoDich", "TrangThaiGD"),
    "ThoiGianGD",
]
_CALLBACK: Final = [
    *("LoaiBanTin", "MaLoi", "MaDoiTac", "MaThamChieu", "SoTien", "MaTienTe", "MaGiaoDich", "MaNganHang", "ThoiGianGD"),
    "ThongTinGiaoDich",
]


def checksum(secret: str, names: list[str], said: Mapping[str, object]) -> str:
    return hashlib.sha256("|".join([*(str(said.get(name, "")) for name in names), secret]).encode()).hexdigest()


def _tell(merchant: Merchant, fact: Fact) -> Call:
    said = {
        "LoaiBanTin": "CALLBACK",
        "MaLoi": _CODES[fact.state],
        "MaDoiTac": merchant.name,
        "MaThamChieu": fact.reference,
        "SoTien": str(fact.amount),
        "MaTienTe": "VND",
        "MaGiaoDich": fact.number,
        "MaNganHang": "NCB",
        "ThoiGianGD": stamp(fact.at),
        "ThongTinGiaoDich": fact.description,
    }
    body = json.dumps({**said, "MaXacThuc": checksum(merchant.secret, _CALLBACK, said)})
    return Call("POST", body=body, headers={"content-type": "application/json"})


def _acknowledged(status: int, answer: str) -> bool:
    try:
        return status == 200 and json.loads(answer)["MaLoi"] in {"00", "02"}  # noqa: PLR2004 -- HTTP's OK
    except (ValueError, KeyError, TypeError):
        return False


WIRE: Final = Wire(tell=_tell, acknowledged=_acknowledged)


class PlatformWire:
    """The handlers of the national payment platform's API."""

    def __init__(self, ledger: WiredLedger, sender: Sender) -> None:
        self._ledger = ledger
        self._sender = sender
        self._merchant = ledger.merchants["platform"]

    async def init(self, request: Request) -> Response:
        said = await said_in(request)
        if not self._signed(said, _INIT):
            return JSONResponse({"MaLoi": "97"})
        details = {"receipt": said.get("ThongTinBienLai")}
        reference, amount = ordered(said.get("MaThamChieu"), said.get("SoTien"))
        key = self._ledger.open("platform", reference, amount, str(said.get("ThongTinGiaoDich")), details)
        if self._ledger.at_once(key, "platform"):
            await self._sender.once()
        return JSONResponse({"MaLoi": "00", "UrlThanhToan": str(request.url_for("pay_page", key=key))})

    async def query(self, request: Request) -> Response:
        said = await said_in(request)
        if not self._signed(said, _QUERY):
            return JSONResponse({"MaLoi": "97"})
        key = f"platform:{said.get('MaThamChieu')}"
        if not self._ledger.queried(key):
            return Response(status_code=503)
        standing = self._ledger.queried_standing(key, "platform")
        answer = {
            "LoaiBanTin": "QUERY",
            "MaDoiTac": self._merchant.name,
            "MaThamChieu": said.get("MaThamChieu", ""),
            "MaTienTe": "VND",
            "ThoiGianGD": stamp(time.time_ns() // 1000),
            **(_query_answer(standing) if standing else {"MaLoi": "01"}),
        }
        answer["MaXacThuc"] = checksum(self._merchant.secret, _QUERIED, answer)
        return JSONResponse(answer)

    def _signed(self, said: Mapping[str, object], names: list[str]) -> bool:
        expected = checksum(self._merchant.secret, names, said)
        right = hmac.compare_digest(str(said.get("MaXacThuc", "")).encode(), expected.encode())
        return right and said.get("MaDoiTac") == self._merchant.name


def _query_answer(standing: Standing) -> dict[str, str]:
    n = next(iter(standing.captures), 0)
    capture_id, amount, _ = standing.captures.get(n, ("", standing.amount, 0))
    state = "4" if standing.failed_at else "3"
    if capture_id:
        state = PLATFORM_STATE_REVERSED if capture_id in standing.charged_back else "1"
    return {"MaLoi": "00", "SoTien": str(amount), "MaGiaoDich": number(n) if n else "0", "TrangThaiGD": state}
