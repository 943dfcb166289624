"""Re-exports the contract: the folder `schemas` is beside this file in the wheel, and at the top level in a checkout.

Only this module of the kit imports `schemas`. Once the kit is installed, a foreign module of that name in the
integrator's environment is never imported.
"""
# ruff: noqa: F403 -- everything of the contract is re-exported; an __all__ here would hide it from type checkers

try:
    from .schemas import *  # type: ignore[import-not-found,unused-ignore]
except ModuleNotFoundError as _missing:
    if _missing.name != f"{__package__}.schemas":
        raise
    from schemas import *
