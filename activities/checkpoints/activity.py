"""The activity that makes a checkpoint."""

from dataclasses import replace
from datetime import timedelta
from typing import Final

from obstore.exceptions import BaseError
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.checkpoints.making import Setup, make
from activities.checkpoints.place import CheckpointError
from activities.ledger.database import ACQUIRE_SECONDS, Pool, mask_database_errors
from activities.support.seldom import Seldom
from schemas.stream.checkpoint import MAKE, Made

AGAIN: Final = timedelta(seconds=20)
"""Minimum time between two checkpoints at one worker, since anybody may trigger one.

Each checkpoint costs requests to witnesses and a time-stamp.
"""


class Checkpoints:
    """Makes checkpoints according to the setup."""

    def __init__(self, pool: Pool, setup: Setup | None) -> None:
        """`setup` is None if no checkpoints are made here."""
        self._pool = pool
        self._setup = setup
        self._seldom = Seldom(AGAIN)

    @activity.defn(name=MAKE)
    async def make(self) -> Made:
        """Makes a checkpoint of all events, at most one every `AGAIN`.

        A fault becomes the error type of the failure.
        """
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
