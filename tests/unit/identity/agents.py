"""Keys of programs: in a file, or held by an agent behind a socket."""

import json
import socketserver
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.speaking import b64, raw_key


def pem_of(key: Any) -> bytes:
    return bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


class Answering(socketserver.StreamRequestHandler):
    """A minimal signing agent, as docs/identity.md describes it."""

    def handle(self) -> None:
        asked = json.loads(self.rfile.readline())
        key = raw_key(1)
        if "sign" in asked:
            answer = {"signature": b64(key.sign(asked["sign"].encode()))}
        else:
            answer = {"public_key": b64(key.public_key().public_bytes_raw())}
        self.wfile.write(json.dumps(answer).encode() + b"\n")


@contextmanager
def agent(folder: Path, handler: type[socketserver.StreamRequestHandler]) -> Iterator[str]:
    path = str(folder / "agent.sock")
    with socketserver.UnixStreamServer(path, handler) as server:
        serving = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        serving.start()
        try:
            yield path
        finally:
            server.shutdown()
            serving.join()
