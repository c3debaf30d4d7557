"""``contactopt sweep``: a scenario with some of its values changed, as a curve or a grid."""

from __future__ import annotations

from pathlib import Path

import click

from optimizer.cli import options, output
from optimizer.errors import Finding, InterruptedRun
from optimizer.language.counts import counted


@click.command("sweep")
@options.scenario
@click.option(
    "--vary",
    multiple=True,
    required=True,
    metavar="PATH=A:B:N",
    help="N values from A to B, or a list: PATH=v1,v2. Given twice: a grid.",
)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Also write the points as CSV.")
@click.option("--html", type=click.Path(path_type=Path, dir_okay=False), help="Also write one self-contained page.")
@click.option("--engine", help="auto, exact, decomposition, greedy, or pulp:SOLVER.")
@click.option("--gap", type=float, help="Stop each point when its plan is proven to be this close to the best (1e-4).")
@click.option("--time-limit", metavar="D", help="Stop each point after this long: '5 minutes'.")
@click.option("--seed", type=int, help="Breaks ties.")
@click.option("--threads", type=int, help="Threads to use.")
@options.common
def command(
    scenario: Path,
    settings: tuple[str, ...],
    vary: tuple[str, ...],
    out: Path | None,
    html: Path | None,
    engine: str | None,
    gap: float | None,
    time_limit: str | None,
    seed: int | None,
    threads: int | None,
    as_json: bool,
) -> int:
    """Solve SCENARIO with one or two of its values changed, to see what more of them would bring.

    The tables are read once; every point starts from its neighbour's prices. Ctrl-C keeps the points that are done.
    """
    from optimizer import Scenario, sweep
    from optimizer.analysis.vary import read_variations
    from optimizer.cli.interrupts import Interrupts
    from optimizer.cli.run import STOPPED_EARLY
    from optimizer.cli.sweep_text import show_sweep
    from optimizer.cli.watch import Watch
    from optimizer.report.sweep_blocks import sweep_blocks
    from optimizer.report.sweep_page import render_sweep

    loaded = Scenario.load(scenario).with_settings(settings)
    values = read_variations(vary)
    with Interrupts(keep=True) as interrupts, Watch(output.console(), interrupts) as watch:
        found = sweep(
            loaded,
            values,
            engine=engine,
            gap=gap,
            time_limit=time_limit,
            seed=seed,
            threads=threads,
            observer=watch,
        )
    if out is not None:
        output.write_whole(out, found.points.to_csv(index=False, lineterminator="\n"))
    if html is not None:
        output.write_whole(html, render_sweep(found))
    said = sweep_blocks(found)
    if as_json:
        output.emit_json(said)
    else:
        show_sweep(said, output.console(stderr=False))
    asked = float(loaded.solve.gap if gap is None else gap)
    early = sum(point.stopped_before(asked) for point in found.solved)
    if early:
        what = f"{counted(early, 'point')} stopped before the asked gap of {asked:g}"
        output.warn(Finding("solve", "sweep", what, "give each more time (--time-limit), or ask for a wider gap"))
    if not found.complete:
        return InterruptedRun.exit_code
    return STOPPED_EARLY if early else 0
