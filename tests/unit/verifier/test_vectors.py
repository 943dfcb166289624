"""Trees, notes, checkpoints and policies: the verifiers and the product both agree with published vectors.

`vectors/inclusion.json` is from github.com/transparency-dev/merkle (`testdata/inclusion`, at 417fb0c); each vector has
its name there, index, size, leaf, path, root, and whether it is wrong.
"""

import json
from base64 import b64decode
from collections.abc import Callable
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any, Final

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from obstore.store import MemoryStore

from activities.checkpoints.log import CheckpointError, Fault, Within, add_same
from console.home import Home
from deploy.stack.keys import checkpoints_of_stack
from recovery.checkpoint_store import SecondPlace
from rules.proof import checkpoint
from rules.proof import note as notes
from rules.proof import policy as policies
from rules.proof.checkpoint import evidence
from rules.proof.note import Kind, Signer, Verifier
from rules.proof.policy import PolicyError, read_policy
from rules.proof.witness import NOTHING, Refused, Request, Seen, judged
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
    """The roots of all sizes are those of RFC 6962 (`tests/unit/proof/test_tree.py`)."""
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
    greater = int.from_bytes(signed[32:], "little") + (2**252 + 27742317777372353535851937790883648493)
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
    with pytest.raises(notes.NoteError):
        notes.read_note(broken)


@walked(
    ("old", "new"),
    [("\n20852163\n", f"\n{size}\n") for size in ("020852163", "-1", "2_0", "١", "")]
    + [
        ("example.com/behind-the-sofa\n", "\n"),
        ("q2I=\n", "q2J=\n"),
        ("q2I=\n", "q2I\n"),
        ("q2I=\n", "q2I=\n\nmore\n"),
        ("CsUYapGG", ""),
    ],
    exactly=10,
)
def test_no_checkpoint(old: str, new: str) -> None:
    written = BEHIND.decode()
    assert old in written
    changed = written.replace(old, new, 1).encode()
    with pytest.raises(NoteError):
        checkpoint_in(read_note(changed))
    with pytest.raises(notes.NoteError):
        checkpoint.Checkpoint.read(notes.read_note(changed).text)


KEYS: Final = {name: Key(name, WITNESS, name.encode() * 16) for name in ("X1", "X2", "X3", "Y1", "Y2")}
WITNESSES: Final = "".join(f"witness {name} {key}\n" for name, key in KEYS.items())


@walked(("read", "key"), [(Policy, lambda key: key), (read_policy, lambda key: Verifier.read(str(key)))], exactly=2)
def test_the_example_of_policy(read: Callable[[str], Any], key: Callable[[Key], Any]) -> None:
    """The policy is the example in C2SP tlog-policy."""
    groups = "group X-witnesses 2 X1 X2 X3\ngroup Y-witnesses any Y1 Y2\ngroup X-and-Y all X-witnesses Y-witnesses\n"
    policy = read(f"# whom we trust\n\n log  {FOO}\thttps://log.example\n{WITNESSES}{groups}quorum X-and-Y\n")
    assert list(policy.logs) == [key(Key.read(FOO, LOG))]
    for count in range(6):
        for names in combinations(KEYS, count):
            enough = sum(name[0] == "X" for name in names) >= 2 and any(name[0] == "Y" for name in names)
            assert policy.met([key(KEYS[name]) for name in names]) == enough, names


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
    with pytest.raises(PolicyError):
        read_policy(broken)


def test_the_leaf_of_an_event() -> None:
    """The bytes of the leaf are those in the documentation."""
    name, digest = "filing:é", bytes(range(32))
    data = leaf(name, 258, digest)
    assert data.hex() == f"00000009{name.encode().hex()}00000008000000000000010200000020{digest.hex()}"
    assert event_of(data) == (name, 258, digest)
    for broken in (b"", data[:-1], data + b"x", b"\x00\x00\x00\x01\xff" + data[13:]):
        assert event_of(broken) is None


# What the product writes and judges.

