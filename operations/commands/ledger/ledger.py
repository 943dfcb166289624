"""`motcua ledger`: verifies the record and its read models; exports bundles; rebuilds read models."""

from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Final, NamedTuple

import typer

from activities.keys.masters import MASTER_KEY, MasterKeys
from activities.ledger.vault import Vault
from console import database as db
from console.comparing import Difference
from console.home import write_private
from motcua.cli.answer import Column, columns, progress, say, show_all, show_one, tell
from motcua.cli.help import group
from motcua.cli.options import AsJson, WhichFiling, stream_of
from motcua.cli.running import Exit, WorkRefusedError, exit_if, fail, print_json, refusing, strerror, there
from operations import rebuilding
from operations.commands.ledger.checkpoints import exported, held_against_checkpoints, plain, show
from operations.evidence import beside, folded, structure
from operations.evidence.bindings import Unbound, claimed, unbound
from operations.principal_register import differences
from publishing.record import folding as publications
from schemas.base import Text
from schemas.translate import said
from verifier import bundle as bundle_verifier
from verifier import ledger as ledger_verifier
from views.log import SealBrokenError

app = group("ledger")


@app.command()
def verify(
    bundle: Annotated[
        Path | None, typer.Argument(metavar="[BUNDLE]", exists=True, dir_okay=False, help="option.ledger.bundle")
    ] = None,
    *,
    files: Annotated[
        Path | None, typer.Option("--files", exists=True, file_okay=False, help="option.ledger.files")
    ] = None,
    policy: Annotated[
        Path | None, typer.Option("--policy", exists=True, dir_okay=False, help="option.ledger.policy")
    ] = None,
    checkpoints: Annotated[bool, typer.Option("--checkpoints", help="option.ledger.checkpoints")] = False,
    since: Annotated[Path | None, typer.Option("--since", dir_okay=False, help="option.ledger.since")] = None,
    as_json: AsJson = False,
) -> None:
    if bundle is None and (files or policy) is not None:
        fail(said("refused.ledger.with_bundle"), Exit.USAGE)
    if (checkpoints and bundle is not None) or (since is not None and not checkpoints):
        fail(said("refused.ledger.since"), Exit.USAGE)
    report = _verified() if bundle is None else _verified_bundle(bundle, files, policy)
    held = held_against_checkpoints(since) if checkpoints else None
    folds = _folds() if bundle is None else _NO_FOLDS
    agreed = not folds.wrong and not folds.bindings and (held is None or held.verified)
    if as_json:
        more = folds.plain_data | ({"checkpoints": plain(held)} if held else {})
        print_json(asdict(report) | {"verified": report.verified and agreed} | more)
    else:
        _say_folds(folds)
        _say(report)
        if held is not None:
            show(held)
    exit_if(not report.verified or not agreed)


def _say(report: ledger_verifier.Report | bundle_verifier.Report) -> None:
    if report.problems:
        show_all(report.problems, columns(Column("place", where), "message rule"))
    if isinstance(report, bundle_verifier.Report):
        show_all(report.heads, columns("stream n:seq hash"))
        if report.checkpoint:
            signed = ", ".join(report.signed_by) or "–"
            facts = {"proved": report.proved, "checkpoint": report.checkpoint, "signed": signed}
            say(said("command.ledger.in_checkpoint", **facts))
    say(summary(report), "green" if report.verified else "red")


def _verified_bundle(bundle: Path, files: Path | None, policy: Path | None) -> bundle_verifier.Report:
    """Verifies a bundle; with a `policy` (C2SP tlog-policy) also the checkpoint in the bundle."""
    try:
        needed = None if policy is None else policy.read_text(encoding="utf-8")
        return bundle_verifier.verify(bundle.read_bytes(), files, needed)
    except ValueError as error:
        fail(f"{policy}: {error}", Exit.USAGE)


def _verified() -> ledger_verifier.Report:
    dsn = db.address(db.APPLICATION)
    with progress("command.ledger.verifying") as moved:
        return db.answered(
            lambda: ledger_verifier.verify(dsn, lambda streams, events, of: moved(events, of, streams=streams))
        )


