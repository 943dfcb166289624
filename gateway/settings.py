"""Settings of the gateway, from the environment."""

from pydantic import Field, Json

from activities.partners.money.merchants import Merchants
from gateway.connections import Connections
from workers.settings import AddressSettings, RecordSettings, TextOrNone


class GatewaySettings(RecordSettings, AddressSettings):
    """Settings of the gateway."""

    providers: Json[Merchants] = Field(default="{}", description="who takes money, by names of ours; secret")  # type: ignore[arg-type] # read as what is set
    objects: TextOrNone = Field(default=None, description="folder of the files that it serves, as file:///…")
    outage: TextOrNone = Field(default=None, description="where a planned outage is announced, as file:///…")
    gateway_host: str = Field(default="127.0.0.1", description="address that it listens at")
    gateway_port: int = Field(default=8080, ge=1, le=65535, description="port that it listens at")
    gateway_connections: int = Field(default=1000, ge=1, description="open connections in all")
    gateway_connections_of_one: int = Field(default=100, ge=1, description="open connections of one peer address")
    gateway_head_seconds: float = Field(default=10, gt=0, description="how long the head of a request may take")

    @property
    def connections(self) -> Connections:
        """The bounds of connections."""
        return Connections(self.gateway_connections, self.gateway_connections_of_one, self.gateway_head_seconds)
