"""The start of the worker and the gateway, once the tables have the schema of this version."""

import asyncpg

from console.connecting import TIMEOUT, Connection, say_away
from console.retry import while_away
from gateway import server
from gateway.settings import GatewaySettings
from motcua.cli.running import Exit, fail
from operations.schema_version import schema_version
from schemas.translate import said
from workers import platform
from workers.settings import RecordSettings, WorkerSettings
from workers.telemetry import configure_engine


async def serve() -> None:
    """Runs the worker, once the tables have the schema of this version. With another schema each filing would fail."""
    await _migrated(WorkerSettings())
    configure_engine()
    await platform.main()


async def hear() -> None:
    """Runs the gateway, once the tables have the schema of this version."""
    await _migrated(GatewaySettings())
    configure_engine()
    await server.main()


async def _migrated(settings: RecordSettings) -> None:
    """Ends the command if migrations are pending."""
    dsn = settings.database_url.get_secret_value()

    async def look() -> tuple[str, ...]:
        connection: Connection = await asyncpg.connect(dsn, timeout=TIMEOUT, command_timeout=TIMEOUT)
        try:
            return tuple((await schema_version(connection)).pending)
        finally:
            await connection.close(timeout=TIMEOUT)

    pending = await while_away(look, told=say_away)
    if pending:
        fail(said("refused.process.pending", pending=", ".join(pending)), Exit.REFUSED)
