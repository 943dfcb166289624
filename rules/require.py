"""Values that a state has once its first event is recorded, and values that one model takes over from another."""

from typing import Any, TypeVar

from schemas.base import Model

T = TypeVar("T")
M = TypeVar("M", bound=Model)


def require(value: T | None) -> T:
    """`value`, if it is not None. Raises `ValueError` for a stream without events."""
    if value is None:
        raise ValueError("nothing has been recorded yet")
    return value


def copied(model: type[M], source: Model, **own: Any) -> M:
    """The `model` with its `own` values, and in its other fields the values that `source` has under the same names."""
    shared = (name for name in model.model_fields if name not in own and hasattr(source, name))
    return model(**{name: getattr(source, name) for name in shared}, **own)
