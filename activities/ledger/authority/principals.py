"""Each process's copy of the recorded principals, at most five seconds old, and the check of statements against it."""

import asyncio
import hmac
import json
import logging
import os
import socket
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from time import monotonic
from typing import Final, NamedTuple, Self

from temporalio.exceptions import ApplicationError

from activities.ledger.authority.budgets import Budgets, Work
from activities.ledger.database import ACQUIRE_SECONDS, Pool
from rules.identity.grants import not_authorised
from rules.identity.statements import LEEWAY, Ring, VerificationContext, proved, proved_here, verified
from schemas.errors import Refusal, RefusalError
from schemas.identity.statement import (
    IdentityStatement,
    KeyId,
    Message,
    Principal,
    PrincipalKey,
    Proved,
    Spoken,
)
from views.log import DATABASE_ERRORS, Connection

_log = logging.getLogger(__name__)

KNOWN_WITHIN: Final = 5.0
"""The seconds after which each process knows a change of principals. With an older copy, it accepts no statement."""

ASK_EVERY: Final = 1.0
"""The seconds between two checks of the register's version; each check reads one row."""

OFF_BY: Final = 50
"""A clock difference of more than this many seconds is reported. From 60 seconds on, every statement is refused."""

PASSING: Final = frozenset({"principals_not_at_hand", "clock_is_off"})
"""Rules of temporary refusals: this process lacks current data, so the sender is not judged."""

_BY_THE_RECORD: Final = PASSING | {"key_revoked", "program_not_spoken_for"}
"""Rules of refusals that do not apply to a message that is recorded already."""

_TELL_EVERY: Final = 10.0
"""The minimum seconds between two reports of a wrong clock."""

_ATTEMPT: Final = 2.0
"""The timeout of one check in seconds."""


class Keyring:
    """The copy of the principals in this process. Keep it open while the process accepts statements."""

    def __init__(self, pool: Pool, *, of_door: bool = False) -> None:
        """`of_door`: whether the pool has the database role of the door, which may not read the secret."""
        self._pool = pool
        self._version_query = _VERSION.format(secret="null" if of_door else "secret")
        self._ring = Ring()
        self._version = -1
        self._secret: bytes | None = None
        self._asked_at = -KNOWN_WITHIN
        self._behind = timedelta()
        self._told_at = -_TELL_EVERY
        self._asking: asyncio.Task[None] | None = None

    @property
    def ring(self) -> Ring:
        """The principals. Raises `RefusalError` if the copy is over five seconds old or this machine's clock is off."""
        if monotonic() - self._asked_at >= KNOWN_WITHIN:
            raise not_authorised("principals_not_at_hand")
        if abs(self._behind) > LEEWAY:
            raise not_authorised("clock_is_off", seconds=int(self._behind.total_seconds()))
        return self._ring

    @property
    def secret(self) -> bytes:
        """The secret that only the platform's processes know. Raises `RuntimeError` until it was read once."""
        if self._secret is None:
            raise RuntimeError("the record has not told its secret yet")
        return self._secret

    @property
    def now(self) -> datetime:
        """The current time by the database's clock."""
        return datetime.now(UTC) + self._behind

    async def __aenter__(self) -> Self:
        """Reads the principals, then polls, also while the database is down.

        No principal is known until the database has answered once.
        """
        await self._ask()
        self._asking = asyncio.create_task(self._ask_on())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._asking is not None:
            self._asking.cancel()
            with suppress(asyncio.CancelledError):
                await self._asking

    async def _ask_on(self) -> None:
        while True:
            await asyncio.sleep(ASK_EVERY)
            try:
                await self._ask()
            except Exception as error:  # noqa: BLE001 -- the row can't be read: no statement is accepted until it can
                _log.error("principals.unreadable", extra={"error": type(error).__name__})

    async def _ask(self) -> None:
        asked_at = monotonic()
        with suppress(*DATABASE_ERRORS, OSError, TimeoutError):
            async with asyncio.timeout(_ATTEMPT), self._pool.acquire(timeout=ACQUIRE_SECONDS) as connection:
                [(version, there, self._secret)] = await connection.fetch(self._version_query)
                self._behind = there - datetime.now(UTC)
                if version != self._version:
                    found = await registered(connection)
                    for name in found.unreadable:
                        _log.error("principal.unreadable", extra={"principal": name})
                    self._ring = Ring(found.principals)
                    self._version = version
                self._asked_at = asked_at
                behind = round(self._behind.total_seconds())
                if abs(behind) > OFF_BY and asked_at - self._told_at >= _TELL_EVERY:
                    self._told_at = asked_at
                    await connection.execute(_CLOCK_OFF, f"{os.getpid()}@{socket.gethostname()}", behind)


