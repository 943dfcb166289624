"""Whether a certificate was good at a moment: its chain to a configured root, dates, purpose and revocation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from asn1crypto import cms, pem, x509
from cryptography.exceptions import InvalidSignature
from pyhanko.sign.ades.report import AdESIndeterminate
from pyhanko.sign.validation.generic_cms import cms_basic_validation
from pyhanko_certvalidator import CertificateValidator, ValidationContext
from pyhanko_certvalidator import errors as wrong
from pyhanko_certvalidator.authority import CertTrustAnchor, TrustQualifiers, derive_quals_from_cert
from pyhanko_certvalidator.policy_decl import PKIXValidationParams

from activities.signature.policy import POLICY, Policy, Purpose, Strict
from activities.signature.revocation import NOTHING, Answers, Asking, Offline, ask_all, of_old

_RULES: Final[Mapping[type[Exception], str]] = {
    wrong.PathBuildingError: "certificate_foreign",
    wrong.DisallowedAlgorithmError: "certificate_weak",
    wrong.RevokedError: "certificate_revoked",
    wrong.ExpiredError: "certificate_expired",
    wrong.NotYetValidError: "certificate_not_yet_valid",
    wrong.InsufficientRevinfoError: "revocation_unknown",
    wrong.ValidationError: "certificate_unsuitable",
}
"""What an error of the library means; the first that fits."""

UNDETERMINED: Final = frozenset(
    {
        "no_seal",
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
    """What is known of a certificate. `rule`: why it can't be relied on; none if it can. `chain` begins at the root.

    `context` is what the library had been given when it found the chain, before anybody was asked about revocation.
    """

    rule: str | None
    chain: tuple[x509.Certificate, ...] = ()
    answers: Answers = NOTHING
    context: ValidationContext | None = None


def roots_in(file: bytes) -> tuple[bytes, ...]:
    """The certificates of a PEM file, DER; at least one. Raises `ValueError` for a file that holds anything else."""
    found = [(kind, der) for kind, _, der in pem.unarmor(file, multiple=True)]
    if any(kind != "CERTIFICATE" or not x509.Certificate.load(der, strict=True).ca for kind, der in found):
        raise ValueError("only certificates of authorities may be roots")
    return tuple(der for _, der in found)


class Trust:
    """The configured roots, whoever is asked about revocation, and what all must satisfy.

    Without roots nothing is known of anybody.
    """

    def __init__(self, roots: Sequence[x509.Certificate], asking: Asking, policy: Policy = POLICY) -> None:
        self._roots = list(roots)
        self._anchors = [_anchor(root) for root in roots]
        self._asking = asking
        self.policy = policy

    def offline(self) -> Trust:
        """The same roots, and nobody to ask: only what was kept counts."""
        return Trust(self._roots, Offline(), self.policy)

    def nobody(self) -> Trust:
        """The same policy, and no roots: for what a signature is by itself, whoever made it."""
        return Trust((), Offline(), self.policy)

    def context(
        self, others: Sequence[x509.Certificate], moment: datetime, answers: Answers | None = None
    ) -> ValidationContext:
        """The library's view: it asks nobody, and without `answers` it takes no revocation into account."""
        return ValidationContext(
            trust_roots=self._anchors,
            other_certs=others,
            moment=moment,
            ocsps=answers.ocsps if answers else (),
            crls=answers.crls if answers else (),
            revocation_mode="soft-fail" if answers is None else "require",
            retroactive_revinfo=True,  # what is said today of the past counts for the past
            algorithm_usage_policy=self.policy,
            signature_validator=Strict(self.policy),
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
        context = self.context(others, moment)
        chain, rule = await self._path(certificate, others, purpose, context)
        if rule is not None:
            return Standing(rule, chain)
        answers = await ask_all(self._asking, chain, kept, moment)
        _, rule = await self._path(certificate, others, purpose, self.context(others, moment, answers))
        old = of_old(answers, chain, kept, moment) if rule == "revocation_unknown" else NOTHING
        if old != NOTHING:
            answers += old
            _, rule = await self._path(certificate, others, purpose, self.context(others, moment, answers))
        return Standing(rule, chain, answers, context)

    async def vouch_for(
        self, signed: cms.SignedData, digest: bytes | None, purpose: Purpose, standing: Standing
    ) -> Standing:
        """The `standing` of who made the signature in `signed`, unless the library judges otherwise of all together.

        `digest` is that of what lies outside of it.
        """
        if standing.rule is not None:
            return standing
        seen = await cms_basic_validation(
            signed,
            raw_digest=digest,
            validation_context=standing.context,
            key_usage_settings=self.policy.constraints(purpose),
        )
        problem = seen["trust_problem_indic"]
        if problem is None and seen["intact"] and seen["valid"] and seen["validation_path"] is not None:
            return standing
        weak = problem is AdESIndeterminate.CRYPTO_CONSTRAINTS_FAILURE
        return replace(standing, rule="certificate_weak" if weak else "certificate_unsuitable")

    async def _path(
        self,
        certificate: x509.Certificate,
        others: Sequence[x509.Certificate],
        purpose: Purpose,
        context: ValidationContext,
    ) -> tuple[tuple[x509.Certificate, ...], str | None]:
        validator = CertificateValidator(certificate, others, context)
        try:
            path = tuple(await validator.async_validate_path())
        except (wrong.ValidationError, wrong.PathError) as error:
            return (), _rule(error)
        return path, self.policy.unfit(path, purpose)


def _anchor(root: x509.Certificate) -> CertTrustAnchor:
    """A root with the end, the length of paths and the names that its own certificate sets."""
    told = derive_quals_from_cert(root).standard_parameters
    names = told and PKIXValidationParams(
        initial_permitted_subtrees=told.initial_permitted_subtrees,
        initial_excluded_subtrees=told.initial_excluded_subtrees,
    )
    longest = root.max_path_length
    return CertTrustAnchor(root, TrustQualifiers(names, longest, longest, valid_until=root.not_valid_after))


def _rule(error: Exception) -> str:
    if isinstance(error.__context__, InvalidSignature):  # a root's name, and somebody else's key
        return "certificate_foreign"
    return next(rule for kind, rule in _RULES.items() if isinstance(error, kind))
