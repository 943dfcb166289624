"""Access tokens: the caller that each one proves, and every reason for which a token is refused."""

import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.door.identity.tokens import (
    LEEWAY,
    LOGOUT_EVENT,
    LONGEST,
    Caller,
    Issuers,
    Logout,
    NotAuthenticatedError,
    Reason,
)
from schemas.people import Actor, Role
from tests.unit.door.providers import JSON, NEW_KEYS, NOW, Provider, Town, part, signed
from tests.walking import walked

TOWN: Final = Town()
"""Providers for all tests of this module: their keys are made only once, and no test changes them."""


async def refusal(issuers: Issuers, authorization: str | None) -> tuple[Reason, str | None]:
    with pytest.raises(NotAuthenticatedError) as refused:
        await issuers.caller(authorization)
    assert not authorization or authorization not in str(refused.value)
    return refused.value.reason, refused.value.claim


async def caller(token: str, town: Town = TOWN) -> Caller:
    return await town.issuers().caller(f"Bearer {token}")


def digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


async def test_an_officer_a_citizen_and_a_program_are_who_their_tokens_say() -> None:
    officer, citizen, program = (one.token() for one in (TOWN.agency, TOWN.citizens, TOWN.programs))
    actor = Actor(subject="agency|an", role=Role.SPECIALIST, agency="H01.12")
    amr, at = ("pwd", "otp"), NOW - 60
    assert await caller(officer) == Caller("agency", "portal-of-agency", actor, "1", amr, at, digest(officer))
    actor = Actor(subject="citizens|an", role=Role.APPLICANT)
    applicant = await caller(citizen)
    assert applicant == Caller("citizens", "portal-of-citizens", actor, "3", amr, at, digest(citizen))
    own = await caller(program)
    assert own == Caller("programs", "portal-of-programs", None, "1", ("swk",), NOW, digest(program))
    behind = applicant.as_representative()
    assert behind.actor == Actor(subject="citizens|an", role=Role.REPRESENTATIVE)
    assert behind == Caller("citizens", behind.client, behind.actor, "3", amr, at, digest(citizen))
    for other in (own, await caller(officer), behind):
        with pytest.raises(ValueError, match="only an applicant"):
            other.as_representative()


async def test_each_algorithm_verifies_and_only_where_it_is_configured() -> None:
    for alg, other in zip(NEW_KEYS, [*[*NEW_KEYS][1:], "ES256"], strict=True):
        town = Town()
        town.agency = Provider(town.agency.url, alg, town.agency.claims)
        town.web.bodies[f"{town.agency.url}/jwks"] = town.agency.jwks
        town.settings["agency"]["algorithms"] = [other]
        assert await refusal(town.issuers(), f"Bearer {town.agency.token()}") == (Reason.ALGORITHM, None)
        town.settings["agency"]["algorithms"] = [other, alg]
        assert (await caller(town.agency.token(), town)).actor is not None


def _by_hmac(one: Provider) -> str:
    """Returns a token with an HMAC, whose secret is the provider's public key, which everybody knows."""
    text = part(json.dumps(one.header(alg="HS256")).encode()) + b"." + part(json.dumps(one.claims).encode())
    return (text + b"." + part(hmac.digest(one.key.as_pem(private=False), text, "sha256"))).decode()


def _unsigned(one: Provider) -> str:
    header = json.dumps(one.header(alg="none")).encode()
    return f"{part(header).decode()}.{part(json.dumps(one.claims).encode()).decode()}."


def _raw(one: Provider, payload: bytes, header: bytes | None = None) -> str:
    return signed(header or json.dumps(one.header()).encode(), payload, one.alg, one.key)


def _other(one: Provider) -> Provider:
    return next(other for other in TOWN.all.values() if other is not one)


