"""The contract, from the one place that knows where it is: in the wheel beside this file, in a checkout on top.

Nothing else in the kit imports `schemas`. A module of that name in somebody's own environment is never looked at once
the kit is installed.
"""
# ruff: noqa: F403 -- everything of the contract is re-exported; an __all__ here would hide it from type checkers

try:
    from .schemas import *  # type: ignore[import-not-found,unused-ignore]
except ModuleNotFoundError as _missing:
    if _missing.name != f"{__package__}.schemas":
        raise
    from schemas import *
