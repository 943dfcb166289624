"""`motcua submit`, `act`, `show`, `track`: one filing, by its id."""

from __future__ import annotations

import contextlib
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final
from uuid import UUID

import typer
from pydantic import ConfigDict

from motcua import contract as c
from motcua.cli.answer import Column, show_all, show_one
from motcua.cli.attaching import NO_FILE_YET, Attach, papers_wanted, with_files, with_their_papers
from motcua.cli.running import (
    PATIENCE,
    AsJson,
    Exit,
    Patience,
    ask,
    fail,
    note,
    out,
    parse,
    plain,
    read_file,
    read_json,
)
from motcua.cli.showing import (
    ACTIONS,
    CLOCKS,
    DELIVERY,
    RECEIPT,
    VIEW,
    view_line,
    work_column,
    work_rows,
)
from motcua.client import FilingClient, command_id
from motcua.errors import FilingNotAvailable, NotReady, RefusedError, Unavailable
from motcua.machine_work import MachineWork

FilingId = Annotated[UUID, typer.Argument(metavar="FILING_ID", help="The filing's id, a UUID.")]
Target = Annotated[
    str, typer.Argument(metavar="FILING_ID|STREAM", help="The filing's id, or another stream: payment:FILING_ID:1 …")
]
ActorText = Annotated[str, typer.Option("--as", "--actor", metavar="ROLE:SUBJECT[@AGENCY]", help="Who acts.")]
MaybeActorText = Annotated[
    str | None,
    typer.Option("--as", "--actor", metavar="ROLE:SUBJECT[@AGENCY]", help="List what this actor can do now."),
]

VIA: Final = c.Via(principal="motcua")

_FILING: Final = "filing"
_KINDS = {command.model_fields["kind"].default: command for command in c.PUBLIC_COMMANDS}
_OF_OTHERS = {
    (stream, command.model_fields["kind"].default): command
    for stream, commands in c.COMMANDS.items()
    for command in commands
    if stream != _FILING
}
"""Commands of the other streams that this kit knows: what is left out counts, for a repeat, as what it is then."""

app = typer.Typer()


@app.command()
def submit(  # noqa: PLR0913 -- a command line has many options
    file: Annotated[str, typer.Argument(metavar="FILE.json|-", help="A submission, as docs/integrators.md describes.")],
    *,
    attach: Attach = None,
    signature: Annotated[
        Path | None, typer.Option("--signature", metavar="PATH", help="The signed form, or the signature: a file.")
    ] = None,
    authorisation: Annotated[
        Path | None, typer.Option("--authorisation", metavar="PATH", help="What a representative acts under: a file.")
    ] = None,
    level: Annotated[
        int | None, typer.Option("--level", min=1, max=4, help="File at this level, whatever the submission says.")
    ] = None,
    as_json: AsJson = False,
    patience: Patience = PATIENCE,
) -> None:
    """Hand in a filing, and print its receipt. The same submission again gives the same receipt.

    Files are put into the object store first, at MOTCUA_OBJECTS, and their references into the submission.

    For instance:

    motcua submit birth.json

    motcua submit birth.json --attach birth_notice=notice.pdf --signature signed.pdf

    motcua submit birth.json --level 3
    """
    content = read_json(read_file(file), file)
    unknown = sorted(content.keys() - c.Submission.model_fields.keys())
    if unknown:
        fail(f"a submission has no {', '.join(unknown)}", Exit.USAGE)
    if authorisation is not None:
        content["authorisation"] = NO_FILE_YET | (content.get("authorisation") or {})
    submission = parse(c.Submission, content)
    if level is not None:
        submission = _at_level(submission, c.Level(level))
    filing_id = c.filing_id(submission.client_id, submission.submission_id)
    alone = {"signature": signature, "authorisation": authorisation}
    whole = with_files(submission, papers_wanted(attach or ()), {name: path for name, path in alone.items() if path})
    again = [file, *(word for one in attach or () for word in ("--attach", one))]
    if authorisation is not None:
        again += ["--authorisation", str(authorisation)]
    receipt = ask(lambda client: _submit(client, whole, again), patience)
    print_receipt(filing_id, receipt, as_json=as_json)


