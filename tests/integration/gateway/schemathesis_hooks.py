"""Hooks of schemathesis, named by `SCHEMATHESIS_HOOKS`."""

import re
from typing import Any, Final

import schemathesis
from schemathesis.core.parameters import ParameterLocation

_ETAG: Final = re.compile(r'"[1-9][0-9]{0,9}"')


@schemathesis.hook
def before_call(_: Any, case: schemathesis.Case[Any], __: dict[str, Any]) -> None:
    """Mends the headers of a request that is not to be refused for its headers, so that the rest of it is judged.

    The only right value of `Idempotency-Key` is the id in the body. The coverage phase writes `If-Match: 0` into each
    request that tests another part, but `0` does not match the pattern.
    """
    if case.meta is None or _is_wrong_by_header(case.meta):
        return
    case.headers.pop("Idempotency-Key", None)
    if not _ETAG.fullmatch(case.headers.get("If-Match", '"12"')):
        case.headers["If-Match"] = '"12"'


def _is_wrong_by_header(meta: Any) -> bool:
    where = getattr(meta.phase.data, "parameter_location", None)
    return bool(meta.generation.mode.is_negative) and where is ParameterLocation.HEADER
