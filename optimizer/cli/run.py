"""``contactopt run``: solve, audit, publish."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from optimizer.cli import options, output
from optimizer.errors import InterruptedRun, UsageError

if TYPE_CHECKING:
    from optimizer.plan.plan import Plan

STOPPED_EARLY = 5


@click.command("run")
@options.scenario
@click.option("--out", type=click.Path(path_type=Path), help="Run folder; default: runs/NAME/RUN_ID.")
@click.option("--engine", help="auto, exact, decomposition, greedy, or pulp:SOLVER.")
@click.option("--gap", type=float, help="Stop when the plan is proven to be this close to the best possible (1e-4).")
@click.option("--time-limit", metavar="D", help="Stop after this long: '5 minutes'.")
@click.option("--memory-limit", metavar="M", help="Use no more than this: '4 GB'.")
@click.option("--seed", type=int, help="Breaks ties.")
@click.option("--threads", type=int, help="Threads to use.")
@click.option(
    "--on-interrupt",
    type=click.Choice(["publish", "discard"]),
    default="discard",
    show_default=True,
    help="What becomes of the plan found until Ctrl-C.",
)
@click.option(
    "--production",
    is_flag=True,
    help="Unattended: as_of and history_max_age are required, nothing is overwritten, one run at a time, "
    "and the log on stderr is JSON lines.",
)
@click.option("--sample", metavar="SHARE", help="A quick look at so many of the customers: 1%. No plan to be sent.")
@options.common
def command(
    scenario: Path,
    out: Path | None,
    settings: tuple[str, ...],
    on_interrupt: str,
    production: bool,
    sample: str | None,
    as_json: bool,
    **limits: Any,
) -> int:
    """Solve SCENARIO, audit the plan and publish a run folder, whose path is printed.

    Exits with 0 when the plan is within the asked gap or proven optimal, and with 5 when a limit stopped it before.
    """
    from optimizer import Scenario, solve
    from optimizer.cli.interrupts import Interrupts
    from optimizer.cli.production import Log, refuse_chance
    from optimizer.cli.summary import show
    from optimizer.cli.watch import Watch
    from optimizer.plan.folder import (
        check_target,
        default_folder,
        one_at_a_time,
        point_latest,
        publish,
        refuse_inputs,
        runs_of,
    )
    from optimizer.scenario.earlier import earlier_run

    loaded = Scenario.load(scenario).with_settings(settings)
    share = None if sample is None else share_of(sample)
    if production:
        refuse_chance(loaded, out)
        if share is not None:
            raise UsageError("a sample is no plan", where="--production", fix="leave out --sample, or --production")
    if out is not None:
        check_target(out)
        refuse_inputs(out, loaded.named_files())
    given = {name: value for name, value in limits.items() if value is not None}
    console = output.console()
    keep = on_interrupt == "publish"
    with ExitStack() as held:
        if production:
            held.enter_context(one_at_a_time(out or runs_of(loaded.name)))
        interrupts = held.enter_context(Interrupts(keep=keep))
        watch = Log(interrupts) if production else Watch(console, interrupts)
        held.enter_context(watch)
        for doubt in loaded.warnings:
            watch.warn(doubt)
        since = earlier_run(runs_of(loaded.name) if out is None else out.absolute().parent, loaded.name, loaded.today)
        plan = solve(loaded, **given, sample=share, since=since, observer=watch)
        watch.stage("write")
        name = plan.summary["run_id"] if share is None else f"sample-{plan.summary['run_id']}"
        folder = publish(plan, out or default_folder(loaded.name, name))
        if out is None and share is None:
            point_latest(folder)
    if isinstance(watch, Log):
        watch.published(plan, folder)
    else:
        show(plan, console)
        console.print(f"  {folder / 'report.html'}\n", soft_wrap=True)
    output.emit((folder / "summary.json").read_text("utf-8").rstrip() if as_json else str(folder))
    if interrupts.asked and keep:  # otherwise the signal came too late to matter: the folder stood already
        return InterruptedRun.exit_code
    return 0 if _reached(plan, float(loaded.solve.gap if limits["gap"] is None else limits["gap"])) else STOPPED_EARLY


def share_of(text: str) -> float:
    """Read ``1%`` or ``0.01``.

    Raises
    ------
    UsageError
        It is neither.
    """
    number, percent = (text[:-1], True) if text.endswith("%") else (text, False)
    try:
        share = float(number) / (100 if percent else 1)
    except ValueError:
        share = 0.0
    if not 0 < share <= 1:
        raise UsageError(f"'{text}' is no share of the customers", where="--sample", fix="write 1% or 0.01")
    return share


def _reached(plan: Plan, asked: float) -> bool:
    """Say whether the plan is within the asked gap, or proven optimal."""
    return plan.termination.reason == "optimal" or (plan.gap is not None and plan.gap <= asked)
