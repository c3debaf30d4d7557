"""``contactopt compare``: plans side by side."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from optimizer.cli import options, output


@click.command("compare")
@click.argument("runs", nargs=-1, required=True, metavar="RUN RUN…", type=click.Path(path_type=Path))
@click.option("--html", type=click.Path(path_type=Path, dir_okay=False), help="Also write one self-contained page.")
@click.option("--by", metavar="COLUMNS", help="Count contacts by these: offer,channel,segment or any column.")
@click.option(
    "--attribute", is_flag=True, help="Solve again with each changed rule alone, and without it, to say what it does."
)
@options.common
def command(runs: Sequence[Path], html: Path | None, by: str | None, attribute: bool, as_json: bool) -> None:
    """Put two to ten run folders side by side; differences are to the first.

    A difference below the sum of the gaps is no difference proven.
    """
    from optimizer.analysis.compare import compare
    from optimizer.cli.compare_text import show_comparison
    from optimizer.cli.interrupts import Interrupts
    from optimizer.cli.watch import Watch
    from optimizer.report.compare_blocks import comparison_blocks
    from optimizer.report.compare_page import render_comparison

    columns = None if by is None else [name.strip() for name in by.split(",") if name.strip()]
    if attribute:
        with Interrupts(keep=False) as interrupts, Watch(output.console(), interrupts) as watch:
            found = compare(runs, by=columns, attribution=True, observer=watch)
    else:
        found = compare(runs, by=columns)
    if html is not None:
        output.write_whole(html, render_comparison(found))
    said = comparison_blocks(found)
    if as_json:
        output.emit_json(said)
    else:
        show_comparison(said, output.console(stderr=False))
