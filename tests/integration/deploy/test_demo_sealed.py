"""`motcua demo` beside a stack that seals: it ends as ever, and nothing of a person stands in what Temporal keeps."""

from __future__ import annotations

import asyncio

from console.home import CODEC
from tests.integration.deploy.demos import QUICK, demo, in_temporals_files, no_canary, up_in_a_folder, written


def test_a_sealed_demo_ends_as_it_must_and_temporal_keeps_nothing_readable() -> None:
    with up_in_a_folder(**{CODEC: "on"}) as folder:
        code, result, said = demo(folder, written(*QUICK))
        assert code == 0, said
        assert result["ok"] is True
        assert {row["scenario"] for row in result["filings"]} == set(QUICK)
        asyncio.run(no_canary(folder, said))
        assert in_temporals_files(folder) == 0
