"""The principal of this process, as `MOTCUA_IDENTITY_*` and `MOTCUA_INSTALLATION` configure it."""

import os
from collections.abc import Mapping
from typing import Final

from .contract import UNNAMED
from .errors import SettingsError
from .signing import AGENT, KEY, KEY_FILE, Authenticated, Speaker

PRINCIPAL: Final = "MOTCUA_IDENTITY_PRINCIPAL"
ACR: Final = "MOTCUA_IDENTITY_ACR"
AMR: Final = "MOTCUA_IDENTITY_AMR"
INSTALLATION: Final = "MOTCUA_INSTALLATION"

_KEYS: Final = (AGENT, KEY_FILE, KEY)


def speaker_here(said: Mapping[str, str] = os.environ) -> Speaker | None:
    """Returns the principal with its key, for the installation; the environment names all three.

    None if the environment names neither principal nor key. If an agent holds the key, asks it for the public key.

    Raises:
        SettingsError: Principal or key is missing, the key can't be used, or the extra `identity` is not installed.
    """
    principal, keys = said.get(PRINCIPAL), [name for name in _KEYS if said.get(name)]
    if not principal and not keys:
        return None
    if not principal:
        raise SettingsError(f"{keys[0]} is set and {PRINCIPAL} is not: set it to the id of the program whose key it is")
    if not keys:
        raise SettingsError(f"{PRINCIPAL} is set and no key is: set one of {', '.join(_KEYS)}")
    try:
        from .identity import key_here  # noqa: PLC0415 -- needs the extra
    except ModuleNotFoundError as error:
        raise SettingsError(str(error)) from None
    key = key_here(said)
    return None if key is None else Speaker(principal, key, said.get(INSTALLATION) or UNNAMED)


def authenticated_here(said: Mapping[str, str] = os.environ) -> Authenticated:
    """Returns `acr` and `amr` (split at spaces) from the environment, or the defaults. Raises `SettingsError`."""
    usual = Authenticated()
    acr, amr = said.get(ACR) or usual.acr, tuple(said.get(AMR, "").split())
    if acr not in set("1234"):
        raise SettingsError(f"{ACR} is 1, 2, 3 or 4")
    return Authenticated(acr, amr or usual.amr)
