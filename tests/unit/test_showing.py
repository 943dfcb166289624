"""What the command shows to people."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from io import StringIO

import pytest
import typer
from rich.console import Console

from motcua import ClockState, FilingView
from motcua.cli.running import Exit, fail, owes_json, print_json
from motcua.cli.showing import clock_table, view_table, when
from tests.contract.samples import SAMPLES


def test_times_are_shown_as_in_vietnam() -> None:
    assert when(datetime(2026, 11, 25, 2, tzinfo=UTC)) == "2026-11-25 09:00:00 +07"


def test_the_clocks_are_whole_on_a_narrow_screen() -> None:
    raw = {
        "clock": "step",
        "limit": "4 working hours",
        "started": "2026-11-25T02:00:00Z",
        "due": "2026-11-25T09:00:00Z",
    }
    basis = "Nghị định 61/2018/NĐ-CP điều 19 khoản 3, Thông tư 01/2018/TT-VPCP"
    pause = {"since": "2026-11-25T03:00:00Z", "reason": "supplement", "basis": basis}
    paper = StringIO()
    run = ClockState.model_validate(raw | {"pauses": [pause]})
    Console(width=80, soft_wrap=True, file=paper).print(clock_table([run]), soft_wrap=False)
    lines = [line.split("│") for line in paper.getvalue().splitlines() if line.startswith("│")]
    assert "…" not in paper.getvalue()
    assert (
        "".join(line[4].strip() for line in lines).replace(" ", "").startswith(f"supplement({basis})".replace(" ", ""))
    )


def test_an_officer_is_shown_who_represents_the_applicant() -> None:
    view = FilingView.model_validate(SAMPLES["filing_view"].model_dump())
    shown = printed_table(view)
    assert "Trần Văn Bình 001085000002, 2026-11-01 – 2026-12-31" in shown
    assert "001099000001: 2.000635" in shown
    assert f"papers/2.pdf (application/pdf, SHA-256 {'d' * 64})" in shown
    bare = {"key": "papers/2.pdf", "sha256": "d" * 64, "size": 1}
    open_ended = printed_table(FilingView.model_validate(view.model_dump() | {"authorisation": bare}))
    assert "?, … – …" in open_ended
    assert "?: mọi thủ tục / any procedure" in open_ended
    assert "Representative" not in printed_table(view.model_copy(update={"authorisation": None}))


def test_a_fee_is_shown_with_what_it_adds_to_and_what_of_it_goes_back() -> None:
    view = FilingView.model_validate(SAMPLES["filing_view"].model_dump())
    shown = printed_table(view)
    assert "16,000 đ, paid, online" in shown
    assert "chênh lệch so với khoản 1 / the difference to fee 1" in shown
    assert "hoàn 8,000 đ / 8,000 đ go back" in shown
    assert view.fee is not None
    whole = view.model_copy(update={"fee": view.fee.model_copy(update={"adds_to": None, "returned": ()})})
    assert "difference" not in printed_table(whole)
    assert "go back" not in printed_table(whole)
    assert "charged back" not in printed_table(whole)
    gone = view.model_copy(update={"fee": view.fee.model_copy(update={"charged_back": 6_000})})
    assert "6,000 đ charged back" in printed_table(gone)


def test_an_officer_is_shown_how_signature_and_files_stand() -> None:
    raw = SAMPLES["filing_view"].model_dump()
    check = {
        "outcome": "undetermined",
        "rules": ["signer_not_named", "newer_rule"],
        "judged_at": "2026-11-25T02:00:00Z",
    }
    told = {"signature_check": check, "signature_accepted": None, "scan": "infected", "infected": ["notice", "proof"]}
    shown = " ".join(printed_table(FilingView.model_validate(raw | told)).split())
    assert "chưa kiểm tra được đầy đủ / could not be checked to the end" in shown
    assert "the certificate does not hold the signer's number; an officer decides" in shown
    assert "newer_rule" in shown
    assert "có vi-rút trong các giấy tờ sau / there are viruses in these: notice, proof" in shown
    assert "accepts it" not in shown
    accepted = printed_table(FilingView.model_validate(raw | told | {"signature_accepted": True, "scan": "pending"}))
    assert "chấp nhận chữ ký / accepts it" in accepted
    assert "chưa biết: phần mềm quét không trả lời" in accepted


def printed_table(view: FilingView) -> str:
    paper = StringIO()
    Console(width=200, file=paper).print(view_table(view))
    return paper.getvalue()


@pytest.mark.parametrize(
    ("answer", "printed"), [(None, {"code": "refused", "message": "no [x]"}), ({"file": "a"}, {"file": "a"})]
)
def test_standard_output_has_one_answer(
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
    said = capsys.readouterr()
    assert (json.loads(said.out), said.err) == (printed, "no [x]\n")
