"""``contactopt warmup``: pay for compilation once, now."""

from __future__ import annotations

import time

import click

from optimizer.cli import options, output


@click.command("warmup")
@options.common
def command(as_json: bool) -> None:
    """Compile the kernels once, so that the first large run need not (about a minute; later calls are quick)."""
    from optimizer.engines import warmup

    output.talk("Compiling the kernels that are not there yet; the first time takes about a minute …")
    started = time.monotonic()
    warmup()
    seconds = round(time.monotonic() - started, 2)
    output.talk(f"Ready after {seconds:.1f} s.")
    if as_json:
        output.emit_json({"seconds": seconds})
