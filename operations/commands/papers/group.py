"""The group `motcua papers`. Its commands stand in modules of their own, `operations.command` puts them in."""

from __future__ import annotations

from motcua.cli.help import group

app = group("papers")
