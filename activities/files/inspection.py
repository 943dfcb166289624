"""Checks that an uploaded file has its declared type, is whole and holds nothing else."""

import os
from types import TracebackType
from typing import Final, Self

from activities.files.broken import EMPTY, RULES, TOO_HARD, TYPE_NOT_ACCEPTED, WRONG_EXTENSION
from activities.files.children import PATIENCE, Children
from schemas.files import EXTENSIONS, LARGEST_FILE

CHILDREN: Final = 2


class Inspector:
    """Has files parsed by restricted children, which end with the `async with`.

    Each child needs half a gigabyte while it reads the largest pictures, and at most ten seconds of CPU.
    """

    def __init__(self, children: int = CHILDREN, *, patience: float = PATIENCE) -> None:
        self._children = Children(children, patience=patience)

    async def __aenter__(self) -> Self:
        await self._children.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._children.__aexit__(kind, error, trace)

    async def inspect(self, file: int, media_type: str, name: str | None = None) -> str | None:
        """Returns the rule of `activities.files.broken` that the file breaks, or None.

        `file` is a descriptor of a regular file, open for reading, at any position, which does not change: one without
        a name (`tempfile.TemporaryFile`) leaves nothing behind. Raises `ValueError` for more than `LARGEST_FILE` bytes.
        """
        size = os.fstat(file).st_size
        if size > LARGEST_FILE:
            raise ValueError(f"a file has at most {LARGEST_FILE} bytes, this one has {size}")
        if not size:
            return EMPTY
        if media_type not in EXTENSIONS:
            return TYPE_NOT_ACCEPTED
        if name is not None and not name.lower().endswith(EXTENSIONS[media_type]):
            return WRONG_EXTENSION
        answer = await self._children.ask(["check", media_type], file)
        if answer is None:
            return TOO_HARD
        [rule] = answer
        return _known(rule)


def _known(rule: bytes) -> str | None:
    """Returns the rule if it is a known one, else `TOO_HARD`: a compromised child may answer anything."""
    if not rule:
        return None
    return next((one for one in RULES if one.encode() == rule), TOO_HARD)
