"""Everything that is doubtful about tonight's tables: rules that they make pointless, and scores."""

from __future__ import annotations

from optimizer.analysis.lint_data import lint_data
from optimizer.analysis.score_scales import other_scales
from optimizer.analysis.scores import audit_scores
from optimizer.compile.build import Compiled
from optimizer.errors import Finding


def doubts_of_data(compiled: Compiled) -> tuple[Finding, ...]:
    """Return the warnings of ``validate --data``."""
    scenario, tables = compiled.scenario, compiled.tables
    _, scores = audit_scores(scenario, tables)
    return (*lint_data(compiled), *other_scales(scenario, tables), *scores)
