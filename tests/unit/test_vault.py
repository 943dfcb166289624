"""The keys of filings: what is made of them stays the same for ever, since the record holds it; and few are kept."""

from __future__ import annotations

import hashlib
import hmac
from typing import Final
from uuid import UUID

import pytest

from activities.keys.master_key import MasterKey
from activities.keys.masters import MasterKeys
from activities.keys.sealing import unseal
from activities.ledger import vault as vaults
from activities.ledger.vault import FilingKey, Vault
from views.log import SealBrokenError

MASTER: Final = bytes(range(32))
MASTERS: Final = MasterKeys(MasterKey(MASTER))
ONE, TWO, THREE = (UUID(int=n) for n in (1, 2, 3))
KEY: Final = FilingKey("k", bytes(32))


def test_what_is_sealed_opens_in_its_own_place_and_in_no_other() -> None:
    sealed = KEY.seal(b"secret", "here")
    assert KEY.unseal(sealed, "here") == b"secret"
    with pytest.raises(SealBrokenError):
        KEY.unseal(sealed, "there")
    with pytest.raises(SealBrokenError):
        FilingKey("k", bytes(31) + b"\x01").unseal(sealed, "here")


def test_a_nonce_of_twelve_bytes_is_drawn_for_each_seal() -> None:
    sealed = [KEY.seal(b"secret", "here") for _ in range(2)]
    assert sealed[0][:12] != sealed[1][:12]
    assert [len(each) for each in sealed] == [12 + len(b"secret") + 16] * 2


def test_a_pseudonym_is_the_head_of_an_hmac_under_the_filings_key() -> None:
    assert KEY.pseudonym("an") == "p-" + hmac.new(bytes(32), b"an", hashlib.sha256).hexdigest()[:32]


async def test_a_new_key_has_32_bytes_and_names_its_filing_and_the_master_key_that_first_wraps_it() -> None:
    vault = Vault(MASTERS)
    key, wrapped = await vault.new(ONE)
    master = "m-" + hashlib.sha256(b"motcua master key\n" + MASTER).hexdigest()[:16]
    assert (key.key_id, wrapped.by) == (f"{master}:{ONE}", master)
    assert len(key.secret) == 32
    row = {"key_id": key.key_id, "wrapped": wrapped.data, "wrapped_by": wrapped.by}
    assert await vault.unwrap(row) == key
    assert unseal(MASTER, wrapped.data, key.key_id) == key.secret
    assert (await vault.new(ONE))[0].secret != key.secret
    for change in ({"key_id": f"{master}:{TWO}"}, {"wrapped": b"short"}, {"wrapped_by": "m-0000000000000000"}):
        with pytest.raises(SealBrokenError):
            await vault.unwrap(row | change)


def test_of_the_keys_those_asked_for_last_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vaults, "_CACHED_KEYS", 2)
    vault, other = Vault(MASTERS), FilingKey("other", bytes(32))
    vault.remember(ONE, KEY)
    vault.remember(TWO, KEY)
    assert vault.known(ONE) == KEY
    vault.remember(THREE, KEY)
    assert [vault.known(filing) for filing in (ONE, TWO, THREE)] == [KEY, None, KEY]
    vault.remember(ONE, other)
    vault.remember(TWO, KEY)
    assert [vault.known(filing) for filing in (ONE, TWO, THREE)] == [other, KEY, None]
