"""Verifies every issued result of a run: by the product's verifier and, where poppler is installed, by `pdfsig`."""

import asyncio
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Final

from asn1crypto import x509

from activities.partners.http import partner_client
from activities.signature.revocation import Remembering, Responders
from activities.signature.trust import Trust
from activities.signature.verified import verify_official
from motcua import MotcuaError
from motcua.files.store import Store, open_store
from schemas.files import FileRef
from workers.trust import roots_of

_VALID: Final = "Signature is Valid."


class Results:
    """The results in an object store, and the roots that their signatures must lead to."""

    def __init__(self, store: Store, trust: Trust) -> None:
        self._store = store
        self._trust = trust

    @classmethod
    @asynccontextmanager
    async def opened(cls, env: Mapping[str, str]) -> AsyncIterator["Results"]:
        """Yields the results of the stack that has this environment."""
        roots = [x509.Certificate.load(root) for root in roots_of(env["MOTCUA_SIGNATURE_ROOTS"])]
        async with partner_client() as client:
            yield cls(Store(open_store(env["MOTCUA_OBJECTS"])), Trust(roots, Remembering(Responders(client))))

    async def problems(self, files: Sequence[FileRef]) -> list[str]:
        """Returns a problem for each file that is missing, damaged or not validly signed; empty if there is none."""
        return [problem for file in files for problem in await self._problems(file)]

    async def _problems(self, file: FileRef) -> list[str]:
        try:
            content = await self._store.get(file)
        except MotcuaError as error:
            return [str(error)]
        verdict = await verify_official(content, self._trust)
        found = [f"result: {problem.rule}" for problem in verdict.problems]
        signed = sum(bool(one.field) for one in verdict.evidence)
        if (seen := await asyncio.to_thread(_seen_by_poppler, content)) not in {None, signed}:
            found.append(f"result: pdfsig finds {seen} valid signatures of {signed}")
        return found


def _seen_by_poppler(content: bytes) -> int | None:
    """Returns the number of valid signatures according to `pdfsig`; None if `pdfsig` is not installed."""
    program = shutil.which("pdfsig")
    if program is None:
        return None
    with tempfile.NamedTemporaryFile(suffix=".pdf") as file:
        file.write(content)
        file.flush()
        told = subprocess.run([program, "-nocert", file.name], capture_output=True, check=True, timeout=60).stdout
    return told.decode(errors="replace").count(_VALID)