BROKEN: Final[dict[str, tuple[Callable[[Provider], str], Reason]]] = {
    "nothing": (lambda _: "", Reason.MISSING),
    "no JWS": (lambda _: "abc", Reason.MALFORMED),
    "two parts": (lambda one: one.token().rpartition(".")[0], Reason.MALFORMED),
    "four parts": (lambda one: f"{one.token()}.", Reason.MALFORMED),
    "padding": (lambda one: one.token().replace(".", "=.", 1), Reason.MALFORMED),
    "too long": (lambda one: one.token(more="x" * LONGEST), Reason.TOO_LONG),
    "not ASCII": (lambda one: one.token().replace(".", "ế.", 1), Reason.MALFORMED),
    "a NUL": (lambda one: one.token() + "\0", Reason.SIGNATURE),
    "no UTF-8": (lambda one: _raw(one, b'{"iss": "\xff"}'), Reason.MALFORMED),
    "no object": (lambda one: _raw(one, b"[]"), Reason.MALFORMED),
    "NaN": (lambda one: _raw(one, b'{"exp": NaN}'), Reason.MALFORMED),
    "too many levels": (lambda one: _raw(one, b"[" * 5000), Reason.MALFORMED),
    "a long number": (lambda one: _raw(one, b'{"exp": ' + b"9" * 5000 + b"}"), Reason.MALFORMED),
    "a claim twice": (lambda one: _raw(one, json.dumps(one.claims)[:-1].encode() + b', "sub": "b"}'), Reason.MALFORMED),
    "a header twice": (
        lambda one: _raw(one, b"{}", json.dumps(one.header())[:-1].encode() + b', "alg": "none"}'),
        Reason.MALFORMED,
    ),
    "an extension": (lambda one: one.token({"crit": ["b64"], "b64": True}), Reason.MALFORMED),
    "no type": (lambda one: one.token({"typ": None}), Reason.TYPE),
    "an ID token": (lambda one: one.token({"typ": "JWT"}), Reason.TYPE),
    "a logout token": (lambda one: one.token({"typ": "logout+jwt"}), Reason.TYPE),
    "no issuer": (lambda one: one.token(without="iss"), Reason.ISSUER),
    "an unknown issuer": (lambda one: one.token(iss="https://nobody.example"), Reason.ISSUER),
    "almost its issuer": (lambda one: one.token(iss=f"{one.url}/"), Reason.ISSUER),
    "issuers": (lambda one: one.token(iss=[one.url]), Reason.ISSUER),
    "alg none": (_unsigned, Reason.ALGORITHM),
    "alg HS256 by the public key": (_by_hmac, Reason.ALGORITHM),
    "another's algorithm": (lambda one: one.token({"alg": _other(one).alg}), Reason.ALGORITHM),
    "no algorithm": (lambda one: one.token({"alg": None}), Reason.ALGORITHM),
    "algorithms": (lambda one: one.token({"alg": [one.alg]}), Reason.ALGORITHM),
    "no key": (lambda one: one.token({"kid": None}), Reason.KEY),
    "another issuer's key": (lambda one: one.token({"kid": _other(one).key.thumbprint()}), Reason.KEY),
    "a key in the header": (
        lambda one: signed(
            json.dumps(one.header(kid="own", jwk=one.key.as_dict(private=False)))[:500].encode(),
            b"{}",
            one.alg,
            one.key,
        ),
        Reason.ISSUER,
    ),
    "another signature": (lambda one: one.token()[:-6] + "AAAAAA", Reason.SIGNATURE),
    "other claims": (lambda one: _spliced(one.token(), one.token(sub="b")), Reason.SIGNATURE),
    "another key of the name": (lambda one: Provider.token(_forger(one)), Reason.SIGNATURE),
    "another audience": (lambda one: one.token(aud="other"), Reason.AUDIENCE),
    "other audiences": (lambda one: one.token(aud=["motcua2", "MOTCUA"]), Reason.AUDIENCE),
    "no audiences": (lambda one: one.token(aud=[]), Reason.AUDIENCE),
    "expired": (lambda one: one.token(exp=NOW - LEEWAY), Reason.EXPIRED),
    "of tomorrow": (lambda one: one.token(iat=NOW + LEEWAY + 1), Reason.NOT_YET_VALID),
    "for tomorrow": (lambda one: one.token(nbf=NOW + LEEWAY + 1), Reason.NOT_YET_VALID),
    "an unknown client": (lambda one: one.token(client_id="stranger"), Reason.CLIENT),
    "a client's principal": (lambda one: one.token(client_id="portal-of-agency"), Reason.CLIENT),
}


