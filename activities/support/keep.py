"""The function by which activities store a file of a filing."""

from collections.abc import Awaitable, Callable
from uuid import UUID

from schemas.files import FileRef

Keep = Callable[[UUID, bytes, str], Awaitable[FileRef]]
"""Stores bytes of this media type as a file of this filing, permanently in the object store."""
