"""Signs the kit's messages with a key in this process or in an agent. Needs the kit's extra `identity`."""

import json
import os
import socket
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from pathlib import Path
from typing import Final

try:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
        PublicFormat,
        load_pem_private_key,
        load_pem_public_key,
    )
except ModuleNotFoundError as _missing:
    raise ModuleNotFoundError("signing needs its extra: pip install 'motcua[identity]'", name=_missing.name) from None

from .contract import POSSESSION_TYPE, Possession, key_id
from .errors import MotcuaError, SettingsError
from .signing import AGENT as AGENT
from .signing import KEY as KEY
from .signing import KEY_FILE as KEY_FILE
from .signing import Key
from .signing import sign as sign

AGENT_SECONDS: Final = 5.0
"""Timeout for an agent's answer."""
_MOST: Final = 4096


class PrivateKey:
    """An ed25519 key in this process. It never exposes its private part."""

    waits = False

    def __init__(self, pem: bytes) -> None:
        """Reads a private key in PEM (PKCS#8), as `openssl genpkey -algorithm ed25519` writes it."""
        try:
            key = load_pem_private_key(pem, password=None)
        except _NO_KEY:
            key = None
        if not isinstance(key, Ed25519PrivateKey):
            raise SettingsError("this is no ed25519 private key in PEM")
        self._key = key
        self.public_key = _b64(key.public_key().public_bytes_raw())
        self.key_id = key_id(self.public_key)

    def signed(self, header: dict[str, str], payload: bytes) -> str:
        signing = _signing(header, payload)
        return f"{signing}.{_b64(self._key.sign(signing.encode()))}"


class Agent:
    """A key that another process holds, behind a Unix socket.

    Each request and each answer is one line of JSON, over a connection of its own:
    `{"sign": "<header>.<payload>"}` → `{"signature": "<base64url>"}`; `{}` → `{"public_key": "<base64url>"}`; a refused
    request → `{"error": "…"}`.
    """

    waits = True

    def __init__(self, path: str | Path) -> None:
        """Requests the public key of the agent at this socket. Raises `MotcuaError`."""
        self._path = str(path)
        self.public_key = self._ask({}, "public_key")
        self.key_id = key_id(self.public_key)

    def signed(self, header: dict[str, str], payload: bytes) -> str:
        signing = _signing(header, payload)
        return f"{signing}.{self._ask({'sign': signing}, 'signature')}"

    def _ask(self, question: dict[str, str], wanted: str) -> str:
        try:
            with socket.socket(socket.AF_UNIX) as line:
                line.settimeout(AGENT_SECONDS)
                line.connect(self._path)
                line.sendall(json.dumps(question).encode() + b"\n")
                with line.makefile("rb") as answers:
                    answer = json.loads(answers.readline(_MOST))
            found = answer[wanted]
            urlsafe_b64decode(found + "==")
        except (OSError, ValueError, KeyError, TypeError):
            raise MotcuaError("the signing agent gave no answer that can be used") from None
        return str(found)


def prove(principal: str, key: Key) -> str:
    """Returns a proof that the key belongs to this principal, to be sent with the public key within five minutes.

    Raises `MotcuaError` if an agent holds the key and does not sign.
    """
    header = {"alg": "Ed25519", "kid": key.key_id, "typ": POSSESSION_TYPE}
    return key.signed(header, Possession(principal=principal, iat=int(time.time())).model_dump_json().encode())


def key_in(file: Path) -> PrivateKey:
    """Returns the key in a file. Raises `MotcuaError` for an unusable key, or if other users may read the file."""
    try:
        if file.stat().st_mode & 0o077:
            raise SettingsError(f"{file}: others may read this key; chmod 600")
        pem = file.read_bytes()
    except OSError as error:
        raise SettingsError(f"{file} can't be read: {error.strerror}") from None
    return PrivateKey(pem)


def key_here(said: Mapping[str, str] = os.environ) -> Key | None:
    """Returns the key that the environment names, else None. Raises `MotcuaError` if the key can't be used."""
    if agent := said.get(AGENT):
        return Agent(agent)
    if file := said.get(KEY_FILE):
        return key_in(Path(file))
    pem = said.get(KEY)
    return None if not pem else PrivateKey(pem.encode())


def new_key(file: Path) -> str:
    """Writes a new private key that only its owner can read. Returns the public key in PEM. Raises `MotcuaError`."""
    made = Ed25519PrivateKey.generate()
    try:
        written = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise SettingsError(f"{file} can't be made: {error.strerror}") from None
    with os.fdopen(written, "wb") as private:
        private.write(made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return made.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def public_key_of(pem: str) -> str:
    """Returns the `x` of an ed25519 public key in PEM. Raises `MotcuaError` for anything else."""
    try:
        key = load_pem_public_key(pem.encode())
    except _NO_KEY:
        key = None
    if not isinstance(key, Ed25519PublicKey):
        raise MotcuaError("this is no ed25519 public key in PEM")
    return _b64(key.public_bytes_raw())


def _signing(header: dict[str, str], payload: bytes) -> str:
    """Returns the signing input of a compact JWS (RFC 7515)."""
    return f"{_b64(json.dumps(header, separators=(',', ':')).encode())}.{_b64(payload)}"


def _b64(value: bytes) -> str:
    return urlsafe_b64encode(value).rstrip(b"=").decode()


_NO_KEY: Final = (ValueError, TypeError, UnsupportedAlgorithm)
"""The errors for a PEM without a key, or with a key that the library can't read."""
