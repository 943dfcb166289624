"""The national payment platform (Nền tảng thanh toán trực tuyến, Cổng DVCQG), as one province's client uses it.

The checksum `MaXacThuc` is the SHA-256 of the values of certain fields, in order, and the secret, joined by `|`. A
value that contains `|` could be read in two ways, so none is sent and none is accepted. Unknown details, such as the
names of the status codes, are settings of the merchant.
"""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, Literal

import httpx
from pydantic import SecretStr

from activities.partners.http import AnyFields, Partner, RejectedError, UnreachableError
from activities.partners.money import provider as pv
from activities.partners.money.codecs import instant, object_once, plain, stamp
from rules.require import require
from schemas.base import Model

_SYSTEM: Final = "platform"
SIGNATURE: Final = "MaXacThuc"
SUCCESS: Final = "00"
_REPLIES: Final[Mapping[pv.Verdict, str]] = {
    pv.Verdict.CONFIRMED: "00",
    pv.Verdict.UNKNOWN_ORDER: "01",
    pv.Verdict.ALREADY: "02",
    pv.Verdict.WRONG_AMOUNT: "04",
    pv.Verdict.BAD_SIGNATURE: "97",
    pv.Verdict.UNREADABLE: "99",
    pv.Verdict.NOT_KEPT: "99",
}


class Payee(Model):
    """The account of the agency that receives the money (tài khoản thụ hưởng)."""

    account: str
    bank: str
    name: str


class PlatformMerchant(pv.MerchantSettings):
    """A partner of the platform.

    Attributes:
        partner: Our number as a partner, `MaDoiTac`.
        address: Our own IP address, used for a payer whose address is unknown.
        init_fields: The signed fields of a demand, in this order, before the secret; likewise the other `…_fields`.
        states: The outcome of each `TrangThaiGD` in a query; any other means pending.
        failed: `MaLoi` of a callback for a failed payment. Any unknown code means pending, until a query decides.
        reversed: `MaLoi` of a callback for money that was charged back.
        refusals: `MaLoi` that refuses a demand for good. After any other code but `00` the demand is retried.
        unknown: `MaLoi` of the answer to a query about a demand that the platform does not know.
        replies: `MaLoi` of our own answer to a callback, by verdict; without an entry, VNPay's code.
    """

    kind: Literal["platform"]
    partner: str
    secret: SecretStr
    payee: Payee
    init_url: str
    query_url: str
    address: str = "127.0.0.1"
    version: str = "1.0.6"
    init_fields: tuple[str, ...] = (
        *("LoaiBanTin", "PhienBan", "MaDoiTac", "MaThamChieu", "SoTien", "LoaiHinhThanhToan", "MaNgonNgu", "MaTienTe"),
        *("MaNganHang", "ThongTinGiaoDich", "ThoiGianGD", "Ip"),
    )
    query_fields: tuple[str, ...] = ("LoaiBanTin", "PhienBan", "MaDoiTac", "MaThamChieu", "ThoiGianGD")
    query_answer_fields: tuple[str, ...] = (
        *("LoaiBanTin", "MaLoi", "MaDoiTac", "MaThamChieu", "SoTien", "MaTienTe"),
        *("MaGiaoDich", "TrangThaiGD", "ThoiGianGD"),
    )
    callback_fields: tuple[str, ...] = (
        *("LoaiBanTin", "MaLoi", "MaDoiTac", "MaThamChieu", "SoTien", "MaTienTe"),
        *("MaGiaoDich", "MaNganHang", "ThoiGianGD", "ThongTinGiaoDich"),
    )
    states: Mapping[str, pv.Outcome] = {"1": pv.Outcome.PAID, "3": pv.Outcome.PENDING, "4": pv.Outcome.FAILED}
    failed: frozenset[str] = frozenset()
    reversed: frozenset[str] = frozenset()
    refusals: frozenset[str] = frozenset()
    unknown: str = "01"
    replies: Mapping[pv.Verdict, str] = {}


