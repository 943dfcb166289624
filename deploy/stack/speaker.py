"""The principal of a stack: its key, and its settings for the parts and their users."""

import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from console.home import Home
from deploy.stack.part import StackError
from motcua.configured_speaker import INSTALLATION, PRINCIPAL
from motcua.identity import new_key
from motcua.signing.statement import KEY_FILE
from workers.settings import Identity

IDENTITY: Final = "MOTCUA_IDENTITY"
HERE: Final = "motcua-up"
"""The name of an embedded stack's program: the `motcua` command, the demo, and trials by hand."""

OFFICE: Final = "motcua-up-office"
"""The name of an embedded stack's back office."""

_OWN: Final = "identity.pem"
_OFFICES: Final = "office.pem"


def speaker_of_stack(home: Home, settings: Mapping[str, str]) -> dict[str, str]:
    """Returns the identity settings for a stack's parts and users; with `MOTCUA_IDENTITY=off`, only that setting.

    Raises `StackError` for an invalid setting.
    """
    try:
        wanted = Identity(settings.get(IDENTITY) or Identity.REQUIRED)
    except ValueError:
        raise StackError(f"{IDENTITY} is required or off") from None
    if wanted is Identity.OFF:
        return {IDENTITY: wanted}
    key = _key(home.run / _OWN)
    _key(office_key(key))
    installation = home.secret("installation", lambda: f"embedded-{secrets.token_hex(6)}")
    return {IDENTITY: wanted, INSTALLATION: installation, PRINCIPAL: HERE, KEY_FILE: str(key)}


def speaker_of_office(env: Mapping[str, str]) -> dict[str, str]:
    """Returns the identity settings in which a stack's back office differs from its other parts."""
    if env.get(PRINCIPAL) != HERE:
        return {}
    return {PRINCIPAL: OFFICE, KEY_FILE: str(office_key(Path(env[KEY_FILE])))}


def office_key(key: Path) -> Path:
    """Returns the file of the back office's key, beside the key of the stack's program."""
    return key.with_name(_OFFICES)


def _key(file: Path) -> Path:
    """Makes the key unless the file has one."""
    if not file.exists():
        draft = file.with_suffix(".new")
        draft.unlink(missing_ok=True)
        new_key(draft)
        draft.replace(file)
    return file
