"""What the verifiers share, by vectors that others have published: none of them was made by this project.

`vectors/inclusion.json` is of github.com/transparency-dev/merkle (`testdata/inclusion`, at 417fb0c), each with its name
there, index, size, leaf, path, root, and whether it is wrong.
"""

import json
from base64 import b64decode
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any, Final

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from tests.walking import walked
from verifier.events import canonical, event_of, leaf
from verifier.notes import (
    LOG,
    WITNESS,
    Checkpoint,
    Key,
    NoteError,
    NotSignedError,
    Policy,
    checkpoint_in,
    is_signature,
    read_note,
)
from verifier.tree import Tree, leaf_hash, nodes_between, root_by

VECTORS: Final = Path(__file__).with_name("vectors")

# RFC 8785, section 3.2.2 and appendix B; github.com/cyberphone/json-canonicalization, testdata at 19d51d7. In no bundle
# are fractions, or keys from U+D800 on.
CANONICAL: Final = {
    '[ 56, {"d": true, "10": null, "1": [ ]} ]': '[56,{"1":[],"10":null,"d":true}]',
    '{"péché": "b", "peach": "a", "sin": "d", "pêche": "c"}': '{"peach":"a","péché":"b","pêche":"c","sin":"d"}',
    '{"1": {"f": {"f": "hi","F": 5} ,"\\n": 56}, "": "empty", "a": { }, "111": [ {"e": "yes","E": "no" } ], "A": {}}': (
        '{"":"empty","1":{"\\n":56,"f":{"F":5,"f":"hi"}},"111":[{"E":"no","e":"yes"}],"A":{},"a":{}}'
    ),
    '{"Unnormalized Unicode":"A\\u030a"}': '{"Unnormalized Unicode":"A\u030a"}',
    '{"string": "\\u20ac$\\u000F\\u000aA\'\\u0042\\u0022\\u005c\\\\\\"\\/", "literals": [null, true, false]}': (
        '{"literals":[null,true,false],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'
    ),
    "[9007199254740991, -9007199254740991, 0]": "[9007199254740991,-9007199254740991,0]",
}

# RFC 8032, section 7.1: public key, message, signature.
SIGNED: Final = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        (
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe"
            "24655141438e7a100b"
        ),
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        (
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302a"
            "eeb00d291612bb0c00"
        ),
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        (
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed2"
            "8dc027beceea1ec40a"
        ),
    ),
]
ORDER: Final = 2**252 + 27742317777372353535851937790883648493

# C2SP signed-note, and what the checksum database of Go said on 2024-09-23.
FOO: Final = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
EXAMPLE: Final = (
    "This is an example message.\n\n— example.com/foo "
    "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
).encode()
GO: Final = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"
GO_LATEST: Final = (
    "go.sum database tree\n30055305\nmXfgRcJ0bG0j3CPdKwgGWtUzBUbX67saZGRmFuJGGsM=\n\n— sum.golang.org "
    "Az3grpgEild5qw7+5dtV13Kf1C2Xurm8q4fhdxvcsDHnqNTaxL2AFjBY+2TyGKevucFcAAlWFJJYle3EJlDCrQ+y3A8=\n"
).encode()

# Of sigsum-go (pkg/checkpoint): cosigned by the key whose secret is 17 and then zeros, at the second 1234.
COSIGNED: Final = "example.org/log\n10\nHA5HAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n"
COSIGNATURE: Final = (
    "ys8uUAAAAAAAAATSftMzceM8zssdZ9jin9SjwIxzx9iADMf63VqirX2hafol9RsqNqbofIz0LVRqHXI2kpEBSki5RTXFtxz1vo9+Cg=="
)
COSIGNER: Final = Key(
    "example.org/witness",
    WITNESS,
    Ed25519PrivateKey.from_private_bytes(b"\x11" + bytes(31)).public_key().public_bytes_raw(),
)

# C2SP tlog-cosignature and tlog-checkpoint; whose keys these are they do not say.
BEHIND: Final = (
    "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
    "— example.com/behind-the-sofa "
    "Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
    "— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0"
    "xUe+mbIUBkBIfZ+qnA==\n"
).encode()


@walked("written", CANONICAL, exactly=6)
def test_json_of_rfc_8785(written: str) -> None:
    assert canonical(json.loads(written)).decode() == CANONICAL[written]


@walked("vector", json.loads((VECTORS / "inclusion.json").read_text()), ids=lambda vector: vector[0], exactly=48)
def test_paths_of_rfc_6962(vector: list[Any]) -> None:
    _, index, size, digest, path, root, wrong = vector
    try:
        found: bytes | None = root_by(list(map(b64decode, path)), b64decode(digest), index, size)
    except ValueError:
        found = None
    assert (found == b64decode(root)) is not wrong


@given(st.integers(0, 300), st.integers(0, 300))
def test_a_tree_grows_by_subtrees_as_it_does_by_leaves(some: int, more: int) -> None:
    """The roots of every size are those of RFC 6962 (`tests/unit/proof/test_tree.py`)."""
    hashes = [leaf_hash(b"%d" % n) for n in range(some + more)]
    grown, whole = Tree(), Tree()
    for start, end in ((0, some), (some, some + more)):
        for level, index in nodes_between(start, end):
            subtree = Tree()
            for one in hashes[index << level : (index + 1) << level]:
                subtree.add(one)
            grown.add(subtree.root(), level)
    for one in hashes:
        whole.add(one)
    assert (grown.size, grown.root()) == (some + more, whole.root())


