"""The kit signs with a key in a file, in the environment, or behind a socket: the statement is always the same."""

import json
import os
import socketserver
import stat
import subprocess
import sys
from base64 import urlsafe_b64decode
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ed448, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from motcua.errors import MotcuaError
from motcua.identity import Agent, PrivateKey, key_here, new_key, prove, public_key_of, sign
from motcua.signing import AGENT, KEY, KEY_FILE
from rules.identity.principal_register import impossible, unproved, unsafe
from rules.require import require
from schemas.identity.principals import RotateKey
from schemas.identity.statement import POSSESSION_TYPE, Claim, PrincipalKey, seconds
from schemas.people import Actor, Role
from tests.speaking import DAY, NOW, b64, grant, key_of, principal, private_key, public_pem, raw_key, statement
from tests.unit.identity.agents import Answering, agent, pem_of

PEM = pem_of(raw_key(1))
SIGNED = sign(statement(), private_key(1))


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (AGENT, KEY, KEY_FILE):
        monkeypatch.delenv(name, raising=False)


class Declining(socketserver.StreamRequestHandler):
    """A signing agent that gives its public key, but refuses to sign."""

    def handle(self) -> None:
        asked = json.loads(self.rfile.readline())
        public = {"public_key": b64(raw_key(1).public_key().public_bytes_raw())}
        self.wfile.write(json.dumps({"error": "no"} if asked else public).encode() + b"\n")


class Silent(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        self.rfile.readline()


def test_a_key_in_a_file_that_only_its_owner_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "key.pem"
    file.write_bytes(PEM)
    monkeypatch.setenv(KEY_FILE, str(file))
    file.chmod(0o640)
    with pytest.raises(MotcuaError, match="chmod 600"):
        key_here()
    file.chmod(0o600)
    key = require(key_here())
    assert sign(statement(), key) == SIGNED


def test_a_key_behind_a_socket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with agent(tmp_path, Answering) as path:
        monkeypatch.setenv(AGENT, path)
        key = key_here()
        assert isinstance(key, Agent)
        assert key.key_id == private_key(1).key_id
        assert sign(statement(), key) == SIGNED


@pytest.mark.parametrize("handler", [Silent, Declining])
def test_an_agent_that_does_not_sign(tmp_path: Path, handler: type[socketserver.StreamRequestHandler]) -> None:
    with agent(tmp_path, handler) as path, pytest.raises(MotcuaError, match="agent"):
        sign(statement(), Agent(path))


def test_an_agent_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(MotcuaError, match="agent"):
        Agent(tmp_path / "nobody.sock")


@pytest.mark.parametrize(
    "pem",
    [
        b"",
        b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        public_pem(1).encode(),
        pem_of(ed448.Ed448PrivateKey.generate()),
        pem_of(rsa.generate_private_key(65537, 2048)),
    ],
    ids=["nothing", "garbage", "a public key", "Ed448", "RSA"],
)
def test_what_is_no_private_key_of_ed25519(pem: bytes) -> None:
    with pytest.raises(MotcuaError, match="ed25519"):
        PrivateKey(pem)


def test_a_private_key_is_no_public_one_and_shows_itself_to_nobody() -> None:
    assert public_key_of(public_pem(1)) == private_key(1).public_key
    with pytest.raises(MotcuaError, match="public"):
        public_key_of(PEM.decode())
    assert PEM.decode().splitlines()[1] not in repr(private_key(1)) + str(vars(private_key(1)))


def test_a_new_pair_of_keys(tmp_path: Path) -> None:
    file = tmp_path / "new.pem"
    before = os.umask(0)
    try:
        public = new_key(file)
    finally:
        os.umask(before)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert PrivateKey(file.read_bytes()).public_key == public_key_of(public)
    kept = file.read_bytes()
    with pytest.raises(MotcuaError, match="exists"):
        new_key(file)
    assert file.read_bytes() == kept


def test_without_its_extra_the_kit_says_which_it_is() -> None:
    program = "import sys; sys.modules['cryptography'] = None; import motcua.identity"
    ended = subprocess.run((sys.executable, "-c", program), capture_output=True, text=True, timeout=60, check=False)
    assert ended.stderr.splitlines()[-1].endswith("signing needs its extra: pip install 'motcua[identity]'")


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
    "a statement": (sign(statement(), private_key(1)), "proof_unreadable"),
    "a statement that says so": (proof(typ="motcua-statement+jwt"), "proof_unreadable"),
    "without an algorithm": (proof(lambda _: b"", alg="none"), "proof_unreadable"),
    "with more in its header": (proof(jku="https://example.invalid"), "proof_unreadable"),
    "without a time": (proof(said={"principal": "desk-1"}), "proof_unreadable"),
    "for another": (proof(said=SAID | {"principal": "desk-2"}), "proof_of_another"),
    "another key's": (proof(raw_key(2).sign, kid=private_key(2).key_id), "proof_of_another"),
    "by another key": (proof(raw_key(2).sign), "proof_signature"),
    "six minutes old": (proof(said=SAID | {"iat": AT - 360}), None),
    "older": (proof(said=SAID | {"iat": AT - 361}), "proof_expired"),
    "a minute to come": (proof(said=SAID | {"iat": AT + 60}), None),
}


@pytest.mark.parametrize(("given", "expected"), CASES.values(), ids=CASES.keys())
def test_who_has_a_key_proves_it_by_a_signature_of_five_minutes(given: str | None, expected: str | None) -> None:
    why = unproved(given, key_of(1), "desk-1", NOW)
    assert (why and (why.field, why.rule)) == (expected and ("proof", expected))


def test_what_the_kit_makes_is_one() -> None:
    made = prove("desk-1", private_key(1))
    now = NOW + timedelta(seconds=json.loads(urlsafe_b64decode(made.split(".")[1] + "=="))["iat"] - AT)
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
"""Other encodings of some points of small order, and two of other points whose y is not below the prime."""


@pytest.mark.parametrize("encoded", [*SMALL_ORDER, *OTHERWISE])
def test_a_key_of_small_order_or_written_otherwise_is_none(encoded: str) -> None:
    public = b64(bytes.fromhex(encoded))
    assert unsafe(public)
    about = principal("desk-1", grant(Claim.OFFICERS, "H01.12"), keys=())
    said = RotateKey(
        command_id="c",
        actor=Actor(subject="o", role=Role.OPERATOR, agency="H01.12"),
        reason="r",
        principal="desk-1",
        key=PrincipalKey(public_key=public, valid_from=NOW, valid_until=NOW + DAY),
        overlap=0,
    )
    why = require(impossible(about, said, NOW))
    assert (why.field, why.rule) == ("key.public_key", "key_unsafe")


def test_anybody_signs_by_a_key_of_small_order() -> None:
    """The forger needs no private key, so such keys are refused: R is the neutral element, and S is 0."""
    forged = bytes.fromhex(SMALL_ORDER[0]) + bytes(32)
    Ed25519PublicKey.from_public_bytes(bytes.fromhex(SMALL_ORDER[0])).verify(forged, b"whatever")
    with pytest.raises(InvalidSignature):
        raw_key(1).public_key().verify(forged, b"whatever")
