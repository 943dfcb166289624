"""The sandbox post: an HTTP interface like VNPost's, as far as that is known, with a ledger of its own.

Run as `python -m sandbox.post --port N --data DIR [--step-after SECONDS]`. A consignment goes accepted →
in_transit → delivered, one step every `--step-after` seconds, except for these postcodes:

- `99902` comes back; `99904` stays in transit for ever
- `99903`: the first parcel of a filing is lost; `99910`: it is damaged. Later parcels of the filing are delivered
- `99905` is delivered after one invitation (giấy mời); `99906` comes back after two
- `99907`: the first parcel is lost, but delivered after all when the second is sent; the second is delivered 60 steps
  after a query has shown the first as delivered
- `99908` comes back, but is delivered after all, 15 steps after a query has shown it as returned
- `99909` is refused; `99911` has an unknown status, then is delivered; `99912` is accepted and never leaves
- `99913` leaves at once, before it can be cancelled, and is delivered after 60 steps

`PUT /outage` with `{"seconds": 600}` makes the post answer 503 for 600 s. `GET /tracking?code=…` is the public page.
The ledger keeps no recipient, only a digest that identifies a repeated request.
"""

import base64
import binascii
import hashlib
import hmac
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import ConfigDict, Field
from pydantic.alias_generators import to_pascal
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from sandbox.post_ledger import Consignment, PostLedger, RefusedError
from sandbox.post_page import WORDS, page
from sandbox.store import KEY, Message, ProblemError, application, arguments, invalid, iso, microseconds, parse, serve

CUSTOMER_KEY: Final = "sandbox"
SECRET_KEY: Final = "sandbox"  # noqa: S105 -- of a sandbox, for everybody to know
TOKEN_SECONDS: Final = 300
_LONGEST_OUTAGE: Final = 86_400

Line = Annotated[str, Field(max_length=500)]
RequiredLine = Annotated[str, Field(min_length=1, max_length=500)]
OrderNumber = Annotated[str, Field(pattern=KEY.pattern, max_length=200)]
Handler = Callable[[Request], Awaitable[Response]]


class _Wire(Message):
    """A request body whose fields have the post's own names."""

    model_config = ConfigDict(alias_generator=to_pascal)


class Order(_Wire):
    """Body of `POST /order/post`. `CODAmount`: in đồng; `ReceiverPostcode`: the five-digit national postcode."""

    customer_code: RequiredLine
    order_number: OrderNumber
    item_code: Line = ""
    cod_amount: Annotated[int, Field(alias="CODAmount", ge=0, lt=2**53)]
    sender_name: RequiredLine
    sender_tel: Line
    sender_address: RequiredLine
    sender_province: Line
    sender_district: Line = ""
    receiver_name: RequiredLine
    receiver_tel: RequiredLine
    receiver_address: RequiredLine
    receiver_province: Line
    receiver_district: Line = ""
    receiver_postcode: Annotated[str, Field(pattern=r"^[0-9]{5}$")]
    description: RequiredLine
    flag_config: Annotated[int, Field(ge=2, le=2)]


class Cancellation(_Wire):
    """Body of `POST /order/cancel`."""

    customer_code: RequiredLine
    order_number: OrderNumber


class Outage(Message):
    """Body of `PUT /outage`."""

    seconds: Annotated[int, Field(ge=0, le=_LONGEST_OUTAGE)]


