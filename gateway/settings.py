"""Settings of the gateway, from the environment."""

from pydantic import Field, Json

from activities.partners.money.merchants import Merchants
from workers.settings import AddressSettings, RecordSettings, TextOrNone


class GatewaySettings(RecordSettings, AddressSettings):
    """Settings of the gateway."""

    providers: Json[Merchants] = Field(default="{}", description="who takes money, by names of ours; secret")  # type: ignore[arg-type] # read as what is set
    objects: TextOrNone = Field(default=None, description="folder of the files that it serves, as file:///…")
    gateway_host: str = Field(default="127.0.0.1", description="address that it listens at")
    gateway_port: int = Field(default=8080, ge=1, le=65535, description="port that it listens at")
