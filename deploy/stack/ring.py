"""The ring of keys of a stack: its own, once that was asked for, or the one that it is given."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from deploy.stack.part import StackError
from motcua.key_ring import CODEC_KEYS, RingError, ring_in
from operations.home import CODEC, Home
from operations.new_keys import new_ring

OWN: Final = "codec_keys.json"


def ring_of_stack(home: Home, settings: Mapping[str, str], *, keeps_plain: bool) -> dict[str, str]:
    """How the parts of a stack are told of its ring; nothing where nothing is to be sealed.

    Args:
        home: The stack's.
        settings: What the one who starts it has set.
        keeps_plain: Whether its Temporal may hold what is not sealed, which then is taken.

    Raises:
        StackError: What is set makes no sense, or asks to read no longer what is sealed.
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
    """The same from any folder."""
    try:
        ring_in({CODEC_KEYS: given})
    except RingError as error:
        raise StackError(str(error)) from None
    return given if given.startswith("{") else str(Path(given).resolve())
