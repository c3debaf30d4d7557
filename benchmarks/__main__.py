"""``python -m benchmarks``: the table of targets; with cases: families × sizes × engines side by side.

``python -m benchmarks weekly-arrays:500,2000,10000 --engines decomposition,exact --gap 1e-4``
"""

from __future__ import annotations

import os
import platform
from pathlib import Path
from statistics import median

import click

from benchmarks.engines import ENGINES
from benchmarks.families import FAMILIES
from benchmarks.peers import apart as in_own_process
from benchmarks.table import billion_line, lines


@click.command()
@click.argument("cases", nargs=-1)
@click.option("--engines", default="decomposition", help=f"Comma-separated: {', '.join(ENGINES)}.")
@click.option("--gap", default=1e-4, show_default=True)
@click.option("--limit", default=600.0, show_default=True, help="Seconds of one run.")
@click.option("--threads", default=2, show_default=True)
@click.option("--repeats", default=1, show_default=True, help="Runs of each; the table shows medians.")
@click.option("--customers", default=1_000_000, show_default=True, help="Table: size of the large instance.")
@click.option("--peers", default=10_000, show_default=True, help="Table: customers that the peers get; 0: no peers.")
@click.option("--billion", is_flag=True, help="Table: the run with 5 million customers × 200 candidates alone.")
@click.option(
    "--folder",
    type=click.Path(path_type=Path),
    default=Path("runs/benchmarks"),
    show_default=True,
    help="Table: where the tables of whole runs lie; what is there is used again.",
)
@click.option("--seed", default=0, show_default=True)
@click.option("--apart", is_flag=True, help="Cases: our own engines in a process each, too, as the peers always are.")
def main(
    cases: tuple[str, ...],
    engines: str,
    gap: float,
    limit: float,
    threads: int,
    repeats: int,
    customers: int,
    peers: int,
    billion: bool,
    folder: Path,
    seed: int,
    apart: bool,
) -> None:
    """Print the table of targets, or time CASES such as ``weekly-arrays:500,2000`` (see benchmarks/families.py)."""
    click.echo(f"{os.cpu_count()} cores, {threads} threads, {platform.machine()}, load {os.getloadavg()[0]:.1f}")
    if not cases:
        folder.mkdir(parents=True, exist_ok=True)
        measured = [billion_line(threads, folder)] if billion else lines(customers, peers, limit, threads, folder)
        for line in measured:
            click.echo(f"| {line.what} | {line.target} | {line.measured} | {'yes' if line.holds else 'no'} |")
        return
    click.echo(
        f"{'family':<16}{'customers':>10}{'candidates':>12}{'rows':>6}  {'engine':<22}"
        f"{'wall s':>9}{'cpu s':>9}{'ratio':>8}{'gap':>10}{'objective':>16}{'bound':>16}"
    )
    ENGINES["decomposition"](FAMILIES["weekly-arrays"](200, seed), 1e-3, limit, threads)  # kernels warm
    for case in cases:
        family, _, sizes = case.partition(":")
        for size in sizes.split(","):
            problem = FAMILIES[family](int(size), seed)
            first = None
            for name in engines.split(","):
                run = in_own_process(name) if apart else ENGINES[name]
                runs = [run(problem, gap, limit, threads) for _ in range(repeats)]
                wall, processor = median(r.seconds for r in runs), median(r.processor for r in runs)
                first = first or wall
                last = runs[-1]
                distance = "" if last.gap is None else f"{last.gap:.1e}"
                objective, bound = ("" if x is None else f"{x:,.2f}" for x in (last.objective, last.bound))
                click.echo(
                    f"{family:<16}{int(size):>10,}{problem.candidates:>12,}{sum(r.size for r in problem.rows):>6}  "
                    f"{name:<22}{wall:>9.3f}{processor:>9.3f}{wall / first:>8.2f}{distance:>10}{objective:>16}"
                    f"{bound:>16}  {last.note}"
                )


if __name__ == "__main__":
    main()
