"""An agency's seal on its official papers."""

from datetime import datetime

from activities.ledger.database import Pool, acquired
from activities.partners.signer import Signer
from activities.printing.relay import SealRefusedError
from activities.results.entry import signers_of
from activities.signature.certificate_subject import Identity
from activities.signature.official import SEAL, SignatureField, UnfitCertificateError, sign_official, with_fields
from activities.signature.signing import Lasting, Person
from schemas.base import AgencyCode
from schemas.result.state import SigningPlace
from schemas.stream.ledger import About


class AgencySeal:
    """Applies agencies' seals, by the remote signer, to papers issued automatically; none without `lasting`."""

    def __init__(self, pool: Pool, signer: Signer, lasting: Lasting | None) -> None:
        self._pool = pool
        self._signer = signer
        self._lasting = lasting

    async def put_on(self, agency: AgencyCode, paper: bytes, at: datetime, about: About) -> bytes | None:
        """Returns the paper about an event with the agency's seal, as of `at`; None if the agency has no seal.

        Raises `SealRefusedError` until an unfit certificate is renewed, and the other errors of `sign_official`.
        """
        if self._lasting is None:
            return None
        async with acquired(self._pool) as connection:
            signers = await signers_of(connection, agency)
            known = await connection.fetchrow("select name_vi, seal from agency where agency = $1", agency)
        seals = [Identity(one.holder.value, one.number) for one in signers if one.place is SigningPlace.SEAL]
        if known is None or not (known["seal"] or seals):
            return None
        person = Person(Identity("organisation", known["seal"]) if known["seal"] else seals[0], known["name_vi"])
        ready = with_fields(paper, [SignatureField(SEAL)])
        try:
            return await sign_official(ready, SEAL, self._signer, person, self._lasting, last=False, at=at, order=about)
        except UnfitCertificateError as error:
            if error.passing:
                raise
            raise SealRefusedError(error.rule) from None
