"""Turns this process into a part of the stack: drops root if requested, ends with the supervisor, runs the command.

Run as `launch.py SUPERVISOR_PID SIGNAL USER COMMAND…`; with an empty USER the present user is kept. This is a separate
script, since code between fork and exec is not safe in a process that has threads.
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1


def main(supervisor: str, signal: str, user: str, *command: str) -> None:
    # Changing the user clears the death signal, so it comes first.
    if user:
        import pwd  # noqa: PLC0415 - only root on POSIX comes here

        entry = pwd.getpwnam(user)
        os.initgroups(user, entry.pw_gid)
        os.setgid(entry.pw_gid)
        os.setuid(entry.pw_uid)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal))
    if os.getppid() != int(supervisor):
        sys.exit("the supervisor is gone")
    os.execv(command[0], command)


if __name__ == "__main__":
    main(*sys.argv[1:])
