"""The second place: files that are written once, out of reach of the database's owner."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Fault(StrEnum):
    """Why no new checkpoint was made, or why an old one is not accepted."""

    BUSY = "busy"
    FEWER_EVENTS = "fewer_events"
    OTHER_EVENTS = "other_events"
    NO_ORDER = "no_order"
    OTHER_CONTENT = "other_content"
    MISSING = "missing"
    DAMAGED = "damaged"
    NOT_OURS = "not_ours"
    NO_QUORUM = "no_quorum"
    CONTRADICTED = "contradicted"
    NOT_STAMPED = "not_stamped"


class CheckpointError(Exception):
    """No new checkpoint was made; published ones stay."""

    def __init__(self, fault: Fault, message: str) -> None:
        super().__init__(message)
        self.fault = fault


class Place(Protocol):
    """A store of files. Each method raises the errors of its store."""

    async def read(self, path: str) -> bytes | None:
        """Returns the file, or None if there is none."""

    async def add(self, path: str, content: bytes) -> bool:
        """Stores a new file, flushed to disk. False if a file of that name exists, which stays as it is."""

    async def replace(self, path: str, content: bytes) -> None:
        """Replaces a file, either completely or not at all."""

    async def names(self, folder: str) -> list[str]:
        """Returns the names in a folder."""


@dataclass(frozen=True)
class Within:
    """A folder of the second place, used as a place."""

    place: Place
    folder: str

    async def read(self, path: str) -> bytes | None:
        return await self.place.read(f"{self.folder}/{path}")

    async def add(self, path: str, content: bytes) -> bool:
        return await self.place.add(f"{self.folder}/{path}", content)

    async def replace(self, path: str, content: bytes) -> None:
        await self.place.replace(f"{self.folder}/{path}", content)

    async def names(self, folder: str) -> list[str]:
        return await self.place.names(f"{self.folder}/{folder}")


async def add_same(place: Place, path: str, content: bytes) -> None:
    """Stores a file. Raises `CheckpointError` if a file of that name exists with other content."""
    if not await place.add(path, content) and await place.read(path) != content:
        raise CheckpointError(Fault.OTHER_CONTENT, f"{path} at the second place is another file already")
