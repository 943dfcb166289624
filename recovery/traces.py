"""The trace of a restart in the record: an event of the filing's `restarts` stream (docs/ledger.md).

If an epoch was raised without a trace, it was raised without authority.
"""

import hashlib
from typing import Final
from uuid import UUID, uuid4

from activities.ledger import beside
from schemas.ids import canonical, event_id, restarts_stream
from schemas.people import SYSTEM
from schemas.stream.restart import Restarted
from views.log import Connection

_VIA: Final = "motcua/restart"


async def leave_trace(connection: Connection, filing: UUID, agency: str, stream: str, epoch: int) -> None:
    """Records, in the caller's transaction, that a stream of a filing continues under this epoch."""
    traces, command_id, said = restarts_stream(filing), str(uuid4()), Restarted(stream=stream, epoch=epoch)
    body = canonical(said.model_dump(mode="json", exclude={"kind"}))
    head = (await beside.heads(connection, [(traces, filing, agency)]))[traces]
    seq = head["head_seq"] + 1
    event = {
        "stream": traces,
        "seq": seq,
        "event_id": event_id(traces, command_id, 0),
        "filing_id": filing,
        "agency": head["agency"],
        "kind": said.kind,
        "version": 1,
        "body": body,
        "sealed": None,
        "key_id": None,
        "command_id": command_id,
        "actor": canonical(SYSTEM.model_dump(mode="json", exclude_none=True)),
        "via": _VIA,
        "occurred_at": head["now"],
    }
    await beside.append(connection, head, [event], hashlib.sha256(body).hexdigest())
