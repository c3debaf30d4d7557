"""``contactopt export``: the compiled problem for any other solver."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

from optimizer.cli import options, output


@click.command("export")
@options.scenario
@click.option("--format", "form", type=click.Choice(["mps", "lp"]), required=True, help="File format.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="File to write.")
@options.common
def command(scenario: Path, form: Literal["mps", "lp"], out: Path, settings: tuple[str, ...], as_json: bool) -> None:
    """Write the MIP of SCENARIO, for any solver, and print the file's path."""
    from optimizer import Scenario
    from optimizer.problem.export import write_model
    from optimizer.solve import build

    problem = build(Scenario.load(scenario).with_settings(settings)).problem
    write_model(problem, out, format=form)
    if as_json:
        sizes = {"candidates": problem.candidates, "customers": problem.customers, "units": problem.units}
        output.emit_json({"file": str(out), "format": form, **sizes})
    else:
        output.emit(str(out))
