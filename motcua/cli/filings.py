"""`motcua submit`, `act`, `show`, `track`, `complain`: one filing; `pass-over`: an absent officer's tasks."""

import contextlib
import shlex
from pathlib import Path
from typing import Annotated, Any, Final
from uuid import UUID

import typer
from pydantic import ConfigDict

from motcua import contract as c
from motcua.calls.acting import PassedOver
from motcua.cli.answer import Column, columns, lines, progress, show_all, show_one
from motcua.cli.attaching import NO_FILE_YET, Attach, papers_wanted, uploading, with_files, with_their_papers
from motcua.cli.options import (
    PATIENCE,
    VIA,
    Actor,
    AsJson,
    CommandId,
    FilingId,
    MaybeActor,
    Patience,
    actor_of,
    order,
    stream_of,
)
from motcua.cli.running import Exit, ask, exit_if, fail, note, out, parse, plain, read_file, read_json, refusing
from motcua.cli.showing import ACTIONS, COMPLAINTS, DELIVERY, RECEIPT, VIEW, clock_columns, view_line, work_column
from motcua.client import FilingClient, command_id
from motcua.errors import FilingNotAvailable, NotReady, RefusedError, Unavailable
from motcua.machine_work import MachineWork

Target = Annotated[str, typer.Argument(metavar="CODE|FILING_ID|STREAM", help="option.act.target")]

_FILING: Final = "filing"
_KINDS = {command.model_fields["kind"].default: command for command in c.PUBLIC_COMMANDS}
_OF_OTHERS = {
    (stream, command.model_fields["kind"].default): command
    for stream, commands in c.COMMANDS.items()
    for command in commands
    if stream != _FILING
}
"""The models of known commands to streams other than filings, by kind of stream and of command. They have defaults."""

app = typer.Typer()
after_files = typer.Typer()
"""The commands that the help lists after `attach`."""


@app.command()
def submit(  # noqa: PLR0913 -- a command line has many options
    file: Annotated[str, typer.Argument(metavar="FILE.json|-", help="option.submission")],
    *,
    attach: Attach = None,
    signature: Annotated[Path | None, typer.Option("--signature", metavar="PATH", help="option.signature")] = None,
    authorisation: Annotated[
        Path | None, typer.Option("--authorisation", metavar="PATH", help="option.authorisation")
    ] = None,
    level: Annotated[int | None, typer.Option("--level", min=1, max=4, help="option.level")] = None,
    as_json: AsJson = False,
    patience: Patience = PATIENCE,
) -> None:
    content = read_json(read_file(file), file)
    unknown = sorted(content.keys() - c.Submission.model_fields.keys())
    if unknown:
        fail(c.said("refused.submission.unknown", names=", ".join(unknown)), Exit.USAGE)
    if authorisation is not None:
        content["authorisation"] = NO_FILE_YET | (content.get("authorisation") or {})
    submission = parse(c.Submission, content)
    if level is not None:
        submission = _at_level(submission, c.Level(level))
    ids = (submission.client_id, submission.submission_id)
    filing_id = c.filing_id(*ids)
    alone = {"signature": signature, "authorisation": authorisation}
    put = uploading(filing_id, submission.actor, submission.via, patience, ids)
    papers = papers_wanted(attach or ())
    whole = with_files(submission, papers, {name: path for name, path in alone.items() if path}, put)
    again = [file, *(word for one in attach or () for word in ("--attach", one))]
    if authorisation is not None:
        again += ["--authorisation", str(authorisation)]

    async def send(client: FilingClient) -> c.Receipt:
        try:
            return await client.submit(whole)
        except RefusedError as error:
            offer = error.refusal.offer
            if offer is not None and offer.level is not whole.level:
                note(c.said("cli.without_signature"), f"motcua submit {shlex.join(again)} --level {offer.level}")
            raise

    print_receipt(filing_id, ask(send, patience), as_json=as_json)


