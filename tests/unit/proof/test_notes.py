"""Signed notes, checkpoints and cosignatures: the examples of C2SP's specifications, and whatever is not written so."""

from base64 import b64decode
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from typing import Any, Final

import pytest
from obstore.store import MemoryStore

from activities.checkpoints.place import CheckpointError, Fault, Within, add_same
from console.home import Home
from deploy.stack.checkpoints import checkpoints_of_stack
from recovery.checkpoint_store import SecondPlace
from rules.proof.checkpoint import Checkpoint
from rules.proof.evidence import evidence
from rules.proof.note import Kind, Note, NoteError, Signer, Verifier, read_note, signers
from rules.proof.policy import Known, Policy, PolicyError, read_policy
from rules.proof.witness import NOTHING, Refused, Request, Seen, judged
from tests.walking import walked

VKEY: Final = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
EXAMPLE: Final = (
    "This is an example message.\n\n— example.com/foo "
    "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
).encode()
COSIGNED: Final = (
    "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
    "— example.com/behind-the-sofa "
    "Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
    "— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0"
    "xUe+mbIUBkBIfZ+qnA==\n"
).encode()
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
LOG: Final = Signer.of("example.com/log", Kind.LOG, SECRET)
WITNESS: Final = Signer.of("witness.example.com/w1", Kind.WITNESS, bytes(32))
ONE: Final = Checkpoint("example.com/log", 1, bytes(range(32)))


def test_the_examples_of_notes_cosignatures_and_requests() -> None:
    note, key = read_note(EXAMPLE), Verifier.read(VKEY)
    assert (str(key), key.id.hex(), bytes(note)) == (VKEY, "530d903a", EXAMPLE)
    assert [one.by for one in signers(note, [key])] == [key]
    with pytest.raises(NoteError):
        signers(Note("This is another message.\n", note.signatures), [key])
    note = read_note(COSIGNED)
    assert bytes(note) == COSIGNED
    assert Checkpoint.read(note.text).size == 20852163
    assert int.from_bytes(note.signatures[1].value[:8], "big") == 1679315147
    assert signers(note, [LOG.verifier, WITNESS.verifier]) == []
    request = Request.read(ASKED)
    assert (request.old, len(request.proof), bytes(request)) == (20852014, 4, ASKED)
    public = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
    assert LOG.verifier.public.hex() == public
    assert Signer.read(f"{LOG.written()}\n") == LOG
    assert SECRET.hex() not in repr(LOG)


def test_a_log_and_a_witness_sign() -> None:
    note = Note(ONE.text).signed(LOG.sign(ONE.text), WITNESS.sign(ONE.text, 1_700_000_000))
    found = signers(read_note(bytes(note)), [LOG.verifier, WITNESS.verifier])
    assert [(one.by, one.at) for one in found] == [(LOG.verifier, None), (WITNESS.verifier, 1_700_000_000)]
    again = note.signed(WITNESS.sign(ONE.text, 1_700_000_001))
    assert [one.at for one in signers(again, [WITNESS.verifier])] == [1_700_000_001]
    line = note.signatures[1]
    later = line._replace(value=(1_700_000_009).to_bytes(8, "big") + line.value[8:])
    with pytest.raises(NoteError):
        signers(note.signed(later), [WITNESS.verifier])


def test_the_same_key_signs_as_one_kind_alone() -> None:
    as_witness = Signer.of(LOG.verifier.name, Kind.WITNESS, SECRET)
    assert as_witness.verifier.id != LOG.verifier.id
    assert signers(Note(ONE.text).signed(LOG.sign(ONE.text)), [as_witness.verifier]) == []


BROKEN: Final[dict[Callable[[Any], object], tuple[object, ...]]] = {
    read_note: (
        b"text\n",
        b"\n\n\xe2\x80\x94 a AAAAAAA=\n",
        EXAMPLE.removesuffix(b"\n"),
        EXAMPLE.replace(b"example.com/foo", b"example.com/foo bar"),
        EXAMPLE.replace(b"aQM=", b"aQN="),
        EXAMPLE.replace(b"This", b"Th\xffis"),
        b"text\n\n\xe2\x80\x94 a AAAA\n",
        b"text\n\n" + b"\xe2\x80\x94 a AAAAAAA=\n" * 101,
    ),
    Verifier.read: (
        "",
        VKEY.replace("530d", "530e"),
        VKEY.replace("+Ae", "+Ve"),
        VKEY.replace("example.com/foo", "example com"),
        "a+00000000+AA==",
    ),
    Signer.read: ("", VKEY),
    Checkpoint.read: (
        "log\n1\n",
        ONE.text.replace("\n1\n", "\n01\n"),
        ONE.text.replace("\n1\n", "\n١\n"),
        ONE.text.replace("example.com/log\n", "\n"),
        ONE.text.replace("=", ""),
        f"{ONE.text}\n",
        ONE.text.removesuffix("\n"),
        "log\n1\nAAAA\n",
    ),
    Request.read: (b"old 1", b"new 1\n\n" + EXAMPLE, b"old 01\n\n" + EXAMPLE, b"old 1\nAAAA\n\n" + EXAMPLE),
}