def _at_level(submission: c.Submission, level: c.Level) -> c.Submission:
    """The submission at this level: a channel that the level does not have becomes the counter, and that is said."""
    can, counter = c.CAPABILITIES[level], {}
    for name, (what, channels) in {
        "result_channel": ("cli.the_result", can.result),
        "fee_channel": ("cli.the_fee", can.fee),
    }.items():
        wanted = getattr(submission, name)
        if wanted is not None and wanted not in channels:
            counter[name] = c.Channel.COUNTER
            note(f"{c.both(what)}: {c.both('cli.at_the_counter', level=level, channel=wanted)}")
    return submission.model_copy(update={"level": level, **counter})


async def _submit(client: FilingClient, submission: c.Submission, again: list[str]) -> c.Receipt:
    """The receipt. To whoever lacks a signature, the command is said that files without one: with the words `again`."""
    try:
        return await client.submit(submission)
    except RefusedError as error:
        offer = error.refusal.offer
        if offer is not None and offer.level is not submission.level:
            command = f"motcua submit {shlex.join(again)} --level {offer.level}"
            note(f"{c.both('cli.without_signature')}: {command}")
        raise


@app.command()
def act(  # noqa: PLR0913 -- a command line has many options
    target: Target,
    command: Annotated[str, typer.Argument(metavar="COMMAND", help=f"For a filing one of: {', '.join(_KINDS)}.")],
    *,
    actor: ActorText,
    data: Annotated[
        str, typer.Option("--data", metavar="JSON|@FILE", help="Its own fields, as docs/integrators.md names them.")
    ] = "{}",
    attach: Attach = None,
    own_id: Annotated[
        str | None, typer.Option("--command-id", help="An id of yours, by which it can be sent again and is done once.")
    ] = None,
    as_json: AsJson = False,
    patience: Patience = PATIENCE,
) -> None:
    """Give a filing, or another stream, a command, and print its receipt.

    For instance:

    motcua act FILING_ID accept --actor reception:h01.12-reception-1@H01.12

    motcua act FILING_ID propose --actor specialist:h01.12-specialist-1@H01.12 --data '{"outcome": "approved"}'

    motcua act FILING_ID supplement --actor applicant:SUBJECT --attach birth_notice=notice.pdf
    """
    stream = _stream(target)
    name = command.replace("-", "_")
    model = _KINDS.get(name) if stream.kind == _FILING else _OF_OTHERS.get((stream.kind, name), _OtherCommand)
    if model is None:
        fail(f"there is no command {command}; there are: {', '.join(_KINDS)}", Exit.USAGE)
    own: dict[str, Any] = {
        "command_id": own_id or command_id(),
        "actor": actor_of(actor),
        "via": VIA,
    }
    own |= {"kind": name} if model is _OtherCommand else {}
    said = read_json(read_file(data[1:]) if data.startswith("@") else data, "--data")
    order = parse(model, own | said, extra="allow" if model is _OtherCommand else "forbid")
    if attach:
        order = _with_papers(order, stream.filing, papers_wanted(attach))
    receipt = ask(lambda client: _act(client, str(stream), order), patience)
    print_receipt(stream.filing, receipt, as_json=as_json)


def _with_papers(order: c.Command, filing_id: UUID, wanted: Mapping[str, Path]) -> c.Command:
    """The command with these files as its papers, or the end of this one: only a supplement has any."""
    if not isinstance(order, c.Supplement):
        fail("--attach goes with supplement", Exit.USAGE)
    return with_their_papers(order, filing_id, wanted)


class _OtherCommand(c.Command):
    """A command that this kit does not know: the platform says what does not fit."""

    model_config = ConfigDict(extra="allow")


def _stream(target: str) -> c.StreamId:
    """A filing by its id, or the stream that is named; or the end of the command."""
    try:
        return c.StreamId.parse(target if ":" in target else c.filing_workflow(target))
    except ValueError:
        fail(f"{target} is no id of a filing (a UUID), and no stream such as payment:FILING_ID:1", Exit.USAGE)


