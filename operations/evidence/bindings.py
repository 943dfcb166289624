"""Checks stored receipts and keys against their commitments in the events. Needs the master key."""

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from hmac import compare_digest
from typing import Any, Final, NamedTuple
from uuid import UUID

from pydantic import ValidationError

from activities.ledger.authority.principals import principals
from activities.ledger.event_rows import key_commitment, receipt_binding
from activities.ledger.vault import FilingKey, Vault
from rules.identity.statements import is_signed
from schemas.identity.statement import IdentityStatement, PrincipalKey, signed
from schemas.privacy import Erased
from schemas.stream.ledger import Bound
from views.log import Connection, SealBrokenError


class Claimed(NamedTuple):
    """A program's signed statement about a command. `text`: as received; `seq`: of the command's first event.

    `key`: the signing key's present entry in the register, None without one; `same`: whether the statement's digest
    is the digest in the log; `by_key`: whether `key` signed the statement.
    """

    seq: int
    text: str
    statement: IdentityStatement
    key_id: str
    key: PrincipalKey | None
    same: bool
    by_key: bool

    @property
    def proved(self) -> bool:
        """Whether the log has this statement's digest, and `key` signed the statement."""
        return self.same and self.by_key


async def claimed(connection: Connection, stream: str, seq: int, vault: Vault) -> Claimed | None:
    """Returns the statement about this event's command, None if unsigned. `SealBrokenError`: it can't be decrypted."""
    row = await connection.fetchrow(_FIRST, stream, seq)
    if row is None or row["via"].count("/") < _SIGNED:
        return None
    key = await vault.find(connection, row["filing_id"])
    if key is None:
        raise SealBrokenError
    text = json.loads(key.unseal(row["sealed"], f"{stream}\n{row['seq']}"))["statement"]
    said = signed(text)
    known = [one for who in await principals(connection, said.statement.iss) for one in who.keys]
    found = next((one for one in known if one.key_id == said.key_id), None)
    return Claimed(
        seq=row["seq"],
        text=text,
        statement=said.statement,
        key_id=said.key_id,
        key=found,
        same=row["via"].rpartition("/")[2] == said.sha256,
        by_key=found is not None and is_signed(text, found.public_key),
    )


_SIGNED: Final = 3
"""The number of slashes in an event's column `via`, if a program has signed the event's act."""
_FIRST: Final = """
select seq, via, filing_id, sealed from event
where stream = $1 and command_id = (select command_id from event where stream = $1 and seq = $2) order by seq limit 1
"""


BATCH: Final = 1_000
MOST: Final = 10_000
"""Maximum number of mismatches in an answer."""

_BINDING: Final = """
select e.stream, e.seq, e.filing_id, e.command_id, e.bound, r.digest,
    case when e.bound is null then e.sealed end as sealed
from event e left join receipt r on r.stream = e.stream and r.command_id = e.command_id
where length(e.bound) > 64 or (e.bound is null and e.kind = 'submitted' and e.seq = 1) order by e.stream, e.seq
"""
"""SQL: the events whose `bound` has more commitments than the epoch's: that one alone has 64 characters.

Also an older filing's first event, which has no commitments: if it can be decrypted, the filing's key is right.
"""

_ERASED: Final = """
select body from event where stream = $1 and kind = 'erased'
    and seq = (select head_seq from stream where stream = $1)
"""
_APPROVED: Final = """
select exists (
    select from erasure join erasure_deed as asking on asking.n = request
        join erasure_deed as answer on answer.asked = asking.n and answer.deed = 'approve'
    where request = $1 and filing_id = $2 and asking.officer = $3 and answer.officer = $4 and $3 <> $4
)
"""


class Unbound(NamedTuple):
    """An event whose commitment does not match the stored key or receipt (`row`); `why`: the fault, in words."""

    stream: str
    seq: int
    row: str
    why: str


async def unbound(connection: Connection, vault: Vault) -> list[Unbound]:
    """Returns every key and receipt that differs from its commitment in an event, at most `MOST`, as of one moment.

    Not checked: receipts of a filing with a wrong key, since the check needs the right key; and filings whose erasure
    was approved, since their keys were deleted.
    """
    found: list[Unbound] = []
    wrong: set[UUID] = set()
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        cursor = await connection.cursor(_BINDING)
        while (rows := await cursor.fetch(BATCH)) and len(found) < MOST:
            await vault.learn(connection, {row["filing_id"] for row in rows})
            for row in rows:
                if (filing := row["filing_id"]) not in wrong:
                    key = vault.known(filing)
                    broken = list(_broken(row, key)) if key else await _not_known(connection, vault, row)
                    wrong.update(filing for what, _ in broken if what == "key")
                    found += [Unbound(row["stream"], row["seq"], *one) for one in broken]
    return found[:MOST]


async def _not_known(connection: Connection, vault: Vault, row: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Returns the faults of a row whose filing's key the vault could not load; none after an approved erasure."""
    try:
        key = await vault.find(connection, row["filing_id"])
    except SealBrokenError:
        return [("key", "it can't be unwrapped: it was changed, or another master key wrapped it")]
    if key is not None:
        return list(_broken(row, key))
    if (erased := await connection.fetchval(_ERASED, row["stream"])) is None:
        return [("key", "it is not there")]
    with suppress(ValidationError):
        said = Erased.model_validate_json(erased)
        if await connection.fetchval(_APPROVED, said.request, row["filing_id"], said.asked_by, said.approved_by):
            return []
    return [("key", "it is not there, and no two officers have asked that it be erased")]


def _broken(row: Mapping[str, Any], key: FilingKey) -> Iterator[tuple[str, str]]:
    if row["bound"] is None:
        try:
            key.unseal(row["sealed"] or b"", f"{row['stream']}\n{row['seq']}")
        except SealBrokenError:
            yield "key", "it does not open what is sealed"
        return
    try:
        bound = Bound.model_validate_json(row["bound"])
    except ValidationError:  # the verifier's rule `bound` reports it
        return
    if bound.key is not None and not compare_digest(bound.key, key_commitment(key.secret)):
        yield "key", "it is another one"
        return
    if bound.receipt is not None and row["digest"] is not None:
        made = receipt_binding(key.secret, row["stream"], row["command_id"], row["digest"])
        if not compare_digest(bound.receipt, made):
            yield "receipt", "its digest is another one"
