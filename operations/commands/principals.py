"""`motcua principals`: the programs that may speak to the platform, what each may claim, and its keys."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar

import typer
import yaml

from activities.ledger.principals import principals
from motcua.cli.answer import Column, columns, lines, show_all, show_one, when
from motcua.cli.filings import actor_of
from motcua.cli.language import in_words
from motcua.cli.running import AsJson, Exit, fail, parse, plain, print_json, read_file
from motcua.client import command_id
from motcua.errors import MotcuaError
from motcua.identity import key_in, new_key, public_key_of
from motcua.identity import prove as prove_key
from operations.addresses import OWNER, running_stack
from operations.commands.database import Connection, ask
from operations.commands.help_words import group
from operations.principals import by_two, history, take
from schemas import principals as pr
from schemas.base import Text
from schemas.identity import UNNAMED, Grant, Principal, PrincipalKey, audience
from schemas.saying import said as words

INSTALLATION: Final = "MOTCUA_INSTALLATION"

app = group("principals")

Which = Annotated[str, typer.Argument(metavar="ID", help="The principal's id.")]
Actor = Annotated[
    str, typer.Option("--as", "--actor", metavar="operator:SUBJECT@AGENCY", help="Which operator does it.")
]
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why.")]
Asked = Annotated[int, typer.Argument(metavar="N", min=1, help="The number of the change that waits.")]
KeyFile = Annotated[str, typer.Option("--key", metavar="FILE", help="The public key, in PEM.")]
_DAY: Final = ["%Y-%m-%d"]
Until = Annotated[
    datetime,
    typer.Option("--until", metavar="YYYY-MM-DD", formats=_DAY, help="The key is over when this day begins, UTC."),
]
Proof = Annotated[str, typer.Option("--proof", metavar="JWS", help="What `prove` printed for this key.")]
C = TypeVar("C", bound=pr.PrincipalCommand)


@app.command()
def key(file: Annotated[Path, typer.Argument(metavar="FILE", help="Where the private key goes.")]) -> None:
    """Make a pair of keys: the private one goes to a file that only its owner reads, the public one is printed.

    Example: `motcua principals key portal.pem > portal.pub.pem`
    """
    try:
        typer.echo(new_key(file), nl=False)
    except MotcuaError as error:
        fail(str(error), Exit.USAGE)


@app.command()
def prove(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where the private key is.")],
    *,
    which: Annotated[str, typer.Option("--principal", metavar="ID", help="Whose it is to be.")],
) -> None:
    """Prove that you have a key: print what goes with `add` or `rotate` as `--proof`, for five minutes.

    Example: `motcua principals prove portal.pem --principal portal-1`
    """
    try:
        typer.echo(prove_key(which, key_in(file)))
    except MotcuaError as error:
        fail(str(error), Exit.USAGE)


@app.command()
def add(  # noqa: PLR0913 -- a command line has many options
    file: Annotated[str, typer.Argument(metavar="FILE", help="Who it is and what it may claim, in YAML.")],
    *,
    key_file: Annotated[str | None, typer.Option("--key", metavar="FILE", help="Its public key, in PEM.")] = None,
    until: Annotated[
        datetime | None,
        typer.Option("--until", metavar="YYYY-MM-DD", formats=_DAY, help="The day on which the key is over, UTC."),
    ] = None,
    proof: Annotated[
        str | None, typer.Option("--proof", metavar="JWS", help="What `prove` printed for this key.")
    ] = None,
    actor: Actor,
    reason: Reason,
    as_json: AsJson = False,
) -> None:
    """Register a program and its key, or change what one may claim that is registered; docs/identity.md has the file.

    Where `motcua principals by-two on` was said, it waits for another operator's `approve`.

    Example: `motcua principals add portal.yaml --key portal.pub.pem --until 2027-12-01 --proof … --reason …`
    """
    if len({one is None for one in (key_file, until, proof)}) > 1:
        fail("--key đi cùng --until và --proof / --key goes with --until and --proof", Exit.USAGE)
    about: Any = _yaml(read_file(file))
    first = None if key_file is None or until is None else _public(key_file, until)
    say = {"principal": about, "key": first, "proof": proof, "reason": reason}
    _take(_command(pr.AddPrincipal, actor, say), as_json=as_json)


@app.command()
def rotate(  # noqa: PLR0913 -- a command line has many options
    which: Which,
    *,
    key_file: KeyFile,
    until: Until,
    proof: Proof,
    overlap: Annotated[int, typer.Option("--overlap", metavar="HOURS", min=0, help="So long the others go on.")] = 24,
    actor: Actor,
    reason: Reason,
    as_json: AsJson = False,
) -> None:
    """Give a program a new key; the others end after the overlap.

    Where `motcua principals by-two on` was said, it waits for another operator's `approve`.

    Example: `motcua principals rotate portal-1 --key new.pub.pem --until 2028-12-01 --proof … --reason …`
    """
    say = {"principal": which, "key": _public(key_file, until), "proof": proof, "overlap": overlap, "reason": reason}
    _take(_command(pr.RotateKey, actor, say), as_json=as_json)


@app.command()
def revoke(
    which: Which,
    *,
    key_id: Annotated[
        str | None, typer.Option("--key-id", metavar="KEY_ID", help="One key; without it, all that it has.")
    ] = None,
    actor: Actor,
    reason: Reason,
    as_json: AsJson = False,
) -> None:
    """Take a key back, or all keys of a program, at once: no process takes what it signs after five seconds.

    One operator is enough for that.

    Example: `motcua principals revoke portal-1 --reason "…" --as operator:h01.12-operator-1@H01.12`
    """
    say = {"principal": which, "key_id": key_id, "reason": reason}
    _take(_command(pr.RevokeKey, actor, say), as_json=as_json)


@app.command()
def approve(asked: Asked, *, actor: Actor, as_json: AsJson = False) -> None:
    """Approve a change that another operator has asked for: it takes effect.

    Example: `motcua principals approve 3 --as operator:h01.12-operator-2@H01.12`
    """
    _take(_command(pr.ApproveChange, actor, {"asked": asked}), as_json=as_json)


@app.command()
def decline(asked: Asked, *, actor: Actor, reason: Reason, as_json: AsJson = False) -> None:
    """Decline a change that another operator has asked for.

    Example: `motcua principals decline 3 --reason "…" --as operator:h01.12-operator-2@H01.12`
    """
    _take(_command(pr.DeclineChange, actor, {"asked": asked, "reason": reason}), as_json=as_json)


class Switch(StrEnum):
    """What a setting of the register is set to."""

    ON = "on"
    OFF = "off"


@app.command("by-two")
def require_two(
    switch: Annotated[Switch, typer.Argument(help="Whether two are needed.")],
    *,
    actor: Actor,
    reason: Reason,
    as_json: AsJson = False,
) -> None:
    """Let whatever widens the register wait for another operator's `approve`, or no longer.

    `on` takes effect at once; `off`, while it is on, waits for another operator itself.

    Example: `motcua principals by-two on --reason "…" --as operator:h01.12-operator-1@H01.12`
    """
    say = {"on": switch is Switch.ON, "reason": reason}
    _take(_command(pr.RequireTwo, actor, say), as_json=as_json)


@app.command("list")
def list_principals(*, as_json: AsJson = False) -> None:
    """List the programs that may speak, with their live keys, and the changes that wait for approval.

    Examples: `motcua principals list`, `motcua principals list --json`
    """

    async def read(connection: Connection) -> tuple[list[Principal], list[pr.PrincipalChange], bool]:
        waiting = [one for one in await history(connection) if one.waits and one.answer is None]
        return await principals(connection), waiting, await by_two(connection)

    found, waiting, two = ask(read)
    if as_json:
        shown = {"principals": [_shown(one) for one in found], "waiting": [plain(one) for one in waiting]}
        print_json(shown | {"by_two": two})
        return
    show_all(found, _LISTED, words(f"by_two.{_switch(on=two)}"))
    if waiting:
        show_all(waiting, _CHANGES)


@app.command()
def show(which: Which, *, as_json: AsJson = False) -> None:
    """Show one program: what it may claim, its keys, who changed what, when and why; and the `aud` of its statements.

    Example: `motcua principals show portal-1`
    """

    async def read(connection: Connection) -> tuple[list[Principal], list[pr.PrincipalChange]]:
        return await principals(connection, which), await history(connection, which)

    found, changes = ask(read)
    if not changes:
        fail(f"chưa ai đăng ký {which} / nobody has registered it", Exit.NOT_AVAILABLE)
    here = audience(os.environ.get(INSTALLATION) or running_stack().get(INSTALLATION) or UNNAMED)
    _print(next(iter(found), None), changes, as_json=as_json, aud=here)


def _yaml(text: str) -> Any:
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        fail("tệp không phải YAML / the file is no YAML", Exit.USAGE)


def _public(file: str, until: datetime) -> PrincipalKey:
    try:
        found = public_key_of(read_file(file))
    except MotcuaError as error:
        fail(str(error), Exit.USAGE)
    dates = {"valid_from": datetime.now(UTC), "valid_until": until.replace(tzinfo=UTC)}
    return parse(PrincipalKey, {"public_key": found} | dates)


def _command(model: type[C], actor: str, say: dict[str, Any]) -> C:
    return parse(model, {"command_id": command_id(), "actor": actor_of(actor)} | say)


def _take(command: pr.AnyPrincipalCommand, *, as_json: bool) -> None:
    done = ask(lambda connection: take(connection, command), OWNER)
    _print(done.principal, [done.change], as_json=as_json)


def _print(one: Principal | None, changes: list[pr.PrincipalChange], *, as_json: bool, aud: str | None = None) -> None:
    if as_json:
        shown = {"principal": one and _shown(one), "changes": [plain(change) for change in changes]}
        print_json(shown | ({"audience": aud} if aud else {}))
        return
    of_it = (*_ONE, Column("keys", lambda one: lines(map(_key, one.keys)))) if one is not None else ()
    show_one(one, (*of_it, Column("audience", lambda _: aud)))
    show_all(changes, _CHANGES)


def _key(key: PrincipalKey) -> str:
    return f"{key.key_id} {in_words(words(f'key_state.{_state(key)}'))} {when(key.revoked_at or key.valid_until)}"


def _about(change: pr.PrincipalChange) -> str:
    switched = change.by_two is not None and _switch(on=change.by_two)
    about = (switched or change.principal, change.asked and f"({change.asked})")
    return " ".join(str(one) for one in about if one)


def _waits(change: pr.PrincipalChange) -> Text | None:
    return words("principal_change.waits") if change.waits and change.answer is None else None


def _switch(*, on: bool) -> Switch:
    return Switch.ON if on else Switch.OFF


def _claims(one: Principal) -> str:
    return "; ".join(map(_claim, one.grants))


def _claim(grant: Grant) -> str:
    before = ", ".join(grant.predecessors)
    parts = (
        grant.claim,
        before and in_words(words("command.principals.goes_on", before=before)),
        ", ".join(grant.agencies),
        ", ".join(grant.procedures),
        f"acr {int(grant.assurance)}",
    )
    return " ".join(part for part in parts if part)


def _state(key: PrincipalKey) -> str:
    now = datetime.now(UTC)
    if key.revoked_at is not None:
        return "revoked"
    return "to_come" if now < key.valid_from else "live" if now < key.valid_until else "over"


_ONE: Final = (Column("id", "id"), Column("name", "name"), Column("kind", "kind"), Column("claims", _claims))
_LISTED: Final = (*_ONE, Column("keys", lambda one: sum(_state(key) == "live" for key in one.keys)))
_CHANGES: Final = columns(
    "n when:at change|principal_change",
    Column("about", _about),
    Column("state", _waits),
    "officer reason",
)


def _shown(one: Principal) -> dict[str, Any]:
    """As JSON, with what each key is known by and how it stands."""
    keys = [dict(plain(key)) | {"key_id": key.key_id, "state": _state(key)} for key in one.keys]
    return dict(plain(one)) | {"keys": keys}
