"""What the command shows to people."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from io import StringIO

import pytest
import typer
from rich.console import Console

from motcua import ClockState
from motcua.cli.running import Exit, fail, owes_json, print_json
from motcua.cli.showing import clock_table, when


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
