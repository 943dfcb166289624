"""The applicant's signature: checked against configured roots, and made through a remote signer.

The library beneath logs the subjects of certificates, which are people: its log is off.
"""

import logging

for _library in ("pyhanko", "pyhanko_certvalidator"):
    logging.getLogger(_library).setLevel(logging.CRITICAL + 1)