class Guard:
    """Verifies the sender of every message. An installation without a guard trusts every sender."""

    def __init__(self, keyring: Keyring, audience: str, budgets: Budgets | None = None) -> None:
        """`audience`: the installation's name. Without `budgets`, the default budgets apply."""
        self._keyring = keyring
        self._audience = audience
        self._budgets = Budgets({}) if budgets is None else budgets

    def proved(self, signed: object, message: Message, *, fresh: bool) -> Proved:
        """Returns the signed statement if it covers this message now; checks no claims. Raises `RefusalError`."""
        return proved(
            signed, message, VerificationContext(self._keyring.ring, self._audience, self._keyring.now, fresh=fresh)
        )

    def proved_here(self, statement: IdentityStatement, key_id: KeyId) -> Proved:
        """Returns this process's own statement about a message that it handles itself. Raises `RefusalError`."""
        return proved_here(
            statement, key_id, VerificationContext(self._keyring.ring, self._audience, self._keyring.now)
        )

    def verified(
        self, signed: object, message: Message, *, now: datetime | None = None, fresh: bool = True, known: bool = False
    ) -> Proved:
        """Returns the statement like `proved`, if the principal may make its claims. `now`: the time of the check."""
        at = now or self._keyring.now
        return verified(
            signed, message, VerificationContext(self._keyring.ring, self._audience, at, fresh=fresh, known=known)
        )

    def spend(self, proved: Proved, work: Work) -> None:
        """Charges a verified message to its sender's budget. Raises `RefusalError`, `too_many`, for a spent budget."""
        self._budgets.spend(proved, work)

    def proof_of_run(self, workflow: str, run: str) -> str:
        """Returns an HMAC that proves that a run is this platform's own. Raises `RuntimeError` without the secret."""
        return hmac.new(self._keyring.secret, f"{workflow}\n{run}".encode(), sha256).hexdigest()


def turned_away(guard: Guard | None, spoken: Spoken | None, work: Work) -> Refusal | None:
    """Returns why a stream's first message is refused before the record is read, else None.

    It is refused if nobody signed it or the sender's budget is spent. `verified_sender` checks everything else.
    """
    if guard is None or spoken is None:
        return None
    try:
        guard.spend(guard.proved(spoken.statement, spoken.message, fresh=False), work)
    except RefusalError as error:
        return None if error.refusal.problems[0].rule in _BY_THE_RECORD else error.refusal
    return None


def verified_sender(guard: Guard | None, spoken: Spoken | None, *, filed_by: str | None, known: bool) -> str | None:
    """Returns the id of the principal that sends a stream's first message; None where no identity is required.

    `filed_by` is the program that handed the filing in; `known`: whether the message is recorded already. Raises
    `RefusalError`; but if the message is `known` and the reason temporary (`PASSING`), an error that is retried.
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


class Registered(NamedTuple):
    """The principals that can be read, and the ids of those that can't, whose statements are refused."""

    principals: list[Principal]
    unreadable: list[str]


async def registered(connection: Connection, only: str | None = None) -> Registered:
    """Returns all principals with their keys, sorted by id. With `only`, returns just the principal with this id."""
    found = Registered([], [])
    for row in await connection.fetch(_PRINCIPALS, only):
        try:
            principal = Principal(
                id=row["principal"],
                name=row["name"],
                kind=row["kind"],
                agency=None if row["agency"] == NO_AGENCY else row["agency"],
                subject=row["subject"],
                grants=json.loads(row["grants"]),
                keys=tuple(PrincipalKey.model_validate_json(json.dumps(key)) for key in json.loads(row["keys"])),
            )
            found.principals.append(principal)
        except (ValueError, TypeError):  # the errors quote the bad value, so neither is logged
            found.unreadable.append(row["principal"])
    return found


async def principals(connection: Connection, only: str | None = None) -> list[Principal]:
    """Returns the readable principals, as `registered` does, without the ids of the unreadable ones."""
    return (await registered(connection, only)).principals


NO_AGENCY: Final = "*"
_VERSION: Final = "select version, clock_timestamp(), {secret} from principal_version"
_CLOCK_OFF: Final = """
insert into clock_off (process, seconds, at) values ($1, $2, clock_timestamp())
on conflict (process) do update set (seconds, at) = (excluded.seconds, excluded.at)
"""
_PRINCIPALS: Final = """
select principal, agency, subject, name, kind, grants, (
    select coalesce(json_agg(json_build_object(
        'public_key', public_key, 'valid_from', valid_from, 'valid_until', valid_until, 'revoked_at', revoked_at
    ) order by valid_from, key_id), '[]') from principal_key where principal_key.principal = principal.principal
) as keys
from principal where $1::text is null or principal = $1 order by principal
"""
