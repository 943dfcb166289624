"""The keys of the sandbox issuer and of its clients, in files."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

from sandbox.issuer import CLIENTS

ALGORITHM: Final = "ES256"
_CURVE: Final = "P-256"


class IssuerKeys:
    """The present key, which signs, and the previous one, whose tokens are still valid."""

    def __init__(self, data: Path) -> None:
        self._files = (data / "present.pem", data / "previous.pem")
        self._keys = [_key(file) for file in self._files]

    def public(self) -> dict[str, Any]:
        """Returns the public keys as a JWKS."""
        return {"keys": [{**key, "use": "sig", "alg": ALGORITHM} for key in KeySet([*self._keys]).as_dict()["keys"]]}

    def rotate(self) -> None:
        """Makes a new present key. The former present key becomes the previous one."""
        self._keys = [_new(), self._keys[0]]
        for file, key in zip(self._files, self._keys, strict=True):
            _write(file, key)

    def signed(self, claims: dict[str, Any], typ: str) -> str:
        """Returns a JWT with these claims, signed by the present key."""
        key = self._keys[0]
        return jwt.encode({"alg": ALGORITHM, "kid": key.thumbprint(), "typ": typ}, claims, key)


def client_keys(data: Path, clients: Iterable[str]) -> dict[str, ECKey]:
    """Returns the keys of these clients; makes missing keys, in files, from which the clients' programs read them."""
    folder = data / CLIENTS
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return {client: _key(folder / f"{client}.pem") for client in clients}


def _key(file: Path) -> ECKey:
    if not file.exists():
        _write(file, _new())
    return ECKey.import_key(file.read_bytes())


def _write(file: Path, key: ECKey) -> None:
    draft = file.with_suffix(".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as new:
        new.write(key.as_pem(private=True))
    draft.replace(file)


def _new() -> ECKey:
    return ECKey.generate_key(_CURVE)
