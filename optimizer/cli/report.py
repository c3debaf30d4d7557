"""``contactopt report``: the page of a run, again."""

from __future__ import annotations

import os
from pathlib import Path

import click

from optimizer.cli import options, output


@click.command("report")
@click.argument("run", type=click.Path(path_type=Path))
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), help="File to write; default: report.html of the run."
)
@options.common
def command(run: Path, out: Path | None, as_json: bool) -> None:
    """Build report.html of RUN from its other files, and print its path."""
    from optimizer import Plan
    from optimizer.report import render

    page = out or run / "report.html"
    text = render(Plan.load(run))
    fresh = page.with_name(f".{page.name}.{os.getpid()}")
    try:
        fresh.write_text(text, encoding="utf-8", newline="\n")
        fresh.replace(page)  # a reader sees the old page or the new one, whole
    finally:
        fresh.unlink(missing_ok=True)
    if as_json:
        output.emit_json({"report": str(page)})
    else:
        output.emit(str(page))
