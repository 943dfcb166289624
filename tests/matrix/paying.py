"""Plays a variant from the submission of its filing to the settlement of its money."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import httpx

from activities.ledger.vault import Vault
from activities.partners.money.provider import CAPABILITIES
from motcua import NotAllowed
from operations.commands.money.suspense import take
from rules.refund.claims import number_of
from schemas.filing import commands as cm
from schemas.filing.state import Stage
from schemas.ids import refund_workflow
from schemas.money.suspense import ApproveSuspense, AssignSuspense
from schemas.people import Actor, Role
from schemas.refund import commands as rc
from schemas.refund.state import ChargeBackOutcome
from tests.acting import FILE, Play, officer
from tests.matrix import books
from tests.matrix.case import Case, TooSlowError
from tests.matrix.orders import AMOUNT
from tests.matrix.room import AGENCY_OF, Room, until
from tests.matrix.variants import Beside, Money, Outcome, Variant, outcome, pays
from tests.workflow.obligations import TAX

_LOOK: Final = 120
"""Seconds to find money that only a query finds: a minute, and more on a busy machine."""
_PAYERS: Final[Mapping[Money, str]] = {
    Money.TWICE: "0003",
    Money.LESS: "0005",
    Money.ACCEPTED: "0005",
    Money.MORE: "0006",
    Money.WITHOUT_MEMO: "0009",
    Money.ASSIGNED: "0009",
}
"""The payer on the bank's page, by kind of payment; by default `0001`."""


