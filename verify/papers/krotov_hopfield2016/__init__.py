"""Dense associative memory with the energy -sum F(<xi_mu, s>), F(x) = x^n: gap of one bit, and three capacities.

D. Krotov and J. J. Hopfield, "Dense Associative Memory for Pattern Recognition", NeurIPS 2016, arXiv 1606.01164,
Eqs. (4) to (6); and statements of this project beside them.
"""

from __future__ import annotations

from typing import Any

from verify.papers.krotov_hopfield2016 import capacity, gap
from verify.statement import Statement

PAPER: dict[str, Any] = {
    "key": "krotov-hopfield2016",
    "title": "Dense Associative Memory for Pattern Recognition",
    "authors": "D. Krotov, J. J. Hopfield",
    "year": 2016,
    "arxiv": "1606.01164",
    "venue": "NeurIPS 2016",
}

STATEMENTS: tuple[Statement, ...] = (
    gap.GAP_MOMENTS,
    capacity.SMALL_ERROR,
    capacity.NO_ERROR,
    capacity.EXAMPLES,
    gap.FINITE_MOMENTS,
    capacity.ALL_PATTERNS,
)
