"""Queries to payment providers: the providers' settings, and the times of queries before and after the fee is due."""

import json
from base64 import b64encode
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import pytest
from pydantic import ValidationError
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.partners.http import RejectedError, UnreachableError
from activities.partners.money.bank import OwnBank
from activities.partners.money.merchants import provider
from activities.partners.money.provider import PATIENCE, Demand, Kind, Notice, Outcome
from activities.partners.money.provider_queries import NEVER_MADE, Asker, Asking, Closing
from rules.require import require
from schemas.payment.state import Attempt, Capture, Closed, Payment, PaymentState, Taken
from tests.callbacks import MERCHANTS
from tests.unit.money.conftest import MADE, Wire, asking
from workers.settings import WorkerSettings


async def looked(wires: Mapping[str, Wire], *askings: Asking, tries: int = 2, after: float = 60) -> Taken:
    given: Any = wires
    pool: Any = None
    environment, asker = ActivityEnvironment(), Asker(given, pool)
    started = MADE + timedelta(seconds=after)
    environment.info = replace(environment.info, attempt=tries, started_time=started)
    taken: Taken = await environment.run(asker.money, askings, ("old",))
    return taken


async def wait(wires: Mapping[str, Wire], *askings: Asking, **when: Any) -> timedelta:
    """Returns the time until the next query, if the last one brought nothing new."""
    with pytest.raises(ApplicationError) as nothing:
        await looked(wires, *askings, **when)
    assert nothing.value.next_retry_delay is not None
    return nothing.value.next_retry_delay


@pytest.mark.parametrize("kind", ["vnpay", "platform"])
async def test_who_tells_by_itself_is_asked_seldom_and_not_before_somebody_may_have_paid(kind: Kind) -> None:
    wires = {"x": Wire(kind, "old")}
    pauses = [(await wait(wires, asking("x"), after=after)).total_seconds() for after in (0, 5, 10, 900, 3600, 10**6)]
    assert pauses == [5, 5, 10, 900, 1800, 1800]
    assert wires["x"].asked == ["query"] * 6
    await wait(wires, asking("x"), tries=1, after=0)
    assert len(wires["x"].asked) == 6


async def test_who_does_not_tell_is_asked_soon_again_and_who_can_not_be_asked_is_not() -> None:
    wires = {"x": Wire("bank", "old")}
    pauses = [(await wait(wires, asking("x"), tries=n)).total_seconds() for n in (1, 2, 30)]
    assert pauses == [0.2, pytest.approx(0.3), 60]
    assert wires["x"].asked == ["query"] * 3
    wires = {"x": Wire("vietqr")}
    assert await wait(wires, asking("x")) > timedelta(days=365)
    assert wires["x"].asked == []


async def test_a_request_that_is_over_is_closed_where_the_wire_can_do_that_and_asked_seldom() -> None:
    wires = {"x": Wire("bank", "old"), "y": Wire("vnpay", RejectedError("vnpay", 200, NEVER_MADE))}
    assert await wait(wires, asking("x", over=True), asking("y", 2, over=True), after=600) == timedelta(minutes=10)
    assert (wires["x"].asked, wires["y"].asked) == (["cancel"], ["query"])


async def test_money_is_of_the_request_whose_taker_tells_though_another_is_not_set_up() -> None:
    taken = await looked({"x": Wire("bank"), "y": Wire("vnpay", "new")}, asking("x"), asking("y", 2))
    assert [(capture.capture_id, capture.attempt) for capture in taken.captures] == [("new", 2)]
    taken = await looked({"y": Wire("bank", "new")}, asking("x"), asking("y", 2))
    assert [(capture.capture_id, capture.attempt) for capture in taken.captures] == [("new", 2)]
    with pytest.raises(ApplicationError) as unknown:
        await looked({"y": Wire("bank", "old")}, asking("x"), asking("y", 2))
    assert unknown.value.type == "unknown_provider"


@pytest.mark.parametrize("error", [UnreachableError("vnpay", "canary"), RejectedError("vnpay", 400, "broken")])
async def test_one_without_an_answer_keeps_nobody_from_hearing_of_another(error: Exception) -> None:
    wires = {"x": Wire("vnpay", error), "y": Wire("bank", "new")}
    assert [capture.capture_id for capture in (await looked(wires, asking("x"), asking("y", 2))).captures] == ["new"]
    wires["y"].says = "old"
    with pytest.raises(ApplicationError) as failed:
        await looked(wires, asking("x"), asking("y", 2))
    assert failed.value.type == type(error).__name__
    assert failed.value.next_retry_delay is not None


