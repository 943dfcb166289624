"""Settings of the platform's processes, from environment variables: `MOTCUA_*`; those for Temporal are `TEMPORAL_*`."""

from base64 import b64decode
from enum import StrEnum
from ipaddress import ip_address
from typing import Annotated, TypeAlias
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, Json, SecretStr, ValidationInfo, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from activities.keys.masters import MasterKeys, master_keys
from activities.ledger.authority.budgets import Budget
from activities.partners.money.merchants import Merchants
from activities.partners.postal import Contract
from activities.signature.certificate_subject import SubjectRules
from activities.signature.policy import Policy
from motcua.connection import configured_address, is_loopback
from schemas.identity.statement import UNNAMED, PrincipalKind, audience
from workers.build import own_build
from workers.database_hosts import is_here

SHORTEST_KEY = 32
"""The minimum number of bytes of the key that signs addresses of files."""

SANDBOX_KEY = "sandbox"
"""Both our key and our secret at the sandbox's postal service."""

TextOrNone: TypeAlias = Annotated[str | None, AfterValidator(lambda value: value or None)]
"""A setting that counts as not set if it is empty."""


class ProcessSettings(BaseSettings):
    """Settings that every process of the platform has."""

    model_config = SettingsConfigDict(env_prefix="MOTCUA_", hide_input_in_errors=True)

    metrics: str | None = Field(default=None, description="where metrics are served, as IP address and port")
    traces: str | None = Field(default=None, description="the collector that gets traces by OTLP: http://host:4318")

    @field_validator("metrics")
    @classmethod
    def _is_an_address(cls, value: str | None) -> str | None:
        if not value:
            return None
        try:
            parts = urlsplit(f"//{value}")
            ip_address(parts.hostname or "")
            port = parts.port
        except ValueError:
            port = None
        if not port:
            raise ValueError("metrics are served at an IP address and a port, such as 127.0.0.1:9464")
        return value


class RecordSettings(ProcessSettings):
    """Settings of a process that writes to the record. Secrets are never shown in a repr."""

    database_url: SecretStr = Field(description="PostgreSQL, as the application role")
    vault_token_file: str | None = Field(default=None, description="file with the token for Vault")
    master_key: SecretStr = Field(
        description="wraps the keys of filings: base64 of 32 bytes, or vault:https://<host>/<mount>/<key>"
    )
    other_master_key: SecretStr | None = Field(default=None, description="another one, which only opens")
    pool_size: int = Field(default=10, ge=1)
    ready_file: str | None = None

    @field_validator("master_key", "other_master_key")
    @classmethod
    def _is_a_key(cls, value: SecretStr | None, said: ValidationInfo) -> SecretStr | None:
        if value is not None and (value.get_secret_value() or said.field_name == "master_key"):
            master_keys(value.get_secret_value(), token_file=said.data.get("vault_token_file"))
        return value

    @property
    def master(self) -> MasterKeys:
        """The master keys."""
        other = "" if self.other_master_key is None else self.other_master_key.get_secret_value()
        return master_keys(self.master_key.get_secret_value(), other, self.vault_token_file)


