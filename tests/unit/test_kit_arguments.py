"""A call of the kit with an argument of a wrong type or out of range raises the kit's error, and sends nothing."""

import inspect
from collections.abc import AsyncIterator
from typing import Any, Final
from uuid import UUID

import pytest

from motcua import (
    Accept,
    ActingClient,
    Actor,
    Audience,
    BackOffice,
    FilingClient,
    MotcuaError,
    Role,
    Unavailable,
    UnfitError,
    Via,
    testing,
)
from motcua.backoffice import run
from motcua.payloads.converter import data_converter
from tests.contract.samples import COMMANDS, OTHERS
from tests.walking import walked

FILING: Final = UUID("5c2e2d1e-3f0b-5a6d-9d57-0c7b8a4e61f2")
OFFICER: Final = Actor(subject="h56.30-leader-1", role=Role.LEADER, agency="H56.30")
NUMBERS: Final[tuple[object, ...]] = (0, -1, True, "1", 1.0, 2**31, 2**60, None, [])
TEXTS: Final[tuple[object, ...]] = (5, True, "", [], {})
FITS: Final[dict[str, tuple[Any, tuple[Any, ...]]]] = {
    "filing_id": (FILING, (5, None, "x", "", [], b"x", "filing:x")),
    "target": (FILING, (5, None, "x", "filing:x", "result:x", f"payment:{FILING}:01")),
    "command_id": ("c-1", (*TEXTS, "a b")),
    "link": ("x" * 32, TEXTS),
    "n": (1, NUMBERS),
    "audience": (Audience.PUBLIC, (5, "nobody", None)),
    "after": (None, (5.5, True, [], -1)),
    "limit": (1, (0, 501, True, "1", None)),
    "wait": (1.0, (-1, "1", None, True, float("nan"), float("inf"), 2**60)),
    "client_id": ("portal-1", (*TEXTS, "a b")),
    "id_number": ("001090000001", TEXTS),
    "open_only": (False, (1, "true", None)),
    "question": (None, ("x", 5, {}, Accept)),
    "agency": ("H56.30", (*TEXTS, "h56")),
    "code": ("H56.30", (*TEXTS, None)),
    "submission": (testing.submission(), ("x", {}, None, OFFICER)),
    "complaint": (OTHERS["complaint_input"], ("x", {}, None, OFFICER)),
    "command": (COMMANDS[0], ("accept", {}, None, Accept)),
    "actor": (OFFICER, ("x", 5, Via(principal="x"))),
    "via": (Via(principal="desk-1"), ("x", 5, OFFICER)),
    "authenticated": (None, ("2", 2)),
    "absent": ("h56.30-leader-2", (5, None, [])),
    "progress": (print, (5, "x")),
    "sha256": ("0" * 64, (*TEXTS, "0" * 63, None)),
    "file": (OTHERS["submission"].papers[0].file, ("x", 5, {}, None)),
    "path": (__file__, (5, None, "", [])),
    "ids": (("portal-1", "S-1"), (5, "x", ("a",), ("a", "b", "c"), (1, 2))),
    "media_type": ("application/pdf", (5, "", [])),
    "name": ("notice.pdf", (5, "", [])),
}
"""For each parameter an argument that fits, and others that do not."""


class Untouched:
    """A connection that fails the test if it is used."""

    data_converter = data_converter
    namespace = "default"

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"{name}: the wrong argument was sent")


def parameters(of: type) -> list[tuple[str, str]]:
    """Returns each public method of a client with each of its parameters."""
    every = inspect.getmembers(of, inspect.isfunction)
    public = [(name, inspect.signature(method)) for name, method in every if not name.startswith("_")]
    return [
        (name, parameter.name)
        for name, signature in public
        for parameter in signature.parameters.values()
        if parameter.name != "self" and parameter.kind is not parameter.VAR_KEYWORD
    ]


CALLS: Final = [(of, *one) for of in (FilingClient, ActingClient) for one in parameters(of)]
OF_THEIR_OWN: Final[dict[tuple[type, str], dict[str, tuple[Any, tuple[Any, ...]]]]] = {
    (FilingClient, "changes"): {"after": (0, (-1, True, "1", 1.0, 2**31, 2**60, None, []))},
    (ActingClient, "changes"): {"after": (0, (-1, True, "1", 1.0, 2**31, 2**60, None, []))},
    (ActingClient, "act"): {"command": (Accept, ("accept", COMMANDS[0], None, Actor))},
}
"""Parameters that mean something else in one method."""


async def called(client: Any, method: str, arguments: dict[str, Any]) -> None:
    answer = getattr(client, method)(**arguments)
    await (anext(answer) if isinstance(answer, AsyncIterator) else answer)


@walked(("of", "method", "parameter"), CALLS, at_least=90)
async def test_what_does_not_fit_is_refused_by_the_kit_in_words(of: type, method: str, parameter: str) -> None:
    client: Any = FilingClient(Untouched(), patience=30)  # type: ignore[arg-type]
    if of is ActingClient:
        client = client.as_(OFFICER, Via(principal="desk-1"))
    known = FITS | OF_THEIR_OWN.get((of, method), {})
    of_method = inspect.signature(getattr(client, method)).parameters
    fitting = {name: known[name][0] for name, one in of_method.items() if one.default is one.empty and name in known}
    for wrong in known[parameter][1]:
        with pytest.raises(MotcuaError) as raised:
            await called(client, method, fitting | {parameter: wrong})
        assert not isinstance(raised.value, Unavailable), wrong


async def test_a_back_office_serves_with_what_fits() -> None:
    wrong: dict[str, tuple[Any, ...]] = {
        "office": (BackOffice, "office:LandOffice", 5),
        "agency": (5, "h56"),
        "queue": (5, ""),
        "patience": ("60", -1),
    }
    for name, values in wrong.items():
        for value in values:
            with pytest.raises(UnfitError, match=name):
                await run(**{name: value})


async def test_a_client_is_made_of_what_fits() -> None:
    makes: dict[str, tuple[Any, ...]] = {
        "speaker": ("portal-1",),
        "authenticated": ("2",),
        "patience": ("60", -1, None),
    }
    for name, wrongs in makes.items():
        for wrong in wrongs:
            with pytest.raises(UnfitError, match=name):
                FilingClient(Untouched(), **{name: wrong})  # type: ignore[arg-type]
    for name, wrong in {"address": 7233, "namespace": 1, "patience": "60"}.items():
        with pytest.raises(UnfitError, match=name):
            await FilingClient.connect(**{name: wrong})  # type: ignore[arg-type]
