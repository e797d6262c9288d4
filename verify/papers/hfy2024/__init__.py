"""Santos et al. 2024: Hopfield-Fenchel-Young networks, with sparse and structured Hopfield networks.

Statements of arXiv 2402.13725 (SSHN) and arXiv 2411.08590 (HFY), related ones beside them.
"""

from __future__ import annotations

from verify.papers.hfy2024 import (
    associations,
    balls,
    capacity,
    energies,
    fixed_points,
    margins,
    negentropy,
    posts,
    states,
    structured,
)
from verify.statement import Statement

PAPER = {
    "key": "hfy2024",
    "title": "Hopfield-Fenchel-Young Networks: A Unified Framework for Associative Memory Retrieval",
    "authors": "S. Santos, V. Niculae, D. McNamee, A. F. T. Martins",
    "year": 2024,
    "arxiv": "2411.08590",
    "venue": "arXiv preprint; with the ICML 2024 paper, arXiv 2402.13725",
}

STATEMENTS: tuple[Statement, ...] = (
    *negentropy.STATEMENTS,
    *energies.STATEMENTS,
    *margins.STATEMENTS,
    *fixed_points.STATEMENTS,
    *balls.STATEMENTS,
    *capacity.STATEMENTS,
    *posts.STATEMENTS,
    *structured.STATEMENTS,
    *associations.STATEMENTS,
    *states.STATEMENTS,
)
