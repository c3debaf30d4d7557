"""stdout is data, stderr is talk: the only place that writes to either."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from optimizer.errors import FINDINGS_SHOWN, Finding, InfeasibleError, OptimizerError
from optimizer.failpoints import reach

if TYPE_CHECKING:
    from rich.console import Console

WIDTH = 120
"""Columns of tables that go to a file or a pipe."""


def emit(text: str) -> None:
    """Write data to stdout, one line end after it."""
    click.echo(text)


def emit_json(data: object) -> None:
    """Write data to stdout as JSON. NaN cannot be JSON: it is an error here, so that it is cleaned at its source."""
    emit(json.dumps(data, ensure_ascii=False, indent=2, allow_nan=False))


def write_whole(path: Path, text: str) -> None:
    """Write a file so that a reader sees the old one or the new one, whole."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        reach(f"write {path.name}")
        fresh.write_text(text, encoding="utf-8", newline="\n")
        reach(f"replace {path.name}")
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)


def talk(text: str) -> None:
    """Write a line for people to stderr."""
    click.echo(text, err=True)


def talk_json(data: object) -> None:
    """Write a line of JSON to stderr."""
    talk(json.dumps(data, ensure_ascii=False, allow_nan=False))


def console(*, stderr: bool = True) -> Console:
    """Return a rich console on stderr (for talk) or stdout (for results that are read by people)."""
    from optimizer.cli.screen import Screen

    shown = Screen(stderr=stderr, highlight=False)
    return shown if shown.is_terminal else Screen(stderr=stderr, highlight=False, width=WIDTH)


def finding_lines(finding: Finding, sign: str, colour: str) -> list[str]:
    """Return a finding as styled lines: what and where behind a sign, the cure indented below."""
    what, *cure = str(finding).split("\nMaybe ", 1)
    maybe = click.style("  Maybe ", fg="cyan", bold=True)
    return [click.style(f"{sign} ", fg=colour, bold=True) + what, *(maybe + line for line in cure)]


def warn(finding: Finding) -> None:
    """Say what looks wrong but stops nothing."""
    for line in finding_lines(finding, "!", "yellow"):
        talk(line)


def complain(error: OptimizerError, *, as_json: bool) -> None:
    """Say what went wrong: for people on stderr, or as JSON on stdout."""
    if as_json:
        diagnosis = {"diagnosis": error.diagnosis} if isinstance(error, InfeasibleError) and error.diagnosis else {}
        emit_json(error.to_dict() | diagnosis)
        return
    for finding in error.findings[:FINDINGS_SHOWN]:
        for line in finding_lines(finding, "✗", "red"):
            talk(line)
    hidden = len(error.findings) - FINDINGS_SHOWN
    if hidden > 0:
        talk(f"  … and {hidden:,} more.")
