"""Who is heard: whatever comes in with a signed statement of who is speaking, and is judged by what is known here."""

from __future__ import annotations

import hmac
from datetime import datetime
from hashlib import sha256

from temporalio.exceptions import ApplicationError

from activities.ledger.principals import PASSING, Keyring
from activities.refusing import failure
from rules.identity.statements import Hearing, proved, verified
from schemas.errors import RefusalError
from schemas.identity import Message, Proved, Spoken


def heard(guard: Guard | None, spoken: Spoken | None, *, filed_by: str | None, known: bool) -> str | None:
    """Who says what a stream begins with, in a filing that is `filed_by` this program; None where nobody is asked.

    `known`: the log holds it. Raises the refusal as an error that is not tried again; but what is known fails no run
    for what passes, and is asked again.
    """
    if guard is None or spoken is None:
        return None
    message = spoken.message.model_copy(update={"filed_by": filed_by})
    try:
        return guard.verified(spoken.statement, message, known=known).principal.id
    except RefusalError as error:
        rule = error.refusal.problems[0].rule
        if known and rule in PASSING:
            raise ApplicationError(str(error), type=rule) from None
        raise failure(error.refusal) from None


class Guard:
    """Asks of everything who says it. There is none where everybody is believed."""

    def __init__(self, keyring: Keyring, audience: str) -> None:
        self._keyring = keyring
        self._audience = audience

    def proved(self, signed: object, message: Message, *, now: datetime | None = None, fresh: bool = True) -> Proved:
        """The statement, if it is one of just this message; what it may claim is still to be asked.

        `now` is the moment, by default that of the record's clock. Raises `RefusalError`.
        """
        return proved(signed, message, self._hearing(now, fresh=fresh))

    def verified(
        self, signed: object, message: Message, *, now: datetime | None = None, fresh: bool = True, known: bool = False
    ) -> Proved:
        """The same, if its principal may claim what it says. Raises `RefusalError`."""
        return verified(signed, message, self._hearing(now, fresh=fresh, known=known))

    def proof_of_run(self, workflow: str, run: str) -> str:
        """What nobody can say who knows Temporal alone: that this run is one of this platform's.

        Raises `RuntimeError` while the record has not told this process its secret.
        """
        return hmac.new(self._keyring.secret, f"{workflow}\n{run}".encode(), sha256).hexdigest()

    def _hearing(self, now: datetime | None, *, fresh: bool, known: bool = False) -> Hearing:
        return Hearing(self._keyring.ring, self._audience, now or self._keyring.now, fresh=fresh, known=known)
