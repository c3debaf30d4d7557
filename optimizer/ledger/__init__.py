"""The ledger: what was committed night by night, what was delivered, and how people answered.

One table, ``contactopt_contacts``, in a DuckDB file or in PostgreSQL. Everything of one call happens in one
transaction, and one call at a time.
"""

from optimizer.ledger.commit import Committed, commit
from optimizer.ledger.deliveries import Imported, import_history
from optimizer.ledger.store import Place

__all__ = ["Committed", "Imported", "Place", "commit", "import_history"]
