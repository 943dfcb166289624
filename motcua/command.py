"""Start and end of the `motcua` command. Its subcommands are in `cli/`, and in other installed packages."""

import contextlib
import json
import os
import sys
import traceback
from typing import Final, NoReturn

from .errors import MotcuaError
from .tracing.setting import send_rest

_USAGE: Final = 2
_BUG: Final = 70


def main() -> NoReturn:
    """Runs one command and ends the process with its exit code.

    Every command ends here, by `os._exit`: at a normal exit Python may crash in the SDK's library
    (temporalio/sdk-python#300), and a finished command would look failed.
    """
    code = _run(sys.argv[1:])
    send_rest()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):  # the reader of a pipe has gone
            stream.flush()
    os._exit(code)


def _run(arguments: list[str]) -> int:
    try:
        from .cli.app import run  # noqa: PLC0415 -- needs the extra
    except ModuleNotFoundError as error:
        if error.name not in {"typer", "rich"}:
            raise
        missing = "the motcua command needs its extra: pip install 'motcua[cli]'"
        if "--json" in arguments:
            sys.stdout.write(json.dumps({"code": "wrong_usage", "message": missing}) + "\n")
        return _say(missing)
    try:
        run(arguments)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else _USAGE * bool(end.code)
    except MotcuaError as error:
        return _say(str(error))
    except KeyboardInterrupt:
        return 130
    except Exception:  # noqa: BLE001 -- a bug; the process must still end properly
        traceback.print_exc()
        return _BUG
    return 0


def _say(message: str) -> int:
    sys.stderr.write(f"{message}\n")
    return _USAGE


if __name__ == "__main__":
    main()
