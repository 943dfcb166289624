"""The program that parses untrusted files: `python -m activities.files.child`, with its socket as standard input.

The child limits itself before it reads anything, gets no environment from its parent, and ends with its parent.
"""

import math
import os
import resource
import socket
from typing import Final

from activities.files.checks import check
from activities.files.drawing import draw
from activities.files.protocol import BrokenRuleError, Request, framed, receive_request

MEMORY: Final = 5 << 28
"""The address space of the child, in bytes."""
CPU: Final = 10
"""CPU seconds for one file."""
DESCRIPTORS: Final = 16
NICENESS: Final = 5
"""The child's niceness: requests to the platform have priority over it."""


def main() -> None:
    """Answers requests until the parent is gone."""
    limit()
    parent = socket.socket(fileno=0)
    while (received := receive_request(parent)) is not None:
        request, file = received
        limit_cpu()
        data = os.pread(file, os.fstat(file).st_size, 0)
        os.close(file)
        parent.sendall(framed(_answer(request, data)))


def limit() -> None:
    """Limits memory, descriptors and CPU priority; forbids writing files, new processes and core dumps."""
    for what, most in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, DESCRIPTORS),
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))
    os.nice(NICENESS)


def limit_cpu() -> None:
    """Grants the CPU time of one more file: the kernel ends a child that uses more."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = math.ceil(used.ru_utime + used.ru_stime) + CPU
    resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.RLIM_INFINITY))


def _answer(request: Request, data: bytes) -> list[bytes]:
    """Returns the broken rule, or an empty frame followed by the pictures."""
    try:
        match request:
            case ["check", str(media_type)]:
                check(data, media_type)
                return [b""]
            case ["draw", str(media_type), int(first), int(count)]:
                return [b"", *draw(data, media_type, first, count)]
    except BrokenRuleError as broken:
        return [broken.rule.encode()]
    raise ValueError(request)


if __name__ == "__main__":
    main()
