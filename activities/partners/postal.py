"""The interface to any carrier, and the adapter to VNPost.

Every call carries a business key by which the post recognises a repeat, so a call whose answer was lost is simply
repeated. A failed call raises `UnreachableError` (outcome unknown) or `RejectedError` (refused, with the post's code).

VNPost's calls for a token, an order, a cancellation and tracking are known. The unknown parts are settings of the
contract: the meaning of the status codes, and the answers that are refusals. A code without a meaning in the contract
is stored as received. After any other answer that the contract does not name, the outcome is unknown, so the call is
retried.
"""

import base64
import time
from collections.abc import Mapping
from typing import Annotated, Final, Protocol, TypeVar

import httpx
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, SecretStr
from pydantic.alias_generators import to_pascal

from activities.partners.http import Partner, PartnerResponse, RejectedError, UnreachableError
from schemas.parcel.state import Meaning, Step
from schemas.people import Address


class Order(BaseModel):
    """A consignment to hand over for an agency. `cod` is the amount that the postman collects, in đồng.

    The recipient's address is personal data, so the repr does not show it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: str
    agency: str
    address: Address = Field(repr=False)
    contents: str
    cod: int = 0


class Consignment(BaseModel):
    """A consignment in the post's records. Its `steps` are sorted, the oldest first."""

    model_config = ConfigDict(frozen=True)

    key: str
    waybill: str
    steps: tuple[Step, ...] = ()


class Post(Protocol):
    """A postal carrier."""

    async def send(self, order: Order) -> str:
        """Hands the consignment over, at most once; returns its waybill. Raises `RejectedError` if it is refused."""

    async def get(self, key: str) -> Consignment:
        """Returns the consignment's current state. Raises `RejectedError` if it was never handed over."""

    async def cancel(self, key: str) -> bool:
        """Cancels the consignment. Returns False if it is already in transit, or was never handed over."""


_SYSTEM: Final = "post"
_OK: Final = "100"
_UNREADABLE: Final = frozenset({400, 422})
"""HTTP statuses that refuse a request for its content."""

_LONGEST: Final = 200
"""The maximum number of characters of the post's texts that are stored."""

_EARLIER: Final = 30.0
"""The number of seconds before a token's expiry from which the token is no longer used."""


class Sender(BaseModel):
    """The sender, as printed on the label."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    tel: str = ""
    address: str
    province: str = ""


class Contract(BaseModel):
    """The terms agreed with the post, which calls us `customer`. The default values are for the sandbox.

    `senders` are the senders by agency; `sender` is the sender for all other agencies. `words` are the meanings of
    status codes. The rest are codes of answers: `refusals` refuse an order for good, `left_already` means that a
    cancellation came too late, `unknown` that there is no such order.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    customer: str = "MOTCUA"
    sender: Sender = Sender(name="Bộ phận Một cửa", address="Trung tâm Phục vụ hành chính công")
    senders: Mapping[str, Sender] = {}
    words: Mapping[str, Meaning] = {
        "C01": Meaning.ACCEPTED,
        "C02": Meaning.IN_TRANSIT,
        "C03": Meaning.INVITED,
        "C04": Meaning.DELIVERED,
        "C05": Meaning.RETURNED,
        "C06": Meaning.LOST,
        "C07": Meaning.DAMAGED,
        "C08": Meaning.CANCELLED,
    }
    refusals: frozenset[str] = frozenset({"110", "120"})
    left_already: str = "130"
    unknown: str = "140"


class _Wire(PartnerResponse):
    model_config = ConfigDict(frozen=True, alias_generator=to_pascal, populate_by_name=True)


class _Order(_Wire):
    customer_code: str
    order_number: str
    item_code: str = ""  # the post assigns it
    cod_amount: Annotated[int, Field(alias="CODAmount")]
    sender_name: str
    sender_tel: str
    sender_address: str
    sender_province: str
    sender_district: str = ""
    receiver_name: str
    receiver_tel: str
    receiver_address: str
    receiver_province: str
    receiver_district: str = ""
    receiver_postcode: str
    description: str
    flag_config: int = 2  # from an agency to a person


class _Cancellation(_Wire):
    customer_code: str
    order_number: str


