"""A stack seals where it is told to, and never reads a garbled setting as no."""

from __future__ import annotations

from pathlib import Path

import pytest

from console.home import CODEC, Home
from deploy.stack import StackError
from deploy.stack.ring import OWN, ring_of_stack
from motcua.payloads.key_ring import CODEC_KEYS, ring_in
from operations.keys.rings import write_new
from tests.sealed import written


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "home")
    made.create()
    return made


def test_without_a_word_nothing_is_sealed(home: Home) -> None:
    for settings in ({}, {CODEC: ""}, {CODEC: "off"}, {CODEC: "off", CODEC_KEYS: written("one")}):
        assert ring_of_stack(home, settings, keeps_plain=False) == {}


@pytest.mark.parametrize("keeps_plain", [True, False])
def test_once_on_it_stays_on(home: Home, *, keeps_plain: bool) -> None:
    told = ring_of_stack(home, {CODEC: "on"}, keeps_plain=keeps_plain)
    ring = ring_in(told)
    assert ring is not None
    assert ring.plain is keeps_plain
    for settings in ({}, {CODEC: "on"}):
        assert ring_of_stack(home, settings, keeps_plain=True) == told
    with pytest.raises(StackError, match="sealed already"):
        ring_of_stack(home, {CODEC: "off"}, keeps_plain=True)


@pytest.mark.parametrize("garbled", ["ON", "1", "true", "yes", "on ", "offf"])
def test_a_garbled_setting_is_no_no(home: Home, garbled: str) -> None:
    with pytest.raises(StackError, match="on or off"):
        ring_of_stack(home, {CODEC: garbled}, keeps_plain=False)


def test_a_ring_that_is_given_is_the_stacks(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "ring.json"
    write_new(file, written("one"))
    monkeypatch.chdir(tmp_path)
    assert ring_of_stack(home, {CODEC_KEYS: "ring.json"}, keeps_plain=False) == {CODEC_KEYS: str(file.resolve())}
    inline = {CODEC_KEYS: written("one")}
    assert ring_of_stack(home, inline | {CODEC: "on"}, keeps_plain=False) == inline
    assert not (home.secrets / OWN).exists()
    for bad in ("none.json", "{}"):
        with pytest.raises(StackError, match=CODEC_KEYS):
            ring_of_stack(home, {CODEC_KEYS: bad}, keeps_plain=False)