ASKED: Final = (
    "old 20852014\nPlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\njrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=\n"
    "5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=\n/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=\n\n"
    "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
    "— example.com/behind-the-sofa "
    "Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
    "— example.com/behind-the-sofa "
    "opLqBQsREYCgu6xQkYQwJr9fo45a62DN9EdmHXnZdXNqlcVGlCum2Wks+49/V6267UEjw6QUXTS5Rovnzv++qbSzm9Q=\n"
).encode()
# RFC 8032, section 7.1, test 1.
SECRET: Final = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
OURS: Final = Signer.of("example.com/log", Kind.LOG, SECRET)
OUR_WITNESS: Final = Signer.of("witness.example.com/w1", Kind.WITNESS, bytes(32))
ONE: Final = checkpoint.Checkpoint("example.com/log", 1, bytes(range(32)))


def test_the_examples_of_notes_cosignatures_and_requests() -> None:
    note, key = notes.read_note(EXAMPLE), notes.Verifier.read(FOO)
    assert (str(key), key.id.hex(), bytes(note)) == (FOO, "530d903a", EXAMPLE)
    assert [one.by for one in notes.signers(note, [key])] == [key]
    with pytest.raises(notes.NoteError):
        notes.signers(notes.Note("This is another message.\n", note.signatures), [key])
    note = notes.read_note(BEHIND)
    assert bytes(note) == BEHIND
    assert checkpoint.Checkpoint.read(note.text).size == 20852163
    assert int.from_bytes(note.signatures[1].value[:8], "big") == 1679315147
    assert notes.signers(note, [OURS.verifier, OUR_WITNESS.verifier]) == []
    request = Request.read(ASKED)
    assert (request.old, len(request.proof), bytes(request)) == (20852014, 4, ASKED)
    assert OURS.verifier.public.hex() == "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
    assert Signer.read(f"{OURS.written()}\n") == OURS
    assert SECRET.hex() not in repr(OURS)


WRONG: Final[dict[Callable[[Any], object], tuple[object, ...]]] = {
    Verifier.read: (
        "",
        FOO.replace("530d", "530e"),
        FOO.replace("+Ae", "+Ve"),
        FOO.replace("example.com/foo", "example com"),
        "a+00000000+AA==",
    ),
    Signer.read: ("", FOO),
    Request.read: (b"old 1", b"new 1\n\n" + EXAMPLE, b"old 01\n\n" + EXAMPLE, b"old 1\nAAAA\n\n" + EXAMPLE),
}


@walked(("read", "broken"), [(read, one) for read, every in WRONG.items() for one in every], ids=repr, exactly=11)
def test_what_is_not_written_so_is_refused(read: Callable[[Any], object], broken: object) -> None:
    with pytest.raises(notes.NoteError):
        read(broken)


def test_a_log_and_a_witness_sign() -> None:
    note = notes.Note(ONE.text).signed(OURS.sign(ONE.text), OUR_WITNESS.sign(ONE.text, 1_700_000_000))
    found = notes.signers(notes.read_note(bytes(note)), [OURS.verifier, OUR_WITNESS.verifier])
    assert [(one.by, one.at) for one in found] == [(OURS.verifier, None), (OUR_WITNESS.verifier, 1_700_000_000)]
    again = note.signed(OUR_WITNESS.sign(ONE.text, 1_700_000_001))
    assert [one.at for one in notes.signers(again, [OUR_WITNESS.verifier])] == [1_700_000_001]
    line = note.signatures[1]
    later = line._replace(value=(1_700_000_009).to_bytes(8, "big") + line.value[8:])
    with pytest.raises(notes.NoteError):
        notes.signers(note.signed(later), [OUR_WITNESS.verifier])


def test_the_same_key_signs_as_one_kind_alone() -> None:
    as_witness = Signer.of(OURS.verifier.name, Kind.WITNESS, SECRET)
    assert as_witness.verifier.id != OURS.verifier.id
    assert notes.signers(notes.Note(ONE.text).signed(OURS.sign(ONE.text)), [as_witness.verifier]) == []


def test_a_checkpoint_with_more_lines_and_the_proof_of_an_entry() -> None:
    more = checkpoint.Checkpoint(ONE.origin, 1, ONE.root, ("succeeds another 5",))
    assert checkpoint.Checkpoint.read(more.text) == more
    note = notes.Note(ONE.text).signed(OURS.sign(ONE.text))
    head = b"c2sp.org/tlog-proof@v1\nindex 7\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n\n"
    assert evidence(7, [bytes(range(32))], note) == head + bytes(note)
    assert evidence(0, [], note) == b"c2sp.org/tlog-proof@v1\nindex 0\n\n" + bytes(note)