class _Answer(_Wire):
    """The answer to each call except the request for a token. Absent fields are empty."""

    status: str
    item_code: str = ""


class _Tracked(_Wire):
    status_code: str
    status_message: str = ""
    time: AwareDatetime
    collected: Annotated[int | None, Field(alias="CODCollected", ge=0)] = None


class _Tracking(_Answer):
    tracking: tuple[_Tracked, ...] = ()


class _Token(PartnerResponse):
    access_token: str
    token_type: str
    expires_in: float


A = TypeVar("A", bound=_Answer)


class VnPost:
    """A `Post` that calls VNPost. `key` and `secret` are VNPost's customerKey and secretKey."""

    def __init__(self, client: httpx.AsyncClient, contract: Contract, key: str, secret: SecretStr) -> None:
        self._partner = Partner(_SYSTEM, client)
        self._contract = contract
        self._keys = base64.b64encode(f"{key}:{secret.get_secret_value()}".encode()).decode()
        self._bearer = ""
        self._good_until = 0.0

    async def send(self, order: Order) -> str:
        sender, to = self._contract.senders.get(order.agency, self._contract.sender), order.address
        body = _Order(
            customer_code=self._contract.customer,
            order_number=order.key,
            cod_amount=order.cod,
            sender_name=sender.name,
            sender_tel=sender.tel,
            sender_address=sender.address,
            sender_province=sender.province,
            receiver_name=to.recipient,
            receiver_tel=to.phone,
            receiver_address=to.address,
            receiver_province=to.postcode[:2],
            receiver_postcode=to.postcode,
            description=order.contents,
        )
        answer = await self._ask("POST", "/order/post", _Answer, body)
        if answer.status in self._contract.refusals:
            raise RejectedError(_SYSTEM, httpx.codes.OK, answer.status)
        return self._fine(answer).item_code

    async def get(self, key: str) -> Consignment:
        query = {"CustomerCode": self._contract.customer, "OrderNumber": key}
        answer = await self._ask("GET", "/order/tracking", _Tracking, query=query)
        if answer.status == self._contract.unknown:
            raise RejectedError(_SYSTEM, httpx.codes.OK, answer.status)
        steps = tuple(
            Step(
                meaning=self._contract.words.get(one.status_code, Meaning.OTHER),
                said=one.status_code[:_LONGEST],
                message=one.status_message[:_LONGEST] or None,
                at=one.time,
                collected=one.collected,
            )
            for one in self._fine(answer).tracking
        )
        return Consignment(key=key, waybill=answer.item_code, steps=steps)

    async def cancel(self, key: str) -> bool:
        body = _Cancellation(customer_code=self._contract.customer, order_number=key)
        answer = await self._ask("POST", "/order/cancel", _Answer, body)
        if answer.status in {self._contract.left_already, self._contract.unknown}:
            return False
        return bool(self._fine(answer))

    def _fine(self, answer: A) -> A:
        """Returns the answer if it confirms success. Else the outcome is unknown, so raises `UnreachableError`."""
        if answer.status != _OK:
            raise UnreachableError(_SYSTEM, "an answer that the contract does not name")
        return answer

    async def _ask(
        self,
        method: str,
        path: str,
        answer: type[A],
        body: PartnerResponse | None = None,
        query: Mapping[str, str] | None = None,
    ) -> A:
        """Sends a call with a valid token. Wrong credentials count as unreachable: the operator must correct them."""
        for _ in range(2):
            try:
                if time.monotonic() >= self._good_until:
                    basic, form = f"Basic {self._keys}", {"grant_type": "client_credentials"}
                    token = await self._partner.call("POST", "/token", _Token, form, authorization=basic)
                    self._bearer = f"Bearer {token.access_token}"
                    self._good_until = time.monotonic() + token.expires_in - _EARLIER
                return await self._partner.call(method, path, answer, body, query=query, authorization=self._bearer)
            except RejectedError as error:
                if error.status in _UNREADABLE:
                    raise
                if error.status != httpx.codes.UNAUTHORIZED:
                    raise UnreachableError(_SYSTEM, f"HTTP {error.status}") from None
                self._good_until = 0.0
        raise UnreachableError(_SYSTEM, "the keys are not good")
