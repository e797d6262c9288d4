"""Nair, "Softmax is 1/2-Lipschitz: a tight bound across all l_p norms", 2025, arXiv 2510.23012.

``softmax`` holds the paper's claim (read in its abstract) and what follows for the dense retrieval map, ``sparse_maps``
statements of this project on the Lipschitz constants of sparsemax, alpha-entmax and gamma-normmax.
"""

from __future__ import annotations

from verify.papers.arxiv2510_23012 import softmax, sparse_maps
from verify.statement import Statement

PAPER = {
    "key": "arxiv2510.23012",
    "title": "Softmax is 1/2-Lipschitz: a tight bound across all l_p norms",
    "authors": "P. Nair",
    "year": 2025,
    "arxiv": "2510.23012",
    "venue": "arXiv",
}

STATEMENTS: tuple[Statement, ...] = (*softmax.STATEMENTS, *sparse_maps.STATEMENTS)
