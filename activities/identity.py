"""Verification of signed statements of identity on incoming messages, against the principals known here."""

import hmac
from datetime import datetime
from hashlib import sha256

from temporalio.exceptions import ApplicationError

from activities.ledger.authority.principals import PASSING, Keyring
from rules.identity.statements import Hearing, proved, verified
from schemas.errors import RefusalError
from schemas.identity.statement import Message, Proved, Spoken


def heard(guard: "Guard | None", spoken: Spoken | None, *, filed_by: str | None, known: bool) -> str | None:
    """Returns the id of the principal that sends a stream's first message; None where no identity is required.

    `filed_by` is the program that handed the filing in; `known`: the message is recorded already. Raises
    `RefusalError`; for a `known` message and a temporary reason (`PASSING`) instead an error that is retried.
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
        raise


class Guard:
    """Verifies the sender of every message. An installation without a guard trusts everybody."""

    def __init__(self, keyring: Keyring, audience: str) -> None:
        self._keyring = keyring
        self._audience = audience

    def proved(self, signed: object, message: Message, *, fresh: bool) -> Proved:
        """Returns the statement if it is signed and covers this message now, by the record's time.

        The claims in the statement are not checked yet. Raises `RefusalError`.
        """
        return proved(signed, message, Hearing(self._keyring.ring, self._audience, self._keyring.now, fresh=fresh))

    def verified(
        self, signed: object, message: Message, *, now: datetime | None = None, fresh: bool = True, known: bool = False
    ) -> Proved:
        """Returns the statement as `proved` does, also at another time, if the principal may make its claims, too."""
        at = now or self._keyring.now
        return verified(signed, message, Hearing(self._keyring.ring, self._audience, at, fresh=fresh, known=known))

    def proof_of_run(self, workflow: str, run: str) -> str:
        """Returns an HMAC that proves that a run is this platform's own. Raises `RuntimeError` without the secret."""
        return hmac.new(self._keyring.secret, f"{workflow}\n{run}".encode(), sha256).hexdigest()
