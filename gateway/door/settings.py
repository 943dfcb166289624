"""Settings of the door, from the environment."""

from pydantic import Field, Json, SecretStr

from activities.ledger.authority.budgets import Budget
from gateway.connections import Connections
from gateway.door.identity.issuers import ConfiguredIssuers
from schemas.identity.statement import UNNAMED, PrincipalKind, audience
from workers.settings import AddressSettings, RecordSettings, TextOrNone


class DoorSettings(RecordSettings, AddressSettings):
    """Settings of the door."""

    database_url: SecretStr = Field(
        validation_alias="MOTCUA_DOOR_DATABASE_URL", description="PostgreSQL, as the door's role"
    )
    issuers: Json[ConfiguredIssuers] = Field(default="{}", description="whose access tokens are taken")  # type: ignore[arg-type] # read as what is set
    installation: str = Field(
        default=UNNAMED, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$", description="what signed statements call us"
    )
    budgets: Json[dict[PrincipalKind, Budget]] = Field(default="{}", description="what programs of each kind may send")  # type: ignore[arg-type] # read as what is set
    objects: str = Field(description="URL of the object store: file:///… or s3://…")
    files_url: TextOrNone = Field(default=None, description="where programs reach the gateway that serves the files")
    door_host: str = Field(default="127.0.0.1", description="address that it listens at")
    door_port: int = Field(default=8090, ge=1, le=65535, description="port that it listens at")
    door_connections: int = Field(default=12_000, ge=1, description="open connections in all")
    door_connections_of_one: int = Field(default=1_000, ge=1, description="open connections of one peer address")
    door_head_seconds: float = Field(default=10, gt=0, description="how long the head of a request may take")
    draft_days: int = Field(default=30, ge=1, le=366, description="days for which an unfinished submission is kept")

    @property
    def connections(self) -> Connections:
        """The bounds of connections."""
        return Connections(self.door_connections, self.door_connections_of_one, self.door_head_seconds)

    @property
    def audience(self) -> str:
        """The audience that a statement for this installation must name."""
        return audience(self.installation)
