"""Seeded families of instances: for benchmarks, tests, and trying things out.

>>> from optimizer import synthetic
>>> synthetic.generate("weekly", customers=1_000, out="/tmp/weekly").scenario     # doctest: +SKIP
PosixPath('/tmp/weekly/scenario.yaml')

Each family is one file with a ``build`` function; the registry knows them by name. The same family, customers, seed
and options give the same bytes (with the same versions of numpy and pyarrow).
"""

from optimizer.synthetic.registry import GeneratedInstance, families, generate, options

__all__ = ["GeneratedInstance", "families", "generate", "options"]
