"""The sandbox trust: a certification authority for trying things out, with revocation, time-stamps and a remote signer.

Nothing outside a sandbox may be told to trust its root.
"""

from typing import Final

AUTHORITY: Final = "authority"
"""The folder of the keys, in that of the data."""
ROOT: Final = "root.pem"
"""The certificate of the root, in that folder."""
