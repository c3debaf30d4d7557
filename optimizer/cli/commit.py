"""``contactopt commit``: a run's contacts become history."""

from __future__ import annotations

from pathlib import Path

import click

from optimizer.cli import options, output
from optimizer.errors import UsageError
from optimizer.language.counts import counted
from optimizer.report.numbers import whole


@click.command("commit")
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--ledger", metavar="URL", help="In place of the scenario's data.ledger: a DuckDB file, or '${NAME}'.")
@options.common
def command(run: Path, ledger: str | None, as_json: bool) -> None:
    """Record the contacts of RUN in the ledger, once for each scenario and business date.

    The business date is the local date of the run's as_of. A run of the same date that was committed before is
    replaced, so committing twice, or running a night again, counts nothing twice. The ledger's address is printed.
    """
    from optimizer import Plan
    from optimizer.ledger import Place, commit

    plan = Plan.load(run)
    if ledger is not None:
        place = Place(ledger, Path())
    elif plan.scenario.data.ledger is not None:
        place = Place(plan.scenario.data.ledger, plan.scenario.base)
    else:
        raise UsageError("the scenario names no ledger", where=str(run), fix="set data.ledger, or use --ledger URL")
    done = commit(plan, place)
    said = f"{counted(done.contacts, 'contact')} of {done.scenario} committed for {done.business_date}"
    if done.replaced:
        said += f", in place of {whole(done.replaced)}"
    if done.delivered:
        said += f"; {whole(done.delivered)} of them were delivered already"
    if done.outlook:
        said += f"; {whole(done.outlook)} of later days are an outlook, to be planned again"
    output.console().print(f"[green]✓[/] {said}", soft_wrap=True)
    if as_json:
        output.emit_json(done.to_dict())
    else:
        output.emit(done.ledger)
