"""Decides whether a file may be issued as it is: whether the agency's own officers or its seal have signed it."""

import asyncio
import base64
from hashlib import sha256
from time import monotonic
from typing import Final

from asn1crypto import x509
from temporalio.exceptions import ApplicationError

from activities.ledger.database import Pool, acquired
from activities.signature.certificate_subject import Identity, identities
from activities.signature.signing import Lasting
from activities.signature.verified import UNSIGNED, verify_official

NOT_SIGNED: Final = "result_not_signed"
_REMEMBERED: Final = 600.0
"""The seconds for which the signers of a valid file are cached: after a failure, the same file is confirmed again."""

Hands = frozenset[Identity]
"""The holders who signed a file; not the authorities of its time-stamps."""


class SignedFiles:
    """Verifies files of results that nobody will sign any more. `lasting` is None where no trusted roots are set."""

    def __init__(self, pool: Pool, lasting: Lasting | None) -> None:
        self._pool = pool
        self._lasting = lasting
        self._seen = dict[bytes, tuple[float, asyncio.Future[Hands | str]]]()

    async def fault(self, agency: str, file: bytes) -> str | None:
        """Returns the rule that forbids the agency to issue this file; None if the agency has signed it validly.

        All signatures have to be valid and lasting, as for `motcua result verify`, and one has to be of an officer or
        of the seal whose number the directory has. Raises `ApplicationError` if an authority does not answer.
        """
        if self._lasting is None:
            return "not_set_up"
        found = await self._verified(file, self._lasting)
        if isinstance(found, str):
            return found
        async with acquired(self._pool) as connection:
            own = {Identity(row["holder"], row["number"]) for row in await connection.fetch(_OWN, agency)}
        return None if own & found else "signer_is_other"

    async def _verified(self, file: bytes, lasting: Lasting) -> Hands | str:
        """Returns the signers of a valid file, else the rule that the file breaks. Calls for one file share one check.

        The check goes on even if the call that began it is cancelled.
        """
        digest, now = sha256(file).digest(), monotonic()
        while self._seen and next(iter(self._seen.values()))[0] < now:
            del self._seen[next(iter(self._seen))]
        if digest not in self._seen:
            self._seen[digest] = now + _REMEMBERED, asyncio.ensure_future(_look(file, lasting))
        _, look = self._seen[digest]
        try:
            found = await asyncio.shield(look)
        finally:
            if look.done() and (look.cancelled() or look.exception() or isinstance(look.result(), str)):
                self._seen.pop(digest, None)
        return found


async def _look(file: bytes, lasting: Lasting) -> Hands | str:
    verdict = await verify_official(file, lasting.trust, subjects=lasting.subjects)
    if rules := [problem.rule for problem in verdict.problems]:
        if rules[0] == "revocation_unknown":
            raise ApplicationError(f"the file is not verified yet: {rules[0]}", type=rules[0])
        return NOT_SIGNED if rules[0] in UNSIGNED else rules[0]
    signers = (x509.Certificate.load(base64.b64decode(one.certificates[-1])) for one in verdict.evidence if one.field)
    return Hands().union(*(identities(signer, lasting.subjects) for signer in signers))


_OWN: Final = """
select 'organisation' as holder, seal as number from agency where agency = $1 and seal is not null
union all select coalesce(one ->> 'holder', 'person'), one ->> 'number'
from agency, jsonb_array_elements(signing) as one where agency = $1
union all select 'person', number from officer where agency = $1 and active and number is not null
"""
"""The agency's seal, its signers and its other officers, as far as the directory has their numbers."""
