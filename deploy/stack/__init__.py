"""The whole platform on one machine: `async with Stack() as stack:`, or `up` until Ctrl-C.

A part learns its addresses from its environment (`MOTCUA_*`, `TEMPORAL_ADDRESS`, `TEMPORAL_NAMESPACE`) and sees only
those it needs. The worker and the back office say that they are ready by creating the file named in
`MOTCUA_READY_FILE`, and serve metrics at `MOTCUA_METRICS`; the others are asked on their port. `.motcua/run/env` holds
all addresses while the stack is up, `.motcua/run/<part>.pid` who runs, `.motcua/log/<part>.log` what they say.

Run by root, it adds the system user `embedded_postgres` and lets it pass through the folders that lead to the data.
"""

from deploy.stack.part import StackError
from deploy.stack.parts import PARTS
from deploy.stack.stack import Stack, up

__all__ = ["PARTS", "Stack", "StackError", "up"]
