"""`motcua money`: money that came and nobody knows what for."""

from __future__ import annotations

from operations.commands import suspense
from operations.commands.help_words import group

app = group("money")
app.registered_commands += suspense.app.registered_commands
