"""`motcua principals`: the programs that may call the platform, their claims and their keys."""

from datetime import UTC, datetime
from typing import Annotated, Any, Final

import typer
import yaml

from activities.ledger.authority.principals import principals
from console.database import OWNER, Connection, ask, find_setting
from console.speaking import signed
from motcua.cli.answer import Column, columns, in_figures, lines, show_all, show_one
from motcua.cli.help import group
from motcua.cli.language import in_words
from motcua.cli.options import AsJson, Operator, Reason, RequestNumber, order
from motcua.cli.running import Exit, fail, parse, plain, read_file, refusing
from motcua.configured_speaker import INSTALLATION
from motcua.errors import MotcuaError
from motcua.identity import public_key_of
from operations.principal_register import history, take
from schemas.identity import principals as pr
from schemas.identity.statement import UNNAMED, Grant, Principal, PrincipalKey, audience
from schemas.translate import said

app = group("principals")

Which = Annotated[str, typer.Argument(metavar="ID", help="option.principal")]
KeyFile = Annotated[str, typer.Option("--key", metavar="FILE", help="option.principals.key")]
_DAY: Final = ["%Y-%m-%d"]
Until = Annotated[datetime, typer.Option("--until", metavar="YYYY-MM-DD", formats=_DAY, help="option.principals.until")]
Proof = Annotated[str, typer.Option("--proof", metavar="JWS", help="option.principals.proof")]


@app.command()
def begin(  # noqa: PLR0913 -- a command line has many options
    files: Annotated[list[str], typer.Argument(metavar="FILE…", help="option.principals.files")],
    *,
    key_files: Annotated[list[str], typer.Option("--key", metavar="FILE", help="option.principals.keys")],
    proofs: Annotated[list[str], typer.Option("--proof", metavar="JWS", help="option.principals.proofs")],
    until: Until,
    actor: Operator,
    reason: Reason,
    as_json: AsJson = False,
) -> None:
    if not len(files) == len(key_files) == len(proofs):
        fail(said("refused.principals.begin"), Exit.USAGE)
    programs = [
        {"principal": _described(file), "key": _public(key_file, until), "proof": proof}
        for file, key_file, proof in zip(files, key_files, proofs, strict=True)
    ]
    _take(order(pr.BeginRegister, actor, programs=programs, reason=reason), as_json=as_json)


@app.command()
def add(  # noqa: PLR0913 -- a command line has many options
    file: Annotated[str, typer.Argument(metavar="FILE", help="option.principals.file")],
    *,
    key_file: Annotated[str | None, typer.Option("--key", metavar="FILE", help="option.principals.key")] = None,
    until: Annotated[
        datetime | None, typer.Option("--until", metavar="YYYY-MM-DD", formats=_DAY, help="option.principals.until")
    ] = None,
    proof: Annotated[str | None, typer.Option("--proof", metavar="JWS", help="option.principals.proof")] = None,
    actor: Operator,
    reason: Reason,
    as_json: AsJson = False,
) -> None:
    if len({one is None for one in (key_file, until, proof)}) > 1:
        fail(said("refused.principals.key"), Exit.USAGE)
    first = None if key_file is None or until is None else _public(key_file, until)
    about = {"principal": _described(file), "key": first, "proof": proof, "reason": reason}
    _take(order(pr.AddPrincipal, actor, **about), as_json=as_json)


@app.command()
def rotate(  # noqa: PLR0913 -- a command line has many options
    which: Which,
    *,
    key_file: KeyFile,
    until: Until,
    proof: Proof,
    overlap: Annotated[int, typer.Option("--overlap", metavar="HOURS", min=0, help="option.principals.overlap")] = 24,
    actor: Operator,
    reason: Reason,
    as_json: AsJson = False,
) -> None:
    key = _public(key_file, until)
    given = order(pr.RotateKey, actor, principal=which, key=key, proof=proof, overlap=overlap, reason=reason)
    _take(given, as_json=as_json)


@app.command()
def revoke(
    which: Which,
    *,
    key_id: Annotated[str | None, typer.Option("--key-id", metavar="KEY_ID", help="option.principals.key_id")] = None,
    actor: Operator,
    reason: Reason,
    as_json: AsJson = False,
) -> None:
    _take(order(pr.RevokeKey, actor, principal=which, key_id=key_id, reason=reason), as_json=as_json)


@app.command()
def approve(asked: RequestNumber, *, actor: Operator, as_json: AsJson = False) -> None:
    _take(order(pr.ApproveChange, actor, asked=asked), as_json=as_json)


