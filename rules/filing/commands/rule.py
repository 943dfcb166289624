"""A rule: who may give a command and when, and what it then makes happen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from schemas.errors import Problem, RefusalCode, RefusalError, refused
from schemas.filing import events as ev
from schemas.filing.state import Filing
from schemas.people import Actor

Guard = Callable[[Filing, Actor, datetime], Problem | None]
Events = tuple[ev.Event, ...]
Handler = Callable[[Filing, Any, datetime], Events]


@dataclass(frozen=True)
class Rule:
    """The rule of one command: its `guard` says why not, its `effect` what happens once the guard has let it pass."""

    guard: Guard
    effect: Handler


def refuse(*problems: Problem) -> RefusalError:
    """To raise by an effect: what the command asks for can't be done."""
    return refused(RefusalCode.NOT_ALLOWED, *problems)
