"""The register of principals changes by commands, by two people if required; processes know it within five seconds."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Final

import asyncpg
import pytest

from activities.ledger.authority.principals import KNOWN_WITHIN, Keyring, principals
from motcua.identity import prove, sign
from operations.principal_register import differences, history, take
from rules.require import require
from schemas.errors import Refusal, RefusalError
from schemas.identity.principals import AnyPrincipalCommand, ChangeKind, DeclineChange, RotateKey
from schemas.identity.statement import Claim, Principal, seconds
from schemas.people import Actor, Role
from tests.conftest import World
from tests.integration.operations import principals as pr
from tests.integration.operations.principals import (
    ONE,
    OPERATING,
    TWO,
    adding,
    approving,
    beginning,
    common_fields,
    done,
    refused,
    rotating,
    signed,
    take_all,
)
from tests.shell import Shell
from tests.speaking import grant, key_of, private_key, private_pem, public_pem, statement, verification
from tests.walking import walked


async def why_not(world: World, command: AnyPrincipalCommand) -> tuple[str, str]:
    return await refused(take_all(world, command))


async def registered(world: World) -> dict[str, Principal]:
    async with world.connection() as connection:
        return {one.id: one for one in await principals(connection)}


async def test_a_program_is_registered_and_its_keys_come_and_go(world: World) -> None:
    command = signed(adding(1))
    first = await take_all(world, command)
    assert await take_all(world, command) == first, "the same command is recorded once"
    assert (first.change.n, first.change.change, first.change.waits) == (2, ChangeKind.ADD, True)
    await take_all(world, approving(2))
    rotated = require((await done(world, rotating(2, overlap=2))).principal)
    old, new = rotated.keys
    assert timedelta(hours=2) == old.valid_until - new.valid_from
    revoked = require((await take_all(world, pr.revoking(2))).principal)
    assert [key.revoked_at is not None for key in revoked.keys] == [False, True]
    named = require((await take_all(world, adding(None, name="Another name"))).principal)
    assert (named.name, named.keys) == ("Another name", revoked.keys)
    everything = require((await take_all(world, pr.revoking())).principal)
    assert all(key.revoked_at for key in everything.keys)
    assert (await registered(world))["desk-1"] == everything
    async with world.connection() as connection:
        steps = [one.change for one in await history(connection, "desk-1")]
    assert steps == ["add", "approve", "rotate", "approve", "revoke", "add", "revoke"]


async def test_another_operator_has_to_approve(world: World) -> None:
    wanted = await take_all(world, adding(1))
    assert (wanted.principal, wanted.change.waits) == (None, True)
    assert (await registered(world)).keys() == {"first", "second"}
    assert await why_not(world, approving(wanted.change.n, ONE)) == ("actor.subject", "needs_another")
    assert await why_not(world, approving(99)) == ("asked", "no_change_asked")
    given = await take_all(world, approving(wanted.change.n))
    assert given.principal is not None
    assert given.principal.keys[0].valid_from >= wanted.change.at, "a key signs nothing before it is approved"
    assert await why_not(world, approving(wanted.change.n)) == ("asked", "no_change_asked")
    rotation = await take_all(world, rotating(2))
    await take_all(world, DeclineChange.model_validate(common_fields(TWO, asked=rotation.change.n)))
    assert await why_not(world, approving(rotation.change.n)) == ("asked", "no_change_asked")
    revoked = await take_all(world, pr.revoking())
    assert revoked.principal is not None
    assert revoked.principal.keys[0].revoked_at is not None, "to revoke, one is enough"
    wanted = await take_all(world, adding(4))
    await take_all(world, DeclineChange.model_validate(common_fields(ONE, asked=wanted.change.n)))
    assert await why_not(world, approving(wanted.change.n)) == ("asked", "no_change_asked"), "who asked took it back"


async def test_two_names_by_one_program_are_one(world: World) -> None:
    """A key's holder can name any operator, so another program must sign the second person's command."""
    wanted = await take_all(world, adding(1))
    first, second = (OPERATING[one] for one in (ONE, TWO))
    no = {
        "by the same program": (signed(approving(wanted.change.n), first), ("statement", "needs_another_key")),
        "by nobody": (approving(wanted.change.n), ("statement", "statement_missing")),
        "by a program that is not there": (
            signed(approving(wanted.change.n), ("third", 93)),
            ("statement", "unknown_principal"),
        ),
        "by another's key": (signed(approving(wanted.change.n), ("second", 91)), ("statement", "unknown_key")),
        "for another request": (
            approving(wanted.change.n).model_copy(update={"statement": signed(approving(7)).statement}),
            ("statement", "statement_of_another_command"),
        ),
    }
    async with world.connection(world.owner_dsn) as connection:
        found = {name: await refused(take(connection, command)) for name, (command, _) in no.items()}
        assert found == {name: expected for name, (_, expected) in no.items()}
        assert "desk-1" not in await registered(world)
        given = await take(connection, signed(approving(wanted.change.n), second))
        assert given.principal is not None


async def test_the_first_programs_are_registered_in_one_act_and_there_is_no_second_beginning(world: World) -> None:
    one, two = beginning().programs
    desk = two.model_copy(update={"principal": two.principal.model_copy(update={"grants": ()})})
    alike = two.model_copy(update={"principal": one.principal})
    no: dict[str, tuple[AnyPrincipalCommand, tuple[str, str]]] = {
        "one alone": (adding(1), ("", "register_not_begun")),
        "one of them for no operator": (beginning(programs=(one, desk)), ("programs", "two_for_operators")),
        "the same twice": (beginning(programs=(one, alike)), ("programs", "programs_alike")),
        "a key of another": (
            beginning(programs=(one, two.model_copy(update={"proof": one.proof}))),
            ("proof", "proof_of_another"),
        ),
    }
    async with world.connection(world.owner_dsn) as connection:
        assert {name: await refused(take(connection, command)) for name, (command, _) in no.items()} == {
            name: expected for name, (_, expected) in no.items()
        }
        assert await registered(world) == {}
        await take(connection, beginning())
        assert (await registered(world)).keys() == {"first", "second"}
        assert await refused(take(connection, signed(beginning()))) == ("", "register_begun")
        assert await refused(take(connection, beginning())) == ("statement", "statement_missing")
        assert [one.change for one in await history(connection, "second")] == ["begin"]
        assert await differences(connection) == []


async def test_what_was_asked_for_before_undoes_nothing_that_took_effect_since(world: World) -> None:
    await done(world, adding(1))
    rotation = await take_all(world, rotating(2))
    wanted = await take_all(world, rotating(3))
    await take_all(world, DeclineChange.model_validate(common_fields(TWO, asked=wanted.change.n)))
    await take_all(world, pr.revoking())
    assert await why_not(world, approving(rotation.change.n)) == ("asked", "changed_since")
    given = await take_all(world, approving((await take_all(world, rotating(2))).change.n))
    assert given.principal is not None
    assert [key.revoked_at is None for key in given.principal.keys] == [False, True]


async def test_a_substitute_of_who_asked_is_no_second_one(world: World) -> None:
    wanted = await take_all(world, adding(1))
    other = ONE.model_copy(update={"subject": "h01.12-operator-2"})
    add = "insert into officer (agency, subject, role, name) values ('H01.12', $1, 'operator', '-')"
    await world.execute(add, other.subject)
    away = """insert into absence (agency, subject, role, first_day, last_day, substitute)
            select 'H01.12', $1, 'operator', day, day, $2
            from cast(now() at time zone 'Asia/Ho_Chi_Minh' as date) as day"""
    await world.execute(away, ONE.subject, other.subject)
    assert await why_not(world, approving(wanted.change.n, other)) == ("actor.subject", "needs_another")


REFUSED: Final[dict[str, tuple[Callable[[], AnyPrincipalCommand], tuple[str, str]]]] = {
    "no operator": (
        lambda: adding(3, Actor(subject="h01.12-leader-1", role=Role.LEADER, agency="H01.12")),
        ("actor.role", "role_not_allowed"),
    ),
    "nobody of the directory": (
        lambda: adding(3, ONE.model_copy(update={"subject": "somebody"})),
        ("actor", "not_in_directory"),
    ),
    "the same key again": (lambda: adding(1), ("key", "key_registered")),
    "an agency that is not there": (
        lambda: adding(3, grants=[grant(Claim.OFFICERS, "X99").model_dump(mode="json")]),
        ("principal.grants", "agencies_not_in_directory"),
    ),
    "a key that it has not": (lambda: pr.revoking(9), ("key_id", "no_live_key")),
    "a key that nobody has shown": (lambda: rotating(3).model_copy(update={"proof": None}), ("proof", "proof_missing")),
    "a key that is over": (
        lambda: RotateKey.model_validate(
            common_fields(
                principal="desk-1", overlap=1, key=key_of(3, valid_until=datetime.now(UTC) - timedelta(seconds=1))
            )
        ),
        ("key.valid_until", "key_over"),
    ),
}


@pytest.fixture
async def with_desk(world: World) -> World:
    await done(world, adding(1))
    return world


async def test_what_can_not_be_is_refused_and_leaves_nothing(with_desk: World) -> None:
    before = await registered(with_desk)
    found = {name: await why_not(with_desk, make()) for name, (make, _) in REFUSED.items()}
    assert found == {name: expected for name, (_, expected) in REFUSED.items()}
    assert await registered(with_desk) == before
    async with with_desk.connection() as connection:
        assert len(await history(connection)) == len(("begin", "add", "approve"))


async def test_nobody_changes_what_was_said_and_only_the_owner_says_anything(with_desk: World) -> None:
    async with with_desk.connection(with_desk.owner_dsn) as connection:
        for change in ("update principal_change set officer = 'x'", "delete from principal_change"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(change)
    async with with_desk.connection(with_desk.app_dsn) as connection:
        for table in ("principal_change", "principal", "principal_key", "principal_version"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(f"delete from {table}")  # noqa: S608 -- our own names


async def test_two_at_once_are_one_after_the_other(world: World) -> None:
    await take_all(world, adding(20, id="desk-20"))
    await asyncio.gather(*(done(world, adding(seed, id=f"desk-{seed}")) for seed in range(1, 9)))
    async with world.connection() as connection:
        assert [one.n for one in await history(connection)] == list(range(1, 19))
    assert len(await registered(world)) == 10


def rule_of(keyring: Keyring) -> str | None:
    now = datetime.now(UTC)
    signed = sign(statement(iat=seconds(now), exp=seconds(now) + 60), private_key(1))
    try:
        found = verification(signed, keyring.ring, now)
    except RefusalError as error:
        found = error.refusal
    return found.problems[0].rule if isinstance(found, Refusal) else None


async def test_a_key_is_known_and_a_revoked_one_is_out_within_five_seconds(world: World) -> None:
    async with asyncpg.create_pool(world.app_dsn, min_size=1, max_size=2) as pool, Keyring(pool) as keyring:
        assert rule_of(keyring) == "unknown_principal"
        await done(world, adding(1))
        async with asyncio.timeout(KNOWN_WITHIN):
            while rule_of(keyring) is not None:
                await asyncio.sleep(0.05)
        began = monotonic()
        await done(world, pr.revoking(1))
        async with asyncio.timeout(KNOWN_WITHIN):
            while rule_of(keyring) != "key_revoked":
                await asyncio.sleep(0.05)
        assert monotonic() - began < KNOWN_WITHIN


async def test_without_the_register_nothing_is_taken_after_five_seconds(with_desk: World) -> None:
    async with asyncpg.create_pool(with_desk.app_dsn, min_size=1, max_size=1) as pool, Keyring(pool) as keyring:
        assert rule_of(keyring) is None
        async with pool.acquire():  # the only connection there is
            async with asyncio.timeout(KNOWN_WITHIN + 1):
                while rule_of(keyring) is None:
                    await asyncio.sleep(0.05)
            assert rule_of(keyring) == "principals_not_at_hand"
        async with asyncio.timeout(KNOWN_WITHIN):
            while rule_of(keyring) is not None:
                await asyncio.sleep(0.05)


SPOILED: Final[dict[str, str]] = {
    "grants of another shape": "update principal set grants = '[7]'",
    "grants that are none": "update principal set grants = '5'",
    "a claim that there is not": "update principal set grants = jsonb_set(grants, '{0,claim}', '\"all\"')",
    "a kind that there is not": "update principal set kind = 'secret'",
    "a key that is none": "update principal_key set public_key = 'secret'",
    "a key that never ends": "update principal_key set valid_until = 'infinity'",
}


async def test_principals_that_can_not_be_read_are_left_out_and_all_others_are_heard(
    with_desk: World, caplog: pytest.LogCaptureFixture
) -> None:
    spoiled = {f"desk-{n}": spoiling for n, spoiling in enumerate(SPOILED.values(), 2)}
    await done(with_desk, *(adding(n, id=name) for n, name in enumerate(spoiled, 2)))
    for name, spoiling in spoiled.items():
        await with_desk.execute(f"{spoiling} where principal = '{name}'")
    async with asyncpg.create_pool(with_desk.app_dsn, min_size=1, max_size=1) as pool, Keyring(pool) as keyring:
        assert rule_of(keyring) is None
        assert [keyring.ring.principal(name) for name in spoiled] == [None] * len(spoiled)
    told = [vars(record) for record in caplog.records if record.getMessage() == "principal.unreadable"]
    assert sorted(one["principal"] for one in told) == sorted(spoiled)
    assert "secret" not in str(told)


AS_ONE: Final = ("--as", "operator:h01.12-operator-1@H01.12")
AS_TWO: Final = ("--as", "operator:h56.30-operator-1@H56.30")
FILE: Final = """
id: desk-1
name: Phần mềm một cửa
kind: desk
agency: H01.12
grants:
  - claim: officers
    agencies: [H01.12]
    assurance: 2
