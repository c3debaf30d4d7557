"""``contactopt report``: the page of a run, again."""

from __future__ import annotations

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
    output.write_whole(page, render(Plan.load(run)))
    if as_json:
        output.emit_json({"report": str(page)})
    else:
        output.emit(str(page))
