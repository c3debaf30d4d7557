"""The command group and what happens around every command: errors, exit codes, signals that nobody caught."""

from __future__ import annotations

import gc
import os
import sys
import traceback
from collections.abc import Sequence
from importlib import import_module
from typing import NoReturn

import click

from optimizer import __version__
from optimizer.cli import output
from optimizer.errors import Finding, InterruptedRun, MachineError, OptimizerError, UsageError, nearest

COMMANDS = {
    "run": "Solve a scenario, audit the plan and publish a run folder.",
    "validate": "Check a scenario file; with --data also its tables, without solving.",
    "audit": "Recount every rule of a run, or of anybody's plan, from the raw inputs.",
    "compare": "Put plans side by side: value, rules, contacts, and what changed.",
    "explain": "Say why a customer gets what they get, where an offer went, what a rule costs.",
    "sweep": "Solve with a value changed step by step: a value curve, or a grid of two.",
    "backtest": "Replay past nights over the history: what each would have chosen.",
    "report": "Build a run's report.html again.",
    "deliver": "Write a run's contacts as hand-over lists, one per channel and slot.",
    "export": "Write a scenario as a MIP for any solver.",
    "test": "Run the policy tests beside a scenario: what must be refused, and what not.",
    "commit": "Record a run's contacts in the ledger: from now on they are history.",
    "history": "Record deliveries and responses in the ledger.",
    "schema": "Print the JSON Schema of scenario files.",
    "init": "Write a commented starter scenario.",
    "generate": "Make a synthetic instance of any size.",
    "warmup": "Compile the kernels once, so that the first run need not.",
}
"""Commands in the order of the help page, with what each does. Command NAME lives in ``optimizer.cli.NAME``."""


class LazyGroup(click.Group):
    """Imports a command's module when the command is called; the help page needs none of them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of the help page."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of a command and return the command."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"optimizer.cli.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.command(
    cls=LazyGroup,
    epilog="Exit codes: 0 within the asked gap · 2 usage or scenario file · 3 data · "
    "4 infeasible · 5 a limit stopped it first · 6 no plan · 7 environment · 8 audit, or a policy test · "
    "130 interrupted.",
)
@click.version_option(__version__, prog_name="contactopt", message="%(prog)s %(version)s")
def group() -> None:
    """Decide who gets which message, through which channel, when; with a proof.

    stdout carries data, stderr carries talk. Every command takes --json.
    """


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit with the code that its answer or its error calls for.

    Parameters
    ----------
    arguments : sequence of str, optional
        What follows the program's name; ``sys.argv[1:]`` if not given.
    """
    if arguments is not None:
        sys.exit(_answered(list(arguments)))
    code = _answered(sys.argv[1:])
    engines = sys.modules.get("optimizer.engines")
    if engines is not None and engines.anyone_left():
        # A thread in the middle of a library's work: the end of the process would pull the library from under it.
        gc.collect()  # temporary folders go with their owners
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)


def _answered(arguments: list[str]) -> int:
    """Run a command, say what went wrong, and return the exit code."""
    # Asked of the raw arguments, because an error may come before they are parsed.
    as_json, debug = "--json" in arguments, "--debug" in arguments
    try:
        code = group.main(args=arguments, prog_name="contactopt", standalone_mode=False)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader of our stdout went away (`contactopt schema | head`)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except click.exceptions.NoArgsIsHelpError as no_arguments:
        output.talk(no_arguments.format_message())
        return 2
    except (Exception, KeyboardInterrupt) as problem:  # everything: no traceback reaches a planner unasked
        if debug:
            traceback.print_exc()
        error = _ours(problem)
        if "--production" in arguments:
            from optimizer.cli.production import log_finding

            for finding in error.findings:
                log_finding(finding, "error", error=type(error).__name__, exit_code=error.exit_code)
        if as_json or "--production" not in arguments:
            output.complain(error, as_json=as_json)
        return error.exit_code
    return code if isinstance(code, int) else 0


def _ours(problem: BaseException) -> OptimizerError:
    """Return the error of our tree that stands for any exception."""
    if isinstance(problem, OptimizerError):
        return problem
    if isinstance(problem, click.ClickException):
        return _usage(problem)
    if isinstance(problem, click.Abort | KeyboardInterrupt) or _in_a_query(problem):
        fix = "run it again; with --on-interrupt publish, a run keeps the best plan found until then"
        return InterruptedRun("interrupted; nothing was published", fix=fix)
    if isinstance(problem, MemoryError):
        return MachineError("out of memory", fix="set solve.memory_limit, close other programs, or try --sample 1%")
    if isinstance(problem, OSError):
        place = str(problem.filename or "")
        return MachineError(problem.strerror or str(problem), where=place, fix="check the disk and its permissions")
    what = f"{type(problem).__name__}: {problem}"
    return OptimizerError(
        what, fix="run it again with --debug and report the traceback: this is a defect of contactopt"
    )


def _in_a_query(problem: BaseException) -> bool:
    """Say whether an exception is Ctrl-C during a query of what is not read but written."""
    from optimizer.data.faults import is_interruption

    return is_interruption(problem)


def _usage(problem: click.ClickException) -> UsageError:
    """Turn a complaint of click into a finding with the command's name and its nearest cure."""
    context = getattr(problem, "ctx", None)
    command = context.command_path if context else "contactopt"
    misspelt = getattr(problem, "command_name", None)
    near = [nearest(misspelt, COMMANDS)] if misspelt else getattr(problem, "possibilities", None)
    fix = f"you meant {near[0]}" if near and near[0] else f"`{command} --help` shows what it takes"
    what = problem.message if near else " ".join(problem.format_message().split())
    return UsageError([Finding("usage", command, what.rstrip("."), fix)])
