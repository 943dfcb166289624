"""The registration of an embedded stack's program and of its back office as principals."""

import asyncio
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from temporalio.client import Client

from activities.keys.masters import master_keys
from activities.ledger.vault import Vault
from console.database import OWNER, connected, while_away
from deploy.stack.keys import DOOR, HERE, OFFICE, SECOND, door_key, office_key, second_key
from motcua import FilingClient, NotAuthorised, Unavailable
from motcua.configured_speaker import PRINCIPAL, speaker_here
from motcua.identity import key_in, prove
from motcua.payloads.codec import sealing
from motcua.payloads.converter import data_converter
from motcua.payloads.key_ring import ring_in
from motcua.signing import KEY_FILE
from operations.principal_register import take
from publishing.record.publishing import Publisher
from schemas.identity.principals import BeginRegister, FirstProgram
from schemas.identity.statement import (
    ALL_AGENCIES,
    ALL_CLIENTS,
    Assurance,
    Claim,
    Grant,
    PrincipalFile,
    PrincipalKey,
    PrincipalKind,
)
from schemas.people import Actor, Role

_LASTS: Final = timedelta(days=3650)
_EVERYBODY: Final = (
    Grant(claim=Claim.OWN, client_ids=(ALL_CLIENTS,), assurance=Assurance.LOW),
    Grant(claim=Claim.OFFICERS, agencies=(ALL_AGENCIES,), client_ids=(ALL_CLIENTS,), assurance=Assurance.LOW),
    *(
        Grant(claim=claim, agencies=(ALL_AGENCIES,), assurance=Assurance.LOW)
        for claim in (Claim.OPERATOR, Claim.AUDITOR)
    ),
)
"""The rights of one program for all roles. On one machine, the person who runs the stack has all its secrets anyway."""


async def let_speak(env: Mapping[str, str]) -> None:
    """Registers this stack's programs if the stack requires identity, and waits until the workers know the programs.

    Raises `RefusalError`, and `MotcuaError`, also if the workers do not know a program within thirty seconds.
    """
    if env.get(PRINCIPAL) != HERE:
        return
    key = Path(env[KEY_FILE])
    programs = {_PROGRAM: key, _SECOND: second_key(key), _OFFICE: office_key(key), _DOOR: door_key(key)}
    await while_away(lambda: _register(env, programs))
    temporal = await Client.connect(
        env["TEMPORAL_ADDRESS"],
        namespace=env["TEMPORAL_NAMESPACE"],
        data_converter=sealing(data_converter, ring_in(env)),
        lazy=True,  # the client below waits for an unavailable Temporal, as `while_away` does for the record
    )
    client = FilingClient(temporal, speaker=speaker_here(env), patience=_KNOWN_WITHIN)
    until = time.monotonic() + _KNOWN_WITHIN
    async with client:
        while (refused := await _refused(client)) is not None:
            if time.monotonic() > until:
                raise refused
            await asyncio.sleep(_AGAIN)


async def _refused(client: FilingClient) -> Unavailable | NotAuthorised | None:
    """Returns the error if no worker answers the client yet (Temporal away, key unknown); None if one answers."""
    try:
        await client.counts()
    except Unavailable as error:
        return error
    except NotAuthorised as error:
        if error.refusal.problems[0].rule not in {"unknown_principal", "unknown_key"}:
            raise
        return error
    return None


async def _register(env: Mapping[str, str], programs: Mapping[PrincipalFile, Path]) -> None:
    """Begins the register of principals with these programs, in an operator's name; does nothing if it has begun."""
    now = datetime.now(UTC)
    async with connected(env[OWNER]) as connection:
        operator = await connection.fetchrow(_OPERATOR, Role.OPERATOR)
        if operator is None or await connection.fetchval("select version > 0 from principal_version"):
            return
        keys = {about: key_in(file) for about, file in programs.items()}
        first = tuple(
            FirstProgram(
                principal=about,
                key=PrincipalKey(public_key=key.public_key, valid_from=now, valid_until=now + _LASTS),
                proof=prove(about.id, key),
            )
            for about, key in keys.items()
        )
        actor = Actor(subject=operator["subject"], role=Role.OPERATOR, agency=operator["agency"])
        begin = BeginRegister(command_id="motcua-up", actor=actor, reason="motcua up", programs=first)
        await take(connection, begin)


_PROGRAM: Final = PrincipalFile(id=HERE, name="motcua up", kind=PrincipalKind.OPERATION, grants=_EVERYBODY)
_SECOND: Final = _PROGRAM.model_copy(update={"id": SECOND, "name": "motcua up, second"})
_OFFICE: Final = PrincipalFile(id=OFFICE, name="motcua up, back office", kind=PrincipalKind.BACK_OFFICE)
_DOOR: Final = PrincipalFile(
    id=DOOR,
    name="motcua up, door",
    kind=PrincipalKind.SOFTWARE,
    grants=(Grant(claim=Claim.PROGRAMS, programs=(HERE, SECOND), assurance=Assurance.LOW),),
)
_KNOWN_WITHIN: Final = 30.0
_AGAIN: Final = 0.2
_OPERATOR: Final = "select agency, subject from officer where role = $1 and active order by agency, subject limit 1"


def publisher(env: Mapping[str, str]) -> Publisher:
    """Returns a publisher for the stack that has this environment."""
    return Publisher(vault=Vault(master_keys(env["MOTCUA_MASTER_KEY"])))