@dataclass
class Paying:
    """A variant on its own filing, with its payment requests. `refused`: the act beside the payment was refused."""

    variant: Variant
    cases: list[Case]
    refused: bool = False
    sent: set[tuple[int, int]] = field(default_factory=set)

    @classmethod
    async def begin(cls, room: Room, variant: Variant) -> Paying:
        if variant.demanded:
            return cls(variant, [await Case.demanded(room, variant.wire)])
        version = room.brief if variant.beside is Beside.EXPIRY else room.version
        return cls(variant, [await Case.requested(room, version, AGENCY_OF[variant.wire], vneid_papers=5)])

    def _officer(self, role: Role) -> Actor:
        """Returns an officer of the agency that gets the money."""
        return officer(role, TAX) if self.variant.demanded else self.play.officer(role)

    @property
    def play(self) -> Play:
        return self.case.play

    @property
    def case(self) -> Case:
        return self.cases[-1]

    async def take(self) -> None:
        """Makes the payment and performs the act beside it, in the variant's order."""
        match self.variant.money:
            case Money.RENEWED:
                await self.play.renew_payment()
                self.cases.append(await Case.newest(self.case.room, self.play, attempt=2))
            case Money.ASKED_AGAIN:
                await self._asked_again()
            case Money.UNHEARD:
                await self.case.hold(queries=True, callbacks=True)
                await self.case.pay()
        if self.variant.before:
            await self._beside()
            await self._money()
        else:
            await self._money()
            await self._beside()

    async def _asked_again(self) -> None:
        """Pays, charges the money back, and lets a leader request it again as a new fee."""
        await self.case.pay()
        await self._fee_paid(1)
        await self._charged_back()
        again = {"outcome": ChargeBackOutcome.ASKED_AGAIN} | _WHY
        await self.play.refund(rc.AnswerChargeBack, self._officer(Role.LEADER), **again)
        self.cases.append(await Case.newest(self.case.room, self.play, n=2))

    async def _money(self) -> None:
        payer = _PAYERS.get(self.variant.money, "0001")
        match self.variant.money:
            case Money.AHEAD:
                await self._charged_back_ahead()
            case Money.RENEWED:
                await self._paid_through_both()
            case Money.UNHEARD:
                await self._heard_at_last()
            case Money.WITHOUT_MEMO:
                await self.case.pay(payer)
                await self._await_acknowledged(1)
            case Money.ASSIGNED:
                await self.case.pay(payer)
                await self._await_acknowledged(1)
                await _assigned(self.case, self._officer(Role.CASHIER), self._officer(Role.LEADER))
                await self._captured()
            case Money.TWICE:
                await self.case.pay(payer)
                await until(self.case.bank, lambda order: len(order["captures"]) > 1)
                await self._captured()
            case _:
                await self.case.pay(payer)
                await self._captured()
        if self.variant.money is Money.ACCEPTED:
            await self._accepted()
        if self._is_paid:
            await self._fee_paid(outcome(self.variant).paid)
        if self.variant.money is Money.CHARGED_BACK:
            await self._charged_back()

    async def _paid_through_both(self) -> None:
        """Pays both requests: the newest one first if the fee is still due, else the oldest one first."""
        for case in self.cases if self.variant.before else reversed(self.cases):
            await self._paid_through(case)

    async def _paid_through(self, case: Case) -> None:
        before = (await case.row())["captured"]
        await case.pay()
        await until(case.row, lambda row: row["captured"] > before, within=_LOOK)

    async def _heard_at_last(self) -> None:
        """Makes the bank answer the waiting queries; if these can't pay the fee in time, makes it send the callback."""
        await self.case.hold(queries=False, callbacks=True)
        if not self._is_paid:
            (only,) = await self.case.callbacks()
            await self.case.call(only["n"])
        await self._captured()

    async def _captured(self) -> None:
        came = sum(one["amount"] for one in (await self.case.bank())["captures"])
        await until(self.case.row, lambda row: row["captured"] == came, within=_LOOK)

    @property
    def _paid(self) -> str:
        """Returns the kind of event with which the filing records the payment."""
        return "obligation_fulfilled" if self.variant.demanded else "fee_paid"

    async def _fee_paid(self, times: int) -> None:
        """Waits until the filing has recorded `times` payments. Raises `TooSlowError` if the time to pay was over."""
        paid = self._paid
        kinds = await until(self.play.kinds, lambda kinds: kinds.count(paid) == times or "fee_expired" in kinds)
        if kinds.count(paid) < times:
            assert self._is_over, kinds
            assert self.variant.money is not Money.UNHEARD, kinds
            raise TooSlowError

    async def _accepted(self) -> None:
        """Lets two officers accept a payment that is too small as the whole fee."""
        await until(lambda: self.play.kinds("refund", 1001), lambda kinds: "refund_disputed" in kinds)
        try:
            await self.play.refund(rc.AcceptShortPayment, self._officer(Role.CASHIER), **_WHY)
            await self.play.refund(rc.ApproveShortPayment, self._officer(Role.LEADER))
        except NotAllowed:
            if self._is_over:
                raise TooSlowError from None
            raise

    async def _charged_back(self) -> None:
        """Charges the last capture back, and waits until its refund stream has recorded it."""
        await self._by_their_bank()
        about = number_of(self.case.n, len((await self.case.bank())["captures"]))
        await until(lambda: self.play.kinds("refund", about), lambda kinds: "refund_charged_back" in kinds)

    async def _by_their_bank(self) -> None:
        (await self.case.room.bank.post(f"/orders/{self.case.key}/chargeback")).raise_for_status()

    async def _charged_back_ahead(self) -> None:
        """Lets the bank report the charge-back before the capture."""
        await self.case.hold(queries=True, callbacks=True)
        await self.case.pay()
        await self._by_their_bank()
        paid, back = await until(self.case.callbacks, lambda found: len(found) > 1)
        await self.case.call(back["n"])
        await until(self.case.kinds, lambda kinds: "payment_charge_back_ahead" in kinds)
        await self.case.call(paid["n"])
        await until(self.case.kinds, lambda kinds: "payment_charged_back" in kinds)
        await self.case.hold(queries=False, callbacks=True)

    @property
    def _is_over(self) -> bool:
        return datetime.now(UTC) >= self.case.ends

    async def _await_acknowledged(self, times: int) -> None:
        """Waits until this number of the bank's callbacks is acknowledged."""
        await until(self.case.callbacks, lambda found: sum(one["status"] == httpx.codes.OK for one in found) == times)

    @property
    def _is_paid(self) -> bool:
        return pays(self.variant)

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
                await self._unless_paid(cm.WaiveFee, self.play.officer(Role.LEADER, 2), **said)
            case Beside.COUNTER:
                await self._unless_paid(cm.PayAtCounter, self.play.officer(Role.CASHIER), amount=AMOUNT)
            case Beside.PROOF:
                await self._unless_paid(cm.FulfilObligation, self.play.officer(Role.CASHIER), reference="56/GNT")

    async def _expired(self) -> None:
        if self._is_over:
            raise TooSlowError
        await self.case.room.rest_until(self.case.ends)
        if not self._is_paid:
            await until(self.case.kinds, lambda kinds: "payment_expired" in kinds)
            await self._closed()
        elif self.variant.money is Money.UNHEARD:
            await until(self.case.asking, lambda asked: "payment.close" in asked)

    async def _closed(self) -> None:
        await self.play.until(lambda view: view.stage is Stage.CLOSED)

    async def _unless_paid(self, command: type[cm.Command], actor: Actor, **said: Any) -> None:
        try:
            await self.play.act(command, actor, **said)
        except NotAllowed:
            self.refused = True
        else:
            await until(self.case.kinds, lambda kinds: "payment_cancelled" in kinds)

    async def settle(self) -> None:
        """Does the pending tasks of leaders and cashiers; then checks both ledgers."""
        expected = outcome(self.variant)
        assert self.refused == expected.refused, self.refused
        gone_twice = self.variant.money is Money.GONE_TWICE
        if gone_twice and self._is_paid and self.variant.beside is not Beside.WITHDRAWAL:
            await self.play.refund(rc.RequestRefund, self._officer(Role.CASHIER), **_WHY)
        await until(self._worked_off, lambda refunded: refunded >= expected.back, within=_LOOK)
        await self._work_off()
        if gone_twice:
            await self._charged_back()
        await self._books(expected)

    async def _worked_off(self) -> int:
        await self._work_off()
        return int((await self.case.row())["refunded"])

    async def _work_off(self) -> None:
        """Approves the requested refunds, pays refunds by hand if the wire can't, and gives short payments back."""
        if self.variant.money in {Money.CHARGED_BACK, Money.AHEAD}:
            return
        n = self.case.n
        for ordinal, capture in enumerate(await self._captures(n), 1):
            await self._work_off_one(number_of(n, ordinal), capture)

    async def _captures(self, n: int) -> Sequence[Mapping[str, Any]]:
        """Returns a payment's captures in the bank's ledger, oldest first, each with its order."""
        orders = [await case.bank() for case in self.cases if case.n == n]
        return sorted((one | {"order_key": order["key"]} for order in orders for one in order["captures"]), key=_at)

    async def _work_off_one(self, refund: int, capture: Mapping[str, Any]) -> None:
        kinds = await self.play.kinds("refund", refund)
        if kinds[-1:] == ["refund_disputed"]:
            with suppress(NotAllowed):  # it is refunded automatically by now, since it is no longer owed
                await self.play.refund(rc.RequestRefund, self._officer(Role.CASHIER), refund, **_WHY)
            return
        for case in range(1, kinds.count("refund_opened") + 1):
            if case > kinds.count("refund_approved"):
                await self.play.refund(rc.ApproveRefund, self._officer(Role.LEADER), refund, case=case)
            elif case <= kinds.count("refund_left_to_hand") and (refund, case) not in self.sent:
                self.sent.add((refund, case))
                await self._by_hand(refund, case, capture)

    async def _by_hand(self, refund: int, case: int, capture: Mapping[str, Any]) -> None:
        """Refunds by hand as a cashier: sends the money at the bank, and records it."""
        assert not CAPABILITIES[self.variant.wire].refund
        amount = await self.case.room.world.fetchval(_AMOUNT, refund_workflow(self.play.filing, refund), case)
        sent = {name: capture[name] for name in ("order_key", "capture_id")} | {"amount": amount}
        made = await self.case.room.bank.put(f"/refunds/hand:{capture['order_key']}:{refund}:{case}", json=sent)
        made.raise_for_status()
        number = f"FT{self.play.filing.hex}-{refund}-{case}"
        said: dict[str, Any] = {"case": case, "means": "transfer", "evidence": FILE, "bank_reference": number}
        await self.play.refund(rc.GiveBackByHand, self._officer(Role.CASHIER), refund, **said)

    async def _books(self, expected: Outcome) -> None:
        payments = {case.n: case for case in self.cases}
        rows = [await case.row() for case in payments.values()]
        views = [await self.case.room.world.client.payment(self.play.filing, n) for n in payments]
        captured, back = (sum(row[name] for row in rows) for name in ("captured", "refunded"))
        ours = captured, back, sum(view.charged_back or 0 for view in views)
        assert ours == (expected.captured, expected.back, expected.charged_back), ours
        orders = [await case.bank() for case in self.cases]
        assert sum(map(books.kept, orders)) == captured - back - ours[2] + expected.suspense, (orders, ours)
        assert (await self.play.kinds()).count(self._paid) == expected.paid
        await books.receipts(self.case.room, self.play.filing, expected.receipts)


