"""The verification of RFC 8032 in the bundle verifier: the RFC's own vectors, and whatever another library signs."""

from __future__ import annotations

from typing import Final

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.proof.note import Kind, Signer
from verifier.bundle import ed25519_verified

# Section 7.1: public key, message, signature.
VECTORS: Final = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        (
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe"
            "24655141438e7a100b"
        ),
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        (
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302a"
            "eeb00d291612bb0c00"
        ),
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        (
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed2"
            "8dc027beceea1ec40a"
        ),
    ),
]
ORDER: Final = 2**252 + 27742317777372353535851937790883648493


@pytest.mark.parametrize(("public", "message", "signature"), VECTORS)
def test_the_vectors_of_the_rfc(public: str, message: str, signature: str) -> None:
    key, text, signed = map(bytes.fromhex, (public, message, signature))
    assert ed25519_verified(key, text, signed)
    assert not ed25519_verified(key, text + b"x", signed)
    greater = int.from_bytes(signed[32:], "little") + ORDER
    assert not ed25519_verified(key, text, signed[:32] + greater.to_bytes(32, "little")), "no signature twice"


@settings(max_examples=30)
@given(st.binary(min_size=32, max_size=32), st.binary(max_size=200), st.integers(0, 511))
def test_what_another_library_signs(secret: bytes, message: bytes, bit: int) -> None:
    key = Ed25519PrivateKey.from_private_bytes(secret)
    public, signature = Signer.of("k", Kind.LOG, secret).verifier.public, key.sign(message)
    assert ed25519_verified(public, message, signature)
    broken = int.from_bytes(signature, "big") ^ (1 << bit)
    assert not ed25519_verified(public, message, broken.to_bytes(64, "big"))


def test_what_is_no_signature() -> None:
    assert not ed25519_verified(bytes(31), b"", bytes(64))
    assert not ed25519_verified(bytes(32), b"", bytes(63))
    assert not ed25519_verified(b"\xff" * 32, b"", bytes(64)), "no point has such a y"
    assert not ed25519_verified((2).to_bytes(32, "little"), b"", bytes(64)), "nor is there one with this y"
