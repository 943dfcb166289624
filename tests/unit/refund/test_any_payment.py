"""Payments in random parts and orders, by random providers: each refund equals that of `oracle.py` to the đồng.

`MOTCUA_MONEY=SEED,PAYMENTS` sets another seed and another number of payments.
"""

import os
import random
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Final

from rules.refund import claims, fold
from schemas.errors import RefusalError
from schemas.filing.events import FeeShare
from schemas.filing.state import Closing, Fee, FeeState
from schemas.level import Channel
from schemas.payment.state import PaymentState
from schemas.publishing.procedure_rules import FeePart
from schemas.refund import commands as cm
from schemas.refund.events import RefundAsked, RefundGivenByHand
from schemas.refund.state import CaseState, RefundCause
from tests.tiers import examples
from tests.unit.filing.lives import CASHIER, LEADER, Life, fee, procedure
from tests.unit.payments import PaymentStory
from tests.unit.refund.givings import BY_HAND, WHY, Giving
from tests.unit.refund.oracle import Fact, Oracle

SEED, PAYMENTS = map(int, os.environ.get("MOTCUA_MONEY", "34,0").split(","))
WIRES: Final = ("bank", "vnpay", "platform", "vietqr")
GIVES_BACK: Final = frozenset({"bank", "vnpay"})
FILING: Final = Life(procedure(fee=fee())).accepted().filing


