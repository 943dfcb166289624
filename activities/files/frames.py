"""What parent and child say to each other over their socket: a line of JSON with a file, and frames of bytes back."""

from __future__ import annotations

import json
import socket
import struct
from collections.abc import Sequence
from typing import Final, TypeAlias

Request: TypeAlias = "list[str | int]"
"""What to do, the media type of the file, and whatever else that takes."""

LENGTH: Final = struct.Struct("!I")
_LONGEST_LINE: Final = 4096


def send_request(to: socket.socket, request: Request, file: int) -> None:
    """Hand a request and an open file over. It is short enough never to wait, since the other side waits for it."""
    socket.send_fds(to, [json.dumps(request).encode() + b"\n"], [file])


def receive_request(source: socket.socket) -> tuple[Request, int] | None:
    """The next request, and its file, which is the receiver's to close; None once the other side has gone."""
    line, files, _, _ = socket.recv_fds(source, _LONGEST_LINE, 1)
    if not line:
        return None
    [file] = files
    return json.loads(line), file


def framed(frames: Sequence[bytes]) -> bytes:
    """How many frames there are, and each of them behind its length."""
    return LENGTH.pack(len(frames)) + b"".join(LENGTH.pack(len(one)) + one for one in frames)
