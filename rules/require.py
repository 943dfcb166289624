"""Values that a state has once its first event is recorded."""

from typing import TypeVar

T = TypeVar("T")


def require(value: T | None) -> T:
    """`value`, if it is not None. Raises `ValueError` for a stream without events."""
    if value is None:
        raise ValueError("nothing has been recorded yet")
    return value
