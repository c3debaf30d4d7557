"""One file per kind of rule: its model, its primitives, its audit, its words."""
