"""``contactopt schema``: what a scenario file may say."""

from __future__ import annotations

import click

from optimizer.cli import options, output


@click.command("schema")
@options.common
def command(as_json: bool) -> None:
    """Print the JSON Schema of scenario files. An editor that is given it completes and checks them."""
    from optimizer.scenario.schema import json_schema

    output.emit_json(json_schema())
