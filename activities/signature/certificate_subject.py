"""The holder of a certificate, in the form in which Vietnamese authorities write it in the certificate's subject."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from asn1crypto import x509

Kind = Literal["person", "organisation"]
USER_ID: Final = "0.9.2342.19200300.100.1.1"


@dataclass(frozen=True)
class Identity:
    """A person, identified by the number of the identity card, or an organisation, identified by its tax code."""

    kind: Kind
    number: str


@dataclass(frozen=True)
class SubjectRules:
    """The subject's attribute with the number, and the number's prefixes. Settings, since both are unconfirmed."""

    attribute: str = USER_ID
    prefixes: Mapping[str, Kind] = field(
        default_factory=lambda: {"CCCD:": "person", "CMND:": "person", "MST:": "organisation"}
    )


def identities(certificate: x509.Certificate, rules: SubjectRules) -> frozenset[Identity]:
    """Returns all holders whose number the subject contains in the format of the rules; empty if there are none."""
    values = list(_values(certificate, rules.attribute))
    found = ((prefix, kind, value) for value in values for prefix, kind in rules.prefixes.items())
    return frozenset(
        Identity(kind, value[len(prefix) :].strip()) for prefix, kind, value in found if value.startswith(prefix)
    )


def misnamed(
    certificate: x509.Certificate,
    rules: SubjectRules,
    anyone_of: Collection[Identity] | None = None,
    kind: Kind | None = None,
) -> str | None:
    """Returns the broken rule; None if the certificate names exactly one holder, of the `kind`, and in `anyone_of`."""
    named = identities(certificate, rules)
    if len([*_values(certificate, rules.attribute)]) > 1:
        return "signer_ambiguous"  # the other number may be another person's
    if not named:
        return "signer_not_named"
    if kind is not None and {one.kind for one in named} != {kind}:
        return "signer_of_other_kind"
    return "signer_is_other" if anyone_of is not None and not named & {*anyone_of} else None


def _values(certificate: x509.Certificate, attribute: str) -> Iterator[str]:
    for relative in certificate.subject.chosen:
        for part in relative:
            if part["type"].dotted == attribute and isinstance(part["value"].native, str):
                yield part["value"].native
