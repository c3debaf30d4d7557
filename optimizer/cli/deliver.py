"""``contactopt deliver``: hand-over lists."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

from optimizer.cli import options, output
from optimizer.errors import UsageError
from optimizer.language.counts import counted
from optimizer.report.numbers import whole


@click.command("deliver")
@click.argument("run", type=click.Path(path_type=Path))
@click.option(
    "--by", default="channel,slot", show_default=True, metavar="COLUMNS", help="One file per value of these columns."
)
@click.option("--format", "form", type=click.Choice(["csv", "parquet"]), default="csv", show_default=True)
@click.option("--out", type=click.Path(path_type=Path), help="Folder to write; default: RUN-delivery, beside the run.")
@click.option("--hive", is_flag=True, help="Parquet in folders such as channel=email/slot=2026-11-23.")
@click.option("--to", metavar="URL", help="In place of files, a table of a database: a DuckDB file, or '${NAME}'.")
@click.option("--table", metavar="NAME", help="That table; it is made if it is not there.")
@click.option("--bom/--no-bom", default=True, help="Begin CSV with the mark by which spreadsheets know UTF-8; default.")
@click.option(
    "--guard/--no-guard",
    default=True,
    help="Write text that a spreadsheet would run as a formula with an apostrophe in front; default.",
)
@click.option("--outlook", is_flag=True, help="Write contacts of days that are not firm too, where the horizon rolls.")
@options.common
def command(
    run: Path,
    by: str,
    form: Literal["csv", "parquet"],
    out: Path | None,
    hive: bool,
    to: str | None,
    table: str | None,
    bom: bool,
    guard: bool,
    outlook: bool,
    as_json: bool,
) -> None:
    """Write the contacts of RUN as lists to hand over, and print their folder; or into a table of a database.

    Where only the horizon's first days are firm (horizon.commit), only theirs are written.
    deliveries.json in the folder lists every file with its counts and hash. In a table, the rows of an earlier run of
    the same scenario and business date are replaced in one transaction; the database's address is printed.
    """
    if (to is None) != (table is None):
        fix = "--to '${CONTACTOPT_DB}' --table contacts"
        raise UsageError("--to and --table belong together", where="deliver", fix=fix)
    if to is not None and table is not None:
        _to_table(run, to, table, outlook=outlook, as_json=as_json)
        return
    from optimizer import Plan
    from optimizer.plan.deliver import INDEX, deliver

    folder = out or run.resolve().with_name(f"{run.resolve().name}-delivery")
    columns = [name.strip() for name in by.split(",") if name.strip()]
    made = deliver(Plan.load(run), folder, by=columns, form=form, hive=hive, mark=bom, guard=guard, outlook=outlook)
    guarded = sum(one.guarded for one in made)
    total = sum(one.contacts for one in made)
    output.talk(f"{counted(total, 'contact')} in {counted(len(made), 'file')}")
    if guarded:
        output.talk(
            f"an apostrophe stands in front of {counted(guarded, 'cell')} that would be read as a formula; "
            "for machines, take --no-guard or --format parquet"
        )
    output.emit((folder / INDEX).read_text("utf-8").rstrip() if as_json else str(folder))


def _to_table(run: Path, to: str, table: str, *, outlook: bool, as_json: bool) -> None:
    """Hand over in a database."""
    from optimizer import Plan
    from optimizer.ledger import Place
    from optimizer.ledger.sink import hand_over

    done = hand_over(Plan.load(run), Place(to, Path()), table, outlook=outlook)
    instead = f", in place of {whole(done.replaced)}" if done.replaced else ""
    output.talk(f"{counted(done.contacts, 'contact')} in the table {table}{instead}")
    if as_json:
        output.emit_json(done.to_dict())
    else:
        output.emit(done.database)
