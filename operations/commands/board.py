"""`motcua board`: the state of all filings, refreshed until Ctrl-C."""

import asyncio
import signal
import sys
from dataclasses import replace
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.live import Live

from console.addresses import APPLICATION
from console.database import address, answered
from console.printing import wide
from motcua.cli.options import AsJson, OfAgency
from motcua.cli.running import out, print_json, use_stack_here
from operations.board_figures import FAILURES, Looks, Pace
from operations.commands.board_picture import Picture

STOPPED: Final = 130


app = typer.Typer()


@app.command()
def board(
    *,
    agency: OfAgency = None,
    every: Annotated[float, typer.Option("--every", min=0.2, metavar="SECONDS", help="option.board.every")] = 2.0,
    once: Annotated[bool, typer.Option("--once", help="option.board.once")] = False,
    as_json: AsJson = False,
) -> None:
    use_stack_here()
    looks = Looks(address(APPLICATION), agency)
    if as_json:
        print_json(answered(looks.only).model_dump(mode="json"))
    elif once or not sys.stdout.isatty() or out().is_dumb_terminal:
        wide().print(Picture(answered(looks.only), agency))
    else:
        answered(lambda: _watch(looks, agency, every))


async def _watch(looks: Looks, agency: str | None, every: float) -> None:
    """Shows boards until Ctrl-C or SIGTERM, then restores the terminal. Raises the errors of the first look."""
    watching = asyncio.create_task(_show(looks, agency, every))
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, watching.cancel)
    try:
        await watching
    except asyncio.CancelledError:
        raise typer.Exit(STOPPED) from None
    finally:
        looks.close()


async def _show(looks: Looks, agency: str | None, every: float) -> None:
    pace, found = Pace(), await looks.look()
    picture = Picture(found, agency, every, pace.add(found))
    with Live(picture, console=Console(highlight=False), screen=True, auto_refresh=False) as live:
        asyncio.get_running_loop().add_signal_handler(signal.SIGWINCH, live.refresh)
        while True:
            live.update(picture, refresh=True)
            await asyncio.sleep(every)
            try:
                found = await looks.look()
            except FAILURES as error:
                picture = replace(picture, lost=type(error).__name__)
            else:
                picture = Picture(found, agency, every, pace.add(found))