async def _act(client: FilingClient, target: str, order: c.Command) -> c.Receipt:
    """The receipt. When nobody answered, the id under which the command can be sent again is said."""
    try:
        return await client.act(target, order)
    except Unavailable:
        note(f"send it again with --command-id {order.command_id}: it is done once")
        raise


@app.command()
def show(
    filing_id: FilingId, *, actor: MaybeActorText = None, as_json: AsJson = False, patience: Patience = PATIENCE
) -> None:
    """Show where a filing stands, or with --actor what somebody can do with it now.

    For instance:

    motcua show FILING_ID

    motcua show FILING_ID --actor leader:h01.12-leader-1@H01.12
    """
    if actor is not None:
        someone = parse(c.Actor, actor_of(actor))
        actions = ask(lambda client: client.as_(someone, VIA).actions(filing_id), patience)
        show_all(actions, ACTIONS, as_json=as_json)
        return
    (view, where), work = ask(lambda client: _seen(client, filing_id), patience)
    paid_by = (Column("pay_url", lambda _: where.get("pay_url")), Column("pay_code", lambda _: where.get("pay_code")))
    data = plain(view) | where | {"machine_work": work_rows(work)}
    show_one(view, (*VIEW, work_column(work), *paid_by), as_json=as_json, data=data)


async def _seen(client: FilingClient, filing_id: UUID) -> tuple[tuple[c.FilingView, dict[str, str]], list[MachineWork]]:
    """The view, and what the filing waits for from its agency's back office."""
    return await _view(client, filing_id), await client.machine_work(filing_id)


async def _view(client: FilingClient, filing_id: UUID) -> tuple[c.FilingView, dict[str, str]]:
    """The view, and by what address or code to pay while a fee waits to be paid online."""
    view = await client.view(filing_id)
    if view.fee is None or view.fee.state is not c.FeeState.DUE or view.fee.channel is not c.Channel.ONLINE:
        return view, {}
    with contextlib.suppress(FilingNotAvailable, NotReady):
        payment = await client.payment(filing_id, view.fee.n)
        return view, {
            name: said for name, said in {"pay_url": payment.pay_url, "pay_code": payment.code}.items() if said
        }
    return view, {}


@app.command()
def clocks(filing_id: FilingId, *, as_json: AsJson = False, patience: Patience = PATIENCE) -> None:
    """Show the clocks of a filing: when each started, stood still and why, when it is due, how it ended.

    Example: motcua clocks FILING_ID
    """
    runs = ask(lambda client: client.clocks(filing_id), patience)
    show_all(runs, CLOCKS, as_json=as_json)


@app.command()
def track(filing_id: FilingId, *, as_json: AsJson = False, patience: Patience = PATIENCE) -> None:
    """Follow a filing to its end: a line whenever it changes. With --json one JSON object a line.

    Example: motcua track FILING_ID
    """

    async def follow(client: FilingClient) -> None:
        async for view in client.follow(filing_id):
            if as_json:
                typer.echo(view.model_dump_json(exclude_none=True))
            else:
                out().print(view_line(view), markup=False)

    ask(follow, patience)


@app.command()
def delivery(filing_id: FilingId, *, as_json: AsJson = False, patience: Patience = PATIENCE) -> None:
    """Show how the applicant comes by the result: the pick-up code, the link. It is for them alone.

    Example: motcua delivery FILING_ID
    """
    found = ask(lambda client: client.delivery(filing_id), patience)
    show_one(found, DELIVERY, as_json=as_json)


def print_receipt(filing_id: UUID, receipt: c.Receipt, *, as_json: bool) -> None:
    columns = (*RECEIPT, Column("filing", lambda _: filing_id))
    show_one(receipt, columns, as_json=as_json, data={"filing_id": str(filing_id), **plain(receipt)})


def actor_of(text: str) -> dict[str, str]:
    """`role:subject[@agency]` as an actor. Only an agency's code may follow the last `@` of a subject."""
    role, colon, subject = text.partition(":")
    if not colon or role not in set(c.Role):
        fail(f"write the actor as ROLE:SUBJECT[@AGENCY]; roles: {', '.join(c.Role)}", Exit.USAGE)
    name, at, agency = subject.rpartition("@")
    return {"role": role, "subject": name, "agency": agency} if at else {"role": role, "subject": agency}
