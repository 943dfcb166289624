"""The keys of a stack's principals, codec and checkpoints. The stack makes them, unless the settings name keys."""

import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from console.home import CODEC, Home
from console.processes import IDENTITY
from deploy.stack.child import StackError
from motcua.configured_speaker import INSTALLATION, PRINCIPAL
from motcua.identity import new_key
from motcua.payloads.key_ring import CODEC_KEYS, RingError, ring_in
from motcua.signing import KEY_FILE
from operations.key_rotation import new_ring
from rules.proof.note import Kind, Signer
from workers.settings import Identity

HERE: Final = "motcua-up"
"""The name of an embedded stack's program: the `motcua` command, the demo, and trials by hand."""

SECOND: Final = "motcua-up-second"
"""The name of an embedded stack's second program, for approvals of acts that the first program has signed."""

OFFICE: Final = "motcua-up-office"
"""The name of an embedded stack's back office."""

DOOR: Final = "motcua-up-door"
"""The name of an embedded stack's door."""


def speaker_of_stack(home: Home, settings: Mapping[str, str]) -> dict[str, str]:
    """Returns the identity settings for a stack's parts and users; only `MOTCUA_IDENTITY` if identity is not required.

    Raises `StackError` for an invalid setting.
    """
    try:
        wanted = Identity(settings.get(IDENTITY) or Identity.REQUIRED)
    except ValueError:
        raise StackError(f"{IDENTITY} is required or off") from None
    if wanted is Identity.OFF:
        return {IDENTITY: wanted}
    key = _key(home.run / "identity.pem")
    for beside in (second_key(key), office_key(key), door_key(key)):
        _key(beside)
    installation = home.secret("installation", lambda: f"embedded-{secrets.token_hex(6)}")
    return {IDENTITY: wanted, INSTALLATION: installation, PRINCIPAL: HERE, KEY_FILE: str(key)}


def speaker_of_office(env: Mapping[str, str]) -> dict[str, str]:
    """Returns the identity settings of a stack's back office that differ from the other parts' settings."""
    if env.get(PRINCIPAL) != HERE:
        return {}
    return {PRINCIPAL: OFFICE, KEY_FILE: str(office_key(Path(env[KEY_FILE])))}


def speaker_of_door(env: Mapping[str, str]) -> dict[str, str]:
    """Returns the identity settings of a stack's door that differ from the other parts' settings."""
    return {PRINCIPAL: DOOR, KEY_FILE: str(door_key(Path(env[KEY_FILE])))} if env.get(PRINCIPAL) == HERE else {}


def second_key(key: Path) -> Path:
    """Returns the file of the second program's key, beside the key of the stack's program."""
    return key.with_name("second.pem")


def office_key(key: Path) -> Path:
    """Returns the file of the back office's key, beside the key of the stack's program."""
    return key.with_name("office.pem")


def door_key(key: Path) -> Path:
    """Returns the file of the door's key, beside the key of the stack's program."""
    return key.with_name("door.pem")


def _key(file: Path) -> Path:
    """Makes a key in this file, unless the file exists. Returns the file's path."""
    if not file.exists():
        draft = file.with_suffix(".new")
        draft.unlink(missing_ok=True)
        new_key(draft)
        draft.replace(file)
    return file


OWN: Final = "codec_keys.json"


def ring_of_stack(home: Home, settings: Mapping[str, str], *, keeps_plain: bool) -> dict[str, str]:
    """Returns the setting of the key ring for the parts of a stack; empty if payloads are not encrypted.

    With `keeps_plain` a new ring also accepts unencrypted payloads. Raises `StackError` for an unusable setting.
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
    """Returns the setting of the key ring, with an absolute path. Raises `StackError` if the ring can't be read."""
    try:
        ring_in({CODEC_KEYS: given})
    except RingError as error:
        raise StackError(str(error)) from None
    return given if given.startswith("{") else str(Path(given).resolve())


PLACE: Final = "MOTCUA_CHECKPOINTS"
KEY: Final = "MOTCUA_CHECKPOINT_KEY"
WITNESSES: Final = "MOTCUA_WITNESSES"
CHECKPOINTS: Final = frozenset({PLACE, KEY, "MOTCUA_CHECKPOINT_MINUTES", WITNESSES})


def checkpoints_of_stack(home: Home, settings: Mapping[str, str]) -> dict[str, str]:
    """Returns the settings of checkpoints for the parts of a stack and for its commands."""
    given = {name: settings[name] for name in CHECKPOINTS if settings.get(name)}
    for name in (KEY, WITNESSES):
        if name in given:
            given[name] = str(Path(given[name]).resolve())
    if PLACE not in given:
        given[PLACE] = home.folder("checkpoints").as_uri()
    if KEY not in given:
        home.secret(
            "checkpoint.key", lambda: f"{Signer.new(f'localhost/{secrets.token_hex(8)}', Kind.LOG).written()}\n"
        )
        given[KEY] = str(home.secrets / "checkpoint.key")
    return given
