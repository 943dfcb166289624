"""The kit signs with a key in a file, in the environment, or behind a socket: the same statement each time."""

from __future__ import annotations

import json
import os
import socketserver
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ed448, rsa

from motcua.errors import MotcuaError
from motcua.identity import AGENT, KEY, KEY_FILE, Agent, PrivateKey, key_here, new_key, public_key_of, sign
from tests.speaking import b64, private_key, public_pem, raw_key, statement
from tests.unit.identity.agents import Answering, agent, pem_of

PEM = pem_of(raw_key(1))
SIGNED = sign(statement(), private_key(1))


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (AGENT, KEY, KEY_FILE):
        monkeypatch.delenv(name, raising=False)


class Declining(socketserver.StreamRequestHandler):
    """It says which key it has, and signs nothing."""

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
    key = key_here()
    assert key is not None
    assert sign(statement(), key) == SIGNED


def test_a_key_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert key_here() is None
    monkeypatch.setenv(KEY, PEM.decode())
    key = key_here()
    assert key is not None
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


def test_a_private_key_is_no_public_one() -> None:
    assert public_key_of(public_pem(1)) == private_key(1).public_key
    with pytest.raises(MotcuaError, match="public"):
        public_key_of(PEM.decode())


def test_a_key_shows_itself_to_nobody() -> None:
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


def test_a_file_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY_FILE, str(tmp_path / "nobody.pem"))
    with pytest.raises(MotcuaError, match="can't be read"):
        key_here()


def test_without_its_extra_the_kit_says_which_it_is() -> None:
    program = "import sys; sys.modules['cryptography'] = None; import motcua.identity"
    ended = subprocess.run((sys.executable, "-c", program), capture_output=True, text=True, timeout=60, check=False)
    assert ended.stderr.splitlines()[-1].endswith("signing needs its extra: pip install 'motcua[identity]'")
