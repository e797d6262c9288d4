"""Ramsauer et al., "Hopfield Networks is All You Need", ICLR 2021, arXiv 2008.02217.

One module per section of the paper's theory; ``STATEMENTS`` holds them all, in the order of the sections.
"""

from __future__ import annotations

from verify.papers.ramsauer2021 import (
    energy,
    metastable,
    placed,
    random_capacity,
    random_dimension,
    random_patterns,
    retrieval,
    storage,
)
from verify.statement import Statement

PAPER = {
    "key": "ramsauer2021",
    "title": "Hopfield Networks is All You Need",
    "authors": "H. Ramsauer, B. Schaefl, J. Lehner, et al.",
    "year": 2021,
    "arxiv": "2008.02217",
    "venue": "ICLR 2021",
}

STATEMENTS: tuple[Statement, ...] = (
    *energy.STATEMENTS,
    *storage.STATEMENTS,
    *retrieval.STATEMENTS,
    *placed.STATEMENTS,
    *random_patterns.STATEMENTS,
    *random_capacity.STATEMENTS,
    *random_dimension.STATEMENTS,
    *metastable.STATEMENTS,
)