@walked(("public", "message", "signature"), SIGNED, exactly=3)
def test_signatures_of_rfc_8032(public: str, message: str, signature: str) -> None:
    key, text, signed = map(bytes.fromhex, (public, message, signature))
    assert is_signature(key, text, signed)
    assert not is_signature(key, text + b"x", signed)
    greater = int.from_bytes(signed[32:], "little") + ORDER
    assert not is_signature(key, text, signed[:32] + greater.to_bytes(32, "little")), "no signature twice"
    assert not is_signature(key, text, signed[:-1])
    assert not is_signature(b"\xff" * 32, text, signed), "no point has such a y"
    assert not is_signature((2).to_bytes(32, "little"), text, signed), "nor is there one with this y"


@walked(("vkey", "content"), [(FOO, EXAMPLE), (GO, GO_LATEST)], exactly=2)
def test_notes_that_others_have_signed(vkey: str, content: bytes) -> None:
    key, note = Key.read(vkey, LOG), read_note(content)
    assert str(key) == vkey
    assert note.signers([key]) == [key]
    with pytest.raises(NotSignedError, match=key.name):
        note._replace(text=f"{note.text}more\n").signers([key])
    with pytest.raises(NoteError):
        Key.read(vkey, WITNESS)


def test_the_checkpoint_of_a_large_log() -> None:
    root = bytes.fromhex("9977e045c2746c6d23dc23dd2b08065ad5330546d7ebbb1a64646616e2461ac3")
    assert checkpoint_in(read_note(GO_LATEST)) == Checkpoint("go.sum database tree", 30055305, root)


def test_a_cosignature_that_others_have_made() -> None:
    note = read_note(f"{COSIGNED}— {COSIGNER.name} {COSIGNATURE}\n".encode())
    assert note.signers([COSIGNER]) == [COSIGNER]
    assert note.signers([replace(COSIGNER, kind=LOG)]) == [], "a log's key has another id"
    [line] = note.signatures
    later = line._replace(value=(1235).to_bytes(8, "big") + line.value[8:])
    with pytest.raises(NotSignedError):
        note._replace(signatures=(later,)).signers([COSIGNER])


def test_the_example_of_cosignature() -> None:
    note = read_note(BEHIND)
    assert checkpoint_in(note).size == 20852163
    assert [one.name for one in note.signatures] == ["example.com/behind-the-sofa", "witness.example.com/w1"]
    assert int.from_bytes(note.signatures[1].value[:8], "big") == 1679315147


@walked(
    "broken",
    [
        b"",
        b"text\n",
        b"\n\n\xe2\x80\x94 a AAAAAAA=\n",
        EXAMPLE.removesuffix(b"\n"),
        EXAMPLE.replace(b"message", b"mess\tage"),
        EXAMPLE.replace(b"example.com/foo", b"example.com/foo bar"),
        EXAMPLE.replace(b"example.com/foo", b"example+com"),
        EXAMPLE.replace(b"aQM=", b"aQN="),
        EXAMPLE.replace(b"This", b"Th\xffis"),
        b"text\n\n\xe2\x80\x94 a AAAA\n",
        b"text\n\n" + b"\xe2\x80\x94 a AAAAAAA=\n" * 101,
    ],
    exactly=11,
)
def test_no_note(broken: bytes) -> None:
    with pytest.raises(NoteError):
        read_note(broken)


@walked(
    ("old", "new"),
    [("\n20852163\n", f"\n{size}\n") for size in ("020852163", "-1", "2_0", "١", "")]
    + [("example.com/behind-the-sofa\n", "\n"), ("q2I=\n", "q2I\n"), ("q2I=\n", "q2I=\n\nmore\n"), ("CsUYapGG", "")],
    exactly=9,
)
def test_no_checkpoint(old: str, new: str) -> None:
    written = BEHIND.decode()
    assert old in written
    with pytest.raises(NoteError):
        checkpoint_in(read_note(written.replace(old, new, 1).encode()))


KEYS: Final = {name: Key(name, WITNESS, name.encode() * 16) for name in ("X1", "X2", "X3", "Y1", "Y2")}
WITNESSES: Final = "".join(f"witness {name} {key}\n" for name, key in KEYS.items())


def test_the_example_of_policy() -> None:
    """As C2SP tlog-policy has it."""
    groups = "group X-witnesses 2 X1 X2 X3\ngroup Y-witnesses any Y1 Y2\ngroup X-and-Y all X-witnesses Y-witnesses\n"
    policy = Policy(f"# whom we trust\n\n log  {FOO}\thttps://log.example\n{WITNESSES}{groups}quorum X-and-Y\n")
    assert policy.logs == [Key.read(FOO, LOG)]
    for count in range(6):
        for names in combinations(KEYS, count):
            enough = sum(name[0] == "X" for name in names) >= 2 and any(name[0] == "Y" for name in names)
            assert policy.met([KEYS[name] for name in names]) == enough, names


@walked(
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
        f"witness w {FOO}\nquorum none",
        f"witness w {KEYS['X1']} a b\nquorum none",
        f"log {KEYS['X1']}\nquorum none",
        f"log {FOO}\nlog {FOO}\nquorum none",
        "log key\nquorum none",
        "quorum\x00none",
        "observe none",
    ],
    exactly=22,
)
def test_no_policy(broken: str) -> None:
    with pytest.raises(ValueError, match="policy"):
        Policy(broken)


def test_the_leaf_of_an_event() -> None:
    """Its bytes as the page has them."""
    name, digest = "filing:é", bytes(range(32))
    data = leaf(name, 258, digest)
    assert data.hex() == f"00000009{name.encode().hex()}00000008000000000000010200000020{digest.hex()}"
    assert event_of(data) == (name, 258, digest)
    for broken in (b"", data[:-1], data + b"x", b"\x00\x00\x00\x01\xff" + data[13:]):
        assert event_of(broken) is None
