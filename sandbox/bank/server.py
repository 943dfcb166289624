"""The bank's HTTP server: its own JSON, the pay page, the providers' interfaces, and the switches for tests.

- `/orders/{key}`, `/refunds/{key}`, `/ledger`: its own JSON
- `/orders/{key}/pay`: the page where a person pays
- `/vnpay/…`, `/platform/…`, `/vietqr/…`: the providers' interfaces
- `/faults/{wire}`, `/callbacks`, `/orders/{key}/chargeback`, `/orders/{key}/hold`: for tests
"""

from pathlib import Path
from typing import Final
from urllib.parse import parse_qs

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from sandbox.bank import own, platform, vietqr, vnpay
from sandbox.bank.callbacks import Sender
from sandbox.bank.faults import REFUNDS, WIRES, Handler, NewFault, faulty
from sandbox.bank.holding import Hold
from sandbox.bank.ledger import Json, NewOrder, NewRefund
from sandbox.bank.merchants import OWN, merchants
from sandbox.bank.page import page
from sandbox.bank.payers import GIVES_UP, NEVER, TRANSFERS
from sandbox.bank.wire import said_in
from sandbox.bank.wired import WiredLedger
from sandbox.store import ProblemError, application, key_of, microseconds, not_found, parse

_PAYS: Final = "0001"


class BankServer:
    """The handlers of the bank's own JSON, of the pay page, and of the switches for tests."""

    def __init__(self, ledger: WiredLedger, sender: Sender) -> None:
        self._ledger = ledger
        self._sender = sender

    async def put_order(self, request: Request) -> Response:
        order, new = self._ledger.put_order(key_of(request), await parse(request, NewOrder))
        return JSONResponse(_with_pay_url(request, order), 201 if new else 200)

    async def get_order(self, request: Request) -> Response:
        return JSONResponse(_with_pay_url(request, self._ledger.order(key_of(request))))

    async def cancel(self, request: Request) -> Response:
        return JSONResponse(_with_pay_url(request, self._ledger.cancel(key_of(request))))

    async def pay(self, request: Request) -> Response:
        key, payer = key_of(request), _payer(await request.body())
        if payer in TRANSFERS:
            self._ledger.garnish(key, lambda memo: vietqr.garnished(memo, payer))
            payer = _PAYS
        order = self._ledger.pay(key, payer)
        if "text/html" in request.headers.get("accept", ""):
            return RedirectResponse(self._back(key, payer) or str(request.url), 303)
        return JSONResponse(_with_pay_url(request, order))

    async def pay_page(self, request: Request) -> Response:
        key = key_of(request)
        return HTMLResponse(page(self._ledger.order(key), transfer=key.startswith("vietqr:")))

    async def charge_back(self, request: Request) -> Response:
        return JSONResponse(_with_pay_url(request, self._ledger.charge_back(key_of(request))))

    async def put_refund(self, request: Request) -> Response:
        if request.state.untroubled and self._ledger.refuses("orders"):
            raise ProblemError(422, "refused", "The bank gives nothing back.")
        refund, new = self._ledger.put_refund(key_of(request), await parse(request, NewRefund))
        return JSONResponse(refund, 201 if new else 200)

    async def ledger(self, request: Request) -> Response:
        return JSONResponse({"orders": [_with_pay_url(request, order) for order in self._ledger.orders()]})

    async def put_fault(self, request: Request) -> Response:
        new = await parse(request, NewFault)
        with self._ledger.transaction():
            self._ledger.faults.put(_wire(request), new)
        return Response(status_code=204)

    async def clear_faults(self, request: Request) -> Response:
        with self._ledger.transaction():
            self._ledger.faults.clear(_wire(request))
        return Response(status_code=204)

    async def callbacks(self, request: Request) -> Response:
        """Returns all callbacks; with `?reference=`, the callbacks about one order."""
        return JSONResponse({"callbacks": self._ledger.callbacks(request.query_params.get("reference"))})

    async def callback(self, request: Request) -> Response:
        status, answer = await self._sender.call(int(request.path_params["n"]))
        return JSONResponse({"status": status, "answer": answer})

    async def put_hold(self, request: Request) -> Response:
        self._ledger.hold(key_of(request), await parse(request, Hold))
        return Response(status_code=204)

    async def answered(self, request: Request) -> Response:
        return JSONResponse({"answered": self._ledger.answered(key_of(request))})

    def _back(self, key: str, payer: str) -> str | None:
        """Returns the address to which VNPay sends a payer who paid or gave up; None if the payer stays on the page."""
        fact = None if payer == NEVER else self._ledger.last(key)
        url = str(fact.details.get("return", "")) if fact else ""
        if not fact or not url or (fact.state == "failed") != (payer == GIVES_UP):
            return None
        return f"{url}{'&' if '?' in url else '?'}{vnpay.query_of(self._ledger.merchants['vnpay'], fact)}"


