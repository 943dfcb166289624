"""Connects to Temporal by `TEMPORAL_*` and Temporal's own configuration file."""

import dataclasses
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client
from temporalio.envconfig import ClientConfig, ClientConnectConfig
from temporalio.service import GrpcCompression, RPCError, RPCStatusCode, TLSConfig

from .errors import MotcuaError, SettingsError
from .payloads.codec import sealing
from .payloads.converter import data_converter
from .payloads.key_ring import ring_here
from .tracing.setting import interceptors

DEFAULT_ADDRESS: Final = "localhost:7233"


async def connect(address: str | None = None, *, namespace: str | None = None, lazy: bool = True) -> Client:
    """Returns a client with the platform's JSON converter, encrypted if `MOTCUA_CODEC_KEYS` is set.

    Args:
        address: `host:port`; if None, from `TEMPORAL_ADDRESS`, else from Temporal's file, else `localhost:7233`.
        namespace: If None, from `TEMPORAL_NAMESPACE`, else from Temporal's file, else `default`.
        lazy: Whether to connect only at the first call. A worker must connect at once, to an existing namespace.

    Raises:
        MotcuaError: The configuration or the ring of keys can't be read; or, if not `lazy`, there is no such namespace.
        RPCError: If not `lazy`: Temporal refuses the call.
        RuntimeError: If not `lazy`: no server answers at the address.
    """
    options = _configured()
    options["target_host"] = address or options["target_host"]
    if namespace is not None:
        options["namespace"] = namespace
    try:
        client = await Client.connect(
            **options,
            data_converter=sealing(data_converter, ring_here()),
            interceptors=interceptors(),
            lazy=lazy,
            grpc_compression=GrpcCompression.NONE,  # messages are small: packing them takes longer than sending them
        )
    except OSError as error:
        raise SettingsError(f"a file named in TEMPORAL_* can't be read: {error}") from None
    if not lazy:
        try:
            await client.workflow_service.describe_namespace(DescribeNamespaceRequest(namespace=client.namespace))
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
            raise MotcuaError(
                f"Temporal has no namespace {client.namespace}: make it (temporal operator namespace create), or mend "
                "TEMPORAL_NAMESPACE"
            ) from None
    return client


def configured_address() -> str:
    """Returns the configured `host:port` of Temporal. Raises `MotcuaError` if the configuration can't be used."""
    return _configured()["target_host"]


def configured_tls() -> TLSConfig | None:
    """Returns the TLS settings for Temporal; None without TLS. Raises the errors of `configured_address`."""
    options = _configured()
    tls = options.get("tls")
    if isinstance(tls, TLSConfig):
        return tls
    return TLSConfig() if tls or (tls is None and options.get("api_key")) else None


def is_loopback(address: str) -> bool:
    """Whether `host:port` can be reached only from this machine."""
    if "," in address:  # `urlsplit` would read the first of several hosts
        return False
    host = urlsplit(f"//{address}").hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _configured() -> ClientConnectConfig:
    try:
        options = ClientConfig.load_client_connect_config()
    except (RuntimeError, OSError, ValueError) as error:
        raise SettingsError(f"the configuration of Temporal (TEMPORAL_*) can't be used: {error}") from None
    options["target_host"] = options.get("target_host") or DEFAULT_ADDRESS
    if "," in options["target_host"]:
        raise SettingsError("TEMPORAL_ADDRESS takes one host:port: a name of several machines, or what shares them out")
    return options


def speaking_ours(client: Client) -> Client:
    """Returns the client, or a copy with our JSON converter and codec if the client lacks them. Raises `RingError`."""
    theirs = client.data_converter
    ours = theirs
    if theirs.payload_converter_class is not data_converter.payload_converter_class:
        ours = dataclasses.replace(theirs, payload_converter_class=data_converter.payload_converter_class)
    if theirs.payload_codec is None:
        ours = sealing(ours, ring_here())
    if ours is theirs:
        return client
    config = client.config()
    config["data_converter"] = ours
    return Client(**config)
