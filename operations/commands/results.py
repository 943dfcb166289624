"""`motcua result`: verifies an issued result without an account; the register of results and its changes."""

import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import typer
from pydantic import ValidationError
from pydantic_core import PydanticCustomError

from activities.signature.official import INITIALS, SEAL, SIGNATURE
from activities.signature.trust import roots_in
from console.agencies import see_agency
from console.database import APPLICATION, Connection, ask, find_setting
from motcua.cli.answer import Column, Marked, columns, lines, say, show_all, show_one
from motcua.cli.filings import print_receipt
from motcua.cli.language import in_words
from motcua.cli.options import PATIENCE, Actor, AsJson, CommandId, OfAgency, Patience, Reason, order
from motcua.cli.results import NAME
from motcua.cli.running import (
    Exit,
    end_well,
    exit_if,
    fail,
    kind_of,
    print_json,
    read_json,
    refusing,
    there,
    use_stack_here,
    write_file,
)
from motcua.cli.running import ask as ask_platform
from motcua.files.store import OBJECTS, Store
from operations.result_checking import Checked, Terms, check, dossier_code, hands, kept, policy_set, subjects_set
from publishing.authoring.due import instant
from rules.time.working_time import VIETNAM
from schemas.errors import Problem
from schemas.files import FileRef
from schemas.filing.commands import Command
from schemas.ids import result_workflow
from schemas.result.commands import CorrectResult, RevokeResult
from schemas.result.state import RegisteredResult, ResultStanding, Validity
from schemas.signature import SignatureOutcome, SignatureProof, SignatureVerdict
from schemas.translate import said
from views.registers.papers import IssuedPaper, issued_paper
from views.registers.results import kept_verdict, of_filing, registered, registered_as, standing_of

ROOTS: Final = "MOTCUA_SIGNATURE_ROOTS"
STAMPS: Final = "MOTCUA_TSA_URL"

app = typer.Typer(name=NAME)

FileOption = Annotated[
    Path | None, typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="option.verify.file")
]


@app.callback()
def _group() -> None:
    """Makes this app a group of commands. The group's help text is set by `operations.command.grouped`."""


@app.command()
def verify(  # noqa: PLR0913 -- a command line has many options
    file: FileOption = None,
    *,
    code: Annotated[str | None, typer.Option("--code", help="option.verify.code")] = None,
    at: Annotated[str | None, typer.Option("--at", metavar="INSTANT", help="option.at")] = None,
    roots: Annotated[
        Path | None, typer.Option("--roots", exists=True, dir_okay=False, help="option.verify.roots")
    ] = None,
    proof: Annotated[
        Path | None, typer.Option("--proof", exists=True, dir_okay=False, help="option.verify.proof")
    ] = None,
    keep: Annotated[Path | None, typer.Option("--keep", dir_okay=False, help="option.verify.keep")] = None,
    offline: Annotated[bool, typer.Option("--offline", help="option.verify.offline")] = False,
    as_json: AsJson = False,
) -> None:
    use_stack_here()
    try:
        moment = datetime.now(UTC) if at is None else instant(at)
    except PydanticCustomError as error:
        fail(f"--at: {error.message()} [{error.type}]", Exit.USAGE)
    if (file is None) == (code is None):
        fail(said("refused.result.which"), Exit.USAGE)
    if file is None:
        _tell_of_code(str(code), moment, as_json=as_json)
        return
    known = find_setting(APPLICATION) and not offline
    now = max(moment, datetime.now(UTC))
    asked = Terms(_roots(roots), now, not offline, _kept(proof), subjects_set(), policy_set())
    data = file.read_bytes()
    verdict = end_well(check(data, asked))
    standing = ask(lambda connection: standing_of(connection, str(verdict.file), moment)) if known else None
    paper = _paper(data, str(verdict.file)) if known and standing is None else None
    if paper is not None:
        verdict = end_well(check(data, asked, lasts=False, known=True))
    elif standing is not None and verdict.outcome is SignatureOutcome.UNDETERMINED:
        with_kept = replace(asked, kept=asked.kept or _kept_with(standing.number))
        verdict = end_well(check(data, with_kept, known=True))
    checked = Checked(verdict, hands(verdict, asked.subjects), bool(known), standing, paper)
    if as_json:
        print_json(checked.plain())
    else:
        _tell(file, checked)
    if keep is not None and verdict.outcome is SignatureOutcome.VALID:
        _keep(verdict, keep)
    exit_if(checked.in_force is False)
    exit_if(checked.verdict.outcome is SignatureOutcome.UNDETERMINED, Exit.NOT_AVAILABLE)


