"""The key ring of a stack: its own ring, if one was requested, or the ring in the settings."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from console.home import CODEC, Home
from deploy.stack.part import StackError
from motcua.payloads.key_ring import CODEC_KEYS, RingError, ring_in
from operations.keys import new_ring

OWN: Final = "codec_keys.json"


def ring_of_stack(home: Home, settings: Mapping[str, str], *, keeps_plain: bool) -> dict[str, str]:
    """Returns the setting of the ring for the parts of a stack; empty if payloads are not encrypted.

    Args:
        home: The stack's home.
        settings: The settings of the process that starts the stack.
        keeps_plain: Whether the stack's Temporal may hold unencrypted payloads, which are then accepted.

    Raises:
        StackError: A setting is invalid, or would make encrypted payloads unreadable.
    """
    own = home.secrets / OWN
    wanted, given = settings.get(CODEC, ""), settings.get(CODEC_KEYS, "").strip()
    if wanted not in {"", "on", "off"}:
        raise StackError(f"{CODEC} is on or off")
    if wanted == "off":
        if own.exists():
            raise StackError(f"{CODEC}=off: what passes this stack's Temporal is sealed already, by {own}")
        return {}
    if given:
        return {CODEC_KEYS: _checked(given)}
    if wanted == "on":
        home.secret(OWN, lambda: new_ring(plain=keeps_plain))
    return {CODEC_KEYS: _checked(str(own))} if own.exists() else {}


def _checked(given: str) -> str:
    """Returns the setting with an absolute path. Raises `StackError` if the ring can't be read."""
    try:
        ring_in({CODEC_KEYS: given})
    except RingError as error:
        raise StackError(str(error)) from None
    return given if given.startswith("{") else str(Path(given).resolve())