async def _assigned(case: Case, cashier: Actor, leader: Actor) -> None:
    """Assigns money in suspense to the payment and approves the assignment, as `motcua money assign` and `approve` do.

    The gateway's relay then notifies the payment.
    """
    (capture,) = (await case.bank())["captures"]
    vault = Vault(case.room.world.settings.master)
    async with case.room.world.connection() as connection:
        (money,) = await connection.fetch(_MONEY, capture["at"])
        about = {"callback": money["id"], "command_id": "assign"}
        asked = {"actor": cashier, "filing_id": case.play.filing, "payment": case.n}
        await take(connection, vault, AssignSuspense.model_validate(about | asked | {"reason": "khớp sao kê"}))
        agreed = {"actor": leader, "command_id": "approve", "asked": 1}
        await take(connection, vault, ApproveSuspense.model_validate(about | agreed))


def _at(capture: Mapping[str, Any]) -> str:
    return str(capture["at"])


_WHY: Final[dict[str, Any]] = {"reason": "thiếu 1.000 đồng", "legal_basis": "TT 45/2006"}
_AMOUNT: Final = """
select (convert_from(body, 'utf8')::json->>'amount')::bigint from event
where stream = $1 and kind = 'refund_opened' and (convert_from(body, 'utf8')::json->>'case')::int = $2
"""
_MONEY: Final = "select id from callback where verdict = 'suspense' and at = $1::text::timestamptz"
"""The query that finds the money by its time in the bank's statement, to the microsecond."""
