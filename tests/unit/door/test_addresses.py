"""Every address of the door refuses a wrong token before it reads more, and refuses methods that it lacks."""

import json
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Final

import httpx
import pytest
from starlette.routing import Route

from gateway.door.app import application
from gateway.door.drafts.routes import DRAFTS
from gateway.door.operations import OPERATIONS
from gateway.door.pages.browser import FILES
from gateway.door.public.by_hand import BY_HAND
from gateway.problems import MEDIA_TYPE, HttpProblem
from tests.unit.door.providers import NOW, Provider, Town, part

OPEN: Final = {"/healthz", "/v1/openapi.json", *FILES, *(one.path for one in BY_HAND)}
"""The addresses that need no token."""
BROKEN: Final = {"content-type": "text/plain", "if-match": "*", "motcua-reason": "%ff"}
TOWN: Final = Town()


def none_signed(provider: Provider) -> str:
    """Returns a token of this provider with `alg` none and without a signature."""
    _, payload, _ = provider.token().split(".")
    return f"{part(json.dumps(provider.header(alg='none')).encode()).decode()}.{payload}."


def by_another(provider: Provider) -> str:
    """Returns a token of this provider with the right key id, but signed by another key of the same kind."""
    forger = Provider(provider.url, provider.alg, provider.claims)
    return forger.token({"kid": provider.key.thumbprint()})


FAULTS: Final[Mapping[str, tuple[str, Callable[[Provider], str | None]]]] = {
    "none": ("token_missing", lambda _: None),
    "wrong audience": ("token_audience", lambda one: f"Bearer {one.token(aud='another')}"),
    "expired": ("token_expired", lambda one: f"Bearer {one.token(exp=NOW - 61)}"),
    "key of another": ("token_signature", lambda one: f"Bearer {by_another(one)}"),
    "alg none": ("token_algorithm", lambda one: f"Bearer {none_signed(one)}"),
    "another agency": ("token_agency", lambda one: f"Bearer {one.token(agency='H56.30')}"),
    "ID token": ("token_type", lambda one: f"Bearer {one.token({'typ': 'JWT'})}"),
    "refresh token": ("token_type", lambda one: f"Bearer {one.token({'typ': 'Refresh'})}"),
}
"""Each fault of a token: the broken rule, and a function that makes the header `Authorization`, or None for none."""


async def never() -> bool:
    return False


def door() -> tuple[httpx.AsyncClient, list[tuple[str, str]]]:
    """Returns a client of a door that has issuers but no platform; and each method and address that needs a token."""
    app = application(TOWN.door(), never)
    routes = [(route, one) for route in app.routes if isinstance(route, Route) for one in sorted(route.methods or ())]
    addresses = [(method, route.path) for route, method in routes if method != "HEAD" and route.path not in OPEN]
    assert {(one.method, one.path) for one in OPERATIONS} < set(addresses)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://door.test"), addresses


async def broken(http: httpx.AsyncClient, method: str, path: str, token: str | None) -> httpx.Response:
    """Sends a request in which everything is wrong except, perhaps, the token."""
    address = path.replace("{", "").replace("}", "") + "?a=1&a=%ff"
    headers = BROKEN if token is None else BROKEN | {"authorization": token}
    return await http.request(method, address, content=b'{"a": 1, "a": ', headers=headers)


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_wrong_token_is_refused_first_on_every_operation(fault: str) -> None:
    rule, make = FAULTS[fault]
    http, addresses = door()
    token, wrong = make(TOWN.agency), []
    async with http:
        for method, path in addresses:
            answer = await broken(http, method, path, token)
            problem = HttpProblem.model_validate_json(answer.content)
            found = answer.status_code, answer.headers["content-type"], [one.rule for one in problem.problems]
            if found != (401, MEDIA_TYPE, [rule]) or "www-authenticate" not in answer.headers:
                wrong.append((method, path, found))
    assert wrong == []


async def test_a_good_token_lets_each_of_these_requests_fail_for_its_own_faults() -> None:
    http, addresses = door()
    async with http:
        answers = [await broken(http, *address, f"Bearer {TOWN.agency.token()}") for address in addresses]
    statuses = {address: one.status_code for address, one in zip(addresses, answers, strict=True)}
    assert statuses.pop(("GET", "/v1/me")) == 200
    assert {statuses.pop((one.method, one.path)) for one in DRAFTS} == {403}, "an officer has none"
    assert set(statuses.values()) == {400, 404, 415}


async def test_another_method_is_refused_with_those_of_the_address() -> None:
    http, addresses = door()
    methods = defaultdict[str, set[str]](set)
    for method, path in addresses:
        methods[path] |= {method, "HEAD"} if method == "GET" else {method}
    async with http:
        answers = {path: await http.patch(path) for path in methods}
    assert {path: (one.status_code, set(one.headers["allow"].split(", "))) for path, one in answers.items()} == {
        path: (405, of) for path, of in methods.items()
    }
