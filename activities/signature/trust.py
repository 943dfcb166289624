"""Whether a certificate was good at a moment: its chain to a configured root, dates, purpose and revocation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Literal

from asn1crypto import pem, x509
from cryptography.exceptions import InvalidSignature
from pyhanko_certvalidator import CertificateValidator, ValidationContext
from pyhanko_certvalidator import errors as wrong

from activities.signature.revocation import NOTHING, Answers, Asking, Offline, ask_all, of_old

Purpose = Literal["signing", "time_stamping"]

_RULES: Final[Mapping[type[Exception], str]] = {
    wrong.PathBuildingError: "certificate_foreign",
    wrong.RevokedError: "certificate_revoked",
    wrong.ExpiredError: "certificate_expired",
    wrong.NotYetValidError: "certificate_not_yet_valid",
    wrong.InsufficientRevinfoError: "revocation_unknown",
    wrong.ValidationError: "certificate_unsuitable",
}
"""What an error of the library means; the first that fits."""

UNDETERMINED: Final = frozenset(
    {
        "no_trust_roots",
        "revocation_unknown",
        "signature_check_failed",
        "signature_check_too_slow",
        "signer_not_named",
        "timestamp_unknown",
    }
)
"""The rules that an officer decides about."""


@dataclass(frozen=True)
class Standing:
    """What is known of a certificate. `rule`: why it can't be relied on; none if it can. `chain` begins at the root."""

    rule: str | None
    chain: tuple[x509.Certificate, ...] = ()
    answers: Answers = NOTHING


def roots_in(file: bytes) -> tuple[bytes, ...]:
    """The certificates of a PEM file, DER; at least one. Raises `ValueError` for a file that holds anything else."""
    found = [(kind, der) for kind, _, der in pem.unarmor(file, multiple=True)]
    if any(kind != "CERTIFICATE" or not x509.Certificate.load(der, strict=True).ca for kind, der in found):
        raise ValueError("only certificates of authorities may be roots")
    return tuple(der for _, der in found)


class Trust:
    """The configured roots, and whoever is asked about revocation. Without roots nothing is known of anybody."""

    def __init__(self, roots: Sequence[x509.Certificate], asking: Asking) -> None:
        self._roots = list(roots)
        self._asking = asking

    def offline(self) -> Trust:
        """The same roots, and nobody to ask: only what was kept counts."""
        return Trust(self._roots, Offline())

    def context(
        self, others: Sequence[x509.Certificate], moment: datetime, answers: Answers | None = None
    ) -> ValidationContext:
        """The library's view: it asks nobody, and without `answers` it takes no revocation into account."""
        return ValidationContext(
            trust_roots=self._roots,
            other_certs=others,
            moment=moment,
            ocsps=answers.ocsps if answers else (),
            crls=answers.crls if answers else (),
            revocation_mode="soft-fail" if answers is None else "require",
            retroactive_revinfo=True,  # what is said today of the past counts for the past
        )

    async def vouch(
        self,
        certificate: x509.Certificate,
        others: Sequence[x509.Certificate],
        purpose: Purpose,
        moment: datetime,
        kept: Answers,
    ) -> Standing:
        """How `certificate` stood at `moment`. `others` may lie between it and a root, `kept` are answers of old.

        Addresses out of the chain are asked only once its signatures led to a root of ours.
        """
        if not self._roots:
            return Standing("no_trust_roots")
        chain, rule = await self._path(certificate, others, purpose, self.context(others, moment))
        if rule is not None:
            return Standing(rule, chain)
        answers = await ask_all(self._asking, chain, kept, moment)
        _, rule = await self._path(certificate, others, purpose, self.context(others, moment, answers))
        old = of_old(answers, chain, kept, moment) if rule == "revocation_unknown" else NOTHING
        if old != NOTHING:
            answers += old
            _, rule = await self._path(certificate, others, purpose, self.context(others, moment, answers))
        return replace(Standing(rule, chain), answers=answers)

    async def _path(
        self,
        certificate: x509.Certificate,
        others: Sequence[x509.Certificate],
        purpose: Purpose,
        context: ValidationContext,
    ) -> tuple[tuple[x509.Certificate, ...], str | None]:
        validator = CertificateValidator(certificate, others, context)
        try:
            if purpose == "signing":
                path = await validator.async_validate_usage(set())
            else:
                path = await validator.async_validate_usage(set(), {"time_stamping"})
        except (wrong.ValidationError, wrong.PathError) as error:
            return (), _rule(error)
        if purpose == "signing" and not _may_sign(certificate):
            return tuple(path), "certificate_unsuitable"
        return tuple(path), None


def _rule(error: Exception) -> str:
    if isinstance(error.__context__, InvalidSignature):  # a root's name, and somebody else's key
        return "certificate_foreign"
    return next(rule for kind, rule in _RULES.items() if isinstance(error, kind))


def _may_sign(certificate: x509.Certificate) -> bool:
    usage = certificate.key_usage_value
    return usage is not None and bool({"digital_signature", "non_repudiation"} & usage.native)
