"""Who claimed an event: the statement that is sealed with it, opened, and held against its key and the log."""

from __future__ import annotations

import json
from typing import Final, NamedTuple

from activities.ledger.principals import principals
from activities.ledger.vault import Vault
from operations.owner import Connection
from rules.identity.signature import is_signed
from schemas.identity import IdentityStatement, PrincipalKey, signed
from views.log import SealBrokenError


class Claimed(NamedTuple):
    """What a program claimed of an event, and whether it can be proved.

    Attributes:
        seq: The first event of the command, which keeps the statement.
        text: The statement as it came, for whoever would verify it.
        key: As the register has it now; None where it does not.
        same: It has the digest that stands in the log.
        by_key: That key has signed it.
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
        """Whether just this was signed by that key."""
        return self.same and self.by_key


async def claimed(connection: Connection, stream: str, seq: int, vault: Vault) -> Claimed | None:
    """Who claimed the command of this event; None where nobody had to, or there is no such event.

    Raises `SealBrokenError` where it can't be opened, as of a filing whose key is gone.
    """
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
"""Slashes in the `via` of what was signed."""
_FIRST: Final = """
select seq, via, filing_id, sealed from event
where stream = $1 and command_id = (select command_id from event where stream = $1 and seq = $2) order by seq limit 1
"""