def _roots(file: Path | None) -> tuple[bytes, ...]:
    set_ = find_setting(ROOTS)
    found = file or (Path(set_) if set_ else None)
    with refusing((OSError, ValueError), Exit.USAGE, said("refused.result.roots", file=found), kind_of):
        return () if found is None else roots_in(found.read_bytes())


def _kept(file: Path | None) -> SignatureProof | None:
    with refusing(ValidationError, Exit.USAGE, said("refused.result.no_verdict", file=file)):
        return None if file is None else SignatureProof.model_validate_json(file.read_bytes())


@app.command()
def proof(
    number: Annotated[str, typer.Argument(metavar="NUMBER", help="option.result.number")],
    *,
    target: Annotated[Path, typer.Option("--out", metavar="FILE", dir_okay=False, help="option.out.json")],
) -> None:
    use_stack_here()
    file = there(_kept_of(number), said("refused.result.none_kept"))
    write_file(target, end_well(Store.from_environment().get(file)))
    show_one({"file": target, "sha256": file.sha256}, columns("file sha256"))


def _kept_of(number: str) -> FileRef | None:
    return ask(lambda connection: kept_verdict(connection, number))


def _kept_with(number: str) -> SignatureProof | None:
    """Returns the stored verdict on the result with this number; None if there is none, or no object store is set."""
    file = _kept_of(number) if os.environ.get(OBJECTS) else None
    return None if file is None else SignatureProof.model_validate_json(end_well(Store.from_environment().get(file)))


def _keep(verdict: SignatureVerdict, file: Path) -> None:
    authority = find_setting(STAMPS)
    if not authority:
        fail(said("refused.result.keep", name=STAMPS), Exit.USAGE)
    proof = end_well(kept(verdict, authority))
    if proof is None:
        fail(said("refused.result.no_stamp", where=authority), Exit.UNREACHABLE)
    write_file(file, proof)


def _paper(pdf: bytes, digest: str) -> IssuedPaper | None:
    code = dossier_code(pdf)
    return None if code is None else ask(lambda connection: issued_paper(connection, code, digest))


def _tell_of_code(code: str, at: datetime, *, as_json: bool) -> None:
    async def look(connection: Connection) -> list[ResultStanding]:
        numbers = [one.number for one in await of_filing(connection, code)] or [code]
        found = [await standing_of(connection, number, at) for number in numbers]
        return [standing for standing in found if standing is not None]

    found = ask(look)
    if not found:
        fail(said("refused.result.no_code", number=code), Exit.NOT_AVAILABLE)
    show_all(found, _REGISTER, as_json=as_json)
    exit_if(all(one.validity is not Validity.IN_FORCE for one in found))


def _tell(file: Path, checked: Checked) -> None:
    show_one(checked, (Column("file", lambda _: file), *_VERDICT))
    if checked.hands:
        show_all(checked.hands, _HANDS)
    if checked.standing is not None:
        show_one(checked.standing, _REGISTER)
    elif checked.paper is not None:
        show_one(checked.paper, _PAPER)
    else:
        say(said("command.verify.not_asked" if checked.register == "unknown" else "command.verify.not_registered"))


_FIELDS: Final = {"": "label.time_stamp", INITIALS: "label.initials", SIGNATURE: "label.signature", SEAL: "label.seal"}


def _field(field: str) -> str:
    return in_words(said(_FIELDS[field])) if field in _FIELDS else field


def _wrong(one: Problem) -> str:
    field = "" if one.field == "file" else f"{_field(one.field)}: "
    return f"{field}{in_words(one.message)}"