@app.command()
def export(
    which: WhichFiling,
    *,
    to: Annotated[Path, typer.Option("--out", metavar="FILE", dir_okay=False, help="option.ledger.out")],
    with_sealed: Annotated[bool, typer.Option("--with-sealed", help="option.ledger.with_sealed")] = False,
    as_json: AsJson = False,
) -> None:
    master = db.master_key() if with_sealed else None
    with refusing(WorkRefusedError, Exit.REFUSED, said("refused.ledger.not_exported")):
        bundle = there(exported(which, master), said("refused.no_filing", filing=which))
    data = bundle_verifier.canonical(bundle)
    with refusing(OSError, Exit.USAGE, said("refused.not_written", file=to), strerror):
        write_private(to, data.decode())
    report = bundle_verifier.verify(data)
    if as_json:
        print_json({"file": str(to), "bytes": len(data), "digest": bundle["digest"]} | asdict(report))
    else:
        show_one({"file": to, "bytes": len(data)}, columns("file bytes"))
        say(summary(report), "green" if report.verified else "red")
    if not report.verified:
        fail(said("refused.ledger.not_whole", file=to), Exit.REFUSED)


@app.command()
def rebuild(*, as_json: AsJson = False) -> None:
    dsn, master = db.address(db.OWNER), db.master_key()
    with (
        progress("command.ledger.folding") as moved,
        refusing(WorkRefusedError, Exit.REFUSED, said("refused.ledger.not_rebuilt")),
    ):
        report = db.answered(lambda: rebuilding.rebuild(dsn, master, moved), db.OWNER)
    tables = [
        *({"table": name, "rows": rows, "were_wrong": report.changed[name]} for name, rows in report.rows.items()),
        *({"table": name, "were_wrong": changed} for name, changed in report.published.items()),
    ]
    took = said("command.ledger.took", events=report.events, streams=report.streams, seconds=report.seconds)
    show_all(tables, columns("table rows were_wrong"), took, as_json=as_json, data=asdict(report))


@app.command()
def sweep(*, as_json: AsJson = False) -> None:
    async def work(connection: db.Connection) -> int:
        """Deletes old findings page by page, and the keys of messages that the door kept and delivered long ago.

        Several runs may be active at once, and each may be interrupted.
        """
        deleted = 0
        after: str | None = ""
        while after is not None:
            [[after, gone]] = await connection.fetch(_SWEEP, after, PAGE, KEPT)
            deleted += gone
        await connection.execute(_FORGET, KEPT)
        return deleted

    deleted = db.ask(work, db.OWNER)
    tell(said("command.ledger.swept", findings=deleted), {"deleted": deleted}, as_json=as_json)


@app.command("claimed")
def claimed_by(
    stream: Annotated[str, typer.Argument(metavar="CODE|STREAM", help="option.ledger.stream")],
    seq: Annotated[int, typer.Argument(metavar="SEQ", min=1, help="option.ledger.seq")],
    *,
    as_json: AsJson = False,
) -> None:
    with refusing(ValueError, Exit.USAGE, said("refused.act.target", target=stream)):
        stream = str(stream_of(stream))
    vault = Vault(db.master_key())
    with refusing(SealBrokenError, Exit.REFUSED, said("refused.ledger.not_opened")):
        found = db.ask(lambda connection: claimed(connection, stream, seq, vault))
    found = there(found, said("refused.ledger.not_claimed", seq=seq, stream=stream))
    if as_json:
        statement, key = found.statement.model_dump(mode="json"), found.key and found.key.model_dump(mode="json")
        print_json(found._asdict() | {"statement": statement, "key": key, "proved": found.proved})
    else:
        claim = {"seq": found.seq, "key_id": found.key_id, **found.statement.model_dump(mode="json", exclude_none=True)}
        show_all(claim.items(), columns("name:0 value:1"))
        say(said("command.ledger.proved" if found.proved else "command.ledger.not_proved"))
    exit_if(not found.proved)


