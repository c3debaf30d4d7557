"""``contactopt history``: what really happened."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from optimizer.cli import options, output
from optimizer.errors import Finding, ScenarioError, UsageError
from optimizer.report.numbers import whole

if TYPE_CHECKING:
    from optimizer.ledger import Place


@click.group("history")
def command() -> None:
    """Record in the ledger what really happened; its commands take --json."""


@command.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--scenario", type=click.Path(path_type=Path), help="Its data.ledger, and its time zone.")
@click.option("--ledger", metavar="URL", help="Or the ledger itself: a DuckDB file, or '${NAME}'. Times are in UTC.")
@options.common
def import_(file: Path, scenario: Path | None, ledger: str | None, as_json: bool) -> None:
    """Record the deliveries and responses of FILE (Parquet or CSV); importing it again changes nothing.

    Columns: customer, offer [, channel] [, slot] [, at] [, response, response_at] [, arrived_at] and measures. A row
    with a time (at) is a delivery: it takes the place of the commitment of the same customer, offer, channel and slot,
    or is added. A row without is a response to it. Without a slot column, the slot is the date of at. The ledger's
    address is printed.
    """
    from optimizer.ledger import import_history

    place, zone = _place(scenario, ledger)
    done = import_history(file, place, zone=zone)
    if done.unmatched:
        what = f"{whole(done.unmatched)} responses are to contacts that the ledger does not know: not recorded"
        output.warn(Finding("data", str(file), what, "import the deliveries first"))
    if done.beside:
        what = (
            f"{whole(done.beside)} deliveries stand beside a commitment of the same message on the same day: both count"
        )
        output.warn(Finding("data", str(file), what, "name the slot that each was committed for, in a column 'slot'"))
    said = f"{whole(done.deliveries)} deliveries ({whole(done.matched)} known, {whole(done.added)} new)"
    output.console().print(f"[green]✓[/] {said} and {whole(done.responses)} responses recorded", soft_wrap=True)
    if as_json:
        output.emit_json(done.to_dict())
    else:
        output.emit(done.ledger)


def _place(scenario: Path | None, ledger: str | None) -> tuple[Place, str]:
    """Return where the ledger is, and the zone of times without an offset."""
    from optimizer import Scenario
    from optimizer.ledger import Place

    if (scenario is None) == (ledger is None):
        raise UsageError("needs one of --scenario and --ledger", where="history import", fix="--scenario scenario.yaml")
    if scenario is None:
        return Place(str(ledger), Path()), "UTC"
    loaded = Scenario.load(scenario)
    if loaded.data.ledger is None:
        raise ScenarioError("names no ledger", where=str(scenario), fix="set data.ledger, or use --ledger URL")
    timezone = loaded.horizon.timezone
    return Place(loaded.data.ledger, loaded.base), timezone if isinstance(timezone, str) else timezone.default
