"""What changed since an earlier plan, and why: worked out while the night's tables are open, kept in the run folder."""

from optimizer.analysis.since.block import with_since

__all__ = ["with_since"]
