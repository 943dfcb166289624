"""Judges whether a certificate was good at a moment: its chain to a configured root, its dates, purpose, revocation."""

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
"""The rule for each error of the library; the first match counts."""

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
    """A judged certificate. `rule`: why it is not reliable, or None; `chain`: from the root to the certificate.

    `context` is the library's context in which the chain was built, before any request about revocation.
    """

    rule: str | None
    chain: tuple[x509.Certificate, ...] = ()
    answers: Answers = NOTHING
    context: ValidationContext | None = None


def roots_in(file: bytes) -> tuple[bytes, ...]:
    """Returns the certificates of a PEM file in DER. Raises `ValueError` if the file contains anything else."""
    found = [(kind, der) for kind, _, der in pem.unarmor(file, multiple=True)]
    if any(kind != "CERTIFICATE" or not x509.Certificate.load(der, strict=True).ca for kind, der in found):
        raise ValueError("only certificates of authorities may be roots")
    return tuple(der for _, der in found)


class Trust:
    """The roots, the source of revocation answers, and the policy. Without roots no certificate can be judged."""

    def __init__(self, roots: Sequence[x509.Certificate], asking: Asking, policy: Policy = POLICY) -> None:
        self._roots = list(roots)
        self._anchors = [_anchor(root) for root in roots]
        self._asking = asking
        self.policy = policy

    def offline(self) -> "Trust":
        """Returns the same trust without requests to authorities, so that only stored answers count."""
        return Trust(self._roots, Offline(), self.policy)

    def nobody(self) -> "Trust":
        """Returns the same trust without roots, to check properties of a signature that do not depend on its signer."""
        return Trust((), Offline(), self.policy)

    def context(
        self, others: Sequence[x509.Certificate], moment: datetime, answers: Answers | None = None
    ) -> ValidationContext:
        """Returns the library's context. The context sends no requests; without `answers` it ignores revocation."""
        return ValidationContext(
            trust_roots=self._anchors,
            other_certs=others,
            moment=moment,
            ocsps=answers.ocsps if answers else (),
            crls=answers.crls if answers else (),
            revocation_mode="soft-fail" if answers is None else "require",
            retroactive_revinfo=True,  # a present statement about the past counts for the past
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
        """Returns the standing of `certificate` at `moment`.

        `others` may be intermediates to a root; `kept` are stored answers. Addresses named in the chain are contacted
        only if its signatures lead to a root.
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
        """Returns `standing`, with a `rule` if the library rejects the signature.

        `digest` is the digest of a detached signature's content; None if the signature contains its content.
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
            if isinstance(error.__context__, InvalidSignature):  # a root's name with another key
                return (), "certificate_foreign"
            return (), next(rule for kind, rule in _RULES.items() if isinstance(error, kind))
        return path, self.policy.unfit(path, purpose)


def _anchor(root: x509.Certificate) -> CertTrustAnchor:
    """Returns a root as trust anchor, with the expiry, path length and names to which its own certificate limits it."""
    told = derive_quals_from_cert(root).standard_parameters
    names = told and PKIXValidationParams(
        initial_permitted_subtrees=told.initial_permitted_subtrees,
        initial_excluded_subtrees=told.initial_excluded_subtrees,
    )
    longest = root.max_path_length
    return CertTrustAnchor(root, TrustQualifiers(names, longest, longest, valid_until=root.not_valid_after))
