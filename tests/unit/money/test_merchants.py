"""What is set of those who take money."""

import json
from base64 import b64encode
from typing import Any

import pytest
from pydantic import ValidationError

from activities.partners.money.merchants import MERCHANTS
from workers.settings import WorkerSettings

VIETQR = {"kind": "vietqr", "bank": "970400", "account": "1903001234567", "secret": "a key"}


def merchants(**more: dict[str, Any]) -> Any:
    return MERCHANTS.validate_json(json.dumps({"treasury": VIETQR, **more}))


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "cash"},
        {"bank": "97"},
        {"account": ""},
        {"account": "1" * 20},
        {"secret": None},
        {"secret": 5},
        {"unknown": 1},
    ],
)
def test_what_does_not_fit_is_refused_without_a_word_of_the_key(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as refused:
        merchants(other={**VIETQR, "secret": "k3y of nobody", **change})
    assert "k3y" not in str(refused.value)


@pytest.mark.parametrize("name", ["", "VNPAY", "a b", "1a", "a" * 41])
def test_a_name_is_short_and_plain(name: str) -> None:
    with pytest.raises(ValidationError):
        merchants(**{name: VIETQR})


def test_a_worker_does_not_start_with_what_does_not_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    needed = {"database_url": "d", "master_key": b64encode(bytes(32)).decode(), "objects": "o", "bank_url": "b"}
    for name, value in {**needed, "post_url": "p"}.items():
        monkeypatch.setenv(f"MOTCUA_{name.upper()}", value)
    monkeypatch.setenv("MOTCUA_PROVIDERS", json.dumps({"treasury": VIETQR}))
    read = WorkerSettings()
    assert set(read.providers) == {"treasury"}
    assert "a key" not in repr(read)
    for wrong in ({**VIETQR, "kind": "cash"}, {**VIETQR, "bank": 1}, [VIETQR]):
        monkeypatch.setenv("MOTCUA_PROVIDERS", json.dumps({"treasury": wrong}))
        with pytest.raises(ValidationError) as refused:
            WorkerSettings()
        assert "a key" not in str(refused.value)