class AddressSettings(ProcessSettings):
    """The key that signs web addresses of files, which the gateway serves from a folder. S3 needs none."""

    files_key: SecretStr | None = Field(
        default=None, description="signs the addresses of files: base64 of 32 bytes or more; worker and gateway"
    )

    @field_validator("files_key")
    @classmethod
    def _is_long(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None or not value.get_secret_value():
            return None
        try:
            long = len(b64decode(value.get_secret_value(), validate=True)) >= SHORTEST_KEY
        except ValueError:
            long = False
        if not long:
            raise ValueError("the key of the addresses of files is base64 of 32 bytes or more")
        return value

    @property
    def key_of_files(self) -> bytes | None:
        """The key in bytes; None if none is set."""
        return None if self.files_key is None else b64decode(self.files_key.get_secret_value())


class FilesSettings(RecordSettings):
    """Further settings of a process that stores files, and checks or makes signatures."""

    objects: str = Field(description="URL of the object store: file:///… or s3://…")
    signature_roots: str | None = Field(default=None, description="PEM file of the authorities that are trusted")
    signature_subjects: Json[SubjectRules] = Field(default="{}", description="how certificates name their holders")  # type: ignore[assignment] # read as what is set
    signature_policy: Json[Policy] = Field(default="{}", description="what signatures must be to count")  # type: ignore[assignment] # read as what is set
    tsa_url: str | None = Field(default=None, description="who time-stamps what is kept of a signature (RFC 3161)")
    signer_url: str | None = Field(
        default=None, description="the remote signer that holds the keys of officers and the agencies' seals"
    )
    tracking_url: str | None = Field(
        default=None, description="address of the page where a filing is followed, with {code} in it"
    )


class CheckpointSettings(ProcessSettings):
    """Settings of checkpoints of the record."""

    checkpoints: TextOrNone = Field(
        default=None, description="URL of the second place, where checkpoints and their tiles lie: file:///… or s3://…"
    )
    checkpoint_key: TextOrNone = Field(default=None, description="file of the key by which checkpoints are signed")
    checkpoint_minutes: int = Field(default=10, ge=1, le=1440, description="how often a checkpoint is made")
    witnesses: TextOrNone = Field(
        default=None, description="file of who cosigns checkpoints, and whose word is needed (C2SP tlog-policy)"
    )
    tsa_url: str | None = Field(default=None, description="who time-stamps what is kept of a signature (RFC 3161)")
    signature_roots: str | None = Field(default=None, description="PEM file of the authorities that are trusted")


class Identity(StrEnum):
    """The setting that decides whether senders must sign their messages."""

    REQUIRED = "required"
    OFF = "off"


class WorkerSettings(FilesSettings, AddressSettings, CheckpointSettings):
    """Settings of the platform worker."""

    identity: Identity = Field(
        default=Identity.REQUIRED,
        description="required: nothing is taken that no registered principal has signed; off, for development: all is",
    )
    installation: str = Field(
        default=UNNAMED, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$", description="what signed statements call us"
    )

    bank_url: str
    post_url: str
    post_contract: Json[Contract] = Field(default="{}", description="what was agreed with the post, and its words")  # type: ignore[assignment] # read as what is set
    post_customer_key: str = Field(default=SANDBOX_KEY, description="the post's customerKey for us")
    post_secret_key: SecretStr = Field(default=SecretStr(SANDBOX_KEY), description="the post's secretKey for us")
    providers: Json[Merchants] = Field(default="{}", description="who takes money, by names of ours; secret")  # type: ignore[arg-type] # read as what is set
    files_url: TextOrNone = Field(default=None, description="where programs reach the gateway that serves the files")
    clamd: TextOrNone = Field(
        default=None, description="path of the socket of the virus scanner clamd; files stay unscanned without"
    )
    budgets: Json[dict[PrincipalKind, Budget]] = Field(default="{}", description="what programs of each kind may send")  # type: ignore[arg-type] # read as what is set
    cached_workflows: int = Field(default=1000, ge=0)
    sandbox: bool = Field(
        default=False,
        description="run workflows in Temporal's sandbox, which finds what is not deterministic, at a price",
    )
    release: bool = Field(default=False, description="hand everything to this build as soon as it works")
    build: str = Field(
        default_factory=own_build,
        pattern=r"^[A-Za-z0-9_-]{1,64}$",
        description="which build of the platform this is; without it a digest of its code",
    )

    @model_validator(mode="after")
    def _off_on_one_machine_alone(self) -> "WorkerSettings":
        here = is_here(self.database_url.get_secret_value())
        if self.identity is Identity.OFF and not (here and is_loopback(configured_address())):
            raise ValueError("MOTCUA_IDENTITY=off is for development, with Temporal and PostgreSQL on this machine")
        return self

    @property
    def audience(self) -> str:
        """The audience that a statement for this installation must name."""
        return audience(self.installation)


class RelaySettings(FilesSettings):
    """Settings of the relay of official papers."""

    receipts_url: str | None = Field(
        default=None, description="the service that numbers the receipts of agencies that have no series of their own"
    )
    receipts_secret: SecretStr = Field(default=SecretStr(""), description="what that service knows us by")
