"""Whose word is needed, as C2SP tlog-policy writes it."""

from __future__ import annotations

from itertools import combinations
from typing import Final

import pytest

from rules.proof.note import Kind, Signer
from rules.proof.policy import Known, Policy, PolicyError, read_policy

LOG: Final = Signer.of("log", Kind.LOG, bytes(32)).verifier
KEYS: Final = {
    name: Signer.of(name, Kind.WITNESS, name.encode() * 16).verifier for name in ("X1", "X2", "X3", "Y1", "Y2")
}
WITNESSES: Final = "".join(f"witness {name} {key}\n" for name, key in KEYS.items())
EXAMPLE: Final = (
    f"# whom we trust\n\n log  {LOG}\thttps://log.example\n{WITNESSES}"
    "group X-witnesses 2 X1 X2 X3\ngroup Y-witnesses any Y1 Y2\n"
    "group X-and-Y all X-witnesses Y-witnesses\nquorum X-and-Y\n"
)


def test_the_example_of_the_specification() -> None:
    policy = read_policy(EXAMPLE)
    assert policy.logs == (LOG,)
    for count in range(6):
        for names in combinations(KEYS, count):
            enough = sum(name[0] == "X" for name in names) >= 2 and any(name[0] == "Y" for name in names)
            assert policy.met([KEYS[name] for name in names]) == enough, names


def test_the_simple_ones() -> None:
    assert read_policy("quorum none") == Policy()
    assert Policy().met([])
    one = read_policy(f"witness w {KEYS['X1']} http://w\nquorum w")
    assert one.witnesses == {"w": Known(KEYS["X1"], "http://w")}
    assert one.met([KEYS["X1"]])
    assert not one.met([KEYS["X2"]])


@pytest.mark.parametrize(
    "broken",
    [
        "",
        "quorum",
        "quorum w",
        "quorum none\nquorum none",
        "quorum none extra",
        f"{WITNESSES}group g 2 X1\nquorum g",
        f"{WITNESSES}group g 0 X1\nquorum g",
        f"{WITNESSES}group g 01 X1\nquorum g",
        f"{WITNESSES}group g all\nquorum g",
        f"{WITNESSES}group g any X9\nquorum g",
        f"{WITNESSES}group g any X1 X1\nquorum g",
        f"{WITNESSES}group g any X1\ngroup h any X1\nquorum g",
        f"{WITNESSES}group X1 any X2\nquorum X1",
        f"{WITNESSES}group none any X2\nquorum none",
        f"{WITNESSES}{WITNESSES}quorum none",
        f"witness w {LOG}\nquorum none",
        f"witness w {KEYS['X1']} a b\nquorum none",
        f"log {KEYS['X1']}\nquorum none",
        f"log {LOG}\nlog {LOG}\nquorum none",
        "log key\nquorum none",
        "quorum\x00none",
        "observe none",
    ],
)
def test_no_policy(broken: str) -> None:
    with pytest.raises(PolicyError):
        read_policy(broken)