def _spliced(token: str, other: str) -> str:
    """Returns the first token with its signature unchanged, but with the claims of the other token."""
    header, _, signature = token.split(".")
    return f"{header}.{other.split('.')[1]}.{signature}"


def _forger(one: Provider) -> Provider:
    """Returns a provider whose tokens name the real provider's key but are signed by another one."""
    forger = Provider(one.url, one.alg, one.claims)
    forger.header = one.header  # type: ignore[method-assign] # of this one alone
    return forger


PERSONS: Final[dict[str, tuple[dict[str, Any], Reason]]] = {
    "agency: no role": ({"role": "applicant"}, Reason.ROLE),
    "agency: a role of nobody": ({"role": "king"}, Reason.ROLE),
    "agency: the system's role": ({"role": "system"}, Reason.ROLE),
    "agency: a representative": ({"role": "representative"}, Reason.ROLE),
    "agency: roles": ({"role": ["specialist"]}, Reason.ROLE),
    "agency: another agency": ({"agency": "H01.13"}, Reason.AGENCY),
    "agency: any agency": ({"agency": "*"}, Reason.AGENCY),
    "agency: no agency": ({"agency": None}, Reason.AGENCY),
    "agency: agencies": ({"agency": ["H01.12"]}, Reason.AGENCY),
    "agency: a program": ({"sub": "portal"}, Reason.SUBJECT),
    "agency: nobody": ({"sub": ""}, Reason.SUBJECT),
    "agency: control characters": ({"sub": "a\0b"}, Reason.SUBJECT),
    "agency: half a character": ({"sub": "\ud800"}, Reason.SUBJECT),
    "agency: unseen characters": ({"sub": "a\u200bb"}, Reason.SUBJECT),
    "agency: too long with its name": ({"sub": "a" * 122}, Reason.SUBJECT),
    "agency: authenticated tomorrow": ({"auth_time": NOW + LEEWAY + 1}, Reason.CLAIM),
    "citizens: an officer": ({"role": "specialist", "agency": "H01.12"}, Reason.ROLE),
    "citizens: of an agency": ({"agency": "H01.12"}, Reason.AGENCY),
}

FORMS: Final[dict[str, tuple[Any, ...]]] = {
    "aud": (None, 1, {"motcua": 1}, [1]),
    "iat": (None, "1", 1.5, -1, True, []),
    "exp": (None, "1", 1.5, 2**40, {}),
    "nbf": ("1", 1.5, -1),
    "sub": (None, 1, ["an"]),
    "client_id": (None, 1, ["portal"]),
    "acr": (1, ["1"]),
    "amr": ("pwd", [], ["PWD"], ["x" * 17], ["pwd"] * 9, [1]),
    "auth_time": ("1", 1.5, -1),
}
REQUIRED: Final = {
    "agency": ("aud", "iat", "exp", "sub", "client_id", "amr", "auth_time"),
    "citizens": ("aud", "iat", "exp", "sub", "client_id", "amr", "auth_time"),
    "programs": ("aud", "iat", "exp", "sub", "client_id"),
}


