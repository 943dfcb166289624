"""A key is registered if somebody proves that they have it; none is whose signatures anybody can make."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from collections.abc import Callable
from datetime import timedelta
from typing import Final

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from motcua.identity import prove, sign
from rules.identity.possession import unproved, unsafe
from rules.identity.principal_register import impossible
from schemas.identity.principals import RotateKey
from schemas.identity.statement import POSSESSION_TYPE, Claim, PrincipalKey, seconds
from schemas.people import Actor, Role
from tests.speaking import DAY, NOW, b64, grant, key_of, principal, private_key, raw_key, statement

AT: Final = seconds(NOW)
SIGNER: Final = raw_key(1).sign
HEADER: Final = {"alg": "Ed25519", "kid": private_key(1).key_id, "typ": POSSESSION_TYPE}
SAID: Final = {"principal": "desk-1", "iat": AT}


def proof(signer: Callable[[bytes], bytes] = SIGNER, said: object = SAID, **header: object) -> str:
    head = {name: value for name, value in (HEADER | header).items() if value is not None}
    signing = f"{b64(json.dumps(head).encode())}.{b64(json.dumps(said).encode())}"
    return f"{signing}.{b64(signer(signing.encode()))}"


CASES: Final[dict[str, tuple[str | None, str | None]]] = {
    "made by hand": (proof(), None),
    "by the older name": (proof(alg="EdDSA"), None),
    "none": (None, "proof_missing"),
    "garbage": ("a.b.c", "proof_unreadable"),
    "a statement": (sign(statement(), private_key(1)), "proof_unreadable"),
    "a statement that says so": (proof(typ="motcua-statement+jwt"), "proof_unreadable"),
    "without an algorithm": (proof(lambda _: b"", alg="none"), "proof_unreadable"),
    "with more in its header": (proof(jku="https://example.invalid"), "proof_unreadable"),
    "without a key's id": (proof(kid=None), "proof_unreadable"),
    "with more in it": (proof(said=SAID | {"x": 1}), "proof_unreadable"),
    "without a time": (proof(said={"principal": "desk-1"}), "proof_unreadable"),
    "for another": (proof(said=SAID | {"principal": "desk-2"}), "proof_of_another"),
    "another key's": (proof(raw_key(2).sign, kid=private_key(2).key_id), "proof_of_another"),
    "by another key": (proof(raw_key(2).sign), "proof_signature"),
    "six minutes old": (proof(said=SAID | {"iat": AT - 360}), None),
    "older": (proof(said=SAID | {"iat": AT - 361}), "proof_expired"),
    "a minute to come": (proof(said=SAID | {"iat": AT + 60}), None),
    "later": (proof(said=SAID | {"iat": AT + 61}), "proof_expired"),
}


@pytest.mark.parametrize(("given", "expected"), CASES.values(), ids=CASES.keys())
def test_who_has_a_key_proves_it_by_a_signature_of_five_minutes(given: str | None, expected: str | None) -> None:
    why = unproved(given, key_of(1), "desk-1", NOW)
    assert (why and (why.field, why.rule)) == (expected and ("proof", expected))


def test_what_the_kit_makes_is_one() -> None:
    made = prove("desk-1", private_key(1))
    iat = json.loads(urlsafe_b64decode(made.split(".")[1] + "=="))["iat"]
    now = NOW + timedelta(seconds=iat - AT)
    assert unproved(made, key_of(1), "desk-1", now) is None
    assert unproved(made, key_of(1), "desk-2", now) is not None


SMALL_ORDER: Final = (
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
)
"""The points of order 1, 2, 4, 4, 8, 8, 8, 8, as RFC 8032 writes them."""
OTHERWISE: Final = (
    "0100000000000000000000000000000000000000000000000000000000000080",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
)
"""The first ones in other ways, and two more whose y is not below the prime."""


@pytest.mark.parametrize("encoded", [*SMALL_ORDER, *OTHERWISE])
def test_a_key_of_small_order_or_written_otherwise_is_none(encoded: str) -> None:
    public = b64(bytes.fromhex(encoded))
    assert unsafe(public)
    about = principal("desk-1", grant(Claim.OFFICERS, "H01.12"), keys=())
    key = PrincipalKey(public_key=public, valid_from=NOW, valid_until=NOW + DAY)
    said = RotateKey(
        command_id="c",
        actor=Actor(subject="o", role=Role.OPERATOR, agency="H01.12"),
        reason="r",
        principal="desk-1",
        key=key,
        overlap=0,
    )
    why = impossible(about, said, NOW)
    assert why is not None
    assert (why.field, why.rule) == ("key.public_key", "key_unsafe")


def test_anybody_signs_by_a_key_of_small_order() -> None:
    """Without a private key: that is why. R is the neutral element and S is 0."""
    forged = bytes.fromhex(SMALL_ORDER[0]) + bytes(32)
    Ed25519PublicKey.from_public_bytes(bytes.fromhex(SMALL_ORDER[0])).verify(forged, b"whatever")
    with pytest.raises(InvalidSignature):
        raw_key(1).public_key().verify(forged, b"whatever")


@given(st.integers(1, 255))
def test_a_key_that_somebody_has_is_one(seed: int) -> None:
    assert not unsafe(private_key(seed).public_key)
