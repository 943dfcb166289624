"""The sandbox trust: a certification authority for tests and trials, with revocation, time-stamps and remote signing.

Nothing outside a sandbox may trust its root.
"""

from typing import Final

AUTHORITY: Final = "authority"
"""The folder with the keys, inside the data folder."""
ROOT: Final = "root.pem"
"""The file with the root's certificate, in the folder `AUTHORITY`."""
