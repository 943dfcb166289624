"""The sandbox issuer in memory: the door accepts its tokens; a client gets only the tokens that it may have."""

import hashlib
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey
from pydantic import TypeAdapter

from gateway.door.identity.issuers import ConfiguredIssuers
from gateway.door.identity.jwks import AGAIN
from gateway.door.identity.tokens import Issuers, NotAuthenticatedError, Reason
from sandbox.issuer import CLIENTS, issuers_setting
from sandbox.issuer.people import account, accounts
from sandbox.issuer.server import ASSERTION, CODE_SECONDS, issuer
from schemas.people import OFFICERS, Actor, Role
from tests.walking import walked

URL: Final = "http://127.0.0.1:8804"
BACK: Final = "http://127.0.0.1:9/back"
VERIFIER: Final = "v" * 43
CHALLENGE: Final = urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
AUTHORIZE: Final = {
    "response_type": "code",
    "client_id": "portal",
    "redirect_uri": BACK,
    "code_challenge": CHALLENGE,
    "code_challenge_method": "S256",
    "state": "s 1",
    "scope": "openid",
    "nonce": "n",
}


class Trial:
    """The issuer, and a door that accepts its tokens; `elapsed`: the seconds that have passed on the door's clock."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.elapsed = 0.0
        self.start()

    def start(self) -> None:
        app = issuer(self.data, URL, ("portal", "desk"))
        self.client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=URL)
        configured = TypeAdapter(ConfiguredIssuers).validate_json(issuers_setting(URL, ("portal", "desk")))
        self.door = Issuers(configured, self.client, elapsed=lambda: self.elapsed)

    async def post(self, path: str, **form: str) -> Any:
        return (await self.client.post(path, data=form)).json()

    async def code(self, person: str, **changed: str) -> dict[str, str]:
        """Chooses a person on the sign-in page, and returns the parameters of the redirection."""
        answer = await self.client.post("/authorize", params=AUTHORIZE | changed, data={"person": person})
        assert answer.status_code == 303, answer.text
        return {name: value for name, [value] in parse_qs(urlsplit(answer.headers["location"]).query).items()}

    async def redeem(self, code: str, **changed: str) -> Any:
        form = {"grant_type": "authorization_code", "code": code, "client_id": "portal", "redirect_uri": BACK}
        return await self.post("/token", **(form | {"code_verifier": VERIFIER} | changed))

    def assertion(self, **changed: Any) -> dict[str, str]:
        """Returns the form fields by which the portal authenticates itself with its key."""
        key = ECKey.import_key((self.data / CLIENTS / "portal.pem").read_bytes())
        said = {"iss": "portal", "sub": "portal", "aud": URL, "exp": int(time.time()) + 60, "jti": "1"}
        return {
            "grant_type": "client_credentials",
            "client_assertion_type": ASSERTION,
            "client_assertion": jwt.encode({"alg": "ES256"}, said | changed, key),
        }


@pytest.fixture
def trial(tmp_path: Path) -> Trial:
    return Trial(tmp_path)


async def test_an_officer_signs_in_by_code(trial: Trial) -> None:
    back = await trial.code("h01.12-reception-1 reception")
    assert (back["state"], back["iss"]) == ("s 1", URL)
    answer = await trial.redeem(back["code"])
    caller = await trial.door.caller(f"Bearer {answer['access_token']}")
    assert caller.actor == Actor(subject="h01.12-reception-1", role=Role.RECEPTION, agency="H01.12")
    assert (caller.issuer, caller.client, caller.acr, caller.amr) == ("trial", "portal", "2", ("pwd", "otp"))
    assert (await trial.redeem(back["code"])) == {"error": "invalid_grant"}, "a code counts once"
    jwks = (await trial.client.get("/jwks")).json()
    identity = jwt.decode(answer["id_token"], ECKey.import_key(jwks["keys"][0]), algorithms=["ES256"])
    assert {"aud": "portal", "nonce": "n", "sub": "h01.12-reception-1"}.items() <= identity.claims.items()


@walked(
    "changed",
    [{"code_verifier": "w" * 43}, {"client_id": "desk"}, {"redirect_uri": "http://127.0.0.1:9/"}, {"code": "x"}],
    exactly=4,
)
async def test_a_code_is_for_its_client_alone(tmp_path: Path, changed: dict[str, str]) -> None:
    trial = Trial(tmp_path)
    form = {"code": (await trial.code("nguyen-van-an"))["code"]} | changed
    assert await trial.redeem(**form) == {"error": "invalid_grant"}


async def test_a_code_ends_soon(trial: Trial, monkeypatch: pytest.MonkeyPatch) -> None:
    code, now = (await trial.code("nguyen-van-an"))["code"], time.time()
    monkeypatch.setattr(time, "time", lambda: now + CODE_SECONDS + 2)
    assert await trial.redeem(code) == {"error": "invalid_grant"}


@walked(
    ("changed", "error"),
    [
        ({"client_id": "stranger"}, "invalid_client"),
        ({"redirect_uri": "https://example.com/"}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": ""}, "invalid_request"),
    ],
    exactly=5,
)
async def test_a_wrong_request_gets_no_page(tmp_path: Path, changed: dict[str, str], error: str) -> None:
    answer = await Trial(tmp_path).client.get("/authorize", params=AUTHORIZE | changed)
    assert (answer.status_code, answer.json()) == (400, {"error": error})


async def test_the_page_shows_every_officer_of_the_directory_in_each_role(trial: Trial) -> None:
    page = (await trial.client.get("/authorize", params=AUTHORIZE)).text
    shown = [one for one in accounts() if f'value="{one.sub} {one.role}"' in page]
    assert shown == list(accounts())
    assert {one.role for one in shown} == OFFICERS | {"applicant"}


async def test_a_program_gets_a_token_of_its_own_by_its_key_and_each_assertion_once(trial: Trial) -> None:
    form = trial.assertion()
    caller = await trial.door.caller(f"Bearer {(await trial.post('/token', **form))['access_token']}")
    assert (caller.client, caller.actor, caller.amr) == ("portal", None, ("swk",))
    assert await trial.post("/token", **form) == {"error": "invalid_client"}
    assert "access_token" in await trial.post("/token", **trial.assertion(jti="2"))


def _wrong() -> Iterator[tuple[str, dict[str, Any], dict[str, str]]]:
    yield from ((f"{claim} left out", {claim: None}, {}) for claim in ("iss", "sub", "aud", "exp", "jti"))
    yield "another's name", {"iss": "desk", "sub": "desk"}, {}
    yield "another's word", {"iss": "desk"}, {}
    yield "for another issuer", {"aud": "http://127.0.0.1:1"}, {}
    yield "over", {"exp": int(time.time())}, {}
    yield "for long", {"exp": int(time.time()) + 900}, {}
    yield "another type", {}, {"client_assertion_type": "x"}
    yield "no assertion", {}, {"client_assertion": "x"}


@walked(("case", "claims", "form"), _wrong, exactly=12)
async def test_an_assertion_that_is_wrong_gets_no_token(
    tmp_path: Path, case: str, claims: dict[str, Any], form: dict[str, str]
) -> None:
    trial = Trial(tmp_path)
    assert await trial.post("/token", **(trial.assertion(**claims) | form)) == {"error": "invalid_client"}, case


async def test_a_token_by_one_request(trial: Trial) -> None:
    async def actor(**form: str) -> Actor | None:
        answer = await trial.post("/dev/token", client="desk", **form)
        return (await trial.door.caller(f"Bearer {answer['access_token']}")).actor

    assert await actor() is None
    assert await actor(person="anybody") == Actor(subject="anybody", role=Role.APPLICANT)
    both = "h01.12-specialist-4"
    assert await actor(person=both) == Actor(subject=both, role=Role.SPECIALIST, agency="H01.12")
    assert await actor(person=both, role="leader") == Actor(subject=both, role=Role.LEADER, agency="H01.12")
    assert account(both, "clerk") is None
    for wrong in ({"person": both, "role": "clerk"}, {"person": "a b"}, {"person": "a", "acr_values": "5"}):
        assert (await trial.post("/dev/token", client="desk", **wrong)).keys() == {"error"}
    assert await trial.post("/dev/token", client="stranger") == {"error": "invalid_client"}
    assert await trial.post("/token", grant_type="password") == {"error": "unsupported_grant_type"}


async def test_after_a_rotation_the_door_asks_for_the_new_key_and_a_restart_changes_nothing(trial: Trial) -> None:
    async def token() -> str:
        return f"Bearer {(await trial.post('/dev/token', client='portal', person='an'))['access_token']}"

    first = await token()
    await trial.door.caller(first)
    await trial.client.post("/dev/rotate")
    trial.start()
    second = await token()
    for one in (first, second):
        await trial.door.caller(one)
    await trial.client.post("/dev/rotate")
    trial.elapsed += AGAIN
    await trial.door.caller(await token())
    await trial.door.caller(second)
    with pytest.raises(NotAuthenticatedError) as refused:
        await trial.door.caller(first)
    assert refused.value.reason is Reason.KEY