def _payer(body: bytes) -> str:
    """Returns the number of the payer chosen on the page; without a choice, that of the payer who pays in full."""
    return parse_qs(body.decode(errors="replace")).get("payer", [_PAYS])[0]


def _wire(request: Request) -> str:
    wire = str(request.path_params["wire"])
    if wire not in WIRES:
        raise not_found()
    return wire


async def _gives_back(request: Request) -> bool:
    """Returns True if a call requests a refund."""
    if not request.url.path.startswith("/vnpay/"):
        return request.url.path.startswith("/refunds/")
    return (await said_in(request)).get("vnp_Command") == "refund"


def _with_pay_url(request: Request, order: Json) -> Json:
    return {**order, "pay_url": str(request.url_for("pay_page", key=order["key"]))}


def bank(data: Path, pay_after: float, callbacks: str, retry_after: float) -> Starlette:
    """Returns the bank over `data/bank.sqlite3`. Times are in seconds.

    `callbacks`: the address to which callbacks are sent; if it is empty, none are sent.
    """
    wires = {"vnpay": vnpay.WIRE, "platform": platform.WIRE, "vietqr": vietqr.WIRE, OWN: own.WIRE}
    file, retry = data / "bank.sqlite3", microseconds(retry_after)
    ledger = WiredLedger(file, microseconds(pay_after), wires, merchants(data), retry, told=bool(callbacks))
    sender = Sender(ledger, callbacks)
    return application(ledger, _routes(ledger, sender), *([sender.forever] if callbacks else []))


def _routes(ledger: WiredLedger, sender: Sender) -> list[Route]:
    here = BankServer(ledger, sender)
    pays, asks = vnpay.VnPayWire(ledger, sender), platform.PlatformWire(ledger, sender)
    takes = vietqr.VietQrWire(ledger)

    def on(wire: str, path: str, method: str, handle: Handler) -> Route:
        async def handled(request: Request) -> Response:
            about = REFUNDS if await _gives_back(request) else wire
            fault = ledger.asked_fault(about) or ledger.asked_fault(wire)
            request.state.untroubled = fault is None
            return await faulty(fault, request, handle)

        return Route(path, handled, methods=[method])

    return [
        on("orders", "/orders/{key}", "PUT", here.put_order),
        on("orders", "/orders/{key}", "GET", here.get_order),
        on("orders", "/orders/{key}/cancel", "POST", here.cancel),
        on("orders", "/refunds/{key}", "PUT", here.put_refund),
        on("vnpay", "/vnpay/merchant_webapi/api/transaction", "POST", pays.transaction),
        on("platform", "/platform/init", "POST", asks.init),
        on("platform", "/platform/query", "POST", asks.query),
        Route("/vnpay/paymentv2/vpcpay.html", pays.pay, methods=["GET"]),
        Route("/vietqr/scan", takes.scan, methods=["GET"]),
        Route("/vietqr/transfers", takes.transfer, methods=["POST"]),
        Route("/orders/{key}/pay", here.pay, methods=["POST"]),
        Route("/orders/{key}/pay", here.pay_page, methods=["GET"], name="pay_page"),
        Route("/orders/{key}/chargeback", here.charge_back, methods=["POST"]),
        Route("/ledger", here.ledger, methods=["GET"]),
        Route("/faults/{wire}", here.put_fault, methods=["PUT"]),
        Route("/faults/{wire}", here.clear_faults, methods=["DELETE"]),
        Route("/orders/{key}/hold", here.put_hold, methods=["PUT"]),
        Route("/orders/{key}/hold", here.answered, methods=["GET"]),
        Route("/callbacks", here.callbacks, methods=["GET"]),
        Route("/callbacks/{n:int}", here.callback, methods=["POST"]),
    ]
