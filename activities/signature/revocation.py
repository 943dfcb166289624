"""Revocation of certificates: the authority's current answer, or if it gives none, one stored with the signature."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from typing import Final, Protocol

import httpx
from asn1crypto import crl, ocsp, x509
from cryptography import x509 as pyca
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509 import ocsp as pyca_ocsp

LARGEST_ANSWER: Final = 10_000_000
FRESH: Final = timedelta(minutes=5)
"""The maximum age of a stored answer at the judged moment, since answers are requested shortly before signing."""

REMEMBERED: Final = 60.0
"""The seconds for which answers are cached; far less than `FRESH`."""


@dataclass(frozen=True)
class Answers:
    """OCSP answers and CRLs, each in DER. An answer counts only if a key of the chain has signed it."""

    ocsps: tuple[bytes, ...] = ()
    crls: tuple[bytes, ...] = ()

    def __add__(self, other: "Answers") -> "Answers":
        return Answers(self.ocsps + other.ocsps, self.crls + other.crls)

    def about(self, certificate: x509.Certificate, moment: datetime) -> "Answers":
        """Returns only the answers that cover `certificate` and are fresh enough for `moment`."""
        since = moment - FRESH
        ocsps = tuple(one for one in self.ocsps if _ocsp_about(one, certificate, since))
        return Answers(ocsps, tuple(one for one in self.crls if _crl_about(one, certificate, since)))


NOTHING: Final = Answers()


class Asking(Protocol):
    """A source of revocation answers."""

    async def ask(self, certificate: x509.Certificate, issuer: x509.Certificate) -> Answers:
        """Returns the current answers; empty if there are none. Never takes longer than a time limit."""


class Offline:
    """Requests nothing: only the answers stored with the signature count."""

    async def ask(self, certificate: x509.Certificate, issuer: x509.Certificate) -> Answers:  # noqa: ARG002 -- nothing is requested
        return NOTHING


class Responders:
    """Requests answers at the HTTP addresses in the certificate: OCSP first, else a CRL. Takes at most `seconds`.

    This source may be used only for certificates whose chain ends at a configured root, since the certificate names the
    address.
    """

    def __init__(self, client: httpx.AsyncClient, seconds: float = 5.0) -> None:
        self._client = client
        self._seconds = seconds

    async def ask(self, certificate: x509.Certificate, issuer: x509.Certificate) -> Answers:
        found = NOTHING
        try:
            async with asyncio.timeout(self._seconds):
                found = await self._ocsp(certificate, issuer)
                if not _all_good(found):
                    # For a revocation after the judged moment, the library accepts only a CRL.
                    found += await self._crl(certificate)
        except TimeoutError:
            pass  # no answer counts as unknown; the check reports it
        return found

    async def _ocsp(self, certificate: x509.Certificate, issuer: x509.Certificate) -> Answers:
        subject, authority = (pyca.load_der_x509_certificate(one.dump()) for one in (certificate, issuer))
        # SHA-1 identifies the issuer here and protects nothing; every responder supports it (RFC 6960, B.1).
        builder = pyca_ocsp.OCSPRequestBuilder().add_certificate(subject, authority, hashes.SHA1())  # noqa: S303
        question = builder.build().public_bytes(serialization.Encoding.DER)
        for address in certificate.ocsp_urls:
            answer = await self._fetch("POST", address, question)
            if answer is not None and _status(answer) is not None:
                return Answers(ocsps=(answer,))
        return NOTHING

    async def _crl(self, certificate: x509.Certificate) -> Answers:
        for point in certificate.crl_distribution_points:
            answer = await self._fetch("GET", point.url) if point.url else None
            if answer is not None:
                return Answers(crls=(answer,))
        return NOTHING

    async def _fetch(self, method: str, address: str, body: bytes | None = None) -> bytes | None:
        headers = {"content-type": "application/ocsp-request"} if body else None
        found = bytearray()
        try:
            async with self._client.stream(method, address, content=body, headers=headers) as response:
                if not response.is_success:
                    return None
                async for chunk in response.aiter_bytes():
                    found += chunk
                    if len(found) > LARGEST_ANSWER:
                        return None
        except (httpx.HTTPError, httpx.InvalidURL):
            return None
        return bytes(found)


class Remembering:
    """Caches answers about authorities, not about signers, for a minute: many signatures need the same answers."""

    def __init__(self, asking: Asking) -> None:
        self._asking = asking
        self._known: dict[bytes, tuple[float, Answers]] = {}

    async def ask(self, certificate: x509.Certificate, issuer: x509.Certificate) -> Answers:
        purposes = certificate.extended_key_usage_value
        if not (certificate.ca or (purposes is not None and "time_stamping" in purposes.native)):
            return await self._asking.ask(certificate, issuer)
        since, answers = self._known.get(certificate.sha256, (-REMEMBERED, NOTHING))
        if monotonic() - since >= REMEMBERED:
            since, answers = monotonic(), await self._asking.ask(certificate, issuer)
            if answers != NOTHING:
                self._known[certificate.sha256] = since, answers
        return answers


async def ask_all(asking: Asking, chain: Sequence[x509.Certificate], kept: Answers, moment: datetime) -> Answers:
    """Returns answers about each certificate of a chain except the first (the root): new ones, or else those in `kept`.

    A stored answer is not used beside a new answer, so that it can't hide a later revocation.
    """
    pairs = list(zip(chain[1:], chain, strict=False))
    fetched = await asyncio.gather(*(asking.ask(certificate, issuer) for certificate, issuer in pairs))
    found = NOTHING
    for (certificate, _), answers in zip(pairs, fetched, strict=True):
        found += answers if answers != NOTHING else kept.about(certificate, moment)
    return found


def of_old(answers: Answers, chain: Sequence[x509.Certificate], kept: Answers, moment: datetime) -> Answers:
    """Returns the stored answers (`kept`) about those certificates of a chain that the new `answers` call *good*.

    A new answer may be signed with a certificate that did not exist at the judged moment; such an answer does not cover
    that moment.
    """
    if not _all_good(answers):
        return NOTHING
    good = (one for one in chain[1:] if any(_ocsp_about(new, one, moment) for new in answers.ocsps))
    return sum((kept.about(certificate, moment) for certificate in good), NOTHING)


def _all_good(answers: Answers) -> bool:
    return bool(answers.ocsps) and all(_status(one) is pyca_ocsp.OCSPCertStatus.GOOD for one in answers.ocsps)


def _status(answer: bytes) -> pyca_ocsp.OCSPCertStatus | None:
    """Returns the status in an OCSP answer, whose signature is not checked here; None for any other bytes."""
    try:
        return pyca_ocsp.load_der_ocsp_response(answer).certificate_status
    except ValueError:
        return None


def _ocsp_about(data: bytes, certificate: x509.Certificate, since: datetime) -> bool:
    try:
        responses: Iterable[ocsp.SingleResponse] = ocsp.OCSPResponse.load(data).response_data["responses"]
        return any(
            one["cert_id"]["serial_number"].native == certificate.serial_number and one["this_update"].native >= since
            for one in responses
        )
    except (ValueError, TypeError, KeyError):
        return False


def _crl_about(data: bytes, certificate: x509.Certificate, since: datetime) -> bool:
    try:
        tbs = crl.CertificateList.load(data)["tbs_cert_list"]
        return bool(tbs["issuer"].hashable == certificate.issuer.hashable and tbs["this_update"].native >= since)
    except (ValueError, TypeError, KeyError):
        return False
