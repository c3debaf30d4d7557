"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])


def common(function: Command) -> Command:
    """Give a command the options that all commands have: ``--json`` (as ``as_json``) and ``--debug``."""
    debug = click.option("--debug", is_flag=True, expose_value=False, help="Show the traceback of an error.")
    as_json = click.option("--json", "as_json", is_flag=True, help="Write results, and errors too, as JSON on stdout.")
    return debug(as_json(function))


def scenario(function: Command) -> Command:
    """Give a command its SCENARIO (as ``scenario``) and ``--set`` (as ``settings``)."""
    settings = click.option(
        "--set", "settings", multiple=True, metavar="PATH=VALUE", help="Change the scenario for this call. Repeatable."
    )
    return click.argument("scenario", type=click.Path(path_type=Path))(settings(function))
