"""``contactopt validate``: the file, and with ``--data`` what it names."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from optimizer.cli import options, output
from optimizer.language.counts import counted
from optimizer.report.numbers import amount, whole

if TYPE_CHECKING:
    from optimizer.solve import DataCheck


@click.command("validate")
@options.scenario
@click.option("--data", "with_data", is_flag=True, help="Read the tables too: funnel, size, engine, time and memory.")
@options.common
def command(scenario: Path, settings: tuple[str, ...], with_data: bool, as_json: bool) -> None:
    """Check SCENARIO without solving it."""
    from optimizer import Scenario
    from optimizer.analysis.lint import lint

    loaded = Scenario.load(scenario).with_settings(settings)
    doubts = (*loaded.warnings, *lint(loaded))
    result: dict[str, Any] = {
        "valid": True,
        "scenario": loaded.name,
        "rules": dict(Counter(rule.section for rule in loaded.rules())),
        "horizon": {"start": loaded.horizon.start.isoformat(), "days": loaded.horizon.days},
        "warnings": [finding.to_dict() for finding in doubts],
    }
    check = None
    if with_data:
        from optimizer.analysis.doubts import doubts_of_data
        from optimizer.solve import check_data

        check = check_data(loaded, look=doubts_of_data)
        result["data"] = asdict(check) | {"findings": [finding.to_dict() for finding in check.findings]}
    if as_json:
        output.emit_json(result)
        return
    for finding in (*doubts, *(check.findings if check else ())):
        output.warn(finding)
    counts = ", ".join(f"{n} {section.replace('_', ' ')}" for section, n in result["rules"].items()) or "no rules"
    output.emit(
        f"{loaded.name}: the scenario is valid ({counts}; {loaded.horizon.days} days from {loaded.horizon.start})."
    )
    if check is not None:
        _show(check)


def _show(check: DataCheck) -> None:
    output.emit(f"\n  {'candidates':<24}{whole(check.candidates):>16}   of {counted(check.customers, 'customer')}")
    for step in (step for step in check.funnel if step.alone):
        output.emit(f"  {step.reason:<24}{'−' + whole(step.in_order):>16}   {whole(step.alone)} alone")
    output.emit(f"  {'eligible':<24}{whole(check.eligible):>16}\n")
    output.emit(f"  {'rows across customers':<24}{whole(check.rows):>16}")
    output.emit(f"  {'engine':<24}{check.engine:>16}   {check.why}")
    output.emit(f"  {'expected time':<24}{amount(round(check.seconds, 1)) + ' s':>16}")
    output.emit(f"  {'expected memory':<24}{amount(round(check.memory / 2**20)) + ' MiB':>16}")