class PostServer:
    """The post's HTTP interface."""

    def __init__(self, ledger: PostLedger) -> None:
        self._ledger = ledger

    def routes(self) -> list[Route]:
        return [
            Route("/token", self._answering(self.token), methods=["POST"]),
            Route("/order/post", self._known(self.order), methods=["POST"]),
            Route("/order/cancel", self._known(self.cancel), methods=["POST"]),
            Route("/order/tracking", self._known(self.tracking), methods=["GET"]),
            Route("/tracking", self.page, methods=["GET"]),
            Route("/outage", self.outage, methods=["PUT"]),
            Route("/ledger", self.ledger, methods=["GET"]),
        ]

    async def token(self, request: Request) -> Response:
        """Answers with a token, valid for five minutes, if the caller sends the right keys."""
        if not _knows_the_keys(request.headers.get("authorization", "")):
            raise _unauthorised()
        until = int(time.time()) + TOKEN_SECONDS
        token = f"{until}.{_signed(until)}"
        return JSONResponse({"access_token": token, "token_type": "Bearer", "expires_in": TOKEN_SECONDS})

    async def order(self, request: Request) -> Response:
        order = await parse(request, Order)
        content = order.model_dump_json()
        made = self._ledger.order(order.order_number, content, order.receiver_postcode, order.cod_amount)
        return _ok(made)

    async def cancel(self, request: Request) -> Response:
        order = await parse(request, Cancellation)
        return _ok(self._ledger.cancel(order.order_number))

    async def tracking(self, request: Request) -> Response:
        key = request.query_params.get("OrderNumber", "")
        if not KEY.fullmatch(key):
            raise invalid(("OrderNumber", "pattern"))
        found = self._ledger.tell(key)
        steps = [
            {"StatusCode": WORDS[status][0], "StatusMessage": WORDS[status][1], "Time": iso(at)}
            | ({"CODCollected": found.cod} if status == "delivered" and found.cod else {})
            for status, at in found.history
        ]
        return _ok(found, Tracking=steps)

    async def page(self, request: Request) -> Response:
        code = request.query_params.get("code", "")
        return HTMLResponse(page(code, self._ledger.by_waybill(code)))

    async def outage(self, request: Request) -> Response:
        self._ledger.break_down(microseconds((await parse(request, Outage)).seconds))
        return Response(status_code=204)

    async def ledger(self, _request: Request) -> Response:
        return JSONResponse({"consignments": [each.listed() for each in self._ledger.consignments()]})

    def _answering(self, handler: Handler) -> Handler:
        async def answer(request: Request) -> Response:
            if self._ledger.is_down():
                raise ProblemError(503, "down", "The post answers nobody for now.")
            return await handler(request)

        return answer

    def _known(self, handler: Handler) -> Handler:
        """Returns the handler behind a token check. As at VNPost, a refusal is a body whose `Status` is not 100."""

        async def answer(request: Request) -> Response:
            if not _is_good(request.headers.get("authorization", "")):
                raise _unauthorised()
            try:
                return await handler(request)
            except RefusedError as refused:
                return JSONResponse({"Status": refused.code, "Message": refused.message})

        return self._answering(answer)


def _ok(consignment: Consignment, **more: Any) -> Response:
    said = {"Status": "100", "OrderNumber": consignment.key, "ItemCode": consignment.waybill}
    return JSONResponse(said | more)


def _unauthorised() -> ProblemError:
    return ProblemError(401, "unauthorised", "The key or the token is not good. Ask for another token.")


def _knows_the_keys(header: str) -> bool:
    kind, _, given = header.partition(" ")
    try:
        said = base64.b64decode(given, validate=True)
    except binascii.Error:
        return False
    return kind == "Basic" and hmac.compare_digest(said, f"{CUSTOMER_KEY}:{SECRET_KEY}".encode())


def _signed(until: int) -> str:
    return hmac.new(SECRET_KEY.encode(), str(until).encode(), hashlib.sha256).hexdigest()


def _is_good(header: str) -> bool:
    until, _, signature = header.removeprefix("Bearer ").partition(".")
    whole = until.isascii() and until.isdigit() and len(until) < len(str(2**63))
    return whole and hmac.compare_digest(signature.encode(), _signed(int(until)).encode()) and int(until) > time.time()


def post(data: Path, step_after: float) -> Starlette:
    """Returns the post over `data/post.sqlite3`; `step_after` in seconds."""
    ledger = PostLedger(data / "post.sqlite3", microseconds(step_after))
    return application(ledger, PostServer(ledger).routes())


def main() -> None:
    parser = arguments("Sandbox post")
    parser.add_argument("--step-after", type=float, default=0.2, help="seconds from one status to the next")
    options = parser.parse_args()
    serve(post(options.data, options.step_after), options)


if __name__ == "__main__":
    main()
