"""Takes a variant from its filing to the end of its money."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import httpx

from activities.partners.money.provider import CAPABILITIES
from motcua import NotAllowed
from schemas.filing import commands as cm
from schemas.filing.state import Stage
from schemas.ids import refund_workflow
from schemas.people import Role
from schemas.refund import ApproveRefund, GiveBackByHand, RequestRefund
from tests.acting import FILE, Play
from tests.matrix import books
from tests.matrix.case import Case, TooSlowError
from tests.matrix.orders import AMOUNT, RECEIPTS
from tests.matrix.room import AGENCY_OF, Room, until
from tests.matrix.variants import PAYS, Beside, Money, Outcome, Variant, outcome

_LOOK: Final = 120
"""Seconds within which money is found where only a look finds it: a minute, and what a busy machine takes."""


@dataclass
class Paying:
    """A variant on a filing of its own. `refused`: what happens beside was not allowed."""

    variant: Variant
    case: Case
    refused: bool = False
    sent: set[tuple[int, int]] = field(default_factory=set)

    @classmethod
    async def begin(cls, room: Room, variant: Variant) -> Paying:
        """Its fee is asked for."""
        version = room.brief if variant.beside is Beside.EXPIRY else room.version
        return cls(variant, await Case.asked(room, version, AGENCY_OF[variant.wire], vneid_papers=5))

    @property
    def play(self) -> Play:
        return self.case.play

    async def take(self) -> None:
        """The money, and what happens beside it, in the variant's order."""
        if self.variant.before:
            await self._beside()
            await self._money()
        else:
            await self._money()
            await self._beside()

    async def _money(self) -> None:
        await self.case.pay(self.variant.money)
        if self.variant.money is Money.TWICE:
            await until(self.case.bank, lambda order: len(order["captures"]) > 1)
        came = sum(one["amount"] for one in (await self.case.bank())["captures"])
        if self.variant.money is Money.WITHOUT_MEMO:
            await self._told(1)
        else:
            await until(self.case.row, lambda row: row["captured"] == came, within=_LOOK)
        if self._is_paid:
            kinds = await until(self.play.kinds, lambda kinds: bool({"fee_paid", "fee_expired"} & {*kinds}))
            if "fee_expired" in kinds and self._is_over:
                raise TooSlowError
        if self.variant.money is Money.CHARGED_BACK:
            (await self.case.room.bank.post(f"/orders/{self.case.key}/chargeback")).raise_for_status()
            await self._told(2)
            await until(lambda: self.play.kinds("refund", 1001), lambda kinds: "refund_charged_back" in kinds)

    @property
    def _is_over(self) -> bool:
        return datetime.now(UTC) >= self.case.ends

    async def _told(self, times: int) -> None:
        """The bank has called so many times, and each time was answered."""
        await until(self.case.callbacks, lambda found: sum(one["status"] == httpx.codes.OK for one in found) == times)

    @property
    def _is_paid(self) -> bool:
        """Whether it is this money that pays the fee."""
        return outcome(self.variant).receipts and not self.variant.before and self.variant.money in PAYS

    async def _beside(self) -> None:
        match self.variant.beside:
            case Beside.NOTHING:
                pass
            case Beside.EXPIRY:
                await self._expired()
            case Beside.WITHDRAWAL:
                await self.play.withdraw()
                await self._closed()
            case Beside.WAIVER:
                said: dict[str, Any] = {"waiver": "nq_66_22", "reason": "đã tích hợp 5 giấy tờ"}
                await self._unless_paid(cm.WaiveFee, Role.RECEPTION, **said)
            case Beside.COUNTER:
                await self._unless_paid(cm.PayAtCounter, Role.CASHIER, amount=AMOUNT)

    async def _expired(self) -> None:
        if self._is_over:
            raise TooSlowError
        await self.case.room.rest_until(self.case.ends)
        if not self._is_paid or self.variant.before:
            await until(self.case.kinds, lambda kinds: "payment_expired" in kinds)
            await self._closed()

    async def _closed(self) -> None:
        await self.play.until(lambda view: view.stage is Stage.CLOSED)

    async def _unless_paid(self, command: type[cm.Command], role: Role, **said: Any) -> None:
        try:
            await self.play.act(command, self.play.officer(role), **said)
        except NotAllowed:
            self.refused = True
        else:
            await until(self.case.kinds, lambda kinds: "payment_cancelled" in kinds)

    async def settle(self) -> None:
        """Leaders and cashiers do what waits for them; then both ledgers say what they must."""
        expected = outcome(self.variant)
        assert self.refused == expected.refused, self.refused
        await until(self._worked_off, lambda refunded: refunded >= expected.back, within=_LOOK)
        await self._work_off()
        await self._books(expected)

    async def _worked_off(self) -> int:
        await self._work_off()
        return int((await self.case.row())["refunded"])

    async def _work_off(self) -> None:
        """Approve what was asked for, and give back by hand what the wire can't; what is too little is given back."""
        if self.variant.money is Money.CHARGED_BACK:
            return
        for ordinal in range(1, len((await self.case.bank())["captures"]) + 1):
            n = 1000 + ordinal
            kinds = await self.play.kinds("refund", n)
            if kinds[-1:] == ["refund_disputed"]:
                with suppress(NotAllowed):  # it goes back by itself by now, since nobody owes it any more
                    await self.play.refund(RequestRefund, self.play.officer(Role.CASHIER), n, **_TOO_LITTLE)
                continue
            for case in range(1, kinds.count("refund_opened") + 1):
                if case > kinds.count("refund_approved"):
                    await self.play.refund(ApproveRefund, self.play.officer(Role.LEADER), n, case=case)
                elif case <= kinds.count("refund_left_to_hand") and (n, case) not in self.sent:
                    self.sent.add((n, case))
                    await self._by_hand(n, case)

    async def _by_hand(self, n: int, case: int) -> None:
        """A cashier sends the money at the bank, and says so."""
        assert not CAPABILITIES[self.variant.wire].refund
        async with self.case.room.world.connection() as connection:
            amount = await connection.fetchval(_AMOUNT, refund_workflow(self.play.filing, n), case)
        captures = (await self.case.bank())["captures"]
        sent = {"order_key": self.case.key, "capture_id": captures[n - 1001]["capture_id"], "amount": amount}
        made = await self.case.room.bank.put(f"/refunds/hand:{self.case.key}:{n}:{case}", json=sent)
        made.raise_for_status()
        said: dict[str, Any] = {"case": case, "means": "transfer", "evidence": FILE, "bank_reference": "FT26330123456"}
        await self.play.refund(GiveBackByHand, self.play.officer(Role.CASHIER), n, **said)

    async def _books(self, expected: Outcome) -> None:
        ledger, row = await self.case.bank(), await self.case.row()
        came = sum(one["amount"] for one in ledger["captures"])
        went = sum(one["amount"] for one in ledger["refunds"])
        gone = sum(one["amount"] for one in ledger.get("chargebacks", ()))
        charged_back = (await self.case.room.world.client.payment(self.play.filing)).charged_back or 0
        ours = row["captured"], row["refunded"], charged_back
        assert ours == (expected.captured, expected.back, expected.charged_back), (ours, await self.case.kinds())
        assert came - went - gone == ours[0] - ours[1] - ours[2] + expected.suspense, (ledger, ours)
        assert ("fee_paid" in await self.play.kinds()) == expected.receipts
        valid = RECEIPTS if expected.receipts and not expected.void else {}
        await books.receipts(self.case.room, self.play.filing, valid)


_TOO_LITTLE: Final = {"reason": "thiếu 1.000 đồng", "legal_basis": "TT 45/2006"}
_AMOUNT: Final = """
select (convert_from(body, 'utf8')::json->>'amount')::bigint from event
where stream = $1 and kind = 'refund_opened' and (convert_from(body, 'utf8')::json->>'case')::int = $2
"""
