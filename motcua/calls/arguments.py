"""Checks the arguments of a call that are not messages, before anything is sent."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, cast

from pydantic import Field, InstanceOf

from motcua import contract as c
from motcua.signing import Authenticated, Speaker


class Call(c.Model):
    """Checks arguments, given by name: the constructor raises `UnfitError` for a wrong type or a value out of range."""

    n: Annotated[int, Field(strict=True, ge=1, lt=2**31)] = 1
    wait: Annotated[float, Field(strict=True, ge=0, le=c.LONGEST_WAIT)] = 0
    patience: Annotated[float, Field(strict=True, ge=0, allow_inf_nan=False)] = 0
    address: str | None = None
    namespace: str | None = None
    command: type[c.Command] = c.Command
    question: InstanceOf[c.AskTasks] | None = None
    actor: InstanceOf[c.Actor] | None = None
    via: InstanceOf[c.Via] | None = None
    speaker: InstanceOf[Speaker] | None = None
    authenticated: InstanceOf[Authenticated] | None = None
    absent: str = ""
    file: InstanceOf[c.FileRef] = cast("c.FileRef", None)
    path: InstanceOf[Path] | Annotated[str, Field(strict=True, min_length=1)] = Path()
    ids: tuple[str, str] | None = None
    media_type: Annotated[str, Field(strict=True, min_length=1)] | None = None
    name: Annotated[str, Field(strict=True, min_length=1)] | None = None
    progress: Callable[[int, int], None] | None = None
