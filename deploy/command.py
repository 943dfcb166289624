"""The platform half of the `motcua` command: what the entry point `platform` of `motcua.commands` names."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from motcua.cli.later import app_of
from operations.command import LATER, alone, grouped


def filing_id(code: str) -> UUID:
    """The id of the filing of this dossier code, by the record at hand; or the end of the command."""
    from operations.commands.record import id_of  # noqa: PLC0415 -- half a second

    return id_of(code)


app: Final = app_of(
    {
        "up": alone("up", "deploy.commands.up"),
        "demo": alone("demo", "demo.command"),
        **LATER,
        "dev": grouped("dev", ("deploy.commands.dev",)),
    }
)
