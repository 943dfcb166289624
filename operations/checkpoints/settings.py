"""The settings of checkpoints, read for a command; an error in them ends the command."""

import os
from functools import partial
from pathlib import Path
from typing import NoReturn

from pydantic import ValidationError

from activities.signature.proof import stamped_at
from console.addresses import stack_beside
from motcua.cli.running import Exit, fail, refusing
from rules.proof.checkpoint import Checkpoint
from rules.proof.note import NoteError, Verifier, read_note
from schemas.translate import said
from verifier import notes
from verifier.checkpoint import StampedAt, Trust
from workers.checkpoints import authorities_in, policy_in, signer_in
from workers.settings import CheckpointSettings


def settings_set() -> CheckpointSettings:
    settings = settings_here()
    if settings.checkpoints is None:
        _not_set("MOTCUA_CHECKPOINTS")
    return settings


def settings_here() -> CheckpointSettings:
    for name, value in stack_beside().items():
        os.environ.setdefault(name, value)
    try:
        return CheckpointSettings()
    except ValidationError:
        _not_set("MOTCUA_CHECKPOINT_MINUTES")


def _not_set(name: str) -> NoReturn:
    fail(said("refused.not_set", name=name), Exit.USAGE)


def trust_of(settings: CheckpointSettings) -> Trust:
    """Returns the log's key and the policy's text. `log_of` has parsed the policy, so an error names its line."""
    log = notes.Key.read(str(log_of(settings)), notes.LOG)
    written = Path(settings.witnesses).read_text(encoding="utf-8") if settings.witnesses else "quorum none"
    return Trust(log, notes.Policy(written), _stamped_at(settings))


def log_of(settings: CheckpointSettings) -> Verifier:
    """Returns the log's key: the one in the policy, else the one in the file of the signing key."""
    with refusing(RuntimeError, Exit.USAGE):
        logs = policy_in(settings.witnesses).logs
        return logs[0] if logs else signer_in(settings.checkpoint_key).verifier


def _stamped_at(settings: CheckpointSettings) -> StampedAt | None:
    """Returns the verifier of time-stamps by the trusted authorities; None if no authority is set."""
    with refusing(RuntimeError, Exit.USAGE):
        authorities = authorities_in(settings.signature_roots)
    return None if authorities is None else partial(stamped_at, trust=authorities)


def checkpoint_before(since: Path | None) -> notes.Checkpoint | None:
    if since is None or not since.exists():
        return None
    try:
        read = Checkpoint.read(read_note(since.read_bytes()).text)
    except (OSError, NoteError) as error:
        fail(f"{since}: {getattr(error, 'strerror', None) or error}", Exit.USAGE)
    return notes.Checkpoint(read.origin, read.size, read.root)
