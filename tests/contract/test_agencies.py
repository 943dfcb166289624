"""The delays on the agencies' page of the docs equal those in the code."""

from typing import Any, Final

from temporalio.common import RetryPolicy

from motcua.stopping import GRACE, LONGEST
from rules.identity.principal_register import LIFE
from tests.conftest import ROOT
from workflows import agency, filing
from workflows.stream.asking import bound

PAGE: Final = (ROOT / "docs" / "agencies.md").read_text()


def test_the_page_names_the_delays_of_the_code() -> None:
    check: Any = agency._options("agency.H29.16", 0, RetryPolicy(maximum_interval=agency._LONGEST_PAUSE))
    policy = check["retry_policy"]
    assert (policy.initial_interval.total_seconds(), policy.backoff_coefficient) == (1, 2)
    pauses = [min(2**n, agency._LONGEST_PAUSE.total_seconds()) for n in range(agency.TOLD_AFTER - 1)]
    assert sum(pauses) == 151
    again = filing._NOT_THERE.seconds
    later = f"{agency._LATER.seconds} s, {2 * agency._LATER.seconds} s … up to every day"
    for words in (
        f"retried after 1 s, 2 s … up to every {agency._LONGEST_PAUSE.seconds} s",
        f"(`answer`: up to every {agency._OFFICERS_MAY.seconds // 60} minutes)",
        f"A hook takes longer than {check['start_to_close_timeout'].seconds // 60} minutes",
        f"else after {check['heartbeat_timeout'].seconds} s without a heartbeat",
        f"Send a heartbeat within {check['heartbeat_timeout'].seconds} s",
        "After ten tries in a row, some two and a half minutes",
        f"it is asked again after {agency._LATER.seconds} s |",
        f"after {later}",
        f"asks again after {again}, {2 * again}, {4 * again} … {filing._SELDOM.seconds} s",
        "good for five minutes",
        "after ten seconds the process ends",
    ):
        assert " ".join(words.split()) in " ".join(PAGE.split()), words
    assert (agency.TOLD_AFTER, agency._SELDOM.days, LIFE.seconds // 60) == (10, 1, 5)
    assert GRACE.total_seconds() < LONGEST < 10
    assert bound(0) > check["start_to_close_timeout"]
