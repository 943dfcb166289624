"""The platform worker with a deliberate bug: `python -m tests.faults.buggy_worker`."""

import asyncio
from typing import Final

from rules.filing import lifecycle
from schemas.filing.state import Filing
from schemas.stream.ledger import Recorded

TRIPS_OVER: Final = {"result_issued", "fee_paid"}
"""The kinds of events that fail: the last one of an instant filing; before the review, that of a paid fee."""
_fold = lifecycle.evolve


def evolve(filing: Filing, recorded: Recorded) -> Filing:
    """Folds like the product's function, but raises an error with personal data at the events in `TRIPS_OVER`."""
    if recorded.event.kind in TRIPS_OVER:
        raise RuntimeError(f"CANARY {filing.applicant!r}")
    return _fold(filing, recorded)


if __name__ == "__main__":
    lifecycle.evolve = evolve  # before the workflows are imported, which take it from there

    from tests.faults.any_files_worker import main
    from workers.telemetry import configure_engine, configure_logging

    configure_logging()
    configure_engine()
    asyncio.run(main())