def bad() -> Iterator[tuple[str, str, Reason, str | None]]:
    """Yields for each bad token its name, the header with it, the reason of the refusal, and the wrong claim if any."""
    for name, one in TOWN.all.items():
        for case, (broken, reason) in BROKEN.items():
            yield f"{name}: {case}", f"Bearer {broken(one)}", reason, None
        for claim in REQUIRED[name]:
            yield f"{name}: without {claim}", f"Bearer {one.token(without=claim)}", Reason.CLAIM, claim
        for claim, values in FORMS.items():
            for value in values:
                token = one.token(**{claim: value})
                yield f"{name}: {claim} = {value!r:.40}", f"Bearer {token}", Reason.CLAIM, claim
    for case, (changed, reason) in PERSONS.items():
        one = TOWN.all[case.partition(":")[0]]
        yield case, f"Bearer {one.token(**changed)}", reason, "auth_time" if reason is Reason.CLAIM else None
    good = TOWN.agency.token()
    for header in ("", good, f"Basic {good}", "Bearer", f"Token {good}"):
        yield f"{header[:6]} alone", header, Reason.MISSING, None


@walked(("case", "header", "reason", "claim"), bad, at_least=250)
async def test_a_bad_token_is_refused_for_its_reason(case: str, header: str, reason: Reason, claim: str | None) -> None:
    assert await refusal(TOWN.issuers(), header) == (reason, claim), case


def test_each_reason_has_a_bad_token() -> None:
    elsewhere = {Reason.SIGNED_OUT, Reason.ISSUER_AWAY}
    assert {reason for _, _, reason, _ in bad()} == set(Reason) - elsewhere


GOOD: Final[dict[str, tuple[dict[str, Any], dict[str, Any]]]] = {
    "the longer type": ({"typ": "application/AT+JWT"}, {}),
    "an unknown header": ({"nonce": "x"}, {}),
    "more audiences": ({}, {"aud": ["other", "motcua"]}),
    "a clock behind": ({}, {"exp": NOW - LEEWAY + 1}),
    "a clock ahead": ({}, {"iat": NOW + LEEWAY, "nbf": NOW + LEEWAY}),
    "other claims": ({}, {"scope": "x", "cnf": {"jkt": "x"}}),
}


@walked("case", GOOD, exactly=6)
async def test_a_token_may_differ_where_the_standard_allows_it(case: str) -> None:
    header, changed = GOOD[case]
    for one in TOWN.all.values():
        await caller(one.token(header, **changed))


async def test_the_same_subject_of_two_issuers_is_two_persons() -> None:
    subjects = set()
    for one in (TOWN.agency, TOWN.citizens):
        actor = (await caller(one.token(sub="citizens|an"))).actor
        assert actor is not None
        subjects.add(actor.subject)
    assert subjects == {"agency|citizens|an", "citizens|citizens|an"}


async def test_the_one_issuer_without_a_namespace_names_nobody_of_another() -> None:
    town = Town()
    town.settings["agency"]["namespaced"] = False
    actor = (await caller(town.agency.token(), town)).actor
    assert actor is not None
    assert actor.subject == "an"
    assert await refusal(town.issuers(), f"Bearer {town.agency.token(sub='citizens|an')}") == (Reason.SUBJECT, None)


async def test_one_issuer_may_have_officers_of_all_agencies_applicants_and_programs() -> None:
    town = Town()
    town.settings["agency"] |= {"officers": ["*"], "applicants": True, "programs": True, "role_claim": "https://x/role"}
    mixed = town.agency.token
    actors = [
        (await caller(token, town)).actor
        for token in (
            mixed(None, "", **{"https://x/role": "clerk", "agency": "G18"}),
            mixed(without="agency"),
            mixed(without="auth_time", sub="portal"),
        )
    ]
    named_as_a_program = f"Bearer {mixed(without='agency', sub='portal')}"
    assert await refusal(town.issuers(), named_as_a_program) == (Reason.SUBJECT, None)
    assert actors == [
        Actor(subject="agency|an", role=Role.CLERK, agency="G18"),
        Actor(subject="agency|an", role=Role.APPLICANT),
        None,
    ]