class PlatformDoor:
    """The `Door` for the platform's callbacks, which arrive as JSON."""

    def __init__(self, name: str, merchant: PlatformMerchant) -> None:
        self._name = name
        self._merchant = merchant

    def verified(self, received: pv.Received, now: datetime) -> pv.Notice | pv.Refused:
        merchant, said = self._merchant, _fields(received.body)
        if not signed(merchant.secret, merchant.callback_fields, said) or said.get("MaDoiTac") != merchant.partner:
            return pv.Refused(verdict=pv.Verdict.BAD_SIGNATURE)
        reference = said.get("MaThamChieu", "")
        if not pv.REFERENCE.fullmatch(reference):
            return pv.Refused(verdict=pv.Verdict.UNKNOWN_ORDER)
        amount = dong(said.get("SoTien", ""))
        if amount is None or said.get("MaTienTe") != "VND":
            return pv.Refused(verdict=pv.Verdict.WRONG_AMOUNT, reference=reference)
        code, transaction, at = said.get("MaLoi", ""), said.get("MaGiaoDich", ""), instant(said.get("ThoiGianGD", ""))
        fine = pv.REFERENCE.fullmatch(code) and pv.TRANSACTION.fullmatch(transaction)
        if not fine or at is None or at > now + pv.AHEAD:
            return pv.Refused(verdict=pv.Verdict.UNREADABLE, reference=reference)
        return pv.Notice(
            provider=self._name,
            reference=reference,
            transaction=transaction,
            amount=amount,
            outcome=self._outcome(code),
            said=(code,),
            at=at,
        )

    def reply(self, verdict: pv.Verdict) -> pv.Reply:
        return pv.Reply(
            status=200, body={"MaLoi": {**_REPLIES, **self._merchant.replies}[verdict], "MoTaLoi": verdict.value}
        )

    def _outcome(self, code: str) -> pv.Outcome:
        if code in self._merchant.reversed:
            return pv.Outcome.REVERSED
        if code == SUCCESS:
            return pv.Outcome.PAID
        return pv.Outcome.FAILED if code in self._merchant.failed else pv.Outcome.PENDING


def checksum(secret: SecretStr, fields: tuple[str, ...], said: Mapping[str, str]) -> str:
    """Returns `MaXacThuc` for these fields. The secret comes last, which prevents length extension of the hash."""
    values = [said.get(name, "") for name in fields]
    return hashlib.sha256("|".join([*values, secret.get_secret_value()]).encode()).hexdigest()


def signed(secret: SecretStr, fields: tuple[str, ...], said: Mapping[str, str]) -> bool:
    """Returns whether `MaXacThuc` is the checksum of these values; False for a value with `|`, which is ambiguous."""
    expected, found = checksum(secret, fields, said), said.get(SIGNATURE, "").lower()
    right = hmac.compare_digest(found.encode(), expected.encode())
    return right and not any("|" in said.get(name, "") for name in fields)


def _fields(body: bytes) -> dict[str, str]:
    """Returns the fields of a body; empty if the body is too long or not JSON."""
    try:
        return texts(object_once(body)) if len(body) <= pv.CALLBACK_BYTES else {}
    except ValueError:
        return {}


def texts(said: Mapping[str, Any]) -> dict[str, str]:
    """Returns the fields with a printable text or a whole number, as texts; leaves out all other fields."""
    found = {name: str(value) for name, value in said.items() if isinstance(value, str) or type(value) is int}
    return {name: value for name, value in found.items() if value.isprintable()}


def dong(amount: str) -> int | None:
    """Returns the amount in `SoTien`; None unless it is a whole positive number."""
    whole = int(amount) if amount.isascii() and amount.isdigit() and len(amount) <= len(str(pv.LARGEST)) else 0
    return whole if 0 < whole <= pv.LARGEST else None


