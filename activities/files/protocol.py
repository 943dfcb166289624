"""The protocol between a process and its child that reads files, and the rules that a file can break.

A request is a line of JSON, sent with a file descriptor; an answer consists of frames of bytes. A rule's value is
the key of the rule's sentence in `schemas.words`.
"""

import json
import socket
import struct
from collections.abc import Sequence
from enum import StrEnum
from typing import Final, TypeAlias


class Rule(StrEnum):
    """The rules that a file can break, in the order in which they are checked."""

    EMPTY = "file_empty"
    TYPE_NOT_ACCEPTED = "file_type_not_accepted"
    WRONG_EXTENSION = "file_wrong_extension"
    SOMETHING_ELSE = "file_is_something_else"
    DAMAGED = "file_damaged"
    HOLDS_MORE = "file_holds_more"
    ENCRYPTED = "file_encrypted"
    ACTIVE = "file_active"
    IMAGE_TOO_LARGE = "file_image_too_large"
    BOMB = "file_bomb"
    TOO_HARD = "file_too_hard"


class BrokenRuleError(Exception):
    """The file breaks `rule`."""

    def __init__(self, rule: str) -> None:
        super().__init__(rule)
        self.rule = rule


Request: TypeAlias = "list[str | int]"
"""The action, the media type of the file, and further arguments of the action."""

LENGTH: Final = struct.Struct("!I")
_LONGEST_LINE: Final = 4096


def send_request(to: socket.socket, request: Request, file: int) -> None:
    """Sends a request and an open file. Never blocks: a request is short, and the receiver waits for it."""
    socket.send_fds(to, [json.dumps(request).encode() + b"\n"], [file])


def receive_request(source: socket.socket) -> tuple[Request, int] | None:
    """Returns the next request and its file, which the receiver must close; None once the sender has disconnected."""
    line, files, _, _ = socket.recv_fds(source, _LONGEST_LINE, 1)
    if not line:
        return None
    [file] = files
    return json.loads(line), file


def framed(frames: Sequence[bytes]) -> bytes:
    """Returns the frames in one piece: their number, then for each frame its length and its bytes."""
    return LENGTH.pack(len(frames)) + b"".join(LENGTH.pack(len(one)) + one for one in frames)