class Once:
    """A record of logouts that contains the logout of one person."""

    def __init__(self, issuer: str, sub: str, at: int) -> None:
        self.logout = (issuer, sub, at)

    async def since(self, issuer: str, sub: str, _: object = None, /) -> int | None:
        return self.logout[2] if (issuer, sub) == self.logout[:2] else None


async def test_a_token_from_before_the_persons_logout_is_refused() -> None:
    issuers = TOWN.issuers(Once("agency", "an", NOW - 60))
    assert await refusal(issuers, f"Bearer {TOWN.agency.token()}") == (Reason.SIGNED_OUT, None)
    for token in (
        TOWN.agency.token(auth_time=NOW - 59),
        TOWN.agency.token(sub="binh"),
        TOWN.citizens.token(),
        TOWN.programs.token(),
    ):
        await issuers.caller(f"Bearer {token}")
    program = TOWN.programs.token()
    await TOWN.issuers(Once("programs", "service-account-7", NOW)).caller(f"Bearer {program}")


EVENTS: Final = {"events": {LOGOUT_EVENT: {}}, "jti": "1", "aud": "portal"}


def logout_token(header: dict[str, Any] | None = None, without: str = "", **changed: Any) -> str:
    return TOWN.agency.token({"typ": "logout+jwt", **(header or {})}, without, **(EVENTS | changed))


async def test_a_logout_token_names_a_person_and_a_time() -> None:
    for aud in ("portal", "motcua"):
        assert await TOWN.issuers().logout(logout_token(aud=aud)) == Logout("agency", "an", NOW)


@walked(
    ("token", "reason", "claim"),
    [
        (lambda: logout_token({"typ": "at+jwt"}), Reason.TYPE, None),
        (lambda: logout_token(aud="stranger"), Reason.AUDIENCE, None),
        (lambda: logout_token(exp=NOW - LEEWAY), Reason.EXPIRED, None),
        (lambda: logout_token(without="events"), Reason.CLAIM, "events"),
        (lambda: logout_token(events={"other": {}}), Reason.CLAIM, "events"),
        (lambda: logout_token(events={LOGOUT_EVENT: 1}), Reason.CLAIM, "events"),
        (lambda: logout_token(without="jti"), Reason.CLAIM, "jti"),
        (lambda: logout_token(without="sub", sid="1"), Reason.CLAIM, "sub"),
        (lambda: logout_token(nonce="1"), Reason.CLAIM, "nonce"),
        (lambda: logout_token()[:-6] + "AAAAAA", Reason.SIGNATURE, None),
    ],
    exactly=10,
)
async def test_a_bad_logout_token_is_refused(token: Callable[[], str], reason: Reason, claim: str | None) -> None:
    with pytest.raises(NotAuthenticatedError) as refused:
        await TOWN.issuers().logout(token())
    assert (refused.value.reason, refused.value.claim) == (reason, claim)


HEADERS: Final = st.dictionaries(st.sampled_from(("alg", "kid", "typ", "jwk", "jku", "x5c", "b64", "cty", "x")), JSON)
CLAIMS: Final = st.dictionaries(st.sampled_from(("iss", "role", "agency", *FORMS)), JSON)


@given(HEADERS, CLAIMS)
async def test_whatever_is_in_a_token_nothing_but_a_refusal_is_raised(
    header: dict[str, Any], claims: dict[str, Any]
) -> None:
    with suppress(NotAuthenticatedError):
        await caller(TOWN.agency.token(header, **claims))


@given(st.text(max_size=300))
async def test_whatever_is_in_the_header_nothing_but_a_refusal_is_raised(text: str) -> None:
    for header in (text, f"Bearer {text}", f"Bearer {TOWN.agency.token()}{text}", f"Bearer {text}.{text}.{text}"):
        with suppress(NotAuthenticatedError):
            await TOWN.issuers().caller(header)
