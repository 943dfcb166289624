"""The setting of issuers: a wrong one is refused, a good one is read."""

import json
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from gateway.door.identity.issuers import ConfiguredIssuers
from tests.unit.door.providers import Town
from tests.walking import walked

SETTING: TypeAdapter[ConfiguredIssuers] = TypeAdapter(ConfiguredIssuers)


def agency(**changed: Any) -> dict[str, Any]:
    return {
        "agency": {"issuer": "https://a.example", "audience": "m", "algorithms": ["ES256"], "officers": ["H01"]}
        | {"clients": {"portal": "portal"}}
        | changed
    }


@walked(
    ("setting", "place"),
    [
        (agency(unknown=1), "unknown"),
        (agency(issuer="http://a.example"), "issuer"),
        (agency(issuer="https://u@a.example"), "issuer"),
        (agency(issuer="https://a.example#x"), "issuer"),
        (agency(issuer="https://"), "issuer"),
        (agency(issuer="file:///etc/passwd"), "issuer"),
        (agency(jwks="http://127.0.0.1.example/jwks"), "jwks"),
        (agency(algorithms=[]), "algorithms"),
        (agency(algorithms=["none"]), "algorithms"),
        (agency(algorithms=["HS256"]), "algorithms"),
        (agency(audience=""), "audience"),
        (agency(officers=["h01"]), "officers"),
        (agency(officers=[]), "agency"),
        (agency(applicants="yes"), "applicants"),
        (agency(clients={}), "clients"),
        (agency(clients={"portal": "no id"}), "clients"),
        (agency(acr={"high": "5"}), "acr"),
        (agency(keys_hours=0), "keys_hours"),
        ({"a|b": agency()["agency"]}, "a|b"),
        ({"one": agency()["agency"], "two": agency()["agency"]}, ""),
        (
            {"one": agency(namespaced=False)["agency"], "two": agency(issuer="https://b", namespaced=False)["agency"]},
            "",
        ),
    ],
    exactly=21,
)
def test_a_setting_that_is_wrong_is_refused(setting: dict[str, Any], place: str) -> None:
    with pytest.raises(ValidationError) as refused:
        SETTING.validate_json(json.dumps(setting))
    places = [str(part) for error in refused.value.errors() for part in error["loc"]]
    assert place in places or (place == "" and places == [])


def test_a_good_setting_is_read() -> None:
    for url in ("http://127.0.0.1:1", "http://[::1]:1", "http://localhost:1"):
        assert SETTING.validate_json(json.dumps(agency(issuer=url)))["agency"].issuer == url
    assert SETTING.validate_json(json.dumps(Town().settings)).keys() == {"agency", "citizens", "programs"}
    assert SETTING.validate_json(json.dumps(agency()))["agency"].acr == {}
