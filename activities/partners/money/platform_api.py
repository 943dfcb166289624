"""Calls to the national payment platform: requests for money, and queries of their state."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import httpx
from pydantic import ConfigDict

from activities.partners.http import Partner, PartnerResponse, RejectedError, UnreachableError
from activities.partners.money import provider as pv
from activities.partners.money.codecs import instant, stamp
from activities.partners.money.platform import SIGNATURE, SUCCESS, PlatformMerchant, checksum, dong, signed, texts
from activities.partners.money.vnpay import plain
from rules.require import require

_SYSTEM: Final = "platform"


class _Said(PartnerResponse):
    model_config = ConfigDict(frozen=True, extra="allow")


class Platform(pv.AtMerchant[PlatformMerchant]):
    """A `Provider` over the platform."""

    def __init__(self, name: str, merchant: PlatformMerchant, client: httpx.AsyncClient) -> None:
        super().__init__(name, merchant, "platform")
        self._partner = Partner(_SYSTEM, client)

    async def order(self, demand: pv.NewDemand) -> pv.Asked:
        asked = {
            **self._common("INIT", demand),
            "SoTien": str(demand.amount),
            "LoaiHinhThanhToan": "",
            "MaNgonNgu": demand.language,
            "MaTienTe": "VND",
            "MaNganHang": "",
            "ThongTinGiaoDich": plain(demand.description),
            "Ip": demand.payer_address,
        }
        receipt = {"ThongTinBienLai": self._receipt(demand)}
        said = await self._ask(self._merchant.init_url, asked, self._merchant.init_fields, receipt)
        url = said.get("UrlThanhToan", "")
        code = said.get("MaLoi", "")
        if code in self._merchant.refusals:
            raise RejectedError(_SYSTEM, httpx.codes.OK, code)
        if code != SUCCESS or not url:
            raise UnreachableError(_SYSTEM, "an answer that tells nothing")
        return pv.Asked(pay_url=url)

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
        """Returns the platform's signed answer about a demand."""
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

    def _receipt(self, demand: pv.NewDemand) -> dict[str, Any]:
        about, payee = require(demand.about), self._merchant.payee
        return {
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

    async def _ask(
        self, url: str, asked: Mapping[str, str], fields: tuple[str, ...], more: Mapping[str, Any] | None = None
    ) -> dict[str, str]:
        body = {**asked, **(more or {}), SIGNATURE: checksum(self._merchant.secret, fields, asked)}
        answer = await self._partner.call("POST", url, _Said, _Said.model_validate(body))
        return texts(answer.model_extra or {})
