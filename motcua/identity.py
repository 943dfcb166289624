"""The kit's own signature under what it sends: a statement of who is speaking, signed with a key that lies somewhere.

Needs the extra `identity` of the kit.
"""

from __future__ import annotations

import json
import os
import socket
from base64 import urlsafe_b64decode
from pathlib import Path
from typing import Final, Protocol

try:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
    from joserfc import jws
    from joserfc.errors import JoseError
    from joserfc.jwk import OKPKey
    from joserfc.util import urlsafe_b64encode
except ModuleNotFoundError as _missing:
    raise ModuleNotFoundError("signing needs its extra: pip install 'motcua[identity]'", name=_missing.name) from None

from .contract import STATEMENT_TYPE, IdentityStatement, key_id
from .errors import MotcuaError

KEY_FILE: Final = "MOTCUA_IDENTITY_KEY_FILE"
KEY: Final = "MOTCUA_IDENTITY_KEY"
AGENT: Final = "MOTCUA_IDENTITY_AGENT"

AGENT_SECONDS: Final = 5.0
"""For which an agent is waited for."""
_MOST: Final = 4096


class Key(Protocol):
    """Something that signs: a key, or an agent that has one."""

    @property
    def key_id(self) -> str:
        """The thumbprint of the public key (RFC 7638)."""

    def signed(self, header: dict[str, str], payload: bytes) -> str:
        """The compact JWS. Raises `MotcuaError`."""


class PrivateKey:
    """An ed25519 key in this process. It shows itself to nobody."""

    def __init__(self, pem: bytes) -> None:
        """Take a private key in PEM (PKCS#8), as `openssl genpkey -algorithm ed25519` writes it."""
        try:
            self._key = OKPKey.import_key(pem)
        except (JoseError, ValueError, TypeError):
            raise MotcuaError("this is no ed25519 private key in PEM") from None
        if self._key.curve_name != "Ed25519" or not self._key.is_private:
            raise MotcuaError("this is no ed25519 private key in PEM")
        self.public_key = str(self._key.as_dict(private=False)["x"])
        self.key_id = key_id(self.public_key)

    def signed(self, header: dict[str, str], payload: bytes) -> str:
        return jws.serialize_compact(header, payload, self._key, algorithms=["Ed25519"])


class Agent:
    """A key that another process holds, behind a Unix socket.

    It is asked in one line of JSON, and answers in one, over a connection for each: `{"sign": "<header>.<payload>"}`
    by `{"signature": "<base64url>"}`, `{}` by `{"public_key": "<base64url>"}`, what it will not do by `{"error": "…"}`.
    """

    def __init__(self, path: str | Path) -> None:
        """Ask the agent at this socket which key it has. Raises `MotcuaError`."""
        self._path = str(path)
        self.public_key = self._ask({}, "public_key")
        self.key_id = key_id(self.public_key)

    def signed(self, header: dict[str, str], payload: bytes) -> str:
        said = json.dumps(header, separators=(",", ":")).encode()
        signing = b".".join(map(urlsafe_b64encode, (said, payload))).decode()
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


def sign(statement: IdentityStatement, key: Key) -> str:
    """The statement as a compact JWS. Raises `MotcuaError` where an agent does not sign."""
    header = {"alg": "Ed25519", "kid": key.key_id, "typ": STATEMENT_TYPE}
    return key.signed(header, statement.model_dump_json().encode())


def key_here() -> Key | None:
    """The key that the environment names: an agent, a file, or the key itself in PEM. None if it names none.

    Raises `MotcuaError` for one that can't be used.
    """
    if agent := os.environ.get(AGENT):
        return Agent(agent)
    if file := os.environ.get(KEY_FILE):
        return PrivateKey(_read(Path(file)))
    pem = os.environ.get(KEY)
    return None if not pem else PrivateKey(pem.encode())


def _read(file: Path) -> bytes:
    try:
        if file.stat().st_mode & 0o077:
            raise MotcuaError(f"{file}: others may read this key; chmod 600")
        return file.read_bytes()
    except OSError as error:
        raise MotcuaError(f"{file} can't be read: {error.strerror}") from None


def new_key(file: Path) -> str:
    """Write a new private key to a file that is only ours, and give the public key in PEM.

    Raises `MotcuaError` if there is such a file already.
    """
    made = Ed25519PrivateKey.generate()
    try:
        written = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise MotcuaError(f"{file} can't be made: {error.strerror}") from None
    with os.fdopen(written, "wb") as private:
        private.write(made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return made.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def public_key_of(pem: str) -> str:
    """The `x` of an ed25519 public key in PEM. Raises `MotcuaError`."""
    try:
        key = OKPKey.import_key(pem)
    except (JoseError, ValueError, TypeError):
        raise MotcuaError("this is no ed25519 public key in PEM") from None
    if key.curve_name != "Ed25519" or key.is_private:
        raise MotcuaError("this is no ed25519 public key in PEM")
    return str(key.as_dict()["x"])
