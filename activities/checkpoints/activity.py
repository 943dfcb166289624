"""The activity that makes a checkpoint."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Final

from obstore.exceptions import BaseError
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.checkpoints.making import Setup, make
from activities.checkpoints.place import CheckpointError
from activities.ledger.database import ACQUIRE_SECONDS, Pool, mask_database_errors
from activities.seldom import Seldom
from schemas.stream.checkpoint import MAKE, Made

AGAIN: Final = timedelta(seconds=20)
"""Between two at one worker: each is told to witnesses and time-stamped, and anybody who reaches Temporal may ask."""


class Checkpoints:
    """Makes checkpoints as it is set up."""

    def __init__(self, pool: Pool, setup: Setup | None) -> None:
        """`setup` is None where no checkpoints are made."""
        self._pool = pool
        self._setup = setup
        self._seldom = Seldom(AGAIN)

    @activity.defn(name=MAKE)
    async def make(self) -> Made:
        """A checkpoint of all events, not again within seconds of the last; fails with the fault as its type."""
        if self._setup is None:
            raise ApplicationError("MOTCUA_CHECKPOINTS is not set", type="not_set_up", non_retryable=True)
        setup = replace(self._setup, alive=activity.heartbeat)
        try:
            with self._seldom.turn(), mask_database_errors():
                async with self._pool.acquire(timeout=ACQUIRE_SECONDS) as connection:
                    made = await make(connection, setup)
        except CheckpointError as error:
            raise ApplicationError(str(error), type=error.fault) from None
        except BaseError as error:
            raise ApplicationError(f"the second place: {type(error).__name__}", type="second_place") from None
        if made is None:
            return Made(origin=setup.signer.verifier.name, size=0)
        cosigned = sum(one.id in {key.key.id for key in setup.witnesses} for one in made.note.signatures)
        found = made.checkpoint
        return Made(origin=found.origin, size=found.size, root=found.root.hex(), cosigned=cosigned)