class _Folds(NamedTuple):
    """The rows that differ from the events. `names`: whether names, keys, receipts and read models were compared too.

    `structure`: triggers, grants and other parts of the database that differ from those of the migrations.
    """

    register: list[Difference]
    publications: list[Difference]
    rows: list[Difference]
    structure: list[Difference]
    bindings: list[Unbound]
    names: bool

    @property
    def wrong(self) -> list[Difference]:
        """The differing rows of all tables, and the differing parts of the database."""
        return [*self.register, *self.publications, *self.rows, *self.structure]

    @property
    def plain_data(self) -> dict[str, object]:
        """The differences as plain data, for JSON."""
        return {
            name: found if name == "names" else [one._asdict() for one in found]
            for name, found in self._asdict().items()
        }


_NO_FOLDS: Final = _Folds([], [], [], [], [], names=True)
"""The value for a bundle, which has no read models."""


def _say_folds(folds: _Folds) -> None:
    if folds.wrong:
        show_all(folds.wrong, columns("table row differs:columns why"), title=said("command.ledger.not_recorded"))
    if folds.bindings:
        show_all(folds.bindings, columns("stream n:seq row why"), title=said("command.ledger.bound_otherwise"))
    if not folds.names:
        say(said("command.ledger.no_names", setting=MASTER_KEY), "dim")


def _folds() -> _Folds:
    """Compares all tables with the log: the read models on a connection of their own, as temporary tables hide them."""
    masters = db.master_key_at_hand()
    folds = db.ask(lambda connection: _compared(connection, masters))
    if masters is None:
        return folds
    dsn = db.address(db.APPLICATION)

    async def work() -> list[Difference]:
        async with db.connected(dsn, timeout=LONG) as connection:
            return await folded.differences(connection, Vault(masters), moved)

    with progress("command.ledger.folding") as moved:
        return folds._replace(rows=folds.rows + db.answered(work))


async def _compared(connection: db.Connection, masters: MasterKeys | None) -> _Folds:
    vault = None if masters is None else Vault(masters)
    found = await publications.compare(connection, vault)
    return _Folds(
        register=await differences(connection),
        publications=found.differences,
        rows=await beside.differences(connection),
        structure=await structure.differences(connection),
        bindings=[] if vault is None else await unbound(connection, vault),
        names=found.names,
    )


def where(problem: ledger_verifier.Problem | bundle_verifier.Problem) -> str:
    """Returns the place of a problem: those of its stream, its event's seq and the issued number that are known."""
    place = f"{problem.stream} seq {problem.seq}" if problem.seq is not None else problem.stream
    number = problem.number if isinstance(problem, ledger_verifier.Problem) else None
    return " ".join(part for part in (place, number) if part)


def summary(report: ledger_verifier.Report | bundle_verifier.Report) -> Text:
    """Returns the summary of a report, in one line."""
    streams = report.streams if isinstance(report, ledger_verifier.Report) else len(report.heads)
    if report.verified:
        return said("command.ledger.verified", streams=streams, events=report.events)
    return said("command.ledger.broken", problems=len(report.problems), streams=streams, events=report.events)


LONG: Final = 3600.0
"""Seconds for one statement of a comparison of read models with a long log."""
KEPT: Final = timedelta(days=30)
"""Findings are kept until this long after they were written, and after the last event of their stream, once ended."""
PAGE: Final = 500
"""The number of streams whose findings are deleted in one statement."""


_FORGET: Final = """
delete from filing_key where filing_id in (select id from received where done_at < clock_timestamp() - $1::interval)
"""

# A stream that is still watched has not ended: until then a finding may know of money that no event states.
_SWEEP: Final = """
with page as materialized (
    select distinct stream from finding where stream > $1 order by stream limit $2
), gone as (
    delete from finding
    where stream = any (array(select stream from page)) and at < clock_timestamp() - $3::interval and not exists (
        select from stream left join standing using (stream)
        where stream.stream = finding.stream and (
            open is not false or watched_until is not null or stream.head_at > clock_timestamp() - $3::interval
        )
    )
    returning 1
)
select max(stream), (select count(*) from gone) from page
"""
