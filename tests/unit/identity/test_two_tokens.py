"""Two statements by one program prove two persons only if each statement has its own, fresh token."""

from typing import Any, Final

from rules.identity.two_people import came_apart
from schemas.identity.statement import seconds
from schemas.people import Actor, Role
from tests.speaking import NOW, SPECIALIST, statement
from tests.walking import walked

OTHER: Final = Actor(subject="h01.12-leader-1", role=Role.LEADER, agency="H01.12")
AT: Final = seconds(NOW)
SECOND: Final[dict[str, Any]] = {"actor": OTHER, "token": "b" * 64, "auth_time": AT - 899}
CASES: Final[dict[str, tuple[dict[str, Any], bool]]] = {
    "two": ({}, True),
    "the same token": ({"token": "a" * 64}, False),
    "no token": ({"token": None}, False),
    "the same subject": ({"actor": SPECIALIST}, False),
    "nobody": ({"actor": None}, False),
    "fifteen minutes ago": ({"auth_time": AT - 900}, False),
    "just now": ({"auth_time": AT}, True),
}


@walked(("other", "two"), CASES.values(), ids=CASES.keys(), exactly=7)
def test_each_comes_with_a_fresh_token_of_their_own(other: dict[str, Any], *, two: bool) -> None:
    first = statement(token="a" * 64, auth_time=AT)
    second = statement(**SECOND | other)
    assert came_apart(first, second) is two
    assert came_apart(second, first) is two
