"""One filing with a paid fee, and the acts that a test performs on it one by one."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import asyncpg
import httpx
from temporalio.service import RPCError

from activities.partners.money.provider import Kind
from motcua import NotAllowed
from schemas.filing.state import Stage
from schemas.ids import payment_workflow
from schemas.people import Role
from tests.acting import AGENCY, Play, extract
from tests.matrix import books
from tests.matrix.orders import AMOUNT, RECEIPTS, Act, Order, kept
from tests.matrix.room import Room, until
from tests.workflow.obligations import N, demanded


class TooSlowError(Exception):
    """The machine was too slow for this order of acts: the time to pay ended before the acts that must come in time."""


@dataclass
class Case:
    """One request of a filing's `n`-th payment; its page takes money until the time `ends`."""

    room: Room
    play: Play
    ends: datetime
    page: str
    n: int = 1

    @classmethod
    async def requested(cls, room: Room, version: str, agency: str = AGENCY, **form: Any) -> Case:
        """Files and accepts a filing; returns its payment request."""
        said = {"kind": "birth", "person_name": "Nguyễn Văn An", "copies": 2} | form
        play = await Play.accepted(room.world, extract(version=version, agency=agency, payer_account=None, form=said))
        return await cls.newest(room, play)

    @classmethod
    async def newest(cls, room: Room, play: Play, n: int = 1, attempt: int = 1) -> Case:
        """Waits until request number `attempt` of a payment has its order at the provider; returns the request."""
        ordered = "payment_ordered"
        await until(lambda: play.kinds("payment", n), lambda kinds: kinds.count(ordered) == attempt)
        view = await room.world.client.payment(play.filing, n)
        start = view.pay_url or str(httpx.URL("/vietqr/scan", params={"code": view.code or ""}))
        page = (await room.bank.get(start)).headers.get("location", start)
        due = await room.world.fetchval(_DUE, play.filing, n)
        return cls(room, play, view.expires or due, page, n)

    @classmethod
    async def demanded(cls, room: Room, wire: Kind) -> Case:
        """Returns a tax office's payment request over this wire; renews the payment if the default wire is another."""
        play = await demanded(room.world, None, room.transfer, amount=AMOUNT)
        case = await cls.newest(room, play, N)
        if wire == (await room.world.client.payment(play.filing, N)).provider:
            return case
        applicant = {"subject": play.submission.applicant.subject, "role": Role.APPLICANT}
        await play.renew_payment(N, provider=wire, actor=applicant)
        return await cls.newest(room, play, N, attempt=2)

    @property
    def key(self) -> str:
        """The bank's key of the order."""
        return self.page.rsplit("/", 2)[1]

    async def kinds(self) -> list[str]:
        return await self.play.kinds("payment", self.n)

    async def hold(self, *, queries: bool, callbacks: bool) -> None:
        """Sets whether the bank holds back its answers to `queries`, and its `callbacks`; it sends all others."""
        answer = await self.room.bank.put(f"/orders/{self.key}/hold", json={"queries": queries, "callbacks": callbacks})
        answer.raise_for_status()

    async def pay(self, payer: str = "0001") -> str:
        """Pays on the page; returns the address to which the bank then sends the browser."""
        answer = await self.room.bank.post(self.page, data={"payer": payer}, headers={"accept": "text/html"})
        assert answer.status_code == httpx.codes.SEE_OTHER, answer.text
        return answer.headers["location"]

    async def bank(self) -> dict[str, Any]:
        found: dict[str, Any] = (await self.room.bank.get(f"/orders/{self.key}")).raise_for_status().json()
        return found

    async def callbacks(self) -> list[dict[str, Any]]:
        """Returns all callbacks about the order, sent or not."""
        about = {"reference": self.key.partition(":")[2]}
        found: list[dict[str, Any]] = (await self.room.bank.get("/callbacks", params=about)).json()["callbacks"]
        return found

    async def call(self, n: int) -> str:
        """Makes the bank send a callback, and waits until the payment has it; returns the answer to the callback."""
        said: dict[str, Any] = (await self.room.bank.post(f"/callbacks/{n}")).raise_for_status().json()
        assert said["status"] == httpx.codes.OK, said
        await until(self.undriven, lambda left: left == 0)
        return str(said["answer"])

    async def undriven(self) -> int:
        """Returns the number of callbacks that have not reached this payment yet."""
        about = "select count(*) from callback where stream = $1 and coalesce(told_at, driven_at) is null"
        return int(await self.room.world.fetchval(about, payment_workflow(self.play.filing, self.n)))

    async def row(self) -> asyncpg.Record:
        [row] = await self.room.world.fetch(_ROW, self.play.filing, self.n)
        return row

    async def asking(self) -> list[str]:
        handle = self.room.world.temporal.get_workflow_handle(payment_workflow(self.play.filing, self.n))
        pending = (await handle.describe()).raw_description.pending_activities
        return [activity.activity_type.name for activity in pending]

    @asynccontextmanager
    async def explained(self) -> AsyncIterator[None]:
        """Adds the state of the filing to an error raised in the block."""
        try:
            yield
        except TooSlowError:
            await self.hold(queries=False, callbacks=False)
            raise
        except Exception as error:
            error.add_note(await self._standing())
            raise

    async def _standing(self) -> str:
        logs = [f"{row[0]}: {', '.join(row[1])}" for row in await self.room.world.fetch(_LOGS, self.play.filing)]
        try:
            asked, undriven = await self.asking(), await self.undriven()
        except RPCError as error:
            asked, undriven = [str(error)], 0
        waits = f"the payment waits for {asked or 'nobody'}, and has not heard {undriven} callbacks"
        return "\n".join((f"filing {self.play.filing}, {self.key} at the bank; {waits}", *logs))


