"""The signer of an event: decrypts the statement stored with the event, and verifies it with its key and the log."""

import json
from typing import Final, NamedTuple

from activities.ledger.authority.principals import principals
from activities.ledger.vault import Vault
from console.connecting import Connection
from rules.identity.statements import is_signed
from schemas.identity.statement import IdentityStatement, PrincipalKey, signed
from views.log import SealBrokenError


class Claimed(NamedTuple):
    """A program's signed statement about an event, and whether it is proved.

    Attributes:
        seq: The first event of the command, which has the statement.
        text: The statement as received, for verification by others.
        key: The register's present entry of the signing key; None if there is none.
        same: Whether the statement's digest is the one in the log.
        by_key: Whether the statement is signed by `key`.
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
        """Whether the statement is the one in the log and is signed by that key."""
        return self.same and self.by_key


async def claimed(connection: Connection, stream: str, seq: int, vault: Vault) -> Claimed | None:
    """Returns the statement about this event's command; None if the command was not signed, or there is no such event.

    Raises `SealBrokenError` if it can't be decrypted, for example when the filing's key is gone.
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
"""The number of slashes in the `via` of a signed event."""
_FIRST: Final = """
select seq, via, filing_id, sealed from event
where stream = $1 and command_id = (select command_id from event where stream = $1 and seq = $2) order by seq limit 1
"""
