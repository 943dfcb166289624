"""Values of a state: those that it has once its first event is recorded, and those that another model shares."""

from typing import Any, TypeVar

from schemas.base import Model

T = TypeVar("T")


def require(value: T | None) -> T:
    """`value`, if it is not None. Raises `ValueError` for a stream without events."""
    if value is None:
        raise ValueError("nothing has been recorded yet")
    return value


def shared(model: type[Model], source: Model) -> dict[str, Any]:
    """The values of `source` for the fields that `model` has under the same names."""
    known = type(source).model_fields
    return {name: getattr(source, name) for name in model.model_fields if name in known}
