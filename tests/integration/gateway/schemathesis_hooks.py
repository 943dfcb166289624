"""Hooks of schemathesis, named by `SCHEMATHESIS_HOOKS`."""

from typing import Any

import schemathesis


@schemathesis.hook
def map_headers(_: Any, headers: dict[str, Any] | None) -> dict[str, Any] | None:
    """Returns the headers without `Idempotency-Key`, whose only valid value is the id in the body."""
    return headers and {name: value for name, value in headers.items() if name != "Idempotency-Key"}
