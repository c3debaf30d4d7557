"""``contactopt test``: whether the contact policy refuses what it must, and lets through what it must."""

from __future__ import annotations

from pathlib import Path

import click

from optimizer.cli import options, output
from optimizer.errors import AuditError


@click.command("test")
@options.scenario
@click.option(
    "--cases", type=click.Path(path_type=Path), help="Policy tests; default: scenario.tests.yaml beside scenario.yaml."
)
@options.common
def command(scenario: Path, settings: tuple[str, ...], cases: Path | None, as_json: bool) -> int:
    """Run the policy tests of SCENARIO: small cases of history and candidates, and what must be refused.

    Exits with 8 when an expectation is not met.
    """
    from optimizer import Scenario
    from optimizer.analysis.policy_tests import run_policy_tests

    loaded = Scenario.load(scenario).with_settings(settings)
    outcomes = run_policy_tests(loaded, cases)
    failed = [outcome for outcome in outcomes if not outcome.ok]
    if as_json:
        output.emit_json({"ok": not failed, "expectations": [outcome.to_dict() for outcome in outcomes]})
    else:
        for outcome in outcomes:
            sign = click.style("✓" if outcome.ok else "✗", fg="green" if outcome.ok else "red", bold=True)
            output.emit(f"{sign} {outcome.case}: {outcome.expected}")
            if not outcome.ok:
                output.emit(f"    but {outcome.found} ({outcome.where})")
        output.emit(f"{len(outcomes) - len(failed)} of {len(outcomes)} expectations met.")
    return AuditError.exit_code if failed else 0
