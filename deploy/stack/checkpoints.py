"""The checkpoints of a stack: with its own key, and a folder as the second place, unless the settings name others."""

import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from console.home import Home
from rules.proof.note import Kind, Signer

PLACE: Final = "MOTCUA_CHECKPOINTS"
KEY: Final = "MOTCUA_CHECKPOINT_KEY"
MINUTES: Final = "MOTCUA_CHECKPOINT_MINUTES"
WITNESSES: Final = "MOTCUA_WITNESSES"
CHECKPOINTS: Final = frozenset({PLACE, KEY, MINUTES, WITNESSES})

_OWN: Final = "checkpoint.key"


def checkpoints_of_stack(home: Home, settings: Mapping[str, str]) -> dict[str, str]:
    """Returns the settings of checkpoints for the parts of a stack and for its commands."""
    given = {name: settings[name] for name in CHECKPOINTS if settings.get(name)}
    for name in (KEY, WITNESSES):
        if name in given:
            given[name] = str(Path(given[name]).resolve())
    if PLACE not in given:
        given[PLACE] = home.folder("checkpoints").as_uri()
    if KEY not in given:
        home.secret(_OWN, lambda: f"{Signer.new(f'localhost/{secrets.token_hex(8)}', Kind.LOG).written()}\n")
        given[KEY] = str(home.secrets / _OWN)
    return given
