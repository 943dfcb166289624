"""The sandbox trust: a certification authority for tests and trials, with revocation, time-stamps, a remote signer.

Nothing outside a sandbox may trust its root.
"""

from typing import Final

AUTHORITY: Final = "authority"
"""The folder of the keys, inside the data folder."""
ROOT: Final = "root.pem"
"""The certificate of the root, in that folder."""