@pytest.mark.parametrize(("kind", "found"), [("vnpay", ["new", "paid"]), ("platform", ["new"])])
async def test_a_reported_transaction_is_money_once_the_query_about_its_number_finds_it(
    kind: Kind, found: list[str]
) -> None:
    reported = asking("x").model_copy(update={"reported": ("new", "paid", "pending", "unknown")})
    wire = Wire(kind, "new")
    assert [one.capture_id for one in (await looked({"x": wire}, reported)).captures] == found
    by_number = {"paid", "pending", "unknown", "confirm"}
    assert set(wire.asked) == {"query"} | (by_number if len(found) > 1 else set())


async def test_a_reported_transaction_that_is_not_confirmed_keeps_no_request_open() -> None:
    found = await closed({"x": Waiting("vnpay", "t1")}, closing(reported=("pending", "unknown")))
    assert ([one.capture_id for one in found.captures], found.awaited_until) == (["t1"], None)


DUE: Final = MADE + timedelta(hours=1)
SILENT: Final = [UnreachableError("x", "HTTP 503"), RejectedError("x", 401, "http_401")]


DAY: Final = timedelta(days=1)
SETTLED: Final = MADE + timedelta(minutes=5)


async def late_looks(*kinds: Kind, at_once: bool = False) -> tuple[list[timedelta], dict[Kind, Wire]]:
    """Returns the times, since the settlement, of queries for late money that never comes; and the providers."""
    wires = {kind: Wire(kind, "old") for kind in kinds}
    given: Any = wires
    pool: Any = None
    first, *others = kinds
    requests = [Attempt(attempt=n, provider=one, requested_at=MADE) for n, one in enumerate(others, 2)]
    payment = Payment(
        filing_id=UUID(int=7),
        n=1,
        agency="H01.12",
        amount=16_000,
        provider=first,
        requested_at=MADE,
        due=MADE + 7 * DAY,
        state=PaymentState.PAID,
        settled_at=SETTLED,
        captures=(Capture(capture_id="old", amount=16_000, at=SETTLED),),
        owed_capture="old",
        renewed=tuple(requests),
    )
    environment, asker = ActivityEnvironment(), Asker(given, pool)
    now, found = SETTLED, list[timedelta]()
    for attempt in range(1, 20):
        environment.info = replace(environment.info, attempt=attempt, started_time=now)
        before = sum(len(wire.asked) for wire in wires.values())
        try:
            await environment.run(asker.late_money, payment, ("old",), {}, at_once=at_once)
            return [*found, now - SETTLED], wires
        except ApplicationError as nothing:
            if sum(len(wire.asked) for wire in wires.values()) > before:
                found.append(now - SETTLED)
            now += require(nothing.next_retry_delay)
    raise AssertionError(found)


@pytest.mark.parametrize("kinds", [("vnpay",), ("platform",), ("vnpay", "vietqr")])
async def test_late_money_at_who_tells_by_itself_is_looked_for_three_times(kinds: tuple[Kind, ...]) -> None:
    found, wires = await late_looks(*kinds)
    assert found == [timedelta(minutes=1), DAY, 3 * DAY]
    assert len(wires[kinds[0]].asked) == 3
    assert await late_looks("vietqr") == ([3 * DAY], {"vietqr": Wire("vietqr", "old")})


async def test_late_money_is_looked_for_at_once_after_a_notice_that_needs_a_query() -> None:
    assert (await late_looks("vnpay", at_once=True))[0] == [timedelta(0), timedelta(minutes=1), DAY, 3 * DAY]


async def test_who_does_not_tell_keeps_its_looks_and_an_order_elsewhere_is_closed_at_once() -> None:
    with pytest.raises(AttributeError):  # after the first hour by the calendar, which lies in the database
        await late_looks("bank")
    with pytest.raises(AttributeError):
        await late_looks("vnpay", "bank")


@dataclass
class Waiting(Wire):
    """A provider that reports this `outcome`; `patience`: how long the provider is queried after the fee is due."""

    outcome: Outcome = Outcome.PAID
    patience: timedelta = PATIENCE

    def _answer(self, how: str, demand: Demand) -> tuple[Notice, ...]:
        return tuple(one.model_copy(update={"outcome": self.outcome}) for one in super()._answer(how, demand))


def closing(**said: Any) -> Closing:
    return Closing.model_validate(dict(asking("x", over=True)) | {"due": DUE} | said)


async def closed(wires: Mapping[str, Wire], asked: Closing, after: timedelta = timedelta(0)) -> Closed:
    """Returns the result of a query that closes the request, at this time `after` the fee was due."""
    given: Any = wires
    pool: Any = None
    environment = ActivityEnvironment()
    environment.info = replace(environment.info, started_time=DUE + after)
    found: Closed = await environment.run(Asker(given, pool).close, asked)
    return found


