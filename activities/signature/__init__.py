"""The applicant's signature: checked against configured roots, and made through a remote signer.

The underlying libraries do not log, since their messages name the subjects of certificates, who are people.
"""

import logging

for _library in ("pyhanko", "pyhanko_certvalidator"):
    logging.getLogger(_library).setLevel(logging.CRITICAL + 1)
