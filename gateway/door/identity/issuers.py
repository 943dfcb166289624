"""The issuers of access tokens, as the setting `MOTCUA_ISSUERS` names them."""

from ipaddress import ip_address
from typing import Annotated, Final, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints, model_validator

from schemas.base import AgencyCode, Key, StrictModel
from schemas.identity.statement import ALL_AGENCIES, Acr

Algorithm = Literal["RS256", "PS256", "ES256", "Ed25519"]
_HOUR: Final = 3600


def secure(address: str) -> str:
    """Returns the address if it is an HTTPS address, or an HTTP address on this machine. Else raises `ValueError`."""
    parts = urlsplit(address)
    if not parts.hostname or parts.username is not None or parts.fragment:
        raise ValueError("this is no address")
    if parts.scheme != "https" and not (parts.scheme == "http" and _is_here(parts.hostname)):
        raise ValueError("an issuer is reached by https, or by http at a loopback address")
    return address


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


Address = Annotated[str, StringConstraints(max_length=500), AfterValidator(secure)]
ShortName = Annotated[str, StringConstraints(max_length=16, pattern=r"^[a-z][a-z0-9-]{0,15}$")]
ClaimName = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class Issuer(StrictModel):
    """An issuer of access tokens: the identity provider of an agency, of citizens, or of programs.

    Attributes:
        issuer: The `iss` of its tokens, compared exactly.
        audience: The name that it gives this installation in `aud`.
        algorithms: The algorithms with which it signs.
        jwks: The address of its keys; None for the one that its discovery document names.
        keys_hours: The hours for which its last known keys count while they can't be fetched again.
        officers: The agencies whose officers have accounts there, `*` for all agencies.
        applicants: Whether applicants have accounts there.
        programs: Whether programs get tokens of their own there, by client credentials.
        role_claim: The claim with an officer's role.
        agency_claim: The claim with an officer's agency.
        clients: The ids of registered principals, by the `client_id` of their tokens.
        acr: The assurance levels, by its own `acr` values; a value that is not among them counts as "1".
        namespaced: Whether a person's subject is `<name>|<sub>`. At most one issuer may use the directory's
            subjects unchanged.
    """

    model_config = ConfigDict(strict=True)

    issuer: Address
    audience: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    algorithms: tuple[Algorithm, ...] = Field(min_length=1)
    jwks: Address | None = None
    keys_hours: int = Field(default=24, ge=1, le=168)
    officers: tuple[AgencyCode | Literal["*"], ...] = ()
    applicants: bool = False
    programs: bool = False
    role_claim: ClaimName = "role"
    agency_claim: ClaimName = "agency"
    clients: dict[Annotated[str, StringConstraints(min_length=1, max_length=200)], Key] = Field(min_length=1)
    acr: dict[str, Acr] = Field(default_factory=dict)
    namespaced: bool = True

    @property
    def longest(self) -> float:
        """The seconds for which its keys may be used without being fetched again."""
        return float(self.keys_hours * _HOUR)

    @property
    def has_persons(self) -> bool:
        """Whether persons have accounts there."""
        return self.applicants or bool(self.officers)

    def has_officers_of(self, agency: str) -> bool:
        """Returns whether officers of this agency have accounts there."""
        return agency in self.officers or ALL_AGENCIES in self.officers

    @model_validator(mode="after")
    def _of_somebody(self) -> "Issuer":
        if not (self.has_persons or self.programs):
            raise ValueError("an issuer has accounts of `officers`, `applicants` or `programs`")
        return self


def _apart(issuers: dict[str, Issuer]) -> dict[str, Issuer]:
    if len({one.issuer for one in issuers.values()}) < len(issuers):
        raise ValueError("each issuer is named once")
    if sum(not one.namespaced for one in issuers.values()) > 1:
        raise ValueError("only one issuer may name subjects without its name before them")
    return issuers


ConfiguredIssuers = Annotated[dict[ShortName, Issuer], AfterValidator(_apart)]
"""The issuers by their short names; the subjects of a namespaced issuer begin with its name."""