def _at_level(submission: c.Submission, level: c.Level) -> c.Submission:
    """Returns the submission at this level; a channel that the level lacks becomes the counter, with a note."""
    can, counter = c.CAPABILITIES[level], {}
    for name, (what, channels) in {
        "result_channel": ("cli.the_result", can.result),
        "fee_channel": ("cli.the_fee", can.fee),
    }.items():
        wanted = getattr(submission, name)
        if wanted is not None and wanted not in channels:
            counter[name] = c.Channel.COUNTER
            note(c.said("cli.at_the_counter", what=c.said(what), level=level, channel=wanted))
    return submission.model_copy(update={"level": level, **counter})


@app.command()
def act(  # noqa: PLR0913 -- a command line has many options
    target: Target,
    command: Annotated[str, typer.Argument(metavar="COMMAND", help=f"option.act.command: {', '.join(_KINDS)}")],
    *,
    actor: Actor,
    data: Annotated[str, typer.Option("--data", metavar="JSON|@FILE", help="option.act.data")] = "{}",
    attach: Attach = None,
    own_id: CommandId = None,
    as_json: AsJson = False,
    patience: Patience = PATIENCE,
) -> None:
    with refusing((ValueError, typer.BadParameter), Exit.USAGE, c.said("refused.act.target", target=target)):
        stream = stream_of(target)
    name = command.replace("-", "_")
    model = _KINDS.get(name) if stream.kind == _FILING else _OF_OTHERS.get((stream.kind, name), _OtherCommand)
    if model is None:
        fail(c.said("refused.act.no_command", command=command, commands=", ".join(_KINDS)), Exit.USAGE)
    own: dict[str, Any] = {"command_id": own_id or command_id(), "actor": actor_of(actor), "via": VIA}
    own |= {"kind": name} if model is _OtherCommand else {}
    fields = read_json(read_file(data[1:]) if data.startswith("@") else data, "--data")
    order = parse(model, own | fields, extra="allow" if model is _OtherCommand else "forbid")
    if attach:
        wanted = papers_wanted(attach)
        if not isinstance(order, c.Supplement):
            fail(c.said("refused.act.attach"), Exit.USAGE)
        order = with_their_papers(order, wanted, uploading(stream.filing, order.actor, order.via, patience))

    async def send(client: FilingClient) -> c.Receipt:
        try:
            return await client.act(str(stream), order)
        except Unavailable:
            note(c.said("refused.again", option=f"--command-id {order.command_id}"))
            raise

    print_receipt(stream.filing, ask(send, patience), as_json=as_json)


class _OtherCommand(c.Command):
    """A command that this kit does not know; the platform validates it."""

    model_config = ConfigDict(extra="allow")


@app.command()
def show(
    filing_id: FilingId, *, actor: MaybeActor = None, as_json: AsJson = False, patience: Patience = PATIENCE
) -> None:
    if actor is not None:
        someone = parse(c.Actor, actor_of(actor))
        actions = ask(lambda client: client.as_(someone, VIA).actions(filing_id), patience)
        show_all(actions, ACTIONS, as_json=as_json)
        return

    async def look(client: FilingClient) -> tuple[c.FilingView, dict[str, str], list[MachineWork]]:
        view, where = await client.view(filing_id), {}
        if (fee := view.fee) is not None and fee.state is c.FeeState.DUE and fee.channel is c.Channel.ONLINE:
            with contextlib.suppress(FilingNotAvailable, NotReady):
                payment = await client.payment(filing_id, fee.n)
                known = {"pay_url": payment.pay_url, "pay_code": payment.code}
                where = {name: value for name, value in known.items() if value}
        return view, where, await client.machine_work(filing_id)

    view, where, work = ask(look, patience)
    paid_by = (Column("pay_url", lambda _: where.get("pay_url")), Column("pay_code", lambda _: where.get("pay_code")))
    data = plain(view) | where | {"machine_work": work}
    show_one(view, (*VIEW, work_column(work), *paid_by), as_json=as_json, data=data)


@app.command()
def clocks(filing_id: FilingId, *, as_json: AsJson = False, patience: Patience = PATIENCE) -> None:
    runs = ask(lambda client: client.clocks(filing_id), patience)
    show_all(runs, clock_columns(runs), as_json=as_json)


