"""`motcua money`: money in suspense, received for an unknown purpose."""

from motcua.cli.help import group
from operations.commands.money import suspense

app = group("money")
app.registered_commands += suspense.app.registered_commands