"""


async def test_the_commands_from_the_pair_of_keys_to_its_end(world: World, shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "desk.yaml").write_text(FILE, encoding="utf-8")
    made, again = [await shell("principals", "key", "desk.pem") for _ in range(2)]
    assert (made.code, again.code) == (0, 2), "a key is never overwritten"
    (tmp_path / "desk.pub.pem").write_text(made.out)
    proof = (await shell("principals", "prove", "desk.pem", "--principal", "desk-1")).out.strip()
    new = ("--key", "desk.pub.pem", "--until", "2099-12-31", "--proof", proof, "--reason", "hợp đồng 12")
    await take_all(world, adding(3, id="desk-3"))
    for name, seed in OPERATING.values():
        (tmp_path / f"{name}.pem").touch(0o600)
        (tmp_path / f"{name}.pem").write_bytes(private_pem(seed))
    one, two = (
        {"MOTCUA_IDENTITY_PRINCIPAL": name, "MOTCUA_IDENTITY_KEY_FILE": f"{name}.pem"} for name, _ in OPERATING.values()
    )
    unsigned = await shell("principals", "add", "desk.yaml", *new, *AS_ONE, "--json")
    assert (unsigned.code, unsigned.json["problems"][0]["rule"]) == (1, "statement_missing")
    wanted = (await shell("principals", "add", "desk.yaml", *new, *AS_ONE, "--json", **one)).json
    assert (wanted["principal"], wanted["changes"][0]["waits"]) == (None, True)
    assert "waits for another's approval" in (await shell("principals", "list")).out
    for who, by, rule in ((AS_ONE, two, "needs_another"), (AS_TWO, one, "needs_another_key")):
        own = await shell("principals", "approve", "3", *who, "--json", **by)
        assert (own.code, own.json["problems"][0]["rule"]) == (1, rule)
    approved = await shell("principals", "approve", "3", *AS_TWO, **two)
    assert (approved.code, approved.err, "good until" in approved.out) == (0, "", True)
    shown = {one["id"]: one for one in (await shell("principals", "list", "--json")).json["principals"]}["desk-1"]
    assert (shown["agency"], [key["state"] for key in shown["keys"]]) == ("H01.12", ["live"])
    (tmp_path / "next.pub.pem").write_text(public_pem(2))
    proof = prove("desk-1", private_key(2))
    turn = ("--key", "next.pub.pem", "--until", "2099-12-31", "--proof", proof, "--reason", "định kỳ", "--overlap", "1")
    assert "key rotated" in (await shell("principals", "rotate", "desk-1", *turn, *AS_ONE, **one)).out
    assert (await shell("principals", "approve", "5", *AS_TWO, **two)).code == 0
    (tmp_path / "third.pub.pem").write_text(public_pem(4))
    early = ("--key", "third.pub.pem", "--until", "2099-12-31", "--proof", prove("desk-1", private_key(4)))
    assert (await shell("principals", "rotate", "desk-1", *early, "--reason", "sớm", *AS_ONE, **one)).code == 0
    declining = ("principals", "decline", "7", "--reason", "chưa đến kỳ", *AS_TWO, "--json")
    assert (await shell(*declining, **two)).json["changes"][0]["change"] == "decline"
    twice = await shell(*declining, **two)
    assert (twice.code, twice.json["problems"][0]["rule"]) == (1, "no_change_asked")
    gone = await shell("principals", "revoke", "desk-1", "--reason", "lộ khóa", *AS_ONE, "--json", **one)
    assert [key["state"] for key in gone.json["principal"]["keys"]] == ["revoked", "revoked"]
    told = (await shell("principals", "show", "desk-1", "--json")).json["changes"]
    assert [one["change"] for one in told] == ["add", "approve", "rotate", "approve", "rotate", "decline", "revoke"]
    reasons = ["hợp đồng 12", None, "định kỳ", None, "sớm", "chưa đến kỳ", "lộ khóa"]
    assert [one.get("reason") for one in told] == reasons
    assert told[0]["answer"] == "approve"


async def test_the_register_begins_by_one_command(shell: Shell, tmp_path: Path) -> None:
    given = ["principals", "begin", "first.yaml", "second.yaml", "--until", "2099-12-31", "--reason", "bắt đầu"]
    for name, seed in OPERATING.values():
        grants = "grants: [{ claim: operator, agencies: ['*'], assurance: 1 }]"
        (tmp_path / f"{name}.yaml").write_text(f"id: {name}\nname: {name}\nkind: operation\n{grants}\n")
        (tmp_path / f"{name}.pub.pem").write_text(public_pem(seed))
        given += ["--key", f"{name}.pub.pem", "--proof", prove(name, private_key(seed))]
    assert (await shell(*given[:-2], *AS_ONE)).code == 2, "a proof is missing"
    assert (await shell(*given, *AS_ONE)).code == 0
    listed = (await shell("principals", "list", "--json")).json["principals"]
    assert [one["id"] for one in listed] == ["first", "second"]
    assert "register begun" in (await shell("principals", "show", "first")).out


async def test_what_is_shown_names_predecessors_and_the_audience(world: World, shell: Shell) -> None:
    own = grant(Claim.OWN, predecessors=("portal-0", "portal-00")).model_dump(mode="json")
    await done(world, adding(1, grants=[own]))
    for command in (("list",), ("show", "desk-1")):
        assert "portal-0, portal-00" in " ".join((await shell("principals", *command)).out.split())
    shown = (await shell("principals", "show", "desk-1", "--json")).json
    assert shown["principal"]["grants"][0]["predecessors"] == ["portal-0", "portal-00"]
    assert shown["audience"] == "motcua:default"
    assert "motcua:hue" in (await shell("principals", "show", "desk-1", MOTCUA_INSTALLATION="hue")).out


PROOF: Final = prove("desk-1", private_key(1))
WRONG: Final[dict[str, tuple[str, int, str]]] = {
    "a role that there is not": (FILE.replace("officers", "everybody"), 2, "principal.grants[0].claim"),
    "a field that there is not": (FILE + "secret: 1\n", 2, "principal.secret"),
    "officers of nowhere": (FILE.replace("agencies: [H01.12]", "agencies: []"), 2, "principal.grants[0]"),
    "no YAML": ("{", 2, "YAML"),
    "no list": ("- a", 2, "principal"),
    "an agency that there is not": (FILE.replace("[H01.12]", "[X1]"), 1, "[agencies_not_in_directory]"),
}


@walked(("text", "code", "says"), WRONG.values(), ids=WRONG.keys(), exactly=6)
async def test_a_mistake_is_said_with_its_place(shell: Shell, tmp_path: Path, text: str, code: int, says: str) -> None:
    (tmp_path / "desk.yaml").write_text(text, encoding="utf-8")
    (tmp_path / "desk.pub.pem").write_text(public_pem(1))
    new = ("--key", "desk.pub.pem", "--until", "2099-12-31", "--proof", PROOF, "--reason", "x", *AS_ONE)
    ended = await shell("principals", "add", "desk.yaml", *new)
    assert ended.code == code, ended.err
    assert says in ended.err
    for lacks in (new[2:], new[:4] + new[6:]):
        assert (await shell("principals", "add", "desk.yaml", *lacks)).code == 2
    (tmp_path / "desk.yaml").write_text(FILE, encoding="utf-8")
    (tmp_path / "desk.pub.pem").write_text("-----BEGIN")
    assert "ed25519 public key" in (await shell("principals", "add", "desk.yaml", *new)).err