async def asked_again_in(wires: Mapping[str, Wire], asked: Closing, after: timedelta) -> timedelta:
    with pytest.raises(ApplicationError) as nothing:
        await closed(wires, asked, after)
    assert nothing.value.next_retry_delay is not None
    return nothing.value.next_retry_delay


@pytest.mark.parametrize("kind", ["vnpay", "platform"])
@pytest.mark.parametrize(
    ("says", "outcome"),
    [
        (None, Outcome.PAID),
        ("t1", Outcome.FAILED),
        ("t1", Outcome.REVERSED),
        (RejectedError("x", 200, NEVER_MADE), Outcome.PAID),
    ],
)
async def test_what_is_known_not_to_be_paid_ends_at_once(kind: Kind, says: Any, outcome: Outcome) -> None:
    assert await closed({"x": Waiting(kind, says, outcome=outcome)}, closing()) == Closed()


@pytest.mark.parametrize("kind", ["vnpay", "platform"])
async def test_what_was_paid_is_taken_whenever_that_is_said(kind: Kind) -> None:
    for after in (timedelta(0), PATIENCE / 2, PATIENCE, 2 * PATIENCE):
        found = await closed({"x": Waiting(kind, "t1")}, closing(awaited=True), after)
        assert [(one.capture_id, one.at) for one in found.captures] == [("t1", MADE)]
        assert found.awaited_until is None


@pytest.mark.parametrize("kind", ["vnpay", "platform"])
async def test_what_is_pending_is_said_once_and_asked_again_until_patience_ends(kind: Kind) -> None:
    wires = {"x": Waiting(kind, "t1", outcome=Outcome.PENDING)}
    assert await closed(wires, closing()) == Closed(awaited_until=DUE + PATIENCE)
    waits = [
        await asked_again_in(wires, closing(awaited=True), after)
        for after in (timedelta(0), timedelta(minutes=1), timedelta(days=1), PATIENCE - timedelta(seconds=2))
    ]
    assert [wait.total_seconds() for wait in waits] == [5, 60, 1800, 2]
    assert await closed(wires, closing(awaited=True), PATIENCE) == Closed()
    assert wires["x"].asked == ["query"] * 6


async def test_a_request_that_ends_while_the_fee_is_owed_and_one_that_nobody_owes_wait_for_nothing() -> None:
    assert await closed({"x": Waiting("vnpay", "t1", outcome=Outcome.PENDING)}, closing(due=None)) == Closed()


@pytest.mark.parametrize("error", SILENT)
async def test_who_gives_no_answer_is_asked_until_patience_ends(error: Exception) -> None:
    wires = {"x": Waiting("vnpay", error)}
    for after in (timedelta(0), PATIENCE - timedelta(seconds=1)):
        with pytest.raises(type(error)):
            await closed(wires, closing(awaited=True), after)
    assert await closed(wires, closing(), PATIENCE) == Closed()
    with pytest.raises(type(error)):
        await closed(wires, closing(due=None), PATIENCE)


@pytest.mark.parametrize("wires", [*({"x": Waiting("vnpay", error)} for error in SILENT), {}])
async def test_who_gives_no_answer_about_what_nobody_owes_is_asked_three_days(wires: Mapping[str, Wire]) -> None:
    nobodys = closing(due=None, settled=DUE)
    with pytest.raises((UnreachableError, RejectedError, ApplicationError)):
        await closed(wires, nobodys, PATIENCE - timedelta(seconds=1))
    assert await closed(wires, nobodys, PATIENCE) == Closed()
    assert [one.capture_id for one in (await closed({"x": Waiting("vnpay", "t1")}, nobodys)).captures] == ["t1"]


async def test_who_gives_no_answer_is_asked_three_days_also_where_nothing_is_awaited() -> None:
    at_once = timedelta(0)
    silent = {"x": Waiting("vnpay", SILENT[0], patience=at_once)}
    with pytest.raises(UnreachableError):
        await closed(silent, closing(), PATIENCE - timedelta(seconds=1))
    assert await closed(silent, closing(), PATIENCE) == Closed()
    assert await closed({"x": Waiting("vnpay", "t1", outcome=Outcome.PENDING, patience=at_once)}, closing()) == Closed()


async def test_who_is_not_set_up_here_holds_up_no_filing_for_ever() -> None:
    with pytest.raises(ApplicationError) as unknown:
        await closed({}, closing())
    assert unknown.value.type == "unknown_provider"
    assert await closed({}, closing(), PATIENCE) == Closed()


