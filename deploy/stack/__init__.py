"""The whole platform on one machine: `async with Stack() as stack:`, or `up` until Ctrl-C.

A part gets from its environment (`MOTCUA_*`, `TEMPORAL_ADDRESS`, `TEMPORAL_NAMESPACE`) only the addresses that it
needs. The worker and the back office signal that they are ready by creating the file named in
`MOTCUA_READY_FILE`, and serve metrics at `MOTCUA_METRICS`; the others are probed on their port. `.motcua/run/env` has
all addresses while the stack is up, `.motcua/run/<part>.pid` each part's process, `.motcua/log/<part>.log` its log.

If root runs the stack, it adds the system user `embedded_postgres`, and opens the folders above the data to that user.
"""

from deploy.stack.child import StackError
from deploy.stack.parts import PARTS
from deploy.stack.stack import Stack, up

__all__ = ["PARTS", "Stack", "StackError", "up"]
