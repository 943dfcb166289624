"""Plays a script's lines about paying: a payer uses a provider's pages, or chooses another provider."""

from __future__ import annotations

from collections.abc import Mapping

import httpx

from demo.applicant import Filer, via
from demo.insisting import Insisting
from demo.patience import patiently, until
from demo.player import Beside, Played
from demo.scenario import Act
from schemas.ids import payment_workflow
from schemas.level import Channel
from schemas.payment.commands import RenewPayment
from schemas.payment.state import PaymentView


class Paying:
    """The payers of all scenarios. They use the pages of the bank at the address `bank_url`."""

    def __init__(self, bank_url: str) -> None:
        self._bank = bank_url

    @property
    def words(self) -> Mapping[str, Beside]:
        """The method that plays each command of a script, by the name of the command.

        A line without `PAYMENT` means the filing's first payment.
        """
        return {
            "pay": self.pay,
            "pay_late": self.pay_late,
            "charge_back": self.charge_back,
            "renew_payment": self.renew,
        }

    async def pay(self, act: Act, _: Played, __: Filer, page: Insisting) -> None:
        """Plays `pay PAYER [PAYMENT]`: pays the newest request as soon as that can be paid."""
        view = await until(lambda: _payable(page, _payment(act)))
        await self._send(view.pay_url or str(view.code), act.arguments[0])

    async def pay_late(self, act: Act, _: Played, __: Filer, page: Insisting) -> None:
        """Plays `pay_late PAYER [PAYMENT]`: pays the first request, once the fee has been paid by a later request."""
        await until(lambda: _settled(page, _payment(act)))
        await self._send(page.pay_pages(_payment(act))[0], act.arguments[0])

    async def charge_back(self, act: Act, _: Played, __: Filer, page: Insisting) -> None:
        """Plays `charge_back`: the payer's bank charges back the capture of the newest request."""
        await until(lambda: _settled(page, _payment(act)))
        where = await self._page(page.pay_pages(_payment(act))[-1])
        await self._post(where.removesuffix("/pay") + "/chargeback", {})

    async def renew(self, act: Act, _: Played, filer: Filer, page: Insisting) -> None:
        """Plays `renew_payment PROVIDER [late] [PAYMENT]`; with `late`, only once the last request can't be paid."""
        n = _payment(act)
        await until(lambda: _over(page, n) if act.waits else _payable(page, n))
        said = {"actor": filer.actor(act.role), "via": via(Channel.ONLINE), "provider": act.arguments[0]}
        command = RenewPayment.model_validate({"command_id": "renew"} | said)
        await page.act_on(payment_workflow(filer.filing_id, n), command)

    async def _send(self, to: str, payer: str) -> None:
        await self._post(await self._page(to), {"payer": payer})

    async def _page(self, to: str) -> str:
        """Returns the address of the pay page; `to`: its link, or a QR code's text as the payer's app reads it."""
        address = to if to.startswith("http") else str(httpx.URL(f"{self._bank}/vietqr/scan", params={"code": to}))

        async def look() -> str:
            async with httpx.AsyncClient(follow_redirects=True, trust_env=False) as browser:
                try:
                    return str((await browser.get(address)).raise_for_status().url)
                except httpx.TransportError as error:
                    raise ConnectionError from error

        return await patiently(look)

    async def _post(self, address: str, said: Mapping[str, str]) -> None:
        """Sends a form to the bank's page.

        Retries only a failed connection: if only the answer was lost, the money may be paid already.
        """

        async def send() -> None:
            async with httpx.AsyncClient(trust_env=False) as browser:
                try:
                    (await browser.post(address, data=said)).raise_for_status()
                except httpx.ConnectError as error:
                    raise ConnectionError from error
                except httpx.TransportError:
                    return

        await patiently(send)


def _payment(act: Act) -> int:
    return next((int(argument) for argument in act.arguments[1:]), 1)


async def _requested(page: Insisting, n: int) -> PaymentView | None:
    """Returns the n-th payment once money was requested for it; None before."""
    return await page.payment(n) if await page.requested(n) else None


def _can_be_paid(view: PaymentView) -> bool:
    return bool(view.pay_url or view.code)


async def _payable(page: Insisting, n: int) -> PaymentView | None:
    """Returns the n-th payment once its newest request can be paid; None before."""
    view = await _requested(page, n)
    return view if view and _can_be_paid(view) else None


async def _over(page: Insisting, n: int) -> PaymentView | None:
    """Returns the n-th payment once its newest request can't be paid any more; None before."""
    view = await _requested(page, n)
    return view if view and not _can_be_paid(view) else None


async def _settled(page: Insisting, n: int) -> PaymentView | None:
    """Returns the n-th payment once money was captured for it; None before."""
    view = await _requested(page, n)
    return view if view and view.captured else None
