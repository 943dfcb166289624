"""The applicant's signature: checked against configured roots, and made through a remote signer.

The underlying libraries log the subjects of certificates, which are people, so their log is off.
"""

import logging

for _library in ("pyhanko", "pyhanko_certvalidator"):
    logging.getLogger(_library).setLevel(logging.CRITICAL + 1)