@dataclass
class Steps:
    """Performs the acts in the sequence that an `Order` gives, each after the previous one has taken effect."""

    case: Case
    back: str
    known: bool = False
    withdrawn: bool = False

    @classmethod
    async def begin(cls, room: Room) -> Steps:
        """Makes a payment at the bank that the platform does not know yet."""
        case = await Case.requested(room, room.version)
        await case.hold(queries=True, callbacks=True)
        return cls(case, await case.pay())

    async def take(self, order: Order) -> None:
        for act in order:
            if act is not Act.EXPIRY and Act.EXPIRY in order[order.index(act) :]:
                self._in_time()
            await self._act(act)

    def _in_time(self) -> None:
        if datetime.now(UTC) >= self.case.ends:
            raise TooSlowError

    async def _act(self, act: Act) -> None:
        match act:
            case Act.IPN | Act.LATE:
                (only,) = await self.case.callbacks()
                assert json.loads(await self.case.call(only["n"]))["RspCode"] in {"00", "02"}
                await self._became_known()
            case Act.POLL:
                await self._polled()
            case Act.RETURN:
                await self._returned()
            case Act.EXPIRY:
                await self._expired()
            case Act.WITHDRAWAL:
                await self._withdrawn()

    async def _became_known(self) -> None:
        await until(self.case.kinds, lambda kinds: "payment_captured" in kinds)
        self.known = True
        if self.withdrawn:
            await self._refund_opened()
        else:
            await until(self.case.play.kinds, lambda kinds: "fee_paid" in kinds)

    async def _polled(self) -> None:
        """Makes the bank answer queries, and awaits an answer; not after a settlement, when it would take a minute."""
        settled = (await self.case.row())["settled_at"]
        await self.case.hold(queries=False, callbacks=True)
        if not self.known:
            await self._became_known()
        elif settled is None:
            await until(self._answered, bool)
        await self._answered()

    async def _answered(self) -> int:
        return int((await self.case.room.bank.get(f"/orders/{self.case.key}/hold")).json()["answered"])

    async def _returned(self) -> None:
        assert (await self.case.room.bank.get(self.back)).status_code == httpx.codes.OK
        assert "vnp_SecureHash=" in self.back

    async def _expired(self) -> None:
        """Waits for the request's end; if no money is known, the provider is queried, and answers only at `POLL`."""
        self._in_time()
        await self.case.room.rest_until(self.case.ends)
        if not self.known and not self.withdrawn:
            await until(self.case.asking, lambda asked: "payment.close" in asked)

    async def _withdrawn(self) -> None:
        try:
            await self.case.play.withdraw()
        except NotAllowed as refused:
            raise AssertionError(f"may not withdraw: {refused}") from None
        self.withdrawn = True
        await self.case.play.until(lambda view: view.stage is Stage.CLOSED)
        if self.known:
            await self._refund_opened()
        else:
            await until(self.case.kinds, lambda kinds: "payment_cancelled" in kinds)

    async def _refund_opened(self) -> None:
        await until(lambda: self.case.play.kinds("refund", 1001), lambda kinds: "refund_opened" in kinds)

    async def settle(self, order: Order) -> None:
        """Approves the refund, waits for it, and checks both ledgers, the bank's and ours."""
        back = AMOUNT - kept(order)
        if back:
            await self.case.play.approve_refund()
            await until(self.case.row, lambda row: row["refunded"] == back)
        await closed(self.case, kept(order), captures=1)
        paid = (await self.case.play.kinds()).count("fee_paid")
        assert paid == (1 if kept(order) else 0), paid
        await books.receipts(self.case.room, self.case.play.filing, RECEIPTS if paid else {})


async def closed(case: Case, retained: int, captures: int) -> None:
    """Checks that the bank's ledger and ours agree exactly on the sum kept of this payment."""
    ledger, row = await case.bank(), await case.row()
    at_the_bank = sum(one["amount"] for one in ledger["captures"])
    went_back = sum(one["amount"] for one in ledger["refunds"])
    ours = row["captured"], row["refunded"], row["captured"] - row["refunded"]
    assert (at_the_bank, went_back, at_the_bank - went_back) == (*ours[:2], retained) == ours, (ours, ledger)
    assert len(ledger["captures"]) == captures
    kinds = await case.kinds()
    assert kinds.count("payment_captured") == captures, kinds


_ROW: Final = "select * from payment where filing_id = $1 and n = $2"
_DUE: Final = "select due_at from payment where filing_id = $1 and n = $2"
_LOGS: Final = """
select replace(stream, ':' || filing_id, ''), array_agg(kind order by seq)
from event where filing_id = $1 group by stream, filing_id order by min(occurred_at)
"""