@app.command()
def decline(asked: RequestNumber, *, actor: Operator, reason: Reason, as_json: AsJson = False) -> None:
    _take(order(pr.DeclineChange, actor, asked=asked, reason=reason), as_json=as_json)


@app.command("list")
def list_principals(*, as_json: AsJson = False) -> None:
    async def read(connection: Connection) -> tuple[list[Principal], list[pr.PrincipalChange]]:
        waiting = [one for one in await history(connection) if one.waits and one.answer is None]
        return await principals(connection), waiting

    found, waiting = ask(read)
    data = {"principals": [_shown(one) for one in found], "waiting": waiting}
    show_all(found, _LISTED, as_json=as_json, data=data)
    if waiting and not as_json:
        show_all(waiting, _CHANGES)


@app.command()
def show(which: Which, *, as_json: AsJson = False) -> None:
    async def read(connection: Connection) -> tuple[list[Principal], list[pr.PrincipalChange]]:
        return await principals(connection, which), await history(connection, which)

    found, changes = ask(read)
    if not changes:
        fail(said("refused.principals.none", principal=which), Exit.NOT_AVAILABLE)
    here = audience(find_setting(INSTALLATION) or UNNAMED)
    _print(next(iter(found), None), changes, as_json=as_json, aud=here)


def _public(file: str, until: datetime) -> PrincipalKey:
    with refusing(MotcuaError, Exit.USAGE):
        found = public_key_of(read_file(file))
    dates = {"valid_from": datetime.now(UTC), "valid_until": until.replace(tzinfo=UTC)}
    return parse(PrincipalKey, {"public_key": found} | dates)


def _described(file: str) -> Any:
    with refusing(yaml.YAMLError, Exit.USAGE, said("refused.no_yaml")):
        return yaml.safe_load(read_file(file))


def _take(command: pr.AnyPrincipalCommand, *, as_json: bool) -> None:
    act = signed(command)
    done = ask(lambda connection: take(connection, act), OWNER)
    _print(done.principal, [done.change], as_json=as_json)


def _print(one: Principal | None, changes: list[pr.PrincipalChange], *, as_json: bool, aud: str | None = None) -> None:
    data = {"principal": one and _shown(one), "changes": changes} | ({"audience": aud} if aud else {})
    of_it = (*_ONE, Column("keys", lambda one: lines(map(_key, one.keys)))) if one is not None else ()
    show_one(one, (*of_it, Column("audience", lambda _: aud)), as_json=as_json, data=data)
    if not as_json:
        show_all(changes, _CHANGES)


def _key(key: PrincipalKey) -> str:
    return f"{key.key_id} {in_words(said(f'key_state.{_state(key)}'))} {in_figures(key.revoked_at or key.valid_until)}"


def _about(change: pr.PrincipalChange) -> str:
    about = (change.principal, change.asked and f"({change.asked})")
    return " ".join(str(one) for one in about if one)


def _claim(grant: Grant) -> str:
    before, clients, programs = map(", ".join, (grant.predecessors, grant.client_ids, grant.programs))
    parts = (
        grant.claim,
        before and in_words(said("command.principals.goes_on", before=before)),
        ", ".join(grant.agencies),
        ", ".join(grant.procedures),
        clients and in_words(said("command.principals.files_under", clients=clients)),
        programs and in_words(said("command.principals.speaks_for", programs=programs)),
        f"acr {int(grant.assurance)}",
    )
    return " ".join(part for part in parts if part)


def _state(key: PrincipalKey) -> str:
    now = datetime.now(UTC)
    if key.revoked_at is not None:
        return "revoked"
    return "to_come" if now < key.valid_from else "live" if now < key.valid_until else "over"


_ONE: Final = columns("id name kind", Column("claims", lambda one: "; ".join(map(_claim, one.grants))))
_LISTED: Final = (*_ONE, Column("keys", lambda one: sum(_state(key) == "live" for key in one.keys)))
_CHANGES: Final = columns(
    "n when:at change|principal_change",
    Column("about", _about),
    Column("state", lambda one: said("principal_change.waits") if one.waits and one.answer is None else None),
    "officer reason",
)


def _shown(one: Principal) -> dict[str, Any]:
    keys = [dict(plain(key)) | {"key_id": key.key_id, "state": _state(key)} for key in one.keys]
    return dict(plain(one)) | {"keys": keys}
