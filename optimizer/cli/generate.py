"""``contactopt generate``: synthetic instances of any size."""

from __future__ import annotations

from pathlib import Path

import click

from optimizer.cli import options, output
from optimizer.synthetic import families, generate

FAMILIES = "\b\nFamilies:\n" + "\n".join(f"  {name:<18}{about}" for name, about in families().items())


@click.command("generate", epilog=FAMILIES)
@click.argument("family")
@click.option("--customers", type=int, required=True, help="How many customers.")
@click.option("--seed", type=int, default=0, show_default=True, help="Same seed, same bytes.")
@click.option("--out", type=click.Path(path_type=Path), help="Folder to write; default: FAMILY-CUSTOMERS-SEED here.")
@click.option("--set", "settings", multiple=True, metavar="OPTION=VALUE", help="An option of the family. Repeatable.")
@options.common
def command(family: str, customers: int, seed: int, out: Path | None, settings: tuple[str, ...], as_json: bool) -> None:
    """Write a seeded instance of FAMILY (its tables and scenario.yaml) and print the scenario's path."""
    chosen: dict[str, str] = {}
    for setting in settings:
        name, equals, text = setting.partition("=")
        if not equals:
            raise click.BadParameter(f"{setting!r} is not OPTION=VALUE", param_hint="--set")
        chosen[name.replace("-", "_")] = text
    folder = out or Path(f"{family}-{customers}-{seed}")
    made = generate(family, customers=customers, seed=seed, out=folder, **chosen)
    for table, rows in made.counts.items():
        output.talk(f"  {table:<12}{rows:>14,} rows")
    if as_json:
        output.emit_json({"folder": str(made.folder), "scenario": str(made.scenario), "counts": dict(made.counts)})
    else:
        output.emit(str(made.scenario))
