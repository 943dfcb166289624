"""The protocol between parent and child: a line of JSON with a file descriptor, and frames of bytes back."""

import json
import socket
import struct
from collections.abc import Sequence
from typing import Final, TypeAlias

Request: TypeAlias = "list[str | int]"
"""The action, the media type of the file, and further arguments of the action."""

LENGTH: Final = struct.Struct("!I")
_LONGEST_LINE: Final = 4096


def send_request(to: socket.socket, request: Request, file: int) -> None:
    """Sends a request and an open file. Never blocks: a request is short, and the receiver waits for it."""
    socket.send_fds(to, [json.dumps(request).encode() + b"\n"], [file])


def receive_request(source: socket.socket) -> tuple[Request, int] | None:
    """Returns the next request and its file, which the receiver must close; None once the other side has gone."""
    line, files, _, _ = socket.recv_fds(source, _LONGEST_LINE, 1)
    if not line:
        return None
    [file] = files
    return json.loads(line), file


def framed(frames: Sequence[bytes]) -> bytes:
    """Returns the number of frames, then each frame after its length."""
    return LENGTH.pack(len(frames)) + b"".join(LENGTH.pack(len(one)) + one for one in frames)
