"""The platform half of the `motcua` command: what the entry point `platform` of `motcua.commands` names."""

from __future__ import annotations

from deploy.commands import demo, up
from operations.command import app as app

app.registered_commands += up.app.registered_commands + demo.app.registered_commands
