"""A value that can't be missing at this point."""

from typing import TypeVar

T = TypeVar("T")


def require(value: T | None) -> T:
    """Returns `value`, which the caller knows not to be None. Raises `ValueError` if `value` is None."""
    if value is None:
        raise ValueError("a value is missing that must be there")
    return value