@app.command()
def track(filing_id: FilingId, *, as_json: AsJson = False, patience: Patience = PATIENCE) -> None:

    async def follow(client: FilingClient) -> None:
        async for view in client.follow(filing_id):
            if as_json:
                typer.echo(view.model_dump_json(exclude_none=True))
            else:
                out().print(view_line(view), markup=False)

    ask(follow, patience)


@app.command()
def delivery(filing_id: FilingId, *, as_json: AsJson = False, patience: Patience = PATIENCE) -> None:
    show_one(ask(lambda client: client.delivery(filing_id), patience), DELIVERY, as_json=as_json)


def print_receipt(filing_id: UUID, receipt: c.Receipt, *, as_json: bool) -> None:
    columns = (*RECEIPT, Column("filing", lambda _: filing_id))
    show_one(receipt, columns, as_json=as_json, data={"filing_id": filing_id, **plain(receipt)})


@after_files.command()
def complain(  # noqa: PLR0913 -- a command line has many options
    filing_id: FilingId,
    *,
    about: Annotated[int, typer.Option(metavar="SEQ", help="option.complain.about")],
    words: Annotated[str, typer.Option(metavar="TEXT", help="option.complain.words")],
    actor: Actor,
    document: Annotated[str | None, typer.Option(metavar="JSON", help="option.complain.document")] = None,
    n: Annotated[int | None, typer.Option(help="option.complain.n")] = None,
    against: Annotated[int | None, typer.Option(metavar="N", help="option.complain.against")] = None,
    touched: Annotated[str | None, typer.Option(metavar="JSON", help="option.complain.touched")] = None,
    known_on: Annotated[str | None, typer.Option(metavar="YYYY-MM-DD", help="option.complain.known_on")] = None,
    obstacle: Annotated[list[str] | None, typer.Option(metavar="JSON", help="option.complain.obstacle")] = None,
    as_json: AsJson = False,
    patience: Patience = PATIENCE,
) -> None:
    fields: dict[str, Any] = {"filing_id": filing_id, "n": n or 1, "about": about, "words": words, "against": against}
    given = {"document": document, "touched": touched}
    fields |= {name: read_json(text, f"--{name}") for name, text in given.items() if text}
    fields |= {"obstacles": [read_json(text, "--obstacle") for text in obstacle or ()], "known_on": known_on}
    complaint = order(c.ComplaintStart, actor, **fields)

    async def send(client: FilingClient) -> c.Receipt:
        theirs = client.as_(complaint.actor, complaint.via)
        number = n or len(await theirs.complaints(filing_id)) + 1
        try:
            return await client.complain(complaint.model_copy(update={"n": number}))
        except Unavailable:
            note(c.said("refused.again", option=f"--n {number}"))
            raise

    print_receipt(filing_id, ask(send, patience), as_json=as_json)


@after_files.command()
def complaints(filing_id: FilingId, *, as_json: AsJson = False, patience: Patience = PATIENCE) -> None:
    show_all(ask(lambda client: client.complaints(filing_id), patience), COMPLAINTS, as_json=as_json)


_PASSED: Final = columns(
    "code task substitute outcome|command.pass_over",
    Column("why_not", lambda one: lines(problem.message for problem in one.problems)),
    Column("event", lambda one: one.receipt and one.receipt.seq),
)


@after_files.command("pass-over")
def pass_over(
    absent: Annotated[str, typer.Argument(metavar="SUBJECT", help="option.absent")],
    *,
    actor: Actor,
    as_json: AsJson = False,
    patience: Patience = PATIENCE,
) -> None:
    lead = parse(c.Actor, actor_of(actor))

    async def all_of_them(client: FilingClient) -> list[PassedOver]:
        with progress("command.pass_over.progress") as moved:
            return await client.as_(lead, VIA).pass_over(absent, moved)

    done = ask(all_of_them, patience)
    show_all(done, _PASSED, as_json=as_json)
    exit_if(any(one.outcome == "refused" for one in done))
