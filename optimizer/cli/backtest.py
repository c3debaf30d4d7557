"""``contactopt backtest``: what past nights would have chosen."""

from __future__ import annotations

from pathlib import Path

import click

from optimizer.cli import options, output
from optimizer.errors import InterruptedRun


@click.command("backtest")
@options.scenario
@click.option(
    "--nights", type=click.IntRange(min=1), required=True, metavar="N", help="How many nights, to last night."
)
@click.option("--every", type=click.IntRange(min=1), default=1, metavar="DAYS", help="Days between nights (1).")
@click.option(
    "--within",
    type=click.IntRange(min=0),
    default=7,
    metavar="DAYS",
    help="A chosen contact was really sent if history has it at most this many days earlier or later (7).",
)
@click.option("--real-ledger", is_flag=True, help="Let every night count what was really sent, not what was replayed.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Also write the nights as CSV.")
@click.option("--engine", help="auto, exact, decomposition, greedy, or pulp:SOLVER.")
@click.option("--gap", type=float, help="Stop each night when its plan is proven to be this close to the best (1e-4).")
@click.option("--time-limit", metavar="D", help="Stop each night after this long: '5 minutes'.")
@click.option("--memory-limit", metavar="M", help="Stay below this much memory: '16 GB'.")
@click.option("--seed", type=int, help="Breaks ties.")
@click.option("--threads", type=int, help="Threads to use.")
@options.common
def command(
    scenario: Path,
    settings: tuple[str, ...],
    nights: int,
    every: int,
    within: int,
    real_ledger: bool,
    out: Path | None,
    engine: str | None,
    gap: float | None,
    time_limit: str | None,
    memory_limit: str | None,
    seed: int | None,
    threads: int | None,
    as_json: bool,
) -> int:
    """Replay past nights of SCENARIO over its history: what each would have chosen, promised, and what came true.

    A night knows nothing that came after it. The contacts that it chooses are in the ledger of the next one. Ctrl-C
    keeps the nights that are done.
    """
    from optimizer import Scenario, backtest
    from optimizer.cli.backtest_text import show_backtest
    from optimizer.cli.interrupts import Interrupts
    from optimizer.cli.watch import Watch

    loaded = Scenario.load(scenario).with_settings(settings)
    with Interrupts(keep=True) as interrupts, Watch(output.console(), interrupts) as watch:
        found = backtest(
            loaded,
            nights=nights,
            every=every,
            within=within,
            real_ledger=real_ledger,
            engine=engine,
            gap=gap,
            time_limit=time_limit,
            memory_limit=memory_limit,
            seed=seed,
            threads=threads,
            observer=watch,
        )
    if out is not None:
        output.write_whole(out, found.nights.to_csv(index=False, lineterminator="\n"))
    said = found.to_dict()
    if as_json:
        output.emit_json(said)
    else:
        show_backtest(said, output.console(stderr=False))
    return 0 if found.complete else InterruptedRun.exit_code
