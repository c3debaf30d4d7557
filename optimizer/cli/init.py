"""``contactopt init``: a scenario to start from."""

from __future__ import annotations

import shlex
from importlib.resources import files
from pathlib import Path

import click

from optimizer.cli import options, output
from optimizer.errors import Finding, UsageError


@click.command("init")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--from",
    "candidates",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Candidates you have (Parquet or CSV): the scenario is written around them.",
)
@options.common
def command(folder: Path, candidates: Path | None, as_json: bool) -> None:
    """Write a commented scenario into DIR that runs at once, and print its path.

    Without --from it comes with a tiny example of its own. Nothing that is there already is touched.
    """
    contents = starter() if candidates is None else {"scenario.yaml": _around(candidates, folder)}
    write_new(folder, contents)
    scenario = folder / "scenario.yaml"
    output.talk(f"Wrote {', '.join(contents)}. Next: contactopt run {shlex.quote(str(scenario))}")
    if as_json:
        output.emit_json({"scenario": str(scenario), "files": [str(folder / name) for name in contents]})
    else:
        output.emit(str(scenario))


def starter() -> dict[str, str]:
    """Return the files of the starter that lies in the package, by name."""
    folder = files("optimizer.cli") / "starter"
    return {
        entry.name: entry.read_text("utf-8")
        for entry in sorted(folder.iterdir(), key=lambda e: e.name)
        if entry.is_file()
    }


def write_new(folder: Path, contents: dict[str, str]) -> None:
    """Write files into a folder, or none of them.

    Raises
    ------
    UsageError
        If any of them is there already; nothing is written then.
    """
    there = [folder / name for name in contents if (folder / name).exists()]
    if there:
        cure = "name another folder, or move them away: init overwrites nothing"
        raise UsageError([Finding("usage", str(path), "is there already", cure) for path in there])
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in contents.items():
        with (folder / name).open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)


def _around(candidates: Path, folder: Path) -> str:
    from optimizer.cli.guess import look, scenario_text

    return scenario_text(look(candidates), folder)