async def test_the_orders_of_our_own_bank_are_closed_and_that_decides() -> None:
    wires = {"x": Waiting("bank", "t1")}
    assert [one.capture_id for one in (await closed(wires, closing())).captures] == ["t1"]
    assert wires["x"].asked == ["cancel"]


def test_patience_is_three_days_and_for_transfers_one_unless_it_is_set() -> None:
    vietqr = {"kind": "vietqr", "bank": "970400", "account": "1", "secret": "s"}
    vnpay = {"kind": "vnpay", "terminal": "t", "secret": "s", "pay_url": "u", "api_url": "u", "return_url": "u"}
    set_up = MERCHANTS.validate_python({"x": vietqr, "y": vietqr | {"pending_minutes": 0.5}, "z": vnpay})
    nobody: Any = None
    patience = [provider(name, merchant, nobody).patience for name, merchant in set_up.items()]
    assert patience == [timedelta(days=1), timedelta(seconds=30), timedelta(days=3)]
    assert OwnBank("bank", nobody).patience == PATIENCE == timedelta(days=3)


VIETQR = {"kind": "vietqr", "bank": "970400", "account": "1903001234567", "secret": "a key"}


def merchants(**more: dict[str, Any]) -> Any:
    return MERCHANTS.validate_json(json.dumps({"treasury": VIETQR, **more}))


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "cash"},
        {"bank": "97"},
        {"account": ""},
        {"account": "1" * 20},
        {"secret": None},
        {"secret": 5},
        {"unknown": 1},
    ],
)
def test_what_does_not_fit_is_refused_without_a_word_of_the_key(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as refused:
        merchants(other={**VIETQR, "secret": "k3y of nobody", **change})
    assert "k3y" not in str(refused.value)


@pytest.mark.parametrize("name", ["", "VNPAY", "a b", "1a", "a" * 41])
def test_a_name_is_short_and_plain(name: str) -> None:
    with pytest.raises(ValidationError):
        merchants(**{name: VIETQR})


@pytest.mark.parametrize(
    ("record", "engine", "refused"),
    [
        ("postgresql://a:b@127.0.0.1:5432/m", "[::1]:7233", ()),
        ("postgresql:///m", "localhost:7233", ()),
        ("postgresql://a@db.example.vn/m", "127.0.0.1:7233", ("off",)),
        ("postgresql://a@127.0.0.1/m", "10.0.0.7:7233", ("off",)),
        ("postgresql://a@127.0.0.1:5432,[::1]:5432/m", "127.0.0.1:7233", ()),
        ("postgresql://a@127.0.0.1:5432,10.0.0.7:5432/m", "127.0.0.1:7233", ("off",)),
        ("postgresql:///m?host=/run/postgresql", "127.0.0.1:7233", ()),
        ("postgresql:///m?host=10.0.0.7", "127.0.0.1:7233", ("off",)),
    ],
)
def test_a_worker_believes_everybody_on_one_machine_alone(
    monkeypatch: pytest.MonkeyPatch, record: str, engine: str, refused: tuple[str, ...]
) -> None:
    needed = {"master_key": b64encode(bytes(32)).decode(), "objects": "o", "bank_url": "b", "post_url": "p"}
    monkeypatch.setenv("TEMPORAL_ADDRESS", engine)
    for name, value in (needed | {"database_url": record}).items():
        monkeypatch.setenv(f"MOTCUA_{name.upper()}", value)
    for identity in ("off", "required"):
        monkeypatch.setenv("MOTCUA_IDENTITY", identity)
        with pytest.raises(ValidationError, match="development") if identity in refused else nullcontext():
            WorkerSettings()


def test_a_worker_does_not_start_with_what_does_not_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    needed = {"database_url": "d", "master_key": b64encode(bytes(32)).decode(), "objects": "o", "bank_url": "b"}
    for name, value in {**needed, "post_url": "p"}.items():
        monkeypatch.setenv(f"MOTCUA_{name.upper()}", value)
    monkeypatch.setenv("MOTCUA_PROVIDERS", json.dumps({"treasury": VIETQR}))
    monkeypatch.setenv("MOTCUA_IDENTITY", "required")
    read = WorkerSettings()
    assert set(read.providers) == {"treasury"}
    assert "a key" not in repr(read)
    for wrong in ({**VIETQR, "kind": "cash"}, {**VIETQR, "bank": 1}, [VIETQR]):
        monkeypatch.setenv("MOTCUA_PROVIDERS", json.dumps({"treasury": wrong}))
        with pytest.raises(ValidationError) as refused:
            WorkerSettings()
        assert "a key" not in str(refused.value)