def request_of(old: int, of: checkpoint.Checkpoint, *proof: bytes, by: Signer = OURS) -> Request:
    return Request(old, proof, notes.Note(of.text).signed(by.sign(of.text)))


def test_what_a_witness_says() -> None:
    logs = [OURS.verifier]
    grown = checkpoint.Checkpoint(ONE.origin, 2, b64decode("A" * 43 + "="))
    forged = notes.Note(grown.text).signed(OURS.sign(ONE.text))
    seen = Seen(1, ONE.root)
    assert judged(request_of(0, ONE), logs, NOTHING) == ONE
    assert judged(request_of(1, ONE), logs, seen) == ONE
    assert judged(request_of(0, ONE), [], NOTHING) == Refused(404)
    assert judged(request_of(0, ONE, by=OUR_WITNESS), logs, NOTHING) == Refused(403)
    assert judged(Request(0, (), forged), logs, NOTHING) == Refused(403)
    assert judged(request_of(2, ONE), logs, NOTHING) == Refused(400)
    assert judged(request_of(0, ONE), logs, seen) == Refused(409, 1)
    assert judged(request_of(0, ONE, ONE.root), logs, NOTHING) == Refused(422)
    assert judged(request_of(1, grown, grown.root), logs, seen) == Refused(422)
    assert judged(request_of(1, checkpoint.Checkpoint(ONE.origin, 1, grown.root)), logs, seen) == Refused(422)
    assert judged(request_of(0, checkpoint.Checkpoint(ONE.origin, 0, ONE.root)), logs, NOTHING) == Refused(422)
    assert judged(Request(0, (), notes.read_note(EXAMPLE)), [notes.Verifier.read(FOO)], NOTHING) == Refused(400)


def test_the_simple_policies() -> None:
    assert policies.read_policy("quorum none") == policies.Policy()
    assert policies.Policy().met([])
    one = policies.read_policy(f"witness w {KEYS['X1']} http://w\nquorum w")
    first, second = (Verifier.read(str(KEYS[name])) for name in ("X1", "X2"))
    assert one.witnesses == {"w": policies.Known(first, "http://w")}
    assert one.met([first])
    assert not one.met([second])


# The second place, as a folder and as any other store: written once, but for the newest checkpoint.


@pytest.fixture(params=["folder", "store"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> SecondPlace:
    return SecondPlace.at(tmp_path.as_uri()) if request.param == "folder" else SecondPlace(MemoryStore())


async def test_nothing_is_overwritten(place: SecondPlace) -> None:
    log = Within(place, "1")
    assert await log.read("tile/0/000.p/3") is None
    assert await log.names("checkpoints") == []
    assert await log.add("tile/0/000.p/3", b"one")
    assert not await log.add("tile/0/000.p/3", b"two")
    assert await place.read("1/tile/0/000.p/3") == b"one"
    await add_same(log, "tile/0/000.p/3", b"one")
    with pytest.raises(CheckpointError) as refusal:
        await add_same(log, "tile/0/000.p/3", b"two")
    assert refusal.value.fault is Fault.OTHER_CONTENT
    for content in (b"first", b"second"):
        await log.replace("checkpoint", content)
        assert await log.read("checkpoint") == content
    for size in ("1", "256", "30"):
        await log.add(f"checkpoints/{size}", b"")
    assert sorted(await log.names("checkpoints")) == ["1", "256", "30"]


def test_a_stack_has_a_key_and_a_folder_of_its_own(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.create()
    told = checkpoints_of_stack(home, {})
    assert checkpoints_of_stack(home, {"MOTCUA_CHECKPOINTS": ""}) == told
    key = Path(told["MOTCUA_CHECKPOINT_KEY"])
    assert key.stat().st_mode & 0o777 == 0o600
    assert Signer.read(key.read_text()).verifier.name.startswith("localhost/")
    assert told["MOTCUA_CHECKPOINTS"] == (tmp_path / "checkpoints").as_uri()
    given = {"MOTCUA_CHECKPOINTS": "s3://elsewhere", "MOTCUA_CHECKPOINT_KEY": "log.key", "MOTCUA_WITNESSES": "policy"}
    told = checkpoints_of_stack(home, given | {"MOTCUA_OBJECTS": "file:///objects"})
    here = {name: str(Path(given[name]).resolve()) for name in ("MOTCUA_CHECKPOINT_KEY", "MOTCUA_WITNESSES")}
    assert told == given | here
