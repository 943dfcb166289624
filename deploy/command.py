"""The platform's part of the `motcua` command: the target of the entry point `platform` of `motcua.commands`."""

from importlib.util import find_spec
from typing import Final
from uuid import UUID

from motcua.cli.help import app_of
from operations.command import LATER, alone, grouped


def filing_id(code: str) -> UUID:
    """Returns the id of the filing with this dossier code in the record. If there is none, ends the command."""
    from operations.commands.ledger.record import id_of  # noqa: PLC0415 -- half a second

    return id_of(code)


_STACK: Final = {
    "up": alone("up", "deploy.commands.up"),
    "demo": alone("demo", "demo.command"),
    "restore-drill": alone("restore-drill", "deploy.commands.restore_drill"),
    "dev": grouped("dev", ("deploy.commands.dev",)),
}
"""The commands that set up a stack, or need a stack: the container image has none of these commands."""

app: Final = app_of({**(_STACK if find_spec("deploy.stack") else {}), **LATER})