_VERDICT: Final = columns(
    "signatures|signature_outcome",
    Column("problems", lambda checked: Marked(lines(map(_wrong, checked.verdict.problems)), "red")),
)
_HANDS: Final = columns(
    Column("field", "field", _field),
    "name reason tax_code signed:signed_at",
    Column("certificate_until", lambda hand: hand.expires_at.astimezone(VIETNAM).date()),
)
_REGISTER: Final = columns(
    "n:number agency",
    Column(
        "validity",
        "validity",
        lambda one: Marked(said(f"result_validity.{one}"), "green" if one is Validity.IN_FORCE else "red"),
    ),
    "issued:issued_at until:expires_on ended:ended_at replaced_by",
)
_PAPER: Final = columns("paper|paper filing:code agency made:made_at sealed template")


Number = Annotated[str, typer.Argument(metavar="NUMBER", help="option.result.number")]
Law = Annotated[str, typer.Option("--law", metavar="TEXT", help="option.result.law")]


@app.command("list")
def list_results(
    *,
    agency: OfAgency = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=500, metavar="N", help="option.limit")] = 100,
    before: Annotated[str | None, typer.Option("--before", metavar="NUMBER", help="option.result.before")] = None,
    as_json: AsJson = False,
) -> None:
    see_agency(agency)
    found = ask(lambda connection: registered(connection, agency, limit, before))
    more = [said("command.result.more", before=found[-1].number)] if len(found) == limit else []
    show_all(found, _LISTED, said("command.result.numbers", numbers=len(found)), *more, as_json=as_json)


@app.command()
def show(number: Number, *, as_json: AsJson = False) -> None:
    one, standing = _known(number)
    data = one.model_dump(mode="json", exclude_none=True) | {"validity": standing.validity.value}
    show_one((one, standing), _SHOWN, as_json=as_json, data=data)


@app.command()
def revoke(  # noqa: PLR0913 -- a command line has many options
    number: Number,
    *,
    actor: Actor,
    reason: Reason,
    law: Law,
    own_id: CommandId = None,
    as_json: AsJson = False,
    patience: Patience = PATIENCE,
) -> None:
    one, _ = _known(number)
    command = order(RevokeResult, actor, own_id, reason=reason, legal_basis=law)
    _give(one, command, as_json=as_json, patience=patience)


@app.command()
def correct(  # noqa: PLR0913 -- a command line has many options
    number: Number,
    *,
    actor: Actor,
    reason: Reason,
    law: Law,
    file: Annotated[str | None, typer.Option("--file", metavar="JSON", help="option.result.file")] = None,
    own_id: CommandId = None,
    as_json: AsJson = False,
    patience: Patience = PATIENCE,
) -> None:
    one, _ = _known(number)
    result = {"result": read_json(file, "--file")} if file else {}
    command = order(CorrectResult, actor, own_id, reason=reason, legal_basis=law, **result)
    _give(one, command, as_json=as_json, patience=patience)


def _give(one: RegisteredResult, command: Command, *, as_json: bool, patience: float) -> None:
    stream = result_workflow(one.filing_id, one.n)
    receipt = ask_platform(lambda client: client.act(stream, command), patience)
    print_receipt(one.filing_id, receipt, as_json=as_json)


def _known(number: str) -> tuple[RegisteredResult, ResultStanding]:
    """Returns a number's row in the register, and the result's standing; ends the command for an unknown number."""

    async def read(connection: Connection) -> tuple[RegisteredResult | None, ResultStanding | None]:
        return await registered_as(connection, number), await standing_of(connection, number)

    one, standing = ask(read)
    if one is None or standing is None:
        fail(said("refused.result.none", number=number), Exit.NOT_AVAILABLE)
    return one, standing


_LISTED: Final = columns("n:number state|result_state issued:issued_at until:expires_on corrects replaced_by")

_SHOWN: Final = columns(
    "n:0.number validity:1.validity|result_validity agency:0.agency filing:0.filing_id issued:0.issued_at",
    "until:0.expires_on copies:0.copies ended:1.ended_at corrects:0.corrects replaced_by:0.replaced_by sha256:0.sha256",
)
"""Columns for a pair of values: a row of the register, and the standing of that result."""