@walked(("read", "broken"), [(read, one) for read, every in BROKEN.items() for one in every], ids=repr, exactly=27)
def test_what_is_not_written_so_is_refused(read: Callable[[Any], object], broken: object) -> None:
    with pytest.raises(NoteError):
        read(broken)


def test_a_checkpoint_with_more_lines_and_the_proof_of_an_entry() -> None:
    more = Checkpoint(ONE.origin, 1, ONE.root, ("succeeds another 5",))
    assert Checkpoint.read(more.text) == more
    note = Note(ONE.text).signed(LOG.sign(ONE.text))
    head = b"c2sp.org/tlog-proof@v1\nindex 7\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n\n"
    assert evidence(7, [bytes(range(32))], note) == head + bytes(note)
    assert evidence(0, [], note) == b"c2sp.org/tlog-proof@v1\nindex 0\n\n" + bytes(note)


def asked(old: int, checkpoint: Checkpoint, *proof: bytes, by: Signer = LOG) -> Request:
    return Request(old, proof, Note(checkpoint.text).signed(by.sign(checkpoint.text)))


def test_what_a_witness_says() -> None:
    logs = [LOG.verifier]
    grown = Checkpoint(ONE.origin, 2, b64decode("A" * 43 + "="))
    forged = Note(grown.text).signed(LOG.sign(ONE.text))
    seen = Seen(1, ONE.root)
    assert judged(asked(0, ONE), logs, NOTHING) == ONE
    assert judged(asked(1, ONE), logs, seen) == ONE
    assert judged(asked(0, ONE), [], NOTHING) == Refused(404)
    assert judged(asked(0, ONE, by=WITNESS), logs, NOTHING) == Refused(403)
    assert judged(Request(0, (), forged), logs, NOTHING) == Refused(403)
    assert judged(asked(2, ONE), logs, NOTHING) == Refused(400)
    assert judged(asked(0, ONE), logs, seen) == Refused(409, 1)
    assert judged(asked(0, ONE, ONE.root), logs, NOTHING) == Refused(422)
    assert judged(asked(1, grown, grown.root), logs, seen) == Refused(422)
    assert judged(asked(1, Checkpoint(ONE.origin, 1, grown.root)), logs, seen) == Refused(422)
    assert judged(asked(0, Checkpoint(ONE.origin, 0, ONE.root)), logs, NOTHING) == Refused(422)
    assert judged(Request(0, (), read_note(EXAMPLE)), [Verifier.read(VKEY)], NOTHING) == Refused(400)


TRUSTED: Final = Signer.of("log", Kind.LOG, bytes(32)).verifier
KEYS: Final = {
    name: Signer.of(name, Kind.WITNESS, name.encode() * 16).verifier for name in ("X1", "X2", "X3", "Y1", "Y2")
}
WITNESSES: Final = "".join(f"witness {name} {key}\n" for name, key in KEYS.items())
POLICY: Final = (
    f"# whom we trust\n\n log  {TRUSTED}\thttps://log.example\n{WITNESSES}"
    "group X-witnesses 2 X1 X2 X3\ngroup Y-witnesses any Y1 Y2\n"
    "group X-and-Y all X-witnesses Y-witnesses\nquorum X-and-Y\n"
)


def test_the_example_of_the_specification() -> None:
    policy = read_policy(POLICY)
    assert policy.logs == (TRUSTED,)
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
        "quorum w",
        "quorum none\nquorum none",
        f"{WITNESSES}group g 2 X1\nquorum g",
        f"{WITNESSES}group g 0 X1\nquorum g",
        f"{WITNESSES}group g all\nquorum g",
        f"{WITNESSES}group g any X1 X1\nquorum g",
        f"{WITNESSES}group g any X1\ngroup h any X1\nquorum g",
        f"{WITNESSES}group X1 any X2\nquorum X1",
        f"{WITNESSES}{WITNESSES}quorum none",
        f"witness w {TRUSTED}\nquorum none",
        f"log {KEYS['X1']}\nquorum none",
        f"log {TRUSTED}\nlog {TRUSTED}\nquorum none",
        "quorum\x00none",
        "observe none",
    ],
)
def test_no_policy(broken: str) -> None:
    with pytest.raises(PolicyError):
        read_policy(broken)


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
