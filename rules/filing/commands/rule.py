"""The events of a filing that an effect gives."""

from __future__ import annotations

from schemas.filing import events as ev

Events = tuple[ev.Event, ...]