class Platform(pv.AtMerchant[PlatformMerchant]):
    """A `Provider` that calls the platform."""

    def __init__(self, name: str, merchant: PlatformMerchant, client: httpx.AsyncClient) -> None:
        super().__init__(name, merchant, "platform")
        self._partner = Partner(_SYSTEM, client)

    async def order(self, demand: pv.NewDemand) -> pv.PaymentMeans:
        asked = {
            **self._common("INIT", demand),
            "SoTien": str(demand.amount),
            "LoaiHinhThanhToan": "",
            "MaNgonNgu": demand.language,
            "MaTienTe": "VND",
            "MaNganHang": "",
            "ThongTinGiaoDich": plain(demand.description),
            "Ip": demand.payer_address or self._merchant.address,
        }
        about, payee = require(demand.about), self._merchant.payee
        receipt = {
            "MaTTHC": about.procedure,
            "MaDVC": f"{about.procedure}.01",
            "TenTTHC": about.procedure_name,
            "MaDonVi": about.agency,
            "TenDonVi": about.agency_name,
            "MaHoSo": about.filing,
            "TKThuHuong": payee.account,
            "MaNHThuHuong": payee.bank,
            "TenTKThuHuong": payee.name,
            "PhiLePhi": [
                {"MaPhiLePhi": line.code, "TenPhiLePhi": line.name, "SoTien": str(line.amount)} for line in about.lines
            ],
        }
        more = {"ThongTinBienLai": receipt}
        said = await self._ask(self._merchant.init_url, asked, self._merchant.init_fields, more)
        url, code = said.get("UrlThanhToan", ""), said.get("MaLoi", "")
        if code in self._merchant.refusals:
            raise RejectedError(_SYSTEM, httpx.codes.OK, code)
        if code != SUCCESS or not url:
            raise UnreachableError(_SYSTEM, "an answer that tells nothing")
        return pv.PaymentMeans(pay_url=url)

    async def query(self, demand: pv.Demand) -> tuple[pv.Notice, ...]:
        merchant, said = self._merchant, await self._queried(demand)
        state, transaction = said.get("TrangThaiGD", ""), said.get("MaGiaoDich", "")
        outcome, amount = merchant.states.get(state, pv.Outcome.PENDING), dong(said.get("SoTien", ""))
        if not transaction and state in merchant.states and outcome in pv.UNPAID:
            transaction, amount = pv.UNNUMBERED, amount or demand.amount
        if said.get("MaLoi") != SUCCESS or amount is None or not pv.TRANSACTION.fullmatch(transaction):
            raise UnreachableError(_SYSTEM, "an answer that tells nothing")
        notice = pv.Notice(
            provider=self._name,
            reference=demand.reference,
            transaction=transaction,
            amount=amount,
            outcome=outcome,
            said=(SUCCESS,) if outcome is pv.Outcome.PAID else (f"query:{state[:20]}",),
            at=instant(said.get("ThoiGianGD", "")),
        )
        return (notice,)

    async def _queried(self, demand: pv.Demand) -> dict[str, str]:
        merchant = self._merchant
        said = await self._ask(merchant.query_url, self._common("QUERY", demand), merchant.query_fields)
        if not signed(merchant.secret, merchant.query_answer_fields, said):
            raise UnreachableError(_SYSTEM, "an answer that is not signed")
        if said.get("MaThamChieu") != demand.reference or said.get("MaDoiTac") != merchant.partner:
            raise UnreachableError(_SYSTEM, "an answer about something else")
        if said.get("MaLoi") == merchant.unknown:
            raise RejectedError(_SYSTEM, httpx.codes.OK, "not_found")
        return said

    def _common(self, kind: str, demand: pv.Demand) -> dict[str, str]:
        return {
            "LoaiBanTin": kind,
            "PhienBan": self._merchant.version,
            "MaDoiTac": self._merchant.partner,
            "MaThamChieu": demand.reference,
            "ThoiGianGD": stamp(demand.made if kind == "INIT" else datetime.now(UTC)),
        }

    async def _ask(
        self, url: str, asked: Mapping[str, str], fields: tuple[str, ...], more: Mapping[str, Any] | None = None
    ) -> dict[str, str]:
        body = {**asked, **(more or {}), SIGNATURE: checksum(self._merchant.secret, fields, asked)}
        answer = await self._partner.call("POST", url, AnyFields, AnyFields.model_validate(body))
        return texts(answer.model_extra or {})
