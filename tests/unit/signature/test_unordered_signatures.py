"""What a signing service has signed, against what the log has ordered."""

from __future__ import annotations

import json
from typing import Final
from uuid import UUID

import pytest

from activities.partners.signer import key_of, order_of
from operations.doctor.finding import Health
from operations.doctor.partners.unordered import findings
from operations.reconciling.acts import acts_in
from operations.reconciling.signatures import Signature, Told, UnorderedSignature, Wrong, compared
from schemas.stream.about import About

FILING: Final = UUID("5c2e2d1e-3f0b-5a6d-9d57-0c7b8a4e61f2")
RESULT: Final = About(stream=f"result:{FILING}:1", seq=3)
PAPER: Final = About(stream=f"filing:{FILING}", seq=2)
ONE, OTHER = bytes([1]) * 32, bytes([2]) * 32


def signed(order: About | None, digest: bytes = ONE, **said: str) -> Signature:
    given = {"key": key_of(order, digest), "number": "001085000012", "digest": digest.hex()} | said
    return Signature.model_validate(given)


@pytest.mark.parametrize("order", [RESULT, PAPER])
def test_the_key_of_a_request_names_the_event_that_orders_it(order: About) -> None:
    assert order_of(key_of(order, ONE)) == order


@pytest.mark.parametrize(
    "key", [key_of(None, ONE), "", "one", f"sign:result:{FILING}:1:3:", f"x{key_of(RESULT, ONE)}", "sign:a:b:1:c"]
)
def test_a_key_of_others_names_none(key: str) -> None:
    assert order_of(key) is None


@pytest.mark.parametrize(
    ("told", "wrong"),
    [
        (Told.SIGNED, None),
        (Told.AWAITED, None),
        (Told.OTHERWISE, Wrong.NOT_TAKEN),
        (Told.NOTHING, Wrong.NOT_ORDERED),
        (Told.STRANGE, Wrong.OF_NO_FILING),
    ],
)
@pytest.mark.parametrize("order", [RESULT, PAPER])
def test_each_signature_is_borne_out_by_an_event(order: About, told: Told, wrong: Wrong | None) -> None:
    expected = [] if wrong is None else [UnorderedSignature(order, wrong)]
    assert compared([signed(order), signed(None)], {order: told}) == expected
    assert compared([signed(order, status="waiting"), signed(order, OTHER, status="declined")], {order: told}) == []


def test_the_log_says_nothing_of_a_place_that_it_was_not_asked_about() -> None:
    assert compared([signed(RESULT)], {}) == [UnorderedSignature(RESULT, Wrong.OF_NO_FILING)]


def test_one_place_orders_one_signature() -> None:
    given, told = [signed(RESULT), signed(RESULT), signed(RESULT, OTHER), signed(PAPER)], Told.SIGNED
    assert compared(given, {RESULT: told, PAPER: told}) == [UnorderedSignature(RESULT, Wrong.ONE_TOO_MANY)]
    assert len(compared(given, {PAPER: told, RESULT: Told.NOTHING})) == 2


def test_what_no_event_orders_fails_and_the_rest_warns() -> None:
    assert [one.health for one in findings([])] == [Health.OK]
    found = findings([UnorderedSignature(PAPER, Wrong.NOT_ORDERED)] * 9 + [UnorderedSignature(RESULT, Wrong.NOT_TAKEN)])
    assert [one.health for one in found] == [Health.FAIL, Health.WARN]
    assert found[0].what.en.startswith(f"9 signatures that no event orders: {PAPER.stream} {PAPER.seq}, ")
    assert found[0].what.vi.count(PAPER.stream) == 5
    assert RESULT.stream in found[1].what.vi


def test_a_signature_in_a_statement_has_a_digest() -> None:
    line = {"key": key_of(RESULT, ONE), "number": "1", "digest": ONE.hex(), "at": "2026-11-30T08:00:00+07:00"}
    [read] = acts_in([json.dumps(line) + "\n", "\n"])
    assert isinstance(read, Signature)
    assert (read.key, read.status, read.at is not None) == (line["key"], "signed", True)
    with pytest.raises(ValueError, match=r"^2: digest: "):
        acts_in(["", json.dumps(line | {"digest": "x"})])
