"""The output of commands, as people see it."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from importlib import import_module
from io import StringIO
from operator import itemgetter
from types import SimpleNamespace
from typing import Final, TypeAlias, get_args, get_type_hints
from uuid import uuid4

import pytest
import typer
from rich.console import Console
from typer.testing import CliRunner

from motcua import ClockState, FilingView
from motcua.calls.acting import PassedOver
from motcua.cli import options
from motcua.cli.answer import Column, Whole, dong, show_all, show_one
from motcua.cli.help import with_words
from motcua.cli.office import Looked
from motcua.cli.options import actor_of, filing_id_of, order, stream_of
from motcua.cli.running import Exit, fail, owes_json, print_json
from motcua.cli.showing import clock_columns
from motcua.contract import Action, ComplaintView, DeliveryView, Receipt, ResultView, said
from operations.commands.doctor import verdict_of
from operations.doctor.check import Health, ok, warn
from operations.result_checking import Checked, Hand
from operations.store import scrub, sweep
from recovery.builds import Build
from schemas.identity.principals import PrincipalChange
from schemas.identity.statement import Principal
from schemas.money.suspense import Suspense
from schemas.money.till import CloseTill, TillShown
from schemas.papers.state import RegisteredReceipt
from schemas.privacy import AskExport, ErasureRequest, ExportRequest
from schemas.reading import FilingRecord, LoggedEvent, TaskSummary
from schemas.result.state import RegisteredResult, ResultStanding
from views.registers.papers import IssuedPaper

Terminal: TypeAlias = Callable[[int], StringIO]


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """A function that makes a terminal of a given width; it returns the stream of the text shown there."""

    def of(width: int) -> StringIO:
        paper = StringIO()
        console = Console(
            width=width, soft_wrap=True, highlight=False, file=paper, force_terminal=True, color_system=None
        )
        monkeypatch.setattr("motcua.cli.answer.out", lambda: console)
        monkeypatch.delenv("LANG", raising=False)
        return paper

    return of


ANSWERS: Final[Mapping[str, type]] = {
    "motcua.cli.showing:ACTIONS": Action,
    "motcua.cli.showing:COMPLAINTS": ComplaintView,
    "motcua.cli.showing:DELIVERY": DeliveryView,
    "motcua.cli.showing:RECEIPT": Receipt,
    "motcua.cli.showing:RESULT": ResultView,
    "motcua.cli.showing:VIEW": FilingView,
    "motcua.cli.office:_LOOKED": Looked,
    "motcua.cli.filings:_PASSED": PassedOver,
    "operations.commands.people.erasures:_REQUESTS": ErasureRequest,
    "operations.commands.people.persons:_REQUESTS": ExportRequest,
    "operations.commands.people.principals:_CHANGES": PrincipalChange,
    "operations.commands.people.principals:_ONE": Principal,
    "operations.commands.money.receipts:_COLUMNS": RegisteredReceipt,
    "operations.commands.ledger.record:_FILING": FilingRecord,
    "operations.commands.ledger.record:_TIMELINE": LoggedEvent,
    "operations.commands.results:_HANDS": Hand,
    "operations.commands.results:_PAPER": IssuedPaper,
    "operations.commands.results:_REGISTER": ResultStanding,
    "operations.commands.results:_VERDICT": Checked,
    "operations.commands.results:_LISTED": RegisteredResult,
    "operations.commands.documents.store:_SCRUBBED": scrub.Report,
    "operations.commands.documents.store:_SWEPT": sweep.Report,
    "operations.commands.money.suspense:_SUSPENSE": Suspense,
    "operations.commands.board:_TASKS": TaskSummary,
    "operations.commands.money.tills:_WHOLE": TillShown,
    "operations.commands.ledger.versions:_BUILDS": Build,
}


@pytest.mark.parametrize(("place", "answer"), ANSWERS.items(), ids=ANSWERS)
def test_what_is_shown_stands_in_the_answer(place: str, answer: type) -> None:
    module, _, name = place.partition(":")
    for column in getattr(import_module(module), name):
        of: type | None = answer
        for part in column.of.split(".") if isinstance(column.of, str) else ():
            assert of is None or part in {*dir(of), *get_type_hints(of)}, column
            kinds = () if of is None else get_args(hint := get_type_hints(of).get(part)) or (hint,)
            of = next((kind for kind in kinds if isinstance(kind, type)), None)


BASIS: Final = "Nghị định 61/2018/NĐ-CP điều 19 khoản 3, Thông tư 01/2018/TT-VPCP"


def clock() -> ClockState:
    pause = {"since": "2026-11-25T03:00:00Z", "reason": "supplement", "basis": BASIS}
    raw = {"clock": "step", "limit": "4 working hours", "started": "2026-11-25T02:00:00Z", "pauses": [pause]}
    return ClockState.model_validate(raw | {"due": "2026-11-25T09:00:00Z"})


def test_what_does_not_fit_stands_below_each_other_and_is_whole(terminal: Terminal) -> None:
    paper = terminal(80)
    supplement = {"clock": "supplement", "limit": "30 calendar days", "started": "2026-11-25T03:00:00Z"}
    asked = ClockState.model_validate(supplement | {"due": "2026-12-25T03:00:00Z"})
    show_all([clock(), clock()], clock_columns([clock(), asked]))
    shown = paper.getvalue()
    assert "│" not in shown
    assert f"supplement ({BASIS}): từ 25/11/2026 10:00:00, chậm nhất đến 25/12/2026 10:00:00" in shown
    assert shown.count("25/11/2026 16:00:00") == 2


@pytest.mark.parametrize("width", [80, 120, 200])
def test_ids_codes_days_amounts_and_commands_are_whole_at_any_width(width: int, terminal: Terminal) -> None:
    stream, procedure = f"payment:{uuid4()}:12", "1.001029.000.00.00.H29@2026-12-demo"
    act = f"motcua act parcel:{CODE}:1 claim_compensation --as handover:h01.12-handover-1@H01.12"
    at = datetime(2026, 11, 25, 2, tzinfo=UTC)
    whole = {CODE: CODE, stream: stream, procedure: procedure, "25/11/2026 09:00:00": at, act: Whole(act)}
    whole |= {"1.234.567.890": 1_234_567_890, "16.000 đồng": dong(16_000)}
    two = (Column("code", itemgetter(0)), Column("why_not", itemgetter(1)))
    for shown, value in whole.items():
        paper = terminal(width)
        show_all([(value, "trời mưa " * 30)] * 2, two)
        assert sum(shown in line for line in paper.getvalue().splitlines()) == 2, shown


def test_a_table_breaks_sentences_alone(terminal: Terminal) -> None:
    paper = terminal(80)
    code, words = "H01.12-20261125-0000001", "trời mưa " * 20
    columns = (Column("code", itemgetter(0)), Column("due", itemgetter(1)), Column("why_not", itemgetter(2)))
    show_all([(code, datetime(2026, 11, 25, 2, tzinfo=UTC), words)], columns)
    shown = paper.getvalue()
    assert max(map(len, shown.splitlines())) <= 80
    assert f"│ {code} │ 25/11/2026 09:00:00 │" in shown
    assert shown.count("mưa") == 20


def test_out_of_a_terminal_a_row_is_a_line(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LANG", raising=False)
    rows = [("a", 16_000, True), ("bb", 1_000_000, None)]
    columns = (Column("code", itemgetter(0)), Column("fee", itemgetter(1), dong), Column("allowed_now", itemgetter(2)))
    show_all(rows, columns, said("command.track.overdue", clocks="x"))
    assert capsys.readouterr().out == (
        "Mã  Phí, lệ phí     Được làm\na   16.000 đồng     có\nbb  1.000.000 đồng\nquá hạn: x\n"
    )


@pytest.mark.parametrize(
    ("lang", "shown"),
    [
        ("vi", "25/11/2026 00:30:00  1.234.567,5  25/11/2026"),
        ("en", "2026-11-25 00:30:00 +07  1,234,567.5  2026-11-25"),
    ],
)
def test_days_and_numbers_are_written_as_the_language_has_them(
    lang: str, shown: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANG", lang)
    night, day = datetime(2026, 11, 24, 17, 30, tzinfo=UTC), date(2026, 11, 25)
    columns = (Column("when", itemgetter(0)), Column("count", itemgetter(1)), Column("day", itemgetter(2)))
    show_all([(night, 1_234_567.5, day)], columns)
    assert capsys.readouterr().out.splitlines()[1] == shown
    waits = said("doctor.callbacks.suspense", transfers=1, dong=16_000, what="x", days=2.5)
    assert waits.vi == "1 khoản tiền đã về, tổng cộng 16.000 đồng, x; khoản chờ lâu nhất đã được 2,5 ngày"
    assert "16,000 đồng" in waits.en
    since = said("doctor.waits.some", agency="H1", count=1, kind="x", of="y", since=night)
    assert (since.vi[-10:], since.en[-10:]) == ("25/11/2026", "2026-11-25")


@pytest.mark.parametrize(
    ("options", "lang", "answer"),
    [([], "", "Mã  a"), ([], "en_US.UTF-8", "Code  a"), (["--lang", "en"], "C.UTF-8", "Code  a")],
)
def test_an_answer_is_in_one_language(options: list[str], lang: str, answer: str) -> None:
    app = typer.Typer()

    @app.command()
    def code() -> None:
        show_one("a", (Column("code", str),))

    with_words(app)
    with_words(app)
    assert CliRunner().invoke(app, options, env={"LANG": lang}).output == f"{answer}\n"
    assert CliRunner().invoke(app, ["--lang", "fr"]).exit_code == 2


@pytest.mark.parametrize(
    ("answer", "printed"), [(None, {"code": "refused", "message": "no [x]"}), ({"file": "a"}, {"file": "a"})]
)
def test_one_answer_is_printed(
    answer: dict[str, str] | None, printed: object, capsys: pytest.CaptureFixture[str]
) -> None:
    before = owes_json.set(True)
    try:
        if answer is not None:
            print_json(answer)
        with pytest.raises(typer.Exit):
            fail("no [x]", Exit.REFUSED)
    finally:
        owes_json.reset(before)
    ended = capsys.readouterr()
    assert (json.loads(ended.out), ended.err) == (printed, "no [x]\n")


def test_the_doctors_verdict_counts_and_names_what_waits() -> None:
    well, faint = ok("none"), warn("as_is", fix="none", value="x")
    waits = replace(faint, verdict=said("doctor.machine_work.wait", filings=4, offices="H01.12: 4"))
    assert verdict_of([well]).en == "all is well"
    assert verdict_of([well, faint, waits]).en == (
        "warnings: 2, filings that wait for a failing back office: 4 (H01.12: 4)"
    )
    assert verdict_of([replace(faint, health=Health.FAIL), faint]).vi == "1 lỗi, 1 cảnh báo"


CODE = "H01.12-20261125-0000001"


def test_a_filing_is_named_by_its_id_or_where_the_platform_is_by_its_code(monkeypatch: pytest.MonkeyPatch) -> None:
    filing = uuid4()
    assert filing_id_of(str(filing)) == filing
    platform = SimpleNamespace(filing_id=lambda code: filing if code == CODE else None)
    monkeypatch.setattr(options, "entry_points", lambda **_: [SimpleNamespace(module="platform")])
    monkeypatch.setattr(options, "import_module", lambda _: platform)
    assert filing_id_of(CODE) == filing
    assert (stream_of(CODE), stream_of(f"payment:{CODE}:2")) == (("filing", filing, 0), ("payment", filing, 2))
    del platform.filing_id
    with pytest.raises(typer.BadParameter, match="UUID"):
        filing_id_of(CODE)
    monkeypatch.setattr(options, "entry_points", lambda **_: [])
    for text in (CODE, "7", "payment:1"):
        with pytest.raises(typer.BadParameter, match="UUID"):
            filing_id_of(text)


def test_who_acts_is_written_one_way_and_an_order_has_what_its_model_has() -> None:
    assert actor_of("leader:a@b@H01.12") == {"role": "leader", "subject": "a@b", "agency": "H01.12"}
    assert actor_of("applicant:vneid-1") == {"role": "applicant", "subject": "vneid-1"}
    for text in ("leader", "boss:x"):
        with pytest.raises(typer.Exit):
            actor_of(text)
    given = order(CloseTill, "cashier:c-1@H01.12", till="H01.12-20261127-Q1")
    assert (given.actor.subject, given.via.principal, given.till) == ("c-1", "motcua", "H01.12-20261127-Q1")
    assert given.command_id
    assert order(CloseTill, "cashier:c-1@H01.12", "mine", till="H01.12-20261127-Q1").command_id == "mine"
    assert order(AskExport, "operator:o-1@H01.12", reason="12/PYC").actor.subject == "o-1"
