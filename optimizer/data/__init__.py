"""What is known: sources become typed, checked relations in DuckDB."""

from optimizer.data.catalog import Catalog
from optimizer.data.duplicates import DuplicateReport
from optimizer.data.opening import open_tables, refuse_own_names
from optimizer.data.tables import Tables

__all__ = ["Catalog", "DuplicateReport", "Tables", "open_tables", "refuse_own_names"]