class Paying:
    """A payment with its refunds, which advance as their workflows do it; collects the facts for the oracle."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.fee = chance.choice([1, 2, 19_001, chance.randint(1, 300), chance.randint(1_000, 5_000_000)])
        self.told = PaymentStory(amount=self.fee)
        self.wires = [chance.choice(WIRES)]
        self.refunds: dict[int, Giving] = {}
        self.facts: list[Fact] = []
        self.percent: int | None = None
        self.reduced = 0

    @property
    def due(self) -> bool:
        return self.told.payment.state is PaymentState.PENDING

    # What the outside does.

    def renew(self) -> None:
        self.wires.append(self.chance.choice(WIRES))
        self.told.renew(self.wires[-1])

    def pay(self, amount: int, *, again: bool = False) -> None:
        known = [one.capture_id for one in self.told.payment.captures]
        one = self.chance.choice(known) if again else f"m{len(known)}"
        attempt = self.chance.randint(1, len(self.wires))
        with suppress(RefusalError):
            self.told.money(one, amount, None if attempt == 1 else attempt, *self.going)
        if not again:
            self.facts.append(("money", one, amount))
        self.look()

    def charge_back(self) -> None:
        free = [n for n, one in self.captures() if n not in self.refunds or not self.refunds[n].refund.entries]
        if free:
            one = self.told.payment.captures[self.chance.choice(free) - 1]
            amount = self.chance.choice([one.amount, self.chance.randint(1, one.amount)])
            if not self.told.payment.taken_back(one):
                self.told.charge_back(one.capture_id, amount, one.attempt, by_number=True)
                self.facts.append(("charge_back", one.capture_id, amount))
                self.look()

    # What officers do.

    def request(self) -> None:
        n = self.chance.choice([n for n, _ in self.captures()])
        giving = self.of(n)
        left = fold.left(giving.refund)
        if not left or self.told.payment.taken_back(self.told.payment.captures[n - 1]):
            return
        amount, one = self.chance.randint(1, left), self.told.payment.captures[n - 1].capture_id
        giving.do(cm.RequestRefund, CASHIER, amount=amount, **WHY)
        case = len(giving.refund.entries)
        match self.chance.choice(["open", "declined", "sent"]):
            case "declined":
                giving.do(cm.DeclineRefund, LEADER, case=case, reason="-")
                self.look()
                return
            case "sent":
                giving.do(cm.ApproveRefund, LEADER, case=case)
                self.give(n)
                if self.due:
                    self.facts.append(("sent", one))
        if self.told.payment.captures[n - 1] in self.told.payment.counted:
            self.facts.append(("request", one, amount))

    def accept(self) -> None:
        """Lets two officers accept all received money as the whole fee."""
        for n, one in self.captures():
            giving, claim = self.of(n), self.claim(n)
            try:
                giving.do(cm.AcceptWithOthers, CASHIER, **WHY, beside=claim.beside)
            except RefusalError:
                continue
            giving.do(cm.ApproveWithOthers, LEADER, beside=claim.beside)
            self.told.accept(one.capture_id, giving.refund.forgone, *self.going)
            self.facts.append(("accept", one.capture_id))
            return self.look()
        return None

    def end(self) -> None:
        self.percent = self.chance.choice([0, 1, 33, 50, 50, 99, 100])
        self.facts.append(("end", self.percent))
        self.look()

    def less(self) -> None:
        self.reduced = self.chance.randint(1, self.fee)
        self.facts.append(("less", self.reduced))
        self.look()

    # What the platform does.

    @property
    def going(self) -> list[str]:
        """The captures of which money may be on its way back, as `Refunds.going` reads them from the log."""
        gone = (RefundAsked, RefundGivenByHand)
        at = [n for n, one in self.refunds.items() if any(isinstance(event.event, gone) for event in one.log)]
        return [self.told.payment.captures[n - 1].capture_id for n in at]

    def captures(self) -> list[tuple[int, Any]]:
        return list(enumerate(self.told.payment.captures, 1))

    def of(self, n: int) -> Giving:
        if n not in self.refunds:
            taken = claims.capture_of(self.told.payment, claims.number_of(1, n))
            assert taken is not None
            self.refunds[n] = Giving(taken)
        return self.refunds[n]

    def claim(self, n: int) -> Any:
        paid = self.told.payment.state is PaymentState.PAID
        returned = (FeeShare(code="extract", amount=self.reduced),) if self.reduced else ()
        state = FeeState.PAID if paid else FeeState.DUE
        owed = Fee(n=1, amount=self.fee, lines=(), channel=Channel.ONLINE, online=True, returned=returned, state=state)
        filing = FILING.model_copy(update={"fees": (owed,)})
        if self.percent is not None:
            rules = FeePart.model_validate(fee() | {"refunds": [{"case": "stopped", "percent": self.percent}]})
            known = filing.procedure.model_copy(update={"fee": rules})
            filing = filing.model_copy(update={"closing": Closing.STOPPED, "procedure": known})
        refunds = {claims.number_of(1, other): one.refund for other, one in self.refunds.items()}
        return claims.claim(self.told.payment, claims.number_of(1, n), filing, self.going, refunds)

    def look(self) -> None:
        """Lets each refund that has news read the logs, until no further case is opened."""
        payment = self.told.payment
        for n, one in self.captures():
            if one in (*payment.to_refund, *payment.counted) or payment.taken_back(one):
                for _ in range(9):
                    with suppress(RefusalError):
                        self.of(n).do(cm.OpenClaimed, claim=self.claim(n))

    def give(self, n: int) -> None:
        """Pays the approved cases of a refund, through the provider or by hand, and reports them to the payment."""
        giving = self.refunds[n]
        for entry in fold.to_give(giving.refund):
            if self.wires[(self.told.payment.captures[n - 1].attempt or 1) - 1] in GIVES_BACK:
                giving.do(cm.RecordAsked, case=entry.case, n=1).do(cm.RecordGiven, case=entry.case)
            else:
                giving.do(cm.LeaveToHand, case=entry.case, rule="not_offered")
                giving.do(cm.GiveBackByHand, CASHIER, case=entry.case, **BY_HAND)
            self.told.refund(self.told.payment.captures[n - 1].capture_id, entry.amount)

    def settle(self) -> dict[str, int]:
        """Approves and pays everything open; returns the sum refunded of each capture."""
        for n, giving in self.refunds.items():
            for entry in fold.in_state(giving.refund, CaseState.OPEN):
                giving.do(cm.ApproveRefund, LEADER, case=entry.case)
            self.give(n)
        payment = self.told.payment
        assert not any(fold.is_open(one.refund) and not one.refund.unanswered for one in self.refunds.values())
        assert payment.to_refund == ()
        return {one.capture_id: payment.returned(one) for one in payment.captures}


def amounts(chance: random.Random, owed: int) -> Iterator[int]:
    """Yields received amounts: random parts of the fee, or of a smaller or larger sum; then perhaps further amounts."""
    rest = max(owed + chance.choice([0, 0, 0, -1, 1, chance.randint(-owed, owed)]), 1)
    while rest > 0:
        part = chance.choice([rest, chance.randint(1, rest)])
        yield part
        rest -= part
    for _ in range(chance.choice([0, 0, 1, 2])):
        yield chance.choice([owed, chance.randint(1, 2 * owed)])


def played(chance: random.Random) -> Paying:
    one = Paying(chance)
    for amount in amounts(chance, one.fee):
        one.pay(amount)
        if chance.random() < 0.5:
            one.pay(amount, again=True)
        for act, odds in ((one.renew, 0.2), (one.request, 0.15), (one.charge_back, 0.07), (one.accept, 0.05)):
            owed = one.due
            if chance.random() < odds and (owed or act == one.charge_back) and len(one.wires) < 5:
                act()
    if one.due or chance.random() < 0.1:
        one.told.cancel() if chance.random() < 0.5 or not one.due else one.told.expire()
        one.facts.append(("over",))
        one.look()
    else:
        for act, odds in ((one.request, 0.3), (one.less, 0.3), (one.request, 0.3), (one.end, 0.7)):
            if chance.random() < odds:
                act()
    return one


def test_what_goes_back_of_any_payment_is_what_arithmetic_says() -> None:
    wrong, paid, parts, requests = [], 0, 0, 0
    for seed in range(PAYMENTS or examples(500, 60)):
        one = played(random.Random(f"{SEED}:{seed}"))
        went, expected = one.settle(), Oracle(one.fee).back(one.facts)
        if went != expected:
            wrong.append((seed, one.fee, one.facts, went, expected))
        paid += one.told.payment.state is PaymentState.PAID
        parts += bool(one.told.payment.parts)
        requests += any(e.cause is RefundCause.REQUEST for g in one.refunds.values() for e in g.refund.entries)
    assert wrong == []
    assert min(paid, parts, requests) > 0, "each way is taken"
