"""A few filings are erased under kills; `python -m tests.faults.erasures` erases two hundred."""

from pathlib import Path

import pytest

from tests.faults.erasures.__main__ import arguments
from tests.faults.erasures.trial import trial


@pytest.mark.timeout(1200)
async def test_erased_under_kills_they_leave_a_sound_record_and_no_trace(tmp_path: Path) -> None:
    few = ("--filings", "8", "--erasures", "5", "--beside", "2", "--appeal", "15", "--every", "3", "--codec")
    report = await trial(arguments(*few), tmp_path)
    assert report.wrong == []
    assert (report.erased, report.neighbours > 0, report.traces_before > 0) == (5, True, True)
