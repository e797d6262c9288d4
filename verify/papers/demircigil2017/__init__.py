"""Polynomial and exponential interactions: how many random patterns are fixed points, or reached in one step.

M. Demircigil, J. Heusel, M. Loewe, S. Upgang and F. Vermet, "On a model of associative memory with huge storage
capacity", J. Stat. Phys. 168, 2017, arXiv 1702.01929, Theorems 1.1 to 1.3; and statements of this project.
"""

from __future__ import annotations

from typing import Any

from verify.papers.demircigil2017 import exponential, polynomial
from verify.statement import Statement

PAPER: dict[str, Any] = {
    "key": "demircigil2017",
    "title": "On a model of associative memory with huge storage capacity",
    "authors": "M. Demircigil, J. Heusel, M. Loewe, S. Upgang, F. Vermet",
    "year": 2017,
    "arxiv": "1702.01929",
    "venue": "J. Stat. Phys. 168",
}

STATEMENTS: tuple[Statement, ...] = (*polynomial.STATEMENTS, *exponential.STATEMENTS)
