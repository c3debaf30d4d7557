"""What the stage has found so far: errors stop the run together, warnings go along with it."""

from __future__ import annotations

from dataclasses import dataclass, field

from optimizer.errors import DataError, Finding


@dataclass(slots=True)
class Findings:
    """Collects findings of the data stage."""

    errors: list[Finding] = field(default_factory=list)
    warnings: list[Finding] = field(default_factory=list)

    def error(self, where: str, what: str, fix: str = "", *, count: int = 1, rule: str | None = None) -> None:
        """Add an error."""
        self.errors.append(Finding("data", where, what, fix, count, rule))

    def warn(self, where: str, what: str, fix: str = "", *, count: int = 1, rule: str | None = None) -> None:
        """Add a warning."""
        self.warnings.append(Finding("data", where, what, fix, count, rule))

    def raise_errors(self) -> None:
        """Raise all errors so far, if there are any."""
        if self.errors:
            raise DataError(self.errors)
