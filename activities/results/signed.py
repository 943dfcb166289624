"""Decides whether a file may be issued as it is: whether the agency's own officers or its seal have signed it."""

import base64
from hashlib import sha256
from time import monotonic
from typing import Final

from asn1crypto import x509
from temporalio.exceptions import ApplicationError

from activities.ledger.database import Pool, acquired
from activities.signature.certificate_subject import Identity, SubjectRules, identities
from activities.signature.signing import Lasting
from activities.signature.verified import UNSIGNED, verify_official
from schemas.signature import SignatureVerdict

NOT_SIGNED: Final = "result_not_signed"
_REMEMBERED: Final = 60.0
"""The seconds for which a file's verdict is not repeated: the same file is confirmed again after every fault."""


class SignedFiles:
    """Verifies files of results that nobody will sign any more. `lasting` is None where no trust is set up."""

    def __init__(self, pool: Pool, lasting: Lasting | None) -> None:
        self._pool = pool
        self._lasting = lasting
        self._good = dict[bytes, tuple[float, SignatureVerdict]]()

    async def fault(self, agency: str, file: bytes) -> str | None:
        """Returns the rule by which the agency can't issue this file; None if the agency has signed it validly.

        All signatures have to be valid and lasting, as for `motcua result verify`, and one has to be of an officer or
        of the seal whose number the directory has. Raises `ApplicationError` if an authority does not answer.
        """
        if self._lasting is None:
            return "not_set_up"
        async with acquired(self._pool) as connection:
            rows = await connection.fetch(_OWN, agency)
        verdict = await self._verdict(file, self._lasting)
        if rules := [problem.rule for problem in verdict.problems]:
            if rules[0] == "revocation_unknown":
                raise ApplicationError(f"the file is not verified yet: {rules[0]}", type=rules[0])
            return NOT_SIGNED if rules[0] in UNSIGNED else rules[0]
        own = {Identity(row["holder"], row["number"]) for row in rows}
        return None if own & _hands(verdict, self._lasting.subjects) else "signer_is_other"

    async def _verdict(self, file: bytes, lasting: Lasting) -> SignatureVerdict:
        digest, now = sha256(file).digest(), monotonic()
        self._good = {known: one for known, one in self._good.items() if one[0] > now}
        if digest in self._good:
            return self._good[digest][1]
        verdict = await verify_official(file, lasting.trust, subjects=lasting.subjects)
        if not verdict.problems:
            self._good[digest] = now + _REMEMBERED, verdict
        return verdict


def _hands(verdict: SignatureVerdict, subjects: SubjectRules) -> frozenset[Identity]:
    """Returns the holders who signed the file; not the authorities of its time-stamps."""
    signers = (x509.Certificate.load(base64.b64decode(one.certificates[-1])) for one in verdict.evidence if one.field)
    return frozenset[Identity]().union(*(identities(signer, subjects) for signer in signers))


_OWN: Final = """
select 'organisation' as holder, seal as number from agency where agency = $1 and seal is not null
union all select coalesce(one ->> 'holder', 'person'), one ->> 'number'
from agency, jsonb_array_elements(signing) as one where agency = $1
union all select 'person', number from officer where agency = $1 and active and number is not null
"""
"""The agency's seal, its signers and its other officers, as far as the directory has their numbers."""
