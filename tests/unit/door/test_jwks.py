"""The keys of an issuer: their rotation, an issuer that does not answer, and answers that are too large."""

import asyncio
import json
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc.errors import SecurityWarning
from joserfc.jwk import OctKey, RSAKey

from gateway.door.identity import jwks
from gateway.door.identity.jwks import AGAIN, DISCOVERY, FRESH, MOST_BYTES, MOST_KEYS
from gateway.door.identity.tokens import Issuers, NotAuthenticatedError, Reason
from tests.unit.door.providers import JSON, NEW_KEYS, Provider, Town
from tests.walking import walked

HOUR: Final = 3600
TOWN: Final = Town()
"""Providers whose keys are made only once, for the test with many examples."""


@pytest.fixture
def town() -> Town:
    return Town()


async def outcome(issuers: Issuers, one: Provider) -> Reason | None:
    """Returns the reason for which a valid token of this provider is refused; None if it is accepted."""
    try:
        await issuers.caller(f"Bearer {one.token()}")
    except NotAuthenticatedError as refused:
        return refused.reason
    return None


async def settled() -> None:
    """Waits until the fetches in the background have ended."""
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        await task


def rotate(town: Town, *, keep: bool = False) -> None:
    """Gives the agency's provider a new key; with `keep`, the old one stays published."""
    one, old = town.agency, town.agency.jwks["keys"] if keep else []
    one.key = NEW_KEYS[one.alg]()
    town.web.bodies[f"{one.url}/jwks"] = {"keys": [*one.jwks["keys"], *old]}


async def test_keys_are_fetched_once_for_many_tokens_at_once(town: Town) -> None:
    issuers = town.issuers()
    assert await asyncio.gather(*(outcome(issuers, town.agency) for _ in range(50))) == [None] * 50
    assert town.web.fetched == [f"{town.agency.url}/jwks"]
    assert await outcome(issuers, town.citizens) is None
    assert len(town.web.fetched) == 2


async def test_an_unknown_key_is_asked_for_at_once_and_then_not_for_some_seconds(town: Town) -> None:
    issuers = town.issuers()
    old = town.agency.token()
    assert await outcome(issuers, town.agency) is None
    rotate(town, keep=True)
    assert await outcome(issuers, town.agency) is Reason.KEY, "it was just asked"
    town.elapsed += AGAIN
    assert await outcome(issuers, town.agency) is None
    await issuers.caller(f"Bearer {old}")
    assert len(town.web.fetched) == 2
    town.agency.key = NEW_KEYS["ES256"]()
    for _ in range(20):
        town.elapsed += AGAIN / 10
        assert await outcome(issuers, town.agency) is Reason.KEY
    assert len(town.web.fetched) == 2 + 2


async def test_a_withdrawn_key_counts_until_the_keys_are_fetched_again(town: Town) -> None:
    issuers = town.issuers()
    old = town.agency.token()
    await issuers.caller(f"Bearer {old}")
    rotate(town)
    town.elapsed = FRESH
    await issuers.caller(f"Bearer {old}")
    town.elapsed = FRESH + 1
    await issuers.caller(f"Bearer {old}")  # which begins the fetch, and does not wait for it
    await settled()
    with pytest.raises(NotAuthenticatedError) as refused:
        await issuers.caller(f"Bearer {old}")
    assert refused.value.reason is Reason.KEY


async def test_an_issuer_that_is_away_keeps_its_keys_for_the_hours_that_are_set(town: Town) -> None:
    town.settings["agency"]["keys_hours"] = 2
    issuers = town.issuers()
    assert await outcome(issuers, town.agency) is None
    town.web.bodies.clear()
    for hours in (0.5, 1, 2):
        town.elapsed = hours * HOUR
        assert await outcome(issuers, town.agency) is None
        await settled()
    town.elapsed = 2 * HOUR + 1
    assert await outcome(issuers, town.agency) is Reason.ISSUER_AWAY
    rotate(town)
    town.elapsed += AGAIN
    assert await outcome(issuers, town.agency) is None


async def test_an_issuer_that_was_never_there_is_away_and_the_others_are_not(town: Town) -> None:
    del town.web.bodies[f"{town.agency.url}/jwks"]
    issuers = town.issuers()
    assert await outcome(issuers, town.agency) is Reason.ISSUER_AWAY
    assert await outcome(issuers, town.citizens) is None


