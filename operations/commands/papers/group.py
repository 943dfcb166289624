"""The group `motcua papers`. `operations.command` adds its commands, each from a module of its own."""

from motcua.cli.help import group

app = group("papers")