async def test_an_issuer_that_hangs_delays_only_those_whose_key_is_unknown(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    issuers = town.issuers()
    assert await outcome(issuers, town.agency) is None
    town.web.silent.add(f"{town.agency.url}/jwks")
    town.elapsed = FRESH + 1
    async with asyncio.timeout(jwks.SECONDS / 2):
        assert await outcome(issuers, town.agency) is None
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        task.cancel()
    assert jwks.SECONDS < AGAIN, "so that one fetch at a time is enough"
    monkeypatch.setattr(jwks, "SECONDS", 0.05)
    other = town.issuers()
    async with asyncio.timeout(2):
        assert await outcome(other, town.agency) is Reason.ISSUER_AWAY


async def test_a_caller_that_leaves_ends_nobodys_fetch(town: Town) -> None:
    issuers = town.issuers()
    first = asyncio.create_task(outcome(issuers, town.agency))
    await asyncio.sleep(0)
    first.cancel()
    assert await outcome(issuers, town.agency) is None
    assert len(town.web.fetched) == 1


def _many(one: Provider) -> list[Any]:
    return [*({"kty": "other", "kid": str(n)} for n in range(MOST_KEYS)), *one.jwks["keys"]]


@walked(
    ("case", "body"),
    [
        ("too long", lambda one: json.dumps(one.jwks | {"x": "x" * MOST_BYTES}).encode()),
        ("too many keys", lambda one: {"keys": _many(one)}),
        ("no JSON", lambda _: b"<html>"),
        ("no object", lambda one: one.jwks["keys"]),
        ("too many levels", lambda _: b'{"keys": ' + b"[" * 5000),
        ("a name twice", lambda one: json.dumps(one.jwks)[:-1].encode() + b', "keys": []}'),
        ("no keys", lambda _: {"keys": []}),
        ("no list", lambda one: {"keys": one.jwks["keys"][0]}),
        ("a redirection", lambda _: "https://citizens.example/realm/jwks"),
        ("a key for another use", lambda one: {"keys": [one.jwks["keys"][0] | {"use": "enc"}]}),
        ("a key without an id", lambda one: {"keys": [one.key.as_dict(private=False)]}),
        ("a secret", lambda one: {"keys": [OctKey.generate_key(256).as_dict() | {"kid": one.key.thumbprint()}]}),
        ("a broken key", lambda one: {"keys": [one.jwks["keys"][0] | {"x": "!"}]}),
        ("a key in pieces", lambda one: {"keys": [{"kty": "EC", "kid": one.key.thumbprint()}]}),
        ("a key of lists", lambda one: {"keys": [one.jwks["keys"][0] | {"x": [], "crv": {}}]}),
    ],
    exactly=15,
)
async def test_an_answer_without_usable_keys_is_none(case: str, body: Any) -> None:
    town = Town()
    town.web.bodies[f"{town.agency.url}/jwks"] = body(town.agency)
    assert await outcome(town.issuers(), town.agency) is Reason.ISSUER_AWAY, case
    assert town.web.fetched == [f"{town.agency.url}/jwks"]


async def test_unusable_keys_beside_a_good_one_do_no_harm(town: Town) -> None:
    with pytest.warns(SecurityWarning, match="2048"):
        small = RSAKey.generate_key(1024)
    keys = [1, {}, {"kty": "AKP", "kid": "1"}, small.as_dict(private=False) | {"kid": "weak"}]
    town.web.bodies[f"{town.agency.url}/jwks"] = {"keys": [*keys, *town.agency.jwks["keys"]]}
    issuers = town.issuers()
    assert await outcome(issuers, town.agency) is None
    with pytest.raises(NotAuthenticatedError) as refused:
        await issuers.caller(f"Bearer {town.agency.token({'kid': 'weak'})}")
    assert refused.value.reason is Reason.KEY


MEMBERS: Final = ("kty", "kid", "use", "alg", "key_ops", "crv", "x", "y", "n", "e", "d", "x5c")
LIKELY: Final = st.sampled_from(("RSA", "EC", "OKP", "P-256", "secp256k1", "Ed448", "X25519", "sig", "AQAB", "AA", "1"))


@given(st.dictionaries(st.sampled_from(MEMBERS), LIKELY | JSON, min_size=2))
async def test_whatever_is_in_a_key_the_good_one_beside_it_counts(member: dict[str, Any]) -> None:
    TOWN.web.bodies[f"{TOWN.agency.url}/jwks"] = {"keys": [member, *TOWN.agency.jwks["keys"]]}
    assert await outcome(TOWN.issuers(), TOWN.agency) is None


async def test_a_key_for_another_algorithm_verifies_nothing(town: Town) -> None:
    town.web.bodies[f"{town.citizens.url}/jwks"] = {"keys": [town.citizens.jwks["keys"][0] | {"alg": "PS256"}]}
    assert await outcome(town.issuers(), town.citizens) is Reason.SIGNATURE


@walked(
    ("case", "changed", "reason"),
    [
        ("its own", {}, None),
        ("another issuer's", {"issuer": "https://citizens.example/realm/"}, Reason.ISSUER_AWAY),
        ("keys without TLS", {"jwks_uri": "http://citizens.example/jwks"}, Reason.ISSUER_AWAY),
        ("keys nowhere", {"jwks_uri": None}, Reason.ISSUER_AWAY),
    ],
    exactly=4,
)
async def test_keys_are_discovered(case: str, changed: dict[str, Any], reason: Reason | None) -> None:
    town, url = Town(), "https://citizens.example/realm"
    town.settings["citizens"]["jwks"] = None
    document = {"issuer": url, "jwks_uri": f"{url}/keys"} | changed
    town.web.bodies |= {f"{url}{DISCOVERY}": document, f"{url}/keys": town.citizens.jwks}
    assert await outcome(town.issuers(), town.citizens) is reason, case
    assert town.web.fetched == [f"{url}{DISCOVERY}"] + [f"{url}/keys"] * (reason is None)
